"""Quadratic elements on tetrahedra, the system by conjugate gradients with the linear elements as a coarse level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gmsh
import meshio
import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import LinearOperator, cg, splu
from skfem import Basis, BilinearForm, ElementTetP2, LinearForm, MeshTet
from skfem.helpers import dot, grad
from skfem.io import from_meshio

from zoo.flux.weak import NONE, ONE, Found, Places, compared, facets, middles

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Solid:
    """-div(a grad u) = source in tetrahedra that fit all jumps of a, u = value where `fixed`.

    `mesh(k)` makes cells of half the size for each k; those with curved sides have nodes on their edges.
    """

    mesh: Callable[[int], MeshTet]
    a: Places = ONE
    source: Places = NONE
    fixed: tuple[tuple[Places, Places], ...] = ()
    order: float = 1.5
    """Of the error in L2 at least, edges and corners being what they are."""

    def sampled(self, count: int) -> tuple[Array, Array, Array]:
        """Points, values, and their errors by those on cells twice as large."""
        return compared(self.solved(2), self.solved(1), count, self.order)

    def solved(self, divided: int) -> Found:
        mesh = self.mesh(divided)
        basis = Basis(mesh, ElementTetP2(), intorder=4)
        x = np.asarray(basis.global_coordinates())
        conducted = np.repeat(self.a(middles(mesh))[:, None], x.shape[2], axis=1)
        matrix = BilinearForm(lambda u, v, w: w.a * dot(grad(u), grad(v))).assemble(basis, a=conducted).tocsr()
        right = LinearForm(lambda v, w: w.source * v).assemble(basis, source=self.source(x))
        found, known = np.zeros(basis.N), []
        for where, value in self.fixed:
            walls = np.intersect1d(facets(mesh, where), mesh.boundary_facets())
            known.append(basis.get_dofs(walls).all())
            found[known[-1]] = value(basis.doflocs[:, known[-1]])
        free = np.setdiff1d(np.arange(basis.N), np.concatenate(known))
        vertices, edges, middle = basis.nodal_dofs[0], mesh.edges, basis.edge_dofs[0]
        corners = len(vertices)
        rows = np.concatenate([vertices, middle, middle])
        columns = np.concatenate([np.arange(corners), edges[0], edges[1]])
        shares = np.concatenate([np.ones(corners), np.full(2 * len(middle), 0.5)])
        coarse = sparse.csr_matrix((shares, (rows, columns)), shape=(basis.N, corners))
        coarse = coarse[free][:, np.isin(vertices, free)]
        found[free] = iterated(matrix[free][:, free], (right - matrix @ found)[free], coarse)
        return Found(basis, found)


def iterated(matrix: sparse.csr_matrix, right: Array, coarse: sparse.csr_matrix) -> Array:
    """The solution of a positive system; `coarse` are the functions of the coarse level."""
    inner = splu(
        (coarse.T @ matrix @ coarse).tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )  # fmt: skip
    smooth = 0.5 / matrix.diagonal()

    def step(residual: Array) -> Array:
        z = smooth * residual
        z = z + smooth * (residual - matrix @ z)
        z = z + coarse @ inner.solve(coarse.T @ (residual - matrix @ z))
        z = z + smooth * (residual - matrix @ z)
        return z + smooth * (residual - matrix @ z)

    found, failed = cg(matrix, right, rtol=1e-10, maxiter=500, M=LinearOperator(matrix.shape, step, dtype=float))
    if failed:
        raise ArithmeticError("the iteration does not converge")
    return found


def tetrahedra(mesh: meshio.Mesh) -> MeshTet:
    cells = np.concatenate([block.data for block in mesh.cells if block.type == "tetra"])
    return MeshTet(np.ascontiguousarray(mesh.points.T), np.ascontiguousarray(cells.T))


def octant_between(half: float, size: float) -> MeshTet:
    """An eighth of the unit ball minus a cube of half sides `half`, its cells finer at the cube's edges, round at the
    sphere: tetrahedra with ten nodes."""
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        shapes = gmsh.model.occ
        ball, box = shapes.addSphere(0, 0, 0, 1), shapes.addBox(0, 0, 0, half, half, half)
        eighth, _ = shapes.intersect([(3, ball)], [(3, shapes.addBox(0, 0, 0, 2, 2, 2))])
        shapes.cut(eighth, [(3, box)])
        shapes.synchronize()
        edges = [
            tag for _, tag in gmsh.model.getEntities(1)
            if abs(np.sort(np.mean(np.reshape(gmsh.model.getBoundingBox(1, tag), (2, 3)), axis=0))[-2] - half) < 1e-5
        ]  # fmt: skip
        field = gmsh.model.mesh.field
        far = field.add("Distance")
        field.setNumbers(far, "CurvesList", edges)
        graded = field.add("MathEval")
        field.setString(graded, "F", f"{size} * (0.03 + 0.6 * F{far}^0.6)")
        field.setAsBackgroundMesh(graded)
        for option in ("FromCurvature", "FromPoints", "ExtendFromBoundary"):
            gmsh.option.setNumber(f"Mesh.MeshSize{option}", 0)
        gmsh.model.mesh.generate(3)
        gmsh.model.mesh.setOrder(2)
        tags, places, _ = gmsh.model.mesh.getNodes()
        cells = gmsh.model.mesh.getElementsByType(11)[1].reshape(-1, 10)
    finally:
        gmsh.finalize()
    used, numbers = np.unique(cells, return_inverse=True)
    row = np.empty(int(tags.max()) + 1, dtype=int)
    row[tags.astype(int)] = np.arange(len(tags))
    points = places.reshape(-1, 3)[row[used.astype(int)]]
    ordered = numbers.reshape(-1, 10)[:, [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]]  # meshio's order
    return from_meshio(meshio.Mesh(points, [("tetra10", ordered)]))
