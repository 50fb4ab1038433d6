"""Small meshes for the tests of cells."""

from itertools import product

import meshio
import numpy as np

from inrpde import Mesh, Space

line, plane, room = Space("x"), Space("x y"), Space("x y z")
CORNERS = np.array(list(product((0.0, 1.0), repeat=3)))
TETRAHEDRA = [[0, 1, 3, 7], [0, 1, 5, 7], [0, 2, 3, 7], [0, 2, 6, 7], [0, 4, 5, 7], [0, 4, 6, 7]]
"""Kuhn's six of the unit cube."""
ELL = np.array([(x, y) for y in (0.0, 1, 2) for x in (0.0, 1, 2)])
TRIANGLES = [[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4], [3, 4, 7], [3, 7, 6]]
"""Of [0, 2]² without (1, 2)²; the first two and the last two are on the left of x = 1."""
CRACKED = np.array([(x, y) for y in (0.0, 1, 2) for x in (0.0, 1, 2)] + [(0.0, 1)])
AROUND = [[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4], [9, 4, 7], [9, 7, 6], [4, 5, 8], [4, 8, 7]]
"""Of [0, 2]² with a crack along y = 1 from x = 0 to 1, where node 9 lies on 3."""


def ell(tagged=False, space=plane):
    """Its `left` is where x < 1, its `right` where x > 1."""
    data = {"gmsh:physical": [np.array([1, 1, 2, 2, 1, 1])]} if tagged else None
    names = {"left": np.array([1, 2]), "right": np.array([2, 2])} if tagged else {}
    return Mesh(space, meshio.Mesh(ELL, [("triangle", TRIANGLES)], cell_data=data, field_data=names))


def cracked(space=plane):
    """The faces of its crack are `below` and `above`."""
    none = np.empty(0, int)
    sets = {"below": [none, np.array([0])], "above": [none, np.array([1])]}
    return Mesh(space, meshio.Mesh(CRACKED, [("triangle", AROUND), ("line", [[3, 4], [9, 4]])], cell_sets=sets))


def cube(space=room):
    return Mesh.of(space, CORNERS, {"tetra": np.array(TETRAHEDRA)})


def segments(space=line):
    return Mesh.of(space, np.array([[0.0], [0.3], [1.0]]), {"line": np.array([[0, 1], [1, 2]])})
