"""What is left of the last difference of levels, and whether a further one is begun."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Interval, sin

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions
from inrpde.solvers.contract.levels import (
    CONFIRMED,
    FINE,
    FIRST_SHARE,
    GOOD,
    LEAST_SHARE,
    PATIENCE,
    UNSTEADY,
    Comparison,
    gained,
    left,
)
from inrpde.solvers.contract.method import Clock
from tests.solvers.galerkin import problems
from tests.solvers.turns import context


def test_the_share_that_is_left_follows_the_last_gain():
    assert gained([]) == gained([1.0]) == FIRST_SHARE
    assert gained([1.0, 1e-3]) == LEAST_SHARE
    assert gained([1.0, 0.3]) == pytest.approx(1.5 * 0.3 / 0.7)
    assert gained([1.0, 0.9]) == pytest.approx(1.5 * 0.9 / 0.1)
    assert gained([1.0, 2.0]) == UNSTEADY
    assert gained([1.0, 0.8, 0.64, 0.064]) == pytest.approx(1.5 * 0.8 / 0.2)


def test_less_is_left_where_both_the_differences_and_the_levels_themselves_say_so():
    few, more, many = CONFIRMED
    assert gained([1.0], decay=0.2) == pytest.approx(1.5 * 0.2 / 0.8)
    assert gained([1.0], decay=1e-3) == few
    assert gained([1.0, 1e-3], decay=1e-3) == more
    assert gained([1.0, 1e-3, 1e-6], decay=1e-3) == many
    assert gained([1.0, 1e-3], decay=0.1) == pytest.approx(1.5 * 0.1 / 0.9)
    assert gained([1.0, 1e-3], decay=0.9) == LEAST_SHARE  # the functions fall slowly: no more than the differences say
    assert gained([1.0, 0.5], decay=1e-3) == gained([1.0, 0.5])
    assert gained([1.0, 2.0], decay=1e-3) == UNSTEADY
    assert gained([1.0, 1e-3], alike=1e-3, decay=1e-3) == pytest.approx(1.0)


def test_what_levels_have_in_common_does_not_show_in_their_difference():
    """As where both took steps of the same length."""
    assert gained([1e-5, 1e-8], alike=5e-7) == pytest.approx(50)
    assert gained([1e-8], alike=5e-7) == pytest.approx(50)
    assert gained([1e-5, 1e-8], alike=1e-12) == LEAST_SHARE
    assert gained([], alike=1e-3) == FIRST_SHARE


def test_a_good_answer_leaves_less_time_for_a_further_level():
    made = replace(context(problems.poisson()[0]), clock=Clock(None))
    short, long = PATIENCE
    allowed = [left(made, error) for error in (2 * GOOD, GOOD / 2, FINE / 2)]
    assert allowed == pytest.approx([long, short, short / 4], abs=0.5)
    assert left(replace(made, tol=1e-3), 1.0) == pytest.approx(2 * long, abs=0.5)
    assert left(replace(made, clock=Clock(100.0)), 1.0) == pytest.approx(Clock(100.0).searching, abs=0.5)


SPACE = Space("x")
(x,), (u, v) = SPACE.coords, SPACE.unknowns("u v")
LINE = Region(SPACE, Interval(0, 1))
AT = [np.linspace(0, 1, count)[:, None] for count in (40, 50)]


def form(*equations):
    ends = [On(LINE.boundary, each) for each in (u, v)]
    return compile_problem(Problem("p", [u, v], [*(On(LINE, each) for each in equations), *ends]))


ALONE = form(u.diff(x, 2), v.diff(x, 2))
COUPLED = form(u.diff(x, 2) + v.diff(x, 2), u + v)  # of the same size they balance


def apart(form, one, other):
    """By how much two states differ that are so many sines."""
    states = (Expressions(form, tuple(value * sin(3 * x) for value in each)) for each in (one, other))
    return Comparison(form, AT)(*states)


def test_differences_are_relative_to_the_first_state():
    assert apart(ALONE, (2, 3), (3, 3)) == pytest.approx(0.5)
    assert apart(ALONE, (2, 3), (2, 6)) == pytest.approx(1.0)


def test_weights_say_what_counts():
    one, other = (Expressions(ALONE, (1 + shift * x, 1 + 0 * x)) for shift in (0, 1))
    last = np.where(np.arange(40) == 39, 40.0, 0.0)
    assert Comparison(ALONE, AT, (last, np.ones(50)))(one, other) == pytest.approx(1.0)
    assert Comparison(ALONE, AT)(one, other) == pytest.approx(np.sqrt(1 / 3), rel=0.05)


def test_what_is_smaller_than_what_the_others_err_by_vanishes():
    """So it is with the speed across a straight channel: noise is not to be told from noise."""
    assert apart(COUPLED, (1, 1e-5), (1 + 1e-3, -1e-5)) == pytest.approx(1e-3)
    assert apart(ALONE, (1, 1e-5), (1 + 1e-3, -1e-5)) == pytest.approx(2.0)
    assert apart(COUPLED, (1, 1e-5), (1 + 1e-6, -1e-5)) == pytest.approx(2.0)  # small, but known not to be nothing
