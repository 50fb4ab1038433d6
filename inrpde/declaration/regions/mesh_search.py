"""Which of many simplices are near a point: bins that fit each size of simplex."""

from __future__ import annotations

from itertools import product

import numpy as np

Array = np.ndarray

CHUNK = 1 << 16
"""Points searched at a time, which bounds the memory."""


class BoxSearch:
    """Axis-parallel boxes from `lo` to `hi` (M, d), sorted into hashed bins by octaves of their size."""

    def __init__(self, lo: Array, hi: Array):
        self.lo, self.hi = lo, hi
        self.origin = lo.min(axis=0)
        reach = float(np.max(hi.max(axis=0) - self.origin))
        extent = np.maximum((hi - lo).max(axis=1), max(reach * 2.0**-18, 1e-300))
        octave = np.ceil(np.log2(extent)).astype(int)
        self._levels = [
            self._level(np.flatnonzero(octave == each), 2.0 ** (each - 1), reach) for each in np.unique(octave)
        ]

    def _level(self, boxes: Array, bin_size: float, reach: float) -> tuple[float, Array, Array, Array]:
        dim = self.lo.shape[1]
        strides = (int(reach / bin_size) + 3) ** np.arange(dim, dtype=np.int64)
        first = np.floor((self.lo[boxes] - self.origin) / bin_size).astype(np.int64)
        last = np.floor((self.hi[boxes] - self.origin) / bin_size).astype(np.int64)
        keys, owners = [], []
        for offset in product(range(4), repeat=dim):
            bins = first + np.array(offset)
            meets = np.all(bins <= last, axis=1)
            keys.append(bins[meets] @ strides)
            owners.append(boxes[meets])
        key = np.concatenate(keys)
        order = np.argsort(key, kind="stable")
        return bin_size, strides, key[order], np.concatenate(owners)[order]

    def pairs(self, points: Array) -> tuple[Array, Array]:
        """All pairs of a point (N, d) and a box that holds it: point numbers (K,), box numbers (K,)."""
        found = [self._pairs(points[start : start + CHUNK], start) for start in range(0, len(points), CHUNK)]
        if not found:
            return np.empty(0, int), np.empty(0, int)
        return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])

    def _pairs(self, points: Array, start: int) -> tuple[Array, Array]:
        within = np.flatnonzero(np.all((points >= self.origin) & (points <= self.hi.max(axis=0)), axis=1))
        points = points[within]
        numbers, boxes = [], []
        for bin_size, strides, keys, owners in self._levels:
            key = np.floor((points - self.origin) / bin_size).astype(np.int64) @ strides
            begin, end = np.searchsorted(keys, key, "left"), np.searchsorted(keys, key, "right")
            count = end - begin
            number = np.repeat(np.arange(len(points)), count)
            box = owners[
                np.repeat(begin - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(len(number))
            ]
            for k in range(points.shape[1]):
                x = points[number, k]
                holds = np.flatnonzero((x >= self.lo[box, k]) & (x <= self.hi[box, k]))
                number, box = number[holds], box[holds]
            numbers.append(number)
            boxes.append(box)
        return within[np.concatenate(numbers)] + start, np.concatenate(boxes)


class FacetSearch:
    """Points, segments or triangles (M, k + 1, d), k ≤ 2: which of them a point lies on."""

    def __init__(self, vertices: Array):
        self.vertices = vertices
        self._searches: dict[float, BoxSearch] = {}

    def on(self, points: Array, tol: float) -> tuple[Array, Array]:
        """For the points (N, d): whether one of the facets is within `tol`, and which one is nearest (-1 for none)."""
        if tol not in self._searches:
            lo, hi = self.vertices.min(axis=1) - tol, self.vertices.max(axis=1) + tol
            self._searches[tol] = BoxSearch(lo, hi)
        number, facet = self._searches[tol].pairs(points)
        distance = distances(points[number], self.vertices[facet])
        near = np.flatnonzero(distance <= tol)
        chosen = near[best(number[near], -distance[near])]
        index = np.full(len(points), -1)
        index[number[chosen]] = facet[chosen]
        return index >= 0, index

    def nearest(self, points: Array, tol: float) -> Array:
        """The facet (N,) on which each point lies: one within `tol`, or within as many times more as it takes."""
        index = np.full(len(points), -1)
        while (index < 0).any():
            left = np.flatnonzero(index < 0)
            index[left] = self.on(points[left], tol)[1]
            tol *= 1e3
        return index


def best(number: Array, score: Array) -> Array:
    """The positions, one for each number that occurs, of its highest score."""
    order = np.lexsort((score, number))
    last = np.append(number[order][1:] != number[order][:-1], True) if len(order) else np.empty(0, bool)
    return order[last]


def distances(points: Array, vertices: Array) -> Array:
    """Distances (N,) of points (N, d) to points, segments or triangles (N, k + 1, d), one to one."""
    k = vertices.shape[1] - 1
    if k == 0:
        return np.linalg.norm(points - vertices[:, 0], axis=1)
    if k == 1:
        a, along = vertices[:, 0], vertices[:, 1] - vertices[:, 0]
        share = np.einsum("nd,nd->n", points - a, along) / np.maximum(np.einsum("nd,nd->n", along, along), 1e-300)
        return np.linalg.norm(points - a - np.clip(share, 0, 1)[:, None] * along, axis=1)
    edges = np.min([distances(points, vertices[:, pair]) for pair in ([0, 1], [1, 2], [2, 0])], axis=0)
    u, v = vertices[:, 1] - vertices[:, 0], vertices[:, 2] - vertices[:, 0]
    normal = np.cross(u, v)
    area = np.maximum(np.einsum("nd,nd->n", normal, normal), 1e-300)
    to = points - vertices[:, 0]
    first = np.einsum("nd,nd->n", np.cross(to, v), normal) / area
    second = np.einsum("nd,nd->n", np.cross(u, to), normal) / area
    above = (first >= 0) & (second >= 0) & (first + second <= 1)
    return np.where(above, np.abs(np.einsum("nd,nd->n", to, normal)) / np.sqrt(area), edges)
