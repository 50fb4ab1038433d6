"""Layers at walls and within, and fronts that move."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite import hermgauss
from sympy import Eq, Interval, Rational, besseli, cosh, erf, exp, pi, sin, sqrt, tanh

from inrpde.declaration import Ball, On, Periodic, Region, Space
from zoo.making import UNIT, line
from zoo.traps.known import Array, Known, closed, numeric, trap


@trap("layer", {"thin": (1e-3,), "hair": (1e-5,)}, {"wide": (0.15,)})
def outflow(eps: float) -> Known:
    """-ε u'' + u' = 1: a layer at the right end."""
    _, x, u, omega = line(Interval(0, 2))
    solution = x - 2 * (exp((x - 2) / eps) - exp(-2 / eps)) / (1 - exp(-2 / eps))
    conditions = [On(omega, Eq(-eps * u.diff(x, 2) + u.diff(x), 1)), On(omega.boundary, Eq(u, 0))]
    return closed(u, conditions, {u: solution})


@trap("layer", {"thin": (1e-3,), "hair": (2e-5,)}, {"wide": (0.3,)})
def skin(eps: float) -> Known:
    """-ε² u'' + u = 1: layers at both ends."""
    _, x, u, omega = line(Interval(-2, 1))
    solution = 1 - cosh((x + Rational(1, 2)) / eps) / cosh(Rational(3, 2) / eps)
    conditions = [On(omega, Eq(-(eps**2) * u.diff(x, 2) + u, 1)), On(omega.boundary, Eq(u, 0))]
    return closed(u, conditions, {u: solution})


@trap("layer", {"thin": (1e-5,)}, {"wide": (0.3,)})
def turning(eps: float) -> Known:
    """A layer within, where the flow turns."""
    _, x, u, omega = line(Interval(-1, 2))
    c = 1 / pi
    solution = erf((x - c) / sqrt(eps)) + 2
    conditions = [On(omega, Eq(eps * u.diff(x, 2) + 2 * (x - c) * u.diff(x), 0)), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("layer", {"thin": (1e-3,), "fine": (1e-2,)}, {"wide": (0.3,)})
def corner_flow(eps: float) -> Known:
    """Layers at two walls of a square."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    square = Region(space, UNIT**2)
    solution = x * y * (1 - exp((x - 1) / eps)) * (1 - exp((y - 1) / eps))

    def flow(v):
        return -eps * space.laplace(v) + v.diff(x) + v.diff(y)

    conditions = [On(square, Eq(flow(u), flow(solution).doit())), On(square.boundary, Eq(u, 0))]
    return closed(u, conditions, {u: solution})


@trap("layer", {"thin": (4e-3,)}, {"wide": (0.3,)})
def debye(eps: float) -> Known:
    """The charge at the wall of a round pore."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    pore = Ball(space, (1, 2), Rational(3, 2))
    r = sqrt((x - 1) ** 2 + (y - 2) ** 2)
    solution = besseli(0, r / eps) / besseli(0, Rational(3, 2) / eps)
    conditions = [On(pore, Eq(eps**2 * space.laplace(u), u)), On(pore.boundary, Eq(u, 1))]
    return closed(u, conditions, {u: solution})


@trap("front", {"steep": (2e-3,), "shock": (2e-4,)}, {"wide": (0.1,)})
def shock(nu: float) -> Known:
    """Burgers' equation: a front that moves."""
    space, x, t, u, omega = line(Interval(-1, Rational(3, 2)) * Interval(0, 1), time=True)
    solution = (1 - tanh((x - t / 2 + 1 / pi) / (4 * nu))) / 2 + 1
    conditions = [
        On(omega, Eq(space.dt(u) + (u - 1) * u.diff(x), nu * u.diff(x, 2))),
        On(omega.boundary, Eq(u, solution)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("front", {"steep": (2e-3,)}, {"wide": (0.1,)})
def steepening(nu: float, end: Rational = Rational(4, 5)) -> Known:
    """Burgers' equation from a sine, which steepens; by Cole and Hopf, and Gauss and Hermite."""
    space, x, _, u, omega = line(Interval(-1, 1) * Interval(0, end), time=True)
    conditions = [
        On(omega, Eq(space.dt(u) + u * u.diff(x), nu * u.diff(x, 2))),
        On(omega.boundary, Eq(u, 0)),
        On(omega.initial, Eq(u, -sin(pi * x))),
    ]
    nodes, weights = hermgauss(200)

    def truth(points: Array) -> dict[str, Array]:
        at = points[:, :1] - np.sqrt(4 * nu * np.maximum(points[:, 1:], 0)) * nodes
        level = -np.cos(np.pi * at) / (2 * np.pi * nu)
        share = np.exp(level - level.max(axis=1, keepdims=True)) * weights
        return {"u": -np.sum(share * np.sin(np.pi * at), axis=1) / np.sum(share, axis=1)}

    return numeric(u, conditions, truth, accuracy=1e-10 if nu > 0.01 else 1e-5)


@trap("front", {"fast": (1e4, 3e-3)}, {"slow": (6.0, 0.3)})
def spreading(rate: float, end: float) -> Known:
    """Fisher's equation."""
    space, x, t, u, omega = line(Interval(Rational(-3, 10), 1) * Interval(0, end), time=True)
    solution = (1 + exp(sqrt(rate / 6) * x - 5 * rate / 6 * t)) ** -2
    conditions = [
        On(omega, Eq(space.dt(u), u.diff(x, 2) + rate * u * (1 - u))),
        On(omega.boundary, Eq(u, solution)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("front", {"thin": (4e-3,)}, {"wide": (0.4,)})
def phases(eps: float) -> Known:
    """Allen and Cahn's wall between two phases, at rest."""
    _, x, u, omega = line(Interval(-1, 2))
    solution = tanh((x - sqrt(2) / 3) / (sqrt(2) * eps))
    conditions = [On(omega, Eq(eps**2 * u.diff(x, 2) + u - u**3, 0)), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("front", {"thin": (5e-3,)}, {"wide": (0.4,)})
def nerve(eps: float) -> Known:
    """Nagumo's equation: a signal that travels."""
    space, x, t, u, omega = line(Interval(-1, 1) * Interval(0, 2), time=True)
    a = Rational(1, 5)
    solution = 1 / (1 + exp((x + Rational(1, 3) - eps * (1 - 2 * a) * t / sqrt(2)) / (sqrt(2) * eps)))
    conditions = [
        On(omega, Eq(space.dt(u), eps**2 * u.diff(x, 2) + u * (1 - u) * (u - a))),
        On(omega.boundary, Eq(u, solution)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("front", {"thin": (6, Rational(1, 144))}, {"wide": (1, Rational(1, 4))})
def channel(k: int, end) -> Known:
    """A solitary wave of Korteweg and de Vries, on a circle."""
    space, x, t, u, omega = line(Interval(-8, 8) * Interval(0, end), time=True)
    solution = 2 * k**2 / cosh(k * (x - 4 * k**2 * t + Rational(1, 2))) ** 2
    conditions = [
        On(omega, Eq(space.dt(u) + 6 * u * u.diff(x) + u.diff(x, 3), 0)),
        On(omega.boundary.where(Eq(x, -8)), Periodic(u, x)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution}, accuracy=1e-5)
