"""Regions by a mesh: `Mesh(space, "part.msh")`, its boundary, and the groups that the mesh names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from inrpde.declaration.regions.chart import Array, Chart, Piece, box_chart
from inrpde.declaration.regions.combine import WORDS
from inrpde.declaration.regions.flaw import Flaw
from inrpde.declaration.regions.mesh_cells import Triangulation, facet_table, sound_cells
from inrpde.declaration.regions.mesh_facets import oriented, sheets
from inrpde.declaration.regions.mesh_file import MeshData, read_mesh
from inrpde.declaration.regions.mesh_search import FacetSearch
from inrpde.declaration.regions.mesh_surface import Surface
from inrpde.declaration.regions.region import Region, Solid, bracketed
from inrpde.declaration.regions.simplices import Simplices, along_curve, chained, facet_normals, measures
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError

Phrase = Callable[[tuple[str, ...]], str]
"""How a region is written in a problem file, given how its parents are."""
Sheet = tuple[Array, Array, bool]
"""Facets' vertices (F, d, d) and normals (F, d), and whether they are faces of a crack."""


class Mesh(Solid):
    """The region that a mesh covers, or that a closed surface mesh (STL) encloses, in the spatial coordinates.

    `source` is a file that meshio reads (gmsh 2.2 and 4.1, VTK, STL, Abaqus, MED, …), relative to the problem file, or
    a `meshio.Mesh`. `tags` names an array of whole numbers on its cells (of a VTK file: "region_id") that
    `mesh.tagged(number)` goes by, beside the groups that the format has.

    Cells are divided into simplices, quadratic ones at the nodes on their edges; those of no volume and inverted ones
    are left out. `flaws` say what is lost. `nodes` (N, d) and `cells` (M, d + 1) hold what is left. Nodes are not
    merged: where facets lie on one another and have nodes of their own there is a crack, and both of its faces are
    boundary. Raises ProblemError for a file that is missing, unreadable or of another dimension.
    """

    def __init__(self, space: Space, source: Any, tags: str | None = None):
        self._set(space, read_mesh(source, [str(x) for x in space.spatial], tags), ())
        self.whole: Mesh = self
        self.members = np.arange(len(self.data.cells.get(len(self.coords), ())))

    @classmethod
    def of(cls, space: Space, nodes: ArrayLike, cells: Mapping[str, ArrayLike]) -> Mesh:
        """The mesh of nodes (N, d) and cells (M, k) of node numbers, by their kind ("triangle", "tetra", …)."""
        import meshio

        return cls(space, meshio.Mesh(nodes, list(cells.items())))

    def _set(self, space: Space, data: MeshData, parents: tuple[Region, ...]) -> None:
        super().__init__(space, space.spatial, parents)
        self.data = data
        self._flaws = data.flaws
        dim = len(self.coords)
        place = f'Mesh(space, "{data.name}")'
        self.volume: Triangulation | None = None
        self.surface: Surface | None = None
        if dim in data.cells:
            sound, flaws = sound_cells(data.points, data.cells[dim])
            if not sound.any():
                raise ProblemError("no cell of the mesh has a volume", place, "write the mesh anew")
            self._kept = np.flatnonzero(sound)
            self._flaws += tuple(Flaw(f"{data.name}: {flaw.text}", flaw.error) for flaw in flaws)
            self.volume = Triangulation(data.points, data.cells[dim][sound])
        else:
            self.surface = Surface(data.points, data.cells[dim - 1], place)

    @property
    def label(self) -> str:
        return self.data.name

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        cracked = self.volume.facets[2] if self.volume and not self.parents else np.empty(0, bool)
        if not cracked.any():
            return self._flaws
        length = float(np.sum(measures(self.nodes[self._volume().facets[0][cracked]]))) / 2
        where = {1: "at a point", 2: f"along {length:.4g}", 3: f"over an area of {length:.4g}"}[len(self.coords)]
        note = f"{self.label} is cracked {where}: nodes are doubled there, and both faces are boundary"
        return (*self._flaws, Flaw(note))

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

    @property
    def tiles(self) -> tuple[tuple[Array, Array | None], ...]:
        return ((self.volume.vertices, None),) if self.volume else ()

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
    def _sheets(self) -> list[Sheet]:
        """The boundary facets with their outward normals; the two faces of a crack apart."""
        if self.surface:
            facets, normals, vertices = self.surface.facets, self.surface.normals, self.surface.vertices
            return _sheets(facets, vertices, normals, np.zeros(len(facets), bool))
        volume = self._volume()
        facets, opposite, cracked = volume.facets
        if cracked.any() and len(np.unique(self.cells)) == self.cells.size:
            raise ProblemError(
                "no two cells of the mesh share a node, so that it falls to pieces", f'Mesh(space, "{self.label}")',
                "merge the nodes that coincide: a file of discontinuous fields has them apart",
            )  # fmt: skip
        return _sheets(facets, volume.points[facets], volume.outward(facets, opposite), cracked)

    @cached_property
    def _wall(self) -> tuple[Array, Array]:
        """The boundary facets' vertices (F, d, d) and outward normals (F, d), neighbours one after the other."""
        vertices, normals, _ = zip(*self._sheets, strict=True)
        return np.concatenate(vertices), np.concatenate(normals)

    @cached_property
    def _facets(self) -> FacetSearch:
        return FacetSearch(self._wall[0])

    @cached_property
    def walls(self) -> tuple[Chart, ...]:
        sheets = self._sheets
        if len(self.coords) == 1:
            sheets = [
                (v[k : k + 1], n if n is None else n[k : k + 1], crack) for v, n, crack in sheets for k in range(len(v))
            ]
        return tuple(_facet_chart(*sheet, self.tolerance) for sheet in sheets)

    def _combine(self, sign: str, other: Region) -> Region:
        """Parts of one mesh make a part of it: cells, which meet at their common nodes."""
        if not isinstance(other, Mesh) or other.whole is not self.whole or self.volume is None:
            return super()._combine(sign, other)
        combined: dict[str, Callable[[Array, Array], Array]]
        combined = {"-": np.setdiff1d, "|": np.union1d, "&": np.intersect1d}
        members = combined[sign](self.members, other.members)
        if not len(members):
            return super()._combine(sign, other)
        label = f"{bracketed(self.label)} {WORDS[sign]} {bracketed(other.label)}"
        return SubMesh(
            self.whole, label, members, (self, other),
            lambda parents: f"{bracketed(parents[0])} {sign} {bracketed(parents[1])}",
        )  # fmt: skip

    # -- groups

    def tagged(self, name: str | int, dim: int | None = None) -> SubMesh | Tagged:
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
            label = f"'{name}' of {self.label}"
            return SubMesh(self, label, group[dims[0]], (self,), lambda parents: f'{parents[0]}.tagged("{name}")')
        return Tagged(self, str(name), dims[0], group[dims[0]])

    # -- fields

    @property
    def nodes(self) -> Array:
        return self.data.points

    @property
    def cells(self) -> Array:
        """The cells as simplices (M, d + 1) of node numbers."""
        return self._volume().cells

    @property
    def numbers(self) -> Array:
        """The numbers (M,) of `cells` among those of the whole mesh's file."""
        self._volume()
        return self.members[self._kept]

    def locate(self, points: Array) -> Array:
        """The number (N,) of the cell in `cells` that holds each point (N, d), -1 outside."""
        return self.barycentric(points)[0]

    def barycentric(self, points: Array) -> tuple[Array, Array]:
        """`locate`, and the points' barycentric coordinates (N, d + 1) in their cells; a time is ignored."""
        return self._volume().locate(np.asarray(points, float)[:, : len(self.coords)], self.tolerance)

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

    def _volume(self) -> Triangulation:
        if self.volume is None:
            raise ProblemError("the mesh is a surface and has no cells inside", self.label, "mesh its volume")
        return self.volume


class SubMesh(Mesh):
    """Some cells of a mesh, `members` of those in the file: cells that bear a name, or a combination of such parts."""

    def __init__(self, mesh: Mesh, label: str, members: Array, parents: tuple[Region, ...], phrase: Phrase):
        data, dim = mesh.data, len(mesh.coords)
        self.whole, self.members, self._written = mesh, members, phrase
        self._set(
            mesh.space,
            replace(
                data,
                name=label,
                cells={**data.cells, dim: data.cells[dim][members]},
                sources={**data.sources, dim: data.sources[dim][members]},
                groups={},
                flaws=mesh.flaws,
            ),
            parents,
        )

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return self._written(parents)


class Tagged(Region):
    """The facets, edges or nodes of a mesh that bear a name.

    Facets have normals: outward on the boundary (each face of a crack its own), elsewhere all to one side.
    """

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

    @property
    def tiles(self) -> tuple[tuple[Array, Array | None], ...]:
        if self.dim != len(self.coords) - 1:
            return ()
        return tuple((v, n) for v, n, _ in _sheets(self.simplices, self.mesh.nodes[self.simplices], *self._sides()))

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        vertices = self.mesh.nodes[self.simplices]
        if self.dim == len(self.coords) - 1:
            sheets = _sheets(self.simplices, vertices, *self._sides())
            return tuple(Piece(_facet_chart(*sheet, self.tolerance)) for sheet in sheets)
        return (Piece(_facet_chart(_in_order(self.simplices, vertices)[1], None, False, self.tolerance)),)

    def _sides(self) -> tuple[Array, Array]:
        """Unit normals (F, d), outward on the boundary, and which facets (F,) are faces of a crack.

        Inside the mesh neighbours look to the same side: the one to which most of them look by the order of their
        nodes in the file (to the right of a line; a triangle's nodes run counter-clockwise as seen from there).
        """
        if self.mesh.surface:
            return self.mesh.surface.normals[self.members], np.zeros(len(self.members), bool)
        volume = self.mesh._volume()
        facets, _, opposite = facet_table(volume.cells)
        edge, _, cracked = volume.facets
        own = np.sort(self.simplices, axis=1)
        first, count = _matched(own, facets)
        if np.any(count == 0):
            raise ProblemError(
                f"{np.count_nonzero(count == 0)} facets of '{self.group}' belong to no cell", self.label,
                "write the mesh so that the boundary's facets are facets of its cells",
            )  # fmt: skip
        normals = volume.outward(own, opposite[first])
        inner = np.flatnonzero(count > 1)
        turned = np.where(oriented(self.simplices[inner]), -1.0, 1.0)
        normals[inner] = facet_normals(volume.points[self.simplices[inner]]) * turned[:, None]
        boundary, there = _matched(own, edge)
        return normals, (there > 0) & cracked[boundary]

    def _contains(self, points: Array, tol: float) -> Array:
        return np.any([piece.chart.covers(points, tol) for piece in self.pieces], axis=0)

    def _bears(self, points: Array, normals: Array, tol: float) -> Array:
        on = np.zeros(len(points), bool)
        for piece in self.pieces:
            here = np.flatnonzero(piece.chart.covers(points, tol))
            if piece.chart.crack:
                own = piece.normals(points[here])
                assert own is not None  # of facets
                here = here[np.einsum("nd,nd->n", own, normals[here]) > 0]
            on[here] = True
        return on


def _matched(own: Array, facets: Array) -> tuple[Array, Array]:
    """For each of the facets `own` (K, d) the first of `facets` (F, d) with the same nodes, and how many have them."""
    _, number = np.unique(np.concatenate([own, facets]), axis=0, return_inverse=True)
    number = number.ravel()
    first, count = np.zeros(number.max() + 1, int), np.bincount(number[len(own) :], minlength=number.max() + 1)
    first[number[len(own) :][::-1]] = np.arange(len(facets))[::-1]
    return first[number[: len(own)]], count[number[: len(own)]]


def _sheets(facets: Array, vertices: Array, normals: Array, cracked: Array) -> list[Sheet]:
    """Facets in sets that hold no place twice, each in an order that puts neighbours one after the other."""
    made: list[Sheet] = []
    for members in sheets(normals, cracked):
        order, ordered = _in_order(facets[members], vertices[members])
        made.append((ordered, normals[members][order], bool(cracked[members[0]])))
    return made


def _in_order(simplices: Array, vertices: Array) -> tuple[Array, Array]:
    """An order (M,) that puts neighbours one after the other, and the vertices in it; segments end to end."""
    if simplices.shape[1] == 2:
        order, turned = chained(simplices)
        vertices = vertices[order]
        vertices[turned] = vertices[turned][:, ::-1]
        return order, vertices
    order = along_curve(vertices.mean(axis=1))
    return order, vertices[order]


def _facet_chart(vertices: Array, normals: Array | None, crack: bool, tol: float) -> Chart:
    search = FacetSearch(vertices)
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
        crack=crack,
    )
