"""u_tt = c² u_xx: how fast waves run along a string, from what one microphone hears with 1 % of noise."""

import numpy as np
from sympy import Eq, Interval, cos, lambdify, pi, sin

from inrpde import Learned, On, Points, Problem, Region, Space


def problem(noise: float = 0.01, count: int = 80, seed: int = 0) -> Problem:
    """`noise` is relative to the loudest reading, `count` that of the readings, `seed` that of their noise."""
    space = Space("x", time="t")
    x, t = space.coords
    u = space.unknown("u")
    c = space.parameter("c", positive=True)

    speed = 1.3
    sound = sin(pi * x) * cos(pi * speed * t) + sin(3 * pi * x) * cos(3 * pi * speed * t) / 3
    places = np.column_stack([np.full(count, 0.3), np.linspace(0, 2, count)])
    heard = lambdify((x, t), sound)(*places.T)
    heard += noise * np.abs(heard).max() * np.random.default_rng(seed).standard_normal(count)
    microphone = Points(space, places, {"heard": heard})

    omega = Region(space, Interval(0, 1) * Interval(0, 2))
    return Problem(
        "find_speed",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.dt(space.dt(u)), c**2 * space.laplace(u))),
            On(omega.boundary, Eq(u, 0)),
            On(omega.initial, Eq(u, sin(pi * x) + sin(3 * pi * x) / 3)),
            On(omega.initial, Eq(space.dt(u), 0)),
            On(microphone, Eq(u, microphone["heard"])),
        ],
        coefficients={c: Learned(1.0, bounds=(0.2, 5))},
        exact={u: sound},
    )
