"""The boxes of a tree cut by curves: the connected fragments of each region in each box, and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.declaration.regions.region import Solid
from inrpde.sampling.cells.curves import Curves
from inrpde.sampling.cells.halves import CONE, Halves, connected, cross, shapes
from inrpde.sampling.cells.tessellation import OUTSIDE, Array
from inrpde.sampling.cells.tree import Tree
from inrpde.sampling.cells.walls import part_at

POINTS = np.linspace(0, 1, 5)
"""The shares of an arc, or of a side, at which it is looked at where shapes are judged."""
ASIDE = 1e-8
"""How far to step off an arc or a side to see what lies there, as a share of its length."""
WELD = 100.0
"""Ends that lie so many times the distance apart that is none are one vertex."""


@dataclass(frozen=True, eq=False)
class Sides:
    """S straight pieces of the boxes' sides, (S, d) from `lo` to `hi`, flat along an `axis` (S,), and the numbers
    (S, 2) of what lies below and above: boxes, then fragments."""

    axis: Array
    lo: Array
    hi: Array
    beside: Array


@dataclass(frozen=True, eq=False)
class Arcs:
    """A stretches of `curves` in one box each: the number of the curve, the parameters `start` and `stop` (A,), and the
    numbers (A, 2) of what lies behind and ahead, where the normal points: parts, then fragments."""

    curves: Curves
    number: Array
    start: Array
    stop: Array
    beside: Array

    def at(self, shares: Array) -> Array:
        """The points (A, N, d) at shares (N,) of the parameter."""
        parameters = self.start[:, None] * (1 - shares) + self.stop[:, None] * shares
        points = self.curves.at(np.repeat(self.number, len(shares)), parameters.ravel())
        return points.reshape(len(self.number), len(shares), self.curves.dim)

    def normals(self, points: Array) -> Array:
        """The unit normals (A, N, d) at points of each."""
        normals = self.curves.normals(np.repeat(self.number, points.shape[1]), points.reshape(-1, self.curves.dim))
        return normals.reshape(points.shape)


@dataclass(frozen=True, eq=False)
class Fragments:
    """K connected fragments, each of one region in one box: the `box` and the `part` (K,), whether curves `cut` it,
    its `measure`, and the box (K, d) from `lo` to `hi` round it.

    The boundary of a cut one is seen from its `foot` (K, d), along an `axis` (K,), by a `depth`, but for a `gap` (K,):
    see `Shapes`.
    """

    box: Array
    part: Array
    cut: Array
    measure: Array
    lo: Array
    hi: Array
    foot: Array
    axis: Array
    depth: Array
    gap: Array
    sides: Sides
    arcs: Arcs
    halves: Halves

    def __len__(self) -> int:
        return len(self.box)


def fragments(regions: Sequence[Solid], tree: Tree, curves: Curves) -> Fragments:
    """What the curves leave of the regions in the leaves of a tree, whose sides hold all other walls."""
    arcs, boxes = _arcs(regions, tree, curves)
    cut = np.zeros(len(tree) + 1, bool)
    cut[boxes] = True
    sides = _sides(tree, cut, boxes, arcs.at(np.array([0.0, 1.0])), curves.near)
    held = np.flatnonzero(~cut[:-1])
    parts = part_at(regions, (tree.lo[held] + tree.hi[held]) / 2)
    held, parts = held[parts != OUTSIDE], parts[parts != OUTSIDE]
    number = np.full(len(tree) + 1, OUTSIDE)
    number[held] = np.arange(len(held))

    pieces = [_side_halves(regions, sides, cut, curves.near, upper) for upper in (0, 1)]
    pieces += [_arc_halves(arcs, boxes, ahead) for ahead in (0, 1)]
    box, part, points, normals = (np.concatenate(each) for each in list(zip(*pieces, strict=True))[1:])
    label, one = connected(box, part, points[:, [0, -1]], WELD * curves.near)
    box, part = np.concatenate([held, box[one]]), np.concatenate([parts, part[one]])
    halves = Halves(label + len(held), points, normals)
    beside = number[sides.beside], np.full(arcs.beside.shape, OUTSIDE)
    ends = np.cumsum([len(piece[0]) for piece in pieces])
    for k, labels in enumerate(np.split(halves.fragment, ends[:-1])):
        beside[k // 2][pieces[k][0], k % 2] = labels

    lo, hi = tree.lo[box], tree.hi[box]
    measure, depth, foot = np.prod(hi - lo, axis=1), np.min(hi - lo, axis=1) / 2, (lo + hi) / 2
    axis, gap = np.full(len(box), CONE), np.zeros(len(box))
    if len(one):
        fresh = slice(len(held), None)
        shape = shapes(replace(halves, fragment=label), lo[fresh], hi[fresh], curves.near)
        measure[fresh], lo[fresh], hi[fresh] = shape.measure, shape.lo, shape.hi
        foot[fresh], axis[fresh], depth[fresh], gap[fresh] = shape.foot, shape.axis, shape.depth, shape.gap
    return Fragments(
        box, part, cut[box], measure, lo, hi, foot, axis, depth, gap,
        replace(sides, beside=beside[0]), replace(arcs, beside=beside[1]), halves,
    )  # fmt: skip


def _arcs(regions: Sequence[Solid], tree: Tree, curves: Curves) -> tuple[Arcs, Array]:
    """The arcs in boxes with different parts behind and ahead, and their boxes (A,)."""
    number, boxes, start, stop = curves.in_boxes(tree)
    arcs = Arcs(curves, number, start, stop, np.empty((len(number), 2), int))
    points = arcs.at(np.array([0.0, 0.5, 1.0]))
    middle = points[:, 1]
    step = _step(points, curves.near) * arcs.normals(points[:, 1:2])[:, 0]
    parts = np.column_stack([part_at(regions, middle - step), part_at(regions, middle + step)])
    wall = (parts[:, 0] != parts[:, 1]) & ~_repeated(arcs, boxes, points)
    return Arcs(curves, number[wall], start[wall], stop[wall], parts[wall]), boxes[wall]


def _repeated(arcs: Arcs, boxes: Array, points: Array) -> Array:
    """Which arcs (A,) lie on an earlier chart's in their box, given their ends and a point between these (A, 3, 2)."""
    repeated, weld, chart = np.zeros(len(boxes), bool), WELD * arcs.curves.near, arcs.curves.chart[arcs.number]
    one, other = _matches(boxes, boxes)
    one, other = one[chart[one] < chart[other]], other[chart[one] < chart[other]]
    lo, hi, middle = points[one].min(axis=1) - weld, points[one].max(axis=1) + weld, points[other, 1]
    near = np.all((middle >= lo) & (middle <= hi), axis=1)
    one, other = one[near], other[near]
    repeated[other[arcs.curves.covers(arcs.number[one], points[other, 1], weld)]] = True
    return repeated


def _step(ends: Array, near: float) -> Array:
    """How far (N, 1) to step off pieces from ends[:, 0] to ends[:, -1], and more than coordinates are rounded by."""
    return np.maximum(ASIDE * np.linalg.norm(ends[:, -1] - ends[:, 0], axis=1), near / 10)[:, None]


def _sides(tree: Tree, cut: Array, boxes: Array, ends: Array, near: float) -> Sides:
    """The leaves' sides, cut where the ends (A, 2, 2) of the arcs in these boxes lie on them."""
    axis, beside, owner = tree.contacts()
    lo, hi = tree.lo[owner], tree.hi[owner]
    rows, upper = np.arange(len(axis)), owner == beside[:, 1]
    lo[rows, axis] = hi[rows, axis] = np.where(upper, lo[rows, axis], hi[rows, axis])
    touching = np.flatnonzero(np.any(cut[beside], axis=1))
    if not len(touching):
        return Sides(axis, lo, hi, beside)
    points, along = ends.reshape(-1, 2), 1 - axis
    matches = [_matches(beside[touching, k], np.repeat(boxes, 2)) for k in (0, 1)]
    side, point = (np.concatenate(each) for each in zip(*matches, strict=True))
    side = touching[side]
    on, place = points[point, axis[side]], points[point, along[side]]
    inner = (place > lo[side, along[side]] + near) & (place < hi[side, along[side]] - near)
    inner &= np.abs(on - lo[side, axis[side]]) <= near
    which, place = np.concatenate([rows, side[inner]]), np.concatenate([lo[rows, along], place[inner]])
    order = np.lexsort([place, which])
    which, place = which[order], place[order]
    new = np.append(True, (which[1:] != which[:-1]) | (np.diff(place) > near))
    which, place = which[new], place[new]
    axis, lo, hi, along = axis[which], lo[which], hi[which], along[which]
    rows = np.arange(len(which))
    lo[rows, along] = place
    inner = np.flatnonzero(which[1:] == which[:-1])
    hi[inner, along[inner]] = place[inner + 1]
    return Sides(axis, lo, hi, beside[which])


def _matches(one: Array, other: Array) -> tuple[Array, Array]:
    """All pairs of indices at which two arrays of numbers agree."""
    order = np.argsort(other, kind="stable")
    first = np.searchsorted(other[order], one, side="left")
    count = np.searchsorted(other[order], one, side="right") - first
    index = np.repeat(np.arange(len(one)), count)
    return index, order[np.repeat(first, count) + np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)]


def _side_halves(regions: Sequence[Solid], sides: Sides, cut: Array, near: float, upper: int) -> tuple[Array, ...]:
    """Of the sides that have a part of a cut box below or above: their indices, that box, that part, and points and
    normals as `Halves` have them."""
    where = np.flatnonzero(cut[sides.beside[:, upper]])
    lo, hi, axis = sides.lo[where], sides.hi[where], sides.axis[where]
    normals = np.zeros_like(lo)
    normals[np.arange(len(where)), axis] = 1 - 2 * upper
    step = _step(np.stack([lo, hi], axis=1), near) * normals
    part = part_at(regions, (lo + hi) / 2 - step)
    upward = ((axis == 0) != upper)[:, None]
    first, last = np.where(upward, lo, hi)[:, None], np.where(upward, hi, lo)[:, None]
    points = first * (1 - POINTS[:, None]) + last * POINTS[:, None]
    held = part != OUTSIDE
    where, part = where[held], part[held]
    return where, sides.beside[where, upper], part, points[held], np.repeat(normals[held, None], len(POINTS), axis=1)


def _arc_halves(arcs: Arcs, boxes: Array, ahead: int) -> tuple[Array, ...]:
    """The same of the arcs that have a part behind or ahead."""
    points = arcs.at(POINTS)
    normals = arcs.normals(points) * (1 - 2 * ahead)
    backward = cross(normals[:, len(POINTS) // 2], points[:, -1] - points[:, 0]) < 0
    points[backward], normals[backward] = points[backward, ::-1], normals[backward, ::-1]
    held = np.flatnonzero(arcs.beside[:, ahead] != OUTSIDE)
    return held, boxes[held], arcs.beside[held, ahead], points[held], normals[held]
