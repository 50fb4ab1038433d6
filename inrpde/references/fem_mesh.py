"""Meshes for finite elements: a first one, finer ones, and cells that follow circles.

Mesh regions keep their cells, divided; boxes, balls and their combinations are meshed by gmsh where it is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import combinations
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from sympy import Expr

from inrpde.declaration.regions import Mesh
from inrpde.declaration.regions.where import Where
from inrpde.references.cut_cells import whole
from inrpde.references.equations import Equations
from inrpde.references.fem_gmsh import ROUND, Cut, Sphere, balls, check_primitives, cut, generated
from inrpde.references.reference import Refusal, Unsupported
from inrpde.references.terms import switches

Array = np.ndarray
CLOSE = 1e-6
"""How near to where materials meet data may be narrow, in sizes of the region, as where two such lines cross."""
MOST_CELLS = {2: 300_000, 3: 400_000}
"""Of the finest mesh."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """The regions that a mesh covers together, and where materials meet in them."""

    regions: tuple[Any, ...]
    cuts: tuple[Cut, ...] = ()

    @property
    def dim(self) -> int:
        return len(self.regions[0].coords)

    @property
    def own(self) -> bool:
        """Do the regions have a mesh of their own?"""
        return isinstance(self.regions[0], Mesh)

    @cached_property
    def spheres(self) -> list[Sphere]:
        """Those that curved facets may lie on."""
        found = [ball for region in self.regions for ball in ([] if self.own else balls(region))]
        return [*found, *(each for each in self.cuts if isinstance(each, Sphere))]

    def follows(self, point: Sequence[float]) -> bool:
        """Does a point lie where materials meet, on sides of cells?"""
        x, size = np.array(point), self.regions[0].size
        gaps = [
            np.linalg.norm(x - each.centre) - each.radius if isinstance(each, Sphere) else x @ each.normal - each.offset
            for each in self.cuts
        ]
        return any(abs(gap) <= CLOSE * size for gap in gaps)

    def straight(self, points: Array) -> Array:
        """Which points (N, d) lie on a boundary: middles of facets that need no curving."""
        return np.any([region.boundary.contains(points) for region in self.regions], axis=0)


def geometry(equations: Equations, *data: Expr) -> Geometry:
    """The regions, with sides of cells where equations, or further `data`, switch. Raises Unsupported for regions of
    which there is no mesh, nor a generator at hand."""
    regions: tuple[Any, ...] = tuple(dict.fromkeys(whole(e.region) for e in equations.volume))
    dim = len(regions[0].coords)
    if dim not in MOST_CELLS:
        raise Unsupported(f"finite elements in {dim} dimensions")
    if all(isinstance(region, Mesh) for region in regions):
        if any(region.volume is None for region in regions):
            raise Unsupported("a closed surface has no cells inside")
        if any(region.nodes is not regions[0].nodes for region in regions):
            raise Unsupported("the equations hold on several meshes")
        if len(_cells(regions)) * 4**dim > MOST_CELLS[dim]:
            raise Unsupported("the mesh has too many cells to be refined twice", Refusal.TOO_DEAR)
        return Geometry(regions)
    for region in regions:
        check_primitives(region)
    if find_spec("gmsh") is None:
        raise Unsupported("gmsh, which would mesh the region, is not installed")
    parts = {e.region.relation for e in equations.volume if isinstance(e.region, Where)}
    jumps = {each for expr in (*(e.expr for e in equations.volume), *parts, *data) for each in switches(expr)}
    found = [cut(each, equations.space.spatial) for each in sorted(jumps, key=str)]
    return Geometry(regions, tuple(dict.fromkeys(each for each in found if each is not None)))


def _cells(regions: Sequence[Any]) -> Array:
    """The simplices (M, d + 1) of the parts of one mesh."""
    return np.unique(np.concatenate([region.cells for region in regions]), axis=0)


def first(shape: Geometry, size: float, around: int | None = None) -> Any:
    """The coarsest mesh of straight cells: the regions' own, or one with cells of about `size`, and so many at least
    `around` a circle."""
    from skfem import MeshTet, MeshTri

    kind = MeshTri if shape.dim == 2 else MeshTet
    if shape.own:
        simplices = _cells(shape.regions)
        used, cells = np.unique(simplices, return_inverse=True)
        nodes = shape.regions[0].nodes[used].T
        return kind(np.ascontiguousarray(nodes), np.ascontiguousarray(cells.reshape(simplices.shape).T))
    points, cells = generated(shape.regions, shape.cuts, size, around or ROUND[shape.dim])
    return kind(np.ascontiguousarray(points.T), np.ascontiguousarray(cells.T))


def finer(shape: Geometry, mesh: Any, marked: Array | None = None) -> Any:
    """A mesh of straight cells with the `marked` of them divided, or all; new vertices lie on circles and spheres."""
    refined = mesh.refined() if marked is None else mesh.refined(marked)
    points = refined.p.copy()
    for sphere, arcs in _arcs(shape, mesh):
        if len(arcs):
            middles = mesh.p[:, arcs].mean(axis=2)
            gap, new = cKDTree(refined.p[:, mesh.nvertices :].T).query(middles.T)
            new = new[gap < 1e-9 * sphere.radius] + mesh.nvertices
            points[:, new] = _projected(sphere, points[:, new])
    return type(refined)(points, refined.t)


def curved(shape: Geometry, mesh: Any, matched: bool = False) -> Any:
    """The mesh with quadratic sides on circles or spheres; in the plane their middles lie on these, or cells are
    `matched` in area."""
    from skfem import MeshTet2, MeshTri2

    found = [(sphere, arcs) for sphere, arcs in _arcs(shape, mesh) if len(arcs)]
    if not found:
        return mesh
    bent = (MeshTri2 if shape.dim == 2 else MeshTet2).from_mesh(mesh)
    places = bent.doflocs.copy()
    edges, numbers = (mesh.facets, bent.dofs.facet_dofs) if shape.dim == 2 else (mesh.edges, bent.dofs.edge_dofs)
    for sphere, arcs in found:
        here = numbers[0, _rows(edges.T, arcs)]
        middles = _projected(sphere, places[:, here])
        if matched and shape.dim == 2:
            centre = np.array(sphere.centre)[:, None]
            middles = centre + _bulge(mesh.p[:, arcs], sphere.radius) * (middles - centre)
        places[:, here] = middles
    return type(bent)(places, bent.t)


def _bulge(chords: Array, radius: float) -> Array:
    """How far from a circle's centre, in radii, the middles of parabolas lie that cut off as much as the arcs over
    chords (2, K, 2) do: what is left of the circle's error is a wave, which is not felt away from it."""
    half = np.linalg.norm(chords[:, :, 1] - chords[:, :, 0], axis=0) / (2 * radius)
    angle = np.arcsin(half)
    height = 0.75 * (angle - half * np.cos(angle)) / half
    return np.cos(angle) + height


def _rows(edges: Array, wanted: Array) -> Array:
    """Which of the edges (E, 2) are those wanted (K, 2), both with their ends in order."""
    most = int(edges.max()) + 1
    keys = edges[:, 0].astype(np.int64) * most + edges[:, 1]
    order = np.argsort(keys)
    found: Array = order[np.searchsorted(keys[order], wanted[:, 0].astype(np.int64) * most + wanted[:, 1])]
    return found


def _projected(sphere: Sphere, points: Array) -> Array:
    centre = np.array(sphere.centre)[:, None]
    away = points - centre
    return centre + sphere.radius * away / np.linalg.norm(away, axis=0)


def _arcs(shape: Geometry, mesh: Any) -> list[tuple[Sphere, Array]]:
    """For each circle or sphere the edges (K, 2) of facets that have it for their side, and are no chords."""
    found = []
    for sphere in shape.spheres:
        centre = np.array(sphere.centre)[:, None]
        away = np.linalg.norm(mesh.p - centre, axis=0) / sphere.radius - 1
        on = np.abs(away) <= 1e-9
        facets = np.flatnonzero(np.all(on[mesh.facets], axis=0))
        inside = np.max(away[mesh.t], axis=0) <= 1e-9
        one, other = mesh.f2t[:, facets]
        edge = other < 0
        bent = np.where(edge, False, inside[one] != inside[other])
        if np.any(edge):
            bent[edge] = ~shape.straight(mesh.p[:, mesh.facets[:, facets[edge]]].mean(axis=1).T)
        corners = np.sort(mesh.facets[:, facets[bent]], axis=0).T
        pairs = [corners[:, [a, b]] for a, b in combinations(range(shape.dim), 2)]
        found.append((sphere, np.unique(np.concatenate(pairs), axis=0)))
    return found
