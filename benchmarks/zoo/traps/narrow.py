"""Sources, barriers, boundary and initial data that are narrower than points lie: in space and in time."""

from __future__ import annotations

from sympy import (
    E,
    Ei,
    Eq,
    Interval,
    Rational,
    cos,
    cosh,
    erf,
    exp,
    log,
    pi,
    sin,
    sqrt,
    tanh,
)  # fmt: skip

from inrpde.declaration import Ball, On, Region, Space
from zoo.making import UNIT, line
from zoo.traps.known import Known, bump, closed, ramp, step, trap


@trap("narrow", {"thin": (3e-3,), "hair": (2e-6,)}, {"wide": (0.3,)})
def hotspot(s: float) -> Known:
    """A heated spot of a rod, cooled by air at its right end."""
    _, x, u, rod = line(Interval(0, Rational(5, 2)))
    c = sqrt(2) * Rational(7, 9)
    solution = -ramp(x - c, s) / 3 + x / 4 + cos(3 * x) / 5
    right = {x: Rational(5, 2)}
    conditions = [
        On(rod, Eq(-3 * u.diff(x, 2), bump(x - c, s) + 27 * cos(3 * x) / 5)),
        On(rod.face(x, 0), Eq(u, solution.subs(x, 0))),
        On(rod.face(x, Rational(5, 2)), Eq(u.diff(x) + 2 * u, (solution.diff(x) + 2 * solution).subs(right))),
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (5e-4,)}, {"wide": (0.5,)})
def bell(s: float) -> Known:
    """A source 1/cosh², on an interval far from the origin."""
    _, x, u, omega = line(Interval(96, 103))
    z = (x - 96 - E) / s
    solution = -s * (log((1 + exp(-2 * z)) / 2) + z) + 3 * x / 7 - 40 + sin(x)
    conditions = [
        On(omega, Eq(-u.diff(x, 2), 1 / cosh(z) ** 2 / s + sin(x))),
        *[On(omega.face(x, at), Eq(u, solution.subs(x, at).evalf(25))) for at in (96, 103)],
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (1e-4,)}, {"wide": (0.3,)})
def dipole(s: float) -> Known:
    """A source without mass: the solution steps."""
    _, x, u, omega = line(Interval(-1, 2))
    solution = 2 * step(x - pi / 5, s) + exp(x) / 9
    conditions = [On(omega, Eq(u.diff(x, 2), solution.diff(x, 2))), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (1e-5, 2.0)}, {"wide": (0.4, 0.5)})
def membrane(s: float, resistance: float) -> Known:
    """A membrane that resists, in the midst of a tube: 1/a = 1 + R sech²."""
    space, x, u, tube = line(Interval(0, 3))
    z = (x - sqrt(3)) / s
    a = 1 / (1 + resistance / (2 * s) * (1 - tanh(z) ** 2))
    solution = x + resistance * (tanh(z) + 1) / 2
    conditions = [
        On(tube, Eq(space.div(a * space.grad(u)), 0)),
        On(tube.face(x, 0), Eq(u, solution.subs(x, 0))),
        On(tube.face(x, 3), Eq(a * u.diff(x), 1)),
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (4e-4,)}, {"wide": (0.35,)})
def absorber(s: float) -> Known:
    """A thin layer that takes up what passes: u'' = q u, with the q that bends u at one place."""
    _, x, u, omega = line(Interval(-1, 1))
    z = (x - 1 / sqrt(5)) / s
    solution = 1 + z * tanh(z) * s
    q = solution.diff(x, 2) / solution
    conditions = [On(omega, Eq(-u.diff(x, 2) + q * u, 0)), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"fine": (8e-3,), "dot": (2e-4,)})
def drop(s: float) -> Known:
    """A point-like source in a rectangle; the walls take the potential of the far field."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    plate = Region(space, Interval(-1, 2) * Interval(0, Rational(3, 2)))
    r2 = (x - sqrt(2) / 2) ** 2 + (y - 1 / E) ** 2
    source = exp(-r2 / (2 * s**2)) / (2 * pi * s**2)
    solution = -(log(r2) - Ei(-r2 / (2 * s**2))) / (4 * pi) + x / 10
    conditions = [
        On(plate, Eq(-space.laplace(u), source)),
        On(plate.boundary, Eq(u, x / 10 - log(r2) / (4 * pi))),
    ]
    return closed(u, conditions, {u: solution}, accuracy=1e-12)


@trap("narrow", {"dot": (0.003,)}, {"wide": (0.35,)})
def lamp(s: float) -> Known:
    """A source in the midst of a disc, warm walls."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    disc = Ball(space, (3, -1), Rational(5, 4))
    r2 = (x - 3) ** 2 + (y + 1) ** 2

    def field(q):
        return -(log(q) - Ei(-q / (2 * s**2))) / (4 * pi)

    source = exp(-r2 / (2 * s**2)) / (2 * pi * s**2)
    conditions = [On(disc, Eq(-space.laplace(u), source)), On(disc.boundary, Eq(u, 1))]
    return closed(u, conditions, {u: 1 + field(r2) - field(Rational(25, 16)).evalf(25)})


@trap("narrow", {"thin": (1e-4,)}, {"wide": (0.4,)})
def electrode(s: float) -> Known:
    """A wall that is charged at one place: Poisson's kernel as boundary data."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    strip = Region(space, Interval(0, 3) * UNIT)
    c = pi / 2 - Rational(1, 7)
    solution = (y + s) / (pi * ((x - c) ** 2 + (y + s) ** 2)) + cos(2 * x) * cosh(2 * y) / 9
    conditions = [On(strip, Eq(space.laplace(u), 0)), On(strip.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (2e-3,)}, {"wide": (0.5,)})
def jet(s: float) -> Known:
    """Heat that enters through a narrow part of a wall: the flux is given there, values elsewhere."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    plate = Region(space, Interval(-1, 1) * UNIT)
    c = sqrt(7) / 10
    solution = -log((x - c) ** 2 + (y + s) ** 2) / (2 * pi) + x * y / 3
    floor = plate.face(y, 0)
    conditions = [
        On(plate, Eq(space.laplace(u), 0)),
        On(floor, Eq(u.diff(y), solution.diff(y).subs(y, 0))),
        On(plate.boundary.where(y > 0), Eq(u, solution)),
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (1e-3,), "hair": (3e-5,)}, {"wide": (0.6,)})
def ignition(s: float) -> Known:
    """A rod that is hot at one place when it starts; most of what is left does not look narrow."""
    space, x, t, u, omega = line(Interval(-3, 4) * Interval(0, 2), time=True)
    spread = s**2 + 2 * t / 5
    solution = exp(-((x - 1 / pi) ** 2) / (2 * spread)) / sqrt(2 * pi * spread)
    conditions = [
        On(omega, Eq(space.dt(u), u.diff(x, 2) / 5)),
        On(omega.boundary, Eq(u, solution)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (2e-2,), "hair": (1e-3,)}, {"wide": (0.5,)})
def pluck(s: float) -> Known:
    """A string that is struck at one place: it gets a speed there."""
    space, x, t, u, omega = line(Interval(0, 5) * Interval(0, Rational(1, 2)), time=True)
    c, speed = sqrt(6), 2
    solution = (step(x - c + speed * t, s) - step(x - c - speed * t, s)) / (2 * speed) + sin(x) * cos(2 * t) / 10
    conditions = [
        On(omega, Eq(space.dt(u, 2), speed**2 * u.diff(x, 2))),
        On(omega.boundary, Eq(u, solution)),
        On(omega.initial, Eq(u, solution.subs(t, 0))),
        On(omega.initial, Eq(space.dt(u), solution.diff(t).subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (1e-4,)}, {"wide": (0.4,)})
def flash(s: float) -> Known:
    """Insulated, and heated for a moment."""
    space, x, t, u, rod = line(Interval(0, 2) * Interval(0, 5), time=True)
    rate, when = pi**2 / 40, sqrt(11)
    z = (t - when) / (sqrt(2) * s)
    lag = rate * s / sqrt(2)
    answer = exp(rate * (when - t) + lag**2) * (erf(z - lag) + erf(when / (sqrt(2) * s) + lag)) / 2
    solution = 1 + cos(pi * x / 2) * (answer + exp(-rate * t))
    conditions = [
        On(rod, Eq(space.dt(u), u.diff(x, 2) / 10 + bump(t - when, s) * cos(pi * x / 2))),
        On(rod.boundary, Eq(u.diff(x), 0)),
        On(rod.initial, Eq(u, 1 + cos(pi * x / 2))),
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (5e-3,)}, {"wide": (0.4,)})
def slug(s: float) -> Known:
    """A pulse that flows in at the left."""
    space, x, t, u, pipe = line(Interval(0, 1) * Interval(0, 2), time=True)
    solution = bump(t - x - 2 / E, s) / 5 + x / 2 - t / 2 + 2
    conditions = [
        On(pipe, Eq(space.dt(u) + u.diff(x), 0)),
        On(pipe.face(x, 0), Eq(u, solution.subs(x, 0))),
        On(pipe.initial, Eq(u, solution.subs(t, 0))),
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"thin": (7e-4,)}, {"wide": (0.3,)})
def feeder(s: float) -> Known:
    """A tracer that is fed at one place of a river."""
    space, x, t, u, river = line(Interval(0, 4) * Interval(0, 2), time=True)
    c = pi / 3
    solution = step(x - c, s) - step(x - c - t, s)
    conditions = [
        On(river, Eq(space.dt(u) + u.diff(x), bump(x - c, s))),
        On(river.face(x, 0), Eq(u, solution.subs(x, 0))),
        On(river.initial, Eq(u, 0)),
    ]
    return closed(u, conditions, {u: solution})


@trap("narrow", {"dot": (5e-3,)})
def charge3(s: float) -> Known:
    """A point-like charge in a box."""
    space = Space("x y z")
    x, y, z = space.coords
    u = space.unknown("u")
    box = Region(space, Interval(-1, 1) ** 2 * UNIT)
    r2 = (x - sqrt(2) / 3) ** 2 + (y + 1 / pi) ** 2 + (z - 1 / E) ** 2
    source = exp(-r2 / (2 * s**2)) / (sqrt(2 * pi) * s) ** 3
    conditions = [On(box, Eq(-space.laplace(u), source)), On(box.boundary, Eq(u, 1 / (4 * pi * sqrt(r2))))]
    return closed(u, conditions, {u: erf(sqrt(r2) / (sqrt(2) * s)) / (4 * pi * sqrt(r2))}, accuracy=1e-12)


@trap("narrow", {}, {"wide": (0.4,)})
def cloud3(s: float) -> Known:
    """A wide charge in a ball."""
    space = Space("x y z")
    x, y, z = space.coords
    u = space.unknown("u")
    ball = Ball(space, (0, 1, 0), 1)
    r = sqrt(x**2 + (y - 1) ** 2 + z**2)
    source = exp(-(r**2) / (2 * s**2)) / (sqrt(2 * pi) * s) ** 3
    wall = erf(1 / (sqrt(2) * s)) / (4 * pi)
    conditions = [On(ball, Eq(-space.laplace(u), source)), On(ball.boundary, Eq(u, 0))]
    return closed(u, conditions, {u: erf(r / (sqrt(2) * s)) / (4 * pi * r) - wall})


@trap("narrow", {"thin": (3e-3,)}, {"wide": (0.3,)})
def ridge(s: float) -> Known:
    """A source along a slanting line."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    plate = Region(space, UNIT**2)
    solution = ramp((3 * x + 4 * y) / 5 - pi / 5, s) + x * y
    conditions = [
        On(plate, Eq(space.laplace(u), bump((3 * x + 4 * y) / 5 - pi / 5, s))),
        On(plate.boundary, Eq(u, solution)),
    ]
    return closed(u, conditions, {u: solution})
