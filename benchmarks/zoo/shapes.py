"""Systems of equations, and regions that are no boxes."""

from __future__ import annotations

from sympy import Eq, Expr, FiniteSet, Interval, Matrix, Rational, atan2, cos, cosh, exp, log, pi, sin

from inrpde.declaration import Ball, Implicit, On, Problem, Region, Space
from zoo.making import UNIT, made, plane, zoo


@zoo
def stokes() -> Problem:
    space = Space("x y")
    x, y = space.coords
    u, v, p = space.unknowns("u v p")
    omega = Region(space, UNIT**2)
    U, V, P = sin(pi * x) * cos(pi * y), -cos(pi * x) * sin(pi * y), sin(2 * x) * y
    conditions = [
        On(omega, Eq(-space.laplace(u) + p.diff(x), -space.laplace(U).doit() + P.diff(x))),
        On(omega, Eq(-space.laplace(v) + p.diff(y), -space.laplace(V).doit() + P.diff(y))),
        On(omega, Eq(u.diff(x) + v.diff(y), 0)),
        On(omega.boundary, Eq(u, U)),
        On(omega.boundary, Eq(v, V)),
        On(Region(space, FiniteSet((0, 0))), Eq(p, 0)),
    ]
    return Problem("zoo", unknowns=[u, v, p], conditions=conditions, exact={u: U, v: V, p: P})


@zoo
def elasticity() -> Problem:
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    omega = Region(space, UNIT**2)
    U, V = sin(3 * x) * y, cos(2 * y) * x**2

    def force(a: Expr, b: Expr) -> Matrix:
        strain = a.diff(x) + b.diff(y)
        return Matrix([-space.laplace(a).doit() - 2 * strain.diff(x), -space.laplace(b).doit() - 2 * strain.diff(y)])

    conditions = [On(omega, Eq(a, b)) for a, b in zip(force(u, v), force(U, V), strict=True)]
    conditions += [On(omega.boundary, Eq(a, b)) for a, b in ((u, U), (v, V))]
    return Problem("zoo", unknowns=[u, v], conditions=conditions, exact={u: U, v: V})


@zoo
def mixed() -> Problem:
    """Fluxes and a potential of their own sizes."""
    space = Space("x y")
    x, y = space.coords
    p, q, u = space.unknowns("p q u")
    omega = Region(space, UNIT**2)
    U = sin(4 * x) * cosh(2 * y)
    conditions = [
        On(omega, Eq(p, 100 * u.diff(x))),
        On(omega, Eq(q, 100 * u.diff(y))),
        On(omega, Eq(p.diff(x) + q.diff(y), 100 * space.laplace(U).doit())),
        On(omega.boundary, Eq(u, U)),
    ]
    exact = {p: 100 * U.diff(x), q: 100 * U.diff(y), u: U}
    return Problem("zoo", unknowns=[p, q, u], conditions=conditions, exact=exact)


@zoo
def cauchy_riemann() -> Problem:
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    omega = Region(space, UNIT**2)
    U, V = exp(2 * x) * cos(2 * y), exp(2 * x) * sin(2 * y)
    conditions = [
        On(omega, Eq(u.diff(x), v.diff(y))),
        On(omega, Eq(u.diff(y), -v.diff(x))),
        On(omega.boundary, Eq(u, U)),
        On(Region(space, FiniteSet((0, 0))), Eq(v, 0)),
    ]
    return Problem("zoo", unknowns=[u, v], conditions=conditions, exact={u: U, v: V})


@zoo
def interface() -> Problem:
    space = Space("x y")
    x, y = space.coords
    half = Rational(1, 2)
    left, right = Region(space, Interval(0, half) * UNIT), Region(space, Interval(half, 1) * UNIT)
    u, v = space.unknown("u", on=left), space.unknown("v", on=right)
    U, V = sin(pi * y) * (x + x**2), sin(pi * y) * (Rational(3, 4) + (x - half) / 5)
    middle = left.face(x, half)
    conditions = [
        On(left, Eq(-space.laplace(u), -space.laplace(U).doit())),
        On(right, Eq(-10 * space.laplace(v), -10 * space.laplace(V).doit())),
        On(middle, Eq(u, v)),
        On(middle, Eq(space.dn(u), 10 * space.dn(v))),
        On(left.boundary - middle, Eq(u, U)),
        On(right.boundary - middle, Eq(v, V)),
    ]
    return Problem("zoo", unknowns=[u, v], conditions=conditions, exact={u: U, v: V})


@zoo
def ring() -> Problem:
    space, x, y, u, _ = plane()
    omega = Ball(space, (0, 0), 1) - Ball(space, (0.2, 0.1), 0.3)
    return made(space, omega, u, lambda v: -space.div((1 + x**2) * space.grad(v)), sin(3 * x) * exp(y) + x * y)


@zoo
def annulus() -> Problem:
    space, x, y, u, _ = plane()
    omega = Ball(space, (0, 0), 1) - Ball(space, (0, 0), 0.4)
    solution = exp(x) * sin(2 * y) + x**2
    return made(space, omega, u, lambda v: -space.laplace(v) + v, solution, lambda v: space.dn(v) + 2 * v)


@zoo
def holes() -> Problem:
    """Harmonic, with a source in each hole."""
    space, x, y, u, box = plane(Interval(0, 3) * Interval(0, 2))
    centres = [(0.7, 0.6), (2.1, 1.3), (1.4, 0.4)]
    omega = box - Ball(space, centres[0], 0.3) - Ball(space, centres[1], 0.4) - Ball(space, centres[2], 0.15)
    solution = sum(c * log((x - a) ** 2 + (y - b) ** 2) for c, (a, b) in zip((1, -1, 0.5), centres, strict=True))
    return made(space, omega, u, lambda v: -space.laplace(v), solution)


@zoo
def elbow() -> Problem:
    """The leading singular function of a re-entrant corner, and something smooth."""
    space, x, y, u, box = plane(Interval(-1, 1) ** 2)
    omega = box - Region(space, Interval(-1, 0) ** 2)
    solution = (x**2 + y**2) ** Rational(1, 3) * sin((2 * atan2(y, x) + pi) / 3) + x**2 - y**2
    conditions = [On(omega, Eq(-space.laplace(u), 0)), On(omega.boundary, Eq(u, solution))]
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


@zoo
def ellipse() -> Problem:
    space, x, y, u, _ = plane()
    omega = Implicit(space, x**2 + 2 * y**2 < 1, within=Interval(-1, 1) ** 2)
    return made(space, omega, u, lambda v: -space.laplace(v), sin(3 * x + y) + x * y**3)


@zoo
def bell() -> Problem:
    """A bump that a disc's few features do not resolve at once."""
    space, x, y, u, _ = plane()
    return made(space, Ball(space, (0, 0), 1), u, lambda v: -space.laplace(v) + v, exp(-30 * ((x - 0.3) ** 2 + y**2)))


@zoo
def ball() -> Problem:
    space = Space("x y z")
    x, y, z = space.coords
    solution = sin(2 * x) * exp(y) + z**2
    return made(space, Ball(space, (0, 0, 0), 1), space.unknown("u"), lambda v: -space.laplace(v) + v, solution)
