"""Meshes that engineers bring, by gmsh: polygons with holes, inlays, lines within and slits, and named groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import gmsh
import meshio
import numpy as np

Array = np.ndarray


def round_polygon(centre: Sequence[float], radius: float, sides: int, turned: float = 0.0) -> Array:
    """The corners (sides, 2) of a regular polygon."""
    angle = turned + 2 * np.pi * np.arange(sides) / sides
    return np.asarray(centre) + radius * np.column_stack([np.cos(angle), np.sin(angle)])


def drawn(
    outer: Array,
    size: float,
    holes: Mapping[str, Array] = {},
    inlays: Mapping[str, Array] = {},
    lines: Mapping[str, Array] = {},
    names: Mapping[str, Sequence[int]] = {},
    slit: str | None = None,
) -> meshio.Mesh:
    """Triangles of about the `size` in a polygon (K, 2).

    Groups: "rest" and each of the `inlays` (polygons of another material) of triangles; the boundary of each hole, the
    polylines within, and `names` of sides of the outer polygon; "outer" are the sides without a name. The nodes of the
    line `slit` are doubled, those at its ends only where the outer polygon has a corner.
    """
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        shapes, groups, placed = gmsh.model.geo, {}, {}

        def place(corner: Array) -> int:
            if tuple(corner) not in placed:
                placed[tuple(corner)] = shapes.addPoint(*corner, 0, size)
            return placed[tuple(corner)]

        def loop(corners: Array) -> tuple[int, list[int]]:
            points = [place(corner) for corner in corners]
            sides = [shapes.addLine(*ends) for ends in pairwise([*points, points[0]])]
            return shapes.addCurveLoop(sides), sides

        around, sides = loop(outer)
        inner = {name: loop(corners) for name, corners in (holes | inlays).items()}
        surface = shapes.addPlaneSurface([around, *(each for each, _ in inner.values())])
        groups["rest", 2] = [surface]
        for name in inlays:
            groups[name, 2] = [shapes.addPlaneSurface([inner[name][0]])]
        for name in holes:
            groups[name, 1] = inner[name][1]
        for name, chosen in names.items():
            groups[name, 1] = [sides[k] for k in chosen]
        ends = {placed[tuple(corner)] for corner in outer}
        left = set(sides) - {side for name in names for side in groups[name, 1]}
        if left:
            groups["outer", 1] = sorted(left)
        for name, corners in lines.items():
            points = [place(corner) for corner in corners]
            groups[name, 1] = [shapes.addLine(*each) for each in pairwise(points)]
            ends = ends & set(points) if name == slit else ends
        shapes.synchronize()
        for name in lines:
            gmsh.model.mesh.embed(1, groups[name, 1], 2, surface)
        tags = {key: gmsh.model.addPhysicalGroup(key[1], each, name=key[0]) for key, each in groups.items()}
        gmsh.model.mesh.generate(2)
        if slit is not None:
            opened = gmsh.model.addPhysicalGroup(0, sorted(ends)) if ends else 0
            gmsh.plugin.setNumber("Crack", "OpenBoundaryPhysicalGroup", opened)
            gmsh.plugin.setNumber("Crack", "Dimension", 1)
            gmsh.plugin.setNumber("Crack", "PhysicalGroup", tags[slit, 1])
            gmsh.plugin.run("Crack")
        return _read(groups)
    finally:
        gmsh.finalize()


def fibre(size: float, sides: int = 8, ends: tuple[float, float] = (0.0, 1.0)) -> meshio.Mesh:
    """Tetrahedra in the unit cube, groups "fibre" (a prism round the line y = z = 1/2, between `ends`) and "matrix"."""
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        shapes = gmsh.model.occ
        cube = shapes.addBox(0, 0, 0, 1, 1, 1)
        corners = round_polygon((0.5, 0.5), 0.2, sides)
        points = [shapes.addPoint(ends[0], *corner) for corner in corners]
        loop = shapes.addCurveLoop([shapes.addLine(*each) for each in pairwise([*points, points[0]])])
        pulled = shapes.extrude([(2, shapes.addPlaneSurface([loop]))], ends[1] - ends[0], 0, 0)
        prism = [each for each in pulled if each[0] == 3]
        shapes.fragment([(3, cube)], prism)
        shapes.synchronize()
        volumes = [tag for _, tag in gmsh.model.getEntities(3)]
        held = {tag: gmsh.model.occ.getMass(3, tag) for tag in volumes}
        small = min(volumes, key=held.__getitem__)
        groups = {("fibre", 3): [small], ("matrix", 3): [tag for tag in volumes if tag != small]}
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        gmsh.model.mesh.generate(3)
        return _read(groups)
    finally:
        gmsh.finalize()


KINDS = {1: ("line", 1, 2), 2: ("triangle", 2, 3), 3: ("tetra", 4, 4)}
"""By dimension: the name, gmsh's number and the nodes of a simplex."""


def _read(groups: Mapping[tuple[str, int], Iterable[int]]) -> meshio.Mesh:
    tags, places, _ = gmsh.model.mesh.getNodes()
    dim = max(k for _, k in groups)
    blocks, sets = [], {name: [] for name, _ in groups}
    for (name, k), entities in groups.items():
        kind, number, corners = KINDS[k]
        cells = np.concatenate([gmsh.model.mesh.getElementsByType(number, tag)[1] for tag in entities])
        blocks.append((kind, cells.reshape(-1, corners).astype(int)))
        for each, members in sets.items():
            members.append(np.arange(len(blocks[-1][1])) if each == name else np.array([], int))
    used = np.unique(np.concatenate([cells.ravel() for _, cells in blocks]))
    row = np.zeros(int(tags.max()) + 1, int)
    row[tags.astype(int)] = np.arange(len(tags))
    renumbered = np.zeros(int(tags.max()) + 1, int)
    renumbered[used] = np.arange(len(used))
    points = places.reshape(-1, 3)[row[used], :dim]
    return meshio.Mesh(points, [(kind, renumbered[cells]) for kind, cells in blocks], cell_sets=sets)
