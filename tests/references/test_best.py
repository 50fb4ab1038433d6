"""Of several references that serve, a good one ends the search, and else the best stands."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from inrpde import deadline, plugins, references
from inrpde.references import Reference

AXIS = np.linspace(0, 1, 5)


def made(kind, error, sound=True):
    values = {"u": AXIS}
    return Reference(
        kind, (AXIS,), values, None, {"u": error}, values, (AXIS,), {"u": 2.0},
        extrapolated_error={"u": error}, sound={"u": sound},
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch):
    """The outcome of references that give these answers, with the kinds of those that were asked."""

    def ask(*answers, n=None, **more):
        called = []

        def plugin(answer):
            def solve(bound, n, **more):
                called.append(answer)
                return answer() if callable(answer) else answer

            module = SimpleNamespace(supports=lambda bound: None, solve=solve)
            return SimpleNamespace(name="a", package="made 1.0", load=lambda: module)

        monkeypatch.setattr(plugins, "in_turn", lambda group: [plugin(answer) for answer in answers])
        return references.solve(None, n, **more), len(called)

    return ask


def test_a_good_one_ends_the_search(asked):
    found, count = asked(made("first", 1e-6), made("second", 1e-9))
    assert (found.kind, count) == ("first", 1)


@pytest.mark.parametrize("turn", [1, -1])
def test_else_the_best_stands(asked, turn):
    found, count = asked(*[made("poor", 1e-3), made("better", 1e-4)][::turn])
    assert (found.kind, count) == ("better", 2)


def test_one_whose_order_makes_no_sense_is_the_last(asked):
    assert asked(made("unsound", 2e-5, sound=False), made("poor", 1e-2))[0].kind == "poor"


def test_a_grid_that_was_asked_for_is_that_of_the_first(asked):
    found, count = asked(made("first", 1e-2), made("second", 1e-9), n=8)
    assert (found.kind, count) == ("first", 1)


def test_the_next_best_stands_where_the_best_cannot_be_used(asked):
    def use(found):
        if found.kind == "best":
            raise ValueError("of no use")

    found, _ = asked(made("poor", 1e-3), made("best", 1e-9), use=use)
    assert found.kind == "poor"
    assert "of no use" in found.warnings[0]


def test_the_first_stands_where_another_takes_too_long(asked):
    def slow():
        while True:
            time.sleep(0.01)
            deadline.turn()

    with deadline.within(1) as scope:
        found, _ = asked(made("poor", 1e-3), slow)
    assert found.kind == "poor"
    assert not scope.expired
