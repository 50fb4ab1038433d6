"""What comes after the ladder."""

from dataclasses import replace

import numpy as np
import pytest

from inrpde.errors import DivergedError
from inrpde.solvers import auto, least_squares
from inrpde.solvers.contract.method import Clock
from inrpde.solvers.descent import gauss_newton
from inrpde.solvers.loop import run
from inrpde.solvers.search import ladder


@pytest.fixture
def poor(small, monkeypatch):
    """A context with a budget whose ladder ends at once, with a score of one half."""
    context = replace(small.context(small.poisson()), clock=Clock(20.0))
    answer = replace(next(least_squares.solve(context)), score=0.5)
    monkeypatch.setattr(ladder, "climb", lambda *given: iter([answer]))
    return context


def test_gauss_newton_follows_a_poor_answer(small, poor):
    found = run(auto.solve, poor)
    assert [step["method"] for step in found.steps[:2]] == ["least-squares", "gauss-newton"]
    assert found.best.method == "gauss-newton"
    assert small.error(found.best, lambda x: np.sin(np.pi * x)) < 1e-6


@pytest.mark.parametrize("change", [{"tol": 0.6}, {"clock": Clock(None)}])
def test_it_does_not_where_the_answer_will_do_or_no_time_is_given(poor, change):
    assert len(run(auto.solve, replace(poor, **change)).steps) == 1


def test_what_diverges_leaves_the_answer_that_there_was(poor, monkeypatch):
    def diverges(context):
        raise DivergedError("no", None, "no")
        yield

    monkeypatch.setattr(gauss_newton, "solve", diverges)
    assert run(auto.solve, poor).best.score == 0.5


def test_what_comes_last_runs_where_the_others_find_nothing(small, monkeypatch):
    monkeypatch.setattr(ladder, "climb", lambda *given: iter([]))
    found = run(auto.solve, replace(small.context(small.poisson()), clock=Clock(20.0)))
    assert found.best.method == "gauss-newton"
