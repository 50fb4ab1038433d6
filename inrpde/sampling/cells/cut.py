"""The boxes of a tree cut by curves: the connected fragments of each region in each box, and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from inrpde.declaration.regions.region import Solid
from inrpde.sampling.cells.curves import Curves
from inrpde.sampling.cells.tessellation import OUTSIDE, Array
from inrpde.sampling.cells.tree import Tree
from inrpde.sampling.cells.walls import part_at
from inrpde.sampling.grid import grid_points

CHORDS = 4
"""Chords that stand for an arc in a box where shapes are judged."""
ASIDE = 1e-8
"""How far to step off an arc or a side to see what lies there, as a share of its length."""
WELD = 100.0
"""Ends that lie so many times the distance apart that is none are one vertex."""
GRID, ROUNDS = 9, 3
"""Points a coordinate among which a centre is sought, and how often, closer and closer."""


@dataclass(frozen=True, eq=False)
class Sides:
    """S straight pieces of the boxes' sides, (S, d) from `lo` to `hi`, flat along an `axis` (S,), and the numbers of
    the fragments (S, 2) below and above."""

    axis: Array
    lo: Array
    hi: Array
    fragments: Array


@dataclass(frozen=True, eq=False)
class Arcs:
    """A stretches of `curves` in one box each: the number of the curve, the parameters `start` and `stop` (A,), and the
    numbers of the fragments (A, 2) behind the curve and ahead of it, where its normal points."""

    curves: Curves
    number: Array
    start: Array
    stop: Array
    fragments: Array


@dataclass(frozen=True, eq=False)
class Chords:
    """The boundaries of the cut fragments as chords from `a` to `b` (M, 2), which keep their `fragment` (M,) to the
    left."""

    fragment: Array
    a: Array
    b: Array

    @cached_property
    def normals(self) -> Array:
        """Outward, as long as the chords."""
        along = self.b - self.a
        return np.column_stack([along[:, 1], -along[:, 0]])

    @cached_property
    def lengths(self) -> Array:
        return np.linalg.norm(self.normals, axis=1)


@dataclass(frozen=True, eq=False)
class Fragments:
    """K connected fragments, each of one region in one box: the `box` and the `part` (K,), whether curves `cut` it,
    its `measure`, and the box (K, d) from `lo` to `hi` round it.

    `centre` (K, d) is a point that sees the boundary from inside, at least at the distance `depth` (K,) of each of its
    chords' lines; negative where there is no such point.
    """

    box: Array
    part: Array
    cut: Array
    measure: Array
    lo: Array
    hi: Array
    centre: Array
    depth: Array
    sides: Sides
    arcs: Arcs
    chords: Chords

    def __len__(self) -> int:
        return len(self.box)


def fragments(regions: Sequence[Solid], tree: Tree, curves: Curves) -> Fragments:
    """What the curves leave of the regions in the leaves of a tree, whose sides hold all other walls."""
    dim = tree.dim
    arcs, arc_boxes, arc_parts, arc_points = _arcs(regions, tree, curves)
    cut = np.zeros(len(tree) + 1, bool)
    cut[arc_boxes] = True
    whole = part_at(regions, (tree.lo + tree.hi) / 2)
    whole = np.append(np.where(cut[:-1], OUTSIDE, whole), OUTSIDE)
    axis, lo, hi, boxes = _sides(tree, cut, arc_boxes, arc_points, curves.near)
    side_parts = whole[boxes]
    touching = np.flatnonzero(np.any(cut[boxes], axis=1))
    side_parts[touching] = np.where(
        cut[boxes[touching]], _beside(regions, lo[touching], hi[touching], axis[touching]), side_parts[touching]
    )

    # the two halves of each side and arc of a cut box, as chords to the left of which the fragment lies
    below, above = (touching[cut[boxes[touching, k]] & (side_parts[touching, k] != OUTSIDE)] for k in (0, 1))
    behind, ahead = (np.flatnonzero(arc_parts[:, k] != OUTSIDE) for k in (0, 1))
    halves = [(boxes[below, 0], side_parts[below, 0]), (boxes[above, 1], side_parts[above, 1])]
    halves += [(arc_boxes[behind], arc_parts[behind, 0]), (arc_boxes[ahead], arc_parts[ahead, 1])]
    box, part = (np.concatenate(each) for each in zip(*halves, strict=True))
    up = (axis == 0)[:, None]
    a, b = np.where(up, lo, hi), np.where(up, hi, lo)
    ends = [(a[below], b[below]), (b[above], a[above])]
    ends += [(arc_points[behind, 0], arc_points[behind, -1]), (arc_points[ahead, -1], arc_points[ahead, 0])]
    first, last = (np.concatenate(each) for each in zip(*ends, strict=True))
    label, cut_box, cut_part = _connected(box, part, first, last, WELD * curves.near)

    held = np.flatnonzero(whole != OUTSIDE)
    number = np.full(len(whole), OUTSIDE)
    number[held] = np.arange(len(held))
    label = label + len(held)
    splits = np.split(label, np.cumsum([len(below), len(above), len(behind)]))
    side_fragments = number[boxes]
    side_fragments[below, 0], side_fragments[above, 1] = splits[:2]
    arc_fragments = np.full(arc_parts.shape, OUTSIDE)
    arc_fragments[behind, 0], arc_fragments[ahead, 1] = splits[2:]

    paths = [np.stack([a[below], b[below]], axis=1), np.stack([b[above], a[above]], axis=1)]
    paths += [arc_points[behind], arc_points[ahead, ::-1]]
    chords = Chords(
        np.concatenate([np.repeat(each, path.shape[1] - 1) for each, path in zip(splits, paths, strict=True)]),
        np.concatenate([path[:, :-1].reshape(-1, dim) for path in paths]),
        np.concatenate([path[:, 1:].reshape(-1, dim) for path in paths]),
    )
    box, part = np.concatenate([held, cut_box]), np.concatenate([whole[held], cut_part])
    lo_k, hi_k = tree.lo[box], tree.hi[box]
    measure, centre, depth = np.prod(hi_k - lo_k, axis=1), (lo_k + hi_k) / 2, np.min(hi_k - lo_k, axis=1) / 2
    fresh = slice(len(held), None)
    if len(cut_box):
        lo_k[fresh], hi_k[fresh], measure[fresh], centre[fresh], depth[fresh] = _shapes(chords, len(held), centre[fresh])
    return Fragments(
        box, part, cut[box], measure, lo_k, hi_k, centre, depth, Sides(axis, lo, hi, side_fragments),
        Arcs(arcs.curves, arcs.number, arcs.start, arcs.stop, arc_fragments), chords,
    )  # fmt: skip


def _arcs(regions: Sequence[Solid], tree: Tree, curves: Curves) -> tuple[Arcs, Array, Array, Array]:
    """The arcs in boxes that have different parts on both sides; their boxes (A,), those parts (A, 2) and the points
    (A, CHORDS + 1, 2) between their chords, behind them on the left."""
    number, box, start, stop = curves.in_boxes(tree)
    shares = np.linspace(0, 1, CHORDS + 1)
    parameters = start[:, None] * (1 - shares) + stop[:, None] * shares
    points = curves.at(np.repeat(number, len(shares)), parameters.ravel()).reshape(-1, len(shares), tree.dim)
    middle = points[:, CHORDS // 2]
    normals = curves.normals(number, middle)
    step = _step(middle, np.linalg.norm(points[:, -1] - points[:, 0], axis=1))[:, None] * normals
    parts = np.column_stack([part_at(regions, middle - step), part_at(regions, middle + step)])
    wall = parts[:, 0] != parts[:, 1]
    along = points[:, -1] - points[:, 0]
    turned = along[:, 1] * normals[:, 0] - along[:, 0] * normals[:, 1] < 0
    points = np.where(turned[:, None, None], points[:, ::-1], points)
    arcs = Arcs(curves, number[wall], start[wall], stop[wall], parts[wall])
    return arcs, box[wall], parts[wall], points[wall]


def _step(points: Array, lengths: Array) -> Array:
    """How far to step off pieces of these lengths (N,), no less than points (N, d) are rounded by."""
    return np.maximum(ASIDE * lengths, 4e-16 * np.max(np.abs(points), axis=1, initial=0.0))


def _beside(regions: Sequence[Solid], lo: Array, hi: Array, axis: Array) -> Array:
    """The parts (S, 2) below and above straight pieces."""
    middle = (lo + hi) / 2
    step = np.zeros_like(lo)
    step[np.arange(len(lo)), axis] = _step(middle, np.linalg.norm(hi - lo, axis=1))
    return np.column_stack([part_at(regions, middle - step), part_at(regions, middle + step)])


def _sides(
    tree: Tree, cut: Array, arc_boxes: Array, arc_points: Array, near: float
) -> tuple[Array, Array, Array, Array]:
    """The axis, the ends and the boxes below and above of straight pieces of sides, cut where arcs end on them."""
    axis, boxes, owner = tree.contacts()
    lo, hi = tree.lo[owner], tree.hi[owner]
    rows, upper = np.arange(len(axis)), owner == boxes[:, 1]
    lo[rows, axis] = hi[rows, axis] = np.where(upper, lo[rows, axis], hi[rows, axis])
    touching = np.flatnonzero(np.any(cut[boxes], axis=1))
    if not len(touching):
        return axis, lo, hi, boxes
    along = 1 - axis
    points, point_boxes = arc_points[:, [0, -1]].reshape(-1, 2), np.repeat(arc_boxes, 2)
    side, point = (np.concatenate(each) for each in zip(
        *(_matches(boxes[touching, k], point_boxes) for k in (0, 1)), strict=True
    ))  # fmt: skip
    side = touching[side]
    on, t = points[point, axis[side]], points[point, along[side]]
    start, stop = lo[side, along[side]], hi[side, along[side]]
    cuts = (np.abs(on - lo[side, axis[side]]) <= near) & (t > start + near) & (t < stop - near)
    which = np.concatenate([rows, side[cuts]])
    place = np.concatenate([lo[rows, along], t[cuts]])
    order = np.lexsort([place, which])
    which, place = which[order], place[order]
    fresh = np.ones(len(which), bool)
    fresh[1:] = (which[1:] != which[:-1]) | (np.diff(place) > near)
    which, place = which[fresh], place[fresh]
    end = np.append(place[1:], 0.0)
    last = np.append(which[1:] != which[:-1], True)
    axis, lo, hi = axis[which], lo[which], hi[which]
    rows = np.arange(len(which))
    lo[rows, 1 - axis] = place
    hi[rows, 1 - axis] = np.where(last, hi[rows, 1 - axis], end)
    return axis, lo, hi, boxes[which]


def _matches(one: Array, other: Array) -> tuple[Array, Array]:
    """All pairs of indices at which two arrays of numbers agree."""
    order = np.argsort(other, kind="stable")
    first = np.searchsorted(other[order], one, side="left")
    count = np.searchsorted(other[order], one, side="right") - first
    index = np.repeat(np.arange(len(one)), count)
    return index, order[np.repeat(first, count) + np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)]


def _connected(box: Array, part: Array, first: Array, last: Array, weld: float) -> tuple[Array, Array, Array]:
    """The number (H,) of the fragment that each half belongs to: those of one part in one box whose ends (H, 2) meet;
    and the box and the part of each fragment."""
    count = len(box)
    if not count:
        return np.empty(0, int), np.empty(0, int), np.empty(0, int)
    points = np.concatenate([first, last])
    pairs = cKDTree(points).query_pairs(weld, output_type="ndarray")
    vertex = _components(pairs, len(points))
    keys = np.column_stack([np.tile(box, 2), np.tile(part, 2), vertex])
    node = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    label = _components(np.column_stack([np.tile(np.arange(count), 2), count + node]), count + node.max() + 1)[:count]
    _, index, label = np.unique(label, return_index=True, return_inverse=True)
    return label, box[index], part[index]


def _components(pairs: Array, count: int) -> Array:
    """The number of the connected component of each of `count` nodes, given pairs (M, 2) that are joined."""
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _shapes(chords: Chords, offset: int, origin: Array) -> tuple[Array, Array, Array, Array, Array]:
    """The box round each cut fragment, its area, and the point in it that lies deepest behind its chords, and how deep."""
    order = np.argsort(chords.fragment, kind="stable")
    owner = chords.fragment[order] - offset
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    a, b, normals = chords.a[order], chords.b[order], chords.normals[order]
    unit = normals / np.maximum(chords.lengths[order], 1e-300)[:, None]
    lo = np.minimum.reduceat(np.minimum(a, b), starts)
    hi = np.maximum.reduceat(np.maximum(a, b), starts)
    area = np.add.reduceat(np.sum((a - origin[owner]) * normals, axis=1), starts) / 2
    grid = grid_points([np.linspace(-1, 1, GRID)] * 2)
    centre, reach = (lo + hi) / 2, (hi - lo) / 2
    for _ in range(ROUNDS):
        tried = centre[:, None, :] + reach[:, None, :] * grid
        behind = np.sum((a[:, None, :] - tried[owner]) * unit[:, None, :], axis=2)
        depths = np.minimum.reduceat(behind, starts, axis=0)
        best = np.argmax(depths, axis=1)
        rows = np.arange(len(lo))
        centre, depth, reach = tried[rows, best], depths[rows, best], reach * 2 / (GRID - 1)
    return lo, hi, area, centre, depth
