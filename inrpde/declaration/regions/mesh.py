"""Regions by a mesh: `Mesh(space, "part.msh")`, its boundary, and the groups that the mesh names."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from inrpde.declaration.regions.chart import Array, Chart, Piece, box_chart
from inrpde.declaration.regions.flaw import Flaw
from inrpde.declaration.regions.mesh_cells import Cells, facet_table, sound_cells
from inrpde.declaration.regions.mesh_file import MeshData, read_mesh
from inrpde.declaration.regions.mesh_search import FacetSearch
from inrpde.declaration.regions.mesh_surface import Surface
from inrpde.declaration.regions.region import Region, Solid
from inrpde.declaration.regions.simplices import Simplices, along_curve, chained
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError


class Mesh(Solid):
    """The region that a mesh covers, or that a closed surface mesh (STL) encloses, in the spatial coordinates.

    `source` is a file that meshio reads (gmsh 2.2 and 4.1, VTK, STL, Abaqus, MED, …), relative to the problem file, or
    a `meshio.Mesh`. `tags` names an array of whole numbers on its cells (of a VTK file: "region_id") that
    `mesh.tagged(number)` goes by, beside the groups that the format has.

    Cells are divided into simplices, quadratic ones at the nodes on their edges; those of no volume and inverted ones
    are left out. `flaws` say what is lost. `nodes` (N, d) and `cells` (M, d + 1) hold what is left. Raises ProblemError
    for a file that is missing, unreadable or of another dimension.
    """

    def __init__(self, space: Space, source: Any, tags: str | None = None):
        self._set(space, read_mesh(source, [str(x) for x in space.spatial], tags), ())

    def _set(self, space: Space, data: MeshData, parents: tuple[Region, ...]) -> None:
        super().__init__(space, space.spatial, parents)
        self.data = data
        self._flaws = data.flaws
        dim = len(self.coords)
        place = f'Mesh(space, "{data.name}")'
        self.volume: Cells | None = None
        self.surface: Surface | None = None
        if dim in data.cells:
            sound, flaws = sound_cells(data.points, data.cells[dim])
            if not sound.any():
                raise ProblemError("no cell of the mesh has a volume", place, "write the mesh anew")
            self._kept = np.flatnonzero(sound)
            self._flaws += tuple(Flaw(f"{data.name}: {flaw.text}", flaw.error) for flaw in flaws)
            self.volume = Cells(data.points, data.cells[dim][sound])
        else:
            self.surface = Surface(data.points, data.cells[dim - 1], place)

    @property
    def label(self) -> str:
        return self.data.name

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        return self._flaws

    @property
    def bounds(self) -> tuple[Array, Array]:
        inside = self.surface or self._volume()
        return inside.lo, inside.hi

    # -- the region

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        if surface := self.surface:
            return (Piece(box_chart(surface.lo, surface.hi), (lambda points, normals: surface.inside(points),)),)
        volume = self._volume()
        cells = Simplices(volume.vertices[volume.order])
        return (Piece(Chart(len(self.coords), cells.measure, cells.at, self._contains)),)

    def side(self, points: Array, tol: float) -> Array:
        sides = np.zeros(len(points), np.int8)
        off = ~self._facets.on(points, tol)[0] if tol > 0 else np.ones(len(points), bool)
        if off.any():
            sides[off] = np.where(self._holds(points[off]), 1, -1)
        return sides

    def _holds(self, points: Array) -> Array:
        if self.surface:
            return self.surface.inside(points)
        return self._volume().locate(points, 1e-3 * self.tolerance)[0] >= 0

    @cached_property
    def _wall(self) -> tuple[Array, Array]:
        """The boundary facets' vertices (F, d, d) and outward normals (F, d), neighbours one after the other."""
        if self.surface:
            facets, normals, vertices = self.surface.facets, self.surface.normals, self.surface.vertices
        else:
            volume = self._volume()
            facets, opposite = volume.facets
            normals, vertices = volume.outward(facets, opposite), volume.points[facets]
        order, vertices = _in_order(facets, vertices)
        return vertices, normals[order]

    @cached_property
    def _facets(self) -> FacetSearch:
        return FacetSearch(self._wall[0])

    @cached_property
    def walls(self) -> tuple[Chart, ...]:
        vertices, normals = self._wall
        if len(self.coords) == 1:
            return tuple(
                _facet_chart(vertices[k : k + 1], normals[k : k + 1], self.tolerance) for k in range(len(vertices))
            )
        return (_facet_chart(vertices, normals, self.tolerance, self._facets),)

    # -- groups

    def tagged(self, name: str | int, dim: int | None = None) -> Region:
        """The part that the mesh names (a physical group): of the interior, of the boundary, or nodes.

        A group without a name is called by its number. Where several dimensions have the name, `dim` picks one; else it
        is the highest: a set of nodes is the boundary's facets between these nodes, with `dim=0` the nodes alone.
        Raises ProblemError, listing the groups there are, for one that is not there.
        """
        group = self.data.groups.get(str(name), {})
        dims = [k for k in sorted(group, reverse=True) if dim in (None, k) and len(group[k])]
        if not dims:
            there = ", ".join(f"'{each}'" for each in self.data.groups) or "none: save the mesh with physical groups"
            if arrays := ", ".join(f'tags="{each}"' for each in self.data.arrays):
                there += f"; numbers on cells are groups by Mesh(…, {arrays})"
            raise ProblemError(
                f"{self.label} has no group '{name}'" + ("" if dim is None else f" of dimension {dim}"),
                f'mesh.tagged("{name}")', f"the groups are {there}",
            )  # fmt: skip
        if dims[0] == len(self.coords):
            return SubMesh(self, str(name), group[dims[0]])
        return Tagged(self, str(name), dims[0], group[dims[0]])

    # -- fields

    @property
    def nodes(self) -> Array:
        return self.data.points

    @property
    def cells(self) -> Array:
        """The cells as simplices (M, d + 1) of node numbers."""
        return self._volume().cells

    def locate(self, points: Array) -> Array:
        """The number (N,) of the cell in `cells` that holds each point (N, d), -1 outside."""
        return self._volume().locate(np.asarray(points, float), self.tolerance)[0]

    def on(self, values: Array, on: str | None = None) -> str:
        """Whether values (n,) or (n, k) lie on the "nodes" or the "cells" of the file; `on` says so where n fits both.

        Raises ProblemError for values that fit neither, or not what `on` says.
        """
        self._volume()
        counts = {"nodes": len(self.nodes), "cells": self.data.counts[len(self.coords)]}
        if on not in (None, *counts):
            raise ProblemError(
                f"on={on!r} is neither nodes nor cells", f"values on {self.label}", 'on="nodes" or "cells"'
            )
        size = len(values) if np.ndim(values) else 1
        fitting = [each for each, count in counts.items() if count == size and on in (None, each)]
        if len(fitting) == 1:
            return fitting[0]
        given = f"{size} values" + (f' on="{on}"' if on else "")
        raise ProblemError(
            f"{given} for {counts['nodes']} nodes and {counts['cells']} cells", f"values on {self.label}",
            'say which: MeshField(mesh, values, on="nodes"), or on="cells"' if fitting
            else "give one value a node, or one a cell, in the file's order",
        )  # fmt: skip

    def by_simplex(self, values: Array) -> Array:
        """Values of the file's cells (n, …) for each simplex in `cells` (M, …)."""
        return values[self.data.sources[len(self.coords)][self._kept]]

    def interpolate(self, values: Array, points: Array, on: str | None = None) -> Array:
        """Values (n,) or (n, k) on nodes (linear in each simplex) or on the file's cells (constant) at points (N, d).

        Further coordinates of the points (a time) are ignored. Within a hundredth of the mesh's size of it the nearest
        cell's values are continued, beyond that they are NaN. Raises ProblemError as `on` does.
        """
        values, points = np.asarray(values), np.asarray(points, float)[:, : len(self.coords)]
        volume = self._volume()
        on = self.on(values, on)
        cell, barycentric = volume.locate(points, self.tolerance)
        outside = np.flatnonzero(cell < 0)
        if len(outside):
            cell[outside], barycentric[outside] = self._nearest(points[outside])
        found = cell >= 0
        if on == "nodes":
            inner = np.einsum("nk,nk...->n...", barycentric[found], values[volume.cells[cell[found]]])
        else:
            inner = self.by_simplex(values)[cell[found]]
        result = np.full((len(points), *values.shape[1:]), np.nan, np.result_type(values, float))
        result[found] = inner
        return result

    def _nearest(self, points: Array) -> tuple[Array, Array]:
        """The cell nearest to each point outside, and the barycentric coordinates that continue it."""
        reach = 1e-2 * self.size
        hit, facet = self._facets.on(points, reach)
        vertices, normals = self._wall
        cell, barycentric = np.full(len(points), -1), np.zeros((len(points), len(self.coords) + 1))
        if hit.any():
            middle = vertices[facet[hit]].mean(axis=1) - 1e-6 * self.size * normals[facet[hit]]
            cell[hit], _ = self._volume().locate(middle, self.tolerance)
            barycentric[hit] = self._volume().barycentric(cell[hit], points[hit])
        return cell, barycentric

    def _volume(self) -> Cells:
        if self.volume is None:
            raise ProblemError("the mesh is a surface and has no cells inside", self.label, "mesh its volume")
        return self.volume


class SubMesh(Mesh):
    """The cells of a mesh that bear a name."""

    def __init__(self, mesh: Mesh, name: str, members: Array):
        data, dim = mesh.data, len(mesh.coords)
        self.group = name
        self._set(
            mesh.space,
            replace(
                data,
                name=f"'{name}' of {mesh.label}",
                cells={**data.cells, dim: data.cells[dim][members]},
                sources={**data.sources, dim: data.sources[dim][members]},
                groups={},
                flaws=mesh.flaws,
            ),
            (mesh,),
        )

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f'{parents[0]}.tagged("{self.group}")'


class Tagged(Region):
    """The facets, edges or nodes of a mesh that bear a name; facets have normals, outward on the boundary."""

    def __init__(self, mesh: Mesh, name: str, dim: int, members: Array):
        super().__init__(mesh.space, mesh.coords, dim, (mesh,))
        self.mesh, self.group, self.members = mesh, name, members
        self.simplices = mesh.data.cells[dim][members]

    @property
    def label(self) -> str:
        return f"'{self.group}' of {self.mesh.label}"

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f'{parents[0]}.tagged("{self.group}")'

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        used = self.mesh.nodes[np.unique(self.simplices)]
        return used.min(axis=0), used.max(axis=0)

    @property
    def size(self) -> float:
        return self.mesh.size

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        order, vertices = self._ordered
        normals = self._normals()[order] if self.dim == len(self.coords) - 1 else None
        return (Piece(_facet_chart(vertices, normals, self.tolerance, self._search)),)

    @cached_property
    def _ordered(self) -> tuple[Array, Array]:
        return _in_order(self.simplices, self.mesh.nodes[self.simplices])

    @cached_property
    def _search(self) -> FacetSearch:
        return FacetSearch(self._ordered[1])

    def _normals(self) -> Array:
        """Outward on the boundary; inside the mesh away from the lower-numbered cell."""
        if self.mesh.surface:
            return self.mesh.surface.normals[self.members]
        facets, _, opposite = facet_table(self.mesh.cells)
        own = np.sort(self.simplices, axis=1)
        both = np.concatenate([own, facets])
        _, number = np.unique(both, axis=0, return_inverse=True)
        number = number.ravel()
        first = np.full(number.max() + 1, -1)
        first[number[len(own) :][::-1]] = np.arange(len(facets))[::-1]
        match = first[number[: len(own)]]
        if np.any(match < 0):
            raise ProblemError(
                f"{np.count_nonzero(match < 0)} facets of '{self.group}' belong to no cell", self.label,
                "write the mesh so that the boundary's facets are facets of its cells",
            )  # fmt: skip
        return Cells(self.mesh.nodes, self.mesh.cells).outward(own, opposite[match])

    def _contains(self, points: Array, tol: float) -> Array:
        return self._search.on(points, tol)[0]


def _in_order(simplices: Array, vertices: Array) -> tuple[Array, Array]:
    """An order (M,) that puts neighbours one after the other, and the vertices in it; segments end to end."""
    if simplices.shape[1] == 2:
        order, turned = chained(simplices)
        vertices = vertices[order]
        vertices[turned] = vertices[turned][:, ::-1]
        return order, vertices
    order = along_curve(vertices.mean(axis=1))
    return order, vertices[order]


def _facet_chart(vertices: Array, normals: Array | None, tol: float, search: FacetSearch | None = None) -> Chart:
    search = search or FacetSearch(vertices)
    dim = vertices.shape[1] - 1
    if dim == 0:
        at, measure, breaks = (lambda unit: vertices[:, 0]), 1.0, np.empty(0)
    else:
        simplices = Simplices(vertices)
        at, measure = simplices.at, simplices.measure
        breaks = simplices.breaks if dim == 1 else np.empty(0)

    def normals_at(points: Array) -> Array:
        return normals[search.nearest(points, tol)]  # type: ignore[index]

    return Chart(
        dim,
        measure,
        at,
        lambda points, near: search.on(points, near)[0],
        normals_at if normals is not None else None,
        breaks=breaks,
    )
