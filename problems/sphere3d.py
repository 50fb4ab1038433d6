"""Δu = 0 in a box with three balls cut out, each of them round a point charge; u is given on all walls."""

from sympy import Eq, Expr, Interval, sqrt

from inrpde import Ball, On, Problem, Region, Space

space = Space("x y z")
u = space.unknown("u")

box = Region(space, Interval(-1, 1) ** 3)
balls = Ball(space, (-0.4, -0.3, 0.2), 0.35) | Ball(space, (0.4, 0.4, 0.3), 0.3) | Ball(space, (0.3, -0.3, -0.5), 0.25)
omega = box - balls


def potential(charge: int, *place: float) -> Expr:
    return charge / sqrt(sum((c - p) ** 2 for c, p in zip(space.coords, place, strict=True)))


solution = potential(1, -0.35, -0.3, 0.2) - potential(2, 0.4, 0.35, 0.3) + potential(1, 0.3, -0.3, -0.45)

problem = Problem(
    "sphere3d",
    unknowns=[u],
    conditions=[
        On(omega, Eq(space.laplace(u), 0)),
        On(omega.boundary, Eq(u, solution)),
    ],
    exact={u: solution},
)
