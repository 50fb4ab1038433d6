"""A problem in time at one moment: what is in space, with the time as a number, and what the rates are multiplied by.

Equations M₂ ∂²u/∂t² + M₁ ∂u/∂t + S(u, t) = 0 part into the flux form of S in space and the coefficients M of the rates,
which may vary in space; conditions on boundaries that hold at all times are those of the flux form. These may hold
rates as well, as where waves leave (Engquist and Majda 1977), or where a wall stores heat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.optimize import linear_sum_assignment
from sympy import Derivative, Expr, Function, Integer, diff
from sympy.core.function import AppliedUndef

from inrpde.compiler.bind import Bound, BoundCondition, Evolution, Unknown
from inrpde.compiler.flux import FluxEquation, FluxForm, flux_form
from inrpde.compiler.form import Form, Row
from inrpde.compiler.lower import Lowering, real_parts, split_unknowns
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.section import section
from inrpde.declaration.space import Space

HIGHEST = 2
"""Derivatives in time at most."""


@dataclass(frozen=True, eq=False)
class Start:
    """What an unknown, or its derivative in time of an order, begins with: `row` of the form in space and time, linear
    in that derivative alone."""

    unknown: int
    order: int
    row: Row


@dataclass(frozen=True, eq=False)
class Frozen:
    """A form in space and time, parted.

    `flux` is the flux form of S at a moment that is still to be given (`at`). `masses[n]` are its equations with the
    rates of order n + 1 alone, each written in place of its unknown, and `walls[n]` the rows on boundaries that hold
    some, with these in place of their unknowns beside what there is else. `orders` are those of the unknowns in time: 0
    for a pressure. `steady`: nothing in S or on boundaries but what is given varies with time.
    """

    whole: Form
    evolution: Evolution
    flux: FluxForm
    masses: tuple[tuple[FluxEquation, ...], ...]
    walls: tuple[Mapping[Row, Row], ...]
    orders: tuple[int, ...]
    starts: tuple[Start, ...]

    def at(self, time: float | np.ndarray) -> FluxForm:
        """The flux form at a time, or at several (s,), for points that are there s times over."""
        form = self.flux.form
        assert form.moment is not None
        return replace(self.flux, form=replace(form, moment=(form.moment[0], time)))

    @property
    def linear(self) -> bool:
        return self.flux.form.linear

    @property
    def steady(self) -> bool:
        """Is S linear, and do its slopes not depend on time?"""
        rows = (*self.flux.boundary, *(row for equation in self.flux.equations for row in equation.rows))
        return self.linear and all(map(self.keeps_slopes, rows))

    def keeps_slopes(self, row: Row, gradients: bool = False) -> bool:
        """Do the slopes of a row (those by `gradients` alone) depend neither on the state nor on time?"""
        slopes = [slope for symbol, slope in row.tangent.items() if not gradients or any(row.jets[symbol].index)]
        return not any(self._varies(row, slope) or slope.free_symbols & set(row.jets) for slope in slopes)

    def varies(self, row: Row) -> bool:
        """Does what is given in a row depend on time?"""
        return self._varies(row, row.residual)

    def _varies(self, row: Row, expr: Expr) -> bool:
        assert self.flux.form.moment is not None
        return bool(expr.free_symbols & {self.flux.form.moment[0], *row.data})


class Moving(Exception):
    """In a few words why a form cannot be parted."""


@lru_cache(maxsize=4)
def frozen(form: Form) -> Frozen | str:
    """The parts, or in a few words why there are none."""
    try:
        return _frozen(form)
    except Moving as why:
        return str(why)


def _frozen(form: Form) -> Frozen:
    evolution, time = form.evolves, form.space.time
    if evolution is None or time is None or not form.space.spatial:
        raise Moving("there is no evolution of fields in space")
    if any(unknown.learned for unknown in form.unknowns):
        raise Moving("coefficients are learned")
    parting = _Parting(form, evolution)
    conditions = [c for c in form.conditions if not evolution.begins(c.region)]
    for condition in conditions:
        parting.add(condition)
    bound = parting.bound
    if not any(parting.orders):
        raise Moving("no equation inside holds a derivative in time")
    still = parting.still(bound)
    inside = [jet for row in still.rows if row.region.dim == still.space.dim for jet in row.jets.values()]
    waves = max((sum(jet.index) for jet in inside), default=0) < 2
    flux = flux_form(still, parting.tests(still)) if waves else flux_form(still)
    if isinstance(flux, str):
        raise Moving(flux)
    if any(parting.orders[k] for row in flux.pins for k in row.indices):
        raise Moving("a condition fixes a value at a point")
    starts, masses = tuple(begins(form, evolution, parting.orders)), parting.masses(flux)
    if waves:
        known = {(e.condition, e.number): e.rest for e in masses[0]}
        flux = replace(flux, rates=tuple(known[e.condition, e.number] for e in flux.equations))
    found = Frozen(form, evolution, flux, masses, ({},) * HIGHEST, parting.orders, starts)
    return replace(found, walls=tuple(parting.walls(found, n) for n in range(1, HIGHEST + 1)))


@dataclass
class _Parting:
    """Takes equations in space and time apart. Raises Moving."""

    form: Form
    evolution: Evolution
    conditions: list[BoundCondition] = field(default_factory=list)
    multiplied: dict[int, list[dict[tuple[int, int], Expr]]] = field(default_factory=dict)
    """By equation and residual, the coefficient of the rate of an unknown, of an order."""
    beside: dict[int, list[dict[tuple[int, int], Expr]]] = field(default_factory=dict)
    """The same by condition on a boundary."""

    def __post_init__(self) -> None:
        spatial = self.form.space.spatial
        self.time = self.form.space.time
        self.space = Space(" ".join(map(str, spatial)))
        declared = self.form.bound.unknowns
        self.here = {u.symbol: u.symbol.func(*spatial) for u in declared}
        self.numbers = {u.symbol: k for k, u in enumerate(declared)}
        self.rates = {
            (k, n): Function(f"{u.name}{'_t' * n}", **({} if u.complex else {"real": True}))(*spatial)
            for k, u in enumerate(declared)
            for n in range(1, HIGHEST + 1)
        }
        self.sections: dict[int, Region] = {}

    @property
    def bound(self) -> Bound:
        whole = self.form.bound
        unknowns = tuple(
            Unknown(
                self.here[u.symbol], u.name, u.complex, None if u.region is None else self.section(u.region, u.name)
            )
            for u in whole.unknowns
        )
        return Bound(whole.problem, self.space, unknowns, tuple(self.conditions), whole.fields, whole.substitution)

    @property
    def splitting(self) -> tuple[tuple[Unknown, ...], dict[AppliedUndef, Expr]]:
        """The unknowns of the form in space, and what stands for complex ones that are split."""
        bound = self.bound
        return split_unknowns(bound) if self.form.arithmetic == "split" else (bound.unknowns, {})

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        return self.splitting[0]

    @property
    def orders(self) -> tuple[int, ...]:
        held = [key for each in self.multiplied.values() for row in each for key in row]
        names = [u.name for u in self.form.bound.unknowns]
        return tuple(max((n for j, n in held if names[j] == u.declared), default=0) for u in self.unknowns)

    def section(self, region: Region, name: str) -> Region:
        """The spatial region, one object for each."""
        if id(region) not in self.sections:
            found = section(region)
            if found is None:
                raise Moving(f"{name} changes with time")
            self.sections[id(region)] = found
        return self.sections[id(region)]

    def add(self, condition: BoundCondition) -> None:
        on, region = f"on {condition.where}", condition.region
        if condition.periodic:
            raise Moving(f"{on} the condition is periodic")
        lo, hi = float(region.bounds[0][-1]), float(region.bounds[1][-1])
        slack = 1e-9 * abs(self.evolution.end - self.evolution.start)
        ends = sorted((self.evolution.start, self.evolution.end))
        if region.labels or lo > ends[0] + slack or hi < ends[1] - slack:
            raise Moving(f"{on} the condition does not hold at all times")
        inside = region.dim == self.form.space.dim
        residuals, held = [], []
        for expr in condition.residuals:
            if expr.has(RegionIntegral):
                raise Moving(f"{on} the condition holds an integral")
            spatial = self._spatial(expr, on)
            each = {key: rate for key, rate in self.rates.items() if spatial.has(rate)}
            held.append({key: self._multiplied(spatial, rate, on) for key, rate in each.items()})
            residuals.append(spatial.xreplace({rate: Integer(0) for rate in each.values()}))
        number = len(self.conditions)
        if inside:
            self.multiplied[number] = held
        elif any(held):
            self.beside[number] = held
        here = self.section(region, condition.where)
        self.conditions.append(replace(condition, index=number, region=here, residuals=tuple(residuals)))

    def _spatial(self, expr: Expr, on: str) -> Expr:
        """With unknowns that are functions of space alone, and their rates."""
        if expr in self.here:
            return self.here[expr]
        if not isinstance(expr, Derivative):
            args = [self._spatial(arg, on) if isinstance(arg, Expr) else self._within(arg, on) for arg in expr.args]
            return expr.func(*args) if args and list(expr.args) != args and not isinstance(expr, AppliedUndef) else expr
        order = expr.variables.count(self.time)
        others = [x for x in expr.variables if x != self.time]
        if not order:
            return Derivative(self._spatial(expr.expr, on), *others)
        if expr.expr not in self.here:
            done = expr.doit()
            if isinstance(done, Derivative):
                raise Moving(f"{on} a coefficient is differentiated in time")
            return self._spatial(done, on)
        if order > HIGHEST:
            raise Moving(f"{on} the equation is of order {order} in time")
        rate = self.rates[self.numbers[expr.expr], order]
        return Derivative(rate, *others) if others else rate

    def _within(self, arg: object, on: str) -> object:
        """The same of what is no expression: a relation, a pair of a Piecewise."""
        return arg.xreplace(self.here) if hasattr(arg, "xreplace") else arg

    def _multiplied(self, expr: Expr, rate: AppliedUndef, on: str) -> Expr:
        if any(node.has(rate) for node in expr.atoms(Derivative)):
            raise Moving(f"{on} a derivative in time stands under one in space")
        coefficient = diff(expr, rate)
        if coefficient.has(self.time, *self.here.values(), *self.rates.values()):
            raise Moving(f"{on} what a derivative in time is multiplied by is not known, or varies with time")
        return coefficient

    def still(self, bound: Bound) -> Form:
        """The form in space of these conditions."""
        lowering, moment = Lowering(self.bound, *self.splitting), 0.5 * (self.evolution.start + self.evolution.end)
        rows = tuple(lowering.row(expr, c, c.region) for c in bound.conditions for expr in c.residuals)
        return Form(bound, self.unknowns, rows, (), self.form.arithmetic, (), moment=(self.time, moment))

    def walls(self, found: Frozen, order: int) -> dict[Row, Row]:
        """The rows on boundaries that hold rates of an order, and the same with these in place of their unknowns, too.
        Raises Moving where what they make on faces would not be linear in them, and the same at all times."""
        conditions, symbols = list(self.bound.conditions), list(self.here.values())
        orders = {u.declared: order for u, order in zip(self.unknowns, self.orders, strict=True)}
        for number, held in self.beside.items():
            mine = [{k: c for (k, n), c in each.items() if n == order} for each in held]
            if any(order > orders[self.form.bound.unknowns[k].name] for each in mine for k in each):
                where = conditions[number].where
                raise Moving(f"on {where} the condition is of higher order in time than the equations")
            terms = [sum((c * symbols[k] for k, c in each.items()), Integer(0)) for each in mine]
            both = tuple(r + term for r, term in zip(conditions[number].residuals, terms, strict=True))
            conditions[number] = replace(conditions[number], residuals=both)
        if not any(n == order for held in self.beside.values() for each in held for _, n in each):
            return {}
        flux = flux_form(self.still(replace(self.bound, conditions=tuple(conditions))))
        if found.flux.rates or isinstance(flux, str) or len(flux.boundary) != len(found.flux.boundary):
            raise Moving("a condition on a boundary holds a derivative in time, and no flux")
        pairs = zip(found.flux.boundary, flux.boundary, strict=True)
        moved = {row: other for row, other in pairs if row.condition in self.beside and row.residual != other.residual}
        fluxes = [each for equation in found.flux.equations for each in equation.fluxes]
        if not all(found.keeps_slopes(row, gradients=True) for row in (*fluxes, *moved)):
            raise Moving(
                "a condition on a boundary holds a derivative in time, and a flux that is not linear or varies"
            )
        if not all(any(any(jet.index) for jet in row.jets.values()) for row in moved):
            raise Moving("a condition on a boundary holds a derivative in time, and no flux")
        return moved

    def tests(self, still: Form) -> tuple[int, ...]:
        """By equation of a system of first order in space the unknown whose rate it is to give. Raises Moving."""
        held = [each for equations in self.multiplied.values() for each in equations]
        if still.arithmetic != "real" or not still.linear or any(order != 1 for order in self.orders):
            raise Moving("no equation is of second order, and not all are linear, real and of first order in time")
        given = np.array([[bool(each.get((k, 1), 0)) for k in range(len(self.orders))] for each in held])
        equations, found = linear_sum_assignment(given, maximize=True)
        if not given[equations, found].all() or len(found) != len(held):
            raise Moving("not every equation gives the rate of an unknown")
        return tuple(map(int, found))

    def masses(self, flux: FluxForm) -> tuple[tuple[FluxEquation, ...], ...]:
        """The equations with the rates of each order alone. Raises Moving where one has none in space."""
        lowering, known = Lowering(self.bound, *self.splitting), {(e.condition, e.number): e for e in flux.equations}
        symbols = list(self.here.values())
        found: tuple[list[FluxEquation], ...] = tuple([] for _ in range(HIGHEST))
        for index, equations in self.multiplied.items():
            condition = self.conditions[index]
            nothing = lowering.row(Integer(0), condition, condition.region)
            for (number, held), n in product(enumerate(equations), range(1, HIGHEST + 1)):
                terms = [c * symbols[k] for (k, order), c in held.items() if order == n]
                row = lowering.row(sum(terms, Integer(0)), condition, condition.region)
                parts = real_parts(row, condition) if self.form.arithmetic == "split" else [row]
                for part, rest in enumerate(parts, number * len(parts)):
                    if rest.jets and (index, part) not in known:
                        raise Moving("an equation holds no derivative in space")
                    if rest.jets:
                        equation = known[index, part]
                        found[n - 1].append(replace(equation, fluxes=(nothing,) * len(equation.fluxes), rest=rest))
        return tuple(map(tuple, found))


def begins(form: Form, evolution: Evolution, orders: Sequence[int]) -> Iterator[Start]:
    """What each unknown, and each rate below its order in time, begins with. Raises Moving where nothing says so."""
    missing = {(k, n) for k, order in enumerate(orders) for n in range(order)}
    rows = [row for row in form.rows if evolution.begins(row.region)]
    if form.arithmetic == "split":
        rows = [part for row in rows for part in real_parts(row, form.conditions[row.condition])]
    for row in rows:
        on = f"on {form.conditions[row.condition].where}"
        jets = list(row.jets.values())
        if not row.linear or len(jets) != 1 or any(jets[0].index[:-1]):
            raise Moving(f"{on} the condition gives no single value, or rate")
        key = jets[0].unknown, jets[0].index[-1]
        if key[1] < orders[key[0]]:
            missing.discard(key)
            yield Start(*key, row)
    for k, n in sorted(missing):
        raise Moving(f"nothing says what {'the rate of ' if n else ''}{form.unknowns[k].name} begins with")
