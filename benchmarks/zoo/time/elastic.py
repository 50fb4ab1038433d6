"""Elastic and thermoelastic waves in a bar in plane strain, one end of which is held."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Interval, Matrix, Rational, cos, exp, eye, pi, sin, sqrt

from inrpde.declaration import On
from zoo.time.making import begun, plane, timed
from zoo.traps.known import Known, closed


def _stress(space: Any, moved: Matrix, lame: tuple) -> Matrix:
    slope = space.grad(moved)
    return lame[0] * slope.trace() * eye(2) + lame[1] * (slope + slope.T)


@timed("elastic", {
    "bar": (2, Rational(1, 2), Rational(3, 10), 1, 3), "steel": (1, Rational(1, 5), Rational(1, 4), 25, Rational(1, 5)),
    "long": (8, 1, Rational(2, 5), 1, 20),
})  # fmt: skip
def shaken(long, high, poisson, young, end) -> Known:
    """ρ u_tt = div σ + f, made for a bar that is held at x = 0 and bends; what pulls at its other sides follows."""
    space, x, y, t, omega, u, v = plane(Interval(0, long) * Interval(0, high), end, "u v")
    lame = young * poisson / ((1 + poisson) * (1 - 2 * poisson)), young / (2 * (1 + poisson))
    moved = Matrix([u, v])
    pace = pi / (2 * long) * sqrt(young)
    share = sin(pi * x / (2 * long))
    solution = Matrix([
        share * cos(pace * t) + share**2 * y / high * sin(2 * pace * t) / 5,
        share**2 * cos(2 * pace * t) / 2 + share * y * (y - high) / high**2 / 10,
    ])  # fmt: skip
    stress = _stress(space, moved, lame)
    known = _stress(space, solution, lame)
    held = omega.face(x, 0)
    conditions = [
        On(omega, Eq(space.dt(moved, 2), space.div(stress) + solution.diff(t, 2) - space.div(known))),
        On(held, Eq(moved, Matrix([0, 0]))),
        On(omega.boundary - held, Eq(stress * space.normal, known * space.normal)),
        *begun(omega, (moved, solution.subs(t, 0)), (space.dt(moved), solution.diff(t).subs(t, 0))),
    ]
    return closed([u, v], conditions, dict(zip(moved, solution, strict=True)))


@timed("elastic", {"guided": (2, 1, Rational(1, 4), 5), "thin": (4, Rational(1, 2), Rational(3, 10), 10)})
def ringing(long, high, poisson, end) -> Known:
    """A bar between smooth walls above and below, held along x at x = 0, free to glide everywhere: two of its modes,
    one of pressure and one of shear."""
    space, x, y, t, omega, u, v = plane(Interval(0, long) * Interval(0, high), end, "u v")
    lame = poisson / ((1 + poisson) * (1 - 2 * poisson)), 1 / (2 * (1 + poisson))
    moved = Matrix([u, v])
    a, b = pi / long, pi / high
    slow, fast = sqrt(lame[1] * (a**2 + b**2)), sqrt((lame[0] + 2 * lame[1]) * (4 * a**2 + b**2))
    solution = Matrix([b * sin(a * x) * cos(b * y), -a * cos(a * x) * sin(b * y)]) * cos(slow * t) / 5
    solution += Matrix([2 * a * sin(2 * a * x) * cos(b * y), b * cos(2 * a * x) * sin(b * y)]) * sin(fast * t) / 10
    stress = _stress(space, moved, lame)
    ends, sides = (omega.face(z, 0) | omega.face(z, far) for z, far in ((x, long), (y, high)))
    conditions = [
        On(omega, Eq(space.dt(moved, 2), space.div(stress))),
        *[On(ends, Eq(each, 0)) for each in (u, stress[1, 0])],
        *[On(sides, Eq(each, 0)) for each in (v, stress[0, 1])],
        *begun(omega, (moved, solution.subs(t, 0)), (space.dt(moved), solution.diff(t).subs(t, 0))),
    ]
    return closed([u, v], conditions, dict(zip(moved, solution, strict=True)))


@timed("elastic", {"bar": (2, 1, 2)})
def thermoelastic(long, high, end) -> Known:
    """u_tt = div(σ - β θ) + f and θ_t + β (div u)_t = k Δθ + g, made."""
    space, x, y, t, omega, u, v, heat = plane(Interval(0, long) * Interval(0, high), end, "u v theta")
    lame, beta, k = (1, Rational(1, 2)), Rational(1, 5), Rational(1, 10)
    share = sin(pi * x / (2 * long))
    moved, solution = Matrix([u, v]), Matrix([share * cos(t), share**2 * y * sin(t) / 2])
    warm = exp(-t / 2) * cos(pi * x / long) * (1 + y**2 / 4)

    def stress(w, theta):
        return _stress(space, w, lame) - beta * theta * eye(2)

    def rest(w, theta):
        return space.dt(theta) + beta * space.dt(space.div(w)) - k * space.laplace(theta)

    held = omega.face(x, 0)
    known = stress(solution, warm)
    conditions = [
        On(omega, Eq(space.dt(moved, 2), space.div(stress(moved, heat)) + solution.diff(t, 2) - space.div(known))),
        On(omega, Eq(rest(moved, heat), rest(solution, warm))),
        On(held, Eq(moved, Matrix([0, 0]))),
        On(omega.boundary - held, Eq(stress(moved, heat) * space.normal, known * space.normal)),
        On(omega.boundary, Eq(k * space.dn(heat), k * space.dn(warm))),
        *begun(omega, (moved, solution.subs(t, 0)), (space.dt(moved), solution.diff(t).subs(t, 0))),
        *begun(omega, (heat, warm.subs(t, 0))),
    ]
    return closed([u, v, heat], conditions, {u: solution[0], v: solution[1], heat: warm})
