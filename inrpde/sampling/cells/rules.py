"""Gauss rules: on boxes and their faces, along arcs, and on what arcs and straight pieces bound."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from inrpde.sampling.cells.cut import Arcs
from inrpde.sampling.cells.halves import cross
from inrpde.sampling.cells.reference import cube_rule
from inrpde.sampling.cells.tessellation import Array

STEPS = 20
"""Steps to a point of an arc from its share of the chord: each leaves less than a tenth, as an arc turns so little."""


@lru_cache(maxsize=64)
def unit_rule(order: int, dim: int) -> tuple[Array, Array]:
    """The tensor Gauss–Legendre rule of `order` nodes a coordinate on [0, 1]^dim: nodes (N, dim), weights (N,)."""
    nodes, weights = cube_rule(dim, order)
    return (nodes + 1) / 2, weights / 2**dim


@lru_cache(maxsize=64)
def rays(order: int, power: int) -> tuple[Array, Array]:
    """The Gauss–Jacobi rule of ∫_0^1 t^power f(t) dt: nodes and weights (N,)."""
    from scipy.special import roots_jacobi

    x, w = roots_jacobi(order, 0, power)
    return (x + 1) / 2, w / 2 ** (power + 1)


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
    ends = arcs.at(np.array([0.0, 1.0]))
    first, chord = np.repeat(ends[:, 0], order, axis=0), np.repeat(ends[:, 1] - ends[:, 0], order, axis=0)
    squares, goal = np.sum(chord**2, axis=1), np.tile(shares, count)
    along, points = goal, first
    for _ in range(STEPS):
        points = curves.at(number, start + length * along)
        along = np.clip(along + goal - np.sum((points - first) * chord, axis=1) / squares, 0.0, 1.0)
    points = points.reshape(count, order, curves.dim)
    normals = arcs.normals(points)
    chord = chord.reshape(points.shape)
    ratio = np.sum(chord**2, axis=2) / np.abs(cross(chord, normals))
    return points, weights * ratio, normals


def on_rays(feet: Array, points: Array, fluxes: Array, order: int, power: int) -> tuple[Array, Array]:
    """Points (M, N, d) and weights (M, N) on the rays from `feet` (M, d) to points (M, d) of a boundary, whose `fluxes`
    (M,) are their weights times (x - foot)·n.

    From a point c, ∫ f dA = ∮ (x - c)·n ∫_0^1 t^(d - 1) f(c + t (x - c)) dt ds; from a line all of that with power 0.
    """
    nodes, weights = rays(order, power)
    return feet[:, None, :] + nodes[:, None] * (points - feet)[:, None, :], fluxes[:, None] * weights
