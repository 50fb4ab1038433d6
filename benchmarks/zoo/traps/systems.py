"""Equations with several solutions, and systems of which one unknown is hardly determined."""

from __future__ import annotations

import mpmath
import numpy as np
from scipy.special import ellipj
from sympy import Eq, FiniteSet, Float, Interval, Rational, cos, cosh, exp, log, pi, sin, sqrt

from inrpde.declaration import On, Region, Space
from zoo.making import UNIT, line
from zoo.traps.known import Array, Known, closed, numeric, trap


@trap("several", {"none": (0,), "high": (5,)}, {})
def explosion(height: int) -> Known:
    """u'' + 2 exp(u) = 0 has two solutions."""
    _, x, u, omega = line()

    def solution(start: float):
        a = Float(mpmath.findroot(lambda a: a - 2 * mpmath.cosh(a / 4), start), 20)
        return {u: 2 * log(cosh(a / 4)) - 2 * log(cosh((x - Rational(1, 2)) * a / 2))}

    conditions = [On(omega, Eq(u.diff(x, 2) + 2 * exp(u), 0)), On(omega.boundary, Eq(u, 0))]
    guess = {u: 4 * height * x * (1 - x)} if height else {}
    return closed(u, conditions, solution(2.3), solution(8.5), guess=guess)


@trap("several", {"buckled": (15.0,)}, {})
def column(load: float) -> Known:
    """A column under a load at which it buckles, to either side; straight it stays as well."""
    _, x, u, omega = line()
    conditions = [On(omega, Eq(u.diff(x, 2) + load * sin(u), 0)), On(omega.boundary, Eq(u, 0))]
    k = float(mpmath.findroot(lambda k: 2 * mpmath.ellipk(k**2) - load**0.5, 0.6))

    def bent(points: Array) -> dict[str, Array]:
        return {"u": 2 * np.arcsin(k * ellipj(load**0.5 * points[:, 0], k**2)[0])}

    return numeric(
        u, conditions, bent, lambda p: {"u": -bent(p)["u"]}, lambda p: {"u": np.zeros(len(p))}, accuracy=1e-10,
        guess={u: 2 * sin(pi * x)},
    )  # fmt: skip


@trap("several", {"signs": ()}, {})
def root() -> Known:
    """u u' = x with u² given: either sign."""
    _, x, u, omega = line(Interval(0, 2))
    solution = sqrt(x**2 + 1)
    conditions = [On(omega, Eq(u * u.diff(x), x)), On(omega.face(x, 0), Eq(u**2, 1))]
    return closed(u, conditions, {u: solution}, {u: -solution})


@trap("several", {}, {"one": (3,), "steep": (30,)})
def cubic(end: int) -> Known:
    """u'' = u³ has one."""
    _, x, u, omega = line(Interval(0, end))
    conditions = [On(omega, Eq(u.diff(x, 2), u**3)), On(omega.boundary, Eq(u, sqrt(2) / (1 + x)))]
    return closed(u, conditions, {u: sqrt(2) / (1 + x)})


@trap("several", {}, {"one": ()})
def semiconductor() -> Known:
    """u'' = sinh-like, monotone: one solution."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    chip = Region(space, Interval(0, 2) * UNIT)
    solution = cos(2 * x) * exp(-y)
    conditions = [
        On(chip, Eq(space.laplace(u) - u**3 - u, space.laplace(solution).doit() - solution**3 - solution)),
        On(chip.boundary, Eq(u, solution)),
    ]
    return closed(u, conditions, {u: solution})


@trap("undetermined", {"near": (1e-11,)}, {"apart": (0.5,)})
def twins(apart: float) -> Known:
    """Two unknowns whose equations are nearly the same."""
    space = Space("x")
    (x,) = space.coords
    u, v = space.unknowns("u v")
    omega = Region(space, Interval(0, 2))
    U, V = sin(3 * x), exp(-x) + x**2
    second = 1 + apart

    def sides(a, b):
        return a.diff(x, 2) + b.diff(x, 2) - a, a.diff(x, 2) + second * b.diff(x, 2) - a

    conditions = [On(omega, Eq(p, q)) for p, q in zip(sides(u, v), sides(U, V), strict=True)]
    conditions += [On(omega.boundary, Eq(u, U)), On(omega.boundary, Eq(v, V))]
    return closed([u, v], conditions, {u: U, v: V}, accuracy=3e-15 / apart)


@trap("undetermined", {"weak": (1e-11,)}, {"strong": (1.0,)})
def agent(coupling: float) -> Known:
    """A source that is only known by its weak effect on what is measured everywhere."""
    space = Space("x")
    (x,) = space.coords
    u, f = space.unknowns("u f")
    omega = Region(space, Interval(-1, 1))
    U, F = cos(2 * x), sin(5 * x) + 1
    conditions = [
        On(omega, Eq(-u.diff(x, 2) + coupling * f, 4 * U + coupling * F)),
        On(omega, Eq(u, U)),
    ]
    return closed([u, f], conditions, {u: U, f: F}, accuracy=1e-15 / coupling)


@trap("undetermined", {"tight": (1e-10,)}, {"loose": (1.0,)})
def seepage(K: float) -> Known:
    """Flux and pressure; the pressure is known at one place, the flux at both ends."""
    space = Space("x")
    (x,) = space.coords
    q, p = space.unknowns("q p")
    rock = Region(space, Interval(0, 3))
    P = 5 + cos(pi * x / 3) / K
    Q = -K * P.diff(x)
    conditions = [
        On(rock, Eq(q, -K * p.diff(x))),
        On(rock, Eq(q.diff(x), Q.diff(x))),
        On(rock.face(x, 0), Eq(q, Q.subs(x, 0))),
        On(Region(space, FiniteSet(1)), Eq(p, P.subs(x, 1))),
    ]
    return closed([q, p], conditions, {q: Q, p: P})


@trap("undetermined", {"close": (1e-11,)}, {"apart": (0.7,)})
def levelling(apart: float) -> Known:
    """A straight line through two readings."""
    space, x, u, omega = line(Interval(0, 2))
    conditions = [
        On(omega, Eq(u.diff(x, 2), 0)),
        On(Region(space, FiniteSet(1)), Eq(u, 1)),
        On(Region(space, FiniteSet(1 + apart)), Eq(u, 1 + 3 * apart)),
    ]
    return closed(u, conditions, {u: 3 * x - 2}, accuracy=1e-15 / apart)


@trap("undetermined", {"faint": (1e-9,)}, {"clear": (0.5,)})
def tracer(share: float) -> Known:
    """A tracer that is made of what decays, in traces: its own size is small, its relative error need not be."""
    space = Space("x", time="t")
    x, t = space.coords
    u, c = space.unknowns("u c")
    omega = Region(space, UNIT * UNIT)
    U = exp(-t) * sin(pi * x)
    C = share * (exp(-t) - exp(-2 * t)) * sin(pi * x)
    k = 1 / pi**2
    conditions = [
        On(omega, Eq(space.dt(u), k * u.diff(x, 2))),
        On(omega, Eq(space.dt(c), k * c.diff(x, 2) - c + share * u)),
        On(omega.boundary, Eq(u, 0)),
        On(omega.boundary, Eq(c, 0)),
        On(omega.initial, Eq(u, sin(pi * x))),
        On(omega.initial, Eq(c, 0)),
    ]
    return closed([u, c], conditions, {u: U, c: C})
