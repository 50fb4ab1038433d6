"""Ordinary differential equations from their start, as one writes them: growth, chemistry, oscillators, orbits."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr
from sympy import Eq, Integer, Interval, Rational, cos, exp, pi, sin, sqrt

from inrpde.declaration import On, Region, Space
from zoo.traps.known import Array, Known, bump, closed, marched, numeric, step, trap


def clock(names: str) -> tuple[Any, ...]:
    """(space, t, unknowns)."""
    space = Space("t")
    return space, *space.coords, [space.unknown(name) for name in names.split()]


def single(name: str, end: float) -> tuple[Any, ...]:
    """(t, unknown, run, start)."""
    space = Space("t")
    run = Region(space, Interval(0, end))
    return *space.coords, space.unknown(name), run, run.face(space.coords[0], 0)


@trap("ode", {"late": (0.9, 40.0, 1e-3)}, {"early": (1.0, 2.0, 100.0)})
def growth(rate: float, end: float, first: float) -> Known:
    """A population of up to 500."""
    t, u, run, start = single("u", end)
    conditions = [On(run, Eq(u.diff(t), rate * u * (1 - u / 500))), On(start, Eq(u, first))]
    return closed(u, conditions, {u: 500 / (1 + (500 / first - 1) * exp(-rate * t))})


@trap("ode", {"cycles": (50.0,)}, {"brief": (1.0,)})
def foxes(end: float) -> Known:
    space, _, (h, f) = clock("hares foxes")
    rates = [1.1 * h - 0.4 * h * f, 0.1 * h * f - 0.4 * f]
    return marched(space, (0, end), [h, f], rates, [10, 10])


@trap("ode", {"slow": (1e4,)}, {"start": (0.3,)})
def robertson(end: float) -> Known:
    """Three species with rates from 0.04 to 3e7."""
    space, _, (a, b, c) = clock("a b c")
    slow, fast, square = 0.04 * a, 1e4 * b * c, 3e7 * b**2
    return marched(space, (0, end), [a, b, c], [fast - slow, slow - fast - square, square], [1, 0, 0], stiff=True)


@trap("ode", {"stiff": (30.0, 70.0)}, {"soft": (0.5, 4.0)})
def valve(mu: float, end: float) -> Known:
    """Van der Pol's oscillator."""
    space, t, (u,) = clock("u")
    return marched(space, (0, end), [u], [mu * (1 - u**2) * u.diff(t) - u], [2, 0], 2, stiff=mu > 5, accuracy=1e-6)


@trap("ode", {"long": (12.0,)}, {"short": (0.5,)})
def lorenz(end: float) -> Known:
    space, _, (x, y, z) = clock("X Y Z")
    rates = [10 * (y - x), x * (28 - z) - y, x * y - 8 * z / 3]
    return marched(space, (0, end), [x, y, z], rates, [1, 1, 1], accuracy=1e-6)


@trap("ode", {"upright": (3.1, 40.0)}, {"small": (0.4, 6.0)})
def pendulum(angle: float, end: float) -> Known:
    space, _, (theta,) = clock("theta")
    return marched(space, (0, end), [theta], [-9.81 / 2 * sin(theta)], [angle, 0], 2, accuracy=1e-6)


@trap("ode", {"cycles": (30.0,)}, {"brief": (1.5,)})
def brusselator(end: float) -> Known:
    space, _, (x, y) = clock("X Y")
    return marched(space, (0, end), [x, y], [1 + x**2 * y - 4 * x, 3 * x - x**2 * y], [1, 1])


@trap("ode", {"season": (160.0,)}, {"fortnight": (14.0,)})
def epidemic(end: float) -> Known:
    """A town of a million, days."""
    space, _, (s, i, r) = clock("S I R")
    new = 0.4 * s * i / 1e6
    return marched(space, (0, end), [s, i, r], [-new, new - 0.1 * i, 0.1 * i], [999990, 10, 0])


@trap("ode", {"late": (2e-3, 900.0)}, {"early": (0.2, 4.0)})
def flame(first: float, end: float) -> Known:
    """A ball of flame: nothing happens for long, then all at once."""
    space, _, (u,) = clock("u")
    return marched(space, (0, end), [u], [u**2 - u**3], [first], stiff=True)


@trap("ode", {"chaos": (40.0,)}, {"brief": (3.0,)})
def duffing(end: float) -> Known:
    space, t, (u,) = clock("u")
    force = u - u**3 - 0.2 * u.diff(t) + 0.3 * cos(6 * t / 5)
    return marched(space, (0, end), [u], [force], [0.5, 0], 2, accuracy=1e-6)


@trap("ode", {"comet": (0.9, 20.0)}, {"planet": (0.1, 3.0)})
def orbit(eccentricity: float, end: float) -> Known:
    space, _, (x, y) = clock("X Y")
    cube = (x**2 + y**2) ** 1.5
    start = [1 - eccentricity, 0, 0, ((1 + eccentricity) / (1 - eccentricity)) ** 0.5]
    return marched(space, (0, end), [x, y], [-x / cube, -y / cube], start, 2, accuracy=1e-6)


@trap("ode", {"stiff": (1e4,)}, {"even": (3.0,)})
def chain(k: float) -> Known:
    """A → B → C; the second step is fast."""
    t, a, run, start = single("a", 5)
    b = run.space.unknown("b")
    conditions = [
        On(run, Eq(a.diff(t), -a)),
        On(run, Eq(b.diff(t), a - k * b)),
        On(start, Eq(a, 1)),
        On(start, Eq(b, 0)),
    ]
    return closed([a, b], conditions, {a: exp(-t), b: (exp(-t) - exp(-k * t)) / (k - 1)})


@trap("ode", {"thin": (1e-3,)}, {"wide": (0.8,)})
def dose(s: float) -> Known:
    """A drug that is given at once, and decays."""
    t, u, run, start = single("u", 20)
    when = 2 * pi + 1
    z = t - when - s**2 / 2
    answer = exp(-(t - when) / 2 + s**2 / 8)
    solution = answer * (step(z, s) - step(-when - s**2 / 2, s)) + exp(-t / 2) / 4
    conditions = [On(run, Eq(u.diff(t), -u / 2 + bump(t - when, s))), On(start, Eq(u, 0.25))]
    return closed(u, conditions, {u: solution})


@trap("ode", {"si": (1e-3, 1e-9, 50.0)}, {"one": (1.0, 1.0, 0.5)})
def circuit(L: float, C: float, R: float) -> Known:
    """A coil and a capacitor: 1 V, a few µs."""
    end = 12 * (L * C) ** 0.5
    t, q, run, start = single("q", end)
    damp = R / (2 * L)
    w = sqrt(1 / (L * C) - damp**2)
    solution = C * (1 - exp(-damp * t) * (cos(w * t) + damp / w * sin(w * t)))
    conditions = [
        On(run, Eq(L * q.diff(t, 2) + R * q.diff(t) + q / C, 1)),
        On(start, Eq(q, 0)),
        On(start, Eq(q.diff(t), 0)),
    ]
    return closed(q, conditions, {q: solution})


@trap("ode", {"stiff": (1e5,)}, {"soft": (5.0,)})
def follower(k: float) -> Known:
    """What relaxes towards cos t, from elsewhere."""
    t, u, run, start = single("u", 10)
    conditions = [On(run, Eq(u.diff(t), -k * (u - cos(t)) - sin(t))), On(start, Eq(u, 3))]
    return closed(u, conditions, {u: cos(t) + 2 * exp(-k * t)})


@trap("ode", {"long": (200.0,)}, {"period": (6.0,)})
def spring(end: float) -> Known:
    t, u, run, start = single("u", end)
    conditions = [On(run, Eq(u.diff(t, 2), -4 * u)), On(start, Eq(u, 1)), On(start, Eq(u.diff(t), 1))]
    return closed(u, conditions, {u: cos(2 * t) + sin(2 * t) / 2})


@trap("ode", {"hair": (1e-5,)}, {"wide": (0.3,)})
def sticky(s: float) -> Known:
    """What moves evenly, but stays at one value for as long as it takes from there to the end: the rate is small there,
    and all that step over it leave is a residual of the size of the rate, for a moment."""
    t, u, run, start = single("u", 4)
    where = 1.2345

    def since(value: Array) -> Array:
        return value + ndtr((value - where) / s) - ndtr(-where / s)

    def truth(points: Array) -> dict[str, Array]:
        low, high = np.zeros(len(points)), np.full(len(points), 4.0)
        for _ in range(60):
            middle = (low + high) / 2
            late = since(middle) > points[:, 0]
            low, high = np.where(late, low, middle), np.where(late, middle, high)
        return {"u": (low + high) / 2}

    conditions = [On(run, Eq(u.diff(t), 1 / (1 + bump(u - where, s)))), On(start, Eq(u, 0))]
    return numeric(u, conditions, truth, accuracy=1e-11)


@trap("ode", {"rest": (0.0,)}, {"thrown": (3.0,)})
def falling(speed: float) -> Known:
    """What begins at nothing, with a rate that holds nothing else."""
    space, t, (height, velocity) = clock("z v")
    run = Region(space, Interval(0, 2))
    begun = run.face(t, 0)
    conditions = [
        On(run, Eq(height.diff(t), velocity)),
        On(run, Eq(velocity.diff(t), -9.81)),
        On(begun, Eq(height, 10)),
        On(begun, Eq(velocity, speed)),
    ]
    g = Rational(981, 100)
    return closed([height, velocity], conditions, {height: 10 + speed * t - g * t**2 / 2, velocity: speed - g * t})


@trap("ode", {"clock": (0.0,)}, {"started": (1.0,)})
def driven(begun: float) -> Known:
    """By another unknown, which counts the time."""
    space, _, (a, b) = clock("a b")
    return marched(space, (0.0, 10.0), [a, b], [Integer(1), sin(a) - b], [begun, 1.0])
