"""A step of a quasi-Newton method: what the line search promises, and where there is no step."""

from dataclasses import replace

import numpy as np
import pytest

from inrpde.errors import DivergedError
from inrpde.solvers.descent import broyden, lbfgs, quasi_newton
from inrpde.solvers.descent.quasi_newton import advance, wolfe
from inrpde.solvers.loop import run
from inrpde.solvers.training.trainer import Trainer
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


def convex(vector):
    """Of a condition number of ten thousand."""
    scale = np.logspace(0, 4, len(vector))
    return 0.5 * scale @ vector**2, scale * vector


@pytest.mark.parametrize("loss", [rosenbrock, convex])
@pytest.mark.parametrize("seed", range(8))
def test_every_step_down_any_direction_satisfies_them(loss, seed):
    rng = np.random.default_rng(seed)
    at = start(lbfgs.METHOD, loss, rng.uniform(-2, 2, 4))
    direction = -rng.uniform(1e-3, 1, 4) * at.gradient / np.linalg.norm(at.gradient)
    length, value, gradient = wolfe(loss, at, direction)
    slope = at.gradient @ direction
    known = loss(at.vector + length * direction)
    assert value == pytest.approx(known[0], rel=1e-12)
    np.testing.assert_allclose(gradient, known[1], rtol=1e-12)
    assert value <= at.loss + quasi_newton.DECREASE * length * slope
    assert abs(gradient @ direction) <= -quasi_newton.FLATNESS * slope


def test_uphill_and_along_a_level_there_is_no_step():
    at = start(lbfgs.METHOD, convex, [1.0, 1.0])
    level = np.array([at.gradient[1], -at.gradient[0]])
    assert wolfe(convex, at, at.gradient) is None
    assert wolfe(convex, at, level) is None


def test_no_point_is_evaluated_twice():
    seen = []

    def counted(vector):
        seen.append(vector.tobytes())
        return rosenbrock(vector)

    at = start(lbfgs.METHOD, rosenbrock, [-1.2, 1.0])
    wolfe(counted, at, -at.gradient)
    assert len(seen) == len(set(seen)) <= quasi_newton.TRIALS + 1


def test_the_best_parameters_are_remembered_not_the_last():
    class Judge(Trainer):
        """Held-out scores are the first parameter."""

        def __init__(self):
            pass

        def score(self, vector):
            return vector[0]

        def fitted(self, vector):
            return vector[0] / 2

    at = Judge().judged(start(lbfgs.METHOD, convex, [3.0, 0.0]))
    later = Judge().judged(replace(at, vector=np.array([1.0, 0.0])))
    worse = Judge().judged(replace(later, vector=np.array([2.0, 0.0])))
    lost = Judge().judged(replace(worse, vector=np.array([np.nan, 0.0])))
    assert (at.score, later.score, lost.score, lost.fitted) == (3, 1, 1, 0.5)
    np.testing.assert_array_equal(lost.best, [1, 0])


@pytest.mark.parametrize("method", [lbfgs, broyden])
def test_steps_that_are_asked_for_end_a_run_and_the_second_is_shorter(small, method, monkeypatch):
    context = small.context(small.poisson(), steps=20, width=6, points=30)
    *_, last = method.solve(context)
    assert last.memory["step"] == 20
    assert "the end of the run" in last.reason
    counted = []
    step = quasi_newton.advance
    monkeypatch.setattr(quasi_newton, "advance", lambda *given: counted.append(1) or step(*given))
    other = last.again(1, [1.0])
    assert len(counted) == round(quasi_newton.AGAIN * 20)
    assert not np.array_equal(other.vector, last.state.vector)
