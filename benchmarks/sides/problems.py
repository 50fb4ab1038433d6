"""Benchmark problems of FastLSQ 0.7.1 and pyRFM 0.4.2, each declared once, with its solution beside the declaration.

The declarations hold no solution, so that inrpde cannot look at it. FastLSQ's are those of `fastlsq.problems`, pyRFM's
those of its examples, after Chen, Chi, E and Yang (J. Mach. Learn. 1, 268, 2022) and Chen, E and Luo (EAJAM 13, 435,
2023).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sympy import Eq, Expr, FiniteSet, Integer, Interval, Matrix, Rational, cos, exp, pi, sin, sqrt
from zoo.making import line, plane
from zoo.traps.known import Known, closed
from zoo.traps.layers import steepening

from inrpde.declaration import Ball, On, Region, Space

FASTLSQ, PYRFM = "FastLSQ", "pyRFM"
MEMBRANE_TIME = 4
COUNT = 2000
"""Points at which errors are taken."""


@dataclass(frozen=True)
class Case:
    """A problem of a peer, in words and declared."""

    peer: str
    words: str
    make: Callable[[], Known]

    def points(self, known: Known) -> np.ndarray:
        """Where errors are taken (COUNT, d): even in the region and its time."""
        region, rng, found = known.problem.conditions[0].region, np.random.default_rng(0), []
        while sum(map(len, found)) < COUNT:
            tried = rng.uniform(*region.bounds, (10 * COUNT, len(region.bounds[0])))
            found.append(tried[region.contains(tried)])
        return np.concatenate(found)[:COUNT]


CASES: dict[str, Case] = {}


def case(peer: str, words: str) -> Callable[[Callable[[], Known]], Callable[[], Known]]:
    """Registers a problem under its function's name."""

    def register(make: Callable[[], Known]) -> Callable[[], Known]:
        CASES[make.__name__] = Case(peer, words, make)
        return make

    return register


@case(FASTLSQ, "Poisson, 5-D")
def poisson5() -> Known:
    space = Space("a b c d e")
    u = space.unknown("u")
    cube = Region(space, Interval(0, 1) ** 5)
    solution = sum(sin(pi * x / 2) for x in space.coords)
    conditions = [
        On(cube, Eq(-space.laplace(u), pi**2 / 4 * solution)),
        On(cube.boundary, Eq(u, solution)),
    ]
    return closed(u, conditions, {u: solution})


@case(FASTLSQ, "heat, 5-D ball, Neumann")
def heat5() -> Known:
    space = Space("a b c d e", time="t")
    *place, t = space.coords
    u = space.unknown("u")
    ball = Ball(space, (0,) * 5, 1).over(Interval(0, 1))
    square = sum(x**2 for x in place)
    solution = exp(square / 2 + t)
    conditions = [
        On(ball, Eq(space.dt(u) - space.laplace(u) / 5, -square / 5 * solution)),
        On(ball.boundary, Eq(space.dn(u), exp(Rational(1, 2) + t))),
        On(ball.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@case(FASTLSQ, "wave, 1-D, 1 and 4 half waves")
def string() -> Known:
    space, x, t, u, omega = line(Interval(0, 1) ** 2, time=True)
    solution = sin(pi * x) * cos(2 * pi * t) + sin(4 * pi * x) * cos(8 * pi * t) / 2
    conditions = [
        On(omega, Eq(space.dt(u, 2), 4 * space.laplace(u))),
        On(omega.boundary, Eq(u, 0)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
        On(omega.initial, Eq(space.dt(u), 0)),
    ]
    return closed(u, conditions, {u: solution})


@case(FASTLSQ, "wave, 2-D, anisotropic, t ≤ 4")
def membrane() -> Known:
    space = Space("x y", time="t")
    x, y, t = space.coords
    u = space.unknown("u")
    omega = Region(space, Interval(0, 1) ** 2 * Interval(0, MEMBRANE_TIME))
    solution = sin(pi * x) * sin(pi * y) * cos(pi * sqrt(3) * t)
    conditions = [
        On(omega, Eq(space.dt(u, 2), u.diff(x, 2) + 2 * u.diff(y, 2))),
        On(omega.boundary, Eq(u, 0)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
        On(omega.initial, Eq(space.dt(u), 0)),
    ]
    return closed(u, conditions, {u: solution})


@case(FASTLSQ, "Helmholtz, 2-D, k = 10")
def helmholtz() -> Known:
    space, x, y, u, omega = plane()
    solution = sin(10 * x) * sin(10 * y)
    conditions = [
        On(omega, Eq(space.laplace(u) + 100 * u, -100 * solution)),
        On(omega.boundary, Eq(u, solution)),
    ]
    return closed(u, conditions, {u: solution})


@case(FASTLSQ, "-Δu + u³ = f, 2-D")
def cubic() -> Known:
    space, x, y, u, omega = plane()
    solution = sin(pi * x) * sin(pi * y)
    conditions = [
        On(omega, Eq(-space.laplace(u) + u**3, 2 * pi**2 * solution + solution**3)),
        On(omega.boundary, Eq(u, 0)),
    ]
    return closed(u, conditions, {u: solution})


@case(PYRFM, "Poisson, 2-D, mixed frequencies")
def mixed() -> Known:
    space, x, y, u, omega = plane()

    def waves(z: Expr, k: int) -> Expr:
        return 3 * cos(k * pi * z + 2 * pi / 5) / 2 + 2 * cos(2 * k * pi * z - pi / 5)

    solution = -(waves(x, 1) * waves(y, 1) + waves(x, 2) * waves(y, 2)) / 2
    conditions = [
        On(omega, Eq(-space.laplace(u), -space.laplace(solution))),
        On(omega.boundary, Eq(u, solution)),
    ]
    return closed(u, conditions, {u: solution})


@case(PYRFM, "Stokes, 2-D, three holes")
def stokes() -> Known:
    space = Space("x y")
    x, y = space.coords
    u, v, p = space.unknowns("u v p")
    flow = Matrix([u, v])
    holes = [Ball(space, centre, 0.1) for centre in ((0.5, 0.2), (0.2, 0.8), (0.8, 0.8))]
    omega = Region(space, Interval(0, 1) ** 2) - (holes[0] | holes[1] | holes[2])
    moving = Matrix([
        x + x**2 - 2 * x * y + x**3 - 3 * x * y**2 + x**2 * y,
        -y - 2 * x * y + y**2 - 3 * x**2 * y + y**3 - x * y**2,
    ])  # fmt: skip
    pressure = x * y + x + y + x**3 * y**2 - Rational(4, 3)
    force = Matrix([3 * x**2 * y**2 - y - 1, 2 * x**3 * y + 3 * x - 1])
    conditions = [
        On(omega, Eq(-space.laplace(flow) + space.grad(p), force)),
        On(omega, Eq(space.div(flow), 0)),
        On(omega.boundary, Eq(flow, moving)),
        On(Region(space, FiniteSet((0, 0))), Eq(p, Rational(-4, 3))),
    ]
    return closed([u, v, p], conditions, {u: moving[0], v: moving[1], p: pressure})


@case(PYRFM, "heat, 1-D, t ≤ 10")
def rod() -> Known:
    space, x, t, u, omega = line(Interval(0, 12) * Interval(0, 10), time=True)
    solution = 2 * sin(pi * x / 2) * exp(-t)
    conditions = [
        On(omega, Eq(space.dt(u), 4 / pi**2 * space.laplace(u))),
        On(omega.boundary, Eq(u, 0)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@case(PYRFM, "Burgers, 1-D, ν = 0.01")
def burgers() -> Known:
    return steepening(0.01, Integer(1))
