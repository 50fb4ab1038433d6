"""What can only be found with points in hand: wrong problems, and suspicious ones."""

import numpy as np
import pytest
from sympy import Eq, FiniteSet, I, Interval, Piecewise, Rational, cos, exp, log, pi, sin

from inrpde import Ball, GridField, Learned, On, Periodic, Points, Problem, Region, Space, pipeline
from inrpde.errors import ProblemError

plane, line, timed = Space("x y"), Space("s"), Space("x", time="t")
x, y = plane.coords
u, v = plane.unknowns("u v")
w = plane.unknown("w", complex=True)
a, nu = plane.coefficient("a"), plane.parameter("nu")
omega = Region(plane, Interval(0, 1) ** 2)
walls, left, right = omega.boundary, omega.face(x, 0), omega.face(x, 1)
(s,) = line.coords
f = line.unknown("f")
rod = Region(line, Interval(0, 1))
X, t = timed.coords
h = timed.unknown("h")
strip = Region(timed, Interval(0, 1) ** 2)
hat = sin(pi * x) * sin(pi * y)
noisy = Points(line, np.array([[0.2], [0.7]]), {"m": np.array([0.3, 0.6])})


def checked(unknowns, *conditions, **more):
    return pipeline.check(Problem("p", list(unknowns), list(conditions), **more))["warnings"]


def poisson(*conditions, **more):
    return checked([u], On(omega, Eq(-plane.laplace(u), 1)), *(conditions or [On(walls, u)]), **more)


BAD = {
    "an exact solution with the wrong sign": (
        lambda: poisson(On(walls, u), exact={u: -hat}),
        "does not satisfy its equation",
        "On(omega, ",
        "check signs",
    ),
    "an exact solution with other boundary values": (
        lambda: checked([u], On(omega, plane.laplace(u)), On(walls, u - x), exact={u: y}),
        "does not satisfy its equation",
        "On(walls, ",
        "leave `exact` out",
    ),
    "an exact solution of another coefficient": (
        lambda: checked(
            [u], On(omega, plane.div(a * plane.grad(u))), On(walls, u - x), coefficients={a: 1 + x}, exact={u: x}
        ),
        "does not satisfy its equation",
        "On(omega, ",
        "coefficients",
    ),
    "a complex exact solution with the wrong phase": (
        lambda: checked([w], On(omega, w.diff(x) - 2 * I * w), On(left, w - 1), exact={w: exp(-2 * I * x)}),
        "does not satisfy its equation",
        "On(omega, ",
        "check signs",
    ),
    "a coefficient that is singular inside": (
        lambda: checked([u], On(omega, plane.laplace(u) - u / (x - y)), On(walls, u - 1)),
        "not finite at x = ",
        "On(omega, ",
        "cut the singular point out",
    ),
    "a coefficient that is singular at a corner": (
        lambda: checked([u], On(omega, plane.laplace(u) - log(x + y)), On(walls, u)),
        "not finite at x = 0, y = 0",
        "On(omega, ",
        "cut the singular point out",
    ),
    "data that are not finite on the boundary": (
        lambda: poisson(On(walls, u - 1 / y)),
        "not finite at x = ",
        "On(walls, ",
        "rewrite",
    ),
    "a parameter that is not a number": (
        lambda: poisson(On(walls, nu * u), coefficients={nu: float("nan")}),
        "not finite",
        "coefficients={nu: …}",
        "check the expression",
    ),
    "a number that no double holds": (
        lambda: checked([u], On(omega, Eq(-plane.laplace(u), 10**400)), On(walls, u)),
        "not finite, or larger than 1e+150, at every point",
        "On(omega, ",
        "choose other units",
    ),
    "a number whose square no double holds": (
        lambda: poisson(On(walls, u - 10**200)),
        "larger than 1e+150",
        "On(walls, ",
        "choose other units",
    ),
    "two values on one boundary": (
        lambda: poisson(On(walls, u), On(walls, u - 1)),
        "contradictory data: u is 0 by On(walls, u) and 1 by On(walls, u - 1)",
        "On(walls, u)",
        "keep one of the two",
    ),
    "two values on a part of a boundary": (
        lambda: poisson(On(walls, u), On(left, u - 1 - y)),
        "contradictory data",
        "On(left, ",
        "restrict one",
    ),
    "two values at an end of a line": (
        lambda: checked([f], On(rod, f.diff(s, 2)), On(rod.face(s, 0), f), On(rod.boundary, f - 1)),
        "contradictory data: f is 0",
        "On(rod.boundary, ",
        "keep one",
    ),
    "two values inside": (
        lambda: checked([u], On(omega, u - 1), On(omega, u - 2)),
        "contradictory data",
        "On(omega, u - 1)",
        "keep one",
    ),
    "one initial condition for two derivatives": (
        lambda: checked([h], On(strip, timed.dt(h, 2) - h.diff(X, 2)), On(strip.boundary, h), On(strip.initial, h)),
        "h is of order 2 in time and has 1 initial condition",
        "On(strip.initial, h)",
        "space.dt(h)",
    ),
    "a periodic face inside": (
        lambda: poisson(
            On(Region(plane, Interval(0, Rational(1, 2)) * Interval(0, 1)).face(x, Rational(1, 2)), Periodic(u, x))
        ),
        "",
        "Periodic(u, x)",
        "",
    ),
    "periodic faces of different lengths": (
        lambda: checked(
            [u],
            On(omega - Region(plane, Interval(0.75, 1) * Interval(0, 0.5)), plane.laplace(u) - 1),
            On(left, Periodic(u, x)),
        ),
        "",
        "Periodic(u, x)",
        "",
    ),
    "a relation that selects nothing": (
        lambda: poisson(On(walls.where(Eq(x, 3)), u)),
        "Eq(x, 3)",
        "",
        "x: 0 … 1",
    ),
    "an empty region": (
        lambda: checked([u], On(omega & Ball(plane, (5, 5), 1), plane.laplace(u) - 1)),
        "",
        "",
        "",
    ),
    "points outside": (
        lambda: poisson(On(walls, u), On(Points(plane, np.array([[0.5, 0.5], [3, 0.5]])), u)),
        "1 of 2 points lie outside the region: (x = 3, y = 0.5)",
        "On(",
        "leave them out",
    ),
}


@pytest.mark.parametrize(("make", "what", "where", "fix"), BAD.values(), ids=BAD)
def test_what_is_wrong(make, what, where, fix):
    with pytest.raises(ProblemError) as caught:
        make()
    error = caught.value
    assert error.exit_code == 3
    assert what in error.what
    assert where in (error.where or "")
    assert fix in (error.fix or "")
    assert error.fix


SUSPICIOUS = {
    "no condition on any boundary": (
        lambda: checked([u], On(omega, Eq(-plane.laplace(u), 1))),
        "no condition on any boundary",
    ),
    "no condition on a part of the boundary": (
        lambda: poisson(On(left, u)),
        "no condition on a part of the boundary of omega",
    ),
    "no condition on a hole": (
        lambda: checked([u], On(omega - Ball(plane, (0.5, 0.5), 0.2), plane.laplace(u) - 1), On(walls, u)),
        "no condition on a part of the boundary",
    ),
    "values that differ at a corner": (
        lambda: poisson(On(left, u), On(omega.face(y, 0), u - 1)),
        "data disagree at a corner: u is 0 by On(left, u) and 1 by On(omega.face(y, 0), u - 1) at x = 0, y = 0",
    ),
    "an initial value that differs from the boundary's": (
        lambda: checked(
            [h], On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.boundary, h), On(strip.initial, h - cos(pi * X))
        ),
        "data disagree at a corner: h is 0 by On(strip.boundary, h) and 1",
    ),
    "nothing that drives the solution": (
        lambda: checked([u], On(omega, plane.laplace(u) + u), On(walls, u)),
        "eigenproblems are not what this solves",
    ),
    "a jump under a derivative": (
        lambda: checked(
            [u],
            On(omega, plane.div(a * plane.grad(u)) - 1),
            On(walls, u),
            coefficients={a: Piecewise((1, x < 0.5), (2, True))},
        ),
        "the flux through that interface is not in the strong form",
    ),
}


@pytest.mark.parametrize(("make", "said"), SUSPICIOUS.values(), ids=SUSPICIOUS)
def test_what_is_suspicious(make, said):
    assert any(said in text for text in make()), make()


FINE = {
    "poisson": poisson,
    "an exact solution": lambda: checked(
        [u], On(omega, Eq(-plane.laplace(u), 2 * pi**2 * hat)), On(walls, u), exact={u: hat}
    ),
    "a complex one": lambda: checked([w], On(omega, w.diff(x) - 2 * I * w), On(left, w - 1), exact={w: exp(2 * I * x)}),
    "rounding at a corner": lambda: checked(
        [h], On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.boundary, h), On(strip.initial, h - sin(pi * X))
    ),
    "values that agree": lambda: poisson(
        On(left, u - y), On(right, u - y), On(walls.where(Eq(y, 0) | Eq(y, 1)), u - y)
    ),
    "periodic": lambda: checked(
        [u],
        On(omega, plane.laplace(u) - u - 1),
        On(left, Periodic(u, x)),
        On(omega.face(y, 0), u),
        On(omega.face(y, 1), u),
    ),
    "singular where the unknown vanishes": lambda: checked(
        [u], On(omega, plane.laplace(u) - u * log(u) - 1 / u), On(walls, u - 1), guess={u: 1}
    ),
    "a singular point that is cut out": lambda: checked(
        [u],
        On(omega - Ball(plane, (0, 0), 0.2), plane.laplace(u) - log(x**2 + y**2)),
        On((omega - Ball(plane, (0, 0), 0.2)).boundary, u),
    ),
    "an initial-value problem on a line": lambda: checked(
        [f], On(rod, f.diff(s, 2) + f), On(rod.face(s, 0), f - 1), On(rod.face(s, 0), f.diff(s))
    ),
    "a gauge": lambda: checked(
        [u],
        On(omega, plane.laplace(u) - cos(pi * x)),
        On(walls, plane.dn(u)),
        On(Region(plane, FiniteSet((0, 0))), u - 1),
    ),
    "data": lambda: checked(
        [u],
        On(omega, plane.laplace(u) - a),
        On(walls, u),
        coefficients={a: GridField(np.ones((4, 4)), [np.linspace(0, 1, 4)] * 2)},
    ),
    "an exact solution beside noisy readings": lambda: checked(
        [f], On(rod, f.diff(s, 2)), On(noisy, f - noisy["m"]), exact={f: s}
    ),
    "learned": lambda: poisson(On(walls, nu * u - nu), On(left, plane.dn(u) - y), coefficients={nu: Learned(1)}),
}


@pytest.mark.parametrize("make", FINE.values(), ids=FINE)
def test_what_is_fine_is_left_alone(make):
    assert make() == []


def test_samples_outside_the_region_of_their_unknown():
    space = Space("x y")
    v = space.unknown("v", on=Region(space, Interval(0, 1) ** 2))
    sensors = Points(space, [[0.5, 0.5], [2.0, 0.5]], {"seen": [1.0, 2.0]})
    with pytest.raises(ProblemError, match=r"1 of 2 points lie outside the region: \(x = 2") as raised:
        pipeline.check(Problem("p", [v], [On(sensors, Eq(v, sensors["seen"]))]))
    assert raised.value.fix
