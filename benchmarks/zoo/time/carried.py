"""First order in time, and nothing damped: quantum waves, sound, fields in a cavity, what a flow carries."""

from __future__ import annotations

from sympy import Abs, Eq, I, Interval, Matrix, Rational, cos, exp, pi, sin, sqrt, tanh

from inrpde.declaration import Ball, On
from zoo.time.making import begun, plane, timed
from zoo.traps.known import Known, closed


@timed("quantum", {"long": (((1, 1), (3, 2)), 2), "brief": (((2, 1), (1, 3)), Rational(1, 2))})
def boxed(modes, end) -> Known:
    """A particle in a box, by its modes."""
    space, x, y, t, omega, psi = plane(Interval(0, 1) ** 2, end, "psi", complex=True)
    solution = sum(
        sin(m * pi * x) * sin(n * pi * y) * exp(-I * pi**2 * (m**2 + n**2) * t) / (k + 1)
        for k, (m, n) in enumerate(modes)
    )
    conditions = [
        On(omega, Eq(I * space.dt(psi), -space.laplace(psi))),
        On(omega.boundary, Eq(psi, 0)),
        *begun(omega, (psi, solution.subs(t, 0))),
    ]
    return closed(psi, conditions, {psi: solution})


@timed("quantum", {"slow": (1, Rational(-1, 2), 6, 12), "near": (0, Rational(1, 2), 5, 6)})
def swinging(east, north, half, end) -> Known:
    """A coherent state that swings in a harmonic trap."""
    space, x, y, t, omega, psi = plane(Interval(-half, half) ** 2, end, "psi", complex=True)
    solution = 1
    for z, start in ((x, east), (y, north)):
        place, push = start * cos(t), -start * sin(t)
        solution *= pi ** Rational(-1, 4) * exp(-((z - place) ** 2) / 2 + I * push * (z - place / 2) - I * t / 2)
    conditions = [
        On(omega, Eq(I * space.dt(psi), -space.laplace(psi) / 2 + (x**2 + y**2) / 2 * psi)),
        On(omega.boundary, Eq(psi, solution)),
        *begun(omega, (psi, solution.subs(t, 0))),
    ]
    return closed(psi, conditions, {psi: solution})


@timed("quantum", {"slow": (Rational(1, 2), 6), "still": (0, 3)})
def dark(speed, end) -> Known:
    """A dark soliton askew in a condensate: Gross's and Pitaevskii's equation."""
    space, x, y, t, omega, psi = plane(Interval(-3, 3) ** 2, end, "psi", complex=True)
    deep = sqrt(1 - speed**2)
    solution = (deep * tanh(deep * ((3 * x + 4 * y) / 5 - speed * t + 1)) + I * speed) * exp(-I * t)
    conditions = [
        On(omega, Eq(I * space.dt(psi), -space.laplace(psi) / 2 + Abs(psi) ** 2 * psi)),
        On(omega.boundary, Eq(psi, solution)),
        *begun(omega, (psi, solution.subs(t, 0))),
    ]
    return closed(psi, conditions, {psi: solution})


@timed("carried", {"box": (((1, 2), (3, 1)), 1, 1, 20), "heavy": (((1, 1),), 4, Rational(1, 2), 10)})
def sound(modes, stiff, dense, end) -> Known:
    """Pressure and velocity in a closed box, by its modes."""
    space, x, y, t, omega, p, v, w = plane(Interval(0, 1) ** 2, end, "p v w")
    flow, speed = Matrix([v, w]), sqrt(stiff / dense)
    pressure, fast = 0, Matrix([0, 0])
    for k, (m, n) in enumerate(modes):
        shape, pace = cos(m * pi * x) * cos(n * pi * y) / (k + 1), speed * pi * sqrt(m**2 + n**2)
        pressure += shape * cos(pace * t)
        fast -= Matrix([shape.diff(z) for z in (x, y)]) * sin(pace * t) / (dense * pace)
    conditions = [
        On(omega, Eq(space.dt(p) / stiff + space.div(flow), 0)),
        On(omega, Eq(dense * space.dt(flow) + space.grad(p), Matrix([0, 0]))),
        On(omega.boundary, Eq(flow.dot(Matrix(list(space.normal[:2]))), 0)),
        *begun(omega, (p, pressure.subs(t, 0)), (v, 0), (w, 0)),
    ]
    return closed([p, v, w], conditions, {p: pressure, v: fast[0], w: fast[1]})


@timed("carried", {"long": (((1, 1), (2, 3)), 20), "brief": (((2, 1),), 5)})
def cavity(modes, end) -> Known:
    """Maxwell's equations between walls that conduct, by the modes of the electric field."""
    space, x, y, t, omega, e, a, b = plane(Interval(0, 1) ** 2, end, "e a b")
    electric, magnetic = 0, Matrix([0, 0])
    for k, (m, n) in enumerate(modes):
        shape, pace = sin(m * pi * x) * sin(n * pi * y) / (k + 1), pi * sqrt(m**2 + n**2)
        electric += shape * cos(pace * t)
        magnetic += Matrix([-shape.diff(y), shape.diff(x)]) * sin(pace * t) / pace
    conditions = [
        On(omega, Eq(space.dt(e), b.diff(x) - a.diff(y))),
        On(omega, Eq(space.dt(a), -e.diff(y))),
        On(omega, Eq(space.dt(b), e.diff(x))),
        On(omega.boundary, Eq(e, 0)),
        *begun(omega, (e, electric.subs(t, 0)), (a, 0), (b, 0)),
    ]
    return closed([e, a, b], conditions, {e: electric, a: magnetic[0], b: magnetic[1]})


@timed("carried", {"disc": (True, 20, 10 * pi), "square": (False, 40, 4 * pi)})
def turned(disc, narrow, end) -> Known:
    """A bump that is turned round and round; along the wall of a disc nothing enters, round a square values
    are given where it enters and where it leaves."""
    space, x, y, t, omega, u = plane(Interval(-1, 1) ** 2, end)
    if disc:
        omega = Ball(space, (0, 0), 1).over(Interval(0, end))
    solution = exp(-narrow * ((x - 2 * cos(t) / 5) ** 2 + (y - 2 * sin(t) / 5) ** 2))
    walls = [] if disc else [On(omega.boundary, Eq(u, solution))]
    turning = On(omega, Eq(space.dt(u) - y * u.diff(x) + x * u.diff(y), 0))
    return closed(u, [turning, *walls, *begun(omega, (u, solution.subs(t, 0)))], {u: solution})


@timed("carried", {"waves": (20,), "brief": (2,)})
def inlets(end) -> Known:
    """Waves that come in at two sides of a square and leave at the others."""
    space, x, y, t, omega, u = plane(Interval(0, 1) ** 2, end)
    solution = sin(4 * x + 8 * y - 8 * t) + cos(6 * x - 6 * y - 3 * t)
    conditions = [
        On(omega, Eq(space.dt(u) + u.diff(x) + u.diff(y) / 2, 0)),
        On(omega.face(x, 0) | omega.face(y, 0), Eq(u, solution)),
        *begun(omega, (u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})
