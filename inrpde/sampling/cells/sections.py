"""Rectangles in coordinate planes, cut where a curved wall meets the planes, as patches on which Gauss's rule
serves."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from inrpde.sampling.cells.rules import unit_rule
from inrpde.sampling.cells.surfaces import Surfaces
from inrpde.sampling.cells.tessellation import Array
from inrpde.sampling.grid import grid_points

LOW, HIGH = -1, 2
"""A patch ends there on an edge of its rectangle; on 0 and 1 where the wall meets the lower and the upper plane."""
STEEP = 0.2
"""The least slope along an axis, beside the largest in any direction, for a wall to be a graph over the others."""
GRID, EDGE = 5, 9
"""Points a coordinate at which walls are looked at, and points on an edge between which they cross it."""
THIN = 1e-13
"""The share of a rectangle below which a patch is none."""
NONE = -1
"""The wall where there is none."""


@dataclass(frozen=True, eq=False)
class Patches:
    """N patches at the lower end of boxes from `lo` to `hi` (N, d), flat across the axis `flat` (N,): from `start` to
    `stop` (N,) along one axis, and along the axis `along` (N,) from `below` to `above` (N,), see `LOW`. `wall` (N,) is
    that which ends them, or cuts the box."""

    wall: Array
    flat: Array
    along: Array
    lo: Array
    hi: Array
    start: Array
    stop: Array
    below: Array
    above: Array

    def __len__(self) -> int:
        return len(self.wall)

    def __getitem__(self, rows: Array) -> Patches:
        return Patches(*(getattr(self, each.name)[rows] for each in fields(self)))

    def ends(self, axis: Array) -> tuple[Array, Array]:
        """The coordinates (N, 1) of both ends of the boxes along axes (N,)."""
        rows = np.arange(len(self))
        return self.lo[rows, axis][:, None], self.hi[rows, axis][:, None]

    def on(self, surfaces: Surfaces, nodes: Array) -> tuple[Array, Array]:
        """The images (N, n², d) of a grid of nodes (n,) in [0, 1], in the lower plane, and the scale (N, n²) of areas
        there."""
        count, rows = len(nodes), np.arange(len(self))
        across = 3 - self.flat - self.along
        line = np.repeat(self.lo[:, None], count, axis=1)
        line[rows, :, across] = self.start[:, None] + (self.stop - self.start)[:, None] * nodes
        bottom, top = self._end(surfaces, self.below, line), self._end(surfaces, self.above, line)
        points = np.repeat(line, count, axis=1)
        place = bottom[:, :, None] + (top - bottom)[:, :, None] * nodes
        points[rows, :, self.along] = place.reshape(points.shape[:2])
        return points, np.repeat((self.stop - self.start)[:, None] * (top - bottom), count, axis=1)

    def _end(self, surfaces: Surfaces, code: Array, line: Array) -> Array:
        low, high = self.ends(self.along)
        out = np.repeat(np.where(code[:, None] == LOW, low, high), line.shape[1], axis=1)
        for level, plane in enumerate(self.ends(self.flat)):
            here = np.flatnonzero(code == level)
            at = line[here].copy()
            at[np.arange(len(here)), :, self.flat[here]] = plane[here]
            ends = (np.broadcast_to(end[here], at.shape[:2]) for end in (low, high))
            out[here] = surfaces.heights(self.wall[here], at, self.along[here], *ends)
        return out

    def ruled(self, surfaces: Surfaces, order: int) -> tuple[Array, Array]:
        """Gauss's points (N, n², d) in the lower plane, and weights (N, n²)."""
        nodes, weights = unit_rule(order, 1)
        points, scale = self.on(surfaces, nodes[:, 0])
        return points, scale * np.outer(weights, weights).ravel()


def merged(patches: list[Patches]) -> Patches:
    return Patches(*(np.concatenate([getattr(each, name.name) for each in patches]) for name in fields(Patches)))


def plain(wall: Array, flat: Array, lo: Array, hi: Array) -> Patches:
    """Whole rectangles; the walls (N,) may lie above them."""
    along, rows, count = np.where(flat == 0, 1, 0), np.arange(len(flat)), len(flat)
    across = 3 - flat - along
    return Patches(
        wall, flat, along, lo, hi, lo[rows, across], hi[rows, across], np.full(count, LOW),
        np.full(count, HIGH),
    )  # fmt: skip


def sampled(surfaces: Surfaces, wall: Array, lo: Array, hi: Array, count: int) -> tuple[Array, Array]:
    """Which walls (N,) may meet boxes (N, d), and the slopes (N, d) along the axes, beside the largest in any direction
    of the box, of those that rise or fall all over it; 0 of others."""
    extent = hi - lo
    unit = grid_points([np.linspace(0, 1, count)] * lo.shape[1])
    points = lo[:, None] + extent[:, None] * unit
    value, slope = surfaces.value(wall, points), surfaces.gradient(wall, points)
    slope = np.where(extent[:, None] > 0, slope, 0.0)
    steepest = np.linalg.norm(slope, axis=2).max(axis=1)
    centre, reach = value[:, len(unit) // 2], np.linalg.norm(extent, axis=1) / 2
    met = (np.abs(centre) <= steepest * reach) | ((value.min(axis=1) < 0) != (value.max(axis=1) < 0))
    least = np.where((slope.min(axis=1) > 0) | (slope.max(axis=1) < 0), np.abs(slope).min(axis=1), 0.0)
    return met, least / np.maximum(steepest, 1e-300)[:, None]


def sections(surfaces: Surfaces, wall: Array, flat: Array, lo: Array, hi: Array) -> tuple[Array, Patches, Array]:
    """What the walls (N,) leave of both ends of boxes (N, d) across axes `flat` (N,): the row (P,) of each patch, the
    patches, and for which rows (N,) there are none, as no axis is one along which the wall is a graph."""
    rows, count = np.arange(len(wall)), len(wall)
    met, steep = np.zeros((count, 2), bool), np.full((count, 3), np.inf)
    thick = hi[rows, flat] > lo[rows, flat]
    for level, end in enumerate((lo, hi)):
        low, high = lo.copy(), hi.copy()
        low[rows, flat] = high[rows, flat] = end[rows, flat]
        met[:, level], slope = sampled(surfaces, wall, low, high, GRID)
        met[:, level] &= thick | (level == 0)
        steep = np.where(met[:, level, None], np.minimum(steep, slope), steep)
    steep[rows, flat] = -1.0
    along = np.argmax(steep, axis=1)
    unfit = met.any(axis=1) & (steep[rows, along] < STEEP)
    clear = np.flatnonzero(~met.any(axis=1))
    cut = np.flatnonzero(met.any(axis=1) & ~unfit)
    row, patches = _cut(surfaces, wall[cut], flat[cut], along[cut], lo[cut], hi[cut], met[cut])
    whole = plain(wall[clear], flat[clear], lo[clear], hi[clear])
    return np.concatenate([clear, cut[row]]), merged([whole, patches]), unfit


def _cut(
    surfaces: Surfaces, wall: Array, flat: Array, along: Array, lo: Array, hi: Array, met: Array
) -> tuple[Array, Patches]:
    """The same where the walls are graphs along axes, and meet the planes where `met` (N, 2)."""
    rows = np.arange(len(wall))
    across = 3 - flat - along
    first, last = lo[rows, across], hi[rows, across]
    owners, places = [rows, rows], [first, last]
    shares = np.linspace(0, 1, EDGE)
    for level, plane in enumerate((lo, hi)):
        for edge in (lo, hi):
            here = np.flatnonzero(met[:, level])
            line = np.repeat(lo[here, None], EDGE, axis=1)
            each = np.arange(len(here))
            line[each, :, flat[here]] = plane[here, flat[here]][:, None]
            line[each, :, along[here]] = edge[here, along[here]][:, None]
            at = first[here, None] + (last - first)[here, None] * shares
            line[each, :, across[here]] = at
            below = surfaces.value(wall[here], line) < 0
            which, k = np.nonzero(below[:, 1:] != below[:, :-1])
            row = here[which]
            found = surfaces.heights(
                wall[row], line[which, :1], across[row], at[which, k, None], at[which, k + 1, None]
            )
            owners.append(row)
            places.append(found[:, 0])
    row, place = np.concatenate(owners), np.concatenate(places)
    order = np.lexsort([place, row])
    row, place = row[order], place[order]
    real = (row[1:] == row[:-1]) & (np.diff(place) > THIN * (last - first)[row[1:]])
    row, start, stop = row[:-1][real], place[:-1][real], place[1:][real]

    middle = lo[row]
    each = np.arange(len(row))
    middle[each, across[row]] = (start + stop) / 2
    low, high = lo[row, along[row]], hi[row, along[row]]
    heights = np.full((len(row), 2), np.inf)
    for level, plane in enumerate((lo, hi)):
        middle[each, flat[row]] = plane[row, flat[row]]
        signs = []
        for edge in (low, high):
            middle[each, along[row]] = edge
            signs.append(surfaces.value(wall[row], middle) < 0)
        here = np.flatnonzero(met[row, level] & (signs[0] != signs[1]))
        at = middle[here, None]
        heights[here, level] = surfaces.heights(
            wall[row[here]], at, along[row[here]], low[here, None], high[here, None]
        )[:, 0]
    order = np.argsort(heights, axis=1)
    many = np.isfinite(heights).sum(axis=1)
    pieces = []
    for number in range(3):
        here = np.flatnonzero(many >= number)
        under = np.full(len(here), LOW) if number == 0 else order[here, number - 1]
        over = np.where(many[here] == number, HIGH, order[here, min(number, 1)])
        r = row[here]
        patches = Patches(wall[r], flat[r], along[r], lo[r], hi[r], start[here], stop[here], under, over)
        pieces.append((r, patches))
    return np.concatenate([r for r, _ in pieces]), merged([each for _, each in pieces])
