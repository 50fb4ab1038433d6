"""Which of many points lie in each of many boxes."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


class Sorted:
    """Points (N, d), sorted along the coordinate that tells most of them apart."""

    def __init__(self, points: Array):
        self._points = points
        kinds = [len(np.unique(column)) for column in points.T]
        self._axis = int(np.argmax(kinds))
        self._order = np.argsort(points[:, self._axis], kind="stable")
        self._along = points[self._order, self._axis]

    def __len__(self) -> int:
        return len(self._points)

    def inside(self, lo: Array, hi: Array) -> Array:
        """The numbers of the points strictly within the box, in increasing order."""
        start = np.searchsorted(self._along, lo[self._axis], side="right")
        stop = np.searchsorted(self._along, hi[self._axis], side="left")
        near = self._order[start:stop]
        points = self._points[near]
        return np.sort(near[np.all((points > lo) & (points < hi), axis=1)])
