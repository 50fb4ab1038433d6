"""Expressions as trees that a grid can evaluate, with the flux form kept.

A term is an expression of atoms: a derivative of one unknown (a stencil on its own values), a derivative of data, the
integral over a region, or the derivative of a further term: a difference of fluxes, evaluated half a step to either
side, inner first. For -∂(a ∂u) that is the conservative scheme with a at the midpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Abs, Add, Derivative, Dummy, Expr, Heaviside, I, Max, Min, Symbol, diff, expand_mul, sign
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.space import Space
from inrpde.references.formula import Formula

Index = tuple[int, ...]


@dataclass(frozen=True)
class Leaf:
    """A derivative of an unknown: its number, a multi-index over the spatial coordinates, and the order in time."""

    unknown: int
    index: Index
    time: int = 0


@dataclass(frozen=True)
class Datum:
    """A derivative of a coefficient that is given by data; the multi-index is over all coordinates."""

    field: AppliedUndef
    index: Index


@dataclass(frozen=True)
class Sought:
    """A derivative of what is learned, a field or a number, by its number; the multi-index is over all coordinates."""

    number: int
    index: Index


@dataclass(frozen=True)
class Integral:
    """The value of an integral, by its number."""

    number: int


@dataclass(frozen=True)
class Difference:
    """The derivative of a term along a spatial axis."""

    axis: int
    term: Term


Atom = Leaf | Datum | Sought | Integral | Difference


@dataclass(frozen=True, eq=False)
class Term:
    """`expr` in symbols that stand for atoms; `text` is the equation that it comes from, for messages."""

    expr: Expr
    atoms: Mapping[Dummy, Atom]
    text: str

    @cached_property
    def slopes(self) -> Mapping[Dummy, Expr]:
        """∂expr/∂atom for the atoms that depend on the unknowns or are sought, where it is not zero."""
        varying = [symbol for symbol, atom in self.atoms.items() if not isinstance(atom, Datum)]
        slopes = {symbol: diff(self.expr, symbol) for symbol in varying}
        return {
            symbol: slope if slope.is_Number else expand_mul(slope) for symbol, slope in slopes.items() if slope != 0
        }

    @cached_property
    def value(self) -> Formula:
        """The expression as a function of its symbols."""
        return Formula([self.expr], self.text)

    @cached_property
    def tangent(self) -> Formula:
        """The expression and then its slopes, in their order."""
        return Formula([self.expr, *self.slopes.values()], self.text)

    @cached_property
    def linear(self) -> bool:
        """Is it linear in the unknowns, what is sought being given?"""
        varying = {symbol for symbol in self.slopes if not isinstance(self.atoms[symbol], Sought)}
        inner = [self.atoms[symbol] for symbol in varying]
        return not any(self.slopes[symbol].free_symbols & varying for symbol in varying) and all(
            atom.term.linear for atom in inner if isinstance(atom, Difference)
        )

    def carrier(self, axis: int) -> Dummy | None:
        """Of a flux along an axis the one derivative along it alone in which it is linear, if there is one."""
        along = [
            symbol
            for symbol in self.slopes
            if isinstance(atom := self.atoms[symbol], Leaf) and sum(atom.index) == atom.index[axis] > 0
        ]
        if len(along) != 1 or any(slope.has(along[0]) for slope in self.slopes.values()):
            return None  # what is sought beside it has no harmonic mean
        return along[0]

    @cached_property
    def leaves(self) -> frozenset[Leaf]:
        """Every derivative of an unknown in it, with the differences outside it counted in."""
        found: set[Leaf] = set()
        for atom in self.atoms.values():
            if isinstance(atom, Leaf):
                found.add(atom)
            elif isinstance(atom, Difference):
                for leaf in atom.term.leaves:
                    index = tuple(n + (k == atom.axis) for k, n in enumerate(leaf.index))
                    found.add(Leaf(leaf.unknown, index, leaf.time))
        return frozenset(found)

    @cached_property
    def unknowns(self) -> frozenset[int]:
        return frozenset(leaf.unknown for leaf in self.leaves)

    @cached_property
    def integrals(self) -> frozenset[int]:
        """The numbers of the integrals in it."""
        found = {atom.number for atom in self.atoms.values() if isinstance(atom, Integral)}
        return frozenset(found.union(*(a.term.integrals for a in self.atoms.values() if isinstance(a, Difference))))

    @cached_property
    def sought(self) -> bool:
        """Does it hold anything that is sought?"""
        return any(isinstance(a, Sought) or (isinstance(a, Difference) and a.term.sought) for a in self.atoms.values())

    @cached_property
    def load_is_sought(self) -> bool:
        """Does what is left of it where all unknowns vanish hold anything that is sought?"""
        inner = {s: a.term.load_is_sought for s, a in self.atoms.items() if isinstance(a, Difference)}
        gone = {s: 0 for s, a in self.atoms.items() if isinstance(a, Leaf | Integral) or inner.get(s) is False}
        left = self.expr.xreplace(gone)
        return any(left.has(s) for s, a in self.atoms.items() if isinstance(a, Sought) or s in inner)

    def order(self, unknown: int, axis: int | None = None) -> int:
        """The highest order in space in which an unknown appears, in all or along an axis; -1 where it does not."""
        orders = [leaf.index for leaf in self.leaves if leaf.unknown == unknown]
        return max((sum(index) if axis is None else index[axis] for index in orders), default=-1)

    def time_order(self, unknown: int) -> int:
        return max((leaf.time for leaf in self.leaves if leaf.unknown == unknown), default=-1)


def switches(expr: Expr) -> set[Expr]:
    """The expressions at whose change of sign an expression may jump."""
    return {e.lhs - e.rhs for e in expr.atoms(Relational)} | {e.args[0] for e in expr.atoms(Heaviside, sign)}


def kinks(expr: Expr) -> set[Expr]:
    """The expressions at whose change of sign its slope may jump."""
    compared = {node.args[0] - other for node in expr.atoms(Max, Min) for other in node.args[1:]}
    return compared | {node.args[0] for node in expr.atoms(Abs)}


class Lowering:
    """Turns expressions into terms, and gathers the integrals met on the way in `integrals`.

    `sought` are learned fields and numbers."""

    def __init__(
        self,
        space: Space,
        unknowns: tuple[AppliedUndef, ...],
        fields: frozenset[AppliedUndef],
        sought: tuple[AppliedUndef | Symbol, ...] = (),
    ):
        self.space = space
        self.numbers = {u: k for k, u in enumerate(unknowns)}
        self.fields = fields
        self.sought = {each: k for k, each in enumerate(sought)}
        self.integrals: list[RegionIntegral] = []

    def term(self, expr: Expr, text: str) -> Term:
        """The term of an expression of the unknowns, with `text` to name it in messages."""
        building = _Building(self, text)
        return Term(building.visit(expr), building.atoms, text)

    def integral(self, integral: RegionIntegral) -> int:
        if integral not in self.integrals:
            self.integrals.append(integral)
        return self.integrals.index(integral)


class _Building:
    """One term in the making."""

    def __init__(self, lowering: Lowering, text: str):
        self.lowering, self.text = lowering, text
        self.space, self.numbers, self.fields = lowering.space, lowering.numbers, lowering.fields
        self.sought = lowering.sought
        self.atoms: dict[Dummy, Atom] = {}
        self.symbols: dict[Expr, Dummy] = {}

    def visit(self, e: Expr) -> Expr:
        if isinstance(e, RegionIntegral):
            return self._symbol(e, Integral(self.lowering.integral(e)))
        if isinstance(e, Derivative):
            return self._derivative(e)
        if self._is_plain(e):
            return self._plain(e, e, ())
        if not e.args or not self._varies(e):
            return e
        return e.func(*map(self.visit, e.args))

    def _symbol(self, key: Expr, atom: Atom) -> Dummy:
        if key not in self.symbols:
            real = not key.has(I) and all(f.is_real for f in key.atoms(AppliedUndef))
            self.symbols[key] = Dummy(f"a{len(self.atoms)}", **({"real": True} if real else {}))
            self.atoms[self.symbols[key]] = atom
        return self.symbols[key]

    def _is_plain(self, e: Expr) -> bool:
        return e in self.numbers or e in self.fields or e in self.sought

    def _plain(self, key: Expr, f: AppliedUndef | Symbol, variables: tuple) -> Dummy:
        if f not in self.numbers:
            every = tuple(variables.count(x) for x in self.space.coords)
            return self._symbol(key, Sought(self.sought[f], every) if f in self.sought else Datum(f, every))
        index = tuple(variables.count(x) for x in self.space.spatial)
        return self._symbol(key, Leaf(self.numbers[f], index, variables.count(self.space.time)))

    def _derivative(self, e: Derivative) -> Expr:
        inner, variables = e.expr, e.variables
        if self._is_plain(inner):
            return self._plain(e, inner, variables)
        if not inner.has(*self.numbers):
            expanded = e.doit()
            return self.visit(expanded) if self._varies(inner) else expanded
        if self.space.time in variables:
            rest = [x for x in variables if x != self.space.time]
            inner = diff(inner, self.space.time, variables.count(self.space.time))
            return self.visit(Derivative(inner, *rest) if rest else inner)
        *before, last = variables
        return self._difference(Derivative(inner, *before) if before else inner, self.space.spatial.index(last))

    def _difference(self, inner: Expr, axis: int) -> Expr:
        x = self.space.spatial[axis]
        if inner.is_Add:
            return Add(*(self.visit(Derivative(part, x)) for part in inner.args))
        if inner.is_Mul:
            known = (*self.space.coords, *self.numbers, *self.fields, *self.sought)
            factor, rest = inner.as_independent(*known, RegionIntegral)
            if factor != 1:
                return factor * self.visit(Derivative(rest, x))
        return self._symbol(Derivative(inner, x), Difference(axis, self.lowering.term(inner, self.text)))

    def _varies(self, e: Expr) -> bool:
        return e.has(*self.numbers, *self.fields, *self.sought, RegionIntegral)
