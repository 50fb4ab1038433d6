"""Heat in a bracket on a gmsh mesh: made all over, held at one bolt, cooled at another, lost at the edge."""

from sympy import Eq

from inrpde import Mesh, On, Problem, Space

space = Space("x y")
T = space.unknown("T")

plate = Mesh(
    space, "data/bracket.msh"
)  # made by data/bracket.py: polygons for the bolt holes, 91 corners point inwards
conductivity = 2

problem = Problem(
    "bracket",
    unknowns=[T],
    conditions=[
        On(plate, Eq(-space.div(conductivity * space.grad(T)), 1)),
        On(plate.tagged("fixed"), Eq(T, 3)),
        On(plate.tagged("cooled"), Eq(conductivity * space.dn(T) + 4 * (T - 0.5), 0)),
        On(plate.tagged("free"), Eq(space.dn(T), 0)),
        On(plate.tagged("edge"), Eq(conductivity * space.dn(T), -0.1)),
    ],
    report=[plate.tagged("fixed").integral(conductivity * space.dn(T))],  # what goes into the bolt
)
