"""The truth of a case without a formula: its weak form by elements of high degree, graded towards what is singular.

Nothing here knows the package that is measured: a `Weak` is written by hand beside each problem.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import elements
import meshio
import numpy as np
import scipy.sparse as sparse
from elements import Disc
from scipy.sparse.linalg import splu
from skfem import (
    Basis,
    BilinearForm,
    ElementTriP2,
    ElementTriP3,
    ElementTriP4,
    ElementVector,
    FacetBasis,
    LinearForm,
    MappingIsoparametric,
    MeshTet,
    MeshTri,
)
from skfem.helpers import ddot, div, dot, grad, sym_grad
from skfem.mapping import Mapping

Array = np.ndarray
MOST = 25_000
"""Cells of the mesh of a truth, about."""
Places = Callable[[Array], Array]
"""From places (d, …) to numbers (…), or to truths."""
TRIANGLE = {2: ElementTriP2, 3: ElementTriP3, 4: ElementTriP4}


def constant(value: float) -> Places:
    return lambda x: np.full(x.shape[1:], float(value))


NONE, ONE = constant(0), constant(1)


class Graded:
    """A mesh (`mesh`) whose cells at the points `sharp` (K, 2) are divided `levels` times."""

    mesh: MeshTri
    sharp: Sequence[Sequence[float]]
    levels: int
    circles: Sequence[Disc]

    @cached_property
    def graded(self) -> MeshTri:
        mesh = self.mesh
        size, held = np.ptp(mesh.p, axis=1).max(), np.zeros(mesh.p.shape[1], bool)
        for point in self.sharp:
            held |= np.abs(mesh.p - np.reshape(point, (-1, 1))).max(axis=0) < 1e-12 * size
        for _ in range(self.levels if held.any() else 0):  # nodes keep their numbers
            mesh = mesh.refined(np.flatnonzero(np.isin(mesh.t, np.flatnonzero(held)).any(axis=0)))
        return mesh

    def mapping(self, mesh: MeshTri, degree: int) -> Mapping | None:
        """Of the cells, with sides of this degree where there are circles."""
        if not self.circles:
            return None
        bent = elements.curved(elements.TRIANGLE[degree].from_mesh(mesh), self.circles)
        return MappingIsoparametric(bent, bent.elem())

    def sampled(self, count: int) -> tuple[Array, Array, Array]:
        """Points, values, and what these differ by from those on cells twice as large, so much as their order says."""
        times = max(1, int(np.log(MOST / self.graded.t.shape[1]) / np.log(4)))
        return compared(self.solved(times), self.solved(times - 1), count, order=4)

    def solved(self, divided: int) -> Found:
        """By elements of degree 4, all cells divided so often after those at the sharp points."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Weak(Graded):
    """-div(a grad u) + c u = source, u = value where `fixed`, a ∂u/∂n + h u = q where `through`.

    `mesh` fits all jumps. `a` is taken at the middle of each cell; `fixed` are (where, value), `through` (where, h, q),
    found by the middles of sides. Sides whose ends lie on one of the `circles` follow it;
    what is `through` goes through straight ones.
    """

    mesh: MeshTri
    a: Places = ONE
    c: Places = NONE
    source: Places = NONE
    fixed: Sequence[tuple[Places, Places]] = ()
    through: Sequence[tuple[Places, float, Places]] = ()
    sharp: Sequence[Sequence[float]] = ()
    levels: int = 24
    circles: Sequence[Disc] = ()

    def solved(self, divided: int, degree: int = 4) -> Found:
        """With all cells divided so often once more, after those at the sharp points."""
        mesh = self.graded.refined(divided)
        basis = Basis(mesh, TRIANGLE[degree](), self.mapping(mesh, degree), intorder=2 * degree + 1)
        x = np.asarray(basis.global_coordinates())
        conducted = np.repeat(self.a(middles(mesh))[:, None], x.shape[2], axis=1)
        matrix = BilinearForm(lambda u, v, w: w.a * dot(grad(u), grad(v)) + w.c * u * v).assemble(
            basis, a=conducted, c=self.c(x)
        )
        right = LinearForm(lambda v, w: w.source * v).assemble(basis, source=self.source(x))
        for where, h, q in self.through:
            sides = FacetBasis(mesh, basis.elem, facets=facets(mesh, where), intorder=2 * degree + 1)
            at = np.asarray(sides.global_coordinates())
            matrix += BilinearForm(lambda u, v, w, h=h: h * u * v).assemble(sides)
            right += LinearForm(lambda v, w: w.q * v).assemble(sides, q=q(at))
        found = np.zeros(basis.N)
        known: list[Array] = []
        for where, value in self.fixed:
            dofs = basis.get_dofs(facets(mesh, where)).all()
            found[dofs] = value(basis.doflocs[:, dofs])
            known.append(dofs)
        return Found(basis, eliminated(matrix, right, np.unique(np.concatenate(known or [np.empty(0, int)])), found))


@dataclass(frozen=True, eq=False)
class WeakElastic(Graded):
    """div σ = force; no displacement along the axes given where `fixed` (where, axes), tractions where `pulled` (where,
    traction), none elsewhere. `lame` are Lamé's numbers, of plane stress or strain."""

    mesh: MeshTri
    lame: tuple[float, float]
    force: tuple[float, float] = (0, 0)
    fixed: Sequence[tuple[Places, tuple[int, ...]]] = ()
    pulled: Sequence[tuple[Places, Places]] = ()
    sharp: Sequence[Sequence[float]] = ()
    levels: int = 24
    circles: Sequence[Disc] = ()

    def solved(self, divided: int, degree: int = 4) -> Found:
        mesh = self.graded.refined(divided)
        basis = Basis(mesh, ElementVector(TRIANGLE[degree]()), self.mapping(mesh, degree), intorder=2 * degree)
        one, two = self.lame
        matrix = BilinearForm(
            lambda u, v, w: one * div(u) * div(v) + 2 * two * ddot(sym_grad(u), sym_grad(v))
        ).assemble(basis)
        right = LinearForm(lambda v, w: -self.force[0] * v[0] - self.force[1] * v[1]).assemble(basis)
        for where, pull in self.pulled:
            sides = FacetBasis(mesh, basis.elem, facets=facets(mesh, where), intorder=2 * degree)
            at = np.asarray(sides.global_coordinates())
            right += LinearForm(lambda v, w: dot(w.pull, v)).assemble(sides, pull=pull(at))
        known = [basis.get_dofs(facets(mesh, where)).all([f"u^{k + 1}" for k in axes]) for where, axes in self.fixed]
        return Found(basis, eliminated(matrix, right, np.unique(np.concatenate(known)), np.zeros(basis.N)))


@dataclass(frozen=True, eq=False)
class Found:
    basis: Basis
    values: Array

    @cached_property
    def _finder(self) -> Callable:
        """By straight cells: those that are curved are so on the boundary alone."""
        mesh = self.basis.mesh
        corners = self.basis.nodal_dofs.shape[1]
        return (mesh if corners == mesh.p.shape[1] else MeshTet(mesh.p[:, :corners], mesh.t)).element_finder()

    def __call__(self, points: Array) -> Array:
        """Values at points (N, d): (N,), or (N, d) of a displacement."""
        cells = self._finder(*points.T)
        places = self._inverse(points.T[:, :, None], cells)
        dofs = self.basis.dofs.element_dofs[:, cells]
        shapes = np.stack(
            [
                np.asarray(self.basis.elem.gbasis(self.basis.mapping, places, k, tind=cells)[0])[..., 0]
                for k in range(len(dofs))
            ]
        )
        return np.einsum("k...n,kn->n...", shapes, self.values[dofs])

    def _inverse(self, x: Array, cells: Array) -> Array:
        """Newton's method for cells that are curved, out of which a point may lie by a little."""
        mapping = self.basis.mapping
        if self.basis.nodal_dofs.shape[1] == self.basis.mesh.p.shape[1]:
            return mapping.invF(x, tind=cells)
        found = np.full_like(x, 0.25)
        for _ in range(12):
            found += np.einsum("ijkl,jkl->ikl", mapping.invDF(found, cells), x - mapping.F(found, cells))
        return found

    def drawn(self, count: int, seed: int = 0) -> Array:
        """Points (count, d) of the region, evenly."""
        mesh, rng = self.basis.mesh, np.random.default_rng(seed)
        corners = mesh.p[:, mesh.t]
        areas = np.abs(np.linalg.det((corners[:, 1:] - corners[:, :1]).transpose(2, 0, 1)))
        cells = rng.choice(len(areas), count, p=areas / areas.sum())
        shares = rng.dirichlet(np.ones(len(mesh.t)), count)
        return np.einsum("dkn,nk->nd", corners[:, :, cells], shares)


def compared(found: Found, coarser: Found, count: int, order: float) -> tuple[Array, Array, Array]:
    """Points, values, and the errors that another solve on cells twice as large tells of methods of this order."""
    points = found.drawn(count)
    values = found(points)
    return points, values, (values - coarser(points)) / (2**order - 1)


def middles(mesh: MeshTri) -> Array:
    return mesh.p[:, mesh.t].mean(axis=1)


def facets(mesh: MeshTri, where: Places) -> Array:
    """The sides whose middles are there: of the boundary, and lines within."""
    return np.flatnonzero(where(mesh.p[:, mesh.facets].mean(axis=1)))


def eliminated(matrix: sparse.csr_matrix, right: Array, known: Array, found: Array) -> Array:
    """The solution of a symmetric system, with some unknowns given."""
    free = np.setdiff1d(np.arange(len(right)), known)
    inner = matrix[free][:, free].tocsc()
    factors = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    rest = (right - matrix @ found)[free]
    found = found.copy()
    found[free] = step = factors.solve(rest)
    found[free] += factors.solve(rest - inner @ step)
    return found


# -- from a mesh of gmsh


def elements_of(mesh: meshio.Mesh) -> MeshTri:
    cells = np.concatenate([block.data for block in mesh.cells if block.type == "triangle"])
    return MeshTri(np.ascontiguousarray(mesh.points.T), np.ascontiguousarray(cells.T))


def group(mesh: meshio.Mesh, name: str) -> Array:
    """The simplices (M, k, d) of a group, by their corners."""
    cells = [b.data[chosen] for b, chosen in zip(mesh.cells, mesh.cell_sets[name], strict=True) if len(chosen)]
    return mesh.points[np.concatenate(cells)]


def along(mesh: meshio.Mesh, *names: str) -> Places:
    """Are places on the lines of these groups?"""
    ends = np.concatenate([group(mesh, name) for name in names])
    start, way = ends[:, 0], ends[:, 1] - ends[:, 0]
    near = 1e-13 * np.ptp(mesh.points, axis=0).max()  # sides that were divided two dozen times are as short as 1e-9

    def on(x: Array) -> Array:
        gap = x[:, :, None] - start.T[:, None]
        share = np.clip(np.einsum("dnk,kd->nk", gap, way) / (way**2).sum(axis=1), 0, 1)
        return (np.linalg.norm(gap - way.T[:, None] * share, axis=0) < near).any(axis=1)

    return on


def within(mesh: meshio.Mesh, values: dict[str, float]) -> Places:
    """A number for each group of triangles, or of tetrahedra."""
    dim = mesh.points.shape[1]
    kind, made = (("triangle", MeshTri), ("tetra", MeshTet))[dim - 2]
    cells = np.concatenate([block.data for block in mesh.cells if block.type == kind])
    find = made(np.ascontiguousarray(mesh.points.T), np.ascontiguousarray(cells.T)).element_finder()
    number, start = np.empty(len(cells)), 0
    for k, block in enumerate(mesh.cells):
        if block.type == kind:
            for name, value in values.items():
                number[start + mesh.cell_sets[name][k]] = value
            start += len(block.data)
    return lambda x: number[find(*x.reshape(dim, -1))].reshape(x.shape[1:])
