"""A cube that cools at all its faces."""

from sympy import Eq, Interval, exp, pi, sin

from inrpde import On, Problem, Region, Space


def problem(diffusivity: float = 0.1) -> Problem:
    space = Space("x y z", time="t")
    x, y, z, t = space.coords
    T = space.unknown("T")

    cube = Region(space, Interval(0, 1) ** 3 * Interval(0, 1))
    mode = sin(pi * x) * sin(pi * y) * sin(pi * z) * exp(-3 * pi**2 * diffusivity * t)
    return Problem(
        "heat3d",
        unknowns=[T],
        conditions=[
            On(cube, Eq(space.dt(T), diffusivity * space.laplace(T))),
            On(cube.boundary, Eq(T, 0)),
            On(cube.initial, Eq(T, mode.subs(t, 0))),
        ],
        exact={T: mode},
    )
