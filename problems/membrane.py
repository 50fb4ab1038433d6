"""A square membrane that is held at its edges, over fifty periods of its lowest note."""

from sympy import Eq, Interval, cos, pi, sin, sqrt

from inrpde import On, Problem, Region, Space


def problem(periods: int = 50) -> Problem:
    space = Space("x y", time="t")
    x, y, t = space.coords
    u = space.unknown("u")

    skin = Region(space, Interval(0, 1) ** 2 * Interval(0, periods * sqrt(2)))
    low = sin(pi * x) * sin(pi * y) * cos(sqrt(2) * pi * t)
    high = sin(2 * pi * x) * sin(pi * y) * cos(sqrt(5) * pi * t) / 2
    return Problem(
        "membrane",
        unknowns=[u],
        conditions=[
            On(skin, Eq(space.dt(u, 2), space.laplace(u))),
            On(skin.boundary, Eq(u, 0)),
            On(skin.initial, Eq(u, (low + high).subs(t, 0))),
            On(skin.initial, Eq(space.dt(u), 0)),
        ],
        exact={u: low + high},
    )
