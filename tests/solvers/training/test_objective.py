"""The loss: its value from numpy's residuals, its gradient, what is learned, and the points of every step."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sympy import Abs, Eq, I, Interval, cos, exp, pi, sin

from inrpde import GridField, Learned, On, Periodic, Points, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.discretise.jets import evaluate_jets, residuals
from inrpde.sampling.draw import draw
from inrpde.solvers.method import Clock, Context
from inrpde.solvers.training.objective import Objective
from inrpde.solvers.training.trained import Fields, Number, Shape
from inrpde.solvers.training.trainer import Trainer, shape

line = Space("x")
(x,) = line.coords
plane = Space("y z")
y, z = plane.coords
u, v = line.unknowns("u v")
p = plane.unknown("p")
w = line.unknown("w", complex=True)
a, nu = line.coefficient("a"), line.parameter("nu")
omega, square = Region(line, Interval(0, 1)), Region(plane, Interval(0, 1) ** 2)
AXIS = np.linspace(0, 1, 20)
SENSORS = Points(line, np.array([0.2, 0.7]), {"seen": np.array([1.0, 2.0])})

PROBLEMS = {
    "linear": Problem("p", [u], [On(omega, -u.diff(x, 2) - sin(x)), On(omega.boundary, u, weight=3)]),
    "system": Problem("p", [u, v], [
        On(omega, u * v.diff(x) - 1), On(omega, u - v, norm=1), On(SENSORS, u - SENSORS["seen"]),
    ]),
    "complex": Problem("p", [w], [On(omega, w.diff(x) - 2 * I * w), On(omega.face(x, 0), w - 1)]),
    "split": Problem("p", [w], [On(omega, Abs(w) ** 2 * w + I * w.diff(x)), On(omega.face(x, 0), w - 1)]),
    "data": Problem(
        "p", [u], [On(omega, a * u.diff(x) + a.diff(x) * u)], coefficients={a: GridField(np.exp(AXIS), [AXIS])}
    ),
    "learned": Problem(
        "p", [u], [On(omega, nu * u.diff(x, 2) + a * u - 1), On(omega.boundary, u)],
        coefficients={nu: Learned(0.5, bounds=(0.1, 2)), a: Learned(1.5)},
    ),
    "integrals": Problem("p", [u], [
        On(omega, u.diff(x) - omega.integral(u**2 * exp(x))), On(omega, Eq(omega.mean(u), 2)),
    ]),
    "periodic": Problem("p", [p], [
        On(square, p.diff(y, 2) + p.diff(z, 2) - cos(2 * pi * y)), On(square.face(y, 0), Periodic(p, y)),
        On(square.boundary.where(Eq(z, 0)), plane.dn(p)),
    ]),
}  # fmt: skip


def made(problem, points=50):
    form = compile_problem(problem)
    samples = draw(form, points, 0)
    fields = Fields(form, Shape(12, 2, form.space.dim * (4.0,), 5.0), 0)
    objective = Objective(form, fields, samples, torch.device("cpu"))
    return form, samples, objective, objective.batch(samples)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_the_loss_is_that_of_numpys_residuals(problem):
    form, samples, objective, batch = made(problem)
    loss, _ = objective(objective.vector, batch)
    state = objective.state(objective.vector)
    expected = 0.0
    found = residuals(form, samples, evaluate_jets(form, samples, state))
    for row, factor, values in zip(form.rows, objective.factors, found, strict=True):
        condition, weights = form.conditions[row.condition], samples.of(row).weights
        size = np.abs(factor * values) ** condition.norm
        expected += condition.weight * np.sum(weights / weights.sum() * size)
    assert loss == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_the_gradient_is_that_of_the_loss(problem):
    _, _, objective, batch = made(problem)
    vector = objective.vector.numpy()
    _, gradient = objective(vector, batch)
    gradient = gradient.numpy()
    direction = np.random.default_rng(2).standard_normal(len(vector))
    step = 1e-6
    ahead, _ = objective(vector + step * direction, batch)
    behind, _ = objective(vector - step * direction, batch)
    assert (ahead - behind) / (2 * step) == pytest.approx(gradient @ direction, rel=1e-6, abs=1e-9)


def test_terms_of_other_units_weigh_the_same():
    def loss(factor):
        conditions = [On(omega, factor * (u.diff(x, 2) - 1)), On(omega.boundary, u)]
        _, _, objective, batch = made(Problem("p", [u], conditions))
        return objective(objective.vector, batch)[0]

    assert loss(1) == pytest.approx(loss(1000), rel=1e-10)


@given(st.floats(-5, 5), st.floats(1e-3, 5), st.floats(0, 1))
def test_a_number_starts_from_its_initial_value_within_its_bounds(low, extent, share):
    initial = low + share * extent
    value = Number(Learned(initial, bounds=(low, low + extent)))().item()
    assert low <= value <= low + extent
    assert value == pytest.approx(initial, abs=2e-3 * extent + 1e-12)
    assert Number(Learned(initial))().item() == pytest.approx(initial)


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


def context(problem, **settings):
    chosen = config.resolve({}, {f"solver.{key}": value for key, value in settings.items()})
    return Context(compile_problem(problem), chosen, 0, Clock(None))


def test_minibatches_show_every_point_once_an_epoch(small):
    trainer = Trainer(small.context(small.regression(), batch=60, width=4), 0)
    seen = np.concatenate([trainer.batch(step).places[0].points.numpy() for step in range(5)])
    assert np.array_equal(np.unique(seen), np.unique(np.linspace(0, 1, 300)))
    batch = trainer.batch(0)
    assert float(batch.places[0].share.sum()) == pytest.approx(1)
    labels = next(v for v in batch.terms[0].known.values() if isinstance(v, torch.Tensor))
    assert np.allclose(abs(labels), abs(small.regression_exact(batch.places[0].points.numpy()[:, 0])))
    assert not np.array_equal(trainer.batch(5).places[0].points, trainer.batch(0).places[0].points)


def test_volumes_are_drawn_anew_and_points_are_not():
    problem = PROBLEMS["system"]
    trainer = Trainer(context(problem, points=70, width=4), 0, resample=10)
    first, same, other = (trainer.batch(step) for step in (0, 9, 10))
    assert first is same
    assert not np.array_equal(first.places[0].points, other.places[0].points)
    assert np.array_equal(first.places[-1].points, other.places[-1].points)
    again = trainer.batch(0)
    assert np.array_equal(first.places[0].points, again.places[0].points)


def test_thinned_samples_keep_their_shares():
    form = compile_problem(PROBLEMS["linear"])
    samples = draw(form, 500, 0)
    few = samples.thinned(20)
    assert [len(site.points) for site in few.conditions] == [20, 2]
    assert set(few.conditions[0].points[:, 0]) <= set(samples.conditions[0].points[:, 0])
