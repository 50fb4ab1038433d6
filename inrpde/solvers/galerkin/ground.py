"""The cells to begin with: between materials, and small where data are narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.flux import FluxForm
from inrpde.compiler.materials import Materials, materials
from inrpde.declaration.regions import Mesh
from inrpde.discretise.weak.vertices import Vertex, rounds, vertices
from inrpde.resolution import Place
from inrpde.sampling import grid_points
from inrpde.sampling.cells import quadtree, simplices
from inrpde.sampling.cells.tessellation import Divided

Array = np.ndarray
ACROSS = {1: 8, 2: 8, 3: 4}
"""Cells along the longest side of a region to begin with, by dimension; chosen."""
WIDE = 3.0
"""A cell's longest side beside the width of narrow data that it holds, at most: rules and bases of low degree see a
Gaussian of that width to some digits; chosen."""
STEP, LEAST = 1e-4, 1e-7
"""Data that vary on so small a share of the region where cells end jump there, and elsewhere on the second; chosen."""
PROBES = 7
"""Points a coordinate round a box at which it is asked whether a curve passes; chosen."""
MOST = 20_000
"""Cells at most before a solution is known; chosen."""
ROUNDS = 4
"""Divisions of cells that touch two singular points, at most; chosen."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What the equations stand on: the cells, the functions (N, d) → (N,) whose signs tell those apart that curves
    divide, in words the narrow data that cells do not follow, and the points where the solution is singular."""

    divided: Divided
    walls: tuple[Callable[[Array], Array], ...] = ()
    missed: tuple[str, ...] = ()
    vertices: tuple[Vertex, ...] = ()

    @property
    def cells(self) -> int:
        return int(self.divided.cover.cell.max()) + 1

    def refined(self, marks: Array) -> Ground:
        """With the marked cells, bool (C,), divided."""
        return replace(self, divided=self.divided.refined(marks))


def ground(flux: FluxForm, places: Sequence[Place]) -> Ground:
    """The cells to begin with, small at the narrow places of data. Raises ProblemError for walls that cannot be
    followed."""
    found = materials(flux)
    meshes = [part for part in found.parts if isinstance(part, Mesh)]
    lo = np.min([part.bounds[0] for part in found.parts], axis=0)
    hi = np.max([part.bounds[1] for part in found.parts], axis=0)
    extent = float(np.max(hi - lo))
    if meshes:
        begun = Ground(simplices.divide(meshes), found.walls)
    else:
        begun = Ground(quadtree.divide(found.parts, found.breaks, extent / ACROSS[len(lo)]), found.walls)
    for place in places:
        if place.mesh is not None and _ends_at(place, place.mesh, meshes, found):
            continue  # data are constant there, and cells end where they begin
        begun = _followed(begun, place, found, extent)
    return begun


def singular(flux: FluxForm, begun: Ground) -> Ground:
    """With the points of the plane where the solution is singular, and cells so small that each has its own."""
    found = vertices(flux, begun.divided)
    for _ in range(ROUNDS):
        tessellation, cover = begun.divided.tessellation(1), begun.divided.cover
        large = [
            rounds([each for each in found if each.unknown == unknown], cover, tessellation).large
            for unknown in {each.unknown for each in found}
        ]
        marks = np.zeros(begun.cells, bool)
        marks[np.concatenate([np.empty(0, int), *large])] = True
        if not marks.any() or begun.cells + 3 * marks.sum() > MOST:
            break
        begun = begun.refined(marks)
    return replace(begun, vertices=found)


def _ends_at(place: Place, mesh: Mesh, meshes: Sequence[Mesh], found: Materials) -> bool:
    """Do cells end where a place of data on a mesh's cells does?"""
    if meshes:
        return all(each.whole is mesh.whole for each in meshes)
    slack = 1e-8 * mesh.size
    boxes = np.array(place.boxes)
    for k in np.flatnonzero(np.isfinite(place.widths)):
        ends = np.array([*found.breaks[k], *(float(end[k]) for part in found.parts for end in part.bounds)])
        if np.any(np.min(np.abs(boxes[:, :, k, None] - ends), axis=2) > slack):
            return False
    return True


def _followed(begun: Ground, place: Place, found: Materials, extent: float) -> Ground:
    """With cells that are small where data are narrow; what jumps must lie between them."""
    boxes = np.array(place.boxes)
    if place.width < STEP * extent:
        boxes = boxes[~_between(boxes, np.isfinite(place.widths), found)]
    if not len(boxes):
        return begun
    if place.width < LEAST * extent:
        return replace(begun, missed=(*begun.missed, f"{place.text}: no cell ends there"))
    while True:
        cover = begun.divided.cover
        reach = np.abs(cover.axes).sum(axis=2)
        lo, hi = cover.origin - reach, cover.origin + reach
        large = np.flatnonzero(np.max(hi - lo, axis=1) > WIDE * place.width)
        meets = np.any(np.all((lo[large, None] < boxes[:, 1]) & (hi[large, None] > boxes[:, 0]), axis=2), axis=1)
        marks = np.zeros(begun.cells, bool)
        marks[cover.cell[large[meets]]] = True
        if not marks.any():
            return begun
        if begun.cells + 3 * marks.sum() > MOST:
            return replace(begun, missed=(*begun.missed, f"{place.text}: more than {MOST} cells would follow that"))
        begun = begun.refined(marks)


def _between(boxes: Array, narrow: Array, found: Materials) -> Array:
    """In which boxes (M, 2, d) do cells end, (M,), along the coordinates, bool (d,), in which they are narrow? Where a
    wall bends, it may turn round between two points of a long box: as near to one as the next it is met."""
    met = np.zeros(len(boxes), bool)
    for k in np.flatnonzero(narrow):
        for value in (*found.breaks[k], *(float(end[k]) for part in found.parts for end in part.bounds)):
            met |= (boxes[:, 0, k] <= value) & (boxes[:, 1, k] >= value)
    size = boxes[:, 1] - boxes[:, 0]
    shares = grid_points([np.linspace(-1, 2, PROBES)] * boxes.shape[2])  # a box that ends at a jump may lie beside it
    for wall in found.walls:
        ends = np.array([wall(boxes[:, 0] + share * size) for share in shares])
        met |= np.min(np.abs(ends), axis=0) <= np.ptp(ends, axis=0) / (PROBES - 1)
        met |= (np.min(ends, axis=0) <= 0) & (np.max(ends, axis=0) >= 0)
    return met
