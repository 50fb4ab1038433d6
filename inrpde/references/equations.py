"""A bound problem sorted for a grid: what holds in the volume, on faces, at points, and as a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sympy import Abs, Dummy, Eq, Expr, Function, I, Max, Min, S, arg, conjugate, im, re
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from inrpde.compiler import Bound
from inrpde.compiler.bind import BoundCondition, Unknown
from inrpde.declaration.fields import GridField, MeshField
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.boundary import End
from inrpde.declaration.regions.pilot import pilot_points
from inrpde.declaration.space import Space
from inrpde.references.matching import match_faces
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Lowering, Term

Box = tuple[tuple[float, float], ...]
WHOLE, REAL, IMAGINARY = "whole", "real", "imaginary"


@dataclass(frozen=True, eq=False)
class Equation:
    """One scalar equation `expr` = 0 on a region;

    `part` says which part of a complex one, where unknowns were split.
    """

    condition: BoundCondition
    expr: Expr
    part: str

    @property
    def region(self) -> Region:
        return self.condition.region

    @property
    def text(self) -> str:
        return str(self.condition)


@dataclass(frozen=True, eq=False)
class Equations:
    """A problem's equations by where they hold. `unknowns` are those after complex ones were split, if they had to be.

    `periodic` holds the numbers of the periodic spatial axes, `initial` the equations at the start of time. Of an
    inverse problem `sought` is what is learned, `readings` are equations of labelled points, `given` and `penalties`
    those of learned quantities alone, on a part of the region and in all of it; all others hold as in any problem.
    """

    bound: Bound
    unknowns: tuple[Unknown, ...]
    complex: bool
    volume: tuple[Equation, ...]
    faces: tuple[Equation, ...]
    points: tuple[Equation, ...]
    numbers: tuple[Equation, ...]
    initial: tuple[Equation, ...]
    periodic: frozenset[int]
    lowering: Lowering
    sought: tuple[Unknown, ...] = ()
    readings: tuple[Equation, ...] = ()
    given: tuple[Equation, ...] = ()
    penalties: tuple[Equation, ...] = ()

    @property
    def space(self) -> Space:
        return self.bound.space

    @property
    def fields(self) -> Mapping[AppliedUndef, GridField | MeshField]:
        return self.bound.fields

    @property
    def integrals(self) -> list[RegionIntegral]:
        """The integrals met so far in terms."""
        return self.lowering.integrals

    @cached_property
    def volume_terms(self) -> tuple[Term, ...]:
        return tuple(self.term(equation) for equation in self.volume)

    @cached_property
    def _terms(self) -> dict[tuple, Term]:
        """The terms made so far: both parts of a complex equation share one."""
        return {}

    @property
    def span(self) -> tuple[float, float]:
        """The start and the end of time."""
        lo, hi = self.volume[0].region.bounds
        return float(lo[-1]), float(hi[-1])

    def lifted(self, points: np.ndarray, share: float = 0.5) -> np.ndarray:
        """Points in space (N, axes) as points of the problem (N, d), at a share of its time where it has one."""
        if self.space.time is None:
            return points
        start, end = self.span
        return np.column_stack([points, np.full(len(points), (1 - share) * start + share * end)])

    def term(self, equation: Equation, normal: Mapping[Expr, Expr] | None = None) -> Term:
        """The term of an equation, with the components of the normal replaced by numbers (integrals have their own)."""
        key = equation.expr, tuple((normal or {}).items())
        if key not in self._terms:
            self._terms[key] = self._lower(equation, normal or {})
        return self._terms[key]

    def _lower(self, equation: Equation, normal: Mapping[Expr, Expr]) -> Term:
        held = {node: Dummy() for node in equation.expr.atoms(RegionIntegral)}
        expr = equation.expr.xreplace(held).xreplace(dict(normal))
        return self.lowering.term(expr.xreplace({symbol: node for node, symbol in held.items()}), equation.text)

    def parts_of(self, original: Unknown) -> list[tuple[int, Callable[[np.ndarray], np.ndarray]]]:
        """The numbers in `unknowns` of an unknown of the problem, and which part of its values each holds."""
        symbols = [unknown.symbol for unknown in self.unknowns]
        if original.symbol in symbols:
            return [(symbols.index(original.symbol), np.asarray)]
        parts = [number for number, unknown in enumerate(self.unknowns) if unknown.declared == original.name]
        return list(zip(parts, (np.real, np.imag), strict=True))

    def joined(self, values: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The unknowns of the problem by name, but for what is sought, from one array for each of `unknowns`."""
        joined = {}
        for original in _fields(self.bound):
            first, *second = (values[number] for number, _ in self.parts_of(original))
            joined[original.name] = first + 1j * second[0] if second else first
        return joined


KINDS = ("volume", "faces", "points", "numbers", "initial")
ROLES = ("readings", "given", "penalties")
"""Of equations, by where they hold, and in an inverse problem by what they are to it."""


def sort_equations(bound: Bound, inverse: bool = False) -> Equations:
    """Sort the conditions, of an `inverse` problem or of another. Raises Unsupported with the reason where differences
    on a grid cannot serve."""
    space, fields = bound.space, _fields(bound)
    sought = tuple(unknown for unknown in bound.unknowns if unknown.learned)
    if sought and not inverse:
        raise Unsupported("a learned coefficient makes it an inverse problem, which a grid cannot solve by itself")
    analytic = _analytic(bound)
    unknowns, split = (fields, {}) if analytic else _pairs(fields)
    sorted_: dict[str, list[Equation]] = {kind: [] for kind in (*KINDS, *ROLES)}
    periodic: dict[int, set[AppliedUndef]] = {}
    for condition in bound.conditions:
        _refuse(bound, condition, inverse)
        if condition.periodic:
            axis = space.coords.index(condition.periodic.coordinate)
            periodic.setdefault(axis, set()).add(condition.periodic.unknown)
            continue
        for residual in condition.residuals:
            expr = residual.xreplace(split)
            kind = _role(condition.region, expr, space, unknowns, sought) if inverse else None
            kind = kind or _kind(condition.region, expr, space, unknowns)
            complex_ = bool(split) and (expr.has(I) or any(f.is_real is not True for f in bound.fields if expr.has(f)))
            for part in (REAL, IMAGINARY) if complex_ else (WHOLE,):
                sorted_[kind].append(Equation(condition, expr, part))
    for axis, tied in periodic.items():
        if tied != {unknown.symbol for unknown in fields}:
            raise Unsupported(f"some unknowns are periodic in {space.coords[axis]} and others are not")
    lowering = Lowering(
        space, tuple(each.symbol for each in unknowns), frozenset(bound.fields), tuple(each.symbol for each in sought)
    )
    kinds = {kind: tuple(found) for kind, found in sorted_.items()}
    for integral in {node: None for found in kinds.values() for e in found for node in _integrals(e.expr)}:
        if split and integral.has(I):
            raise Unsupported("an integral of complex unknowns in an equation that is not complex-differentiable")
        lowering.integral(integral)
    return Equations(bound, unknowns, analytic, **kinds, periodic=frozenset(periodic), lowering=lowering, sought=sought)


def _fields(bound: Bound) -> tuple[Unknown, ...]:
    return tuple(unknown for unknown in bound.unknowns if not unknown.learned)


def _analytic(bound: Bound) -> bool:
    """Whether the problem is one of complex numbers: all unknowns are, and none stands under conjugate, re, Abs, …"""
    symbols = [unknown.symbol for unknown in bound.unknowns]
    rows = [row for condition in bound.conditions for row in condition.residuals]
    parts = {node for row in rows for node in row.atoms(Abs, Max, Min, arg, conjugate, im, re)}
    return all(unknown.complex for unknown in _fields(bound)) and not any(node.has(*symbols) for node in parts)


def _pairs(fields: Sequence[Unknown]) -> tuple[tuple[Unknown, ...], dict[Expr, Expr]]:
    """Real unknowns for the real and imaginary parts of complex ones, and these by those; no name of a problem has
    brackets."""
    unknowns: list[Unknown] = []
    split: dict[Expr, Expr] = {}
    for whole in fields:
        names = [f"{part}({whole.name})" for part in ("re", "im")] if whole.complex else []
        pair = [Function(name, real=True)(*whole.symbol.args) for name in names]
        unknowns += [Unknown(f, str(f.func), False, whole.region, of=whole.name) for f in pair] or [whole]
        split |= {whole.symbol: pair[0] + I * pair[1]} if pair else {}
    return tuple(unknowns), split


def _refuse(bound: Bound, condition: BoundCondition, inverse: bool) -> None:
    if condition.region.labels and not inverse:
        raise Unsupported(f"{condition} fits labelled points, which is no boundary value problem")
    equation = bound.problem.conditions[condition.index].equation
    if isinstance(equation, Relational) and not isinstance(equation, Eq):
        raise Unsupported(f"{condition} is an inequality")


def _role(
    region: Region, expr: Expr, space: Space, unknowns: Sequence[Unknown], sought: Sequence[Unknown]
) -> str | None:  # fmt: skip
    """What an equation is to an inverse problem; None for one that holds as in any problem."""
    if region.labels:
        return "readings"
    if expr.has(*(each.symbol for each in unknowns)) or not expr.has(*(each.symbol for each in sought)):
        return None
    return "penalties" if region.dim == space.dim else "given"


def _kind(region: Region, expr: Expr, space: Space, unknowns: tuple[Unknown, ...]) -> str:
    local = expr.xreplace(dict.fromkeys(expr.atoms(RegionIntegral), S.Zero))
    if not local.has(*(unknown.symbol for unknown in unknowns)):
        return "numbers"
    missing = space.dim - region.dim
    if space.time is not None and missing == 1 and _end_in_time(region, space):
        return "initial"
    if missing == 0:
        return "volume"
    if missing == 1:
        return "faces"
    lo, hi = region.bounds
    if np.all(lo[: len(space.spatial)] == hi[: len(space.spatial)]):
        return "points"
    raise Unsupported(f"a condition holds on a set of {region.dim} dimensions ({region.label})")


def _integrals(expr: Expr) -> list[RegionIntegral]:
    return sorted(expr.atoms(RegionIntegral), key=str)


def _end_in_time(region: Region, space: Space) -> bool:
    """Whether a region is the start of time. Raises Unsupported where it is another cut through time."""
    lo, hi = region.bounds
    ends = [part for part in (region, *region.parents) if isinstance(part, End)]
    if any(end.which == "final" for end in ends) or (not ends and lo[-1] == hi[-1]):
        raise Unsupported(f"a condition holds at a later time ({region.label})")
    return bool(ends)


def spread(region: Region, count: int = 64) -> np.ndarray:
    """Some points (N, d) of a region, so many in each part of it that is left; in general position where it is no
    point."""
    found = []
    for part in region.parts:
        if not len(part.spans):
            found.append(pilot_points(part, count))
            continue
        shares = np.arange(1, count + 1) * 2**0.5 % 1
        along = part.spans[:, :1] + (part.spans[:, 1:] - part.spans[:, :1]) * shares
        found.append(part.piece.chart.at(along.reshape(-1, 1)))
    return np.concatenate(found)


def check_determined(equations: Sequence[Equation], affinity: Sequence[Sequence[int]]) -> None:
    """Raise Unsupported where more conditions hold at a place than there are unknowns left for them (`affinity`)."""
    for equation in equations:
        points = spread(equation.region)
        holding = np.array([other.region.contains(points, 10 * other.region.tolerance) for other in equations])
        for column in np.unique(holding, axis=1).T:
            here = np.flatnonzero(column)
            placed = set(match_faces([affinity[k] for k in here.tolist()]).values())
            if left := set(range(len(here))) - placed:
                text = equations[here[max(left)]].text
                raise Unsupported(f"{text} is one condition too many where others hold, too")


def box_of(region: Region) -> Box | None:
    """The box that a region is, or of which it selects a part (`where` on an interior)."""
    parent = region.parents[0] if len(region.parents) == 1 else None
    if region.box is not None or parent is None or region.dim < len(region.coords) or parent.coords != region.coords:
        return region.box
    return box_of(parent)
