"""Amplified data: what they say of errors, and of answers."""

import numpy as np
import pytest
from sympy import Eq

from inrpde import On, Points, Problem, solve
from inrpde.compiler import compile_problem
from inrpde.discretise.amplification import LARGE, Amplification
from inrpde.discretise.score import RowScore, Score
from inrpde.verification.amplified import gain, hidden, ill_posed, unaided
from inrpde.verification.finding import Kind
from inrpde.verification.verdict import WORDS
from tests.problems.amplifying import ILL_POSED, SINGULAR, WELL_POSED, plane, square

NEAR, ILL = [1e6, 1.0, 1.0], [1e9, 1e7, 1e5]


def amplified(*gains, spectrum=NEAR):
    return Amplification({"u": np.array(gains)}, np.array(spectrum))


def scored(total):
    return Score((RowScore(total, total, 1.0, 1.0, np.array([total])),), (1.0,))


def test_usual_amplification_changes_no_estimate():
    for found in (None, amplified(0.5), amplified(9.0)):
        assert gain(found, "u") == 1.0
        assert hidden(found, "u", 1e-6) == 0.0


def test_near_a_resonance_residuals_and_rounding_are_amplified():
    assert gain(amplified(500.0), "u") == 50
    found = amplified(1.0, 1e6)
    assert gain(found, "u") == 1e5
    assert hidden(found, "u", 1e-6) == pytest.approx(1e-8)


def test_where_nothing_bounds_it_the_error_is_logarithmic():
    found = amplified(1e9, spectrum=ILL)
    assert gain(found, "u") == 1.0
    assert hidden(found, "u", 1e-11) == pytest.approx(2 / np.log(1e11))
    assert hidden(found, "u", 1e-3) > hidden(found, "u", 1e-11)
    assert np.isfinite([hidden(found, "u", residual) for residual in (0.0, 1.0, np.inf)]).all()


@pytest.mark.parametrize(("found", "times"), [(None, 10), (0.5, 1), (4.0, 4), (100.0, 10), (1e5, 1e4)])
def test_without_a_second_solve_the_score_is_amplified(found, times):
    assert unaided(None if found is None else amplified(found), "u") == times


u = plane.unknown("u")
POISSON = compile_problem(Problem("p", [u], [On(square, Eq(-plane.laplace(u), 1)), On(square.boundary, u)]))
RINGING = compile_problem(Problem("p", [u], [On(square, Eq(plane.laplace(u) + 20 * u, 1)), On(square.boundary, u)]))


def finding(form, found, score=1e-14):
    (found,) = ill_posed(form, found, scored(score))
    assert found.kind is Kind.ILL_POSED
    return found


def test_usual_amplification_is_no_finding():
    assert ill_posed(POISSON, None, scored(1.0)) == []
    assert ill_posed(POISSON, amplified(1.0, LARGE / 2), scored(1.0)) == []


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


def test_readings_that_are_amplified_are_plausible_at_most():
    sensors = Points(plane, np.array([[0.5, 0.5], [0.2, 0.3]]), {"m": np.zeros(2)})
    conditions = [On(square, Eq(-plane.laplace(u), 1)), On(sensors, Eq(u, sensors["m"]))]
    form = compile_problem(Problem("p", [u], conditions))
    assert finding(form, amplified(1.0, 1e6)).at_most == "plausible"
    assert finding(form, amplified(1e6, 1.0)).at_most is None


# -- whole journeys


def judged(problem):
    report = solve(problem, budget=6, reference="none").report
    kinds = [each for each in report["findings"] if each["kind"] == Kind.ILL_POSED]
    return report, kinds


@pytest.mark.parametrize("name", ILL_POSED)
def test_what_is_ill_posed_is_unverified_at_most(name):
    report, (found,) = judged(ILL_POSED[name]())
    assert WORDS.index(report["verdict"]["word"]) <= WORDS.index("unverified")
    assert found["text"] in report["warnings"]
    field = report["fields"]["u"]
    assert field["estimate"]["amplification"] > 1e4
    assert field["exact"]["rel_l2"] < 10 * field["estimated_error"]


@pytest.mark.parametrize("name", SINGULAR)
def test_near_a_resonance_the_estimate_is_right_or_nothing_is_said(name):
    report, (found,) = judged(SINGULAR[name]())
    assert "singular" in found["text"] or "resonance" in found["text"]
    field = report["fields"]["u"]
    near = 0.1 < field["estimated_error"] / field["exact"]["rel_l2"] < 20
    assert near or report["verdict"]["word"] == "unverified"


@pytest.mark.parametrize("name", WELL_POSED)
def test_what_is_well_posed_is_not_touched(name):
    report, found = judged(WELL_POSED[name]())
    assert found == []
    assert report["verdict"]["word"] == "verified"
    for field in report["fields"].values():
        assert max(field["exact"]["rel_l2"], 1e-12) / 10 < field["estimated_error"] < 1e-4
