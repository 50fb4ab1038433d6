"""Amplified data: what they say of errors, and of answers."""

from functools import cache, partial

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde import Learned, On, Points, Problem, Region, Space, solve
from inrpde.compiler import compile_problem
from inrpde.config import resolve
from inrpde.discretise.amplification import LARGE, Amplification
from inrpde.discretise.state import field_at
from inrpde.solvers.contract.method import Clock, Context
from inrpde.solvers.fitting import fit_for
from inrpde.solvers.search.response import amplification
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey
from inrpde.solvers.strategies.one_domain import first_plan
from inrpde.verification.evidence.amplified import explained, gain, hidden, ill_posed, kept, unaided
from inrpde.verification.evidence.estimate import estimate
from inrpde.verification.evidence.report import exact_errors
from inrpde.verification.evidence.unmet import unmet
from inrpde.verification.evidence.verdict import WORDS
from inrpde.verification.finding import Kind
from tests.problems.amplifying import ILL_POSED, SINGULAR, WELL_POSED, plane, square
from tests.verification.judging import judged as worded

NEAR, ILL = [1e6, 1.0, 1.0], [1e9, 1e7, 1e5]


def amplified(*gains, spectrum=NEAR):
    return Amplification({"u": np.array(gains)}, np.array(spectrum))


def test_usual_amplification_changes_no_estimate():
    for found in (None, amplified(0.5), amplified(9.0)):
        assert gain(found, "u") == 1.0
        assert hidden(found, "u", 1e-6) == 0.0


LINE = Space("s")
F = LINE.unknown("u")
ROD = Region(LINE, Interval(0, 1))
BENT, STRAIGHT = (
    compile_problem(Problem("p", [F], [On(ROD, Eq(LINE.laplace(F), each)), On(ROD.boundary, F)])) for each in (F**3, 1)
)


def test_of_nonlinear_equations_less_is_enough_as_the_second_solve_begins_at_the_first():
    soft = amplified(600.0)
    assert kept(BENT, soft, "u", 1e-4, 0.5) == pytest.approx(0.03)
    for nothing in ((STRAIGHT, soft), (BENT, amplified(50.0)), (BENT, None)):
        assert kept(*nothing, "u", 1e-4, 0.5) == 0
    assert [each.at_most for each in ill_posed(BENT, soft, 1e-4)] == ["unverified"]
    assert ill_posed(BENT, soft, 1e-9) == ill_posed(STRAIGHT, soft, 1e-4) == []


def test_near_a_resonance_residuals_and_rounding_are_amplified():
    assert gain(amplified(500.0), "u") == 50
    found = amplified(1.0, 1e6)
    assert gain(found, "u") == 1e5
    assert hidden(found, "u", 1e-6) == pytest.approx(1e-8)


def test_where_nothing_bounds_it_the_error_is_logarithmic():
    found = amplified(1e11, spectrum=ILL)
    assert gain(found, "u") == 1.0
    assert hidden(found, "u", 1e-11) == pytest.approx(2 / np.log(1e11))
    assert hidden(found, "u", 1e-3) > hidden(found, "u", 1e-11)
    assert hidden(found, "u", 1e-13) == pytest.approx(1e-2), "what is amplified makes less of the residual"
    assert hidden(found, "u", 1e-13, 0.1) == pytest.approx(1e-3)
    assert np.isfinite([hidden(found, "u", residual) for residual in (0.0, 1.0, np.inf)]).all()


def test_what_two_solves_differ_by_is_all_where_residuals_allow_no_more():
    found = amplified(1e11, spectrum=ILL)
    assert hidden(found, "u", 1e-13, difference=1e-3) == 0.0
    assert hidden(found, "u", 1e-13, difference=1e-9) == pytest.approx(1e-2), "they have left out the same"


def test_solves_that_differ_as_their_data_are_amplified_leave_nothing_open():
    assert explained(None, "u") == explained(amplified(1e13), "u") == 0.0
    assert explained(amplified(1e9), "u") == 1e9


@pytest.mark.parametrize(("found", "times"), [(None, 10**0.5), (0.5, 1), (4.0, 4), (100.0, 10), (1e5, 1e4)])
def test_without_a_second_solve_the_score_is_amplified(found, times):
    assert unaided(None if found is None else amplified(found), "u") == times


u = plane.unknown("u")
POISSON = compile_problem(Problem("p", [u], [On(square, Eq(-plane.laplace(u), 1)), On(square.boundary, u)]))
RINGING = compile_problem(Problem("p", [u], [On(square, Eq(plane.laplace(u) + 20 * u, 1)), On(square.boundary, u)]))


def finding(form, found, score=1e-14):
    (found,) = ill_posed(form, found, score)
    assert found.kind is Kind.ILL_POSED
    return found


def test_usual_amplification_is_no_finding():
    assert ill_posed(POISSON, None, 1.0) == []
    assert ill_posed(POISSON, amplified(1.0, LARGE / 2), 1.0) == []


def test_the_words_fit_and_name_the_condition():
    assert "near a resonance" in finding(RINGING, amplified(1.0, 1e6)).text
    assert "nearly singular" in finding(POISSON, amplified(1.0, 1e6)).text
    ill = finding(POISSON, amplified(1.0, 1e9, spectrum=ILL))
    assert "ill-posed" in ill.text
    assert "asked backwards" in ill.text
    assert "resonance" not in ill.text
    assert "what On(square.boundary, u) gives is amplified 1e+09 times" in ill.text
    assert POISSON.rows[0].text in finding(POISSON, amplified(1e6, 1.0)).text


@pytest.mark.parametrize(
    ("found", "score", "word"),
    [
        (amplified(1.0, 1e6), 1e-14, None),
        (amplified(1.0, 1e6), 1e-6, "unverified"),
        (amplified(1.0, 1e11), 1e-14, "unverified"),
        (amplified(1.0, 1e9, spectrum=ILL), 1e-14, "unverified"),
    ],
)
def test_the_word_falls_where_what_nobody_sees_is_large(found, score, word):
    assert finding(POISSON, found, score).at_most == word


def test_a_learned_field_may_be_plausible():
    a = plane.coefficient("a")
    equation = On(square, Eq(plane.div(a * plane.grad(u)), 1))
    form = compile_problem(Problem("p", [u], [equation, On(square.boundary, u)], coefficients={a: Learned(1.0)}))
    gains = {"u": np.array([1.0, 1.0]), "a": np.array([1e9, 1.0])}
    assert finding(form, Amplification(gains, np.array(ILL))).at_most == "plausible"
    assert finding(form, Amplification(gains | {"u": gains["a"]}, np.array(ILL))).at_most == "unverified"
    assert hidden(Amplification(gains, np.array(ILL)), "u", 1e-6) == 0.0


def test_readings_that_are_amplified_are_plausible_at_most():
    sensors = Points(plane, np.array([[0.5, 0.5], [0.2, 0.3]]), {"m": np.zeros(2)})
    conditions = [On(square, Eq(-plane.laplace(u), 1)), On(sensors, Eq(u, sensors["m"]))]
    form = compile_problem(Problem("p", [u], conditions))
    assert finding(form, amplified(1.0, 1e6)).at_most == "plausible"
    assert finding(form, amplified(1e6, 1.0)).at_most is None


# -- from solves of the first plan to a word


@cache
def judged(make):
    """The form, an answer, its estimates without and with the measure, and the verdict."""
    problem = make()
    form = compile_problem(problem)
    fit, _ = fit_for(form)
    search = Search(Context(form, resolve({}, {}), 0, Clock(None)), fit, "test", Survey.of(form, 0))
    candidate = search.attempt(first_plan(search), "test")
    plain = estimate(form, candidate, 0)
    found = estimate(form, candidate, 0, measure=partial(amplification, form, seed=0))
    doubts = ill_posed(form, found.amplified, found.score)
    return form, candidate, plain, found, worded(found, {}, unmet(form, found), doubts)


def error(form, candidate):
    found = exact_errors(form, partial(field_at, candidate.state), 2000, 0)
    return {name: each["rel_l2"] for name, each in found.items()}


@pytest.mark.parametrize("name", ILL_POSED)
def test_what_is_ill_posed_is_unverified_at_most(name):
    form, candidate, _, found, judgement = judged(ILL_POSED[name])
    assert WORDS.index(judgement.word) <= WORDS.index("unverified")
    assert "ill-posed" in judgement.because
    assert found.amplified.largest > 1e4
    assert error(form, candidate)["u"] < 10 * found.fields["u"]


def test_two_solves_that_drop_the_same_mode_were_believed():
    form, candidate, plain, _, _ = judged(ILL_POSED["final_heat"])
    assert error(form, candidate)["u"] > 1e4 * plain.fields["u"]


@pytest.mark.parametrize("name", SINGULAR)
def test_near_a_resonance_the_estimate_is_right_or_nothing_is_said(name):
    form, candidate, _, found, judgement = judged(SINGULAR[name])
    assert "ill-posed" not in judgement.because
    near = 0.1 < found.fields["u"] / error(form, candidate)["u"] < 20
    assert near or judgement.word == "unverified"


@pytest.mark.parametrize("name", WELL_POSED)
def test_what_is_well_posed_is_not_touched(name):
    form, _, plain, found, _ = judged(WELL_POSED[name])
    assert ill_posed(form, found.amplified, found.score) == []
    assert found.fields == pytest.approx(plain.fields, rel=1e-6)
    assert max(found.fields.values()) < 0.1


def test_the_report_tells_of_it():
    report = solve(ILL_POSED["cauchy_bare"](), reference="none").report
    assert report["verdict"]["word"] == "unverified"
    (found,) = (each for each in report["findings"] if each["kind"] == Kind.ILL_POSED)
    assert found["text"] in report["warnings"]
    assert found["at_most"] == "unverified"
    assert report["fields"]["u"]["estimate"]["amplification"] > 1e4
