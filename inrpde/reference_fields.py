"""The fields of a reference, known where it was computed, and NaN elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from inrpde.declaration.fields import GridField
from inrpde.declaration.regions import Mesh
from inrpde.found import at_corners

Array = np.ndarray
Index = tuple[int, ...]
LAYERS = 6
"""Nodes beyond the known ones that a spline feels: each counts about a quarter of the one before."""


class MaskedField:
    """Values on a grid, NaN at nodes where there is none, and NaN between nodes one of which has none."""

    def __init__(self, values: Any, axes: Iterable[Any]):
        self.values, self.axes = np.asarray(values), tuple(np.asarray(axis, float) for axis in axes)

    @cached_property
    def _inner(self) -> GridField:
        return GridField(continued(self.values), self.axes)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Values and derivatives at points (N, d): {multi-index: (N,)}."""
        known = np.all(at_corners(self.axes, np.isfinite(self.values), points), axis=0)
        return {index: np.where(known, values, np.nan) for index, values in self._inner.jets(points, indices).items()}


def continued(values: Array) -> Array:
    """Values on a grid with those that are NaN found from their neighbours, so that a spline can be drawn through all:
    by parabolas along the axes for some layers, beyond them the nearest value."""
    from scipy.ndimage import distance_transform_edt

    values = np.array(values)
    for _ in range(LAYERS):
        missing = ~np.isfinite(values)
        if not missing.any():
            return values
        guesses = [_beyond(values, axis, towards) for axis in range(values.ndim) for towards in (1, -1)]
        known = [np.isfinite(guess) for guess in guesses]
        count = np.sum(known, axis=0)
        total = np.sum(np.where(known, guesses, 0), axis=0)
        found = missing & (count > 0)
        values[found] = total[found] / count[found]
    nearest = distance_transform_edt(~np.isfinite(values), return_distances=False, return_indices=True)
    return values[tuple(nearest)]


def _beyond(values: Array, axis: int, towards: int) -> Array:
    """At each node the parabola through the next three along an axis, NaN where one of them has no value."""
    pad = np.moveaxis(np.full_like(values, np.nan), axis, 0)[:1]
    along = np.moveaxis(values, axis, 0)[::towards]
    one, two, three = (np.concatenate([along[k:], *[pad] * min(k, len(along))]) for k in (1, 2, 3))
    return np.moveaxis((3 * one - 3 * two + three)[::towards], 0, axis)


class QuadraticField:
    """Quadratic functions in the simplices of a mesh, NaN outside.

    `values` (M, k) are those at each cell's d + 1 vertices, then in the middles of its edges, `edges` (k - d - 1, 2).
    """

    def __init__(self, mesh: Mesh, values: Any, edges: Any):
        self.mesh, self.values, self.edges = mesh, np.asarray(values), np.asarray(edges, int)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Values at points (N, d), and derivatives by central differences over a thousandth of the mesh's size."""
        return {index: self._difference(points, index, 1e-3 * self.mesh.size) for index in indices}

    def _difference(self, points: Array, index: Index, step: float) -> Array:
        if not any(index):
            return self._at(points)
        k = next(axis for axis, order in enumerate(index) if order)
        lower = tuple(order - (axis == k) for axis, order in enumerate(index))
        shift = step / 2 * np.eye(points.shape[1])[k]
        return (self._difference(points + shift, lower, step) - self._difference(points - shift, lower, step)) / step

    def _at(self, points: Array) -> Array:
        cell, shares = self.mesh.barycentric(points)
        found = cell >= 0
        corner = shares[found]
        one, other = (corner[:, self.edges[:, end]] for end in (0, 1))
        weights = np.concatenate([corner * (2 * corner - 1), 4 * one * other], axis=1)
        values = np.full(len(points), np.nan, self.values.dtype)
        values[found] = np.einsum("nk,nk->n", weights, self.values[cell[found]])
        return values

    def at_nodes(self, count: int) -> Array:
        """The values at the first `count` nodes of the mesh, NaN at those of no cell."""
        values = np.full(len(self.mesh.nodes), np.nan, self.values.dtype)
        values[self.mesh.cells] = self.values[:, : self.mesh.cells.shape[1]]
        return values[:count]
