"""Makes fibre.msh, tetrahedra in a cube with a fibre of eight sides that ends within it (groups fibre, matrix, warm,
cold, sides); needs gmsh."""

from itertools import pairwise
from pathlib import Path

import gmsh
from numpy import cos, linspace, pi, sin

CELL = 0.17

gmsh.initialize()
gmsh.option.setNumber("General.Terminal", 0)
shapes = gmsh.model.occ
cube = shapes.addBox(0, 0, 0, 1, 1, 1)
angles = linspace(0, 2 * pi, 8, endpoint=False)
points = [shapes.addPoint(0.2, 0.5 + 0.2 * cos(angle), 0.5 + 0.2 * sin(angle)) for angle in angles]
face = shapes.addPlaneSurface([shapes.addCurveLoop([shapes.addLine(*ends) for ends in pairwise([*points, points[0]])])])
shapes.fragment([(3, cube)], [each for each in shapes.extrude([(2, face)], 0.6, 0, 0) if each[0] == 3])
shapes.synchronize()
fibre, matrix = sorted((tag for _, tag in gmsh.model.getEntities(3)), key=lambda tag: shapes.getMass(3, tag))
around = [tag for _, tag in gmsh.model.getBoundary([(3, fibre), (3, matrix)], oriented=False)]
place = {tag: shapes.getCenterOfMass(2, tag)[0] for tag in around}
walls = {
    "cold": [tag for tag in around if place[tag] < 1e-6],
    "warm": [tag for tag in around if place[tag] > 1 - 1e-6],
}
walls["sides"] = [tag for tag in around if tag not in walls["cold"] + walls["warm"]]
for name, tags in walls.items():
    gmsh.model.addPhysicalGroup(2, tags, name=name)
for name, tag in {"fibre": fibre, "matrix": matrix}.items():
    gmsh.model.addPhysicalGroup(3, [tag], name=name)
gmsh.option.setNumber("Mesh.MeshSizeMax", CELL)
gmsh.model.mesh.generate(3)
gmsh.write(str(Path(__file__).with_name("fibre.msh")))
gmsh.finalize()
