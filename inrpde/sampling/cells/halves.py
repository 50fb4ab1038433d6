"""The boundaries of cut fragments: which of their pieces hang together, and from where they are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from inrpde.sampling.cells.tessellation import Array
from inrpde.sampling.grid import grid_points

GRID, ROUNDS = 9, 3
"""Points a coordinate among which a centre is sought, and how often, closer and closer."""
CONE = -1
"""The axis of what is seen from a point, and not from a line across an axis."""
ROUNDED = 1e-13
"""Shares of its size by which a boundary may turn away from where it is seen."""


@dataclass(frozen=True, eq=False)
class Halves:
    """H pieces of the boundaries of fragments: the `fragment` (H,), points along each (H, N, 2) with the fragment on
    the left, and unit normals there (H, N, 2) out of it."""

    fragment: Array
    points: Array
    normals: Array


@dataclass(frozen=True, eq=False)
class Shapes:
    """K plane fragments: their area, the box (K, 2) from `lo` to `hi` round them, and from where their boundary is
    seen: from the point `foot` (K, 2), or along an `axis` (K,) from the line through the foot across it (else `CONE`);
    by `depth` (K,) lies all of the boundary ahead of that, behind it where negative. `gap` (K,) is what the boundary
    lacks to be closed."""

    measure: Array
    lo: Array
    hi: Array
    foot: Array
    axis: Array
    depth: Array
    gap: Array


def connected(box: Array, part: Array, ends: Array, weld: float) -> tuple[Array, Array]:
    """The number (H,) of the fragment that each half belongs to, those of one part in one box whose `ends` (H, 2, 2)
    meet; and one half (K,) of each fragment."""
    count = len(box)
    if not count:
        return np.empty(0, int), np.empty(0, int)
    points = ends.reshape(-1, 2)
    vertex = components(cKDTree(points).query_pairs(weld, output_type="ndarray"), len(points))
    keys = np.column_stack([np.repeat(box, 2), np.repeat(part, 2), vertex])
    node = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    pairs = np.column_stack([np.repeat(np.arange(count), 2), count + node])
    label = components(pairs, count + int(node.max()) + 1)[:count]
    _, halves, label = np.unique(label, return_index=True, return_inverse=True)
    return label, halves


def components(pairs: Array, count: int) -> Array:
    """The number of the connected component of each of `count` nodes, of which pairs (M, 2) are joined."""
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def cross(a: Array, b: Array) -> Array:
    """a₀ b₁ - a₁ b₀ of vectors (…, 2)."""
    return a[..., 0] * b[..., -1] - a[..., -1] * b[..., 0]


def shapes(halves: Halves, least: Array, most: Array, near: float) -> Shapes:
    """The shapes of the fragments 0 … K - 1 in boxes from `least` to `most` (K, 2); `near` is no distance."""
    order = np.argsort(halves.fragment, kind="stable")
    count = halves.points.shape[1]
    owner = np.repeat(halves.fragment[order], count)
    starts = np.searchsorted(owner, np.arange(len(least)))
    points, normals = halves.points[order].reshape(-1, 2), halves.normals[order].reshape(-1, 2)
    lo, hi = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    lo, hi = np.where(lo < least + near, least, lo), np.where(hi > most - near, most, hi)
    apart = (points - least[owner]).reshape(-1, count, 2)
    measure = np.bincount(halves.fragment[order], np.sum(cross(apart[:, :-1], apart[:, 1:]), axis=1) / 2)
    along = halves.points[:, -1] - halves.points[:, 0]
    gap = np.hypot(*(np.bincount(halves.fragment, each) for each in along.T))
    foot, depth = _centres(points, normals, owner, starts, lo, hi)
    axis, fewest = np.full(len(lo), CONE), np.full(len(lo), np.iinfo(int).max)
    size = np.max(hi - lo, axis=1)
    for k in (0, 1):
        for end in (lo, hi):
            ahead = (points[:, k] - end[owner, k]) * normals[:, k]
            worst = np.minimum.reduceat(ahead, starts)
            needed = np.add.reduceat((np.abs(ahead) > ROUNDED * size[owner]).astype(int), starts)
            better = (worst >= -ROUNDED * size) & (needed < fewest)
            foot[better], axis[better], depth[better], fewest[better] = end[better], k, worst[better], needed[better]
    return Shapes(measure, lo, hi, foot, axis, depth, gap)


def _centres(points: Array, normals: Array, owner: Array, starts: Array, lo: Array, hi: Array) -> tuple[Array, Array]:
    """The points (K, 2) that lie deepest behind all tangents of a boundary, by search, and how deep."""
    grid, rows = grid_points([np.linspace(-1, 1, GRID)] * 2), np.arange(len(lo))
    centre, reach, depth = (lo + hi) / 2, (hi - lo) / 2, np.empty(len(lo))
    for _ in range(ROUNDS):
        tried = centre[:, None, :] + reach[:, None, :] * grid
        behind = np.sum((points[:, None, :] - tried[owner]) * normals[:, None, :], axis=2)
        depths = np.minimum.reduceat(behind, starts, axis=0)
        best = np.argmax(depths, axis=1)
        centre, depth, reach = tried[rows, best], depths[rows, best], reach * 2 / (GRID - 1)
    return centre, depth
