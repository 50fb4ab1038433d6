"""Δu = 0: the heat that flows in through a wall that cannot be reached, from sensors along the opposite one."""

import numpy as np
from sympy import Eq, Interval, Or, cos, cosh, lambdify, pi, sinh

from inrpde import Learned, On, Points, Problem, Region, Space


def problem(noise: float = 0.002, count: int = 60, seed: int = 0) -> Problem:
    """`noise` is relative to the largest reading, `count` the number of sensors, `seed` that of places and noise."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    q = space.coefficient("q", of=(x,))

    height = 0.4
    solution = 1 + sum(c * cos(n * pi * x) * cosh(n * pi * y) / sinh(n * pi * height) for n, c in ((1, 0.5), (2, 0.2)))
    flux = sum(c * n * pi * cos(n * pi * x) for n, c in ((1, 0.5), (2, 0.2)))
    rng = np.random.default_rng(seed)
    places = np.column_stack([np.linspace(0.01, 0.99, count), np.full(count, 0.02)])
    readings = lambdify((x, y), solution)(*places.T)
    readings += noise * np.abs(readings).max() * rng.standard_normal(count)
    sensors = Points(space, places, {"u": readings})

    slab = Region(space, Interval(0, 1) * Interval(0, height))
    return Problem(
        "find_boundary",
        unknowns=[u],
        conditions=[
            On(slab, Eq(space.laplace(u), 0)),
            On(slab.boundary.where(Or(Eq(x, 0), Eq(x, 1), Eq(y, 0))), Eq(space.dn(u), 0)),
            On(slab.face(y, height), Eq(space.dn(u), q)),
            On(sensors, Eq(u, sensors["u"])),
        ],
        coefficients={q: Learned(0.0)},
        exact={u: solution, q: flux},
    )
