"""Makes pipe.msh, the mesh of a bent pipe with the groups pipe, inlet, outlet and walls; needs gmsh."""

from pathlib import Path

import gmsh

INNER, OUTER = 0.5, 1.0
"""Radii of the quarter bend round the origin."""
LEG = 0.5
"""Length of the straight pieces before and after the bend."""
CELL = 0.06

gmsh.initialize()
gmsh.option.setNumber("General.Terminal", 0)
shapes = gmsh.model.occ
ring = shapes.cut([(2, shapes.addDisk(0, 0, 0, OUTER, OUTER))], [(2, shapes.addDisk(0, 0, 0, INNER, INNER))])[0]
bend = shapes.intersect(ring, [(2, shapes.addRectangle(0, 0, 0, OUTER, OUTER))])[0]
legs = [
    (2, shapes.addRectangle(INNER, -LEG, 0, OUTER - INNER, LEG)),
    (2, shapes.addRectangle(-LEG, INNER, 0, LEG, OUTER - INNER)),
]
[(_, surface)] = shapes.fuse(bend, legs)[0]
shapes.synchronize()


def ends(tag: int, axis: int) -> bool:
    """Does the edge lie across the end of the leg along this axis?"""
    return abs(gmsh.model.occ.getCenterOfMass(1, tag)[axis] + LEG) < 1e-6


edges = [tag for _, tag in gmsh.model.getBoundary([(2, surface)], oriented=False)]
inlet, outlet = ([tag for tag in edges if ends(tag, axis)] for axis in (1, 0))
groups = {"inlet": inlet, "outlet": outlet, "walls": [tag for tag in edges if tag not in inlet + outlet]}
for name, tags in groups.items():
    gmsh.model.addPhysicalGroup(1, tags, name=name)
gmsh.model.addPhysicalGroup(2, [surface], name="pipe")
gmsh.option.setNumber("Mesh.MeshSizeMin", CELL)
gmsh.option.setNumber("Mesh.MeshSizeMax", CELL)
gmsh.model.mesh.generate(2)
gmsh.write(str(Path(__file__).with_name("pipe.msh")))
gmsh.finalize()
