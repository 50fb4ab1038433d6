"""Passes 2 to 4: expand derivatives, replace jets by symbols, differentiate by the jets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sympy import (
    Abs,
    Add,
    Derivative,
    DiracDelta,
    Dummy,
    Expr,
    I,
    Max,
    Min,
    Mul,
    Subs,
    Symbol,
    arg,
    conjugate,
    diff,
    expand,
    expand_mul,
    im,
    preorder_traversal,
    re,
)  # fmt: skip
from sympy.core.function import AppliedUndef

from inrpde.compiler.bind import Bound, BoundCondition, Unknown
from inrpde.compiler.form import HERE, PAIR, CoefficientJet, Index, IntegralTerm, Jet, Row
from inrpde.compiler.printing import RowFunction
from inrpde.compiler.rough import loses_fluxes, worked_out
from inrpde.declaration.conditions import Periodic
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

NOT_HOLOMORPHIC = (conjugate, re, im, Abs, arg, Max, Min)


@dataclass
class Lowering:
    """The state of lowering one problem: the unknowns it is written in, and the integrals met so far."""

    bound: Bound
    unknowns: tuple[Unknown, ...]
    split: dict[AppliedUndef, Expr]
    integrals: list[IntegralTerm] = field(default_factory=list)
    concentrated: list[BoundCondition] = field(default_factory=list)
    """Those in whose rows something is left out that is concentrated where a coefficient jumps."""

    def row(self, expr: Expr, condition: BoundCondition, region: Region) -> Row:
        place = str(condition)
        integrals: dict[Dummy, int] = {}
        if expr.has(RegionIntegral):
            expr = self._lift_integrals(expr, condition, integrals)
        jumps, expr = loses_fluxes(self.bound, expr), expr.xreplace(self.split)
        if expr.has(Derivative):
            expr, lost = worked_out(expr)
            jumps |= lost
            self.concentrated += [condition] * lost
        jets: dict[Dummy, Jet] = {}
        data: dict[Dummy, CoefficientJet] = {}
        expr = self._replace(expr, jets, data, place)
        return replace(make_row(expr, condition, region, jets, data, integrals), jumps=jumps)

    def periodic_rows(self, condition: BoundCondition, periodic: Periodic, order: int) -> list[Row]:
        """The jets below an order in the coordinate are equal on the two faces."""
        k = self.bound.space.coords.index(periodic.coordinate)
        rows = []
        for number in self._parts(periodic.unknown):
            for n in range(max(order, 1)):
                index = tuple(n if i == k else 0 for i in range(self.bound.space.dim))
                real = not self.unknowns[number].complex
                here, pair = Dummy("here", real=real or None), Dummy("pair", real=real or None)
                jets = {here: Jet(number, index, HERE), pair: Jet(number, index, PAIR)}
                rows.append(make_row(here - pair, condition, condition.region, jets, {}, {}))
        return rows

    def _parts(self, u: AppliedUndef) -> list[int]:
        symbols = [unknown.symbol for unknown in self.unknowns]
        if u in self.split:
            return sorted(symbols.index(part) for part in self.split[u].atoms(AppliedUndef))
        return [symbols.index(u)]

    def _lift_integrals(self, expr: Expr, condition: BoundCondition, integrals: dict[Dummy, int]) -> Expr:
        replaced = {}
        for node in sorted(outermost(expr), key=str):
            inner = self.row(node.integrand, condition, node.region)
            symbol = Dummy("integral")
            integrals[symbol] = len(self.integrals)
            self.integrals.append(IntegralTerm(inner, node.mean))
            replaced[node] = symbol
        return expr.xreplace(replaced)

    def _replace(self, expr: Expr, jets: dict[Dummy, Jet], data: dict[Dummy, CoefficientJet], place: str) -> Expr:
        numbers = {unknown.symbol: k for k, unknown in enumerate(self.unknowns)}
        replaced: dict[Expr, Dummy] = {}

        def symbol_for(f: Expr, index: Index) -> Dummy:
            name = (
                words(f)
                + ("_" if any(index) else "")
                + "".join(str(x) * n for x, n in zip(self.bound.space.coords, index, strict=True))
            )
            if f in numbers:
                jet = Jet(numbers[f], index)
                found = next((s for s, j in jets.items() if j == jet), None)
                if found is None:
                    found = Dummy(name, **({} if self.unknowns[jet.unknown].complex else {"real": True}))
                    jets[found] = jet
                return found
            coefficient = CoefficientJet(f.func.__name__, index)
            found = next((s for s, j in data.items() if j == coefficient), None)
            if found is None:
                found = Dummy(name, **({"real": True} if f.is_real else {}))
                data[found] = coefficient
            return found

        for derivative in sorted(expr.atoms(Derivative), key=str):
            if not isinstance(derivative.expr, AppliedUndef):
                raise ProblemError(f"the derivative {words(derivative)} cannot be expanded", place, "write it out")
            replaced[derivative] = symbol_for(derivative.expr, self._index(derivative, place))
        expr = expr.xreplace(replaced)
        plain = {f: symbol_for(f, (0,) * self.bound.space.dim) for f in sorted(expr.atoms(AppliedUndef), key=str)}
        plain |= {
            s: symbol_for(s, (0,) * self.bound.space.dim) for s in numbers if isinstance(s, Symbol) and expr.has(s)
        }
        return expr.xreplace(plain)

    def _index(self, derivative: Derivative, place: str) -> Index:
        counts = dict.fromkeys(self.bound.space.coords, 0)
        for x, n in derivative.variable_count:
            if not n.is_Integer:
                raise ProblemError(f"{words(derivative)} is of symbolic order", place, "give the order as a number")
            counts[x] += int(n)
        return tuple(counts.values())


def outermost(expr: Expr) -> set[RegionIntegral]:
    """The integrals in an expression that do not lie inside one another."""
    found, nodes = set(), preorder_traversal(expr)
    for node in nodes:
        if isinstance(node, RegionIntegral):
            found.add(node)
            nodes.skip()
    return found


def make_row(
    expr: Expr, condition: BoundCondition, region: Region,
    jets: dict[Dummy, Jet], data: dict[Dummy, CoefficientJet], integrals: dict[Dummy, int],
) -> Row:  # fmt: skip
    terms = [(term, term.free_symbols) for term in Add.make_args(expr)]
    tangent = {s: Add(*(_slope(term, s) for term, held in terms if s in held)) for s in (*jets, *integrals)}
    tangent = {s: (slope if slope.is_Number else expand_mul(slope)) for s, slope in tangent.items() if slope != 0}
    varying = set(jets) | set(integrals)
    linear = not any(slope.free_symbols & varying for slope in tangent.values())
    place = str(condition)
    if any(slope.has(DiracDelta, Derivative, Subs) for slope in tangent.values()):
        raise ProblemError(
            "the equation jumps as an unknown varies, so that it has no tangent",
            place,
            "smooth the jump, as (1 + tanh(u/width))/2 does a Heaviside(u)",
        )
    return Row(
        condition.index, region, expr, tangent, jets, data, integrals,
        RowFunction([expr], place), RowFunction(list(tangent.values()), place), linear, place,
    )  # fmt: skip


def real_parts(row: Row, condition: BoundCondition) -> list[Row]:
    """The real and the imaginary part of a row in real unknowns."""
    made = []
    for part in expand(row.residual).as_real_imag():
        jets = {symbol: jet for symbol, jet in row.jets.items() if part.has(symbol)}
        data = {symbol: jet for symbol, jet in row.data.items() if part.has(symbol)}
        made.append(make_row(part, condition, row.region, jets, data, {}))
    return made


def _slope(term: Expr, s: Symbol) -> Expr:
    """The derivative of a term by a symbol in it; of s, or a product with it, without sympy's long way round."""
    factors = [factor for factor in Mul.make_args(term) if factor != s]
    if len(factors) == len(Mul.make_args(term)) or any(s in factor.free_symbols for factor in factors):
        return diff(term, s)
    return Mul(*factors)


def is_holomorphic(expr: Expr, symbols: set) -> bool:
    """Complex-differentiable in the symbols: none of them stands under conjugate, re, im, Abs, …"""
    return not any(
        node.free_symbols & symbols or node.atoms(AppliedUndef) & symbols for node in expr.atoms(*NOT_HOLOMORPHIC)
    )


def split_unknowns(bound: Bound) -> tuple[tuple[Unknown, ...], dict[AppliedUndef, Expr]]:
    """Complex unknowns as pairs of real ones, u = u_re + i u_im, and that substitution.

    A part's name is one that nothing else has; a pair stays together, the real part first."""
    from sympy import Function

    parts: list[Unknown] = []
    substitution: dict[AppliedUndef, Expr] = {}
    named = (*bound.problem.unknowns, *bound.problem.coefficients, *bound.space.coords)
    taken = {words(each) for each in named}
    for unknown in bound.unknowns:
        if not unknown.complex:
            parts.append(unknown)
            continue
        names = [_free(f"{unknown.name}_{part}", taken) for part in ("re", "im")]
        pair = [Function(name, real=True)(*unknown.symbol.args) for name in names]
        substitution[unknown.symbol] = pair[0] + I * pair[1]
        parts += [Unknown(p, p.func.__name__, False, unknown.region, of=unknown.name) for p in pair]
    return tuple(parts), substitution


def _free(name: str, taken: set[str]) -> str:
    """The name, lengthened until it is not taken; it then is."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
