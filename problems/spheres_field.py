"""Poisson's equation in a box that four balls are taken out of, with ten half waves along the box."""

from sympy import Eq, Interval, cos, pi, sin

from inrpde import Ball, On, Problem, Region, Space

space = Space("x y z")
x, y, z = space.coords
u = space.unknown("u")

box = Region(space, Interval(0, 1) ** 3)
balls = [Ball(space, centre, 0.15) for centre in ((0.3, 0.3, 0.3), (0.7, 0.7, 0.3), (0.3, 0.7, 0.7), (0.7, 0.3, 0.7))]
rest = box
for ball in balls:
    rest = rest - ball
known = sin(10 * pi * x) * cos(y) * cos(z)

problem = Problem(
    "spheres_field",
    unknowns=[u],
    conditions=[
        On(rest, Eq(space.laplace(u), space.laplace(known))),
        On(rest.boundary, Eq(u, known)),
    ],
    exact={u: known},
)
