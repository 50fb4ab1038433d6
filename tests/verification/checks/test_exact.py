"""An exact solution that violates conditions: all of them are named, and no other."""

import numpy as np
import pytest
from sympy import Eq, Interval, cos, exp, pi, sin, sqrt

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.errors import ProblemError
from inrpde.sampling.draw import draw
from inrpde.verification.checks.exact import check_exact, violated

plane = Space("x y")
x, y = plane.coords
u, v = plane.unknowns("u v")
nu = plane.parameter("nu")
omega = Region(plane, Interval(0, 1) ** 2)
left, right = omega.face(x, 0), omega.face(x, 1)


def named(*conditions, unknowns=(u,), **more):
    """The numbers of the conditions that the exact solution violates."""
    form = compile_problem(Problem("p", list(unknowns), list(conditions), **more))
    return [each.row.condition for each in violated(form, draw(form, 400, 1))]


def test_all_conditions_that_it_violates_are_named():
    conditions = [On(omega, plane.laplace(u)), On(left, u - 1), On(right, u - exp(1) * cos(y) - 1)]
    form = compile_problem(Problem("p", [u], conditions, exact={u: exp(x) * cos(y)}))
    with pytest.raises(ProblemError, match="its equations, 2 of 3") as caught:
        check_exact(form, draw(form, 400, 1))
    assert caught.value.where == f"{conditions[1]}; {conditions[2]}"


def test_beside_unknowns_without_an_exact_solution():
    inverse = {"coefficients": {nu: Learned(1.0)}, "exact": {u: x**2}}
    assert named(On(omega, nu * plane.laplace(u) - 3), On(left, u), On(right, u - 2), **inverse) == [2]
    assert named(On(omega, plane.laplace(u)), On(omega, u + v), unknowns=[u, v], exact={u: x * y + x**2}) == [0]
    means = [On(omega, plane.laplace(u)), On(omega, u - x), On(omega, omega.mean(v) + u - 1)]
    assert named(*means, unknowns=[u, v], exact={u: x}) == []


def test_a_small_coefficient_counts_where_it_stands():
    """A tenth of the source is missing where the coefficient is a millionth of what it is elsewhere."""
    steep = exp(14 * (x - 1))
    declared = steep * plane.laplace(u)
    exact = sin(pi * x) * sin(pi * y)
    source = -2 * pi**2 * steep * exact
    assert named(On(omega, declared - source), On(left, u), exact={u: exact}) == []
    missing = source + exp(-14) * exp(-200 * x**2)
    assert named(On(omega, declared - missing), On(left, u), exact={u: exact}) == [0]


def test_integrals_count():
    assert named(On(omega, plane.laplace(u)), On(omega, omega.mean(u) - 1), exact={u: x}) == [1]
    assert named(On(omega, plane.laplace(u)), On(omega, Eq(2 * omega.mean(u), 1)), exact={u: x}) == []


def test_readings_are_noisy_but_equations_on_points_are_not():
    points = Points(plane, np.array([[0.5, 0.5], [0.1, 0.7]]), {"m": np.array([0.6, 0.2])})
    assert named(On(omega, plane.laplace(u)), On(points, u - points["m"]), exact={u: x}) == []
    assert named(On(omega, plane.laplace(u)), On(points, u - 2 * x), exact={u: x}) == [1]


def test_rounding_is_no_violation():
    large = 1e8 * (x - sqrt(2)) ** 2
    assert named(On(omega, plane.laplace(u) - 2e8), On(left, u - 2e8), exact={u: large}) == []
    assert named(On(omega, u - x), exact={u: x + 1e-13}) == []


def test_what_is_learned_leaves_the_sizes_of_the_others_alone():
    """Beside a parameter without an exact value the walls alone can be checked, where the solution vanishes."""
    moving = Space("x", time="t")
    z, t = moving.coords
    v, nu = moving.unknown("v"), moving.parameter("nu")
    bar = Region(moving, Interval(0, 1) ** 2)
    exact = exp(-(pi**2) * t / 5) * sin(pi * z)
    sensors = Points(moving, [[0.3, 0.5], [0.6, 0.2]], {"m": [0.2, 0.6]})
    conditions = [
        On(bar, Eq(moving.dt(v), nu * v.diff(z, 2))), On(bar.boundary, Eq(v, 0)), On(sensors, Eq(v, sensors["m"])),
    ]  # fmt: skip
    form = compile_problem(Problem("p", [v], conditions, coefficients={nu: Learned(1.0)}, exact={v: exact}))
    assert not list(violated(form, draw(form, 500, 3)))
