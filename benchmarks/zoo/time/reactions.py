"""Reaction and diffusion: spots, growth, phases, and fronts that travel."""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Eq, Interval, Rational, cos, exp, lambdify, pi, sqrt, tanh

from inrpde.declaration import On, Periodic
from zoo.time.making import Computed, begun, computed, line, plane, solved_by, timed
from zoo.time.spectral import Box, cosine, fourier
from zoo.traps.known import Known


def sampled(box: Box, coords: Any, exprs: Any) -> np.ndarray:
    """Expressions (F, n, …) on the nodes."""
    return np.array([np.broadcast_to(lambdify(coords, e, "numpy")(*box.nodes), box.nodes[0].shape) for e in exprs])


SPOTS = {
    "spots": (1, 1, "u v", 200, (Rational(16, 100_000), Rational(8, 100_000)), (0.035, 0.065), (48, 72), 0.5),
    "rings": (60, 60, "a b", 200, (Rational(1, 2), Rational(1, 4)), (0.055, 0.062), (48, 72), 0.5),
    "early": (1, 1, "u v", 20, (Rational(2, 10_000), Rational(1, 10_000)), (0.04, 0.06), (40, 60), 0.25),
}


@timed("reaction", SPOTS)
def gray_scott(long, wide, names, end, spread, rates, halves, step) -> Computed:
    """Gray and Scott's, from a few blots."""
    space, x, y, _, omega, u, v = plane(Interval(0, long) * Interval(0, wide), end, names)
    (p, q), (feed, kill) = spread, rates
    blots = sum(
        exp(-200 * ((x / long - a) ** 2 + (y / wide - b) ** 2))
        for a, b in ((Rational(1, 2), Rational(1, 2)), (Rational(7, 20), Rational(11, 20)))
    )
    start = 1 - blots / 2, blots / 4
    conditions = [
        On(omega, Eq(space.dt(u), p * space.laplace(u) - u * v**2 + feed * (1 - u))),
        On(omega, Eq(space.dt(v), q * space.laplace(v) + u * v**2 - (feed + kill) * v)),
        *[On(omega.face(z, 0), Periodic(w, z)) for z in (x, y) for w in (u, v)],
        *begun(omega, (u, start[0]), (v, start[1])),
    ]

    def solver(level, times, places):
        box = Box([fourier(0, long, halves[level]), fourier(0, wide, halves[level])])
        linear = np.stack([float(p) * box.laplace - feed, float(q) * box.laplace - feed - kill])

        def rest(_, values):
            made = values[0] * values[1] ** 2
            return np.stack([feed - made, made])

        found = box.marched(linear, rest, sampled(box, (x, y), start), times, places, step / (1 + level))
        return dict(zip(names.split(), found, strict=True))

    return computed([u, v], conditions, solver)


@timed("reaction", {"pulses": ()})
def gray_scott_line() -> Computed:
    """The same on a line, where a pulse divides."""
    space, x, _, omega, u, v = line(Interval(-50, 50), 200, "U V")
    blot = exp(-(x**2) / 20)
    conditions = [
        On(omega, Eq(space.dt(u), space.laplace(u) - u * v**2 + Rational(1, 25) * (1 - u))),
        On(omega, Eq(space.dt(v), space.laplace(v) / 2 + u * v**2 - Rational(1, 10) * v)),
        On(omega.face(x, -50), Periodic(u, x)),
        On(omega.face(x, -50), Periodic(v, x)),
        *begun(omega, (u, 1 - blot / 2), (v, blot / 4)),
    ]

    def solver(level, times, places):
        box = Box([fourier(-50, 50, (120, 180)[level])])
        linear = np.stack([box.laplace - 0.04, box.laplace / 2 - 0.1])

        def rest(_, values):
            made = values[0] * values[1] ** 2
            return np.stack([0.04 - made, made])

        start = sampled(box, (x,), (1 - blot / 2, blot / 4))
        return dict(zip("UV", box.marched(linear, rest, start, times, places, (0.2, 0.1)[level]), strict=True))

    return computed([u, v], conditions, solver)


def _walled(name, sides, end, spread, reaction, start, size, step) -> Computed:
    """u_t = spread Δu + reaction(u) between walls that nothing passes, from start(x / long, y / wide)."""
    space, x, y, _, omega, u = plane(Interval(0, sides[0]) * Interval(0, sides[1]), end, name)
    given = start(x / sides[0], y / sides[1])
    conditions = [
        On(omega, Eq(space.dt(u), spread * space.laplace(u) + reaction(u))),
        On(omega.boundary, Eq(space.dn(u), 0)),
        *begun(omega, (u, given)),
    ]

    def solver(level, times, places):
        box = Box([cosine(0, side, size[level]) for side in sides])
        made = box.marched(
            float(spread) * box.laplace[None], lambda _, v: reaction(v), sampled(box, (x, y), [given]), times, places,
            step / (1 + level),
        )  # fmt: skip
        return {name: made[0]}

    return computed(u, conditions, solver)


@timed("reaction", {"square": ("u", (4, 4), 5, 1, 2), "slab": ("n", (20, 5), 8, Rational(1, 2), 1)})
def fisher(name, sides, end, spread, rate) -> Computed:
    """Fisher's growth from a few that settle near a wall."""

    def start(p, q):
        return (1 + cos(pi * p)) ** 4 * (1 + cos(pi * q) / 2) / 40

    return _walled(name, sides, end, spread, lambda u: rate * u * (1 - u), start, (32, 48), 0.02)


@timed("reaction", {"square": ("u", (1, 1), 10, 0.05, 1, 80), "oblong": ("phi", (2, 1), 40, 0.04, 2, 110)})
def allen_cahn(name, sides, end, eps, turns, size) -> Computed:
    """Allen and Cahn's: phases part, and the walls between them move."""

    def start(p, q):
        return cos(turns * pi * p) * cos(pi * q) / 2 + cos(pi * p) * cos(2 * pi * q) / 5 + Rational(1, 20)

    return _walled(name, sides, end, eps**2, lambda u: u - u**3, start, (size, 3 * size // 2), 0.05)


@timed("reaction", {"fisher": (6, 5, None), "cahn": (None, 4, Rational(1, 10))})
def front(rate, steep, eps) -> Known:
    """A plane front that goes askew through a rectangle."""
    space, x, y, t, omega, u = plane(Interval(-2, 3) * Interval(0, 2), 1)
    along = (3 * x + 4 * y) / 5
    if rate:  # Ablowitz and Zeppetella (1979)
        solution = (1 + exp(sqrt(Rational(rate) / 6) * (along - 5 * sqrt(Rational(rate) / 6) * t))) ** -2
        return solved_by(omega, u, lambda v: space.dt(v) - space.laplace(v) - rate * v * (1 - v), solution, source=0)
    skew = Rational(1, 4)
    # u_t = ε² Δu - u (u - 1) (u - a): Huxley's front
    speed = eps * (1 - 2 * skew) / sqrt(2)
    solution = (1 - tanh((along - 1 - speed * t) / (2 * sqrt(2) * eps))) / 2
    return solved_by(
        omega, u, lambda v: space.dt(v) - eps**2 * space.laplace(v) + v * (v - 1) * (v - skew), solution, source=0
    )
