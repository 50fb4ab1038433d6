"""Regions in space with curved walls, divided into the boxes of a tree, which these walls cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from inrpde.declaration.regions.region import Solid
from inrpde.sampling.cells.carved import COARSE, Sheets, carved, faced
from inrpde.sampling.cells.joined import akin, joined
from inrpde.sampling.cells.locate import located
from inrpde.sampling.cells.rules import on_boxes, unit_rule
from inrpde.sampling.cells.surfaces import Surfaces
from inrpde.sampling.cells.tessellation import CUT, OUTSIDE, Array, Cells, Cover, Faces, Rule, Tessellation
from inrpde.sampling.cells.tree import Tree
from inrpde.sampling.cells.walls import part_at

MEASURED = 3
"""The order of the rule by which fragments are measured."""
LEAST = 2
"""The order in divided boxes at least: it is lower by one for each time."""
SNUG = 0.05
"""How much beyond the points by which it is measured the box round a fragment goes, as a share of its own."""


def octree(regions: tuple[Solid, ...], tree: Tree, surfaces: Surfaces) -> Octree:
    """With what is left of each region in each box: one fragment, whether or not it hangs together."""
    middle, many = (tree.lo + tree.hi) / 2, len(regions)
    whole = part_at(regions, middle)
    inside = carved(surfaces, regions, tree.lo, tree.hi)
    clear = np.ones(len(tree), bool)
    clear[inside.box[(inside.below != whole[inside.box]) | (inside.above != whole[inside.box])]] = False
    inside = inside[~clear[inside.box]]
    axis, beside, owner = tree.contacts()
    lo, hi = tree.lo[owner], tree.hi[owner]
    rows, upper = np.arange(len(axis)), owner == beside[:, 1]
    lo[rows, axis] = hi[rows, axis] = np.where(upper, lo[rows, axis], hi[rows, axis])
    between = faced(surfaces, regions, axis, lo, hi, np.any(~np.append(clear, True)[beside], axis=1))

    held = np.flatnonzero(clear & (whole != OUTSIDE))
    filled = inside[inside.filled]
    keys = np.concatenate(
        [held * many + whole[held], *(_keys(filled.box, side, many) for side in (filled.below, filled.above))]
    )
    keys = np.unique(keys[keys >= 0])
    box, part = keys // many, keys % many

    def numbered(box: Array, part: Array) -> Array:
        wanted = _keys(box, part, many)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, at, OUTSIDE)

    inside = replace(inside, below=numbered(inside.box, inside.below), above=numbered(inside.box, inside.above))
    sides = beside[between.box].T
    # beyond a plane the box that is whole is what it is, whatever lies a step beyond
    low, high = (
        np.where(clear[np.maximum(each, 0)] & (each != OUTSIDE), whole[each], part)
        for each, part in zip(sides, (between.below, between.above), strict=True)
    )
    between = replace(between, below=numbered(sides[0], low), above=numbered(sides[1], high))
    return Octree(regions, tree, surfaces, box, part, ~clear[box], inside, between)


def _keys(box: Array, part: Array, many: int) -> Array:
    return np.where((part == OUTSIDE) | (box == OUTSIDE), -1, box * many + part)


@dataclass(frozen=True, eq=False)
class Octree:
    """K fragments, the `part` (K,) in the `box` (K,), of which walls `cut` some: what is `inside` of cut boxes, and the
    rectangles `between` boxes, in sheets that have the numbers of fragments on both sides; a provider of
    tessellations."""

    regions: tuple[Solid, ...]
    tree: Tree
    surfaces: Surfaces
    box: Array
    part: Array
    cut: Array
    inside: Sheets
    between: Sheets

    def tessellation(self, order: int) -> Tessellation:
        """Quadrature that is exact for polynomials of degree 2·order - 1 in whole boxes; at walls as nearly as these
        are smooth, but at the edges in which they meet."""
        return Tessellation(self._cells, self._volume(order), self._faces(order))

    def refined(self, marks: Array) -> Octree:
        """With the boxes of the marked cells, bool (C,), in 8 each."""
        boxes = np.zeros(len(self.tree), bool)
        boxes[self.box[marks[self._cell]]] = True
        return octree(self.regions, self.tree.divided(boxes), self.surfaces)

    @cached_property
    def cover(self) -> Cover:
        """Where the cells lie."""
        lo, hi = self._boxes
        half = (hi - lo) / 2
        return Cover(lo + half, half[:, :, None] * np.eye(3), self._cell, self.part, False)

    def locate(self, points: Array) -> Array:
        """The cell (N,) that holds each point (N, d), `OUTSIDE` where none does."""
        return np.append(self._cell, OUTSIDE)[located(self.regions, self.tree, self, points)]

    @cached_property
    def _boxes(self) -> tuple[Array, Array]:
        """The boxes (K, d) round the fragments."""
        least, most = self.tree.lo[self.box], self.tree.hi[self.box]
        lo, hi = np.where(self.cut[:, None], np.inf, least), np.where(self.cut[:, None], -np.inf, most)
        filled = self.inside[self.inside.filled]
        for owner, points, _ in self._columns(filled, np.array([0.0, 0.5, 1.0]), np.ones(3)):
            np.minimum.at(lo, owner, points.min(axis=1))
            np.maximum.at(hi, owner, points.max(axis=1))
        more = SNUG * (most - least)
        return np.where(lo < least + more, least, lo - more), np.where(hi > most - more, most, hi + more)

    @cached_property
    def _measure(self) -> Array:
        measure = np.where(self.cut, 0.0, np.prod(self.tree.hi - self.tree.lo, axis=1)[self.box])
        for owner, _, weights in self._ruled(MEASURED):
            np.add.at(measure, owner, weights.sum(axis=1))
        return measure

    @cached_property
    def _cell(self) -> Array:
        """The number (K,) of the cell that each fragment belongs to."""
        beside = np.column_stack([self.between.below, self.between.above])
        real = akin(self.part, beside)
        shared = self.between.patches[real].ruled(self.surfaces, LEAST)[1].sum(axis=1)
        volume = np.prod(self.tree.hi - self.tree.lo, axis=1)[self.box]
        return joined(self._measure, volume, beside[real], shared)

    @cached_property
    def _cells(self) -> Cells:
        cell, (low, high) = self._cell, self._boxes
        count = int(cell.max()) + 1
        lo, hi = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
        np.minimum.at(lo, cell, low)
        np.maximum.at(hi, cell, high)
        part, reference = np.empty(count, int), np.where(np.bincount(cell) > 1, CUT, 0)
        part[cell] = self.part
        reference[cell[self.cut]] = CUT
        return Cells((lo + hi) / 2, ((hi - lo) / 2)[:, :, None] * np.eye(3), part, reference)

    def _columns(self, sheets: Sheets, nodes: Array, weights: Array) -> Iterator[tuple[Array, Array, Array]]:
        """The fragment (N,) of each column, and its points (N, n³, d) and weights (N, n³), given those on [0, 1]."""
        patches, area = sheets.patches, np.outer(weights, weights).ravel()
        base, scale = patches.on(self.surfaces, nodes)
        low, high = (np.broadcast_to(end, scale.shape) for end in patches.ends(patches.flat))
        root = high.copy()
        cut = np.flatnonzero(sheets.cuts)
        root[cut] = self.surfaces.heights(patches.wall[cut], base[cut], patches.flat[cut], low[cut], high[cut])
        for owner, bottom, top, rows in (
            (sheets.below, low, root, np.arange(len(sheets))), (sheets.above, root, high, cut),
        ):  # fmt: skip
            rows = rows[owner[rows] != OUTSIDE]
            place = bottom[rows, :, None] + (top - bottom)[rows, :, None] * nodes
            points = np.repeat(base[rows], len(nodes), axis=1)
            points[np.arange(len(rows)), :, patches.flat[rows]] = place.reshape(
                place.shape[0], place.shape[1] * place.shape[2]
            )
            heights = (top - bottom)[rows, :, None] * weights
            yield owner[rows], points, ((scale[rows] * area)[:, :, None] * heights).reshape(points.shape[:2])

    def _ruled(self, order: int) -> Iterator[tuple[Array, Array, Array]]:
        for each, sheets in _by_order(self.inside[self.inside.filled], order):
            nodes, weights = unit_rule(each, 1)
            yield from self._columns(sheets, nodes[:, 0], weights)

    def _volume(self, order: int) -> Rule:
        whole = np.flatnonzero(~self.cut)
        points, weights = on_boxes(self.tree.lo[self.box[whole]], self.tree.hi[self.box[whole]], order)
        rules = [(whole, points, weights), *self._ruled(order)]
        owner = np.concatenate([np.repeat(self._cell[fragment], w.shape[1]) for fragment, _, w in rules])
        points = np.concatenate([each.reshape(-1, 3) for _, each, _ in rules])
        weights = np.concatenate([each.ravel() for *_, each in rules])
        by_cell = np.argsort(owner, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(self._cells)))])
        return Rule(points[by_cell], weights[by_cell], starts)

    def _walls(self, order: int) -> Iterator[tuple[Array, Array, Array, Array, Array]]:
        """What parts each two fragments (N, 2): a number (N,) of the wall in a box, or of the rectangle, that it is
        of, its points and normals (N, q, d) and weights (N, q)."""
        for each, sheets in _by_order(self.between, order):
            points, weights = sheets.patches.ruled(self.surfaces, each)
            normals = np.zeros_like(points)
            normals[np.arange(len(sheets)), :, sheets.patches.flat] = 1.0
            yield np.column_stack([sheets.below, sheets.above]), sheets.box, points, weights, normals
        many, count = len(self.surfaces.solids), int(self.between.box.max()) + 1
        walls = self.inside[self.inside.cuts & (self.inside.below != self.inside.above)]
        for each, sheets in _by_order(walls, order):
            patches, rows = sheets.patches, np.arange(len(sheets))
            points, weights = patches.ruled(self.surfaces, each)
            ends = (np.broadcast_to(end, weights.shape) for end in patches.ends(patches.flat))
            heights = self.surfaces.heights(patches.wall, points, patches.flat, *ends)
            points[rows, :, patches.flat] = heights
            slope = self.surfaces.gradient(patches.wall, points)
            upward, steep = slope[rows, :, patches.flat], np.linalg.norm(slope, axis=2)
            normals = slope * (np.sign(upward) / steep)[..., None]
            number = count + sheets.box * many + patches.wall
            yield (
                np.column_stack([sheets.below, sheets.above]),
                number,
                points,
                weights * steep / np.abs(upward),
                normals,
            )

    def _faces(self, order: int) -> Faces:
        """Those between two cells, and between a cell, then on the left, and what is outside."""
        found = []
        for beside, number, points, weights, normals in self._walls(order):
            cells = np.append(self._cell, OUTSIDE)[beside]
            real = cells[:, 0] != cells[:, 1]
            turned = cells[:, 0] == OUTSIDE
            cells = np.where(turned[:, None], cells[:, ::-1], cells)
            normals = np.where(turned[:, None, None], -normals, normals)
            keys = np.column_stack([cells, number])[real]
            found.append(
                (
                    np.repeat(keys, weights.shape[1], axis=0),
                    *(each[real].reshape(-1, 3) for each in (points, normals)),
                    weights[real].ravel(),
                )
            )
        keys, points, normals, weights = (np.concatenate(each) for each in zip(*found, strict=True))
        order_ = np.lexsort(keys.T)
        keys = keys[order_]
        first = np.flatnonzero(np.append(True, np.any(keys[1:] != keys[:-1], axis=1)))
        starts = np.append(first, len(keys))
        return Faces(points[order_], weights[order_], starts, normals[order_], keys[first, :2])


def _by_order(sheets: Sheets, order: int) -> Iterator[tuple[int, Sheets]]:
    """Sheets with the order of their rules."""
    orders = np.where(sheets.level == COARSE, 1, np.maximum(order - sheets.level, min(LEAST, order)))
    for each in np.unique(orders):
        yield int(each), sheets[orders == each]
