"""L-BFGS: digits on small problems, known minima, restarts, runs that are resumed."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from inrpde.solvers.descent import lbfgs
from inrpde.solvers.descent.quasi_newton import advance
from inrpde.solvers.loop import run
from tests.solvers.rosenbrock import rosenbrock, start


def best(context):
    return run(lbfgs.solve, context).best


def test_rosenbrock():
    at = start(lbfgs.METHOD, rosenbrock, [-1.2, 1.0, -0.5, 2.0])
    for _ in range(100):
        before, at = at, advance(rosenbrock, at)
        assert at.loss <= before.loss
    assert np.allclose(at.vector, 1, atol=1e-6)


def test_curvature_satisfies_the_secant_equation():
    rng = np.random.default_rng(0)
    hessian = np.diag([1.0, 2, 5, 10, 20])
    pairs = lbfgs.METHOD.curvature(5, {})
    for step in rng.standard_normal((4, 5)):
        pairs = pairs.updated(step, hessian @ step, step, 1.0)
        assert np.allclose(pairs.times(hessian @ step), step)
    assert len(pairs.updated(step, -step, step, 1.0).steps) == 4  # no curvature, no pair


@pytest.fixture(scope="module")
def line(small):
    """What is found for Poisson's equation on a line."""
    return best(small.context(small.poisson(), steps=400, width=32, points=60))


def test_poisson_on_a_line(small, line):
    found = line
    assert small.error(found, lambda x: np.sin(np.pi * x)) < 1e-5
    assert found.score < 1e-4


def test_a_complex_wave(small):
    found = best(small.context(small.wave(), steps=300, width=32, points=60))
    assert small.error(found, lambda x: np.exp(3j * x)) < 1e-4


def test_points_are_fitted(small):
    found = best(small.context(small.regression(), steps=300, width=32, omega=10))
    assert small.error(found, small.regression_exact) < 1e-4


def test_a_resumed_run_ends_as_if_it_had_not_stopped(small):
    context = small.context(small.poisson(), steps=60, width=8, points=60)
    whole = list(lbfgs.solve(context))
    memory = next(islice(lbfgs.solve(context), 24, None)).memory
    rest = list(lbfgs.solve(replace(context, memory=memory)))
    assert rest[-1].score == whole[-1].score
    assert np.array_equal(rest[-1].memory["vector"], whole[-1].memory["vector"])
    assert rest[-1].memory["step"] == whole[-1].memory["step"]


def test_a_second_run_differs_but_agrees(small, line):
    other = replace(line, state=line.again(1, [1.0]))
    assert 1e-12 < small.error(other, lambda x: np.sin(np.pi * x)) < 1e-3
