"""Walls with rates of their own: waves leave through them, or they store heat or have a mass."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.optimize import brentq
from scipy.special import j0, j1
from sympy import Eq, Float, Interval, Rational, besselj, cos, exp, sin, sqrt

from inrpde.declaration import Ball, On
from zoo.time.making import begun, line, plane, timed
from zoo.traps.known import Known, closed


@timed("walls", {"askew": (3, 2), "long": (6, 10)})
def leaving(fast, end) -> Known:
    """Plane waves through the sides of a square, which let pass what comes straight at them, and bring in the rest."""
    space, x, y, t, omega, u = plane(Interval(0, 1) ** 2, end)
    solution = sin(fast * (3 * x + 4 * y - 5 * t) / 5) + cos(fast * (4 * x - 3 * y + 5 * t) / 5)
    walls = [
        On(omega.face(z, side), Eq(space.dt(u) + space.dn(u), space.dt(solution) + (2 * side - 1) * solution.diff(z)))
        for z, side in product((x, y), (0, 1))
    ]
    wave = On(omega, Eq(space.dt(u, 2), space.laplace(u)))
    starts = begun(omega, (u, solution.subs(t, 0)), (space.dt(u), space.dt(solution).subs(t, 0)))
    return closed(u, [wave, *walls, *starts], {u: solution})


@timed("walls", {"thin": (Rational(1, 2), Rational(1, 2)), "thick": (5, 2)})
def storing(capacity, end) -> Known:
    """Heat in a disc whose wall stores some of it: its slowest mode."""
    space, x, y, t, omega, u = plane(Interval(-1, 1) ** 2, end)
    omega = Ball(space, (0, 0), 1).over(Interval(0, end))
    rate = Float(brentq(lambda k: float(capacity) * k * j0(k) + j1(k), 2.405, 3.8317, xtol=1e-15), 17)
    solution = besselj(0, rate * sqrt(x**2 + y**2)) * exp(-(rate**2) * t)
    conditions = [
        On(omega, Eq(space.dt(u), space.laplace(u))),
        On(omega.boundary, Eq(capacity * space.dt(u) + space.dn(u), 0)),
        *begun(omega, (u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@timed("walls", {"light": (Rational(1, 5), 20), "heavy": (10, 40)})
def beaded(mass, end) -> Known:
    """A string with a bead at its end: two of its modes."""
    space, x, t, omega, u = line(Interval(0, 1), end)

    def mode(number: int) -> float:
        low = number * np.pi
        return brentq(lambda k: np.cos(k) - float(mass) * k * np.sin(k), low + 1e-12, low + np.pi / 2, xtol=1e-15)

    solution = sum(sin(k * x) * cos(k * t) / (n + 1) for n, k in enumerate(Float(mode(n), 17) for n in (0, 2)))
    conditions = [
        On(omega, Eq(space.dt(u, 2), u.diff(x, 2))),
        On(omega.face(x, 0), Eq(u, 0)),
        On(omega.face(x, 1), Eq(mass * space.dt(u, 2) + u.diff(x), 0)),
        *begun(omega, (u, solution.subs(t, 0)), (space.dt(u), 0)),
    ]
    return closed(u, conditions, {u: solution})
