"""Twelve problems of all kinds, each declared in any units: x in s, t in r, the unknowns in b and counted from c."""

from dataclasses import dataclass

import numpy as np
from sympy import Eq, Float, I, Integer, Interval, cos, exp, pi, sin

from inrpde import Ball, On, Points, Problem, Region, Space


@dataclass(frozen=True)
class Units:
    """A problem is written in what `coords`, `of`, `d` and `dn` give, which are numbers without units."""

    s: float = 1.0
    r: float = 1.0
    b: float = 1.0
    c: float = 0.0
    """The offset, in units b."""

    def space(self, names, time=None):
        return Space(names, time=time)

    def coords(self, space):
        """The coordinates, without their units."""
        return [x / _exact(self._unit(space, x)) for x in space.coords]

    def of(self, unknown):
        """The unknown without its units and offset."""
        return (unknown - _exact(self.c * self.b)) / _exact(self.b)

    def difference(self, unknown):
        """Its part that derivatives see."""
        return unknown / _exact(self.b)

    def d(self, space, expr, *orders):
        """The derivative of an expression by coordinates and orders, (x, 2), (t, 1), without units."""
        for x, n in orders:
            expr = expr.diff(x, n) * _exact(self._unit(space, x)) ** n
        return expr

    def laplace(self, space, expr):
        return sum(self.d(space, expr, (x, 2)) for x in space.spatial)

    def dn(self, space, expr):
        return space.dn(expr) * _exact(self.s)

    def box(self, space, *sides, over=None):
        """The box of intervals of numbers without units."""
        intervals = [Interval(_exact(self.s * a), _exact(self.s * e)) for a, e in sides]
        intervals += [Interval(0, _exact(self.r * over))] if over else []
        product = intervals[0]
        for each in intervals[1:]:
            product = product * each
        return Region(space, product)

    def _unit(self, space, x):
        return self.r if x == space.time else self.s


def _exact(value):
    return Integer(int(value)) if value == int(value) and abs(value) < 1e15 else Float(value, 17)


def dirichlet_line(q):
    """-u'' = f, u = 0 at both ends."""
    space = q.space("x")
    (x,), u = q.coords(space), space.unknown("u")
    line = q.box(space, (0, 1))
    v, w = q.of(u), q.difference(u)
    return Problem("line", [u], [On(line, Eq(-q.laplace(space, w), 10 * exp(x))), On(line.boundary, Eq(v, 0))])


def mixed_square(q):
    """-Δu = f with values, fluxes and u + u_n = g on the sides of a square."""
    space = q.space("x y")
    (x, y), u = q.coords(space), space.unknown("u")
    square = q.box(space, (0, 1), (0, 1))
    v, w = q.of(u), q.difference(u)
    at = [square.face(k, z) for k in space.spatial for z in (0, _exact(q.s))]
    return Problem("mixed", [u], [
        On(square, Eq(-q.laplace(space, w), 10 * sin(2 * x + y))), On(at[0], Eq(v, y)), On(at[1], Eq(v, 1)),
        On(at[2], Eq(q.dn(space, w), 0)), On(at[3], Eq(q.dn(space, w) + v, x)),
    ])  # fmt: skip


def helmholtz(q):
    """Δu + k² u = 0, u_n = iku + g: complex."""
    space = q.space("x y")
    (x, y), u = q.coords(space), space.unknown("u", complex=True)
    square = q.box(space, (0, 1), (0, 1))
    v, w, k = q.of(u), q.difference(u), 4
    wall = square.boundary
    return Problem("helmholtz", [u], [
        On(square, Eq(q.laplace(space, w) + k**2 * v, 0)), On(wall, Eq(q.dn(space, w) - I * k * v, exp(I * x) * y)),
    ])  # fmt: skip


def heat(q):
    """u_t = 0.1 u_xx + f, insulated on one side."""
    space = q.space("x", time="t")
    (x, t), u = q.coords(space), space.unknown("u")
    rod = q.box(space, (0, 1), over=1)
    (X,), T = space.spatial, space.time
    v, w = q.of(u), q.difference(u)
    return Problem("heat", [u], [
        On(rod, Eq(q.d(space, w, (T, 1)), q.laplace(space, w) / 10 + sin(3 * x) * cos(2 * t))),
        On(rod.face(X, 0), Eq(v, 0)), On(rod.face(X, _exact(q.s)), Eq(q.dn(space, w), 0)),
        On(rod.initial, Eq(v, sin(pi * x / 2))),
    ])  # fmt: skip


def wave(q):
    """u_tt = u_xx from rest."""
    space = q.space("x", time="t")
    (x, _), u = q.coords(space), space.unknown("u")
    string = q.box(space, (0, 1), over=1.5)
    T = space.time
    v, w = q.of(u), q.difference(u)
    return Problem("wave", [u], [
        On(string, Eq(q.d(space, w, (T, 2)), q.laplace(space, w))), On(string.boundary, Eq(v, 0)),
        On(string.initial, Eq(v, sin(pi * x) + sin(2 * pi * x) / 3)), On(string.initial, Eq(q.d(space, w, (T, 1)), 0)),
    ])  # fmt: skip


def transport(q):
    """u_t + u_x = 0 with an inflow."""
    space = q.space("x", time="t")
    (x, t), u = q.coords(space), space.unknown("u")
    line = q.box(space, (0, 1), over=1)
    (X,), T = space.spatial, space.time
    v, w = q.of(u), q.difference(u)
    return Problem("transport", [u], [
        On(line, Eq(q.d(space, w, (T, 1)) + q.d(space, w, (X, 1)), 0)), On(line.face(X, 0), Eq(v, sin(3 * t))),
        On(line.initial, Eq(v, -sin(3 * x))),
    ])  # fmt: skip


def beam(q):
    """w_tt + w_xxxx = sin t, hinged: of the fourth order."""
    space = q.space("x", time="t")
    (_, t), u = q.coords(space), space.unknown("w")
    line = q.box(space, (0, 1), over=1)
    (X,), T = space.spatial, space.time
    v, w = q.of(u), q.difference(u)
    return Problem("beam", [u], [
        On(line, Eq(q.d(space, w, (T, 2)) + q.d(space, w, (X, 4)), 200 * sin(pi * t))), On(line.boundary, Eq(v, 0)),
        On(line.boundary, Eq(q.d(space, w, (X, 2)), 0)), On(line.initial, Eq(v, 0)),
        On(line.initial, Eq(q.d(space, w, (T, 1)), 0)),
    ])  # fmt: skip


def coupled(q):
    """Two diffusions that exchange: a system."""
    space = q.space("x y")
    (x, y), (u, v) = q.coords(space), space.unknowns("u v")
    square = q.box(space, (0, 1), (0, 1))
    a, b = q.of(u), q.of(v)
    return Problem("coupled", [u, v], [
        On(square, Eq(-q.laplace(space, q.difference(u)) + a - b, 5 * x)),
        On(square, Eq(-q.laplace(space, q.difference(v)) + b - a, 20 * y)),
        On(square.boundary, Eq(a, x * y)), On(square.boundary, Eq(b, 0)),
    ])  # fmt: skip


def nonlinear(q):
    """-u'' + u³ = f."""
    space = q.space("x")
    (x,), u = q.coords(space), space.unknown("u")
    line = q.box(space, (0, 1))
    v, w = q.of(u), q.difference(u)
    return Problem("cubic", [u], [
        On(line, Eq(-q.laplace(space, w) + v**3, 20 * sin(3 * x))), On(line.boundary, Eq(v, 0))
    ])  # fmt: skip


def disc(q):
    """-Δu = f on a disc."""
    space = q.space("x y")
    (x, y), u = q.coords(space), space.unknown("u")
    ball = Ball(space, (_exact(q.s), 0), _exact(q.s))
    v, w = q.of(u), q.difference(u)
    return Problem("disc", [u], [On(ball, Eq(-q.laplace(space, w), exp(x) * y)), On(ball.boundary, Eq(v, x / 5))])


def readings(q):
    """u_xx + u_yy = 0 where values are given at scattered points."""
    space = q.space("x y")
    u = space.unknown("u")
    square = q.box(space, (0, 1), (0, 1))
    at = np.random.default_rng(1).uniform(0, 1, (150, 2))
    given = np.sin(2 * at[:, 0]) * np.exp(2 * at[:, 1])
    points = Points(space, q.s * at, {"g": q.b * (given + q.c)})
    return Problem("readings", [u], [
        On(square, Eq(q.laplace(space, q.difference(u)), 0)), On(points, Eq(u / _exact(q.b), points["g"] / _exact(q.b)))
    ])  # fmt: skip


def pendulum(q):
    """y'' + y'/5 + 4y = 0 with both values at one end: an ordinary differential equation."""
    space = q.space("x")
    (x,), u = q.coords(space), space.unknown("y")
    line = q.box(space, (0, 3))
    (X,) = space.coords
    start = line.face(X, 0)
    v, w = q.of(u), q.difference(u)
    return Problem("pendulum", [u], [
        On(line, Eq(q.d(space, w, (X, 2)) + q.d(space, w, (X, 1)) / 5 + 4 * v, sin(x))), On(start, Eq(v, 1)),
        On(start, Eq(q.d(space, w, (X, 1)), 0)),
    ])  # fmt: skip


ALL = {
    each.__name__: each
    for each in (
        dirichlet_line, mixed_square, helmholtz, heat, wave, transport, beam, coupled, nonlinear, disc, readings,
        pendulum,
    )
}  # fmt: skip
