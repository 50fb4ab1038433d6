"""Gauss rules on boxes and on their faces."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from inrpde.sampling.cells.tessellation import Array
from inrpde.sampling.grid import grid_points


@lru_cache(maxsize=64)
def unit_rule(order: int, dim: int) -> tuple[Array, Array]:
    """The tensor Gauss–Legendre rule of `order` nodes a coordinate on [0, 1]^dim: nodes (N, dim), weights (N,)."""
    x, w = np.polynomial.legendre.leggauss(order)
    if dim == 0:
        return np.empty((1, 0)), np.ones(1)
    return grid_points([(x + 1) / 2] * dim), np.prod(grid_points([w / 2] * dim), axis=1)


def on_boxes(lo: Array, hi: Array, order: int) -> tuple[Array, Array]:
    """Points (B, N, d) and weights (B, N) on boxes from `lo` to `hi` (B, d)."""
    nodes, weights = unit_rule(order, lo.shape[1])
    return lo[:, None, :] + (hi - lo)[:, None, :] * nodes, np.prod(hi - lo, axis=1)[:, None] * weights


def on_sides(lo: Array, hi: Array, axis: Array, order: int) -> tuple[Array, Array]:
    """Points (S, N, d) and weights (S, N) on boxes (S, d) that are flat along their `axis` (S,)."""
    dim = lo.shape[1]
    nodes, weights = unit_rule(order, dim - 1)
    along = np.array([[k for k in range(dim) if k != flat] for flat in range(dim)], int).reshape(dim, dim - 1)[axis]
    extent = np.take_along_axis(hi - lo, along, axis=1)
    points = np.repeat(lo[:, None, :], len(nodes), axis=1)
    rows = np.arange(len(lo))[:, None]
    points[rows, :, along] += extent[:, :, None] * nodes.T
    return points, np.prod(extent, axis=1)[:, None] * weights
