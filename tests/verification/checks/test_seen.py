"""Narrow data that points follow, and those that they cannot."""

import pytest
from sympy import Eq, Interval, Piecewise, exp, pi, sin, sqrt, tanh

from inrpde import Ball, On, Problem, Region, Space, solve
from inrpde.compiler import compile_problem
from inrpde.sampling.draw import draw
from inrpde.verification.checks.seen import unseen


def found(names, source, time=None, boundary=0):
    space = Space(names, time=time)
    x = space.coords
    u = space.unknown("u")
    omega = Region(space, Interval(0, 1) ** len(x))
    datum = boundary(*x) if callable(boundary) else boundary
    conditions = [On(omega, Eq(-space.laplace(u), source(*x))), On(omega.boundary, Eq(u, datum))]
    conditions += [On(omega.initial, u)] if time else []
    form = compile_problem(Problem("p", [u], conditions))
    return unseen(form, draw(form, 1500, 17))


@pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("names", ["x", "x y", "x y z"])
def test_points_follow_peaks(names, width):
    assert found(names, lambda *x: exp(-sum((each - 0.37) ** 2 for each in x) / width**2)) == []


def test_points_follow_boundary_data_and_moments_and_what_moves():
    assert found("x y", lambda x, y: 1, boundary=lambda x, y: exp(-(((x - 0.3) / 1e-5) ** 2))) == []
    assert found("x", lambda x, t: exp(-(((t - 0.3) / 1e-5) ** 2)), time="t") == []
    assert found("x", lambda x, t: exp(-(((x - 0.1 - t / 2) / 1e-2) ** 2)), time="t") == []


@pytest.mark.parametrize(
    "source",
    [
        lambda x, y: sin(5 * x) + y, lambda x, y: sin(2000 * x),
        lambda x, y: Piecewise((1, x**2 + y**2 < 1), (2, True)),
        lambda x, y: tanh(20 * (x - y)),
    ],
)  # fmt: skip
def test_nothing_is_said_of_ordinary_data(source):
    assert found("x y", source) == []


def test_what_is_too_narrow_and_too_long_is_named():
    (one,) = found("x", lambda x, t: exp(-(((x - 0.1 - t / 2) / 1e-6) ** 2)), time="t")
    assert one.at_most == "unverified"
    assert "exp(" in one.text
    assert "make it wider" in one.text


def test_rules_for_integrals_follow_narrow_weights():
    """u' = u with the mean of u under a narrow weight, e^x there."""
    space = Space("x")
    (x,), u = space.coords, space.unknown("u")
    omega, s, centre = Region(space, Interval(0, 1)), 1e-5, 0.3717
    weight = exp(-(((x - centre) / s) ** 2)) / (s * sqrt(pi))
    conditions = [On(omega, Eq(u.diff(x), u)), On(omega, Eq(omega.integral(weight * u), exp(centre)))]
    found = solve(Problem("p", [u], conditions), reference="none")
    assert found([0.0])["u"] == pytest.approx(1, rel=1e-6)


def test_a_narrow_weight_that_no_rule_follows_is_named():
    space = Space("x y")
    (x, y), u = space.coords, space.unknown("u")
    disc = Ball(space, (0, 0), 1)
    weight = exp(-(((x - 0.3) ** 2 + y**2) / 1e-8))
    form = compile_problem(Problem("p", [u], [On(disc, space.laplace(u)), On(disc, disc.integral(weight * u) - 1)]))
    (one,) = unseen(form, draw(form, 1500, 17))
    assert one.at_most == "unverified"
    assert "integral" in one.text
