"""What regions are made of: charts that map the unit cube uniformly in measure, filtered by predicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from sympy import Symbol

Array = np.ndarray
Predicate = Callable[[Array, Array | None], Array]
"""(points (N, d), normals (N, d) or None) -> bool (N,)"""

TOLERANCE = 1e-9
"""How far from a set a point may lie to be on it, as a share of the region's size (in time, of the time interval)."""
ROUNDING = 1e-14
"""What a few operations round a coordinate by, as a share of it."""


@dataclass(frozen=True, eq=False)
class Chart:
    """A primitive set of intrinsic dimension `dim` and its measure.

    `at(unit (N, dim)) -> (N, d)` is uniform in measure; `covers(points, tol) -> bool (N,)` says which points lie on it;
    `normals(points) -> (N, d)` are unit normals (surfaces only), 0 in time, pointing out of the primitive.
    A chart of dim 0 holds K points: `at` returns all of them, whatever `unit` is, and `labels` holds an array (K,) a
    symbol. `breaks` are the parameters in (0, 1) at which a curve has a vertex. `crack` says that the primitive goes on
    beyond: the chart is one of the two faces of a crack.
    """

    dim: int
    measure: float
    at: Callable[[Array], Array]
    covers: Callable[[Array, float], Array]
    normals: Callable[[Array], Array] | None = None
    labels: Mapping[Symbol, Array] = field(default_factory=dict)
    breaks: Array = field(default_factory=lambda: np.empty(0))
    crack: bool = False


@dataclass(frozen=True, eq=False)
class Piece:
    """The part of a chart on which every predicate holds; `orient` turns the chart's normals outward of the region."""

    chart: Chart
    keeps: tuple[Predicate, ...] = ()
    orient: Callable[[Array, Array], Array] | None = None

    def kept(self, points: Array) -> Array:
        """Which points of the chart (N, d) belong to the piece: bool (N,)."""
        normals = self.chart.normals(points) if self.chart.normals and self.keeps else None
        kept = np.ones(len(points), bool)
        for keep in self.keeps:
            here = np.flatnonzero(kept)
            kept[here] = keep(points[here], None if normals is None else normals[here])
        return kept

    def normals(self, points: Array) -> Array | None:
        """Unit normals (N, d), outward of the region, or None."""
        if self.chart.normals is None:
            return None
        normals = self.chart.normals(points)
        return normals if self.orient is None else normals * self.orient(points, normals)[:, None]

    def keeping(self, *predicates: Predicate) -> Piece:
        return Piece(self.chart, self.keeps + predicates, self.orient)


@dataclass(frozen=True)
class Corner:
    """A vertex of the boundary of a 2-D region: the sector of the region at `point`.

    `angle` is the interior angle in radians; the region opens counter-clockwise from the wall of direction `start`
    (radians) to that of `start + angle`.
    """

    point: tuple[float, float]
    angle: float
    start: float


def product(chart: Chart, lo: float, hi: float) -> Chart:
    """The chart times an interval of a further, last coordinate (the time); one point of dim 0 becomes a line."""

    def at(unit: Array) -> Array:
        space = chart.at(unit[:, :-1])
        return np.column_stack([np.broadcast_to(space, (len(unit), space.shape[1])), lo + (hi - lo) * unit[:, -1]])

    def covers(points: Array, tol: float) -> Array:
        slack = instant(lo, hi)
        return chart.covers(points[:, :-1], tol) & (points[:, -1] >= lo - slack) & (points[:, -1] <= hi + slack)

    return Chart(chart.dim + 1, chart.measure * (hi - lo), at, covers, over_time(chart.normals), crack=chart.crack)


def instant(start: float, end: float) -> float:
    """By how much times of an interval may differ that are one, no less than they are rounded by."""
    return max(TOLERANCE * (end - start), ROUNDING * max(abs(start), abs(end)))


def over_time(normals: Callable[[Array], Array] | None) -> Callable[[Array], Array] | None:
    """Normals of a spatial set as those of its cylinder in time: 0 in the last component."""
    return normals and (lambda points: np.column_stack([normals(points[:, :-1]), np.zeros(len(points))]))


def box_chart(lo: Array, hi: Array, normal: Array | None = None, units: Array | float = 1.0) -> Chart:
    """An axis-parallel box (d,), flat where lo = hi; of dim 0 it is one point with measure 1. A distance is measured
    along each coordinate in `units` (d,)."""
    free = np.flatnonzero(hi > lo)
    extent = (hi - lo)[free]

    def at(unit: Array) -> Array:
        points = np.tile(lo, (len(unit) if len(free) else 1, 1))
        points[:, free] += unit[:, : len(free)] * extent
        return points

    def covers(points: Array, tol: float) -> Array:
        inside, slack = np.ones(len(points), bool), np.broadcast_to(tol * units, len(lo))
        for k, x in enumerate(points.T):
            inside &= (x >= lo[k] - slack[k]) & (x <= hi[k] + slack[k])
        return inside

    normals = None if normal is None else (lambda points: np.tile(normal, (len(points), 1)))
    return Chart(len(free), float(np.prod(extent)), at, covers, normals)
