"""Gauss rules: on boxes and their faces, along arcs, and on what arcs and straight pieces bound."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from inrpde.sampling.cells.cut import Arcs
from inrpde.sampling.cells.tessellation import Array
from inrpde.sampling.grid import grid_points

STEPS = 20
"""Steps to a point of an arc from its share of the chord: each leaves less than a tenth, as an arc turns so little."""


@lru_cache(maxsize=64)
def unit_rule(order: int, dim: int) -> tuple[Array, Array]:
    """The tensor Gauss–Legendre rule of `order` nodes a coordinate on [0, 1]^dim: nodes (N, dim), weights (N,)."""
    x, w = np.polynomial.legendre.leggauss(order)
    if dim == 0:
        return np.empty((1, 0)), np.ones(1)
    return grid_points([(x + 1) / 2] * dim), np.prod(grid_points([w / 2] * dim), axis=1)


@lru_cache(maxsize=64)
def radial_rule(order: int) -> tuple[Array, Array]:
    """The Gauss–Jacobi rule of ∫_0^1 t f(t) dt: nodes and weights (N,)."""
    from scipy.special import roots_jacobi

    x, w = roots_jacobi(order, 0, 1)
    return (x + 1) / 2, w / 4


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


def on_arcs(arcs: Arcs, order: int) -> tuple[Array, Array, Array]:
    """Points (A, N, 2), weights (A, N) and normals (A, N, 2) along arcs, as graphs over their chords: exact to the
    order wherever the curve is smooth, whatever its chart is."""
    nodes, weights = unit_rule(order, 1)
    shares, curves, count = nodes[:, 0], arcs.curves, len(arcs.number)
    number = np.repeat(arcs.number, order)
    start, length = np.repeat(arcs.start, order), np.repeat(arcs.stop - arcs.start, order)
    first, last = curves.at(arcs.number, arcs.start), curves.at(arcs.number, arcs.stop)
    chord = np.repeat(last - first, order, axis=0)
    first, squares, goal = np.repeat(first, order, axis=0), np.sum(chord**2, axis=1), np.tile(shares, count)
    along = goal.copy()
    for _ in range(STEPS):
        points = curves.at(number, start + length * along)
        along = np.clip(along + goal - np.sum((points - first) * chord, axis=1) / squares, 0.0, 1.0)
    points = curves.at(number, start + length * along)
    normals = curves.normals(number, points)
    across = np.abs(chord[:, 1] * normals[:, 0] - chord[:, 0] * normals[:, 1])
    weights = np.tile(weights, count) * squares / across
    return points.reshape(count, order, 2), weights.reshape(count, order), normals.reshape(count, order, 2)


def on_cones(centres: Array, points: Array, fluxes: Array, order: int) -> tuple[Array, Array]:
    """Points (M, N, d) and weights (M, N) of cones from `centres` (M, d) to points (M, d) of a boundary, whose `fluxes`
    (M,) are their weights times (x - c)·n: ∫ f dA = ∮ (x - c)·n ∫_0^1 t f(c + t (x - c)) dt ds."""
    nodes, weights = radial_rule(order)
    return centres[:, None, :] + nodes[:, None] * (points - centres)[:, None, :], fluxes[:, None] * weights
