"""Where the unknowns live on a mesh: Lagrange elements of a degree each, on cells of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from inrpde import deadline
from inrpde.references.evaluate import scaled
from inrpde.references.fem_search import local_coordinates, locate
from inrpde.references.reference import Unsupported
from inrpde.references.weak_form import Array, Slot

Entries = tuple[Array, Array, Array]
"""Numbers, and the rows and the columns that they stand in."""
CHUNK = 400_000
"""Numbers in the basis functions of the cells that are worked on at once, about."""


def element(dim: int, degree: int) -> Any:
    """scikit-fem's Lagrange element on triangles or tetrahedra."""
    import skfem

    return getattr(skfem, f"Element{'Tri' if dim == 2 else 'Tet'}P{degree}")()


@dataclass(frozen=True, eq=False)
class Patch:
    """Quadrature on some cells, or on one facet each of some cells: `points` (C, Q, d), `weights` (C, Q), of facets the
    `normals` (C, Q, d) out of the cells `cells` (C,), and for each degree the basis functions and their derivatives
    (C, 1 + d, K, Q), which are `made` when they are asked for. `middles` (C, d) are those of the cells' vertices."""

    cells: Array
    middles: Array
    points: Array
    weights: Array
    made: Callable[[], Mapping[int, Array]]
    normals: Array = field(default_factory=lambda: np.empty(0))

    @cached_property
    def shapes(self) -> Mapping[int, Array]:
        return self.made()


@dataclass(frozen=True, eq=False)
class Spaces:
    """Unknown number j has elements of degree `degrees[j]` on the cells `domains[j]` (bool) of a mesh.

    A state holds its values from `offsets[j]` on, by the numbers of the element on the whole mesh.
    """

    mesh: Any
    degrees: tuple[int, ...]
    domains: Sequence[Array]
    complex: bool = False

    @property
    def dim(self) -> int:
        return len(self.mesh.p)

    @property
    def dtype(self) -> type:
        return complex if self.complex else float

    @property
    def order(self) -> int:
        """The degree of polynomials that are integrated exactly."""
        return 2 * max(self.degrees) + 1

    @cached_property
    def elements(self) -> dict[int, Any]:
        return {degree: element(self.dim, degree) for degree in sorted(set(self.degrees))}

    @cached_property
    def dofs(self) -> dict[int, Any]:
        """scikit-fem's numbering for each degree."""
        from skfem import Dofs

        return {degree: Dofs(self.mesh, each) for degree, each in self.elements.items()}

    @cached_property
    def offsets(self) -> Array:
        """Where the values of each unknown begin, and where the last end."""
        return np.concatenate([[0], np.cumsum([self.dofs[degree].N for degree in self.degrees])])

    @property
    def size(self) -> int:
        return int(self.offsets[-1])

    def numbers(self, unknown: int, cells: Array) -> Array:
        """The numbers in a state (C, K) of the values of an unknown in cells."""
        return self.dofs[self.degrees[unknown]].element_dofs[:, cells].T + self.offsets[unknown]

    @cached_property
    def alive(self) -> Array:
        """Which numbers of a state belong to a cell where their unknown lives."""
        alive = np.zeros(self.size, bool)
        for unknown, domain in enumerate(self.domains):
            alive[self.numbers(unknown, np.flatnonzero(domain))] = True
        return alive

    @cached_property
    def places(self) -> dict[int, Array]:
        """Where the values of each degree lie, (N, d)."""
        found = {}
        for degree, each in self.elements.items():
            where = np.empty((self.dofs[degree].N, self.dim))
            mapped = self.mapping.F(each.doflocs.T)  # (d, C, K)
            where[self.dofs[degree].element_dofs.T] = np.moveaxis(mapped, 0, 2)
            found[degree] = where
        return found

    @cached_property
    def mapping(self) -> Any:
        """scikit-fem's map from the reference cell to the cells."""
        return self.mesh.mapping()

    def vertices(self, unknown: int) -> Array:
        """The numbers in a state of the values of an unknown at the mesh's vertices."""
        return self.dofs[self.degrees[unknown]].nodal_dofs[0] + self.offsets[unknown]

    @cached_property
    def linear(self) -> csr_array:
        """The matrix (size, size) that takes the values at vertices to those of linear functions."""
        parts = []
        for unknown, degree in enumerate(self.degrees):
            cells = np.arange(self.mesh.nelements)
            own, corners = self.numbers(unknown, cells), self.vertices(unknown)[self.mesh.t[: self.dim + 1].T]
            local = self.elements[degree].doflocs
            shares = np.column_stack([1 - local.sum(axis=1), local])
            parts.append(entries(own, corners, np.broadcast_to(shares, (len(cells), *shares.shape))))
        total = assembled(parts, self.size)
        counts = np.asarray(total.sum(axis=1)).ravel()  # every cell of a value says the same
        return scaled(total, 1 / np.where(counts > 0, counts, 1.0))

    @property
    def quadrature_bytes(self) -> float:
        """What basis functions and their derivatives take at the points of quadrature of all cells."""
        from skfem.quadrature import get_quadrature

        points = len(get_quadrature(self.mesh.refdom, self.order)[1])
        return 8.0 * self.mesh.nelements * (1 + self.dim) * points * sum(len(e.doflocs) for e in self.elements.values())

    def patches(self, cells: Array) -> list[Patch]:
        """Quadrature on cells, a part of them after the other."""
        from skfem.quadrature import get_quadrature

        top = self.elements[max(self.degrees)]
        rule = get_quadrature(top.refdom, self.order)
        most = max(CHUNK // (len(top.doflocs) * len(rule[1])), 1)
        return [self._patch(cells[start : start + most], *rule) for start in range(0, len(cells), most)]

    def _patch(self, cells: Array, at: Array, weights: Array) -> Patch:
        deadline.turn()
        where = np.moveaxis(self.mapping.F(at, tind=cells), 0, 2)
        sizes = np.abs(self.mapping.detDF(at, tind=cells)) * weights
        return Patch(cells, self.middles(cells), where, sizes, partial(self._shapes, at, cells, len(weights)))

    def facets(self, facets: Array, sides: Array, at: Array | None = None) -> Patch:
        """Quadrature on facets seen from the cell on a side (0 or 1) of each, or their points `at` (d - 1, Q) of the
        reference facet."""
        from skfem.quadrature import get_quadrature

        if at is None:
            at, weights = get_quadrature(self.mesh.brefdom, self.order)
        else:
            weights = np.ones(at.shape[1])
        cells = self.mesh.f2t[sides, facets]
        corners = self.mesh.refdom.p.T[_positions(self.mesh, facets, cells)]  # (F, d, d) of the reference cell
        edges = corners[:, 1:] - corners[:, :1]
        local = np.moveaxis(corners[:, :1] + np.einsum("kq,fkd->fqd", at, edges), 2, 0)
        where = np.moveaxis(self.mapping.F(local, tind=cells), 0, 2)
        slopes = np.broadcast_to(self.mapping.DF(local, tind=cells), (self.dim, self.dim, *where.shape[:2]))
        tangents = np.einsum("ijfq,fkj->fqki", slopes, edges)
        normals = _across(tangents)
        inward = np.einsum("ijfq,fj->fqi", slopes, self.mesh.refdom.p.mean(axis=1) - corners.mean(axis=1))
        normals *= -np.sign(np.sum(normals * inward, axis=2))[:, :, None]
        lengths = np.linalg.norm(normals, axis=2)
        made, middles = partial(self._shapes, local, cells, len(weights)), self.middles(cells)
        return Patch(cells, middles, where, lengths * weights, made, normals / lengths[:, :, None])

    def middles(self, cells: Array) -> Array:
        """The middles (C, d) of cells."""
        return middles(self.mesh, cells)

    def _shapes(self, at: Array, cells: Array, count: int) -> dict[int, Array]:
        """Basis functions and their derivatives (C, 1 + d, K, Q) at points of the reference cell, (d, Q) the same for
        all cells, or (d, C, Q)."""
        inverse = np.broadcast_to(self.mapping.invDF(at, tind=cells), (self.dim, self.dim, len(cells), count))
        found = {}
        for degree, each in self.elements.items():
            local = [each.lbasis(at, k) for k in range(self.dofs[degree].element_dofs.shape[0])]
            shapes = np.empty((len(cells), 1 + self.dim, len(local), count))
            for k, (value, slope) in enumerate(local):
                shapes[:, 0, k] = value
                slope = np.array([np.broadcast_to(part, (len(cells), count)) for part in slope])
                shapes[:, 1:, k] = np.einsum("ijcq,icq->cjq", inverse, slope)
            found[degree] = shapes
        return found

    def measures(self, unknown: int) -> Array:
        """∫ v dx for every function of an unknown, (size,)."""
        total = np.zeros(self.size)
        for patch in self.patches(np.flatnonzero(self.domains[unknown])):
            shapes = patch.shapes[self.degrees[unknown]][:, 0]
            np.add.at(total, self.numbers(unknown, patch.cells), np.einsum("ckq,cq->ck", shapes, patch.weights))
        return total

    def values(self, patch: Patch, unknowns: Sequence[int], state: Array) -> dict[Slot, Array]:
        """The unknowns and their derivatives at a patch's points, (C * Q,) each."""
        found: dict[Slot, Array] = {}
        for unknown in unknowns:
            local = state[self.numbers(unknown, patch.cells)]
            both = np.einsum("cekq,ck->ecq", patch.shapes[self.degrees[unknown]], local)
            found |= {(unknown, k): each.ravel() for k, each in enumerate(both)}
        return found

    def probe(self, unknown: int, points: Array) -> csr_array:
        """The matrix that takes a state to the values of an unknown at points (N, d) of its cells.

        Raises Unsupported where these do not hold the points.
        """
        own = np.flatnonzero(self.domains[unknown])
        found = locate(self.mesh, self.mapping, own, points)
        if np.any(found < 0):
            raise Unsupported("the mesh does not cover the region")
        degree = self.degrees[unknown]
        local = local_coordinates(self.mapping, points, found)
        if np.any(np.isnan(local)):
            raise Unsupported("some cells of the mesh are curved too strongly")
        count = self.dofs[degree].element_dofs.shape[0]
        values = [np.asarray(self.elements[degree].lbasis(local[:, :, 0], k)[0]).ravel() for k in range(count)]
        rows = np.tile(np.arange(len(points)), count)
        columns = self.numbers(unknown, found).T.ravel()
        each = np.concatenate([np.broadcast_to(v, len(points)) for v in values])
        return csr_array(coo_array((each, (rows, columns)), shape=(len(points), self.size)))


def middles(mesh: Any, cells: Array) -> Array:
    """The middles (C, d) of cells, inside them where they are curved as well."""
    return np.moveaxis(mesh.mapping().F(mesh.refdom.p.mean(axis=1)[:, None], tind=cells), 0, 2)[:, 0]


def entries(own: Array, theirs: Array, local: Array) -> Entries:
    """The entries of local matrices (C, K, K') in the rows `own` (C, K) and the columns `theirs` (C, K')."""
    rows, columns = (np.broadcast_to(each, local.shape) for each in (own[:, :, None], theirs[:, None, :]))
    return local.ravel(), rows.ravel(), columns.ravel()


def assembled(parts: Sequence[Entries], size: int) -> csr_array:
    """The square matrix of all entries, those at the same place summed."""
    none = (np.empty(0), np.empty(0, int), np.empty(0, int))
    data, rows, columns = (np.concatenate(each) for each in zip(none, *parts, strict=True))
    return csr_array(coo_array((data, (rows, columns)), shape=(size, size)))


def _positions(mesh: Any, facets: Array, cells: Array) -> Array:
    """Which vertices of the cells the facets' are, (F, d)."""
    own = mesh.t[: len(mesh.p) + 1, cells]
    return np.stack([np.argmax(own == vertex, axis=0) for vertex in mesh.facets[:, facets]], axis=1)


def _across(tangents: Array) -> Array:
    """Vectors normal to tangents (..., d - 1, d), as long as the measure of what these span."""
    if tangents.shape[-1] == 2:
        return np.stack([tangents[..., 0, 1], -tangents[..., 0, 0]], axis=-1)
    return np.cross(tangents[..., 0, :], tangents[..., 1, :])
