"""A drum without a quarter of its skin is shaken at its rim: its motion is singular at the corner that is left."""

from sympy import Eq, Interval, Rational, atan2, besselj, pi, sin, sqrt

from inrpde import Ball, On, Problem, Region, Space


def problem(k: float = 8) -> Problem:
    """`k` is the wavenumber."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")

    drum = Ball(space, (0, 0), 1) - Region(space, Interval(0, 2) * Interval(-2, 0))
    spokes = drum.face(x, 0) | drum.face(y, 0)
    angle = atan2(x + y, y - x) + 3 * pi / 4  # from the spoke y < 0, clockwise
    order = Rational(2, 3)
    mode = sin(order * angle)
    return Problem(
        "drum_sector",
        unknowns=[u],
        conditions=[
            On(drum, Eq(space.laplace(u) + k**2 * u, 0)),
            On(spokes, Eq(u, 0)),
            On(drum.boundary - spokes, Eq(u, mode)),
        ],
        exact={u: besselj(order, k * sqrt(x**2 + y**2)) / besselj(order, k) * mode},
    )
