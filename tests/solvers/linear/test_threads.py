"""Small factorisations run on one thread, large ones on as many as there are."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from inrpde.solvers.linear import threads as module
from inrpde.solvers.linear.threads import WORTHWHILE, sized


def threads():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.fixture
def two(monkeypatch):
    """Two threads, where they can be set, of all libraries that are loaded by now."""
    monkeypatch.setattr(module, "_controller", [])
    with threadpool_limits(2, user_api="blas"):
        if threads() != {2}:
            pytest.skip("the threads of this machine's linear algebra cannot be set")
        yield


@pytest.mark.parametrize(("operations", "count"), [(0, 1), (0.99 * WORTHWHILE, 1), (WORTHWHILE, 2)])
def test_work_is_given_threads_by_its_size_and_they_are_given_back(two, operations, count):
    with sized(operations):
        assert threads() == {count}
    assert threads() == {2}


def test_they_are_given_back_where_it_fails(two):
    with pytest.raises(ZeroDivisionError), sized(0):
        _ = 1 / 0
    assert threads() == {2}
