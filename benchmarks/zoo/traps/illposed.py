"""Problems that amplify their data: backwards in time, Cauchy data, resonances.

Near a resonance the rounding of the data themselves is amplified; `accuracy` says how far."""

from __future__ import annotations

from sympy import Eq, Float, Interval, Rational, cos, cosh, exp, pi, sin, sinh, sqrt

from inrpde.declaration import On, Region, Space
from zoo.making import UNIT, line
from zoo.traps.known import Known, closed, trap


@trap("backwards", {"far": (7, 1.0), "fast": (3, 4.0)}, {"near": (3, 0.05)})
def rewind(mode: int, end: float) -> Known:
    """Temperatures of the end, insulated walls."""
    space, x, t, u, rod = line(Interval(0, 2) * Interval(0, end), time=True)

    def decay(k):
        return cos(k * pi * x / 2) * exp(-((k * pi / 2) ** 2) * t / 4)

    solution = 2 + decay(1) + decay(mode) / 2
    conditions = [
        On(rod, Eq(space.dt(u), u.diff(x, 2) / 4)),
        On(rod.boundary, Eq(u.diff(x), 0)),
        On(rod.final, Eq(u, solution.subs(t, end))),
    ]
    return closed(u, conditions, {u: solution})


@trap("backwards", {"unstable": (1.0,)}, {"slight": (0.05,)})
def antidiffusion(end: float) -> Known:
    """Forwards, but with the wrong sign of the diffusivity."""
    space, x, t, u, rod = line(Interval(0, pi) * Interval(0, end), time=True)
    solution = exp(t / 3) * sin(x) + exp(12 * t) * sin(6 * x) / 1000
    conditions = [
        On(rod, Eq(space.dt(u), -u.diff(x, 2) / 3)),
        On(rod.boundary, Eq(u, 0)),
        On(rod.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("backwards", {}, {"final": ()})
def upstream() -> Known:
    """A transport that is known at its end: as well-posed as from its start."""
    space, x, t, u, pipe = line(Interval(0, 2) * UNIT, time=True)
    solution = exp(-8 * (x - t - Rational(1, 2)) ** 2) + x - t
    conditions = [
        On(pipe, Eq(space.dt(u) + u.diff(x), 0)),
        On(pipe.face(x, 2), Eq(u, solution.subs(x, 2))),
        On(pipe.final, Eq(u, solution.subs(t, 1))),
    ]
    return closed(u, conditions, {u: solution})


@trap("cauchy", {"deep": (Rational(3, 2), 8), "deeper": (3, 5)}, {"shallow": (Rational(1, 10), 3)})
def cauchy(depth, mode: int) -> Known:
    """Value and flux on the floor, nothing at the top."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    slab = Region(space, Interval(0, pi) * Interval(0, depth))
    solution = sin(x) * cosh(y) + sin(mode * x) * sinh(mode * y) / sinh(mode * depth)
    floor = slab.face(y, 0)
    conditions = [
        On(slab, Eq(space.laplace(u), 0)),
        On(floor, Eq(u, solution.subs(y, 0))),
        On(floor, Eq(u.diff(y), solution.diff(y).subs(y, 0))),
        *[On(slab.face(x, at), Eq(u, 0)) for at in (0, pi)],
    ]
    return closed(u, conditions, {u: solution})


@trap("cauchy", {"quick": (900, 1)}, {"slow": (2, Rational(1, 2))})
def sideways(rate: int, depth) -> Known:
    """Temperature and flux inside of a wall are measured; what is on its face?"""
    space, x, t, u, wall = line(Interval(0, depth) * UNIT, time=True)
    a = sqrt(Rational(rate, 2))
    solution = exp(a * (x - depth)) * cos(rate * t + a * x) + x
    conditions = [
        On(wall, Eq(space.dt(u), u.diff(x, 2))),
        On(wall.face(x, 0), Eq(u, solution.subs(x, 0))),
        On(wall.face(x, 0), Eq(u.diff(x), solution.diff(x).subs(x, 0))),
        On(wall.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("resonance", {"near": (1e-9,), "nearer": (1e-13,)}, {"off": (0.1,)})
def tuned(gap: float) -> Known:
    """A string that is driven next to its third mode."""
    _, x, u, string = line(Interval(0, 2))
    k = 3 * pi / 2 + Float(gap, 20)
    solution = (cos(k * x) - 1 + (1 - cos(2 * k)) / sin(2 * k) * sin(k * x)) / k**2
    conditions = [On(string, Eq(-u.diff(x, 2) - k**2 * u, 1)), On(string.boundary, Eq(u, 0))]
    return closed(u, conditions, {u: solution}, accuracy=3e-15 / gap)


@trap("resonance", {"near": (1e-11,)}, {"off": (1.0,)})
def drum(gap: float) -> Known:
    """A rectangle next to a resonance of two modes, of which one is driven."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    skin = Region(space, Interval(0, pi) * Interval(0, pi))
    shift = 5 - gap
    solution = sin(x) * sin(2 * y) + sin(3 * x) * sin(y) / (10 - shift)
    source = (5 - shift) * sin(x) * sin(2 * y) + sin(3 * x) * sin(y)
    conditions = [On(skin, Eq(-space.laplace(u) - shift * u, source)), On(skin.boundary, Eq(u, 0))]
    return closed(u, conditions, {u: solution}, accuracy=3e-15 / gap)


@trap("resonance", {"near": (1e-10,)}, {"off": (0.05,)})
def girder(gap: float) -> Known:
    """A hinged beam, driven next to its second mode."""
    _, x, w, beam = line(Interval(0, 1))
    shift = (2 * pi) ** 4 * (1 - gap)
    solution = sin(2 * pi * x) + sin(pi * x) / 3
    load = gap * (2 * pi) ** 4 * sin(2 * pi * x) + (pi**4 - shift) * sin(pi * x) / 3
    conditions = [
        On(beam, Eq(w.diff(x, 4) - shift * w, load)),
        On(beam.boundary, Eq(w, 0)),
        On(beam.boundary, Eq(w.diff(x, 2), 0)),
    ]
    return closed(w, conditions, {w: solution}, accuracy=1e-15 / gap)


@trap("resonance", {"leak": (1e-9,)}, {"firm": (0.5,)})
def leaking(loss: float) -> Known:
    """Insulated all round, and a very small loss that fixes the level."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    plate = Region(space, Interval(0, 2) * UNIT)
    solution = 3 + cos(pi * x / 2) * cos(pi * y)
    source = 3 * loss + (pi**2 * Rational(5, 4) + loss) * cos(pi * x / 2) * cos(pi * y)
    conditions = [On(plate, Eq(-space.laplace(u) + loss * u, source)), On(plate.boundary, Eq(space.dn(u), 0))]
    return closed(u, conditions, {u: solution}, accuracy=1e-14 / loss)


@trap("resonance", {"exact": ()})
def stiffness() -> Known:
    """u'' = λ² u with data at one end, λ = 30: forwards a growing mode rides along."""
    _, x, u, omega = line(Interval(0, 1))
    conditions = [
        On(omega, Eq(u.diff(x, 2), 900 * u)),
        On(omega.face(x, 0), Eq(u, 1)),
        On(omega.face(x, 0), Eq(u.diff(x), -30)),
    ]
    return closed(u, conditions, {u: exp(-30 * x)})
