"""Waves, for a period and for very many."""

from __future__ import annotations

from sympy import Eq, I, Interval, Rational, atan, cos, cosh, exp, pi, sin, sqrt

from inrpde.declaration import On, Periodic, Region, Space
from zoo.making import line
from zoo.traps.known import Known, closed, trap


def released(space, omega, u, operator, solution, walls) -> Known:
    """operator(u) = 0 from the values and, of second order in time, the speeds of a solution."""
    t = space.time
    conditions = [On(omega, Eq(operator(u), 0)), *walls, On(omega.initial, Eq(u, solution.subs(t, 0)))]
    if operator(u).has(u.diff(t, 2)):
        conditions.append(On(omega.initial, Eq(space.dt(u), solution.diff(t).subs(t, 0))))
    return closed(u, conditions, {u: solution})


@trap("wave", {"long": (40,)}, {"period": (1,)})
def violin(periods: int) -> Known:
    space, x, t, u, omega = line(Interval(0, 3) * Interval(0, 6 * periods), time=True)
    solution = sin(pi * x / 3) * cos(pi * t / 3) + sin(2 * pi * x / 3) * sin(2 * pi * t / 3) / 3
    wall = [On(omega.boundary, Eq(u, 0))]
    return released(space, omega, u, lambda v: space.dt(v, 2) - v.diff(x, 2), solution, wall)


@trap("wave", {"long": (60,)}, {"brief": (3,)})
def massive(end: int) -> Known:
    """Klein and Gordon's equation, free ends."""
    space, x, t, u, omega = line(Interval(0, pi) * Interval(0, end), time=True)
    solution = cos(x) * cos(sqrt(5) * t) + cos(2 * x) * cos(sqrt(8) * t) / 2
    wall = [On(omega.boundary, Eq(u.diff(x), 0))]
    return released(space, omega, u, lambda v: space.dt(v, 2) - v.diff(x, 2) + 4 * v, solution, wall)


@trap("wave", {"long": (4,)}, {"brief": (Rational(1, 4),)})
def reed(end) -> Known:
    """A hinged beam, two modes."""
    space, x, t, w, omega = line(Interval(0, 1) * Interval(0, end), time=True)
    solution = sin(pi * x) * cos(pi**2 * t) + sin(2 * pi * x) * cos(4 * pi**2 * t) / 4
    walls = [On(omega.boundary, Eq(w, 0)), On(omega.boundary, Eq(w.diff(x, 2), 0))]
    return released(space, omega, w, lambda v: space.dt(v, 2) + v.diff(x, 4), solution, walls)


@trap("wave", {"long": (12,)}, {"brief": (1,)})
def membrane2(end: int) -> Known:
    space = Space("x y", time="t")
    x, y, t = space.coords
    u = space.unknown("u")
    omega = Region(space, Interval(0, pi) * Interval(0, pi) * Interval(0, end))
    solution = sin(x) * sin(y) * cos(sqrt(2) * t) + sin(2 * x) * sin(y) * sin(sqrt(5) * t) / 2
    wall = [On(omega.boundary, Eq(u, 0))]
    return released(space, omega, u, lambda v: space.dt(v, 2) - space.laplace(v), solution, wall)


@trap("wave", {"long": (5,)}, {"brief": (Rational(1, 4),)})
def well(end) -> Known:
    """A quantum particle in a box."""
    space, x, t, u, omega = line(Interval(0, 2) * Interval(0, end), time=True, complex=True)
    solution = sin(pi * x / 2) * exp(-I * pi**2 * t / 8) + sin(3 * pi * x / 2) * exp(-9 * I * pi**2 * t / 8) / 2
    wall = [On(omega.boundary, Eq(u, 0))]
    return released(space, omega, u, lambda v: I * space.dt(v) + v.diff(x, 2) / 2, solution, wall)


@trap("wave", {"long": (20,)}, {"round": (1,)})
def carousel(rounds: int) -> Known:
    """A profile that goes round."""
    space, x, t, u, omega = line(Interval(0, 2) * Interval(0, 2 * rounds), time=True)
    solution = exp(sin(pi * (x - t)))
    wall = [On(omega.face(x, 0), Periodic(u, x))]
    return released(space, omega, u, lambda v: space.dt(v) + v.diff(x), solution, wall)


@trap("wave", {"long": (40,)}, {"brief": (2,)})
def kinks(end: int) -> Known:
    """A breather of the sine-Gordon equation."""
    space, x, t, u, omega = line(Interval(-12, 10) * Interval(0, end), time=True)
    w = Rational(4, 5)
    solution = 4 * atan(Rational(3, 4) * sin(w * t) / cosh(Rational(3, 5) * (x - Rational(1, 4))))
    wall = [On(omega.boundary, Eq(u, solution))]
    return released(space, omega, u, lambda v: space.dt(v, 2) - v.diff(x, 2) + sin(v), solution, wall)


@trap("wave", {"long": (30,)}, {"brief": (1,)})
def cavity1(end: int) -> Known:
    """Electric and magnetic field between mirrors."""
    space = Space("x", time="t")
    x, t = space.coords
    E, H = space.unknowns("E H")
    omega = Region(space, Interval(0, 1) * Interval(0, end))
    field, other = sin(pi * x) * cos(pi * t), cos(pi * x) * sin(pi * t)
    conditions = [
        On(omega, Eq(space.dt(E), H.diff(x))),
        On(omega, Eq(space.dt(H), E.diff(x))),
        On(omega.boundary, Eq(E, 0)),
        On(omega.initial, Eq(E, field.subs(t, 0))),
        On(omega.initial, Eq(H, other.subs(t, 0))),
    ]
    return closed([E, H], conditions, {E: field, H: other})
