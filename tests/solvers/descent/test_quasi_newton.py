"""A step of a quasi-Newton method: what the line search promises, and where there is no step."""

from dataclasses import replace

import numpy as np
import pytest

from inrpde.errors import DivergedError
from inrpde.solvers.descent import lbfgs, quasi_newton
from inrpde.solvers.descent.quasi_newton import advance, wolfe
from inrpde.solvers.loop import run
from tests.solvers.rosenbrock import rosenbrock, start


def test_a_step_satisfies_the_strong_wolfe_conditions():
    at = start(lbfgs.METHOD, rosenbrock, [-1.2, 1.0])
    direction = -at.gradient
    length, value, gradient = wolfe(rosenbrock, at, direction)
    slope = at.gradient @ direction
    assert value <= at.loss + quasi_newton.DECREASE * length * slope
    assert abs(gradient @ direction) <= -quasi_newton.FLATNESS * slope


def test_a_wall_of_nan_is_kept_off():
    def loss(vector):
        (x,) = vector
        return (x - 1) ** 2 if x > 0 else np.nan, np.array([2 * (x - 1)])

    at = start(lbfgs.METHOD, lambda v: (1e4, np.array([2e4])), [3.0])
    at = replace(at, loss=4.0, gradient=np.array([4.0]))
    for _ in range(20):
        at = advance(loss, at)
    assert np.isclose(at.vector[0], 1, atol=1e-6)


def test_a_direction_that_leads_nowhere_is_answered_by_the_steepest():
    class Uphill:
        def times(self, gradient):
            return -gradient

        def forgotten(self):
            return lbfgs.METHOD.curvature(2, {})

    at = replace(start(lbfgs.METHOD, rosenbrock, [-1.2, 1.0]), curvature=Uphill(), fresh=False)
    after = advance(rosenbrock, at)
    assert after.restarts == 1
    assert after.loss < at.loss


def test_at_a_minimum_nothing_moves():
    at = start(lbfgs.METHOD, rosenbrock, np.ones(2))
    assert advance(rosenbrock, at) is at


def test_a_loss_that_is_not_finite_at_the_start_is_an_error(small):
    with pytest.raises(DivergedError, match="not finite at the start") as caught:
        run(lbfgs.solve, small.context(small.singular(), width=8, points=20))
    assert "guess" in caught.value.fix
