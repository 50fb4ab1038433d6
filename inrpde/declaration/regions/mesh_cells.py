"""The inside of a mesh of simplices: facets, orientation, location of points, interpolation."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from inrpde.declaration.regions.flaw import Flaw
from inrpde.declaration.regions.mesh_facets import torn
from inrpde.declaration.regions.mesh_search import BoxSearch, best
from inrpde.declaration.regions.simplices import along_curve, facet_normals, measures

Array = np.ndarray

BESIDE = 1e-7
"""How far beyond a facet a cell is looked for, and how far apart the faces of a crack may lie, by the mesh's size."""


class Triangulation:
    """Simplices `cells` (M, d + 1) of the nodes `points` (N, d)."""

    def __init__(self, points: Array, cells: Array):
        self.points, self.cells = points, cells
        used = points[np.unique(cells)]
        self.lo, self.hi = used.min(axis=0), used.max(axis=0)

    @property
    def vertices(self) -> Array:
        return self.points[self.cells]

    @cached_property
    def facets(self) -> tuple[Array, Array, Array]:
        """The boundary facets: sorted node numbers (F, d), for each the node (F,) of its cell that is opposite, and
        whether (F,) it is one of the two faces of a crack.

        A facet of one cell alone is boundary if no cell lies beyond it, or where nodes are doubled. It is not where
        cells were left out, and where it meets several smaller ones.
        """
        facets, _, opposite = facet_table(self.cells)
        order = np.lexsort(facets.T)
        new = np.any(facets[order][1:] != facets[order][:-1], axis=1)
        alone = order[np.concatenate([[True], new]) & np.concatenate([new, [True]])]
        facets, opposite = facets[alone], opposite[alone]
        step = BESIDE * np.max(self.hi - self.lo)
        normals = self.outward(facets, opposite)
        beyond = self.points[facets].mean(axis=1) + step * normals
        inner = np.flatnonzero(self.locate(beyond, 0.0)[0] >= 0)
        cracked = np.zeros(len(facets), bool)
        cracked[inner] = torn(self.points, facets[inner], normals[inner], 2 * step)
        kept = cracked.copy()
        kept[np.setdiff1d(np.arange(len(facets)), inner)] = True
        return facets[kept], opposite[kept], cracked[kept]

    @cached_property
    def between(self) -> tuple[Array, Array]:
        """The facets that two cells share: sorted node numbers (F, d), and the two cells (F, 2)."""
        facets, cell, _ = facet_table(self.cells)
        order = np.lexsort(facets.T)
        same = np.flatnonzero(np.all(facets[order][1:] == facets[order][:-1], axis=1))
        return facets[order[same]], np.column_stack([cell[order[same]], cell[order[same + 1]]])

    def outward(self, facets: Array, opposite: Array) -> Array:
        """Unit normals (F, d) of facets (F, d) that point away from the opposite nodes (F,)."""
        vertices = self.points[facets]
        normals = facet_normals(vertices)
        away = np.einsum("fd,fd->f", normals, vertices[:, 0] - self.points[opposite])
        return normals * np.where(away < 0, -1.0, 1.0)[:, None]

    @cached_property
    def order(self) -> Array:
        return along_curve(self.vertices.mean(axis=1))

    @cached_property
    def _inverse(self) -> tuple[Array, Array, Array]:
        """For each cell the first vertex, the other barycentric coordinates' gradients (M, d, d), and all lengths."""
        vertices = self.vertices
        edges = vertices[:, 1:] - vertices[:, :1]
        gradients = np.linalg.inv(edges).transpose(0, 2, 1)
        every = np.concatenate([-gradients.sum(axis=1, keepdims=True), gradients], axis=1)
        return vertices[:, 0].copy(), gradients, np.linalg.norm(every, axis=2)

    @cached_property
    def _search(self) -> BoxSearch:
        slack = 1e-8 * np.max(self.hi - self.lo)
        vertices = self.vertices
        return BoxSearch(vertices.min(axis=1) - slack, vertices.max(axis=1) + slack)

    def locate(self, points: Array, tol: float) -> tuple[Array, Array]:
        """The cell (N,) that holds each point to within `tol`, -1 outside, and barycentric coordinates (N, d + 1)."""
        number, cell = self._search.pairs(points)
        coordinates = self.barycentric(cell, points[number])
        depth = np.min(coordinates / self._inverse[2][cell], axis=1)
        inside = np.flatnonzero(depth >= -tol)
        chosen = inside[best(number[inside], depth[inside])]
        found, barycentric = np.full(len(points), -1), np.zeros((len(points), self.cells.shape[1]))
        found[number[chosen]], barycentric[number[chosen]] = cell[chosen], coordinates[chosen]
        return found, barycentric

    def barycentric(self, cell: Array, points: Array) -> Array:
        """Barycentric coordinates (N, d + 1) of points (N, d) in the cells (N,)."""
        origin, gradients, _ = self._inverse
        inner = np.einsum("nkd,nd->nk", gradients[cell], points - origin[cell])
        return np.column_stack([1 - inner.sum(axis=1), inner])


def facet_table(cells: Array) -> tuple[Array, Array, Array]:
    """All facets of all cells, cell by cell: sorted node numbers (F, d), the cell (F,) and its opposite node (F,)."""
    count, corners = cells.shape
    facets = np.stack([np.delete(cells, k, axis=1) for k in range(corners)], axis=1).reshape(-1, corners - 1)
    return np.sort(facets, axis=1), np.repeat(np.arange(count), corners), cells.ravel()


def sound_cells(points: Array, cells: Array) -> tuple[Array, list[Flaw]]:
    """Which cells (M,) have a volume and do not lie folded over a neighbour; and what to say of the others."""
    vertices = points[cells]
    longest = np.max(np.ptp(vertices, axis=1), axis=1)
    dim = points.shape[1]
    flat = measures(vertices) <= 1e-13 * longest**dim
    sound = ~flat
    turned = np.linalg.det(vertices[:, 1:] - vertices[:, :1]) < 0
    if turned[sound].any() and not turned[sound].all():
        numbers = np.flatnonzero(sound)
        sound[numbers[_folded(points, cells[numbers], turned[numbers])]] = False
    what = {2: "area", 3: "volume"}.get(dim, "length")
    flaws = [Flaw(f"{np.count_nonzero(flat)} cells of no {what} were left out")] if flat.any() else []
    inverted = ~sound & ~flat
    if inverted.any():
        size = measures(vertices)
        share = float(size[inverted].sum() / size.sum())
        flaws.append(Flaw(f"{np.count_nonzero(inverted)} inverted cells were left out", share))
    return sound, flaws


def _folded(points: Array, cells: Array, turned: Array) -> Array:
    """The cells on the same side of a facet as their neighbour: of each two the one turned against the majority."""
    facets, owner, opposite = facet_table(cells)
    order = np.lexsort(facets.T)
    same = np.flatnonzero(np.all(facets[order][1:] == facets[order][:-1], axis=1))
    one, other = order[same], order[same + 1]
    base = points[facets[one]]

    def side(number: Array) -> Array:
        corners = np.concatenate([base, points[opposite[number]][:, None]], axis=1)
        return np.linalg.det(corners[:, 1:] - corners[:, :1])

    clash = side(one) * side(other) > 0
    one, other = owner[one[clash]], owner[other[clash]]
    odd = turned if np.count_nonzero(turned) * 2 <= len(turned) else ~turned
    size = measures(points[cells])
    drop_one = np.where(odd[one] == odd[other], size[one] < size[other], odd[one])
    return np.unique(np.where(drop_one, one, other))
