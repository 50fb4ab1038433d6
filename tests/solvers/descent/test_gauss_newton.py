"""Levenberg–Marquardt with the head eliminated: the Jacobian, what few features reach, systems, complex unknowns."""

import numpy as np
import pytest
from sympy import Eq, I, Interval, exp, pi, sin

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.discretise.state import field_at
from inrpde.solvers.descent import gauss_newton
from inrpde.solvers.descent.gauss_newton import Projection
from inrpde.solvers.loop import run

line = Space("x")
(x,) = line.coords
u, v = line.unknowns("u v")
w = line.unknown("w", complex=True)
nu = line.parameter("nu")
omega = Region(line, Interval(0, 1))
hat = sin(pi * x)


def steps(context):
    return list(gauss_newton.solve(context))


def test_few_features_that_move_reach_what_frozen_ones_do_not(small):
    first, *_, last = steps(small.context(small.poisson(), width=6))
    assert last.score < 1e-3 * first.score
    assert small.error(last, lambda t: np.sin(np.pi * t)) < 1e-7


def test_a_nonlinear_equation(small):
    problem = Problem("p", [u], [On(omega, -u.diff(x, 2) + exp(u) - pi**2 * hat - exp(hat)), On(omega.boundary, u)])
    *_, last = steps(small.context(problem, width=8))
    assert small.error(last, lambda t: np.sin(np.pi * t)) < 1e-6


def test_a_complex_unknown(small):
    problem = Problem("p", [w], [On(omega, w.diff(x) - 6 * I * w), On(omega.face(x, 0), w - 1)])
    *_, last = steps(small.context(problem, width=6))
    assert small.error(last, lambda t: np.exp(6j * t)) < 1e-7


def test_unknowns_that_share_their_features(small):
    conditions = [
        On(omega, u.diff(x) - v),
        On(omega, v.diff(x) + 4 * u),
        On(omega.face(x, 0), u),
        On(omega.face(x, 0), v - 2),
    ]
    *_, last = steps(small.context(Problem("p", [u, v], conditions), width=6))
    assert last.state.trials[0] is last.state.trials[1]
    assert small.error(last, lambda t: np.sin(2 * t)) < 1e-6
    assert small.error(last, lambda t: 2 * np.cos(2 * t), 1) < 1e-6


def test_a_number_is_learned(small):
    sensors = Points(line, np.array([0.2, 0.5, 0.7]), {"seen": np.sin(np.pi * np.array([0.2, 0.5, 0.7]))})
    conditions = [
        On(omega, -nu * u.diff(x, 2) - 2 * pi**2 * hat),
        On(omega.boundary, u),
        On(sensors, u - sensors["seen"]),
    ]
    problem = Problem("p", [u], conditions, coefficients={nu: Learned(1.0)})
    *_, last = steps(small.context(problem, width=8))
    assert np.isclose(last.state.heads[1][0], 2, atol=1e-6)


@pytest.mark.parametrize(
    "condition",
    [On(omega, u.diff(x, 2) - exp(x) * u), On(omega, u.diff(x) + u**2 - x), On(omega, Eq(omega.mean(u**2) * x, u))],
    ids=str,
)
def test_the_step_predicts_the_loss_where_it_is_small(small, condition):
    context = small.context(Problem("p", [u], [condition, On(omega.face(x, 0), u - 1)]), width=5)
    state, samples = gauss_newton._start(context, 0, gauss_newton.draw(context.form, 100, 1))
    problem = Projection.of(context.form, samples, state)
    at = problem.fit(state)
    for _ in range(5):
        at = problem.fit(at.state)
    step, _ = problem.step(at, 1e-2)
    slopes, residual = problem._slopes(at)
    small_step = 1e-4 * step / np.linalg.norm(step)
    moved = problem.moved(at, small_step)
    assert moved.loss - at.loss == pytest.approx(2 * residual @ slopes @ small_step, rel=2e-2, abs=1e-9 * at.loss)


def test_the_loop_keeps_the_best_and_a_second_run_agrees(small):
    found = run(gauss_newton.solve, small.context(small.poisson(), width=6, steps=20)).best
    assert found.score == min(step.score for step in steps(small.context(small.poisson(), width=6, steps=20)))
    other = found.again(1, [1.0])
    at = np.linspace(0, 1, 20)[:, None]
    assert np.allclose(field_at(other, 0, at), np.sin(np.pi * at[:, 0]), atol=1e-3)
