"""-Δu + 9u = 0 on a rectangle with three discs cut out: u = 0 on the rectangle's sides, another value on each disc."""

from sympy import Eq, Interval

from inrpde import Ball, On, Problem, Region, Space

space = Space("x y")
u = space.unknown("u")

rectangle = Region(space, Interval(0, 3) * Interval(0, 2))
large = Ball(space, (0.8, 0.8), 0.45)
middle = Ball(space, (2.1, 1.3), 0.3)
small = Ball(space, (2.3, 0.5), 0.15)
omega = rectangle - (large | middle | small)

problem = Problem(
    "holes",
    unknowns=[u],
    conditions=[
        On(omega, Eq(-space.laplace(u) + 9 * u, 0)),
        On(rectangle.boundary, Eq(u, 0)),
        On(large.boundary, Eq(u, 1)),
        On(middle.boundary, Eq(u, -1)),
        On(small.boundary, Eq(u, 2)),
    ],
)
