"""The balance of an answer over small boxes, in space and time: kept by what is right, not by what loses a flux."""

import numpy as np
import pytest
from sympy import Abs, Derivative, Eq, Interval, Piecewise, Rational, cos, erf, exp, floor, pi, sin, sqrt

import inrpde
from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.evaluate import evaluate
from inrpde.verification.evidence.flows import divided, leaking

plane, moving, line = Space("x y"), Space("x", time="t"), Space("x")


def problem(space, region, equation, u):
    return compile_problem(Problem("p", unknowns=[u], conditions=[On(region, equation)]))


def found(form, exact, error=1e-6):
    """What is said of a known function, in the place of an answer."""
    (u,) = (unknown.symbol for unknown in form.bound.unknowns)
    coords = form.space.coords

    def at(expr, points):
        return evaluate(expr.subs(u, exact).doit(), coords, points, {})

    return leaking(form, at, [1.0] * len(form.rows), error)


def in_the_plane():
    (x, y), u = plane.coords, plane.unknown("u")
    square = Region(plane, Interval(0, 1) ** 2) - Ball(plane, (Rational(1, 2), Rational(1, 2)), Rational(1, 5))
    exact, a = exp(x) * cos(2 * y), 1 + x**2
    return problem(plane, square, Eq(plane.div(a * plane.grad(u)), plane.div(a * plane.grad(exact)).doit()), u), exact


def in_time():
    (x, t), u = moving.coords, moving.unknown("u")
    strip = Region(moving, Interval(0, 1) * Interval(0, 2))
    exact = exp(-t) * sin(2 * x) + t
    source = exact.diff(t) - exact.diff(x, 2) + exact * exact.diff(x)
    return problem(moving, strip, Eq(moving.dt(u) - u.diff(x, 2) + u * u.diff(x), source), u), exact


def on_a_line():
    (x,), u = line.coords, line.unknown("u")
    whole = Region(line, Interval(0, 3))
    return problem(line, whole, Eq(u.diff(x, 4) + u, exp(x) * 2), u), exp(x)


@pytest.mark.parametrize("make", [in_the_plane, in_time, on_a_line])
def test_what_solves_an_equation_balances(make):
    form, exact = make()
    assert found(form, exact) == []


@pytest.mark.parametrize("make", [in_the_plane, in_time, on_a_line])
def test_what_does_not_solve_it_leaks(make):
    form, exact = make()
    (finding,) = found(form, exact * (1 + Rational(1, 2) * sin(3 * form.space.coords[0])))
    assert finding.at_most == "unverified"
    assert form.conditions[0].text in finding.text
    assert "x in" in finding.text


def test_the_flux_of_what_jumps():
    """Continuous, harmonic on either side, the residual zero at every point: and the flux jumps at x = 1/3."""
    (x, _), u = plane.coords, plane.unknown("u")
    square = Region(plane, Interval(0, 1) ** 2)
    a = Piecewise((1, x < Rational(1, 3)), (10, True))
    form = problem(plane, square, Eq(plane.div(a * plane.grad(u)), 0), u)
    right = Piecewise((x, x < Rational(1, 3)), (Rational(1, 3) + (x - Rational(1, 3)) / 10, True))
    assert found(form, right) == []
    assert found(form, x) != []


def test_an_error_that_is_known_is_allowed_for():
    form, exact = in_the_plane()
    poor = exact * (1 + sin(3 * plane.coords[0]) / 8)
    assert found(form, poor, error=1e-4) != []
    assert found(form, poor, error=0.2) == []


def test_fluxes_are_what_stands_under_the_outermost_derivatives():
    (x, t), u = moving.coords, moving.unknown("u")
    strip = Region(moving, Interval(0, 1) ** 2)
    form = problem(moving, strip, Eq(moving.dt(u), u), u)
    expr = Derivative(x * Derivative(u, x), x) - 2 * Derivative(u, t) + x * Derivative(u, x) + u**2
    flux, rest = divided(form, expr)
    assert flux == {x: x * Derivative(u, x), t: -2 * u}
    assert rest == x * Derivative(u, x) + u**2


@pytest.mark.slow
def test_a_jump_under_a_derivative_is_found_in_the_answer():
    (x, y), u = plane.coords, plane.unknown("u")
    square = Region(plane, Interval(0, 1) ** 2)
    k = plane.coefficient("k")
    conditions = [
        On(square, Eq(plane.div(k * plane.grad(u)), 0)),
        On(square.face(x, 0), Eq(u, 0)),
        On(square.face(x, 1), Eq(u, 1 + y / 5)),
        *(On(square.face(y, end), Eq(plane.dn(u), 0)) for end in (0, 1)),
    ]
    # a jump that no symbol shows
    rough = inrpde.GridField(np.where(np.linspace(0, 1, 201) < 0.4, 1.0, 5.0)[:, None] * np.ones(5), [
        np.linspace(0, 1, 201), np.linspace(0, 1, 5)
    ])  # fmt: skip
    report = inrpde.solve(
        Problem("jump", unknowns=[u], conditions=conditions, coefficients={k: rough}), budget=10, reference="none"
    ).report
    assert report["verdict"]["word"] in ("unverified", "wrong")
    smooth = 1 + 4 * Abs(x - Rational(2, 5)) ** 3
    report = inrpde.solve(
        Problem("smooth", unknowns=[u], conditions=conditions, coefficients={k: smooth}), reference="none"
    ).report
    assert not [each for each in report["findings"] if each["kind"] == "balance"]


def test_a_source_that_no_rule_for_a_whole_box_sees():
    (x,), u = line.coords, line.unknown("u")
    s, centre = 1e-4, 1.3217
    z = (x - centre) / (sqrt(2) * s)
    step = (x - centre) * erf(z) / 2 + s * exp(-(z**2)) / sqrt(2 * pi)
    source = exp(-(z**2)) / (s * sqrt(2 * pi))
    form = problem(line, Region(line, Interval(0, 3)), Eq(u.diff(x, 2), source), u)
    assert found(form, step + x) == []
    assert found(form, x**2) != []


def carried_for_long():
    """A thousand waves along the time, of which no rule on a tenth of it sees anything."""
    (x, t), u = moving.coords, moving.unknown("u")
    ring = Region(moving, Interval(0, 1) * Interval(0, 1000))
    return problem(moving, ring, Eq(moving.dt(u) + u.diff(x), 0), u), sin(2 * pi * (x - t))


def test_boxes_are_so_small_that_waves_are_seen():
    form, exact = carried_for_long()
    assert found(form, exact) == []
    x, _ = moving.coords
    assert found(form, exact + floor(9 * x))
