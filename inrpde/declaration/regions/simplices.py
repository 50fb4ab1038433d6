"""Sets of simplices (segments, triangles, tetrahedra) as charts."""

from __future__ import annotations

from math import factorial

import numpy as np

Array = np.ndarray
SIMPLICES = {2: "line", 3: "triangle", 4: "tetra"}
"""The names of simplices, by their number of nodes."""


class Simplices:
    """Simplices of dimension k: `vertices` (M, k + 1, d), in the order in which a chart runs over them."""

    def __init__(self, vertices: Array):
        self.longest = float(np.max(np.linalg.norm(np.diff(vertices, axis=1), axis=2)))
        self.measures = measures(vertices)
        self._path = [np.ascontiguousarray(vertices[:, 0])]
        self._path += [np.ascontiguousarray(vertices[:, k + 1] - vertices[:, k]) for k in range(vertices.shape[1] - 1)]
        self._cumulative = np.cumsum(self.measures)
        self.measure = float(self._cumulative[-1])

    def at(self, unit: Array) -> Array:
        """The points (N, d) of the parameters (N, k), uniform in measure.

        The first parameter goes along the simplices and picks one; what is left of it is the first of the k inside.
        """
        along = unit[:, 0] * self.measure
        index = np.minimum(np.searchsorted(self._cumulative, along, side="right"), len(self.measures) - 1)
        rest = np.clip(1 - (self._cumulative[index] - along) / self.measures[index], 0.0, 1.0)
        points = self._path[0][index]
        left: Array | float = 1.0
        dim = len(self._path) - 1
        for k, step in enumerate(self._path[1:]):
            # a plane parallel to the opposite facet cuts off a corner of left^(dim - k) of the volume
            left = left * (rest if k == 0 else unit[:, k]) ** (1 / (dim - k))
            points += np.reshape(left, (-1, 1)) * step[index]
        return points

    @property
    def breaks(self) -> Array:
        """The first parameter (M - 1,) where one simplex ends and the next begins."""
        return self._cumulative[:-1] / self.measure


def measures(vertices: Array) -> Array:
    """Lengths, areas or volumes (M,) of simplices (M, k + 1, d)."""
    edges = vertices[:, 1:] - vertices[:, :1]
    k, d = edges.shape[1:]
    if k == d:
        return np.abs(np.linalg.det(edges)) / factorial(k)
    gram = np.linalg.det(edges @ edges.transpose(0, 2, 1))
    return np.sqrt(np.maximum(gram, 0.0)) / factorial(k)


def facet_normals(vertices: Array) -> Array:
    """Unit normals (M, d) of points, segments or triangles (M, d, d) in d = 1, 2, 3, by the vertices' order."""
    edges = vertices[:, 1:] - vertices[:, :1]
    if vertices.shape[2] == 1:
        return np.ones((len(vertices), 1))
    if vertices.shape[2] == 2:
        normals = np.column_stack([edges[:, 0, 1], -edges[:, 0, 0]])
    else:
        normals = np.cross(edges[:, 0], edges[:, 1])
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)


def along_curve(points: Array) -> Array:
    """The order (M,) of points (M, d) on a space-filling curve (Morton), so that neighbours follow one another."""
    if len(points) < 2:
        return np.arange(len(points))
    lo, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0).max(), 1e-300)
    bits = 62 // points.shape[1]
    cells = ((points - lo) / extent * (2**bits - 1)).astype(np.int64)
    key = np.zeros(len(points), np.int64)
    for bit in range(bits):
        for k in range(points.shape[1]):
            key |= ((cells[:, k] >> bit) & 1) << (bit * points.shape[1] + k)
    return np.argsort(key, kind="stable")


def chained(segments: Array) -> tuple[Array, Array]:
    """An order (M,) of segments (M, 2) of node numbers in which each goes on where the last one ends, where it can.

    Also returns bool (M,): which of the ordered segments run from their second node to the first.
    """
    at_node: dict[int, list[int]] = {}
    pairs = segments.tolist()
    for segment, pair in enumerate(pairs):
        for node in pair:
            at_node.setdefault(node, []).append(segment)
    loose = [segment for segment, pair in enumerate(pairs) if any(len(at_node[node]) == 1 for node in pair)]
    left, order, turned = set(range(len(pairs))), [], []
    for first in [*loose, *range(len(pairs))]:
        start = pairs[first][0] if len(at_node[pairs[first][1]]) > 1 else pairs[first][1]
        following = first if first in left else None
        while following is not None:
            left.discard(following)
            order.append(following)
            turned.append(pairs[following][0] != start)
            start = pairs[following][0] if turned[-1] else pairs[following][1]
            following = next((other for other in at_node[start] if other in left), None)
    return np.array(order, int), np.array(turned, bool)
