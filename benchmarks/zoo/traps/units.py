"""Lengths, times and values in the units of their trades, and far from zero."""

from __future__ import annotations

from sympy import Eq, Interval, Rational, cos, cosh, exp, log, pi, sin, sinh, sqrt

from inrpde.declaration import On, Region, Space
from zoo.making import line
from zoo.traps.known import Known, closed, trap


@trap("units", {"kelvin": (293.15, 0.02), "hot": (1500.0, 2.0)}, {"rise": (0.0, 1.0)})
def bar(base: float, swing: float) -> Known:
    """A copper bar of 0.1 m that cools for 20 s, its ends held."""
    space, x, t, T, rod = line(Interval(0, Rational(1, 10)) * Interval(0, 20), time=True)
    rho, cp, k = 8960, 385, 400
    solution = base + swing * sin(20 * pi * x) * exp(-Rational(k, rho * cp) * (20 * pi) ** 2 * t)
    solution += swing * sin(10 * pi * x) * exp(-Rational(k, rho * cp) * (10 * pi) ** 2 * t) / 2
    conditions = [
        On(rod, Eq(rho * cp * space.dt(T), k * T.diff(x, 2))),
        On(rod.boundary, Eq(T, base)),
        On(rod.initial, Eq(T, solution.subs(t, 0))),
    ]
    return closed(T, conditions, {T: solution})


@trap("units", {"steps": (101325.0,)}, {"gauge": (0.0,)})
def pressure(base: float) -> Known:
    """Darcy flow under a town: pressures in Pa that differ by a few, kilometres."""
    space = Space("x y")
    x, y = space.coords
    p = space.unknown("p")
    field = Region(space, Interval(0, 5000) * Interval(0, 2000))
    solution = base + 4 * cos(pi * x / 5000 * 8) * cosh(8 * pi * y / 5000) / cosh(Rational(16, 5) * pi)
    top = field.face(y, 2000)
    conditions = [
        On(field, Eq(space.laplace(p), 0)),
        On(top, Eq(p, solution.subs(y, 2000))),
        On(field.boundary - top, Eq(space.dn(p), 0)),
    ]
    return closed(p, conditions, {p: solution})


@trap("units", {"micro": (1e-5, 1e-9)}, {"macro": (1.0, 1.0)})
def diffusion(length: float, D: float) -> Known:
    """Diffusion across a cell of some µm within ms."""
    end = length**2 / D
    space, x, t, c, cell = line(Interval(0, length) * Interval(0, end), time=True)
    solution = 1 + cos(pi * x / length) * exp(-(pi**2) * t / end / 4) / 2
    conditions = [
        On(cell, Eq(space.dt(c), D / 4 * c.diff(x, 2))),
        On(cell.boundary, Eq(c.diff(x), 0)),
        On(cell.initial, Eq(c, solution.subs(t, 0))),
    ]
    return closed(c, conditions, {c: solution})


@trap("units", {"years": (31556952.0, 1e-6)}, {"periods": (1.0, 31.556952)})
def ground(year: float, D: float) -> Known:
    """The seasons under ground, thirty metres deep, two years."""
    space, x, t, T, soil = line(Interval(0, 30) * Interval(0, 2 * year), time=True)
    w = 2 * pi / year
    d = sqrt(2 * D / w)
    solution = 283 + 8 * exp(-x / d) * cos(w * t - x / d)
    conditions = [
        On(soil, Eq(space.dt(T), D * T.diff(x, 2))),
        On(soil.face(x, 0), Eq(T, 283 + 8 * cos(w * t))),
        On(soil.face(x, 30), Eq(T, solution.subs(x, 30))),
        On(soil.initial, Eq(T, solution.subs(t, 0))),
    ]
    return closed(T, conditions, {T: solution})


@trap("units", {"steel": (5000, Rational(1, 5), 1e-9)}, {"one": (1, 1, 1.0)})
def sound(speed: int, length, swing: float) -> Known:
    """A steel rod that rings: 20 cm, 0.1 ms, nanometres."""
    end = 2 * length / speed
    space, x, t, u, rod = line(Interval(0, length) * Interval(0, end), time=True)
    k = pi / length
    solution = swing * (sin(k * x) * cos(k * speed * t) + sin(3 * k * x) * sin(3 * k * speed * t) / 5)
    conditions = [
        On(rod, Eq(space.dt(u, 2), speed**2 * u.diff(x, 2))),
        On(rod.boundary, Eq(u, 0)),
        On(rod.initial, Eq(u, solution.subs(t, 0))),
        On(rod.initial, Eq(space.dt(u), solution.diff(t).subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("units", {"si": (2.1e11 * 8e-6, 4.0, 1200.0)}, {"one": (1.0, 1.0, 1.0)})
def bending(EI: float, length: float, load: float) -> Known:
    """A clamped steel beam under its own weight."""
    _, x, w, beam = line(Interval(0, length))
    solution = load * x**2 * (length - x) ** 2 / (24 * EI)
    conditions = [
        On(beam, Eq(EI * w.diff(x, 4), load)),
        On(beam.boundary, Eq(w, 0)),
        On(beam.boundary, Eq(w.diff(x), 0)),
    ]
    return closed(w, conditions, {w: solution})


@trap("units", {"vacuum": (8.854e-12, 1e-6, 1e-2)}, {"one": (1.0, 1.0, 1.0)})
def gap(eps: float, side: float, charge: float) -> Known:
    """Space charge between plates a µm apart."""
    space = Space("x y")
    x, y = space.coords
    phi = space.unknown("phi")
    room = Region(space, Interval(0, 2 * side) * Interval(0, side))
    k = pi / side
    solution = charge * side**2 / eps * (sin(k * x / 2) * sin(k * y) / 12 + y / side * (1 - y / side) / 2)
    source = -eps * space.laplace(solution).doit()
    conditions = [On(room, Eq(-eps * space.laplace(phi), source)), On(room.boundary, Eq(phi, solution))]
    return closed(phi, conditions, {phi: solution})


@trap("units", {"million": (1e6, 1e4)}, {"origin": (0.0, 0.0)})
def displaced(shift: float, level: float) -> Known:
    """Map coordinates: a square kilometre far from the origin; heights far from zero."""
    space = Space("x y")
    x, y = space.coords
    h = space.unknown("h")
    a, b = (x - shift) / 1000, (y - 5 * shift) / 1000
    land = Region(space, Interval(shift, shift + 1000) * Interval(5 * shift, 5 * shift + 1000))
    solution = level + sin(2 * a) * sinh(2 * b) + a
    conditions = [On(land, Eq(space.laplace(h), 0)), On(land.boundary, Eq(h, solution))]
    return closed(h, conditions, {h: solution})


@trap("units", {"days": (1e-4, 1e-3 / 86400, 1200.0, 5 * 86400.0)}, {"one": (1.0, 1.0, 1.0, 0.2)})
def aquifer(storage: float, T: float, side: float, end: float) -> Known:
    """A well field that recovers; heads in m, seconds."""
    space = Space("x y", time="t")
    x, y, t = space.coords
    h = space.unknown("h")
    land = Region(space, Interval(0, side) * Interval(0, side) * Interval(0, end))
    k = pi / side
    solution = 350 + cos(k * x) * cos(2 * k * y) * exp(-5 * k**2 * T / storage * t)
    conditions = [
        On(land, Eq(storage * space.dt(h), T * space.laplace(h))),
        On(land.boundary, Eq(space.dn(h), 0)),
        On(land.initial, Eq(h, solution.subs(t, 0))),
    ]
    return closed(h, conditions, {h: solution})


@trap("units", {"tiny": (1e-12,), "huge": (1e12,)}, {"one": (1.0,)})
def scaled(size: float) -> Known:
    """A nonlinear reaction in mol per cubic µm, or in molecules."""
    _, x, c, pore = line(Interval(-1, 1))
    solution = size * (2 + cos(3 * x)) / 3
    rate = solution.diff(x, 2) - solution**2 / size
    conditions = [On(pore, Eq(c.diff(x, 2) - c**2 / size, rate)), On(pore.boundary, Eq(c, solution))]
    return closed(c, conditions, {c: solution}, guess={c: size * Rational(1, 2)})


@trap("units", {"mixed": ()})
def battery() -> Known:
    """Volts and mol/m³ of their own sizes, coupled weakly, over 100 µm."""
    space, x, layer_ = Space("x"), None, None
    (x,) = space.coords
    phi, c = space.unknowns("phi c")
    L = 1e-4
    layer_ = Region(space, Interval(0, L))
    C = 1000 + 50 * cos(pi * x / L)
    V = 3.7 + 1e-3 * log(C / 1000) + 2e-3 * sin(2 * x / L)
    source = V.diff(x, 2) - 1e-3 * (C.diff(x, 2) / 1000)
    conditions = [
        On(layer_, Eq(c.diff(x, 2), C.diff(x, 2))),
        On(layer_, Eq(phi.diff(x, 2) - 1e-6 * c.diff(x, 2), source)),
        On(layer_.boundary, Eq(c, C)),
        On(layer_.boundary, Eq(phi, V)),
    ]
    return closed([phi, c], conditions, {phi: V, c: C})


@trap("units", {}, {"celsius": ()})
def fin() -> Known:
    """A cooling fin of aluminium, temperatures above the air's."""
    _, x, T, metal = line(Interval(0, Rational(1, 20)))
    m = sqrt(Rational(2 * 50, 200) / Rational(1, 1000))
    solution = 60 * cosh(m * (Rational(1, 20) - x)) / cosh(m / 20)
    conditions = [
        On(metal, Eq(T.diff(x, 2), m**2 * T)),
        On(metal.face(x, 0), Eq(T, 60)),
        On(metal.face(x, Rational(1, 20)), Eq(T.diff(x), 0)),
    ]
    return closed(T, conditions, {T: solution})
