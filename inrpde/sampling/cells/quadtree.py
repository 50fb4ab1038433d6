"""Regions made of boxes and curves, divided into the boxes of a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, product

import numpy as np

from inrpde.declaration.regions.region import Solid
from inrpde.sampling.cells.rules import on_boxes, on_sides
from inrpde.sampling.cells.tessellation import OUTSIDE, Array, Cells, Faces, Rule, Tessellation
from inrpde.sampling.cells.tree import Tree
from inrpde.sampling.cells.walls import charts, part_at, planes

SHARE = 1 / 4
"""The largest box, as a share of the region's size, where none is given."""


def divide(regions: Sequence[Solid], breaks: Sequence[Sequence[float]] = (), size: float | None = None) -> Quadtree:
    """Regions with disjoint interiors, divided into boxes of at most this size.

    No wall along a coordinate and none of the `breaks` (values by coordinate) cuts a box.
    """
    lo = np.min([region.bounds[0] for region in regions], axis=0)
    hi = np.max([region.bounds[1] for region in regions], axis=0)
    extent = float(np.max(hi - lo))
    values = [[a, b, *given] for a, b, given in zip(lo, hi, breaks or [()] * len(lo), strict=True)]
    for chart in charts(regions):
        for axis, value in planes(chart, len(lo), extent):
            values[axis].append(value)
    tol = max(region.tolerance for region in regions)
    lines = [
        _spaced(np.array(each), a, b, tol, size or SHARE * extent) for each, a, b in zip(values, lo, hi, strict=True)
    ]
    return Quadtree(tuple(regions), Tree.roots(lines))


def _spaced(values: Array, lo: float, hi: float, tol: float, size: float) -> Array:
    """The values from `lo` to `hi`, each once, and more between them, `size` apart at most."""
    values = np.sort(values[(values > lo + tol) & (values < hi - tol)])
    ends = np.concatenate([[lo], values[np.diff(values, prepend=lo) > tol], [hi]])
    gaps = [np.linspace(a, b, int(np.ceil((b - a) / size - tol)) + 1)[:-1] for a, b in pairwise(ends)]
    return np.concatenate([*gaps, [hi]])


@dataclass(frozen=True, eq=False)
class Quadtree:
    """The regions, and the boxes that divide them; a provider of tessellations."""

    regions: tuple[Solid, ...]
    tree: Tree

    @cached_property
    def _parts(self) -> Array:
        """The region (B,) that holds each box."""
        return part_at(self.regions, (self.tree.lo + self.tree.hi) / 2)

    @cached_property
    def _cells(self) -> Array:
        """The cell (B + 1,) in each box, `OUTSIDE` in one that no region holds, and beyond."""
        held = self._parts != OUTSIDE
        return np.append(np.where(held, np.cumsum(held) - 1, OUTSIDE), OUTSIDE)

    def tessellation(self, order: int) -> Tessellation:
        """Quadrature that is exact for polynomials of degree 2·order - 1 in each coordinate."""
        held = self._parts != OUTSIDE
        lo, hi = self.tree.lo[held], self.tree.hi[held]
        axes = np.zeros((len(lo), self.tree.dim, self.tree.dim))
        axes[:, range(self.tree.dim), range(self.tree.dim)] = (hi - lo) / 2
        cells = Cells((lo + hi) / 2, axes, self._parts[held], np.zeros(len(lo), int))
        return Tessellation(cells, _rule(*on_boxes(lo, hi, order)), self._faces(order))

    def _faces(self, order: int) -> Faces:
        axis, pairs, owner = self.tree.contacts()
        cells = self._cells[pairs]
        real = np.any(cells != OUTSIDE, axis=1)
        axis, pairs, owner, cells = axis[real], pairs[real], owner[real], cells[real]
        lo, hi = self.tree.lo[owner], self.tree.hi[owner]
        rows, upper = np.arange(len(axis)), owner == pairs[:, 1]
        lo[rows, axis] = hi[rows, axis] = np.where(upper, lo[rows, axis], hi[rows, axis])
        points, weights = on_sides(lo, hi, axis, order)
        rule = _rule(points, weights)
        turned = cells[:, 0] == OUTSIDE
        normals = np.zeros_like(lo)
        normals[rows, axis] = np.where(turned, -1.0, 1.0)
        cells = np.where(turned[:, None], cells[:, ::-1], cells)
        return Faces(rule.points, rule.weights, rule.starts, np.repeat(normals, points.shape[1], axis=0), cells)

    def refined(self, marks: Array) -> Quadtree:
        """With the boxes of the marked cells, bool (C,), in 2^d each."""
        return replace(self, tree=self.tree.divided(np.append(marks, False)[self._cells[:-1]]))

    def locate(self, points: Array) -> Array:
        """The cell (N,) that holds each point (N, d), `OUTSIDE` where none does."""
        cells = np.full(len(points), OUTSIDE)
        tol = max(region.tolerance for region in self.regions)
        inside = np.any([region.contains(points) for region in self.regions], axis=0)
        # a point on a wall may lie in a box beyond it
        for step in sorted(product((0.0, -2.0, 2.0), repeat=self.tree.dim), key=np.count_nonzero):
            left = np.flatnonzero(inside & (cells == OUTSIDE))
            cells[left] = self._cells[self.tree.find(points[left] + tol * np.array(step))]
        return cells


def _rule(points: Array, weights: Array) -> Rule:
    """Of points (K, N, d) and weights (K, N) of K cells or faces."""
    count, each = weights.shape
    return Rule(points.reshape(count * each, -1), weights.ravel(), np.arange(count + 1) * each)
