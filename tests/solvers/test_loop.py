"""The loop round a method: what it keeps, when it ends, what it saves."""

import math

import numpy as np
import pytest

from inrpde.discretise.state import State
from inrpde.errors import DivergedError
from inrpde.solvers import loop
from inrpde.solvers.contract.method import Candidate, Clock, Context
from inrpde.solvers.loop import run

STATE = State((), ())


def candidate(score, **more):
    return Candidate(STATE, score, score / 2, 0.25, "made", f"score {score}", **more)


def context(budget=None, **more):
    return Context(None, {}, 0, Clock(budget), **more)


def method(*scores, closed=None):
    def solve(context):
        try:
            yield from map(candidate, scores)
        finally:
            if closed is not None:
                closed.append(True)

    return solve


def test_the_best_is_kept_and_every_step_noted():
    said = []
    found = run(method(1.0, 0.1, 0.5, 0.2), context(tell=said.append))
    assert found.best.score == 0.1
    assert [step["kept"] for step in found.steps] == [True, True, False, False]
    assert [step["score"] for step in found.steps] == [1.0, 0.1, 0.5, 0.2]
    assert all({"method", "reason", "seconds"} <= set(step) for step in found.steps)
    assert found.ended == "the method had nothing more to try"
    assert said[1] == "score 1.0e-01: score 0.1"


def test_an_accepted_candidate_ends_the_run_and_closes_the_method():
    closed, asked = [], []

    def accept(best):
        asked.append(best.score)
        return best.score < 0.3

    found = run(method(1.0, 2.0, 0.2, 0.1, closed=closed), context(), accept)
    assert found.best.score == 0.2
    assert asked == [1.0, 0.2]  # only what is better is asked about
    assert found.ended == "the tolerance was reached"
    assert closed


def test_a_spent_budget_ends_the_run():
    found = run(method(1.0, 0.1), context(budget=0.0))
    assert len(found.steps) == 1
    assert found.ended == "the budget was spent"


@pytest.mark.parametrize("scores", [(), (float("inf"),), (float("nan"),)])
def test_nothing_finite_is_an_error(scores):
    with pytest.raises(DivergedError, match="no finite answer") as caught:
        run(method(*scores), context())
    assert caught.value.exit_code == 4


def test_a_finite_answer_replaces_one_that_is_not():
    assert run(method(float("nan"), 0.5), context()).best.score == 0.5
    assert run(method(float("inf"), 0.5, float("nan")), context()).best.score == 0.5


def test_memory_is_saved_now_and_then(monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", -math.inf)
    saved = []

    def solve(context):
        yield candidate(1.0, memory={"step": 1})
        yield candidate(0.5)
        yield candidate(0.7, memory={"step": 3})

    run(solve, context(), save=saved.append)
    assert saved[::2] == [{"step": 1}, {"step": 3}]
    assert saved[1]["answer"]["score"] == 0.5  # the best, where the method says nothing


def test_a_method_without_memory_begins_anew_with_the_answer_that_was_kept():
    saved = []

    def interrupted(context):
        yield from (candidate(score) for score in (0.5, 0.2, 0.3))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(interrupted, context(), save=saved.append)
    (memory,) = saved
    poorer = run(method(0.5), context(memory=memory))
    assert poorer.best.score == 0.2
    assert [step["kept"] for step in poorer.steps] == [True, False]
    assert poorer.memory()["answer"]["score"] == 0.2
    again = candidate(0.2, again=lambda seed, lean: STATE)
    assert run(lambda context: iter([again]), context(memory=memory)).best is again
    assert run(method(0.5, 0.1), context(memory=memory)).best.score == 0.1


def test_an_interrupt_saves_the_latest_and_is_passed_on():
    saved = []

    def solve(context):
        yield candidate(0.5, memory={"step": 1})
        yield candidate(0.7, memory={"step": 2})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(solve, context(), save=saved.append)
    assert saved == [{"step": 2}]


def test_a_state_takes_its_heads_from_one_vector():
    class Wide:
        def __init__(self, width):
            self.width = width

    state = State((Wide(2), Wide(3)), (np.zeros(2), np.zeros(3))).with_vector(np.arange(5.0))
    assert [list(head) for head in state.heads] == [[0, 1], [2, 3, 4]]
    assert list(state.vector) == [0, 1, 2, 3, 4]
    assert state.width == 5


def test_a_signal_that_a_library_takes_for_its_own_error_is_a_signal(small):
    """As numpy.unique(…, axis=0) does: a TypeError, with the signal as its cause."""

    def method(context):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as signal:
            raise TypeError("cannot compare structured arrays") from signal
        yield

    with pytest.raises(KeyboardInterrupt):
        run(method, small.context(small.poisson()))
