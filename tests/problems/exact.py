"""Solutions of the problems that have no formula: by quadrature, by series, and by finite elements."""

from pathlib import Path

import gmsh
import meshio
import numpy as np
import skfem
from scipy.sparse import block_array
from skfem.helpers import ddot, div, dot, grad, mul
from skfem.models.poisson import laplace, mass, unit_load

Array = np.ndarray


def _columns(text: str) -> Array:
    return np.array(text.split(), float).reshape(-1, 2).T


CAVITY_U = _columns("""
    0.0547 -0.03717  0.0625 -0.04192  0.0703 -0.04775  0.1016 -0.06434  0.1719 -0.10150
    0.2813 -0.15662  0.4531 -0.21090  0.5000 -0.20581  0.6172 -0.13641  0.7344  0.00332
    0.8516  0.23151  0.9531  0.68717  0.9609  0.73722  0.9688  0.78871  0.9766  0.84123
""")
"""y and u in the cavity at x = 1/2, Re = 100: Ghia, Ghia and Shin, J. Comput. Phys. 48 (1982), table I."""
CAVITY_V = _columns("""
    0.0625  0.09233  0.0703  0.10091  0.0781  0.10890  0.0938  0.12317  0.1563  0.16077
    0.2266  0.17507  0.2344  0.17527  0.5000  0.05454  0.8047 -0.24533  0.8594 -0.22445
    0.9063 -0.16914  0.9453 -0.10313  0.9531 -0.08864  0.9609 -0.07391  0.9688 -0.05906
""")
"""x and v in the cavity at y = 1/2, table II."""


def burgers(x: Array, t: Array, nu: float) -> Array:
    """u(x, t) for u(x, 0) = -sin(πx), shapes (N,), to about 1e-10, by the transform of Cole (1951) and Hopf (1950).

    Both integrals over the shift η are sums over equal steps, which converge geometrically; the exponents are taken
    relative to the largest, and that lies within |η| ≤ t.
    """
    spread = np.sqrt(2 * nu * np.maximum(t, 1e-12))
    shift = np.linspace(-1, 1, 4001)[:, None] * (t + 12 * spread)
    exponent = -np.cos(np.pi * (x - shift)) / (2 * np.pi * nu) - (shift / spread) ** 2 / 2
    weight = np.exp(exponent - exponent.max(axis=0))
    return -(np.sin(np.pi * (x - shift)) * weight).sum(axis=0) / weight.sum(axis=0)


def wave(x: Array, y: Array, t: Array) -> Array:
    """u(x, y, t), shapes (N,), of the pulse between reflecting walls: 64 cosines a coordinate, to about 1e-6."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    modes = np.arange(64)

    def cosines(z: Array) -> Array:
        return np.cos(modes * np.pi * (z[:, None] + 1) / 2)

    series = np.where(modes > 0, 1, 0.5) * ((weights * np.exp(-12 * nodes**2)) @ cosines(nodes))

    frequencies = np.pi / 2 * np.hypot(modes[:, None], modes)
    amplitudes = np.outer(series, series)
    turned = amplitudes * np.cos(frequencies * t[:, None, None])
    return np.einsum("nij,ni,nj->n", turned, cosines(x), cosines(y))


def elbow() -> tuple[Array, Array]:
    """Nodes (N, 2) and values (N,) of -Δu = 1 on the L-shape, to about 1e-5: quadratic elements, graded."""
    mesh = skfem.MeshTri.init_tensor(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41))
    middle = mesh.p[:, mesh.t].mean(axis=1)
    mesh = mesh.remove_elements(np.flatnonzero((middle[0] > 0) & (middle[1] < 0)))
    coarse = mesh.p.shape[1]
    for level in range(12):
        near = np.linalg.norm(mesh.p[:, mesh.t].mean(axis=1), axis=0) < 0.2 * 2.0**-level
        mesh = mesh.refined(np.flatnonzero(near))
    basis = skfem.Basis(mesh, skfem.ElementTriP2())
    u = skfem.solve(*skfem.condense(laplace.assemble(basis), unit_load.assemble(basis), D=basis.get_dofs()))
    return mesh.p.T[:coarse], u[basis.nodal_dofs[0]][:coarse]


def cavity(reynolds: float = 100, cells: int = 48) -> tuple[Array, Array]:
    """Nodes (N, 2) and velocities (N, 2) of the problem `cavity`, to about 1e-3: Taylor and Hood's elements, Newton."""
    axis = np.linspace(0, 1, cells + 1)
    mesh = skfem.MeshTri.init_tensor(axis, axis)
    flow = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementTriP2()), intorder=5)
    pressure = skfem.Basis(mesh, skfem.ElementTriP1(), intorder=5)
    viscous = skfem.BilinearForm(lambda u, v, w: ddot(grad(u), grad(v)) / reynolds).assemble(flow)
    continuity = skfem.BilinearForm(lambda u, q, w: -div(u) * q).assemble(flow, pressure)
    advected = skfem.BilinearForm(lambda u, v, w: dot(mul(grad(u), w["at"]) + mul(grad(w["at"]), u), v))
    excess = skfem.LinearForm(lambda v, w: dot(mul(grad(w["at"]), w["at"]), v))

    z = np.zeros(flow.N + pressure.N)
    lid = flow.get_dofs(lambda p: np.isclose(p[1], 1)).all("u^1")
    z[lid] = (1 - (2 * flow.doflocs[0, lid] - 1) ** 14) ** 2
    fixed = np.append(flow.get_dofs().flatten(), flow.N)  # and the pressure at a corner
    for _ in range(7):
        at = flow.interpolate(z[: flow.N])
        matrix = block_array(
            [[viscous + advected.assemble(flow, at=at), continuity.T], [continuity, None]], format="csr"
        )
        load = np.append(excess.assemble(flow, at=at), np.zeros(pressure.N))
        z = skfem.solve(*skfem.condense(matrix, load, x=z, D=fixed))
    return mesh.p.T, z[flow.nodal_dofs].T


def pipe() -> tuple[Array, Array]:
    """Nodes (N, 2) and values (N,) of the problem `pipe`, to about 1e-6: quadratic elements on its mesh, refined."""
    file = meshio.read(MESH)
    mesh = skfem.MeshTri(file.points[:, :2].T.copy(), file.cells_dict["triangle"].T.copy())
    coarse = mesh.p.shape[1]
    mesh = mesh.refined(2)
    basis = skfem.Basis(mesh, skfem.ElementTriP2())
    outlet = skfem.FacetBasis(mesh, basis.elem, facets=mesh.facets_satisfying(lambda p: np.isclose(p[0], -0.5)))
    inlet = basis.get_dofs(lambda p: np.isclose(p[1], -0.5)).flatten()
    given = basis.zeros()
    given[inlet] = 1
    u = skfem.solve(*skfem.condense(laplace.assemble(basis) + 2 * mass.assemble(outlet), x=given, D=inlet))
    return mesh.p.T[:coarse], u[:coarse]


MESH = Path(__file__).parents[2] / "problems" / "data" / "pipe.msh"


def holes(cell: float = 0.02) -> tuple[Array, Array]:
    """Nodes (N, 2) and values (N,) of the problem `holes`, to about 1e-6: quadratic elements with curved sides."""
    mesh = skfem.MeshTri2.from_mesh(skfem.MeshTri(*_rectangle_with_discs(cell)))
    places = mesh.doflocs.copy()
    rim = mesh.dofs.get_facet_dofs(mesh.boundary_facets()).flatten()
    given = np.zeros(places.shape[1])
    for centre, radius, value in DISCS:
        away = places[:, rim] - np.array(centre)[:, None]
        on = np.hypot(*away) < 1.01 * radius
        places[:, rim[on]] = np.array(centre)[:, None] + radius * away[:, on] / np.hypot(*away[:, on])
        given[rim[on]] = value
    mesh = skfem.MeshTri2(places, mesh.t)
    basis = skfem.Basis(mesh, skfem.ElementTriP2())
    u = skfem.solve(*skfem.condense(laplace.assemble(basis) + 9 * mass.assemble(basis), x=given, D=rim))
    return places.T[: mesh.nvertices], u[: mesh.nvertices]


DISCS = (((0.8, 0.8), 0.45, 1.0), ((2.1, 1.3), 0.3, -1.0), ((2.3, 0.5), 0.15, 2.0))


def _rectangle_with_discs(cell: float) -> tuple[Array, Array]:
    """Nodes (2, N) and triangles (3, M) by gmsh."""
    gmsh.initialize()
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        shapes = gmsh.model.occ
        discs = [(2, shapes.addDisk(*centre, 0, radius, radius)) for centre, radius, _ in DISCS]
        shapes.cut([(2, shapes.addRectangle(0, 0, 0, 3, 2))], discs)
        shapes.synchronize()
        gmsh.option.setNumber("Mesh.MeshSizeMin", cell)
        gmsh.option.setNumber("Mesh.MeshSizeMax", cell)
        gmsh.model.mesh.generate(2)
        tags, places, _ = gmsh.model.mesh.getNodes()
        _, corners = gmsh.model.mesh.getElementsByType(2)
    finally:
        gmsh.finalize()
    used, cells = np.unique(corners, return_inverse=True)
    order = np.argsort(tags)
    return places.reshape(-1, 3)[order[np.searchsorted(tags[order], used)], :2].T, cells.reshape(-1, 3).T
