"""Heat by elements of degree 4 in regions of any shape; in time by the inverse Laplace transform, without steps.

The transform is inverted along the parabola of Weideman and Trefethen (2007), by a linear system a node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from elements import Disc, Rectangle, triangles
from scipy.sparse.linalg import splu
from skfem import Basis, BilinearForm, LinearForm, MeshTri
from skfem.helpers import dot, grad

from zoo.flux.weak import NONE, ONE, TRIANGLE, Found, Graded, Places, facets, middles

Array = np.ndarray
NODES = 16
"""Of the contour, which give e^(-λ t) to 5e-8 (2.85 to this power)."""


@dataclass(frozen=True, eq=False)
class Cooling(Graded):
    """c u_t = div(a grad u) + source, u = value where `fixed`, a ∂u/∂n + h u = q where `through`, from `start`.

    As `zoo.flux.weak.Weak`, but that what is `through` follows the circles, too. The second level has cells half as
    large, those of `finer` where there are circles.
    """

    mesh: MeshTri
    finer: MeshTri | None = None
    a: Places = ONE
    c: Places = ONE
    start: Places = NONE
    source: Places = NONE
    fixed: Sequence[tuple[Places, Places]] = ()
    through: Sequence[tuple[Places, float, Places]] = ()
    sharp: Sequence[Sequence[float]] = ()
    levels: int = 16
    circles: Sequence[Disc] = ()

    def basis(self, level: int) -> Basis:
        mesh, degree = self.finer if level and self.finer else self.graded.refined(level), 4
        return Basis(mesh, TRIANGLE[degree](), self.mapping(mesh, degree), intorder=2 * degree)

    def __call__(self, level: int, times: Array, places: Array) -> Array:
        """Values (K, n) at times (K,) and places (K, n, 2)."""
        basis = self.basis(level)
        mesh = basis.mesh
        x = np.asarray(basis.global_coordinates())
        a, c = (np.repeat(each(middles(mesh))[:, None], x.shape[2], axis=1) for each in (self.a, self.c))
        stiff = BilinearForm(lambda u, v, w: w.a * dot(grad(u), grad(v))).assemble(basis, a=a)
        mass = BilinearForm(lambda u, v, w: w.c * u * v).assemble(basis, c=c)
        begun = LinearForm(lambda v, w: w.c * w.f * v).assemble(basis, c=c, f=self.start(x))
        right = LinearForm(lambda v, w: w.f * v).assemble(basis, f=self.source(x))
        for where, h, q in self.through:
            matrix, load = through(basis, facets(mesh, where), q)
            stiff, right = stiff + h * matrix, right + load
        held, known = np.zeros(basis.N), [np.empty(0, int)]
        for where, value in self.fixed:
            dofs = basis.get_dofs(facets(mesh, where)).all()
            held[dofs] = value(basis.doflocs[:, dofs])
            known.append(dofs)
        free = np.setdiff1d(np.arange(basis.N), np.concatenate(known))

        def transformed(s: complex) -> Array:
            matrix = s * mass + stiff
            found = held / s
            rest = begun + right / s - matrix @ found
            found[free] += _factors(matrix[free][:, free]).solve(rest[free])
            return found

        return np.stack([
            Bent(basis, inverted(transformed, time))(there) for time, there in zip(times, places, strict=True)
        ])  # fmt: skip


class Bent(Found):
    """A solution on cells of which any may be curved."""

    def _inverse(self, x: Array, cells: Array) -> Array:
        found = np.full_like(x, 0.25)
        for _ in range(12):
            found += np.einsum(
                "ijkl,jkl->ikl", self.basis.mapping.invDF(found, cells), x - self.basis.mapping.F(found, cells)
            )
        return found


def through(basis: Basis, chosen: Array, q: Places) -> tuple[sparse.csr_matrix, Array]:
    """∫ u v and ∫ q v along sides of cells, curved as these are (the library's own integrals go along chords)."""
    mesh, cells = basis.mesh, basis.mesh.f2t[0, chosen]
    place = np.argmax(mesh.t2f[:, cells] == chosen, axis=0)
    corners = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    first, last = np.array([0, 1, 0])[place], np.array([1, 2, 2])[place]
    x, w = np.polynomial.legendre.leggauss(8)
    way = (corners[:, last] - corners[:, first])[:, :, None]
    at = corners[:, first][:, :, None] + way * (x + 1) / 2
    tangent = np.einsum("ijkl,jk->ikl", basis.mapping.DF(at, cells), way[:, :, 0])
    ds = np.linalg.norm(tangent, axis=0) * w / 2
    dofs = basis.dofs.element_dofs[:, cells]
    shapes = np.stack([
        np.asarray(basis.elem.gbasis(basis.mapping, at, k, tind=cells)[0]) for k in range(len(dofs))
    ])  # fmt: skip
    local = np.einsum("ikl,jkl,kl->ijk", shapes, shapes, ds)
    rows, columns = np.broadcast_arrays(dofs[:, None], dofs[None])
    matrix = sparse.coo_matrix((local.ravel(), (rows.ravel(), columns.ravel())), (basis.N, basis.N)).tocsr()
    load = np.bincount(
        dofs.ravel(), np.einsum("ikl,kl->ik", shapes, ds * q(basis.mapping.F(at, cells))).ravel(), basis.N
    )
    return matrix, load


def _factors(matrix):
    options = {"SymmetricMode": True}
    return splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)


def inverted(transformed: Callable[[complex], Array], time: float, nodes: int = NODES) -> Array:
    """A real function at a time, from its Laplace transform."""
    angles = np.pi * (np.arange(nodes // 2) * 2 + 1) / nodes
    total = 0.0
    for angle in angles:
        s = nodes / time * (0.1309 - 0.1194 * angle**2 + 0.2500j * angle)
        slope = nodes / time * (-0.2388 * angle + 0.2500j)
        total = total + np.exp(s * time) * transformed(s) * slope
    return (2 / (1j * nodes) * total).real


def perforated(sides: tuple[float, float], discs: Sequence[tuple[float, float, float]], size: float) -> dict:
    """The mesh of a rectangle without discs, and their circles, as `Cooling` takes them."""
    circles = tuple((*disc, 0.0) for disc in discs)
    return fitted(sides, circles, size, hollow=True)


def fitted(sides: tuple[float, float], circles: tuple[Disc, ...], size: float, hollow: bool) -> dict:
    """The same of a rectangle whose discs are left out or kept."""
    mesh, finer = (triangles(Rectangle(sides, circles, 0.0), each, hollow) for each in (size, size / 2))
    return {"mesh": mesh, "finer": finer, "circles": circles}
