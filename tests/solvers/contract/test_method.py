"""The contract of methods: the clock of a budget, what a method is given, and the options that it declares."""

import time
from dataclasses import dataclass, fields
from types import SimpleNamespace

import numpy as np
import pytest

from inrpde import config
from inrpde.solvers import least_squares
from inrpde.solvers.contract import method
from inrpde.solvers.contract.method import (
    CHECKED,
    LEAST,
    REPORT,
    RESERVE,
    SEARCH,
    All,
    Candidate,
    Clock,
    Context,
    Reading,
    beats,
    keys,
    read,
    reads,
)
from inrpde.solvers.descent import adam


def test_a_field_that_is_no_setting_is_refused_where_it_is_declared():
    @dataclass(frozen=True)
    class Wrong:
        width: int | None
        momentum: float

    with pytest.raises(TypeError, match="momentum"):
        reads(Wrong)(least_squares.solve)


def test_a_declared_method_keeps_its_name_and_words():
    assert isinstance(adam.solve, Reading)
    assert adam.solve.__name__ == "solve"
    assert "`adam`" in adam.solve.__doc__
    assert {each.name for each in fields(adam.Options)} < {each.name for each in fields(All)}


def test_no_budget_is_never_spent():
    clock = Clock(None)
    assert clock.left == float("inf")
    assert clock.fits(1e9)
    assert not Clock(1.0).fits(2.0)
    assert 0 < Clock(5.0).left <= 5


def test_the_parts_of_a_budget_follow_one_another():
    clock = Clock(60.0)
    assert 0 < clock.checking < clock.searching < clock.left < clock.referring < 60
    assert Clock(60.0, time.perf_counter() - 70).referring < 0
    assert Clock(60.0, time.perf_counter() - 70).checking == 0, "a message says how long the checks had"
    unbounded = Clock(None)
    assert unbounded.searching == unbounded.left == np.inf
    assert 0 < unbounded.second <= 600
    assert 0 < unbounded.referring <= 600


@pytest.mark.parametrize("budget", [0.5, 3.0, 7.0, 60.0, 3600.0])
def test_the_parts_of_a_budget_add_up(budget, monkeypatch):
    monkeypatch.setattr(method, "time", SimpleNamespace(perf_counter=lambda: 1000.0))
    clock = Clock(budget, 1000.0 - budget / 10)
    assert clock.reserve == max(RESERVE * budget, min(LEAST, budget / 3))
    assert clock.left + clock.reserve + clock.spent == pytest.approx(budget)
    assert clock.searching + clock.spent == pytest.approx(SEARCH * (budget - clock.reserve))
    assert clock.referring - clock.left == pytest.approx((1 - REPORT) * clock.reserve)
    assert clock.second == pytest.approx(clock.left)
    assert clock.checking + clock.spent == pytest.approx(CHECKED * budget)
    assert clock.fits(0.99 * clock.left)
    assert not clock.fits(1.01 * clock.left)


def test_what_beats_the_best_is_lower_or_the_first_or_a_number_at_last():
    def best(score):
        return Candidate(None, score, score, 0.0, "made", "made")

    assert beats(5.0, None)
    assert beats(0.9, best(1.0))
    assert not beats(1.0, best(1.0))
    assert not beats(float("nan"), best(1.0))
    assert beats(float("inf"), best(float("nan")))


@dataclass(frozen=True)
class Few:
    width: int | None
    rate: float | None


def test_a_method_is_given_what_it_declares_and_nothing_else():
    given = []

    @reads(Few)
    def two(context):
        """Two settings."""
        given.append(context.options)
        yield

    settings = config.resolve({}, {"solver.width": 9, "solver.rate": 0.5, "solver.steps": 3})
    context = Context(None, settings, 0, Clock(None))
    next(two(context))
    assert given == [Few(9, 0.5)]
    assert context.options.steps == 3  # of the context itself, which declares nothing
    assert read(two) == keys(Few) == {"solver.width", "solver.rate"}
    assert read(lambda context: iter(())) == {key for key in config.SETTINGS if key.startswith("solver.")}
    assert two.__doc__ == "Two settings."


def test_a_second_run_begins_afresh_and_is_not_compiled():
    settings = config.resolve({}, {"solver.width": 9, "solver.compile": True})
    context = Context(None, settings, 4, Clock(None), memory={"step": 3}, declared=All)
    again = context.afresh()
    assert not again.memory
    assert (again.options.width, again.options.compile, again.seed) == (9, False, 4)
    assert (context.options.compile, context.memory) == (True, {"step": 3})
