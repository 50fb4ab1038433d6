"""u_tt = c²u_xx: a string that is held at both ends, plucked in two of its modes."""

from sympy import Eq, Interval, cos, pi, sin

from inrpde import On, Problem, Region, Space


def problem(c: float = 2) -> Problem:
    """`c` is the speed of its waves."""
    space = Space("x", time="t")
    x, t = space.coords
    u = space.unknown("u")

    omega = Region(space, Interval(0, 1) ** 2)
    solution = sin(pi * x) * cos(c * pi * t) + sin(4 * pi * x) * cos(4 * c * pi * t) / 2
    return Problem(
        "string",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(u, 2), c**2 * space.laplace(u))),
            On(omega.boundary, Eq(u, 0)),
            On(omega.initial, Eq(u, solution.subs(t, 0))),
            On(omega.initial, Eq(space.dt(u), 0)),
        ],
        exact={u: solution},
    )
