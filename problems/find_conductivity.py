"""-div(a grad u) = f: a conductivity that varies, from four hundred sensors with 0.2 % of noise."""

import numpy as np
from sympy import Eq, Interval, Rational, exp, lambdify, pi, sin

from inrpde import Learned, On, Points, Problem, Region, Space


def problem(noise: float = 0.002, count: int = 400, seed: int = 0) -> Problem:
    """`noise` is relative to the largest reading, `count` the number of sensors, `seed` that of places and noise."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    a = space.coefficient("a", positive=True)

    conductivity = (
        1 + exp(-((x - Rational(3, 10)) ** 2 + (y - Rational(6, 10)) ** 2) / Rational(8, 100)) / 2 + x * y / 2
    )
    solution = sin(pi * x) * sin(pi * y) + x / 2
    rng = np.random.default_rng(seed)
    places = rng.uniform(0.02, 0.98, (count, 2))
    readings = lambdify((x, y), solution)(*places.T)
    readings += noise * np.abs(readings).max() * rng.standard_normal(count)
    sensors = Points(space, places, {"u": readings})

    square = Region(space, Interval(0, 1) ** 2)
    return Problem(
        "find_conductivity",
        unknowns=[u],
        conditions=[
            On(square, Eq(-space.div(a * space.grad(u)), -space.div(conductivity * space.grad(solution)).doit())),
            On(square.boundary, Eq(u, solution)),
            On(square.boundary, Eq(a, conductivity)),
            On(sensors, Eq(u, sensors["u"])),
        ],
        coefficients={a: Learned(1.0, bounds=(0.1, 10))},
        exact={u: solution, a: conductivity},
    )
