"""Corners, and data that contradict one another: walls that are warmed at once, lids, kinks."""

from __future__ import annotations

import numpy as np
from scipy.special import erfc, erfcx
from sympy import Eq, Interval, Matrix, Rational, atan2, cos, cosh, exp, eye, pi, sin, sinh, sqrt

from inrpde.declaration import On, Region, Space
from zoo.making import UNIT, line, plane
from zoo.traps.known import Array, Known, closed, numeric, trap


@trap("corner", {"singular": (Rational(2, 3),), "second": (Rational(4, 3),)}, {"smooth": (2,)})
def bend(power) -> Known:
    """Laplace in an L; the solution is r^p cos(p φ) from its re-entrant corner."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    shape = Region(space, Interval(-1, 1) ** 2) - Region(space, Interval(0, 1) * Interval(-1, 0))
    along, across = (y - x) / sqrt(2), -(x + y) / sqrt(2)  # from the corner into the region
    r2 = along**2 + across**2
    singular = r2 ** (power / 2) * cos(power * atan2(across, along))
    solution = along**2 - across**2 if power == 2 else singular
    conditions = [On(shape, Eq(space.laplace(u), 0)), On(shape.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("corner", {"edge": (True,)}, {"smooth": (False,)})
def contact(singular: bool) -> Known:
    """A floor that is held on its left half and insulated on its right one."""
    space, x, y, u, omega = plane(Interval(-1, 1) * UNIT)
    solution = (x**2 + y**2) ** Rational(1, 4) * cos(atan2(y, x) / 2) if singular else x**2 - y**2 + 1
    floor = omega.face(y, 0)
    conditions = [
        On(omega, Eq(space.laplace(u), 0)),
        On(floor.where(x < 0), Eq(u, 0 if singular else x**2 + 1)),
        On(floor.where(x > 0), Eq(u.diff(y), 0)),
        On(omega.boundary.where(y > 0), Eq(u, solution)),
    ]
    return closed(u, conditions, {u: solution})


@trap("elastic", {}, {"si": (2.1e11, 1e-4), "one": (1.0, 1.0)})
def strip(E: float, swing: float) -> Known:
    """Plane stress in a strip, from the displacements of its edge."""
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    nu = Rational(3, 10)

    def stress(a, b):
        slope = space.grad(Matrix([a, b])).doit()
        strain = (slope + slope.T) / 2
        return E / (1 - nu**2) * ((1 - nu) * strain + nu * strain.trace() * eye(2))

    sheet = Region(space, Interval(0, 2) * UNIT)
    U, V = swing * sin(x) * cosh(y / 2), swing * (cos(2 * x) * y + x**2 / 4)
    force = space.div(stress(U, V)).doit()
    conditions = [On(sheet, Eq(space.div(stress(u, v)), force)), On(sheet.boundary, Eq(Matrix([u, v]), Matrix([U, V])))]
    return closed([u, v], conditions, {u: U, v: V})


@trap("elastic", {}, {"pulled": ()})
def hanging() -> Known:
    """A bar under its own weight: stresses are given on three sides."""
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    nu = Rational(1, 4)
    slope = space.grad(Matrix([u, v]))
    strain = (slope + slope.T) / 2
    stress = ((1 - nu) * strain + nu * strain.trace() * eye(2)) / (1 - nu**2)
    bar = Region(space, Interval(-1, 1) * Interval(0, 3))
    U, V = -nu * x * y, y**2 / 2 + nu * x**2 / 2
    top = bar.face(y, 3)
    conditions = [
        On(bar, Eq(space.div(stress), Matrix([0, 1]))),
        On(top, Eq(Matrix([u, v]), Matrix([U, V]).subs(y, 3))),
        On(bar.boundary - top, Eq(stress * space.normal, Matrix([0, 0]))),
    ]
    return closed([u, v], conditions, {u: U, v: V})


@trap("jumping data", {"step": ()})
def lid() -> Known:
    """A square whose lid is at 1 and whose walls are at 0."""
    space, _, y, u, omega = plane()
    top = omega.face(y, 1)
    conditions = [On(omega, Eq(space.laplace(u), 0)), On(top, Eq(u, 1)), On(omega.boundary - top, Eq(u, 0))]

    def truth(points: Array) -> dict[str, Array]:
        """The strip's closed form, mirrored at the floor."""
        a, values = np.sin(np.pi * points[:, 0]), 0.0
        for n in range(-3, 4):  # lids at 1 + 2 n, of alternating signs of the way from them
            depth = (2 * n + 1) - points[:, 1]
            values = values + 2 / np.pi * np.arctan2(a, np.sinh(np.pi * np.abs(depth))) * np.where(depth < 0, -1, 1)
        return {"u": values}

    return numeric(u, conditions, truth, accuracy=1e-8)


@trap("jumping data", {}, {"smooth": ()})
def cover() -> Known:
    """The same with a smooth lid."""
    space, x, y, u, omega = plane()
    top = omega.face(y, 1)
    conditions = [On(omega, Eq(space.laplace(u), 0)), On(top, Eq(u, sin(pi * x))), On(omega.boundary - top, Eq(u, 0))]
    return closed(u, conditions, {u: sin(pi * x) * sinh(pi * y) / sinh(pi)})


def _images(x: Array, s: Array, length: float) -> Array:
    """From 0 and a wall at 1 on the left, 0 on the right; s = √(4 k t)."""
    with np.errstate(divide="ignore"):
        terms = [erfc((2 * n * length + x) / s) - erfc((2 * (n + 1) * length - x) / s) for n in range(12)]
    return np.sum(terms, axis=0)


@trap("warming", {"sudden": (0.1,), "brief": (1e-3,)})
def quench(end: float) -> Known:
    """A wall that is warmed at once."""
    space, x, _, u, rod = line(Interval(0, 1) * Interval(0, end), time=True)
    conditions = [
        On(rod, Eq(space.dt(u), u.diff(x, 2))),
        On(rod.face(x, 0), Eq(u, 1)),
        On(rod.face(x, 1), Eq(u, 0)),
        On(rod.initial, Eq(u, 0)),
    ]
    return numeric(u, conditions, lambda p: {"u": _images(p[:, 0], np.sqrt(4 * p[:, 1]), 1.0)}, accuracy=1e-10)


@trap("warming", {}, {"later": ()})
def warmed() -> Known:
    """The same, begun when it has gone on for a while."""
    space, x, t, u, rod = line(Interval(0, 1) * Interval(0, Rational(1, 5)), time=True)
    solution = (
        1 - x - 2 * sum(sin(n * pi * x) * exp(-((n * pi) ** 2) * (t + Rational(1, 10))) / (n * pi) for n in (1, 2, 3))
    )
    conditions = [
        On(rod, Eq(space.dt(u), u.diff(x, 2))),
        On(rod.face(x, 0), Eq(u, 1)),
        On(rod.face(x, 1), Eq(u, 0)),
        On(rod.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("warming", {"air": (20, 5e-3)}, {})
def draught(h: int, end: float) -> Known:
    """Warm air along a wall, at once; the other side is far away."""
    space, x, _, u, rod = line(Interval(0, 1) * Interval(0, end), time=True)
    conditions = [
        On(rod, Eq(space.dt(u), u.diff(x, 2))),
        On(rod.face(x, 0), Eq(-u.diff(x), h * (1 - u))),
        On(rod.face(x, 1), Eq(u.diff(x), 0)),
        On(rod.initial, Eq(u, 0)),
    ]

    def truth(points: Array) -> dict[str, Array]:
        x, root = points[:, 0], np.sqrt(points[:, 1])
        with np.errstate(divide="ignore"):
            near = x / (2 * root)
        return {"u": erfc(near) - np.exp(-(near**2)) * erfcx(near + h * root)}

    return numeric(u, conditions, truth, accuracy=1e-10)


@trap("warming", {"sudden": (True,)}, {"mode": (False,)})
def block(sudden: bool) -> Known:
    """A square billet that is put into water."""
    space = Space("x y", time="t")
    x, y, t = space.coords
    T = space.unknown("T")
    billet = Region(space, UNIT * UNIT * Interval(0, Rational(1, 20)))
    mode = exp(-2 * pi**2 * t) * sin(pi * x) * sin(pi * y)
    conditions = [
        On(billet, Eq(space.dt(T), space.laplace(T))),
        On(billet.boundary, Eq(T, 0)),
        On(billet.initial, Eq(T, 1 if sudden else mode.subs(t, 0))),
    ]
    if not sudden:
        return closed(T, conditions, {T: mode})

    def cooled(x: Array, s: Array) -> Array:
        return 1 - _images(x, s, 1.0) - _images(1 - x, s, 1.0)

    def truth(points: Array) -> dict[str, Array]:
        s = np.sqrt(4 * points[:, 2])
        return {"T": cooled(points[:, 0], s) * cooled(points[:, 1], s)}

    return numeric(T, conditions, truth, accuracy=1e-10)


@trap("warming", {"kink": (1,)}, {"smooth": (5,)})
def pulled(power: int) -> Known:
    """A string at rest whose end is moved, evenly from the start or gently."""
    space, x, t, u, omega = line(Interval(0, 2) * Interval(0, Rational(3, 2)), time=True)
    conditions = [
        On(omega, Eq(space.dt(u, 2), u.diff(x, 2))),
        On(omega.face(x, 0), Eq(u, t**power)),
        On(omega.face(x, 2), Eq(u, 0)),
        On(omega.initial, Eq(u, 0)),
        On(omega.initial, Eq(space.dt(u), 0)),
    ]
    return numeric(u, conditions, lambda p: {"u": np.maximum(p[:, 1] - p[:, 0], 0) ** power}, accuracy=1e-14)
