"""Viscous waves in the plane (Burgers' system), channels with a pulse, vortices that decay."""

from __future__ import annotations

import numpy as np
from sympy import Eq, FiniteSet, Interval, Matrix, Rational, cos, cosh, exp, lambdify, pi, sin, sinh, sqrt

from inrpde.declaration import On, Periodic, Region
from zoo.time.channel import pulsed
from zoo.time.making import Array, Computed, begun, computed, plane, timed
from zoo.time.reactions import sampled
from zoo.time.spectral import Box, chebyshev, fourier
from zoo.traps.known import Known, closed


def _moved(space, flow, nu) -> Eq:
    return Eq(space.dt(flow) + space.grad(flow) * flow, nu * space.laplace(flow))


@timed("burgers", {"mild": (0.01, 2), "sharp": (0.001, Rational(3, 2)), "soft": (0.1, 3)})
def steepening(nu, end) -> Computed:
    """A periodic potential flow that steepens: by Cole's and Hopf's integral, which needs no grid for its fronts."""
    space, x, y, _, omega, u, v = plane(Interval(-pi, pi) ** 2, end, "u v")
    flow = Matrix([u, v])
    potential = -cos(x) * cos(y) - sin(y) / 4
    start = [potential.diff(z) for z in (x, y)]
    conditions = [
        On(omega, _moved(space, flow, nu)),
        *[On(omega.face(z, -pi), Periodic(w, z)) for z in (x, y) for w in flow],
        *begun(omega, *zip(flow, start, strict=True)),
    ]
    height = lambdify((x, y), potential, "numpy")

    def solver(level, times, places):
        found = np.array([
            [_hopf(height, nu, time, place, (0.8, 0.5)[level]) for place in there]
            for time, there in zip(times, places, strict=True)
        ])  # fmt: skip
        return {"u": found[:, :, 0], "v": found[:, :, 1]}

    return computed([u, v], conditions, solver)


def _hopf(height, nu: float, time: float, place: Array, spacing: float) -> Array:
    """The velocity (2,) at a place: the mean of (place - y) / time, by the trapezoidal rule."""
    width = np.sqrt(2 * nu / (1 / time + 1.5))  # of the narrowest peak, as the potential bends by 1.5 at most
    reach = 1.5 * time + 9 * np.sqrt(2 * nu * time)
    way = np.linspace(-reach, reach, int(2 * reach / (spacing * width)) | 1)
    p, q = np.meshgrid(way, way, indexing="ij")
    power = -(p**2 + q**2) / (4 * nu * time) - height(place[0] - p, place[1] - q) / (2 * nu)
    share = np.exp(power - power.max())
    return np.array([np.sum(share * p), np.sum(share * q)]) / (share.sum() * time)


@timed("burgers", {"sheared": ("periodic", 0.01, 1), "walls": ("walls", 0.02, 1)})
def turbid(kind, nu, end) -> Computed:
    """A flow with vortices, periodic or between walls at rest."""
    periodic = kind == "periodic"
    space, x, y, _, omega, u, v = plane(Interval(0, 2 * pi if periodic else 1) ** 2, end, "u v")
    flow = Matrix([u, v])
    if periodic:
        start = [sin(y) + cos(x) / 2, cos(x + y) / 2 + sin(x) / 4]
        walls = [On(omega.face(z, 0), Periodic(w, z)) for z in (x, y) for w in flow]
    else:
        start = [sin(pi * x) * sin(pi * y), sin(2 * pi * x) * sin(pi * y) / 2]
        walls = [On(omega.boundary, Eq(flow, Matrix([0, 0])))]
    conditions = [On(omega, _moved(space, flow, nu)), *walls, *begun(omega, *zip(flow, start, strict=True))]

    def solver(level, times, places):
        axis = fourier(0, 2 * np.pi, (80, 120)[level]) if periodic else chebyshev(0, 1, (48, 64)[level])
        box = Box([axis, axis])

        def rest(_, w):
            return -w[:1] * box.slope(w, 0) - w[1:] * box.slope(w, 1)

        linear = np.stack([nu * box.laplace] * 2)
        given = sampled(box, (x, y), start)
        found = box.marched(linear, rest, given, times, places, (0.005, 0.0025)[level] / (1 if periodic else 2))
        return {"u": found[0], "v": found[1]}

    return computed([u, v], conditions, solver)


@timed("burgers", {"mild": (Rational(1, 100),), "sharp": (Rational(1, 1000),), "soft": (Rational(1, 10),)})
def oblique(nu) -> Known:
    """A front of Burgers' system that passes askew through a square, by what is given on its walls."""
    space, x, y, t, omega, u, v = plane(Interval(0, 1) ** 2, 2, "u v")
    flow = Matrix([u, v])
    front = 1 / (4 * (1 + exp((-4 * x + 4 * y - t) / (32 * nu))))
    solution = Matrix([Rational(3, 4) - front, Rational(3, 4) + front])
    conditions = [
        On(omega, _moved(space, flow, nu)),
        On(omega.boundary, Eq(flow, solution)),
        On(omega.initial, Eq(flow, solution.subs(t, 0))),
    ]
    return closed([u, v], conditions, dict(zip(flow, solution, strict=True)))


def _channel(long, half, names="u v p") -> tuple:
    space, x, y, t, omega, u, v, p = plane(Interval(0, long) * Interval(-half, half), 1, names)
    walls = omega.face(y, -half) | omega.face(y, half)
    return space, (x, y, t), omega, (omega.face(x, 0), omega.face(x, long), walls), (u, v, p)


@timed("channel", {
    "stokes": (False, 3, 1, 1, 1, False), "navier": (True, 3, 1, Rational(1, 10), 1, False),
    "open": (False, 2, 1, Rational(1, 4), 2, True), "quick": (True, 4, 1, Rational(1, 20), 3, True),
})  # fmt: skip
def womersley(heavy, long, half, nu, beats, open_end) -> Known:
    """A pulse along a straight channel, the same all along it, by Womersley's profile; the outlet has a pressure, or is
    left alone."""
    space, (x, y, t), omega, (inlet, outlet, walls), (u, v, p) = _channel(long, half)
    flow, rate = Matrix([u, v]), 2 * pi * beats
    k, push, pulse = sqrt(rate / (2 * nu)), 2 * nu, 2
    c, s = (lambda z: cosh(k * z) * cos(k * z)), (lambda z: sinh(k * z) * sin(k * z))
    ends = c(half) ** 2 + s(half) ** 2
    a = 1 - (c(y) * c(half) + s(y) * s(half)) / ends
    b = (s(y) * c(half) - c(y) * s(half)) / ends
    speed = push / (2 * nu) * (half**2 - y**2) + pulse / rate * (a * sin(rate * t) - b * cos(rate * t))
    pressure = (long - x) * (push + pulse * cos(rate * t))
    inertia = space.dt(flow) + (space.grad(flow) * flow if heavy else Matrix([0, 0]))
    left = [nu * u.diff(x) - p, v.diff(x)] if open_end else [p, v]
    conditions = [
        On(omega, Eq(inertia + space.grad(p), nu * space.laplace(flow))),
        On(omega, Eq(space.div(flow), 0)),
        On(inlet, Eq(flow, Matrix([speed, 0]))),
        On(walls, Eq(flow, Matrix([0, 0]))),
        *[On(outlet, Eq(each, 0)) for each in left],
        *begun(omega, (u, speed.subs(t, 0)), (v, 0)),
    ]
    return closed([u, v, p], conditions, {u: speed, v: 0 * x, p: pressure})


@timed("channel", {"stokes": (False, 0.5), "navier": (True, 0.05)})
def beat(heavy, nu) -> Computed:
    """One beat at the inlet of a straight channel at rest, flatter than a parabola; the outlet is left alone."""
    space, x, y, t, omega, u, v, p = plane(Interval(0, 3) * Interval(0, 1), 1, "u v p")
    flow = Matrix([u, v])
    inlet, outlet, walls = omega.face(x, 0), omega.face(x, 3), omega.face(y, 0) | omega.face(y, 1)
    inertia = space.dt(flow) + (space.grad(flow) * flow if heavy else Matrix([0, 0]))
    conditions = [
        On(omega, Eq(inertia + space.grad(p), nu * space.laplace(flow))),
        On(omega, Eq(space.div(flow), 0)),
        On(inlet, Eq(flow, Matrix([(1 - (2 * y - 1) ** 4) * sin(pi * t) ** 4, 0]))),
        On(walls, Eq(flow, Matrix([0, 0]))),
        On(outlet, Eq(nu * u.diff(x) - p, 0)),
        On(outlet, Eq(v.diff(x), 0)),
        *begun(omega, (u, 0), (v, 0)),
    ]

    def solver(level, times, places):
        profile, pulse = (lambda z: 1 - (2 * z - 1) ** 4), (lambda now: np.sin(np.pi * now) ** 4)
        return pulsed((3.0, 1.0), nu, heavy, profile, pulse, level, times, places)

    return computed([u, v, p], conditions, solver, order=3)


@timed("channel", {
    "thick": (1, 1, 1, 1, "u v p"), "thin": (Rational(1, 100), 2 * pi, 1, 1, "u v p"),
    "many": (Rational(1, 10), pi, 3, 2, "a b q"),
})  # fmt: skip
def vortices(nu, side, turns, end, names) -> Known:
    """Taylor's and Green's vortices in a box, by the velocities on its walls."""
    space, x, y, t, omega, u, v, p = plane(Interval(0, side) ** 2, end, names)
    flow = Matrix([u, v])
    corner = Region(space, FiniteSet((0, 0)) * Interval(0, end))
    a, b, decay = turns * x, turns * y + Rational(1, 3), exp(-2 * turns**2 * nu * t)
    vortex = Matrix([sin(a) * cos(b), -cos(a) * sin(b)]) * decay
    pressure = (cos(2 * a) + cos(2 * b)) * decay**2 / 4
    conditions = [
        On(omega, Eq(space.dt(flow) + space.grad(flow) * flow + space.grad(p), nu * space.laplace(flow))),
        On(omega, Eq(space.div(flow), 0)),
        On(omega.boundary, Eq(flow, vortex)),
        On(omega.initial, Eq(flow, vortex.subs(t, 0))),
        On(corner, Eq(p, pressure.subs({x: 0, y: 0}))),
    ]
    return closed([u, v, p], conditions, {u: vortex[0], v: vortex[1], p: pressure})
