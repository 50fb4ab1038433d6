"""Kuramoto and Sivashinsky's equation: a flame front that grows ripples, which then wander."""

from sympy import Eq, Interval, cos, pi, sin

from inrpde import On, Periodic, Problem, Region, Space

space = Space("x", time="t")
x, t = space.coords
u = space.unknown("u")

ring = Region(space, Interval(0, 32 * pi) * Interval(0, 50))

problem = Problem(
    "flames",
    unknowns=[u],
    conditions=[
        On(ring, Eq(space.dt(u) + u * u.diff(x) + u.diff(x, 2) + u.diff(x, 4), 0)),
        On(ring.face(x, 0), Periodic(u, x)),
        On(ring.initial, Eq(u, cos(x / 16) * (1 + sin(x / 16)))),
    ],
)
