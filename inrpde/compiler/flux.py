"""The flux form of a problem in space: of each equation in a volume the fluxes F and the rest r, with div F + r = 0.

What stands under an outer derivative is a flux, as it was written: `space.div` keeps it so. A factor c in front is
moved inside by the product rule, c ∂F = ∂(c F) - F ∂c. What jumps is a function of its own meanwhile: where its
derivative is left over, the equation is divided by it, if it is a factor of all fluxes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sympy import Add, Derivative, DiracDelta, Expr, Function, Integer, Mul, cancel, expand
from sympy.core.function import AppliedUndef

from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.form import Form, Row
from inrpde.compiler.lower import Lowering, real_parts, split_unknowns
from inrpde.compiler.natural import adjusted
from inrpde.compiler.pairing import paired
from inrpde.compiler.rough import rough
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.pilot import pilot_points


@dataclass(frozen=True, eq=False)
class FluxEquation:
    """sign · (Σ ∂F_k/∂x_k + r) = 0 on a region, the equation of a `number` among those of its condition, to be tested
    by the unknown of the number `test`; the sign is 1 or -1, of complex unknowns i or -i, too.

    `fluxes` (one a coordinate) and `rest` are rows whose residuals F_k and r hold the unknowns and their first
    derivatives. Under the sign -F·∇v + r v is coercive in the unknown that tests, where that can be told; the equation
    of an unknown without second derivatives (a pressure) is coupled to the others with the opposite sign that they are
    coupled to it, so that what both do cancels when each is tested by itself: (-p, div v) and (q, div u).
    """

    condition: int
    number: int
    region: Region
    test: int
    sign: complex
    fluxes: tuple[Row, ...]
    rest: Row

    @property
    def rows(self) -> tuple[Row, ...]:
        """The fluxes, then the rest."""
        return (*self.fluxes, self.rest)


@dataclass(frozen=True, eq=False)
class FluxForm:
    """The equations in volumes, and all other rows of the form as they are: those on boundaries and interfaces, and the
    `pins`, which fix constants (and rigid motions) that all others leave open: values at points, means and integrals.

    Of a system that is of first order in time and space `rates` has, by equation, what its rates are multiplied by, in
    unknowns in place of these.
    """

    form: Form
    equations: tuple[FluxEquation, ...]
    boundary: tuple[Row, ...]
    pins: tuple[Row, ...]
    rates: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Move:
    """A summand factor · ∂inner/∂x_axis of an equation."""

    factor: Expr
    axis: int
    inner: Expr


class NoFlux(Exception):
    """In a few words why an equation has no flux form."""


@lru_cache(maxsize=4)
def flux_form(form: Form, tests: tuple[int, ...] = ()) -> FluxForm | str:
    """The flux form, or in a few words why there is none; `tests` are the unknowns that test equations of first order.
    It is asked for more than once of a form, and kept."""
    pins = _pins(form)
    conditions = [c for c in form.conditions if all(c.index != row.condition for row in pins)]
    why = _unfit(form, conditions)
    if why:
        return why
    split = split_unknowns(form.bound)[1] if form.arithmetic == "split" else {}
    inside = [c for c in conditions if c.region.dim == form.space.dim]
    try:
        found = [each for condition in inside for each in _equations(form, condition, split)]
    except NoFlux as error:
        return str(error)
    pairs = [(test, 1) for test in tests] if tests else paired(form, [each.rows for each in found])
    if isinstance(pairs, str):
        return pairs
    made = adjusted(form, [replace(e, test=test, sign=sign) for e, (test, sign) in zip(found, pairs, strict=True)])
    around = {c.index: c for c in conditions if c not in inside}
    rows = [row for row in form.rows if row.condition in around]
    if split:
        rows = [part for row in rows for part in real_parts(row, around[row.condition]) if part.jets]
    return FluxForm(form, tuple(made), tuple(rows), pins)


def _pins(form: Form) -> tuple[Row, ...]:
    """The rows of conditions that give values at points, or integrals, of unknowns whose constants no other row feels.

    They are no more than as many unknowns have rigid motions; what is more are data."""
    kinds = {row.condition: True for row in form.rows}
    for row in form.rows:
        at_points = not row.region.dim and form.space.dim > 1 and not row.region.labels and row.gives_value
        kinds[row.condition] &= at_points or not row.jets
    pins = tuple(row for row in form.rows if kinds[row.condition])
    held = set[int]().union(*(_held(form, row) for row in pins))
    count = sum(sum(len(pilot_points(part, 1)) for part in row.region.parts) if row.jets else 1 for row in pins)
    felt = any(row.feels_constants(k) for row in form.rows if not kinds[row.condition] for k in held)
    return () if felt or count > len(held) * (len(held) + 1) // 2 else pins


def _held(form: Form, row: Row) -> set[int]:
    """The unknowns in a row, those under its integrals too."""
    return set(row.indices).union(*(_held(form, form.integrals[k].row) for k in row.integrals.values()))


def _unfit(form: Form, conditions: Sequence[BoundCondition]) -> str:
    """Why a problem is of another kind, or nothing."""
    if form.evolves is not None:
        return "the solution is followed from a start"
    if any(unknown.learned for unknown in form.unknowns):
        return "coefficients are learned"
    for condition in conditions:
        on = f"on {condition.where}"
        if condition.periodic:
            return f"{on} the condition is periodic"
        if any(row.has(RegionIntegral) for row in condition.residuals):
            return f"{on} the condition holds an integral"
        if condition.region.labels or condition.region.dim < form.space.dim - 1:
            return f"{on} the condition holds at points" if not condition.region.dim else f"{on} it holds on lines"
        if condition.norm != 2:
            return f"{on} the size of the residual counts, and not its square"
    for row in form.rows:
        order, inside = max((sum(jet.index) for jet in row.jets.values()), default=0), row.region.dim == form.space.dim
        if order > 1 + inside:
            what = "equation" if inside else "condition"
            return f"on {form.conditions[row.condition].where} the {what} is of order {order}"
    return ""


def _equations(form: Form, condition: BoundCondition, split: Mapping[AppliedUndef, Expr]) -> Iterator[FluxEquation]:
    """Those of a condition, not yet paired; of an equation in complex unknowns that are split its two parts."""
    lowering, parting = Lowering(form.bound, form.unknowns, {}), Parting(form, condition)
    for number, expr in enumerate(condition.residuals):
        fluxes, rest = parting.parted(expr.xreplace(split))
        rows = [lowering.row(each, condition, condition.region) for each in (*fluxes, rest)]
        if any(sum(jet.index) > 1 for row in rows for jet in row.jets.values()):
            raise NoFlux(f"on {condition.where} the equation is not linear in its second derivatives")
        parts = list(zip(*(real_parts(row, condition) for row in rows), strict=True)) if split else [rows]
        for part, (*each, left) in enumerate(parts, number * len(parts)):
            if any(row.jets for row in (*each, left)):
                yield FluxEquation(condition.index, part, condition.region, -1, 1, tuple(each), left)


class Parting:
    """Parts the equations of a condition into fluxes and a rest."""

    def __init__(self, form: Form, condition: BoundCondition):
        self.bound, self.condition, self.coords = form.bound, condition, form.space.coords
        self.symbols = {unknown.symbol for unknown in form.unknowns}
        inside = [row for row in form.rows if row.region.dim == form.space.dim]
        second = {jet.unknown for row in inside for jet in row.jets.values() if sum(jet.index) > 1}
        self.pressures = {unknown.symbol for k, unknown in enumerate(form.unknowns) if k not in second}

    def parted(self, expr: Expr) -> tuple[list[Expr], Expr]:
        """F (d,) and r. Raises NoFlux."""
        jumps = [node for node in rough(self.bound, expr) if not node.has(*self.symbols)]
        held = {node: self._stand_in(node, number) for number, node in enumerate(jumps)}
        back = {stand_in: node for node, stand_in in held.items()}
        expr = expr.xreplace(held)
        for each in (expr, *(expr / factor for factor in self._common(expr, set(back)))):
            fluxes, rest = self._assembled(each, set(back))
            if not any(_differentiates(part, set(back)) for part in (*fluxes, rest)):
                return [flux.xreplace(back) for flux in fluxes], rest.xreplace(back)
        raise NoFlux(f"on {self.condition.where} a derivative is taken of a coefficient that jumps")

    def _stand_in(self, node: Expr, number: int) -> Expr:
        """A function of its own for what jumps, so that its derivative can be seen; data are one already."""
        if node in self.bound.fields:
            return node
        return Function(f"jump {number}", **({"real": True} if node.is_real else {}))(*self.coords)

    def _common(self, expr: Expr, jumps: set[Expr]) -> list[Expr]:
        """What jumps and is a factor of everything of second order, if there is such."""
        moves = [move for move in self._moves(expr, jumps)[0] if self._order(move.inner) > 0]
        factors = {Mul(*(f for f in Mul.make_args(move.factor) if f.has(*jumps))) for move in moves} if jumps else set()
        return list(factors - {Integer(1)}) if len(factors) == 1 else []

    def _assembled(self, expr: Expr, jumps: set[Expr]) -> tuple[list[Expr], Expr]:
        moves, left = self._moves(expr, jumps)
        fluxes: list[list[Expr]] = [[] for _ in self.coords]
        for move in moves:
            fluxes[move.axis].append(move.factor * move.inner)
            left -= move.factor.diff(self.coords[move.axis]) * move.inner
        left = left.doit()
        if _differentiates(left, jumps):
            left = expand(left)
        return [Add(*parts).doit() for parts in fluxes], left

    def _moves(self, expr: Expr, jumps: set[Expr]) -> tuple[list[Move], Expr]:
        """The summands under an outer derivative, and the sum of the others."""
        if self._order(expr) < 2:
            return [], expr
        moves: list[Move] = []
        left: list[Expr] = []
        for part in self._summands(expr):
            found = self._moved(part, jumps)
            moves += found
            left += [] if found else [part]
        return moves, Add(*left)

    def _summands(self, expr: Expr) -> Iterator[Expr]:
        """With sums multiplied out in which something is to be moved."""
        if isinstance(expr, Add):
            for part in expr.args:
                yield from self._summands(part)
            return
        sums = [f for f in Mul.make_args(expr) if isinstance(f, Add) and any(map(self._movable, f.atoms(Derivative)))]
        if sums:
            others = Mul(*(f for f in Mul.make_args(expr) if f is not sums[0]))
            for part in sums[0].args:
                yield from self._summands(others * part)
            return
        yield expr

    def _moved(self, part: Expr, jumps: set[Expr]) -> list[Move]:
        """The moves that a summand makes; none where it stays in the rest."""
        outer = [f for f in Mul.make_args(part) if isinstance(f, Derivative) and self._movable(f)]
        if len(outer) != 1:
            return []
        (node,) = outer
        factor = Mul(*(f for f in Mul.make_args(part) if f is not node))
        factor = cancel(factor) if factor.has(*jumps) else factor
        if self._order(factor) > (0 if self._order(node) > 1 else -1):
            return []
        if self._order(node) < 2 and factor.has(*jumps):
            return []
        *before, last = node.variables
        if self._written_plainly(node):
            # half of it each way, so that the coefficients of second derivatives are symmetric
            (one, other), u = node.variables, node.expr
            return [Move(factor / 2, self.coords.index(a), Derivative(u, b)) for a, b in ((one, other), (other, one))]
        return [Move(factor, self.coords.index(last), Derivative(node.expr, *before) if before else node.expr)]

    def _written_plainly(self, node: Derivative) -> bool:
        """Is it a mixed derivative of an unknown, of which sympy has sorted the coordinates? A divergence has not."""
        return node.expr in self.symbols and len(set(node.variables)) == 2 and node == node.expr.diff(*node.variables)

    def _movable(self, node: Derivative) -> bool:
        """Is it of second order, of more than an unknown, or the gradient of a pressure?"""
        order, plain = self._order(node), node.expr in self.symbols
        return order > 1 or (order == 1 and (not plain or node.expr in self.pressures))

    def _order(self, expr: Expr) -> int:
        """Of the derivatives of unknowns in an expression as it is written; -1 where there are none."""
        if expr in self.symbols:
            return 0
        inner = max(map(self._order, expr.args), default=-1)
        return inner + len(expr.variables) if isinstance(expr, Derivative) and inner >= 0 else inner


def _differentiates(expr: Expr, jumps: set[Expr]) -> bool:
    return expr.has(DiracDelta) or any(node.expr in jumps for node in expr.atoms(Derivative))
