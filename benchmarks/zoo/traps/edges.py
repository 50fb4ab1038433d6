"""Sources, coefficients without a derivative over them and boundary data that jump or bend: the equations hold at all
points beside the edges, and the solution is not smooth across them."""

from __future__ import annotations

import numpy as np
from scipy.special import jv, yv
from sympy import Abs, And, Eq, Heaviside, I, Interval, Piecewise, Rational, atan2, cosh, log, pi, sin, sinh

from inrpde.declaration import Ball, On
from zoo.making import UNIT, line, plane
from zoo.traps.known import Array, Known, closed, numeric, trap


@trap("edges", {"thick": (20,), "slight": (2,)}, {"none": (1,)})
def absorber(rate) -> Known:
    """Diffusion through a layer that absorbs more than what is beside it: -u'' + c u = 0 from 1 to where nothing
    goes through."""
    _, x, u, omega = line(UNIT)
    edge = Rational(1, 3)
    beyond = cosh(x - 1) / cosh(edge - 1)
    slope = beyond.diff(x).subs(x, edge)
    within = cosh(rate * (x - edge)) + slope / rate * sinh(rate * (x - edge))
    value = within.subs(x, 0)
    conditions = [
        On(omega, Eq(-u.diff(x, 2) + Piecewise((rate**2, x < edge), (1, True)) * u, 0)),
        On(omega.face(x, 0), Eq(u, 1)),
        On(omega.face(x, 1), Eq(u.diff(x), 0)),
    ]
    return closed(u, conditions, {u: Piecewise((within, x < edge), (beyond, True)) / value})


@trap("edges", {"glass": (10, 12.0 + 0.5j), "film": (5, 2.25)}, {"air": (10, 1.0)})
def slab(k: float, index: complex) -> Known:
    """A wave through a slab, by what is reflected and what passes."""
    space, x, u, omega = line(Interval(0, 3), complex=True)
    first, last, inside = 1.0, 1.7, k * np.sqrt(complex(index))
    there, here = np.exp(1j * inside * (last - first)), np.exp(1j * k * first)
    matrix = [
        [-1 / here, 1, 1, 0], [1j * k / here, 1j * inside, -1j * inside, 0],
        [0, there, 1 / there, -1], [0, 1j * inside * there, -1j * inside / there, -1j * k],
    ]  # fmt: skip
    back, right, left, passed = np.linalg.solve(np.array(matrix), [here, 1j * k * here, 0, 0])

    def truth(points: Array) -> dict[str, Array]:
        z = points[:, 0]
        before = np.exp(1j * k * z) + back * np.exp(-1j * k * z)
        within = right * np.exp(1j * inside * (z - first)) + left * np.exp(-1j * inside * (z - first))
        return {"u": np.where(z < first, before, np.where(z < last, within, passed * np.exp(1j * k * (z - last))))}

    squared = Piecewise((1, x < 1), (index.real + index.imag * I, x < Rational(17, 10)), (1, True))
    conditions = [
        On(omega, Eq(u.diff(x, 2) + k**2 * squared * u, 0)),
        On(omega.face(x, 0), Eq(space.dn(u) - I * k * u, -2 * I * k)),
        On(omega.face(x, 3), Eq(space.dn(u), I * k * u)),
    ]
    return numeric(u, conditions, truth, accuracy=1e-12)


@trap("edges", {"two": (2.0, 6.0), "faint": (1.2, 9.0)}, {"same": (1.0, 6.0)})
def lens(index: float, k: float) -> Known:
    """A disc of another index in a round room, by Bessel's functions."""
    space, x, y, u, _ = plane(UNIT**2)
    room, r = Ball(space, (0, 0), 1), 0.4
    inner, outer = index * k * r, k * r
    matrix = [
        [jv(0, inner), -jv(0, outer), -yv(0, outer)],
        [-index * jv(1, inner), jv(1, outer), yv(1, outer)],
        [0, jv(0, k), yv(0, k)],
    ]
    a, b, c = np.linalg.solve(np.array(matrix), [0, 0, 1])

    def truth(points: Array) -> dict[str, Array]:
        at = np.maximum(np.hypot(*points.T), 1e-12)
        return {
            "u": np.where(at < r, a * jv(0, index * k * at), b * jv(0, k * at) + c * yv(0, np.maximum(k * at, 0.1)))
        }

    squared = Piecewise((index**2, x**2 + y**2 < Rational(4, 25)), (1, True))
    return numeric(
        u, [On(room, Eq(space.laplace(u) + k**2 * squared * u, 0)), On(room.boundary, Eq(u, 1))], truth, accuracy=1e-12
    )


@trap("edges", {"small": (Rational(3, 10),)})
def heated(radius) -> Known:
    """Heat is made in a disc."""
    space, x, y, u, _ = plane(UNIT**2)
    room, r2 = Ball(space, (0, 0), 1), x**2 + y**2
    within = (radius**2 - r2) / 4 - radius**2 / 2 * log(radius)
    conditions = [
        On(room, Eq(-space.laplace(u), Heaviside(radius**2 - r2))),
        On(room.boundary, u),
    ]
    return closed(u, conditions, {u: Piecewise((within, r2 < radius**2), (-(radius**2) / 4 * log(r2), True))})


@trap("edges", {"jumps": (True,), "bends": (False,)})
def floor(jumps: bool) -> Known:
    """Harmonic over a floor that is warm on a part of it, or has a fold; the other walls are as it asks."""
    space, x, y, u, omega = plane(Interval(-2, 2) * UNIT)
    if jumps:
        solution = (atan2(y, x - 1) - atan2(y, x + 1)) / pi
        given = Piecewise((1, And(x > -1, x < 1)), (0, True))
    else:
        solution = x - (y * log(x**2 + y**2) / 2 + x * atan2(y, x)) * 2 / pi
        given = Abs(x)
    bottom = omega.face(y, 0)
    conditions = [
        On(omega, Eq(space.laplace(u), 0)),
        On(bottom, Eq(u, given)),
        On(omega.boundary - bottom, Eq(u, solution)),
    ]
    return closed(u, conditions, {u: solution})


@trap("edges", {"cube": (3,)}, {"even": (4,)})
def folded(power) -> Known:
    """The source bends along a line that is askew."""
    space, x, y, u, omega = plane(UNIT**2)
    gap = (3 * x + 4 * y - 3) / 5
    solution = Abs(gap) ** power + sin(x + 2 * y)
    source = power * (power - 1) * Abs(gap) ** (power - 2) - 5 * sin(x + 2 * y)
    return closed(u, [On(omega, Eq(space.laplace(u), source)), On(omega.boundary, Eq(u, solution))], {u: solution})


@trap("edges", {"cubic": (Rational(2, 5),)})
def pressed(edge) -> Known:
    """-u'' + u³ = f, where f jumps."""
    _, x, u, omega = line(UNIT)
    solution = Piecewise((x, x < edge), (x + 5 * (x - edge) ** 2, True))
    source = Piecewise((x**3, x < edge), ((x + 5 * (x - edge) ** 2) ** 3 - 10, True))
    return closed(u, [On(omega, Eq(-u.diff(x, 2) + u**3, source)), On(omega.boundary, Eq(u, solution))], {u: solution})
