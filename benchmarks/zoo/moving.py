"""Heat, waves, transport and quantum waves in space-time."""

from __future__ import annotations

import numpy as np
from sympy import Eq, I, Interval, Rational, cos, exp, pi, sin, sqrt

from inrpde.declaration import Learned, On, Points, Problem, Region, Space
from zoo.making import UNIT, line, made, zoo


@zoo
def heat() -> Problem:
    space, x, t, u, omega = line(UNIT**2, time=True)
    solution = exp(-(pi**2) * t) * sin(pi * x) + exp(-9 * pi**2 * t) * sin(3 * pi * x)
    return made(space, omega, u, lambda v: space.dt(v) - v.diff(x, 2), solution)


@zoo
def stripes() -> Problem:
    space, x, t, u, omega = line(UNIT**2, time=True)
    solution = exp(-((8 * pi) ** 2) * t / 100) * sin(8 * pi * x)
    return made(space, omega, u, lambda v: space.dt(v) - v.diff(x, 2) / 100, solution)


@zoo
def heat2() -> Problem:
    space = Space("x y", time="t")
    x, y, t = space.coords
    u = space.unknown("u")
    omega = Region(space, UNIT * UNIT * Interval(0, Rational(1, 2)))
    a = 1 + x * y / 2
    solution = exp(-t) * sin(2 * x + y) + x * t
    return made(
        space, omega, u, lambda v: space.dt(v) - space.div(a * space.grad(v)), solution, lambda v: space.dn(v) + v
    )


@zoo
def string() -> Problem:
    space, x, t, u, omega = line(UNIT**2, time=True)
    solution = sin(pi * x) * cos(2 * pi * t) + sin(4 * pi * x) * cos(8 * pi * t) / 2
    return made(space, omega, u, lambda v: space.dt(v, 2) - 4 * v.diff(x, 2), solution)


@zoo
def pulse() -> Problem:
    space, x, t, u, omega = line(Interval(-1, 1) * UNIT, time=True)
    return made(space, omega, u, lambda v: space.dt(v, 2) - v.diff(x, 2), exp(-60 * (x + 0.5 - t) ** 2))


@zoo
def transport() -> Problem:
    space, x, t, u, omega = line(Interval(0, 2) * UNIT, time=True)
    solution = exp(-20 * (x - t - 0.5) ** 2)
    conditions = [
        On(omega, Eq(space.dt(u) + u.diff(x), 0)),
        On(omega.face(x, 0), Eq(u, solution.subs(x, 0))),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def packet() -> Problem:
    """A free quantum wave packet."""
    space, x, t, u, omega = line(Interval(-6, 6) * UNIT, time=True, complex=True)
    solution = exp(-(x**2) / (2 * (1 + I * t))) / sqrt(1 + I * t)
    return made(space, omega, u, lambda v: I * space.dt(v) + v.diff(x, 2) / 2, solution)


@zoo
def inverse() -> Problem:
    """A diffusivity from readings."""
    space, x, t, u, omega = line(UNIT**2, time=True)
    nu = space.parameter("nu")
    solution = exp(-(pi**2) * t / 5) * sin(pi * x)
    places = np.random.default_rng(0).uniform(0, 1, (50, 2))
    sensors = Points(space, places, {"m": np.exp(-0.2 * np.pi**2 * places[:, 1]) * np.sin(np.pi * places[:, 0])})
    conditions = [
        On(omega, Eq(space.dt(u), nu * u.diff(x, 2))),
        On(omega.boundary, u),
        On(sensors, Eq(u, sensors["m"])),
    ]
    return Problem("zoo", unknowns=[u], conditions=conditions, coefficients={nu: Learned(1.0)}, exact={u: solution})
