"""Finite elements by scikit-fem, of degree 2 and 4, by sparse LU: on squares, and on a rectangle with discs cut out.

Round boundaries are curved as the elements' degree asks (isoparametric; the construction of Lenoir 1986), so that none
of the order is lost. gmsh makes the triangles.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import gmsh
import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu
from skfem import (
    Basis,
    BilinearForm,
    Element,
    ElementQuad2,
    ElementQuadP,
    ElementTriP4,
    LinearForm,
    MappingIsoparametric,
    MeshQuad,
    MeshTri,
    MeshTri2,
)
from skfem.helpers import dot, grad
from squares import Square

QUADRILATERAL = {2: ElementQuad2, 4: lambda: ElementQuadP(4)}
Disc = tuple[float, float, float, float]
"""Centre, radius, and the value on the circle."""


@dataclass(repr=False)
class MeshTri4(MeshTri2):
    """A mesh of triangles with sides of degree 4."""

    elem: type[Element] = ElementTriP4


TRIANGLE = {2: MeshTri2, 4: MeshTri4}


@BilinearForm
def stiffness(u, v, w):
    return w.a * dot(grad(u), grad(v)) - w.shift * u * v


@LinearForm
def load(v, w):
    return w.source * v


def eliminate(matrix: sparse.csr_matrix, right: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The solution of a system with some unknowns given."""
    free = np.setdiff1d(np.arange(len(right)), known)
    found = np.zeros(len(right), dtype=np.result_type(matrix.dtype, right.dtype))
    found[known] = values
    inner = matrix[free][:, free].tocsc()
    factors = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    found[free] = factors.solve((right - matrix @ found)[free])
    return found


def solve(problem: Square, degree: int, n: int) -> tuple[float, float]:
    """The relative L2 error on n by n quadrilaterals, and the seconds of mesh, assembly and solve."""
    start = time.perf_counter()
    line = np.linspace(0, 1, n + 1)
    mesh = MeshQuad.init_tensor(line, line)
    basis = Basis(mesh, QUADRILATERAL[degree](), intorder=2 * degree + 1)
    x, y = np.asarray(basis.global_coordinates())
    matrix = stiffness.assemble(basis, a=problem.a(x, y), shift=problem.shift)
    right = load.assemble(basis, source=problem.source(x, y))
    axes = (0,) if problem.no_flux else (0, 1)
    known = basis.get_dofs(lambda place: np.isin(place[list(axes)], (0, 1)).any(axis=0)).all()
    found = eliminate(matrix, right, known, np.zeros(len(known)))
    seconds = time.perf_counter() - start
    exact = problem.exact(x, y)
    difference = np.asarray(basis.interpolate(found)) - exact
    return float(np.sqrt(np.sum(difference**2 * basis.dx) / np.sum(exact**2 * basis.dx))), seconds


@dataclass(frozen=True)
class Rectangle:
    """-Δu - shift u = 0; u = 0 on the sides of a rectangle from the origin, and constant on discs cut out of it."""

    sides: tuple[float, float]
    discs: tuple[Disc, ...]
    shift: float

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Which of the points (N, 2) lie in the open region."""
        inner = ((points > 0) & (points < self.sides)).all(axis=1)
        for x, y, radius, _ in self.discs:
            inner &= np.hypot(*(points - (x, y)).T) > radius
        return inner


class Elements:
    """A finite-element solution; `seconds` are of mesh, assembly and solve."""

    def __init__(self, problem: Rectangle, degree: int, size: float):
        start = time.perf_counter()
        self.mesh = triangles(problem, size)
        bent = curved(TRIANGLE[degree].from_mesh(self.mesh), problem.discs)
        element = bent.elem()
        self.basis = Basis(self.mesh, element, mapping=MappingIsoparametric(bent, element), intorder=2 * degree)
        matrix = stiffness.assemble(self.basis, a=1.0, shift=problem.shift)
        places, known = bent.doflocs, self.basis.get_dofs().all()
        values = np.zeros(places.shape[1])
        for x, y, radius, value in problem.discs:
            values[np.hypot(places[0] - x, places[1] - y) < radius * (1 + 1e-9)] = value
        self.found = eliminate(matrix, np.zeros(len(values)), known, values[known])
        self.seconds = time.perf_counter() - start

    @cached_property
    def _finder(self):
        return self.mesh.element_finder()

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Values at points (N, 2) of the region: the chords of holes leave all of it in the straight triangles."""
        cells = self._finder(*points.T)
        places = self.basis.mapping.invF(points.T[:, :, None], tind=cells)
        dofs = self.basis.dofs.element_dofs[:, cells]
        shapes = np.stack(
            [self.basis.elem.gbasis(self.basis.mapping, places, k, tind=cells)[0] for k in range(len(dofs))]
        )
        return np.sum(self.found[dofs] * shapes[..., 0], axis=0)


def triangles(problem: Rectangle, size: float, hollow: bool = True) -> MeshTri:
    """Triangles whose sides fit the discs, which are left out or (not `hollow`) kept."""
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        shapes = gmsh.model.occ
        rectangle = shapes.addRectangle(0, 0, 0, *problem.sides)
        discs = [(2, shapes.addDisk(x, y, 0, radius, radius)) for x, y, radius, _ in problem.discs]
        (shapes.cut if hollow else shapes.fragment)([(2, rectangle)], discs)
        shapes.synchronize()
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        # as many triangles round a small disc as round a large one, whose sides are of the size asked for
        largest = max(radius for _, _, radius, _ in problem.discs)
        gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", np.ceil(2 * np.pi * largest / size))
        gmsh.model.mesh.generate(2)
        tags, places, _ = gmsh.model.mesh.getNodes()
        corners = gmsh.model.mesh.getElementsByType(2)[1].reshape(-1, 3)
    finally:
        gmsh.finalize()
    used, numbers = np.unique(corners, return_inverse=True)
    row = np.empty(int(tags.max()) + 1, dtype=int)
    row[tags.astype(int)] = np.arange(len(tags))
    points = places.reshape(-1, 3)[row[used.astype(int)], :2]
    return MeshTri(np.ascontiguousarray(points.T), np.ascontiguousarray(numbers.reshape(-1, 3).T))


def curved(mesh: MeshTri2, discs: tuple[Disc, ...]) -> MeshTri2:
    """A mesh of higher degree, its nodes near circles moved so that each edge on a circle follows it."""
    element, nodes, dofs = mesh.elem, mesh.doflocs.copy(), mesh.dofs.element_dofs
    barycentric = np.column_stack([1 - element.doflocs.sum(axis=1), element.doflocs])
    corners = mesh.doflocs[:, mesh.t]  # (2, 3, cells)
    for x, y, radius, _ in discs:
        spokes = corners - np.array([x, y])[:, None, None]
        on = np.abs(np.hypot(*spokes) - radius) < 1e-9
        for one, other in ((0, 1), (1, 2), (2, 0)):
            cells = np.flatnonzero(on[one] & on[other])
            share = barycentric[:, one] + barycentric[:, other]
            along = barycentric[:, other] / np.where(share > 0, share, 1)
            parts = [
                _sagitta(spokes[:, one, cells], spokes[:, other, cells], along, k) for k in range(1, element.maxdeg + 1)
            ]
            for degree, (coarse, fine) in enumerate(pairwise(parts), start=2):
                nodes[:, dofs[:, cells].T] += (fine - coarse) * share**degree
    return replace(mesh, doflocs=nodes)


def _sagitta(start: np.ndarray, end: np.ndarray, along: np.ndarray, degree: int) -> np.ndarray:
    """From chords to arcs (2, cells, places) at places along them, by the polynomial through degree + 1 points of each.

    `start` and `end` (2, cells) are the ends of the arcs, from their centre.
    """
    knots = np.linspace(0, 1, degree + 1)
    angle = np.arctan2(start[0] * end[1] - start[1] * end[0], (start * end).sum(axis=0))
    turned = np.arctan2(start[1], start[0])[:, None] + angle[:, None] * knots
    arc = np.hypot(*start)[:, None] * np.stack([np.cos(turned), np.sin(turned)])
    chord = start[..., None] * (1 - knots) + end[..., None] * knots
    return (arc - chord) @ np.linalg.solve(np.vander(knots).T, np.vander(along, degree + 1).T)
