"""Heat through a cube with a fibre in it that conducts fifty times better: tetrahedra of two materials."""

import numpy as np
from sympy import Eq

from inrpde import Mesh, MeshField, On, Problem, Space


def problem(contrast: float = 50) -> Problem:
    """`contrast` is the fibre's conductivity; that of the matrix is 1."""
    space = Space("x y z")
    T = space.unknown("T")
    k = space.coefficient("k", positive=True)

    cube = Mesh(space, "data/fibre.msh")  # made by data/fibre.py
    conductivity = np.ones(len(cube.cells))
    conductivity[cube.tagged("fibre").members] = contrast
    warm, cold = cube.tagged("warm"), cube.tagged("cold")
    return Problem(
        "fibre3d",
        unknowns=[T],
        conditions=[
            On(cube, Eq(space.div(k * space.grad(T)), 0)),
            On(warm, Eq(T, 1)),
            On(cold, Eq(T, 0)),
            On(cube.tagged("sides"), Eq(space.dn(T), 0)),
        ],
        coefficients={k: MeshField(cube, conductivity, on="cells")},
        report=[warm.integral(space.dn(T))],  # the heat that flows; 1 without the fibre
    )
