"""u_tt = u_xx - sin u: a breather, a wave that stays where it is and swings."""

from sympy import Eq, Interval, Rational, atan, cos, cosh, pi, sin, sqrt

from inrpde import On, Problem, Region, Space


def problem(w: Rational = Rational(3, 5)) -> Problem:
    """`w` is the breather's frequency, between 0 and 1: the lower, the higher it swings."""
    space = Space("x", time="t")
    x, t = space.coords
    u = space.unknown("u")

    omega = Region(space, Interval(-10, 10) * Interval(0, 2 * pi))
    root = sqrt(1 - w**2)
    solution = 4 * atan(root * cos(w * t) / (w * cosh(root * x)))
    return Problem(
        "sine_gordon",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(u, 2), space.laplace(u) - sin(u))),
            On(omega.boundary, Eq(u, solution)),
            On(omega.initial, Eq(u, solution.subs(t, 0))),
            On(omega.initial, Eq(space.dt(u), 0)),
        ],
        exact={u: solution},
    )
