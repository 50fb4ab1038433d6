"""The loss: its value from numpy's residuals, its gradient, what is learned, and the points of every step."""

import numpy as np
import pytest
import torch
from sympy import Abs, Eq, I, Interval, cos, exp, pi, sin

from inrpde import GridField, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.jets import evaluate_jets, residuals
from inrpde.sampling.draw import draw
from inrpde.solvers.training.objective import Objective
from inrpde.solvers.training.trained import Fields, Shape

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


def test_thinned_samples_keep_their_shares():
    form = compile_problem(PROBLEMS["linear"])
    samples = draw(form, 500, 0)
    few = samples.thinned(20)
    assert [len(site.points) for site in few.conditions] == [20, 2]
    assert set(few.conditions[0].points[:, 0]) <= set(samples.conditions[0].points[:, 0])
