"""Which cell of a mesh holds a point, and where in it."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

Array = np.ndarray
SLACK = 0.1
"""How far beyond a cell points may lie, in shares of it, as those on walls that cells follow nearly."""
BENT = 0.4
"""By how much curved cells may reach beyond straight ones between the same vertices."""
CELLS = 20_000
"""Cells that are looked at at once."""


def locate(mesh: Any, mapping: Any, cells: Array, points: Array) -> Array:
    """The one among `cells` that holds each of the points (N, d), -1 where none does."""
    dim = len(points.T)
    vertices = mesh.p.T[mesh.t[: dim + 1, cells].T]
    bent = np.flatnonzero(_bent(mesh)[cells])
    reach = BENT * np.ptp(vertices, axis=1)
    lo, hi = vertices.min(axis=1) - reach, vertices.max(axis=1) + reach
    found, best = np.full(len(points), -1), np.full(len(points), -SLACK)
    tree = cKDTree(points)
    for begin in range(0, len(cells), CELLS):
        part = slice(begin, begin + CELLS)
        within = tree.query_ball_point((lo[part] + hi[part]) / 2, np.max(hi[part] - lo[part], axis=1) / 2, p=np.inf)
        own = begin + np.repeat(np.arange(len(within)), [len(each) for each in within])
        near = np.fromiter(chain.from_iterable(within), int, len(own))
        inside = np.all((points[near] >= lo[own]) & (points[near] <= hi[own]), axis=1)
        own, near = own[inside], near[inside]
        base, edges = vertices[own, 0], vertices[own, 1:] - vertices[own, :1]
        shares = np.linalg.solve(edges.transpose(0, 2, 1), (points[near] - base)[:, :, None])[:, :, 0]
        depth = _depth(shares)
        doubtful = np.flatnonzero(np.isin(own, bent) & (depth > -BENT))
        if len(doubtful):
            local = local_coordinates(mapping, points[near[doubtful]], cells[own[doubtful]])
            depth[doubtful] = np.nan_to_num(_depth(local[:, :, 0].T), nan=-np.inf)
        _note(own, near, depth, found, best)
    return np.where(found >= 0, cells[found], -1)


def _bent(mesh: Any) -> Array:
    """Which cells have sides that are curved."""
    corners = mesh.t[: len(mesh.p) + 1]
    places = mesh.doflocs[:, mesh.dofs.element_dofs]
    spans = np.max(np.ptp(mesh.p[:, corners], axis=1), axis=0)
    straight = np.einsum("dvc,kv->dkc", mesh.p[:, corners], _shares(mesh.elem.doflocs))
    return np.max(np.abs(places - straight), axis=(0, 1)) > 1e-10 * spans


def _shares(local: Array) -> Array:
    """Barycentric coordinates (N, d + 1) of points of the reference cell."""
    return np.column_stack([1 - local.sum(axis=1), local])


def _depth(local: Array) -> Array:
    """How deep points of reference coordinates (N, d) lie in their cells, in shares of these."""
    return _shares(local).min(axis=1)


def _note(own: Array, near: Array, depth: Array, found: Array, best: Array) -> None:
    """Note in `found` and `best` of the points `near` the cells `own` in which they lie deeper than in those before."""
    ranked = np.argsort(depth, kind="stable")
    own, near, depth = own[ranked], near[ranked], depth[ranked]
    deepest = np.full(len(found), -np.inf)
    deepest[near] = depth
    cell = np.full(len(found), -1)
    cell[near] = own
    better = deepest > best
    found[better], best[better] = cell[better], deepest[better]


def local_coordinates(mapping: Any, points: Array, cells: Array) -> Array:
    """Reference coordinates (d, N, 1) of points (N, d) in their cells, by Newton's method on the mapping; NaN where it
    does not converge, as for points far outside a curved cell."""
    dim = len(points.T)
    local = np.full((dim, len(points), 1), 1 / (dim + 1))
    target = points.T[:, :, None]
    close = 1e-11 * np.max(np.abs(target), initial=0.0)
    for _ in range(20):
        gap = mapping.F(local, tind=cells) - target
        away = np.max(np.abs(gap), axis=(0, 2)) > close
        if not np.any(away):
            return local
        slopes = np.moveaxis(mapping.DF(local, tind=cells), (0, 1), (2, 3))
        step = np.moveaxis(np.linalg.solve(slopes, np.moveaxis(gap, 0, 2)[..., None])[..., 0], 2, 0)
        local = local - np.clip(step, -1, 1)
    return np.where(away[:, None], np.nan, local)
