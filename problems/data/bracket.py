"""Makes bracket.msh, the mesh of an L-shaped plate with three holes, polygons of 30 sides (groups plate, fixed, cooled,
free, edge); needs gmsh."""

from itertools import pairwise
from pathlib import Path

import gmsh
from numpy import cos, linspace, pi, sin

CORNERS = [(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)]
BOLTS = {"fixed": (0.5, 2.5, 0.25), "cooled": (2.5, 0.5, 0.25), "free": (0.5, 0.5, 0.2)}
"""Centre and radius."""
SIDES = 30
CELL = 0.11

gmsh.initialize()
gmsh.option.setNumber("General.Terminal", 0)
shapes = gmsh.model.geo


def loop(corners: list[tuple[float, float]]) -> tuple[int, list[int]]:
    points = [shapes.addPoint(*corner, 0, CELL) for corner in corners]
    lines = [shapes.addLine(*ends) for ends in pairwise([*points, points[0]])]
    return shapes.addCurveLoop(lines), lines


edge, sides = loop(CORNERS)
holes = {
    name: loop([(x + r * cos(angle), y + r * sin(angle)) for angle in linspace(0, 2 * pi, SIDES, endpoint=False)])
    for name, (x, y, r) in BOLTS.items()
}
plate = shapes.addPlaneSurface([edge, *(hole for hole, _ in holes.values())])
shapes.synchronize()
for name, lines in {"edge": sides, **{name: lines for name, (_, lines) in holes.items()}}.items():
    gmsh.model.addPhysicalGroup(1, lines, name=name)
gmsh.model.addPhysicalGroup(2, [plate], name="plate")
gmsh.model.mesh.generate(2)
gmsh.write(str(Path(__file__).with_name("bracket.msh")))
gmsh.finalize()
