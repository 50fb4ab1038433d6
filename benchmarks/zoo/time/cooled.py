"""Heat in regions that are no boxes, and in several materials."""

from __future__ import annotations

import mpmath
import numpy as np
from sympy import (
    Eq,
    Float,
    Interval,
    Piecewise,
    Rational,
    besselj,
    bessely,
    exp,
    lambdify,
    pi,
    sin,
    sinh,
    sqrt,
)  # fmt: skip

from inrpde.declaration import Ball, On, Region, Space
from zoo.flux.corners import cut
from zoo.flux.weak import constant
from zoo.time.cooling import Cooling, fitted, perforated
from zoo.time.making import Computed, begun, computed, plane, timed
from zoo.traps.known import Known, closed

THREE = ((0.6, 0.55, 0.25), (1.5, 1.35, 0.3), (2.4, 0.6, 0.2))
SEVENTEEN = tuple(
    (round(0.45 + 0.62 * i + 0.3 * (j % 2), 3), round(0.35 + 0.65 * j, 3), round(0.12 + 0.01 * ((3 * i + j) % 4), 3))
    for j in range(3) for i in range(6 - j % 2)
)  # fmt: skip
PLATE = (30, 20, 8), (70, 30, 10), (50, 45, 6)


def _among(discs):
    """Is a place on one of the circles, within the chord of a side?"""
    return lambda x: np.any([np.hypot(x[0] - a, x[1] - b) < 1.0001 * r for a, b, r in discs], axis=0)


DISCS = {
    "three": ((3, 2), THREE, 1, 0.5, 2, 0, None, 0, None, 0.2),
    "seventeen": ((4, 2), SEVENTEEN, 1, 0.3, 1, 1, 1, 3, None, 0.12),
    "cold": ((3, 2), THREE, 1, 1, 5, 2, 0, 0, 0, 0.2),
    "steel": ((100, 60), PLATE, 12, 200, 0.5, 20, 300, 0, None, 6),
}


@timed("discs", DISCS)
def discs(sides, holes, spread, end, h, around, first, source, walls, size) -> Computed:
    """A rectangle with discs cut out, on which spread dn(T) + h (T - around) = 0; its sides insulated, or held."""
    space = Space("x y", time="t")
    x, y, _ = space.coords
    u = space.unknown("T")
    over = Interval(0, end)
    rectangle = Region(space, Interval(0, sides[0]) * Interval(0, sides[1])).over(over)
    balls = [Ball(space, (a, b), r).over(over) for a, b, r in holes]
    omega = rectangle
    for ball in balls:
        omega = omega - ball
    start = exp(-((x - 1) ** 2) - (y - 1) ** 2) if first is None else first
    conditions = [
        On(omega, Eq(space.dt(u), spread * space.laplace(u) + source)),
        *[On(ball.boundary, Eq(spread * space.dn(u) - h * (u - around), 0)) for ball in balls],
        On(rectangle.boundary, Eq(space.dn(u), 0) if walls is None else Eq(u, walls)),
        *begun(omega, (u, start)),
    ]
    made = perforated(sides, holes, size)
    given = lambdify((x, y), start, "numpy")
    solver = Cooling(
        **made, a=constant(spread), start=lambda p: given(*p) + 0 * p[0], source=constant(source),
        fixed=[] if walls is None else [(_on_sides(sides), constant(walls))],
        through=[(_among(holes), float(h), constant(h * around))],
    )  # fmt: skip
    return computed(u, conditions, lambda *given: {"T": solver(*given)}, order=4)


def _on_sides(sides):
    return lambda x: (np.minimum(x[0], x[1]) < 1e-9) | (x[0] > sides[0] - 1e-9) | (x[1] > sides[1] - 1e-9)


def _zero(f, near: float) -> Float:
    return Float(mpmath.findroot(f, near), 30)


@timed(
    "discs",
    {"held": (1, 2, 0, Rational(1, 4)), "wide": (1, 4, 2, 1), "passing": (Rational(1, 2), 1, 1, Rational(1, 5))},
)
def ring(inner, outer, turns, end) -> Known:
    """An annulus that is held at 0: modes of Bessel's functions; the passing one is insulated outside."""
    space = Space("x y", time="t")
    x, y, t = space.coords
    u = space.unknown("u")
    over = Interval(0, end)
    hole = Ball(space, (0, 0), inner).over(over)
    disc = Ball(space, (0, 0), outer).over(over)
    omega = disc - hole
    insulated = turns == 1
    a, b = mpmath.mpf(float(inner)), mpmath.mpf(float(outer))

    def crossed(w):
        slopes = {"derivative": 1} if insulated else {}
        j, n = (f(turns, w * b, **slopes) for f in (mpmath.besselj, mpmath.bessely))
        return mpmath.besselj(turns, w * a) * n - mpmath.bessely(turns, w * a) * j

    with mpmath.workdps(35):
        near = mpmath.pi / (b - a) / (2 if insulated else 1) * (mpmath.mpf("1.1") if insulated else 1)
        w = _zero(crossed, near)
        scale = [Float(f(turns, mpmath.mpf(w) * a), 30) for f in (mpmath.besselj, mpmath.bessely)]
    r = sqrt(x**2 + y**2)
    angular = {0: 1, 1: x / r, 2: (x**2 - y**2) / r**2}[turns]
    radial = besselj(turns, w * r) * scale[1] - bessely(turns, w * r) * scale[0]
    solution = 3 * exp(-(w**2) * t) * radial * angular
    conditions = [
        On(omega, Eq(space.dt(u), space.laplace(u))),
        On(hole.boundary, Eq(u, 0)),
        On(disc.boundary, Eq(space.dn(u) if insulated else u, 0)),
        *begun(omega, (u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@timed("bent", {"cold": (0, 1), "insulated": (1, 1), "warmed": (2, Rational(1, 2))})
def bent(kind, end) -> Computed:
    """Heat in an L: cold walls, insulated ones, or warmed along one side after a start at 0."""
    space = Space("x y", time="t")
    x, y, _ = space.coords
    u = space.unknown("u")
    omega = (Region(space, Interval(-1, 1) ** 2) - Region(space, Interval(0, 1) * Interval(-1, 0))).over(
        Interval(0, end)
    )
    left = omega.face(x, -1)
    spread, start = Rational(1, 10) if kind == 0 else Rational(1, 4), 0
    if kind == 0:
        start = 10 * exp(-20 * ((x + Rational(1, 2)) ** 2 + (y - Rational(1, 2)) ** 2))
        walls = [On(omega.boundary, Eq(u, 0))]
    elif kind == 1:
        start = 1 + exp(-10 * ((x + Rational(1, 2)) ** 2 + (y + Rational(1, 2)) ** 2))
        walls = [On(omega.boundary, Eq(space.dn(u), 0))]
    else:
        walls = [On(left, Eq(spread * space.dn(u) + u, 1)), On(omega.boundary - left, Eq(space.dn(u), 0))]
    conditions = [On(omega, Eq(space.dt(u), spread * space.laplace(u))), *walls, *begun(omega, (u, start))]
    given = lambdify((x, y), start, "numpy")
    solver = Cooling(
        cut(14, lambda a, b: (a < 0) | (b > 0), -1, 1), a=constant(spread), start=lambda p: given(*p) + 0 * p[0],
        fixed=[(_rim, constant(0))] if kind == 0 else [],
        through=[(lambda p: p[0] < -1 + 1e-9, 1.0, constant(1))] if kind == 2 else [], sharp=[(0, 0)],
    )  # fmt: skip
    return computed(u, conditions, lambda *given: {"u": solver(*given)}, order=4)


def _rim(p):
    """The middles of sides on the boundary of the L."""
    inner = (np.abs(p[0]) < 1e-9) & (p[1] < 0) | (np.abs(p[1]) < 1e-9) & (p[0] > 0)
    return (np.abs(p).max(axis=0) > 1 - 1e-9) | inner


@timed("materials", {"slight": (3, 1), "contrast": (40, Rational(1, 2)), "metal": (200, Rational(1, 5))})
def joined(contrast, end) -> Known:
    """Two materials side by side in a plate, cold at its sides: a mode."""
    space, x, y, t, omega, u = plane(Interval(0, 2) * Interval(0, 1), end)
    a = space.coefficient("a", positive=True)
    with mpmath.workdps(35):  # X'' = -(rate / a - π²) X, X and a X' continuous at x = 1

        def jump(rate):
            p, q = (mpmath.sqrt(mpmath.mpc(rate / k - mpmath.pi**2)) for k in (1, contrast))
            return (p * mpmath.cos(p) * mpmath.sin(q) + contrast * q * mpmath.cos(q) * mpmath.sin(p)) / p / q

        steps = mpmath.linspace(mpmath.pi**2 * 1.0001, 40 * contrast, 4000)
        at = next(k for k in range(len(steps)) if jump(steps[k]).real * jump(steps[k + 1]).real < 0)
        rate = Float(mpmath.findroot(lambda r: jump(r).real, (steps[at], steps[at + 1]), solver="anderson"), 30)

    def side(k, z):
        square = rate / k - (pi**2).evalf(30)
        root = sqrt(abs(square))
        return (sin(root * z) / sin(root)) if square > 0 else sinh(root * z) / sinh(root)

    shape = Piecewise((side(1, x), x < 1), (side(contrast, 2 - x), True))
    solution = exp(-rate * t) * sin(pi * y) * shape
    conditions = [
        On(omega, Eq(space.dt(u), space.div(a * space.grad(u)))),
        On(omega.boundary, Eq(u, 0)),
        *begun(omega, (u, solution.subs(t, 0))),
    ]
    data = {a: Piecewise((1, x < 1), (contrast, True))}
    return closed(u, conditions, {u: solution}, coefficients=data)


@timed("materials", {"conducting": (20,), "insulating": (Rational(1, 20),)})
def inlaid(contrast) -> Computed:
    """A plate with a disc of another material, warmed on the left and cooled on the right by the air there."""
    space, x, y, _, omega, u = plane(Interval(0, 2) * Interval(0, 1), 1, "theta")
    a = space.coefficient("k", positive=True)
    inside = (x - Rational(4, 5)) ** 2 + (y - Rational(1, 2)) ** 2 < Rational(9, 100)
    left, right = omega.face(x, 0), omega.face(x, 2)
    conditions = [
        On(omega, Eq(space.dt(u), space.div(a * space.grad(u)))),
        On(left, Eq(a * space.dn(u) + 3 * u, 3)),
        On(right, Eq(a * space.dn(u) + u, 0)),
        On(omega.boundary - left - right, Eq(space.dn(u), 0)),
        *begun(omega, (u, 0)),
    ]
    circle = ((0.8, 0.5, 0.3, 0.0),)
    number = float(contrast)
    solver = Cooling(
        **fitted((2, 1), circle, 0.15, hollow=False),
        a=lambda p: np.where(np.hypot(p[0] - 0.8, p[1] - 0.5) < 0.3, number, 1.0),
        through=[(lambda p: p[0] < 1e-9, 3.0, constant(3)), (lambda p: p[0] > 2 - 1e-9, 1.0, constant(0))],
    )  # fmt: skip

    def clear(points):  # of cells that are curved on both sides of them
        return np.abs(np.hypot(points[:, 0] - 0.8, points[:, 1] - 0.5) - 0.3) > 0.01

    data = {a: Piecewise((contrast, inside), (1, True))}
    return computed(u, conditions, lambda *given: {"theta": solver(*given)}, order=4, clear=clear, coefficients=data)
