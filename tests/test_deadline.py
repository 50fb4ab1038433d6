"""One deadline: blocks end where they take their turn, nest, and leave long calls to themselves."""

import threading
import time

import numpy as np
import pytest

from inrpde import deadline
from inrpde.deadline import TimeUp, patiently, turn, within


def spin(seconds: float) -> None:
    """A loop that takes its turns."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        turn()


def test_without_a_deadline_nothing_is_bounded():
    turn()
    assert deadline.left() == np.inf
    assert patiently(sum, [1, 2]) == 3


def test_a_block_ends_at_its_deadline_and_says_so():
    start = time.perf_counter()
    with within(0.05) as scope:
        spin(30)
    assert scope.expired
    assert time.perf_counter() - start < 10
    assert deadline.left() == np.inf


def test_a_block_that_ends_in_time_has_not_expired():
    with within(60) as scope:
        turn()
        assert 0 < deadline.left() <= 60
    assert not scope.expired


def test_the_earliest_deadline_holds_and_ends_every_block_that_it_bounds():
    reached = []
    with within(0.05) as outer:
        with within(60) as inner:
            spin(30)
        reached.append("between")
        turn()
        reached.append("never")
    assert inner.expired
    assert outer.expired
    assert reached == ["between"]


def test_an_inner_deadline_leaves_the_outer_block_its_time():
    with within(60) as outer:
        with within(0.02) as inner:
            spin(30)
        turn()
    assert inner.expired
    assert not outer.expired


def test_no_handler_of_exceptions_swallows_it():
    with within(-1) as scope:
        try:
            turn()
        except Exception:
            pytest.fail("swallowed")
    assert scope.expired
    assert not issubclass(TimeUp, Exception)


def test_a_long_call_is_left_at_the_deadline_and_ends_by_itself():
    go_on, ended = threading.Event(), threading.Event()

    def call() -> None:
        go_on.wait(30)
        ended.set()

    with within(0.1) as scope:
        patiently(call)
    assert scope.expired
    assert deadline.running()
    go_on.set()
    assert ended.wait(30)
    for _ in range(1000):
        if not deadline.running():
            break
        time.sleep(0.01)
    assert not deadline.running()


def test_what_a_call_raises_is_raised_where_it_is_waited_for():
    def call() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        patiently(call)


def test_threads_have_deadlines_of_their_own():
    seen = []
    with within(60):
        thread = threading.Thread(target=lambda: seen.append(deadline.left()))
        thread.start()
        thread.join()
    assert seen == [np.inf]
