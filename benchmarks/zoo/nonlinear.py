"""Nonlinear equations, steady and in time."""

from __future__ import annotations

from sympy import Abs, Eq, Expr, FiniteSet, I, Interval, Rational, atan, cos, cosh, exp, log, pi, sin, sqrt, tanh

from inrpde.declaration import On, Periodic, Problem, Region, Space
from zoo.making import UNIT, line, made, plane, zoo


@zoo
def bratu() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.laplace(v) + exp(v), sin(pi * x) * sin(2 * pi * y))


@zoo
def diffusion() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: -space.div((1 + v**2) * space.grad(v)), sin(3 * x) * cos(4 * y))


@zoo
def allen_cahn() -> Problem:
    space, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    return made(space, omega, u, lambda v: -space.laplace(v) / 50 + v**3 - v, tanh(5 * (x + y / 2)))


@zoo
def burgers() -> Problem:
    space, x, t, u, omega = line(Interval(-1, 1) * UNIT, time=True)
    solution = (1 - tanh((x - t / 2) * 5)) / 2
    return made(space, omega, u, lambda v: space.dt(v) + v * v.diff(x) - v.diff(x, 2) / 20, solution)


@zoo
def fisher() -> Problem:
    space, x, t, u, omega = line(Interval(-10, 20) * Interval(0, 5), time=True)
    solution = (1 + exp((x - 5 * t / sqrt(6)) / sqrt(6))) ** -2
    return made(space, omega, u, lambda v: space.dt(v) - v.diff(x, 2) - v * (1 - v), solution)


@zoo
def breather() -> Problem:
    space, x, t, u, omega = line(Interval(-8, 8) * Interval(0, 3), time=True)
    solution = 4 * atan(Rational(4, 3) * cos(Rational(3, 5) * t) / cosh(Rational(4, 5) * x))
    return made(space, omega, u, lambda v: space.dt(v, 2) - v.diff(x, 2) + sin(v), solution)


@zoo
def schroedinger() -> Problem:
    space, x, t, u, omega = line(Interval(-6, 6) * UNIT, time=True, complex=True)
    solution = exp(I * (x / 2 + 3 * t / 8)) / cosh(x - t / 2)
    return made(space, omega, u, lambda v: I * space.dt(v) + v.diff(x, 2) / 2 + Abs(v) ** 2 * v, solution)


@zoo
def soliton() -> Problem:
    space, x, t, u, omega = line(Interval(-12, 12) * UNIT, time=True)
    solution = 2 / cosh(x + 2 - 4 * t) ** 2
    conditions = [
        On(omega, Eq(space.dt(u) + 6 * u * u.diff(x) + u.diff(x, 3), 0)),
        On(omega.boundary.where(Eq(x, -12)), Periodic(u, x)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def kovasznay() -> Problem:
    space = Space("x y")
    x, y = space.coords
    u, v, p = space.unknowns("u v p")
    omega = Region(space, Interval(Rational(-1, 2), 1) * Interval(Rational(-1, 2), Rational(3, 2)))
    rate = 20 - sqrt(400 + 4 * pi**2)
    U, V = 1 - exp(rate * x) * cos(2 * pi * y), rate / (2 * pi) * exp(rate * x) * sin(2 * pi * y)
    P = (1 - exp(2 * rate * x)) / 2
    conditions = [
        On(omega, Eq(u * u.diff(x) + v * u.diff(y) + p.diff(x), space.laplace(u) / 40)),
        On(omega, Eq(u * v.diff(x) + v * v.diff(y) + p.diff(y), space.laplace(v) / 40)),
        On(omega, Eq(u.diff(x) + v.diff(y), 0)),
        On(omega.boundary, Eq(u, U)),
        On(omega.boundary, Eq(v, V)),
        On(Region(space, FiniteSet((0, 0))), Eq(p, 0)),
    ]
    return Problem("zoo", unknowns=[u, v, p], conditions=conditions, exact={u: U, v: V, p: P})


@zoo
def eikonal() -> Problem:
    space, x, y, u, omega = plane()
    return made(space, omega, u, lambda v: v.diff(x) ** 2 + v.diff(y) ** 2, exp(x) + y * x + 2 * y)


@zoo
def scherk() -> Problem:
    _, x, y, u, omega = plane(Interval(-1, 1) ** 2)
    solution = log(cos(x) / cos(y))

    def area(v: Expr) -> Expr:
        a, b = v.diff(x), v.diff(y)
        return (1 + b**2) * v.diff(x, 2) - 2 * a * b * v.diff(x, y) + (1 + a**2) * v.diff(y, 2)

    conditions = [On(omega, Eq(area(u), 0)), On(omega.boundary, Eq(u, solution))]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def logistic() -> Problem:
    space, x, u, omega = line(Interval(0, 6))
    solution = 1 / (1 + 9 * exp(-2 * x))
    conditions = [On(omega, Eq(u.diff(x), 2 * u * (1 - u))), On(Region(space, FiniteSet(0)), Eq(u, Rational(1, 10)))]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})
