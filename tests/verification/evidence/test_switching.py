"""Functions of the answer that are narrow: what lies between all points is found, what is resolved is left alone."""

import numpy as np
import pytest
from sympy import Eq, Interval, Rational, cosh, exp, tanh

from inrpde import On, Problem, Region, Space, answer, solve
from inrpde.verification.evidence import switching

space = Space("x")
(x,), u = space.coords, space.unknown("u")
rod = Region(space, Interval(0, 1))
ends = [On(rod.face(x, 0), u), On(rod.face(x, 1), Eq(u, 1))]


def bump(width):
    return exp(-(((u - Rational(4321, 10000)) / width) ** 2)) / width


def solved(equation):
    return solve(Problem("p", [u], [On(rod, equation), *ends]), budget=60)


EQUATIONS = {
    "a reaction at one value": lambda width: Eq(-u.diff(x, 2), bump(width)),
    "a conductivity at one value": lambda width: Eq(space.div((1 + bump(width)) * space.grad(u)), 0),
}


@pytest.mark.parametrize("equation", EQUATIONS.values(), ids=EQUATIONS)
def test_what_no_point_meets_is_found_though_a_reference_agrees(equation):
    """u = x satisfies the equation but for u within 1e-5 of one value, on all points and all grids."""
    report = solved(equation(Rational(1, 10**5))).report
    assert report["verdict"]["word"] == "unverified"
    assert "narrow" in report["verdict"]["because"]
    assert report["fields"]["u"]["estimated_error"] > 0.05


def test_what_there_was_no_time_to_look_for_is_no_proof(monkeypatch):
    monkeypatch.setattr(answer, "SEARCHED", 0.0)
    monkeypatch.setattr(switching, "LOST", np.inf)
    reacts, known = (
        solved(EQUATIONS["a reaction at one value"](Rational(1, 10**5))),
        solved(Eq(u.diff(x, 2), exp(-40 * x))),
    )
    assert reacts.report["verdict"]["word"] == "unverified"
    assert "no time" in reacts.report["verdict"]["because"]
    assert known.report["verdict"]["word"] == "verified"


@pytest.mark.parametrize("equation", EQUATIONS.values(), ids=EQUATIONS)
def test_what_is_wide_is_left_alone(equation):
    assert solved(equation(Rational(1, 3))).report["verdict"]["word"] == "verified"


@pytest.mark.parametrize(("width", "seen"), [(Rational(1, 10**5), False), (Rational(1, 3), True)])
def test_an_integral_whose_rule_misses_where_the_answer_makes_it_large(width, seen):
    v, flat = space.unknown("v"), On(rod, Eq(u.diff(x, 2), 0))
    conditions = [flat, *ends, On(rod, Eq(-v.diff(x, 2), rod.integral(bump(width)))), On(rod.boundary, v)]
    report = solve(Problem("p", [u, v], conditions), budget=60, reference="none").report
    assert (report["verdict"]["word"] in ("verified", "plausible")) == seen
    assert ("the rule for the integral loses" in report["verdict"]["because"]) != seen


def test_a_switch_that_is_narrow_and_lets_little_through_is_left_alone():
    """The source is 0 below and 1 above a value, within a millionth of it: half a line each."""
    found = solved(Eq(-u.diff(x, 2), (1 + tanh((u - Rational(1, 2)) * 10**6)) / 10**9))
    assert found([[0.3]])["u"] == pytest.approx(0.3, abs=1e-6)
    assert found.report["verdict"]["word"] != "unverified"
    assert np.isfinite(found.report["fields"]["u"]["estimated_error"])


@pytest.mark.parametrize("well", [lambda u: bump(Rational(1, 10**6)), lambda u: 1000 / cosh(u - 0.4321) ** (10**9)])
def test_what_would_hold_a_run_fast_is_found_though_it_passes_in_no_time(well):
    """u' = 1 / (1 + K): all other times it is 1."""
    clock = Region(space, Interval(0, 2))
    problem = Problem("p", [u], [On(clock, Eq(u.diff(x), 1 / (1 + well(u)))), On(clock.face(x, 0), u)])
    report = solve(problem, budget=20, reference="none").report
    assert report["verdict"]["word"] == "unverified"
    assert report["fields"]["u"]["estimated_error"] > 0.02
