"""Least squares in space as a system in time: factors, what it begins with, modes that do not grow."""

import numpy as np
import pytest
from sympy import Eq, Interval, cos, exp, sin

from inrpde import Ball, On, Problem, Space
from inrpde.compiler import compile_problem
from inrpde.networks.siren import SineBody
from inrpde.solvers.lines.at_points import parts
from inrpde.solvers.lines.on_points import OnPoints
from tests.solvers.lines.problems import residual

space = Space("x y z w", time="t")
*coords, t = space.coords
u, v = space.unknowns("u v")
ball = Ball(space, (0,) * 4, 1).over(Interval(0, 2))
sides = [On(ball.boundary, Eq(space.dn(u) + u, cos(t))), On(ball.initial, Eq(u, sin(coords[0])))]
CASES = {
    "one": Problem("p", [u], [On(ball, Eq(space.dt(u), space.laplace(u) + exp(-t))), *sides]),
    "two": Problem("p", [u, v], [On(ball, Eq(space.dt(u), v + exp(-t))), On(ball, Eq(v, space.laplace(u))), *sides]),
}


def system(case, width=40, seed=0):
    form = compile_problem(CASES[case])
    of, box = parts(form), (-np.ones(4), np.ones(4))
    trials = [
        SineBody.random(width, 0.5, box, np.random.default_rng([seed, k]), distribution="gaussian")
        for k in range(len(form.unknowns))
    ]
    return OnPoints(form, of.rows, of.way, trials, of.orders, seed), of


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("scale", [0.05, 0.3 + 0.2j])
def test_factors_solve_what_differences_of_the_residual_give(case, scale):
    made, _ = system(case)
    rng = np.random.default_rng(1)
    y, rate, step = (rng.standard_normal(len(made.orders)) for _ in range(3))
    zero = np.zeros_like(y)
    base = residual(made, 0.5, y, rate, zero)
    by_y = residual(made, 0.5, y + step * (made.orders == 1), rate, zero) - base
    by_rate = residual(made, 0.5, y, rate + step * (made.orders == 1), zero) - base
    alone = residual(made, 0.5, y + step * (made.orders == 0), rate, zero) - base
    right = scale * by_y + by_rate + alone
    assert made.factorised(0.5, y, rate, zero, scale)(right) == pytest.approx(step, rel=1e-6, abs=1e-6)


def test_no_mode_grows():
    """Between what is held in the middle and on the wall random points leave no mode that grows."""
    made, _ = system("one", 120)
    slope, mass = made.parts
    rates = 1 / np.linalg.eigvals(np.linalg.solve(-slope, mass))
    assert rates.real.max() < 0.1


@pytest.mark.parametrize("case", CASES)
def test_values_at_the_start_are_those_that_are_given(case):
    made, of = system(case, 150)
    begun = made.begun(of.starts, 0.0)
    points = np.random.default_rng(3).uniform(-0.5, 0.5, (50, 4))
    values = made.trials[0].operator(points, {(0,) * 4: 1.0}) @ made.heads(0, begun)
    assert np.sqrt(np.mean((values - np.sin(points[:, 0])) ** 2)) < 0.04  # though the wall asks for something else
    assert made.sizes(begun)[0] == pytest.approx(np.sqrt(np.mean(np.sin(points[:, 0]) ** 2)), rel=0.6)


def test_sizes_are_those_of_the_fields():
    made, _ = system("two")
    vector = np.zeros(len(made.orders))
    assert np.array_equal(made.sizes(vector), [0, 0])
    vector[made.columns[1]] = 1.0
    sizes = made.sizes(vector)
    assert sizes[0] == 0
    assert sizes[1] > 0
    assert made.sizes(3 * vector)[1] == pytest.approx(3 * sizes[1])
