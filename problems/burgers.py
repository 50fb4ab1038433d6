"""u_t + u u_x = ν u_xx: a sine steepens into a front of width ν."""

from sympy import Eq, Expr, Interval, pi, sin

from inrpde import On, Problem, Region, Space


def problem(nu: Expr = 0.01 / pi) -> Problem:
    """`nu` is the viscosity."""
    space = Space("x", time="t")
    x, _ = space.coords
    u = space.unknown("u")

    omega = Region(space, Interval(-1, 1) * Interval(0, 1))
    return Problem(
        "burgers",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(u) + u * u.diff(x), nu * space.laplace(u))),
            On(omega.boundary, Eq(u, 0)),
            On(omega.initial, Eq(u, -sin(pi * x))),
        ],
    )
