"""The self-scaled Broyden method: its formula, known minima, and digits that L-BFGS does not reach in as many steps."""

from dataclasses import replace
from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inrpde.solvers.descent import broyden, lbfgs
from inrpde.solvers.descent.broyden import Inverse
from inrpde.solvers.descent.quasi_newton import advance
from inrpde.solvers.loop import run
from tests.solvers.rosenbrock import rosenbrock, start


@given(st.integers(0, 10_000), st.integers(2, 8), st.floats(0.01, 100))
def test_an_update_keeps_the_secant_equation_symmetry_and_definiteness(seed, n, size):
    rng = np.random.default_rng(seed)
    root, gradient = rng.standard_normal((n, n)), rng.standard_normal(n)
    hessian = size * (root @ root.T + 0.1 * np.eye(n))
    before = Inverse(np.eye(n))
    for _ in range(3):
        length = rng.uniform(0.1, 2)
        step = -length * before.times(gradient)
        after = before.updated(step, hessian @ step, gradient, length)
        assert np.allclose(after.times(hessian @ step), step, rtol=1e-6, atol=1e-9 * np.linalg.norm(step))
        assert np.allclose(after.matrix, after.matrix.T, atol=1e-8 * np.abs(after.matrix).max())
        assert np.linalg.eigvalsh(after.matrix).min() > 0
        before, gradient = after, gradient + hessian @ step


def test_without_curvature_nothing_is_learned():
    before = Inverse(np.eye(3))
    step = np.array([1.0, 0, 0])
    assert before.updated(step, -step, -step, 1.0) is before


def test_rosenbrock():
    at = start(broyden.METHOD, rosenbrock, [-1.2, 1.0, -0.5, 2.0])
    for _ in range(80):
        at = advance(rosenbrock, at)
    assert np.allclose(at.vector, 1, atol=1e-6)


def test_it_reaches_more_digits_than_lbfgs(small):
    context = small.context(small.poisson(), steps=200, width=12, points=60)
    ours, theirs = (run(method.solve, context).best for method in (broyden, lbfgs))
    assert ours.method == "broyden"
    assert small.error(ours, lambda x: np.sin(np.pi * x)) < 1e-6
    assert ours.score < theirs.score


def test_a_resumed_run_ends_as_if_it_had_not_stopped(small):
    context = small.context(small.poisson(), steps=50, width=6, points=40)
    whole = list(broyden.solve(context))
    memory = next(islice(broyden.solve(context), 24, None)).memory
    rest = list(broyden.solve(replace(context, memory=memory)))
    assert np.array_equal(rest[-1].memory["curvature"]["matrix"], whole[-1].memory["curvature"]["matrix"])
    assert rest[-1].score == whole[-1].score
