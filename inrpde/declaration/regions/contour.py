"""The zero set of a function on a box, as simplices: marching over the simplices of a grid."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np

from inrpde.declaration.regions.simplices import along_curve, chained

Array = np.ndarray

CELLS = {1: 4096, 2: 256, 3: 56}
"""Grid cells along the longest side of the box, by dimension."""


def contour(value: Callable[[Array], Array], lo: Array, hi: Array) -> Array:
    """The zero set of `value` ((N, d) -> (N,)) in the box, d ≤ 3, as simplices (M, d, d) with vertices on it.

    Curves are in the order in which one walks along them, surfaces on a space-filling curve. Kuhn's division of each
    cell into d! simplices, each cut by the zero set in a simplex or (in 3-D) a quadrilateral.
    """
    dim = len(lo)
    axes = _axes(lo, hi)
    shape = tuple(len(axis) for axis in axes)
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
    inside = value(nodes) < 0
    simplices = _mixed_simplices(inside, shape)
    edges = _cut_edges(simplices, inside[simplices])
    unique, numbers = np.unique(edges.reshape(-1, 2), axis=0, return_inverse=True)
    points = _roots(value, nodes[unique[:, 0]], nodes[unique[:, 1]])
    facets = numbers.reshape(edges.shape[:2])
    if dim == 2:
        order, turned = chained(facets)
        facets = facets[order]
        facets[turned] = facets[turned][:, ::-1]
    vertices = points[facets]
    return vertices[along_curve(vertices.mean(axis=1))] if dim == 3 else vertices


def _axes(lo: Array, hi: Array) -> list[Array]:
    """Grid lines that reach a little beyond the box, off its faces, so that a set that touches them is met."""
    step = np.max(hi - lo) / CELLS[len(lo)]
    counts = np.maximum(np.ceil((hi - lo) / step).astype(int), 16)
    margin = 0.37 * (hi - lo) / counts
    return [np.linspace(a - m, b + m * 1.13, n + 1) for a, b, m, n in zip(lo, hi, margin, counts, strict=True)]


def _mixed_simplices(inside: Array, shape: tuple[int, ...]) -> Array:
    """The simplices (M, d + 1) of node numbers that have nodes on both sides."""
    dim = len(shape)
    numbers = np.arange(len(inside)).reshape(shape)
    strides = np.array([int(np.prod(shape[k + 1 :])) for k in range(dim)])
    corners = numbers[tuple(slice(0, -1) for _ in shape)].ravel()
    steps = [np.concatenate([[0], np.cumsum(strides[list(order)])]) for order in permutations(range(dim))]
    around = np.unique(np.concatenate(steps))
    count = inside[corners[:, None] + around].sum(axis=1)
    corners = corners[(count > 0) & (count < len(around))]
    simplices = np.concatenate([corners[:, None] + step for step in steps])
    count = inside[simplices].sum(axis=1)
    return simplices[(count > 0) & (count <= dim)]


def _cut_edges(simplices: Array, inside: Array) -> Array:
    """The edges (M, d, 2) in which the zero set cuts each simplex; a quadrilateral is two triangles."""
    dim = simplices.shape[1] - 1
    ordered = np.take_along_axis(
        simplices, np.argsort(~inside, axis=1, kind="stable"), axis=1
    )  # the inside nodes first
    count = inside.sum(axis=1)
    cut = []
    for k in range(1, dim + 1):
        these = ordered[count == k]
        pairs = [these[:, [a, b]] for a in range(k) for b in range(k, dim + 1)]
        if len(pairs) == dim:
            cut.append(np.stack(pairs, axis=1))
        else:
            cut += [np.stack([pairs[0], pairs[1], pairs[3]], axis=1), np.stack([pairs[0], pairs[3], pairs[2]], axis=1)]
    return np.sort(np.concatenate(cut), axis=2)


def _roots(value: Callable[[Array], Array], a: Array, b: Array) -> Array:
    """The zeros between points a and b (N, d), by bisection."""
    start = value(a) < 0
    lo, hi = np.zeros(len(a)), np.ones(len(a))
    for _ in range(48):
        middle = (lo + hi) / 2
        same = (value(a + middle[:, None] * (b - a)) < 0) == start
        lo, hi = np.where(same, middle, lo), np.where(same, hi, middle)
    return a + ((lo + hi) / 2)[:, None] * (b - a)
