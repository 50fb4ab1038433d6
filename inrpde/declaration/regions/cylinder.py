"""Cylinders in time of spatial regions."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sympy import Interval, sympify

from inrpde.declaration.regions.box import Box
from inrpde.declaration.regions.chart import Array, Chart, Piece, Predicate, instant, product
from inrpde.declaration.regions.region import Region, Solid, bracketed, check_extent, classify, number
from inrpde.errors import ProblemError


def cylinder(base: Region, interval: Interval) -> Region:
    """The spatial region `base` times an interval of time. Raises ProblemError without a time, or with one already."""
    interval = sympify(interval)
    place = f"({base.label}).over({interval})"
    if base.space.time is None:
        raise ProblemError("the space has no time", place, 'declare it: Space("x y", time="t")')
    if base.has_time:
        raise ProblemError("the region has a time already", place, "`over` is for purely spatial regions")
    fix = "omega.over(Interval(0, 1))"
    if not isinstance(interval, Interval) or not (interval.start.is_finite and interval.end.is_finite):
        raise ProblemError(f"{interval} is not a bounded interval of numbers", place, fix)
    span = number(interval.start, place, fix), number(interval.end, place, fix)
    check_extent([base.space.time], np.array([span[0]]), np.array([span[1]]), place)
    return _solid(base, span) if isinstance(base, Solid) else Cylinder(base, span)


def _solid(base: Solid, span: tuple[float, float]) -> Solid:
    if isinstance(base, Box):
        return Box(base.space, np.append(base.lo, span[0]), np.append(base.hi, span[1]))
    return SolidCylinder(base, span)


class Cylinder(Region):
    """A spatial set over a span of time (start, end)."""

    def __init__(self, base: Region, span: tuple[float, float]):
        Region.__init__(self, base.space, base.space.coords, base.dim + 1, (base,))
        self.base, self.span = base, span

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        lo, hi = self.base.bounds
        return np.append(lo, self.span[0]), np.append(hi, self.span[1])

    @property
    def size(self) -> float:
        return self.base.size

    @property
    def label(self) -> str:
        return f"{bracketed(self.base.label)}×[{self.span[0]:g}, {self.span[1]:g}]"

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f"{bracketed(parents[0])}.over(Interval({self.span[0]:g}, {self.span[1]:g}))"

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(_lifted(piece, chart, self.span) for piece in self.base.pieces for chart in _single(piece.chart))

    def _contains(self, points: Array, tol: float) -> Array:
        return self.base._contains(points[:, :-1], tol) & self._during(points, tol)

    def _bears(self, points: Array, normals: Array, tol: float) -> Array:
        return self.base._bears(points[:, :-1], normals[:, :-1], tol) & self._during(points, tol)

    def _during(self, points: Array, tol: float) -> Array:
        start, end = self.span
        slack = tol * self.units[-1]
        return (points[:, -1] >= start - slack) & (points[:, -1] <= end + slack)


class SolidCylinder(Cylinder, Solid):
    """A spatial solid over a span of time."""

    base: Solid
    _contains = Solid._contains

    def side(self, points: Array, tol: float) -> Array:
        start, end = self.span
        beyond = np.maximum(start - points[:, -1], points[:, -1] - end) / self.units[-1]
        return np.minimum(self.base.side(points[:, :-1], tol), classify(beyond, tol))

    @cached_property
    def primitives(self) -> tuple[Solid, ...]:
        if self.base.primitives == (self.base,):
            return (self,)
        return tuple(_solid(primitive, self.span) for primitive in self.base.primitives)

    @cached_property
    def walls(self) -> tuple[Chart, ...]:
        return tuple(product(each, *self.span) for chart in self.base.walls for each in _single(chart))

    @cached_property
    def ends(self) -> tuple[Chart, ...]:
        return tuple(
            _at_time(piece.chart, time, sign, self.span)
            for piece in self.base.pieces
            for time, sign in zip(self.span, (-1.0, 1.0), strict=True)
        )


def _lifted(piece: Piece, chart: Chart, span: tuple[float, float]) -> Piece:
    def lift(keep: Predicate) -> Predicate:
        return lambda points, normals: keep(points[:, :-1], None if normals is None else normals[:, :-1])

    orient = piece.orient
    turn = None if orient is None else (lambda points, normals: orient(points[:, :-1], normals[:, :-1]))
    return Piece(product(chart, *span), tuple(map(lift, piece.keeps)), turn)


def _single(chart: Chart) -> list[Chart]:
    """The chart itself, or a chart for each of its points, which become lines in time."""
    points = chart.at(np.empty((1, 0))) if chart.dim == 0 else ()
    if len(points) < 2:
        return [chart]

    def one(point: Array) -> Chart:
        return Chart(
            0, chart.measure / len(points), lambda unit: point[None],
            lambda others, tol: np.linalg.norm(others - point, axis=1) <= tol, chart.normals, crack=chart.crack,
        )  # fmt: skip

    return [one(point) for point in points]


def _at_time(chart: Chart, time: float, sign: float, span: tuple[float, float]) -> Chart:
    """The chart of a base at one end of its span, with the normal along the time."""
    slack = instant(*span)

    def at(unit: Array) -> Array:
        space = chart.at(unit)
        return np.column_stack([space, np.full(len(space), time)])

    def covers(points: Array, tol: float) -> Array:
        return chart.covers(points[:, :-1], tol) & (np.abs(points[:, -1] - time) <= slack)

    def normals(points: Array) -> Array:
        along = np.zeros_like(points)
        along[:, -1] = sign
        return along

    return Chart(chart.dim, chart.measure, at, covers, normals)
