"""What a run of training starts from, and the points of every step."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sympy import Interval, exp, sin

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.discretise.score import score
from inrpde.discretise.state import field_at
from inrpde.errors import UsageError
from inrpde.sampling.draw import draw
from inrpde.solvers.training import trainer
from inrpde.solvers.training.trained import Shape
from inrpde.solvers.training.trainer import Trainer, shape, step_cost

line = Space("x")
(x,) = line.coords
u, v = line.unknowns("u v")
a = line.coefficient("a")
omega = Region(line, Interval(0, 1))


def test_a_guess_and_learned_fields_are_where_training_starts(small):
    problem = Problem(
        "p", [u], [On(omega, a * u.diff(x) - exp(x))], coefficients={a: Learned(1.5)}, guess={u: 2 + sin(3 * x)}
    )
    made = Trainer(small.context(problem, width=40, points=60), 0)
    state = made.objective.state(made.vector)
    at = np.linspace(0.05, 0.95, 20)[:, None]
    assert np.allclose(field_at(state, 0, at), 2 + np.sin(3 * at[:, 0]), atol=1e-4)
    assert np.allclose(field_at(state, 1, at), 1.5, atol=1e-4)


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
    made = Trainer(small.context(small.regression(), batch=60, width=4), 0)
    seen = np.concatenate([made.batch(step).places[0].points.numpy() for step in range(5)])
    assert np.array_equal(np.unique(seen), np.unique(np.linspace(0, 1, 300)))
    batch = made.batch(0)
    assert float(batch.places[0].share.sum()) == pytest.approx(1)
    labels = next(v for v in batch.terms[0].known.values() if isinstance(v, torch.Tensor))
    assert np.allclose(abs(labels), abs(small.regression_exact(batch.places[0].points.numpy()[:, 0])))
    assert not np.array_equal(made.batch(5).places[0].points, made.batch(0).places[0].points)


def test_volumes_are_drawn_anew_and_points_are_not(small):
    sensors = Points(line, np.array([0.2, 0.7]), {"seen": np.array([1.0, 2.0])})
    conditions = [On(omega, u * v.diff(x) - 1), On(omega, u - v, norm=1), On(sensors, u - sensors["seen"])]
    problem = Problem("p", [u, v], conditions)
    made = Trainer(small.context(problem, points=70, width=4), 0, resample=10)
    first, same, other = (made.batch(step) for step in (0, 9, 10))
    assert first is same
    assert not np.array_equal(first.places[0].points, other.places[0].points)
    assert np.array_equal(first.places[-1].points, other.places[-1].points)
    again = made.batch(0)
    assert np.array_equal(first.places[0].points, again.places[0].points)


def test_every_row_is_seen_once_an_epoch_whatever_is_left_over():
    """Three batches of three hold nine of ten rows; another epoch has another order."""
    epochs = [[trainer._slice(0, 0, 10, 3, 3 * epoch + k) for k in range(3)] for epoch in range(4)]
    for epoch in epochs:
        assert [len(rows) for rows in epoch] == [3, 3, 3]
        assert len(set(np.concatenate(epoch))) == 9
    assert len({tuple(np.concatenate(epoch)) for epoch in epochs}) == 4
    assert trainer._slice(0, 0, 10, 10, 5) is None


def test_what_is_random_depends_on_the_seed_and_the_step_alone(small):
    """A trainer that is made anew, as a run that is resumed has it, sees the same points at a step."""

    def made(seed):
        return Trainer(small.context(small.poisson(), batch=40, points=100, width=4), seed, resample=3)

    one, resumed, other = made(1), made(1), made(2)
    for step in range(7):
        seen = one.batch(step).places[0].points
    assert torch.equal(seen, resumed.batch(6).places[0].points)
    assert torch.equal(one.vector, resumed.vector)
    assert not torch.equal(one.vector, other.vector)
    assert not torch.equal(seen, other.batch(6).places[0].points)


def test_minibatches_that_change_are_worked_out_in_single_precision(small):
    context = small.context(small.regression(), batch=60, width=4)
    assert Trainer(context, 0, resample=10).vector.dtype == torch.float32
    assert Trainer(context, 0).vector.dtype == torch.float64
    assert Trainer(small.context(small.regression(), width=4), 0, resample=10).vector.dtype == torch.float64


def test_scores_are_of_points_that_are_fitted_and_of_others(small):
    made = Trainer(small.context(small.poisson(), points=40, width=8), 0)
    assert made.score(made.vector) == score(made.form, made._held_out, made.objective.state(made.vector)).total
    fitted, held_out = (set(each.conditions[0].points[:, 0]) for each in (made._fitted, made._held_out))
    assert not fitted & held_out
    assert fitted == set(made.batch(0).places[0].points[:, 0].numpy())


def test_a_step_costs_what_its_products_do(small):
    form = small.context(small.poisson()).form
    one, wide, deep = (Shape(width, layers, (2.0,), 5.0) for width, layers in ((32, 2), (64, 2), (32, 4)))

    def beyond(network, points):
        return step_cost(form, network, points, False) - trainer.OVERHEAD

    assert beyond(one, 200) == pytest.approx(2 * beyond(one, 100))
    assert beyond(wide, 100) == pytest.approx(4 * beyond(one, 100))
    assert beyond(deep, 100) == pytest.approx(2 * beyond(one, 100))
    assert step_cost(form, one, 1000, True) < step_cost(form, one, 1000, False)


def test_a_device_that_is_not_there_is_named(small):
    with pytest.raises(UsageError, match="'nowhere' cannot be used"):
        Trainer(replace(small.context(small.poisson()), device="nowhere"), 0)
