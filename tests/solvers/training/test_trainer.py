"""What a run of training starts from, and the points of every step."""

import numpy as np
import pytest
import torch
from sympy import Interval, exp, sin

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.sampling.draw import draw
from inrpde.solvers.training.trainer import Trainer, shape

line = Space("x")
(x,) = line.coords
u, v = line.unknowns("u v")
a = line.coefficient("a")
omega = Region(line, Interval(0, 1))


def test_a_guess_and_learned_fields_are_where_training_starts(small):
    problem = Problem(
        "p", [u], [On(omega, a * u.diff(x) - exp(x))], coefficients={a: Learned(1.5)}, guess={u: 2 + sin(3 * x)}
    )
    trainer = Trainer(small.context(problem, width=40, points=60), 0)
    state = trainer.objective.state(trainer.vector)
    at = np.linspace(0.05, 0.95, 20)[:, None]
    assert np.allclose(state.jets(0, at, [(0,)])[0,], 2 + np.sin(3 * at[:, 0]), atol=1e-4)
    assert np.allclose(state.jets(1, at, [(0,)])[0,], 1.5, atol=1e-4)


def test_the_band_follows_the_declared_waves(small):
    def first(problem, **settings):
        context = small.context(problem, **settings)
        return shape(context.form, context.options, draw(context.form, 100, 0), 64).first_omega

    fast = Problem("p", [u], [On(omega, u.diff(x, 2) + 60**2 * u), On(omega.boundary, u - 1)])
    assert first(fast)[0] == pytest.approx(15, rel=0.1)
    assert first(small.poisson())[0] == 2
    assert first(small.regression()) == (30,)
    assert first(small.poisson(), omega=7) == (7,)


def test_minibatches_show_every_point_once_an_epoch(small):
    trainer = Trainer(small.context(small.regression(), batch=60, width=4), 0)
    seen = np.concatenate([trainer.batch(step).places[0].points.numpy() for step in range(5)])
    assert np.array_equal(np.unique(seen), np.unique(np.linspace(0, 1, 300)))
    batch = trainer.batch(0)
    assert float(batch.places[0].share.sum()) == pytest.approx(1)
    labels = next(v for v in batch.terms[0].known.values() if isinstance(v, torch.Tensor))
    assert np.allclose(abs(labels), abs(small.regression_exact(batch.places[0].points.numpy()[:, 0])))
    assert not np.array_equal(trainer.batch(5).places[0].points, trainer.batch(0).places[0].points)


def test_volumes_are_drawn_anew_and_points_are_not(small):
    sensors = Points(line, np.array([0.2, 0.7]), {"seen": np.array([1.0, 2.0])})
    conditions = [On(omega, u * v.diff(x) - 1), On(omega, u - v, norm=1), On(sensors, u - sensors["seen"])]
    problem = Problem("p", [u, v], conditions)
    trainer = Trainer(small.context(problem, points=70, width=4), 0, resample=10)
    first, same, other = (trainer.batch(step) for step in (0, 9, 10))
    assert first is same
    assert not np.array_equal(first.places[0].points, other.places[0].points)
    assert np.array_equal(first.places[-1].points, other.places[-1].points)
    again = trainer.batch(0)
    assert np.array_equal(first.places[0].points, again.places[0].points)
