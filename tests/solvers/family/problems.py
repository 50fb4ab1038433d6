"""A small family with a known solution, and a nonlinear one."""

from sympy import Eq, Interval, exp, sin

from inrpde import On, Parameter, Problem, Region, Space

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
rod = Region(space, Interval(0, 1))
k = Parameter("k", 1, 4)
EXACT = sin(k * x) + k


def known() -> Problem:
    """-u'' + k u = f, u = sin(k x) + k."""
    source = -EXACT.diff(x, 2) + k * EXACT
    return Problem(
        "known", [u], [On(rod, Eq(-u.diff(x, 2) + k * u, source)), On(rod.boundary, Eq(u, EXACT))], exact={u: EXACT}
    )


def bratu() -> Problem:
    """u'' + k/2 exp(u) = 0."""
    p = Parameter("k", 0.2, 2)
    return Problem("bratu", [u], [On(rod, Eq(u.diff(x, 2) + p * exp(u), 0)), On(rod.boundary, Eq(u, 0))])
