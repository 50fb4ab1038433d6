"""The contract of methods: the clock of a budget, what a method is given, and the options that it declares."""

import time
from dataclasses import dataclass, fields

import numpy as np
import pytest

from inrpde.solvers import least_squares
from inrpde.solvers.descent import adam
from inrpde.solvers.method import All, Clock, Reading, reads


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
    unbounded = Clock(None)
    assert unbounded.searching == unbounded.left == np.inf
    assert 0 < unbounded.second <= 600
    assert 0 < unbounded.referring <= 600
