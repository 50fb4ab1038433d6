"""Newton's method: convergence, guesses, learned numbers within their bounds, and what diverges."""

import numpy as np
import pytest
from sympy import Abs, Eq, I, Interval, exp, log, pi, sin

from inrpde import GridField, Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.state import field_at
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.fitting import newton
from tests.solvers.fitted import AT, PLAN, solved, values

line = Space("x")
(x,) = line.coords
u, v = line.unknowns("u v")
w = line.unknown("w", complex=True)
nu = line.parameter("nu")
omega = Region(line, Interval(0, 1))
ends = omega.boundary


def test_an_exponential_is_solved_to_rounding():
    hat = sin(pi * x)
    _, state = solved(Problem("p", [u], [On(omega, -u.diff(x, 2) + exp(u) - pi**2 * hat - exp(hat)), On(ends, u)]))
    assert np.allclose(values(state), np.sin(np.pi * AT[:, 0]), atol=1e-11)


@pytest.mark.parametrize(("guess", "sign"), [(1, 1), (-2, -1)])
def test_the_guess_picks_the_solution(guess, sign):
    _, state = solved(Problem("p", [u], [On(omega, u**2 - (1 + x))], guess={u: guess}))
    assert np.allclose(values(state), sign * np.sqrt(1 + AT[:, 0]), atol=1e-8)


def test_a_singular_equation_starts_from_its_guess():
    _, state = solved(Problem("p", [u], [On(omega, log(u) - x)], guess={u: 2}))
    assert np.allclose(values(state), np.exp(AT[:, 0]), atol=1e-8)


def test_a_system_with_data():
    axis = np.linspace(0, 1, 30)
    a = line.coefficient("a")
    equations = [On(omega, u * v - a), On(omega, u - v - 1)]
    problem = Problem("p", [u, v], equations, coefficients={a: GridField(axis, [axis])}, guess={u: 1, v: a})
    _, state = solved(problem)
    exact = (1 + np.sqrt(1 + 4 * AT[:, 0])) / 2
    assert np.allclose(values(state), exact, atol=1e-8)
    assert np.allclose(values(state, 1), exact - 1, atol=1e-8)


def test_a_split_unknown_and_its_guess():
    exact = exp(2 * I * x)
    problem = Problem(
        "p", [w], [On(omega, Abs(w) ** 2 * w + I * w.diff(x) - exact - I * exact.diff(x)), On(omega.face(x, 0), w - 1)],
        guess={w: 1 + I * x},
    )  # fmt: skip
    _, state = solved(problem)
    assert np.allclose(values(state) + 1j * values(state, 1), np.exp(2j * AT[:, 0]), atol=1e-8)


def test_a_complex_analytic_equation():
    _, state = solved(Problem("p", [w], [On(omega, w**2 - exp(2 * I * x))], guess={w: 1 + I * x / 2}))
    assert np.allclose(values(state), np.exp(1j * AT[:, 0]), atol=1e-8)


def inverse(**learned):
    """u = sin(πx) seen at three points; which ν has -νu'' = 2π² sin(πx)?"""
    hat = sin(pi * x)
    where = np.array([[0.2], [0.5], [0.7]])
    sensors = Points(line, where, {"reading": np.sin(np.pi * where[:, 0])})
    conditions = [On(omega, -nu * u.diff(x, 2) - 2 * pi**2 * hat), On(ends, u), On(sensors, u - sensors["reading"])]
    return Problem("p", [u], conditions, coefficients={nu: Learned(**learned)})


def test_a_number_is_learned():
    _, state = solved(inverse(initial=1))
    assert np.isclose(state.heads[1][0], 2, atol=1e-8)
    assert np.allclose(values(state), np.sin(np.pi * AT[:, 0]), atol=1e-8)


def test_a_field_is_learned_although_the_first_tangent_does_not_see_it():
    space = Space("s t")
    s, t = space.coords
    f, a = space.unknown("f"), space.coefficient("a")
    square = Region(space, Interval(0, 1) ** 2)
    hat, field = sin(pi * s) * sin(pi * t) + 2, 1 + s * t / 2
    where = np.random.default_rng(0).uniform(size=(100, 2))
    seen = Points(space, where, {"m": np.sin(np.pi * where[:, 0]) * np.sin(np.pi * where[:, 1]) + 2})
    source = -space.div(field * space.grad(hat)).doit()
    conditions = [On(square, -space.div(a * space.grad(f)) - source), On(square.boundary, f - 2)]
    conditions += [On(square.boundary, a - field), On(seen, f - seen["m"])]
    form = compile_problem(Problem("p", [f], conditions, coefficients={a: Learned(1)}))
    plan = Global(200, (4.0, 4.0))
    state = newton.fit(form, plan, draw(form, plan.points, 0), 0)
    assert np.allclose(field_at(state, 1, where), 1 + where[:, 0] * where[:, 1] / 2, atol=1e-8)


def test_bounds_are_kept():
    form = compile_problem(inverse(initial=1, bounds=(0.5, 1.5)))
    state = newton.fit(form, PLAN, draw(form, 80, 0), 0)
    assert np.isclose(state.heads[1][0], 1.5)


def test_a_state_is_carried_over_to_other_features():
    form, state = solved(Problem("p", [u], [On(omega, u**2 - (1 + x))], guess={u: -2}))
    other = Global(60, (7.0,))
    samples = draw(form, 120, 5)
    carried = newton.project(form, make_trials(form, other, 5), samples, state)
    assert np.allclose(values(carried), values(state), atol=1e-7)
    again = newton.fit(form, other, samples, 5, state)
    assert np.allclose(values(again), -np.sqrt(1 + AT[:, 0]), atol=1e-8)


def test_equations_that_cannot_hold_end_where_the_loss_is_least():
    form = compile_problem(Problem("p", [u], [On(omega, Eq(u**2, -1, evaluate=False)), On(omega, u - 1)]))
    state = newton.fit(form, PLAN, draw(form, 80, 0), 0)
    assert np.isfinite(values(state)).all()
    assert np.ptp(values(state)) < 1e-2
