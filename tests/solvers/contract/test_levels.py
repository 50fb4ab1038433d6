"""What is left of the last difference of levels, and whether a further one is begun."""

from dataclasses import replace

import numpy as np
import pytest

from inrpde.discretise.state import State
from inrpde.networks.trial import Constant
from inrpde.solvers.contract.levels import (
    FINE,
    FIRST_SHARE,
    GOOD,
    LEAST_SHARE,
    PATIENCE,
    UNSTEADY,
    differences,
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


def test_a_good_answer_leaves_less_time_for_a_further_level():
    made = replace(context(problems.poisson()[0]), clock=Clock(None))
    short, long = PATIENCE
    allowed = [left(made, error) for error in (2 * GOOD, GOOD / 2, FINE / 2)]
    assert allowed == pytest.approx([long, short, short / 4], abs=0.5)
    assert left(replace(made, tol=1e-3), 1.0) == pytest.approx(2 * long, abs=0.5)
    assert left(replace(made, clock=Clock(100.0)), 1.0) == pytest.approx(Clock(100.0).searching, abs=0.5)


def test_differences_are_relative_to_the_first_state():
    one, other = (State((Constant(), Constant()), (np.array([value]), np.array([3.0]))) for value in (2.0, 3.0))
    assert differences(one, other, [np.zeros((4, 1)), np.zeros((2, 1))]) == [0.5, 0.0]
