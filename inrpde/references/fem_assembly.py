"""Assembly of weak forms on a mesh of quadratic elements (scikit-fem)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from inrpde.declaration.regions import Region
from inrpde.references.cut_cells import whole
from inrpde.references.equations import Equation, Equations
from inrpde.references.fem_mesh import local_coordinates, locate
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Term
from inrpde.references.weak_form import Array, Coefficients, weak_form

MISSED = 0.02
"""The share of a surface by which a mesh's facets may differ from it."""
ACCURACY = 5
"""Polynomials up to that degree are integrated exactly in cells and facets."""


@dataclass(frozen=True, eq=False)
class Interface:
    """A condition between two unknowns, on values (no `sides`) or on fluxes, with each one's region and term."""

    equation: Equation
    sides: tuple[tuple[Region, Term], ...]


class Assembly:
    """The matrix and the right-hand side of the weak form on one basis."""

    def __init__(self, equations: Equations, mesh: Any):
        from skfem import Basis, ElementTetP2, ElementTriP2

        dim = len(equations.space.spatial)
        self.equations, self.mesh = equations, mesh
        self.basis = Basis(mesh, ElementTriP2() if dim == 2 else ElementTetP2(), intorder=ACCURACY)
        self.dtype = complex if equations.complex else float
        self.coefficients = Coefficients(equations.space, equations.fields)
        self.forms = [weak_form(e.expr, e.text, equations.lowering, equations.space) for e in equations.volume]
        middles = mesh.p[:, mesh.t[: dim + 1]].mean(axis=1).T
        self.owned = [whole(equation.region).contains(middles) for equation in equations.volume]

    def _fluxes(self, points: Array, cells: Array) -> tuple[Array, Array, Array]:
        """A (d, d, N), b (d, N) and g (d, N) of the equations that hold at points (N, d) in cells (N,)."""
        dim = len(points.T)
        tensor, vector, known = (np.zeros((*shape, len(points)), self.dtype) for shape in ((dim, dim), (dim,), (dim,)))
        for number, form in enumerate(self.forms):
            here = self._holding(number, points, cells)
            for k, flux in enumerate(form.fluxes):
                tensor[k][:, here], vector[k, here], known[k, here] = self.coefficients(flux, points[here])
        return tensor, vector, known

    def _rest(self, points: Array, cells: Array) -> tuple[Array, Array, Array]:
        """c (d, N), d (N,) and -f (N,) of the equations that hold at points (N, d) in cells (N,)."""
        gradient, value, known = (np.zeros((*shape, len(points)), self.dtype) for shape in ((len(points.T),), (), ()))
        count = np.zeros(len(points), int)
        for number, form in enumerate(self.forms):
            here = self._holding(number, points, cells)
            count[here] += 1
            if not len(here) or np.any(count > 1):
                what = "is one equation too many where it holds" if len(here) else "holds in no cell of the mesh"
                raise Unsupported(f"{self.equations.volume[number].text} {what}")
            gradient[:, here], value[here], known[here] = self.coefficients(form.rest, points[here])
        return gradient, value, known

    def _holding(self, number: int, points: Array, cells: Array) -> Array:
        """At which points a volume equation holds: in the cells of its region, or the part of them that it takes."""
        region = self.equations.volume[number].region
        here = np.flatnonzero(self.owned[number][cells])
        if region is not whole(region):
            here = here[region.contains(points[here], 1e-4 * region.size)]
        return here

    def volume(self) -> tuple[csr_array, Array]:
        from skfem import BilinearForm, LinearForm

        points, cells, shape = _points(self.basis, np.arange(self.mesh.nelements))
        tensor, vector, known = (each.reshape(*each.shape[:-1], *shape) for each in self._fluxes(points, cells))
        gradient, value, source = (each.reshape(*each.shape[:-1], *shape) for each in self._rest(points, cells))

        def bilinear(u: Any, v: Any, w: Any) -> Array:
            flux = np.einsum("kj...,j...->k...", tensor, u.grad) + vector * u
            return -np.sum(flux * v.grad, axis=0) + (np.sum(gradient * u.grad, axis=0) + value * u) * v

        def linear(v: Any, w: Any) -> Array:
            return np.sum(known * v.grad, axis=0) - source * v

        return (
            csr_array(BilinearForm(bilinear, dtype=self.dtype).assemble(self.basis)),
            LinearForm(linear, dtype=self.dtype).assemble(self.basis),
        )

    def boundary(self, matrix: csr_array, rhs: Array) -> tuple[csr_array, Array, Array, Array]:
        """Fluxes go into the matrix and the right-hand side; given values come back as (numbers, values).

        Raises Unsupported where a part of the boundary has no condition, and for a condition that is not imposed.
        """
        edge = self.mesh.boundary_facets()
        taken = np.zeros(self.mesh.nfacets, bool)
        terms = [self.equations.term(equation) for equation in self.equations.faces]
        flat = [any(any(leaf.index) for leaf in term.leaves) for term in terms]
        fixed: dict[int, complex] = {}
        for number in np.argsort(flat, kind="stable"):
            chosen = self._bearing(self.equations.faces[number].region, edge, flat[number], terms[number].text)
            if np.any(taken[chosen]):
                raise Unsupported(f"{terms[number].text} is one condition too many where it holds")
            taken[chosen] = True
            if flat[number]:
                more, known = self._flux(terms[number], chosen)
                matrix, rhs = matrix + more, rhs + known
            else:
                dofs = self.basis.get_dofs(chosen).all()
                _, value, known = self.coefficients(terms[number], self.basis.doflocs[:, dofs].T)
                if not np.all(value):
                    raise Unsupported(f"{terms[number].text} gives no value where its coefficient vanishes")
                fixed = dict(zip(dofs.tolist(), (-known / value).tolist(), strict=True)) | fixed
        if not np.all(taken[edge]):
            middle = self.mesh.p[:, self.mesh.facets[:, edge[~taken[edge]][0]]].mean(axis=1)
            raise Unsupported(f"no condition holds on the boundary near ({', '.join(f'{x:.3g}' for x in middle)})")
        numbers = np.array(sorted(fixed), int)
        return matrix, rhs, numbers, np.array([fixed[n] for n in numbers.tolist()], self.dtype)

    def _bearing(self, region: Region, edge: Array, flux: bool, text: str) -> Array:
        """The facets of which a surface consists: among those of the boundary `edge`, and of values within the mesh.

        Raises Unsupported where these do not make up the surface.
        """
        found = edge[self._on(region, edge, outward=True)]
        if self._makes_up(region, found):
            return found
        if flux:
            raise Unsupported(f"{text} holds inside the region, where finite elements impose values alone")
        lo, hi = region.bounds
        inner = np.setdiff1d(np.arange(self.mesh.nfacets), edge)
        middles = self.mesh.p[:, self.mesh.facets[:, inner]].mean(axis=1).T
        near = 1e-6 * region.size
        inner = inner[np.all((middles >= lo - near) & (middles <= hi + near), axis=1)]
        found = np.concatenate([found, inner[self._on(region, inner)]])
        if not self._makes_up(region, found):
            raise Unsupported(f"{text} holds where the mesh has no facets")
        return found

    def _makes_up(self, region: Region, facets: Array) -> bool:
        area = float(np.sum(self._facet_basis(facets).dx)) if len(facets) else 0.0
        return abs(area - region.measure) <= MISSED * region.measure

    def _facet_basis(self, facets: Array, side: int = 0) -> Any:
        from skfem import FacetBasis

        try:
            return FacetBasis(self.mesh, self.basis.elem, facets=facets, intorder=ACCURACY, side=side)
        except Exception as error:
            # scikit-fem raises nothing narrower where it cannot invert the map of a curved cell
            raise Unsupported(f"the mesh does not serve: {error}") from None

    def _on(self, region: Region, facets: Array, outward: bool = False) -> Array:
        """Which facets lie on a surface: all points of a quadrature in them, as nearly as a curved facet does.

        Of the two faces of a crack `outward` facets are those whose normal is the surface's.
        """
        if not len(facets):
            return np.zeros(0, bool)
        basis = self._facet_basis(facets)
        where = np.asarray(basis.global_coordinates())
        length = float(np.max(np.ptp(self.mesh.p[:, self.mesh.facets[:, facets]], axis=1)))
        points, near = where.reshape(len(where), -1).T, 0.01 * length
        on = region.bears(points, _normals(basis).T, near) if outward else region.contains(points, near)
        return np.all(on.reshape(where.shape[1:]), axis=1)

    def _flux(self, term: Term, facets: Array) -> tuple[csr_array, Array]:
        """∫ F · n v ds, with the flux from a condition q · grad u + c u + s = 0 whose q is along n · A."""
        from skfem import BilinearForm, LinearForm

        basis = self._facet_basis(facets)
        points, cells, shape = _points(basis, basis.tind)
        normals = _normals(basis)
        tensor, vector, known = self._fluxes(points, cells)
        gradient, value, source = self.coefficients(term, points, normals.T)
        share = _share(gradient, np.einsum("kn,kjn->jn", normals, tensor), term)
        slope = (np.sum(normals * vector, axis=0) - value / share).reshape(shape)
        given = (np.sum(normals * known, axis=0) - source / share).reshape(shape)
        more = BilinearForm(lambda u, v, w: slope * u * v, dtype=self.dtype).assemble(basis)
        return csr_array(more), -LinearForm(lambda v, w: given * v, dtype=self.dtype).assemble(basis)

    def check_interfaces(self, interfaces: Sequence[Interface]) -> None:
        """Raise Unsupported unless on every facet between two unknowns both are tied, and so are their fluxes."""
        between = self._between()
        tied, balanced = np.zeros(len(between), bool), np.zeros(len(between), bool)
        for interface in interfaces:
            on = self._on(interface.equation.region, between)
            if not self._makes_up(interface.equation.region, between[on]):
                raise Unsupported(f"{interface.equation.text} holds where its unknowns do not meet")
            if not interface.sides:
                tied |= on
            elif np.any(on):
                self._check_balance(interface, between[on])
                balanced |= on
        if not np.all(tied & balanced):
            raise Unsupported("the unknowns are not tied by their values and fluxes wherever they meet")

    def _between(self) -> Array:
        """The facets between cells of different unknowns."""
        unknown = np.full(self.mesh.nelements, -1)
        regions = [whole(equation.region) for equation in self.equations.volume]
        for region, owned in zip(regions, self.owned, strict=True):
            unknown[owned] = next(k for k, other in enumerate(regions) if other is region)
        one, other = self.mesh.f2t
        return np.flatnonzero((other >= 0) & (unknown[one] != unknown[other]))

    def _check_balance(self, interface: Interface, facets: Array) -> None:
        """Raise Unsupported unless each derivative is its own side's flux, with opposite factors and without data."""
        factors = []
        for side in (0, 1):
            basis = self._facet_basis(facets, side)
            points, cells, _ = _points(basis, basis.tind)
            normals = _normals(basis) * (1 - 2 * side)
            tensor, vector, known = self._fluxes(points, cells)
            for region, term in interface.sides:
                mine = np.flatnonzero(region.contains(self._inside(cells)))
                gradient, value, source = self.coefficients(term, points[mine], normals[:, mine].T)
                across = np.einsum("kn,kjn->jn", normals[:, mine], tensor[..., mine])
                if np.any(value) or np.any(source) or np.any(vector) or np.any(known):
                    raise Unsupported(f"{term.text} is more than a balance of fluxes")
                share = np.zeros(len(points), self.dtype)
                share[mine] = _share(gradient, across, term)
                factors.append(share)
        if not np.allclose(sum(factors), 0, atol=1e-6 * np.max(np.abs(factors))):
            raise Unsupported(f"{interface.equation.text} does not balance the fluxes")

    def _inside(self, cells: Array) -> Array:
        """Points inside cells: the middles of their vertices."""
        return self.mesh.p[:, self.mesh.t[: len(self.mesh.p) + 1, cells]].mean(axis=1).T


def _share(gradient: Array, across: Array, term: Term) -> Array:
    """The factor (N,) by which a condition's derivative q is the flux's n · A.

    Raises Unsupported where it is not along it.
    """
    share = np.sum(gradient * across.conj(), axis=0) / np.sum(np.abs(across) ** 2, axis=0)
    if not np.all(np.linalg.norm(gradient - share * across, axis=0) <= 1e-6 * np.linalg.norm(gradient, axis=0)):
        raise Unsupported(f"{term.text} has a derivative that is not the equation's flux")
    return share


def _points(basis: Any, cells: Array) -> tuple[Array, Array, tuple[int, ...]]:
    """The points (N, d) of a basis's quadrature, the cells (N,) they lie in, and the shape of its arrays."""
    where = np.asarray(basis.global_coordinates())
    return where.reshape(len(where), -1).T, np.repeat(cells, where.shape[2]), where.shape[1:]


def _normals(basis: Any) -> Array:
    """The unit normals (d, N) at the points of a facet basis."""
    where = np.asarray(basis.global_coordinates())
    return np.broadcast_to(basis.normals, where.shape).reshape(len(where), -1)


def probe(basis: Any, points: Array) -> csr_array:
    """The matrix that takes the values of a basis to those at points (N, d)."""
    cells = locate(basis.mesh, points)
    if np.any(cells < 0):
        raise Unsupported("the mesh does not cover the region")
    local = local_coordinates(basis.mapping, points, cells)
    values = [np.asarray(basis.elem.gbasis(basis.mapping, local, k, tind=cells)[0]).ravel() for k in range(basis.Nbfun)]
    rows = np.tile(np.arange(len(points)), basis.Nbfun)
    columns = basis.element_dofs[:, cells].ravel()
    return csr_array(coo_array((np.concatenate(values), (rows, columns)), shape=(len(points), basis.N)))
