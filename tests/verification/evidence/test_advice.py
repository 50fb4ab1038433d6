"""What to try next where an answer is not verified."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde.compiler import compile_problem
from inrpde.declaration import On, Problem, Region, Space
from inrpde.discretise.score import RowScore, Score
from inrpde.verification.evidence.advice import MOST, advice
from inrpde.verification.evidence.estimate import Estimate
from inrpde.verification.evidence.weigh import weigh
from inrpde.verification.finding import Finding, Kind

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
line = Region(space, Interval(0, 1))
FORM = compile_problem(
    Problem("p", unknowns=[u], conditions=[On(line, Eq(u.diff(x, 2), 1)), On(line.boundary, Eq(u, 0))])
)


def estimated(score, open_=()):
    rows = [RowScore(s, s, 1.0, 1.0, np.array([s])) for s in (score, score / 10)]
    return Estimate({"u": 0.3}, Score(tuple(rows), (1.0,)), None, {"u": 0.3}, 0.0, open_)


def steps(word="unverified", score=1e-3, compared=None, doubts=(), budget=None, open_=()):
    return advice(word, FORM, estimated(score, open_), {"u": weigh(0.3, compared)}, doubts, budget)


@pytest.mark.parametrize("word", ["plausible", "verified"])
def test_good_answers_need_no_advice(word):
    assert steps(word) == []


def test_no_more_time_is_advised_where_noise_is_what_is_left():
    noisy = replace(estimated(1e-3), scatter={"u": 0.29})
    (first, *_) = advice("unverified", FORM, noisy, {"u": weigh(0.3, None)}, (), 10)
    assert "less noisy" in first
    other = replace(noisy, scatter={"u": 0.1})
    (first, *_) = advice("unverified", FORM, other, {"u": weigh(0.3, None)}, (), 10)
    assert "--budget" in first


def test_it_is_one_or_two_things():
    doubts = [Finding(Kind.DATA, "…", "unverified", fix=f"mend {k}") for k in range(5)]
    assert steps(doubts=doubts) == ["mend 0", "mend 1"]
    assert len(steps(score=0.5, budget=5.0, open_=("u",))) == MOST


def test_what_bounds_the_word_most_comes_first():
    doubts = [
        Finding(Kind.DATA, "a", "plausible", fix="second"),
        Finding(Kind.COVERAGE, "b", "unverified", fix="first"),
    ]
    assert steps(doubts=doubts) == ["first", "second"]


def test_a_better_reference_is_pointed_to_first():
    doubts = [Finding(Kind.DATA, "a", "unverified", fix="mend it")]
    first, second = steps("wrong", compared={"rel_l2": 0.3, "estimated_error": 1e-4}, doubts=doubts)
    assert second == "mend it"
    assert "u_reference in the file" in first
    assert "1.0e-04" in first


def test_time_helps_where_it_was_short():
    assert steps(budget=5.0) == ["give more time: --budget 20"]


def test_the_condition_that_is_worst_is_named():
    assert any(step.startswith(f"look at {FORM.rows[0].text}") for step in steps(score=0.5))
    assert not any("farthest" in step for step in steps(score=1e-3))
