"""Residual-adaptive points: where they go, that the loss stays the integral, that a resumed run sees them again."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from sympy import Eq, exp

from inrpde import On, Problem
from inrpde.solvers import adam
from inrpde.solvers.adaptive import along, chance, systematic
from inrpde.solvers.samples import draw
from inrpde.solvers.training import Trainer


@pytest.fixture
def bump(small):
    """-u'' = a source of width 0.03 at 0.3."""
    (x,), omega = small.poisson().unknowns[0].args, small.poisson().conditions[0].region
    u = small.poisson().unknowns[0]
    return Problem("bump", [u], [On(omega, Eq(-u.diff(x, 2), exp(-(((x - 0.3) / 0.03) ** 2)))), On(omega.boundary, u)])


def test_points_crowd_where_the_residual_is(small, bump):
    def near(adaptive):
        trainer = Trainer(small.context(bump, width=8, points=200, adaptive=adaptive), 0, resample=10)
        start = 0.001 * trainer.vector  # of a network that is nearly zero the residual is the source
        points = trainer.batch(10, start).places[0].points.numpy()[:, 0]
        return np.mean(np.abs(points - 0.3) < 0.06)

    assert near(0.0) == pytest.approx(0.12, abs=0.02)
    assert near(1.0) == pytest.approx(0.5 + 0.06, abs=0.05)  # half by the residual, half by c = 1
    assert near(0.5) == pytest.approx(0.34, abs=0.05)


@pytest.mark.parametrize("batch", [None, 50])
def test_the_loss_stays_the_integral(small, bump, batch):
    trainer = Trainer(small.context(bump, width=8, points=100, batch=batch, adaptive=0.8), 0, resample=1)
    vector = 0.3 * trainer.vector
    found = [trainer.loss(vector, step, vector)[0] for step in range(200)]
    expected = trainer.objective(vector, trainer.objective.batch(draw(trainer.form, 20_000, 5)))[0]
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found) / np.sqrt(len(found)) + 1e-4 * expected)
    assert np.std(found) < 0.5 * expected


def test_probabilities_follow_the_residual():
    assert np.allclose(chance(np.array([0.0, 1.0, 3.0, 0.0]), 1.0), [0.125, 0.25, 0.5, 0.125])
    assert np.allclose(chance(np.array([0.0, 1.0, 3.0, 0.0]), 0.0), 0.25)
    assert np.allclose(chance(np.zeros(4), 1.0), 0.25)
    assert np.allclose(chance(np.array([np.nan, 1.0, 3.0, 0.0]), 1.0), [0.125, 0.25, 0.5, 0.125])


def test_draws_are_as_frequent_as_probable():
    chances = np.array([0.1, 0.6, 0.3])
    counts = [np.bincount(systematic(chances, 5, np.random.default_rng(k)), minlength=3) for k in range(400)]
    assert np.allclose(np.mean(counts, axis=0), 5 * chances, atol=0.1)
    assert np.ptp(counts, axis=0).max() <= 1


def test_equal_steps_along_the_curve_spread_over_the_square():
    i, j = np.divmod(np.random.default_rng(0).permutation(4096), 64)
    points = np.column_stack([i, j]) / 63
    few = points[along(points)][::64]
    assert np.array_equal(np.unique(np.floor(few * 7.999), axis=0), np.argwhere(np.ones((8, 8))))


@pytest.mark.parametrize("batch", [None, 40])
def test_a_resumed_run_sees_the_same_points(small, bump, batch, monkeypatch):
    monkeypatch.setattr(adam, "RESAMPLE", 7)
    context = small.context(bump, steps=30, width=8, points=100, batch=batch, adaptive=0.5)
    whole = list(adam.solve(context))
    memory = next(islice(adam.solve(context), 16, None)).memory
    assert memory["step"] == 17
    *_, last = adam.solve(replace(context, memory=memory))
    for key, value in whole[-1].memory.items():
        assert np.array_equal(value, last.memory[key]), key
    plain = list(adam.solve(small.context(bump, steps=30, width=8, points=100, batch=batch)))
    assert not np.array_equal(plain[-1].memory["vector"], last.memory["vector"])
