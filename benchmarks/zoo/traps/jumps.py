"""Coefficients and sources that jump."""

from __future__ import annotations

import mpmath
from sympy import (
    Eq,
    Float,
    Interval,
    Piecewise,
    Rational,
    cos,
    cosh,
    exp,
    linsolve,
    log,
    pi,
    sin,
    sinh,
    sqrt,
    symbols,
    tanh,
)  # fmt: skip

from inrpde.declaration import Ball, On, Region, Space
from zoo.making import UNIT, line
from zoo.traps.known import Known, closed, trap


@trap("jump", {"hot": (0.8, 0.035, 0.8), "mild": (1.0, 2.0, 1.0)})
def wall(k1: float, k2: float, k3: float) -> Known:
    """Brick, wool and brick in one field, heated in between."""
    space, x, T, house = line(Interval(0, Rational(2, 5)))
    k = space.coefficient("k", positive=True)
    p, q, source = Rational(3, 25), sqrt(2) / 5, 50
    layers, ends = (k1, k2, k3), (0, p, q)
    a = symbols("a0:6")
    parts = [-source * x**2 / (2 * Rational(str(c))) + a[2 * i] * x + a[2 * i + 1] for i, c in enumerate(layers)]
    equations = [parts[0].subs(x, 0) - 20, parts[2].subs(x, Rational(2, 5)) + 5]
    for i, at in ((0, p), (1, q)):
        equations += [(parts[i] - parts[i + 1]).subs(x, at)]
        equations += [(layers[i] * parts[i].diff(x) - layers[i + 1] * parts[i + 1].diff(x)).subs(x, at)]
    (found,) = linsolve([e.evalf(30) for e in equations], a)
    parts = [part.subs(dict(zip(a, found, strict=True))) for part in parts]
    assert ends[0] == 0
    conditions = [
        On(house, Eq(-space.div(k * space.grad(T)), source)),
        On(house.face(x, 0), Eq(T, 20)),
        On(house.face(x, Rational(2, 5)), Eq(T, -5)),
    ]
    return closed(
        T, conditions, {T: Piecewise((parts[0], x < p), (parts[1], x < q), (parts[2], True))},
        coefficients={k: Piecewise((k1, x < p), (k2, x < q), (k3, True))},
    )  # fmt: skip


@trap("jump", {"steep": (2e-5,)}, {"smooth": (0.3,)})
def grading(s: float) -> Known:
    """A conductivity that goes over from 1/3 to 1 within a width."""
    space, x, u, rod = line(Interval(-1, 2))
    z = (x - sqrt(2) / 3) / s
    a = 1 / (2 - tanh(z))
    solution = 2 * x - s * (log((1 + exp(-2 * z)) / 2) + z)
    conditions = [
        On(rod, Eq(space.div(a * space.grad(u)), 0)),
        *[On(rod.face(x, at), Eq(u, solution.subs(x, at).evalf(25))) for at in (-1, 2)],
    ]
    return closed(u, conditions, {u: solution})


def _striped(x, y, c, low: float, high: float):
    """Below and above y = c, harmonic with the flux low u_y = high v_y: cos(2x) times exponentials, and a slope."""
    below = cos(2 * x) * cosh(2 * (y - c)) + high * (y - c)
    above = cos(2 * x) * cosh(2 * (y - c)) + low * (y - c)
    extra = cos(2 * x) * sinh(2 * (y - c))
    return below + extra / low, above + extra / high


@trap("jump", {"contrast": (1, 50), "slight": (2, 3)})
def stripes(low: int, high: int) -> Known:
    """Two stripes in one field."""
    space = Space("x y")
    x, y = space.coords
    u, a = space.unknown("u"), space.coefficient("a", positive=True)
    plate = Region(space, Interval(0, 2) * UNIT)
    c = 1 / sqrt(5)
    below, above = _striped(x, y, c, low, high)
    solution = Piecewise((below, y < c), (above, True))
    conditions = [On(plate, Eq(space.div(a * space.grad(u)), 0)), On(plate.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution}, coefficients={a: Piecewise((low, y < c), (high, True))})


@trap("jump", {}, {"contrast": (1, 50)})
def stripes_two(low: int, high: int) -> Known:
    """The same as two fields that meet."""
    space = Space("x y")
    x, y = space.coords
    c = Rational(9, 20)
    lower, upper = (Region(space, Interval(0, 2) * Interval(*ends)) for ends in ((0, c), (c, 1)))
    u, v = space.unknown("u", on=lower), space.unknown("v", on=upper)
    below, above = _striped(x, y, c, low, high)
    seam = lower.face(y, c)
    conditions = [
        On(lower, Eq(space.laplace(u), 0)),
        On(upper, Eq(space.laplace(v), 0)),
        On(seam, Eq(u, v)),
        On(seam, Eq(low * u.diff(y), high * v.diff(y))),
        On(lower.boundary - seam, Eq(u, below)),
        On(upper.boundary - upper.face(y, c), Eq(v, above)),
    ]
    return closed([u, v], conditions, {u: below, v: above})


def _pebble(x, y, contrast):
    """A disc of radius 2/5 at (2/5, 1/10) in a field y: inside and outside."""
    a, b, r = x - Rational(2, 5), y - Rational(1, 10), Rational(2, 5)
    return 2 * b / (1 + contrast), b + (1 - contrast) / (1 + contrast) * r**2 * b / (a**2 + b**2)


@trap("jump", {"stiff": (20,), "hollow": (Rational(1, 100),)})
def pebble(contrast) -> Known:
    """A disc in one field."""
    space = Space("x y")
    x, y = space.coords
    u, a = space.unknown("u"), space.coefficient("a", positive=True)
    plate = Region(space, Interval(-1, 2) * Interval(-1, 1))
    inside = (x - Rational(2, 5)) ** 2 + (y - Rational(1, 10)) ** 2 < Rational(4, 25)
    within, beyond = _pebble(x, y, contrast)
    conditions = [On(plate, Eq(space.div(a * space.grad(u)), 0)), On(plate.boundary, Eq(u, beyond))]
    data = {a: Piecewise((contrast, inside), (1, True))}
    return closed(u, conditions, {u: Piecewise((within, inside), (beyond, True))}, coefficients=data)


@trap("jump", {}, {"stiff": (20,)})
def pebble_two(contrast) -> Known:
    """The same as two fields."""
    space = Space("x y")
    x, y = space.coords
    disc = Ball(space, (Rational(2, 5), Rational(1, 10)), Rational(2, 5))
    plate = Region(space, Interval(-1, 2) * Interval(-1, 1))
    rest = plate - disc
    u, v = space.unknown("u", on=disc), space.unknown("v", on=rest)
    within, beyond = _pebble(x, y, contrast)
    conditions = [
        On(disc, Eq(space.laplace(u), 0)),
        On(rest, Eq(space.laplace(v), 0)),
        On(disc.boundary, Eq(u, v)),
        On(disc.boundary, Eq(contrast * space.dn(u), space.dn(v))),
        On(plate.boundary, Eq(v, beyond)),
    ]
    return closed([u, v], conditions, {u: within, v: beyond})


@trap("jump", {"once": ()})
def absorbing() -> Known:
    """-u'' + q u = 0 with a q that jumps: u and u' do not."""
    _, x, u, omega = line(Interval(-1, 1))
    c = 1 / pi
    left = cosh(x - c) + sinh(x - c)
    right = cosh(9 * (x - c)) + sinh(9 * (x - c)) / 9
    solution = Piecewise((left, x < c), (right, True))
    q = Piecewise((1, x < c), (81, True))
    conditions = [On(omega, Eq(-u.diff(x, 2) + q * u, 0)), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("jump", {"slab": ()}, {})
def heated() -> Known:
    """A source within a slab only."""
    _, x, u, omega = line(Interval(0, 2))
    p, q = sqrt(2) / 2, sqrt(3) / 2
    source = Piecewise((0, x < p), (60, x < q), (0, True))
    solution = Piecewise(
        (x, x < p), (x - 30 * (x - p) ** 2, x < q), (x - 30 * (q - p) ** 2 - 60 * (q - p) * (x - q), True)
    )
    conditions = [On(omega, Eq(-u.diff(x, 2), source)), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("jump", {"contrast": (9,)})
def bimetal(contrast: int) -> Known:
    """A rod of two metals that cools: one mode of it."""
    space, x, t, u, rod = line(Interval(0, 2) * Interval(0, 1), time=True)
    a, n = space.coefficient("a", positive=True), sqrt(contrast)
    slow = mpmath.findroot(lambda w: mpmath.tan(w) * int(n) + mpmath.tan(w / int(n)), 2.2)
    w = Float(slow, 15)
    left, right = sin(w * x), sin(w) * sin(w * (2 - x) / n) / sin(w / n)
    solution = exp(-(w**2) * t) * Piecewise((left, x < 1), (right, True))
    conditions = [
        On(rod, Eq(space.dt(u), space.div(a * space.grad(u)))),
        On(rod.boundary, Eq(u, 0)),
        On(rod.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution}, coefficients={a: Piecewise((1, x < 1), (contrast, True))})


@trap("jump", {"contrast": (100,)})
def pipe(contrast: int) -> Known:
    """A pipe in its insulation: heat from the inside to the outside."""
    space = Space("x y")
    x, y = space.coords
    T, k = space.unknown("T"), space.coefficient("k", positive=True)
    cut = Ball(space, (0, 0), 2) - Ball(space, (0, 0), Rational(1, 2))
    r2 = x**2 + y**2
    steel = r2 < Rational(6, 5) ** 2
    inner = 90 - log(4 * r2) / 2
    outer = 90 - log(Rational(12, 5)) - contrast * log(r2 / Rational(36, 25)) / 2
    solution = Piecewise((inner, steel), (outer, True))
    conditions = [On(cut, Eq(space.div(k * space.grad(T)), 0)), On(cut.boundary, Eq(T, solution))]
    return closed(T, conditions, {T: solution}, coefficients={k: Piecewise((contrast, steel), (1, True))})


@trap("jump", {"dense": (3,)}, {"even": (1,)})
def glass(index: int) -> Known:
    """A wave that enters glass: u'' + (8 n)² u = 0, n jumps."""
    _, x, u, omega = line(Interval(-1, 1))
    c, k = sqrt(2) / 7, 8
    z = k * (x - c)
    solution = Piecewise((cos(z) + 2 * sin(z), x < c), (cos(index * z) + 2 * sin(index * z) / index, True))
    n = Piecewise((1, x < c), (index, True))
    conditions = [On(omega, Eq(u.diff(x, 2) + (k * n) ** 2 * u, 0)), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("jump", {}, {"smooth": ()})
def mixture() -> Known:
    """A conductivity that varies fourfold, smoothly, in the plane."""
    space = Space("x y")
    x, y = space.coords
    u, a = space.unknown("u"), space.coefficient("a", positive=True)
    plate = Region(space, Interval(0, 3) * Interval(0, 2))
    data = 1 + 3 / (1 + exp(3 * (1 - x)))
    solution = sin(x) * cosh(y) / 3
    source = -space.div(data * space.grad(solution)).doit()
    conditions = [On(plate, Eq(-space.div(a * space.grad(u)), source)), On(plate.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution}, coefficients={a: data})
