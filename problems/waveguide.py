"""Δu + k²u = 0 between two walls: a mode enters on the left and leaves on the right (impedance ends); u is complex."""

from sympy import Eq, I, Interval, exp, pi, sin, sqrt

from inrpde import On, Problem, Region, Space


def problem(k: float = 15, mode: int = 1) -> Problem:
    """`k` is the wavenumber, `mode` the number of half waves between the walls."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u", complex=True)

    omega = Region(space, Interval(0, 2) * Interval(0, 1))
    inlet, outlet = omega.face(x, 0), omega.face(x, 2)
    walls = omega.boundary - (inlet | outlet)
    beta = sqrt(k**2 - (mode * pi) ** 2)
    profile = sin(mode * pi * y)
    return Problem(
        "waveguide",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.laplace(u) + k**2 * u, 0)),
            On(walls, Eq(u, 0)),
            On(inlet, Eq(space.dn(u) - I * beta * u, -2 * I * beta * profile)),
            On(outlet, Eq(space.dn(u) - I * beta * u, 0)),
        ],
        exact={u: profile * exp(I * beta * x)},
    )
