"""Heat conducted along a bent pipe, from a gmsh mesh: hot at the inlet, cooled at the outlet, insulated walls."""

from sympy import Eq

from inrpde import Mesh, On, Problem, Space

space = Space("x y")
u = space.unknown("u")  # the temperature above that of the surroundings

pipe = Mesh(space, "data/pipe.msh")  # made by data/pipe.py

problem = Problem(
    "pipe",
    unknowns=[u],
    conditions=[
        On(pipe, Eq(space.laplace(u), 0)),
        On(pipe.tagged("inlet"), Eq(u, 1)),
        On(pipe.tagged("outlet"), Eq(space.dn(u) + 2 * u, 0)),
        On(pipe.tagged("walls"), Eq(space.dn(u), 0)),
    ],
)
