"""The curved walls of plane regions as monotone arcs, of which the part in a box is one stretch of the parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from inrpde.declaration.regions.chart import Chart
from inrpde.declaration.regions.region import Solid
from inrpde.sampling.cells.tessellation import Array
from inrpde.sampling.cells.tree import Tree

SAMPLES = 2048
"""Points of a curve between which it is searched: for turns, for jumps, for others that cross it."""
TURNS = np.pi / 2 * np.array([0.0, 0.2537, 0.5081, 0.7529])
"""Where the normal of an arc may not pass, in each quarter: it turns by less than π/8, and both coordinates are
monotone. All but the axes' own directions are such as no straight wall has."""
INSIDE = 1e-9
"""How far within a smooth stretch its first and last samples lie, as a share of it."""
JUMP = 4.0
"""Samples so many times as far apart as their parameters say lie on two curves."""
HALVINGS = 52
"""Halvings of an interval between samples, after which its ends are neighbouring numbers."""


@dataclass(frozen=True, eq=False)
class Curves:
    """P monotone arcs: the number of the `chart` (P,) of each, and the parameters (P,) from which and to which it runs.

    They lie in `dim` coordinates, two if there are any; `near` is the distance that is none.
    """

    charts: tuple[Chart, ...]
    chart: Array
    start: Array
    stop: Array
    dim: int
    near: float

    def at(self, numbers: Array, parameters: Array) -> Array:
        """The points (N, 2) of parameters (N,) on the arcs of these numbers (N,)."""
        points = np.empty((len(numbers), self.dim))
        for k, here in self._by_chart(numbers):
            points[here] = self.charts[k].at(parameters[here][:, None])
        return points

    def normals(self, numbers: Array, points: Array) -> Array:
        """The unit normals (N, 2) of the charts."""
        normals = np.empty((len(numbers), self.dim))
        for k, here in self._by_chart(numbers):
            normals[here] = self.charts[k].normals(points[here])  # type: ignore[misc]
        return normals

    def covers(self, numbers: Array, points: Array, tol: float) -> Array:
        """Which points (N, 2) lie on the charts of the arcs of these numbers (N,)."""
        covered = np.empty(len(numbers), bool)
        for k, here in self._by_chart(numbers):
            covered[here] = self.charts[k].covers(points[here], tol)
        return covered

    def _by_chart(self, numbers: Array) -> Iterator[tuple[int, Array]]:
        for k in range(len(self.charts)):
            here = np.flatnonzero(self.chart[numbers] == k)
            if len(here):
                yield k, here

    def in_boxes(self, tree: Tree) -> tuple[Array, Array, Array, Array]:
        """The stretches of arcs in the leaves: the arc, the leaf and the parameters at both ends, (A,) each.

        Those of neighbours end in the same parameter, since each crossing of an arc and a side's line is found once.
        """
        number = np.arange(len(self.start))
        if not len(number):
            return number, number, self.start, self.stop
        ends = np.stack([self.at(number, self.start), self.at(number, self.stop)])
        lo, hi = ends.min(axis=0), ends.max(axis=0)
        met = np.all((lo[:, None] < tree.hi) & (hi[:, None] > tree.lo), axis=2)
        arc, box = np.nonzero(met)
        first, last = self.start[arc], self.stop[arc]
        for axis in (0, 1):
            low = tree.low[box, axis]
            keys = np.column_stack([np.tile(arc, 2), np.concatenate([low, low + tree.span[box]])])
            unique, inverse = np.unique(keys, axis=0, return_inverse=True)
            values = tree.along(axis, unique[:, 1])
            sides = self._crossing(unique[:, 0], axis, values, ends[:, :, axis])[inverse.ravel()].reshape(2, -1)
            first, last = np.maximum(first, sides.min(axis=0)), np.minimum(last, sides.max(axis=0))
        measures = np.array([chart.measure for chart in self.charts])[self.chart[arc]]
        some = (last - first) * measures > self.near
        return arc[some], box[some], first[some], last[some]

    def _crossing(self, arcs: Array, axis: int, values: Array, ends: Array) -> Array:
        """The parameters (N,) at which a coordinate of arcs has these values, or the end that is nearest to them."""
        start, stop = self.start[arcs], self.stop[arcs]
        first, last = ends[0, arcs], ends[1, arcs]
        rising = last > first
        below, above = values <= np.minimum(first, last) + self.near, values >= np.maximum(first, last) - self.near
        out = np.where(below == rising, start, stop)
        inner = np.flatnonzero(~below & ~above)

        def beyond(parameters: Array) -> Array:
            return (self.at(arcs[inner], parameters)[:, axis] > values[inner]) == rising[inner]

        out[inner] = switches(beyond, start[inner], stop[inner])[0]
        return out


def switches(holds: Callable[[Array], Array], lo: Array, hi: Array) -> Array:
    """The last numbers at which predicates (N,) do not hold between `lo` and `hi` (N,), where they do, and the first at
    which they do: (2, N)."""
    for _ in range(HALVINGS if len(lo) else 0):
        middle = (lo + hi) / 2
        there = holds(middle)
        lo, hi = np.where(there, lo, middle), np.where(there, middle, hi)
    return np.stack([lo, hi])


def curves(charts: Sequence[tuple[Chart, Solid]], dim: int, tol: float, near: float) -> Curves:
    """The monotone arcs of curved charts, each with the primitive that it bounds, as far as that is within its bounds.
    They end where they cross one another."""
    numbers, starts, stops = [], [], []
    for number, (chart, own) in enumerate(charts):
        lo, hi = own.bounds[0] - near / 2, own.bounds[1] + near / 2
        others = [
            other for other in dict.fromkeys(primitive for _, primitive in charts)
            if other is not own and np.all((other.bounds[0] < hi) & (other.bounds[1] > lo))
        ]  # fmt: skip

        def within(points: Array, lo: Array = lo, hi: Array = hi) -> Array:
            return np.all((points >= lo) & (points <= hi), axis=1)

        for start, stop in _stretches(chart):
            cuts = np.unique(np.concatenate([[start, stop], _cuts(chart, start, stop, within, others, tol)]))
            some = np.diff(cuts) * chart.measure > near
            some &= within(chart.at((cuts[:-1, None] + cuts[1:, None]) / 2))
            starts.append(cuts[:-1][some])
            stops.append(cuts[1:][some])
            numbers.append(np.full(some.sum(), number))
    whole = [np.concatenate([np.empty(0), *each]) for each in (numbers, starts, stops)]
    return Curves(tuple(chart for chart, _ in charts), whole[0].astype(int), whole[1], whole[2], dim, near)


def _stretches(chart: Chart) -> list[tuple[float, float]]:
    """The stretches of the parameter on which a curve is smooth: it may have vertices, and jump from part to part."""
    unit = np.linspace(0, 1, SAMPLES)
    points = chart.at(unit[:, None])
    jumps = np.flatnonzero(np.linalg.norm(np.diff(points, axis=0), axis=1) > JUMP * chart.measure / SAMPLES)

    def beyond(parameters: Array) -> Array:
        middle = chart.at(parameters[:, None])
        return np.linalg.norm(middle - points[jumps], axis=1) > np.linalg.norm(middle - points[jumps + 1], axis=1)

    found = switches(beyond, unit[jumps], unit[jumps + 1])
    ends = np.unique(np.concatenate([[0.0, 1.0], chart.breaks, *found]))
    return list(pairwise(ends))


def _cuts(
    chart: Chart, lo: float, hi: float, within: Callable[[Array], Array], others: Sequence[Solid], tol: float
) -> Array:
    """The parameters in a smooth stretch at which its normal passes one of the `TURNS`, the curve its bounds, or
    another curve it."""
    count = max(16, int(np.ceil(SAMPLES * (hi - lo))))
    unit = lo + (hi - lo) * np.linspace(INSIDE, 1 - INSIDE, count)
    points = chart.at(unit[:, None])
    normals = chart.normals(points)  # type: ignore[misc]
    sector = _sectors(np.unwrap(np.arctan2(normals[:, 1], normals[:, 0])))
    passes = np.abs(np.diff(sector))
    where = np.repeat(np.arange(count - 1), passes)
    step = np.arange(len(where)) - np.repeat(np.cumsum(passes) - passes, passes)
    angle = _edge(np.minimum(sector[where], sector[where + 1]) + 1 + step)
    rising = sector[where + 1] > sector[where]

    def passed(parameters: Array) -> Array:
        normal = chart.normals(chart.at(parameters[:, None]))  # type: ignore[misc]
        return (np.cos(angle) * normal[:, 1] - np.sin(angle) * normal[:, 0] > 0) == rising

    cuts = [switches(passed, unit[where], unit[where + 1])[0]]
    walls = [(within, np.zeros(count, bool))]
    # two curves that run together do not cross
    walls += [(partial(_inside, other), other.side(points, tol) == 0) for other in others]
    for holds, together in walls:
        held = holds(points)
        change = np.flatnonzero((held[1:] != held[:-1]) & ~(together[1:] & together[:-1]))

        def across(
            parameters: Array, holds: Callable[[Array], Array] = holds, after: Array = held[change + 1]
        ) -> Array:
            return holds(chart.at(parameters[:, None])) == after

        cuts.append(switches(across, unit[change], unit[change + 1])[0])
    return np.concatenate(cuts)


def _inside(solid: Solid, points: Array) -> Array:
    return solid.side(points, 0.0) > 0


def _sectors(angles: Array) -> Array:
    """How many of the `TURNS` of all quarters lie between 0 and each angle."""
    quarter = np.floor(angles / (np.pi / 2))
    return (4 * quarter).astype(int) + np.searchsorted(TURNS, angles - quarter * np.pi / 2, side="right") - 1


def _edge(sectors: Array) -> Array:
    """The angles at which sectors begin."""
    return sectors // 4 * np.pi / 2 + TURNS[sectors % 4]
