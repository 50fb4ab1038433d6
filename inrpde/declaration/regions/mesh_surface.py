"""A mesh of its surface alone (STL): what it encloses."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from inrpde.declaration.regions.mesh_search import BoxSearch
from inrpde.declaration.regions.simplices import facet_normals, measures
from inrpde.errors import ProblemError

Array = np.ndarray


class Surface:
    """Facets (F, d) of the nodes `points` (N, d), d = 2 or 3."""

    def __init__(self, points: Array, facets: Array, place: str):
        _, first, number = np.unique(points, axis=0, return_index=True, return_inverse=True)
        self.points, self.facets, self.place = points[first], number.ravel()[facets], place
        used = self.points[np.unique(self.facets)]
        self.lo, self.hi = used.min(axis=0), used.max(axis=0)

    @property
    def vertices(self) -> Array:
        return self.points[self.facets]

    @cached_property
    def open_rims(self) -> int:
        """How many edges (in 2-D, ends) do not belong to exactly two facets: 0 for a closed surface."""
        corners = self.facets.shape[1]
        rims = np.sort(np.concatenate([np.delete(self.facets, k, axis=1) for k in range(corners)]), axis=1)
        return int(np.count_nonzero(np.unique(rims, axis=0, return_counts=True)[1] != 2))

    @cached_property
    def normals(self) -> Array:
        """Unit normals (F, d): outward of a closed surface, else as the order of the vertices in the file has them."""
        normals = facet_normals(self.vertices)
        if self.open_rims:
            return normals
        step = 1e-6 * np.max(self.hi - self.lo) * normals
        middle = self.vertices.mean(axis=1)
        return normals * np.where(self.inside(middle - step) | ~self.inside(middle + step), 1.0, -1.0)[:, None]

    def inside(self, points: Array) -> Array:
        """Which points (N, d) are enclosed: those from which a ray crosses the surface an odd number of times."""
        if self.open_rims:
            raise ProblemError(
                f"the surface is not closed ({self.open_rims} open edges), so it has no inside", self.place,
                "close it, or put conditions on the surface alone: mesh.boundary",
            )  # fmt: skip
        turned = points @ self._turn
        number, facet = self._search.pairs(turned[:, :-1])
        facing = self._spread[facet] > 0
        number, facet = number[facing], facet[facing]
        vertices = self._turned[facet]
        base, rays = vertices[:, 0], turned[number]
        edges = (vertices[:, 1:, :-1] - base[:, None, :-1]).transpose(0, 2, 1)
        inner = np.linalg.solve(edges, (rays[:, :-1] - base[:, :-1])[..., None])[..., 0]
        height = base[:, -1] + np.einsum("nk,nk->n", inner, vertices[:, 1:, -1] - base[:, None, -1])
        crossed = np.all(inner >= 0, axis=1) & (inner.sum(axis=1) <= 1) & (height > rays[:, -1])
        return np.bincount(number[crossed], minlength=len(points)) % 2 == 1

    @cached_property
    def _turn(self) -> Array:
        """A rotation (d, d) that no surface is aligned with, so that rays do not run along facets."""
        dim = self.points.shape[1]
        return np.linalg.qr(np.random.default_rng(20).normal(size=(dim, dim)))[0]

    @cached_property
    def _turned(self) -> Array:
        return self.vertices @ self._turn

    @cached_property
    def _spread(self) -> Array:
        """The size (F,) of the facets as seen along the rays: 0 for those of no area."""
        return measures(self._turned[..., :-1])

    @cached_property
    def _search(self) -> BoxSearch:
        return BoxSearch(self._turned[..., :-1].min(axis=1), self._turned[..., :-1].max(axis=1))
