"""Regions made of boxes and curves, divided into the boxes of a tree, which curved walls may cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from inrpde.declaration.regions.region import Solid
from inrpde.errors import ProblemError
from inrpde.sampling.cells.assembled import assembled
from inrpde.sampling.cells.curves import Curves, curves
from inrpde.sampling.cells.cut import WELD, Fragments, fragments
from inrpde.sampling.cells.joined import akin, joined
from inrpde.sampling.cells.locate import located
from inrpde.sampling.cells.octree import Octree, octree
from inrpde.sampling.cells.surfaces import surfaces
from inrpde.sampling.cells.tessellation import OUTSIDE, Array, Cover, Tessellation
from inrpde.sampling.cells.tree import Tree
from inrpde.sampling.cells.walls import charts, planes

SHARE = 1 / 4
"""The largest box, as a share of the region's size, where none is given; and no longer than the region is wide."""
NEAR, ROUNDING = 1e-13, 1e-14
"""The distance that is none, as a share of the size, and no less than what coordinates are rounded by."""
HIDDEN, SMALLEST = 1e-3, 1e-6
"""A box is divided while a fragment in it has no point that sees all of its boundary, but for such a share of the box;
and while it is no smaller than such a share of the region."""


def divide(
    regions: Sequence[Solid], breaks: Sequence[Sequence[float]] = (), size: float | None = None
) -> Quadtree | Octree:
    """Regions with disjoint interiors, divided into boxes of at most this size.

    No wall along a coordinate and none of the `breaks` (values by coordinate) cuts a box; curved walls do. Raises
    ProblemError for curved walls that are not known so well, and for those in more than three coordinates.
    """
    lo = np.min([region.bounds[0] for region in regions], axis=0)
    hi = np.max([region.bounds[1] for region in regions], axis=0)
    extent, tol = float(np.max(hi - lo)), max(region.tolerance for region in regions)
    values = [[a, b, *given] for a, b, given in zip(lo, hi, breaks or [()] * len(lo), strict=True)]
    curved = []
    for chart, primitive in charts(regions):
        found = planes(chart, len(lo), extent)
        if not found:
            curved.append((chart, primitive))
        for axis, value in found:
            values[axis].append(value)
    if curved and len(lo) > 3:
        raise ProblemError(
            "a wall that is curved, or oblique, cuts boxes in up to three coordinates", curved[0][1].label,
            "take a region without such walls",
        )  # fmt: skip
    size = size or min(SHARE * extent, float(np.min(hi - lo)))
    near = max(NEAR * extent, ROUNDING * float(np.max(np.abs([lo, hi]))))
    lines = [_spaced(np.array(each), a, b, tol, size) for each, a, b in zip(values, lo, hi, strict=True)]
    if curved and len(lo) == 3:
        walls = list(dict.fromkeys(primitive for _, primitive in curved))
        return octree(tuple(regions), Tree.roots(lines), surfaces(walls, lo, hi))
    return _settled(tuple(regions), Tree.roots(lines), curves(curved, len(lo), tol, near))


def _spaced(values: Array, lo: float, hi: float, tol: float, size: float) -> Array:
    """The values from `lo` to `hi`, each once, and more between them, `size` apart at most."""
    values = np.sort(values[(values > lo + tol) & (values < hi - tol)])
    ends = np.concatenate([[lo], values[np.diff(values, prepend=lo) > tol], [hi]])
    gaps = [np.linspace(a, b, int(np.ceil((b - a) / size - tol)) + 1)[:-1] for a, b in pairwise(ends)]
    return np.concatenate([*gaps, [hi]])


def _settled(regions: tuple[Solid, ...], tree: Tree, curves: Curves) -> Quadtree:
    """With boxes divided until each fragment in them has a point that sees its boundary."""
    whole = np.max(tree.hi.max(axis=0) - tree.lo.min(axis=0))
    while True:
        found = fragments(regions, tree, curves)
        size = np.max(tree.hi - tree.lo, axis=1)
        if np.any(found.gap > WELD * curves.near):
            number = int(found.part[np.argmax(found.gap)])
            raise ProblemError(
                f"the curved wall has a gap near {found.foot[np.argmax(found.gap)]}", regions[number].label,
                "a relation's curve is found on a grid: make `within` smaller, so that the grid shows its finest bend; "
                "write squares for roots, and a curve that crosses itself as an Or of others",
            )  # fmt: skip
        hidden = (found.measure <= 0) | (found.depth < -HIDDEN * size[found.box])
        marks = np.zeros(len(tree), bool)
        marks[found.box[hidden]] = True
        marks &= size > SMALLEST * whole
        if not np.any(marks):
            return Quadtree(regions, tree, curves, found)
        tree = tree.divided(marks)


@dataclass(frozen=True, eq=False)
class Quadtree:
    """The regions, the boxes that divide them, the curves that cut these, and what is left of each region in each box;
    a provider of tessellations."""

    regions: tuple[Solid, ...]
    tree: Tree
    curves: Curves
    fragments: Fragments

    @cached_property
    def _cell(self) -> Array:
        """The number (K,) of the cell that each fragment belongs to."""
        found, sides = self.fragments, self.fragments.sides
        real = akin(found.part, sides.beside)
        extent = sides.hi - sides.lo
        extent[np.arange(len(extent)), sides.axis] = 1.0
        volume = np.prod(self.tree.hi - self.tree.lo, axis=1)[found.box]
        return joined(found.measure, volume, sides.beside[real], np.prod(extent, axis=1)[real])

    def tessellation(self, order: int) -> Tessellation:
        """Quadrature that is exact for polynomials of degree 2·order - 1: in each coordinate of a box, in all of them
        together in cells that are cut; at curved walls as nearly as these are smooth."""
        return assembled(self.fragments, self._cell, order)

    def refined(self, marks: Array) -> Quadtree:
        """With the boxes of the marked cells, bool (C,), in 2^d each."""
        boxes = np.zeros(len(self.tree), bool)
        boxes[self.fragments.box[marks[self._cell]]] = True
        return _settled(self.regions, self.tree.divided(boxes), self.curves)

    @cached_property
    def cover(self) -> Cover:
        """Where the cells lie."""
        half = (self.fragments.hi - self.fragments.lo) / 2
        axes = half[:, :, None] * np.eye(half.shape[1])
        return Cover(self.fragments.lo + half, axes, self._cell, self.fragments.part, False)

    def locate(self, points: Array) -> Array:
        """The cell (N,) that holds each point (N, d), `OUTSIDE` where none does."""
        fragments = located(self.regions, self.tree, self.fragments, points)
        return np.append(self._cell, OUTSIDE)[fragments]
