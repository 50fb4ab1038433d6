"""A problem in time as a steady one in space: derivatives in time are further unknowns, regions are cut at a moment."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from sympy import Expr

from inrpde.declaration.regions import Region
from inrpde.declaration.regions.boundary import Boundary, End
from inrpde.declaration.regions.box import Box, Flat
from inrpde.declaration.regions.combine import Combined, Selected
from inrpde.declaration.regions.cylinder import Cylinder
from inrpde.declaration.regions.where import Where
from inrpde.declaration.space import Space
from inrpde.references.equations import Equation, Equations
from inrpde.references.evaluate import rests
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Datum, Leaf, Lowering, Term

SIGNS = {"-": operator.sub, "|": operator.or_, "&": operator.and_}
OF_THE_SPACE = {"boundary", "parts", "shares"}
"""What a region keeps that depends on whether its space has a time."""
NEAR = 1e-9
"""Spans of time that differ by this share are the same."""


class Sections:
    """What regions in space and time are at any moment of a span, as regions of a space without time. Each is made
    once: they are compared by identity."""

    def __init__(self, space: Space, span: tuple[float, float]):
        self.space, self.span = Space([str(x) for x in space.spatial]), span
        self._made: dict[Region, Region] = {}
        self._moved: dict[Region, Region] = {}

    def of(self, region: Region) -> Region:
        """Raises Unsupported for a region that is not the same at all times of the span."""
        return self._in_space(self._cut(region))

    def _cut(self, region: Region) -> Region:
        if not region.has_time:
            return region
        if region not in self._made:
            self._made[region] = self._section(region)
        return self._made[region]

    def _section(self, region: Region) -> Region:
        if isinstance(region, End):
            return self._cut(region.solid)
        if isinstance(region, Boundary):
            return self._cut(region.solid).boundary
        if isinstance(region, Where):
            if region.relation.has(region.space.time):
                raise Unsupported(f"a condition holds at some times only ({region.label})")
            return Where(self._cut(region.region), region.relation)
        if isinstance(region, Combined | Selected):
            return SIGNS[region.sign](self._cut(region.left), self._cut(region.right))
        self._check_span(region)
        if isinstance(region, Cylinder):
            return region.base
        if isinstance(region, Box | Flat):
            return type(region)(region.space, region.lo[:-1], region.hi[:-1])
        raise Unsupported(f"{region.label} is not the same at all times")

    def _in_space(self, region: Region) -> Region:
        """A spatial region of a space with time, in the space without."""
        if region not in self._moved:
            self._moved[region] = self._moving(region)
        return self._moved[region]

    def _moving(self, region: Region) -> Region:
        if isinstance(region, Boundary):
            return self._in_space(region.solid).boundary
        if isinstance(region, Where):
            return Where(self._in_space(region.region), region.relation)
        if isinstance(region, Combined | Selected):
            return type(region)(region.sign, self._in_space(region.left), self._in_space(region.right))
        moved = copy(region)
        moved.space = self.space
        for name in OF_THE_SPACE & vars(moved).keys():
            delattr(moved, name)
        return moved

    def _check_span(self, region: Region) -> None:
        start, end = (float(bound[-1]) for bound in region.bounds)
        near = NEAR * (self.span[1] - self.span[0])
        if abs(start - self.span[0]) > near or abs(end - self.span[1]) > near:
            raise Unsupported(f"a condition holds at some times only ({region.label})")


class Rates(Lowering):
    """Lowers derivatives in time to unknowns of their own: that of order k of unknown j of J has the number j + k J."""

    def term(self, expr: Expr, text: str) -> Term:
        term = super().term(expr, text)
        atoms = {symbol: self._own(atom) if isinstance(atom, Leaf) else atom for symbol, atom in term.atoms.items()}
        return Term(term.expr, atoms, term.text)

    def _own(self, leaf: Leaf) -> Leaf:
        return Leaf(leaf.unknown + len(self.numbers) * leaf.time, leaf.index)


def frozen(equations: Equations) -> Equations:
    """The equations at a moment, those of the start among them. Raises Unsupported as `Sections`."""
    sections = Sections(equations.space, equations.span)

    def cut(several: Sequence[Equation]) -> tuple[Equation, ...]:
        return tuple(
            replace(each, condition=replace(each.condition, region=sections.of(each.region))) for each in several
        )

    homes = [unknown.region for unknown in equations.unknowns]
    unknowns = [
        unknown if home is None else replace(unknown, region=sections.of(home))
        for unknown, home in zip(equations.unknowns, homes, strict=True)
    ]
    lowering = Rates(equations.space, tuple(unknown.symbol for unknown in unknowns), frozenset(equations.fields))
    return replace(
        equations, unknowns=tuple(unknowns), volume=cut(equations.volume), faces=cut(equations.faces),
        initial=cut(equations.initial), lowering=lowering,
    )  # fmt: skip


def knows_time(term: Term, equations: Equations, slopes: bool = False) -> bool:
    """Whether a term depends on time by itself or by data; or its `slopes` do, by the unknowns."""
    time, moving = equations.space.time, _moving(equations)
    exprs = list(term.slopes.values()) if slopes else [term.expr]
    data = {s for s, atom in term.atoms.items() if isinstance(atom, Datum) and (atom.field in moving)}
    return any(expr.free_symbols & {time, *data} for expr in exprs)


def _moving(equations: Equations) -> set[Expr]:
    """The coefficients given by data that change in time."""
    return {key for key, field in equations.fields.items() if not rests(equations.space, field)}
