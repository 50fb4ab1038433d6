"""-Δu = 1 in a ball with a box cut out of its middle, u = 0 on both: twelve edges and eight corners point inwards."""

from sympy import Eq, Interval, Rational

from inrpde import Ball, On, Problem, Region, Space

space = Space("x y z")
u = space.unknown("u")

side = Rational(3, 10)
omega = Ball(space, (0, 0, 0), 1) - Region(space, Interval(-side, side) ** 3)

problem = Problem(
    "ballbox",
    unknowns=[u],
    conditions=[
        On(omega, Eq(-space.laplace(u), 1)),
        On(omega.boundary, Eq(u, 0)),
    ],
)
