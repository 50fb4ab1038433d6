"""-Δu = f on the unit square, u = 0 on its boundary."""

from sympy import Eq, Interval, pi, sin

from inrpde import On, Problem, Region, Space

space = Space("x y")
x, y = space.coords
u = space.unknown("u")

omega = Region(space, Interval(0, 1) ** 2)
solution = sin(pi * x) * sin(pi * y)

problem = Problem(
    "poisson",
    unknowns=[u],
    conditions=[
        On(omega, Eq(-space.laplace(u), -space.laplace(solution))),
        On(omega.boundary, Eq(u, 0)),
    ],
    exact={u: solution},
)
