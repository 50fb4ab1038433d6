"""-Δu = 1 on an L-shaped region, u = 0 on its boundary: the gradient is infinite at the corner that points inwards."""

from sympy import Eq, Interval

from inrpde import On, Problem, Region, Space

space = Space("x y")
u = space.unknown("u")

omega = Region(space, Interval(-1, 1) ** 2) - Region(space, Interval(0, 1) * Interval(-1, 0))

problem = Problem(
    "elbow",
    unknowns=[u],
    conditions=[
        On(omega, Eq(-space.laplace(u), 1)),
        On(omega.boundary, Eq(u, 0)),
    ],
)
