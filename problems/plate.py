"""Δ²u = q: a plate under a load, simply supported along its edge."""

from sympy import Eq, Interval, pi, sin

from inrpde import On, Problem, Region, Space

space = Space("x y")
x, y = space.coords
u = space.unknown("u")  # the deflection

omega = Region(space, Interval(0, 1) ** 2)
solution = sin(pi * x) * sin(pi * y) + sin(2 * pi * x) * sin(3 * pi * y) / 10
load = space.laplace(space.laplace(solution))

problem = Problem(
    "plate",
    unknowns=[u],
    conditions=[
        On(omega, Eq(space.laplace(space.laplace(u)), load)),
        On(omega.boundary, Eq(u, 0)),
        On(omega.boundary, Eq(space.laplace(u), 0)),
    ],
    exact={u: solution},
)
