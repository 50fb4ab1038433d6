"""One linear equation on an interval, a square or a cube."""

from __future__ import annotations

import numpy as np
from sympy import Eq, FiniteSet, I, Interval, atan, cos, cosh, exp, pi, sin, sqrt

from inrpde.declaration import On, Points, Problem, Region, Space
from zoo.making import UNIT, line, made, plane, zoo


@zoo
def poisson() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v), sin(pi * x) * sin(pi * y))


@zoo
def modes() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v), sin(5 * pi * x) * sin(3 * pi * y) + x * y)


@zoo
def helmholtz() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v) - (4 * pi) ** 2 * v, sin(4 * pi * x) * sin(4 * pi * y))


def waves(k: int) -> Problem:
    space, x, y, u, omega = plane(complex=True)
    wave = exp(I * k * (0.93 * x + sqrt(1 - 0.93**2) * y)) + exp(I * k * (cos(2) * x + sin(2) * y)) / 2
    return made(space, omega, u, lambda v: space.laplace(v) + k**2 * v, wave, lambda v: space.dn(v) + I * k * v)


@zoo
def waves20() -> Problem:
    return waves(20)


@zoo
def waves40() -> Problem:
    return waves(40)


@zoo
def darcy() -> Problem:
    space, x, y, u, omega = plane()
    a = exp(x) * (2 + cos(pi * y))
    return made(space, omega, u, lambda v: -space.div(a * space.grad(v)), sin(pi * x) * cos(pi * y))


@zoo
def anisotropic() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -v.diff(x, 2) - v.diff(y, 2) / 100, sin(pi * x) * exp(-3 * y) + y**2)


@zoo
def convection() -> Problem:
    space, x, y, u, omega = plane()
    solution = (exp(30 * (x - 1)) - exp(-30)) * sin(pi * y) + x
    return made(space, omega, u, lambda v: -space.laplace(v) / 30 + v.diff(x), solution)


@zoo
def layers() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v) + 400 * v, cosh(20 * (x - 0.5)) / cosh(10) + exp(-20 * y))


@zoo
def peak() -> Problem:
    space, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    return made(space, omega, u, lambda v: -space.laplace(v), exp(-40 * ((x - 0.2) ** 2 + y**2)))


@zoo
def runge() -> Problem:
    space, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    return made(space, omega, u, lambda v: -space.laplace(v) + v, 1 / (1 + 20 * (x**2 + y**2)))


@zoo
def front() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v), atan(20 * (x + y - 1)))


@zoo
def gauge() -> Problem:
    """Slopes all round, and the value at one point."""
    space, x, y, u, omega = plane()
    problem = made(space, omega, u, lambda v: -space.laplace(v), cos(2 * pi * x) * cos(pi * y) * exp(x), space.dn)
    corner = On(Region(space, FiniteSet((0, 0))), Eq(u, 1))
    return Problem("zoo", unknowns=[u], conditions=[*problem.conditions, corner], exact=problem.exact)


@zoo
def mean() -> Problem:
    space, x, y, u, omega = plane()
    problem = made(space, omega, u, lambda v: -space.laplace(v), cos(pi * x) * cos(2 * pi * y), space.dn)
    conditions = [*problem.conditions, On(omega, Eq(omega.mean(u), 0))]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact=problem.exact)


@zoo
def robin() -> Problem:
    space, x, y, u, omega = plane(Interval(0, 2) * UNIT)
    solution = exp(x) * sin(4 * y)
    return made(space, omega, u, lambda v: -space.laplace(v) + sin(x) * v, solution, lambda v: space.dn(v) + 2 * v)


@zoo
def plate() -> Problem:
    space, x, y, u, omega = plane()
    solution = sin(pi * x) * sin(2 * pi * y)
    return made(space, omega, u, lambda v: space.laplace(space.laplace(v)), solution, lambda v: v, space.laplace)


@zoo
def clamped() -> Problem:
    space, x, y, u, omega = plane()
    solution = (sin(pi * x) * sin(pi * y)) ** 2
    return made(space, omega, u, lambda v: space.laplace(space.laplace(v)), solution, lambda v: v, space.dn)


@zoo
def cube() -> Problem:
    space = Space("x y z")
    x, y, z = space.coords
    solution = sin(pi * x) * sin(pi * y) * exp(z)
    return made(space, Region(space, UNIT**3), space.unknown("u"), lambda v: -space.laplace(v), solution)


@zoo
def cube5() -> Problem:
    space = Space([f"x{k}" for k in range(5)])
    solution = exp(-sum(x**2 for x in space.coords) / 2)
    return made(space, Region(space, Interval(-1, 1) ** 5), space.unknown("u"), lambda v: -space.laplace(v), solution)


@zoo
def airy() -> Problem:
    space, x, u, omega = line()
    return made(space, omega, u, lambda v: -v.diff(x, 2) / 2000 + x * v, exp(-x) * sin(20 * x))


@zoo
def sublayer() -> Problem:
    space, x, u, omega = line()
    return made(space, omega, u, lambda v: -v.diff(x, 2) / 100 + v.diff(x), exp(-100 * (1 - x)) + x**2)


@zoo
def beam() -> Problem:
    space, x, u, omega = line()
    solution = sin(7 * x) * x
    return made(
        space, omega, u, lambda v: ((1 + x) * v.diff(x, 2)).diff(x, 2), solution, lambda v: v, lambda v: v.diff(x)
    )


@zoo
def damped() -> Problem:
    space, x, y, u, omega = plane(complex=True)
    return made(space, omega, u, lambda v: space.laplace(v) + (100 + 20 * I) * v, exp(I * 7 * x) * cos(6 * y))


@zoo
def regression() -> Problem:
    space, x, y, u, _ = plane()
    places = np.random.default_rng(1).uniform(0, 1, (3000, 2))
    values = np.sin(9 * places[:, 0]) * np.exp(places[:, 1])
    data = Points(space, places, {"m": values})
    return Problem("zoo", unknowns=[u], conditions=[On(data, Eq(u, data["m"]))], exact={u: sin(9 * x) * exp(y)})
