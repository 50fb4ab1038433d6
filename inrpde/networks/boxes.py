"""Which of many points lie in each of many boxes."""

from __future__ import annotations

import itertools

import numpy as np

Array = np.ndarray
BIN = 4.0
"""Points along the side of a bin, about."""
SLACK = 1e-9
"""By how much of a bin a box is taken too wide at first, for rounding."""


class Sorted:
    """Points (N, d) in bins over all coordinates but one, and in each bin sorted along the one that tells most of them
    apart."""

    def __init__(self, points: Array):
        n, d = points.shape
        self._points = points
        self._axis = int(np.argmax([len(np.unique(column)) for column in points.T]))
        self._others = [k for k in range(d) if k != self._axis]
        self._lo = points.min(axis=0) if n else np.zeros(d)
        extent = np.ptp(points, axis=0) if n else np.zeros(d)
        self._extent = np.where(extent > 0, extent, 1.0)
        self._bins = max(int(n ** (1 / d) / BIN), 1)
        self._shape = (self._bins,) * len(self._others)
        places = [self._bin(points[:, k], k) for k in self._others]
        number = np.ravel_multi_index(places, self._shape) if places else np.zeros(n, int)
        keys = number + self._key(points[:, self._axis])
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def __len__(self) -> int:
        return len(self._points)

    def inside(self, lo: Array, hi: Array) -> Array:
        """The numbers of the points strictly within the box, in increasing order."""
        touched = [range(self._bin(lo[k], k), self._bin(hi[k], k) + 1) for k in self._others]
        bins = np.array(list(itertools.product(*touched)), int).T
        number = np.ravel_multi_index(tuple(bins), self._shape) if self._others else np.zeros(1, int)
        starts = np.searchsorted(self._keys, number + self._key(lo[self._axis], -SLACK), side="left")
        stops = np.searchsorted(self._keys, number + self._key(hi[self._axis], SLACK), side="right")
        near = np.concatenate([self._order[start:stop] for start, stop in zip(starts, stops, strict=True)])
        points = self._points[near]
        return np.sort(near[np.all((points > lo) & (points < hi), axis=1)])

    def _bin(self, x: Array | float, k: int) -> Array:
        place = (x - self._lo[k]) / self._extent[k] * self._bins
        return np.clip(place, 0, self._bins - 1).astype(int)

    def _key(self, x: Array | float, slack: float = 0.0) -> Array:
        """Where it lies along the sorted coordinate, in [0, 0.99]: less than the next bin's."""
        return np.clip(0.9 * ((x - self._lo[self._axis]) / self._extent[self._axis]) + 0.05 + slack, 0.0, 0.99)
