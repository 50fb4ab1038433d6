"""u_t = div(a grad u) + f: a conductivity a(x, y) from temperatures read over time, with 1 % of noise."""

import numpy as np
from sympy import Eq, Interval, cos, exp, lambdify, pi, sin

from inrpde import Learned, On, Points, Problem, Region, Space


def problem(noise: float = 0.01, count: int = 1000, seed: int = 0) -> Problem:
    """`noise` is relative to the largest reading, `count` that of the readings, `seed` that of places and noise."""
    space = Space("x y", time="t")
    x, y, t = space.coords
    u = space.unknown("u")
    a = space.coefficient("a", of=(x, y), positive=True)

    conductivity = 1 + sin(pi * x) * sin(2 * pi * y) / 3
    solution = exp(-t) * (1 + cos(pi * x) * sin(pi * y)) + x * y
    source = solution.diff(t) - space.div(conductivity * space.grad(solution)).doit()
    rng = np.random.default_rng(seed)
    places = rng.uniform(0.02, 0.98, (count, 3))
    readings = lambdify((x, y, t), solution)(*places.T)
    readings += noise * np.abs(readings).max() * rng.standard_normal(count)
    sensors = Points(space, places, {"u": readings})

    omega = Region(space, Interval(0, 1) ** 2 * Interval(0, 1))
    return Problem(
        "find_heat",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(u), space.div(a * space.grad(u)) + source)),
            On(omega.boundary, Eq(u, solution)),
            On(omega.initial, Eq(u, solution.subs(t, 0))),
            On(omega.boundary, Eq(a, conductivity)),
            On(sensors, Eq(u, sensors["u"])),
        ],
        coefficients={a: Learned(1.0, bounds=(0.1, 10))},
        exact={u: solution, a: conductivity},
    )
