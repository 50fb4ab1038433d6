"""Windows in time: which problems march, how windows follow the solution, and what they carry over."""

from dataclasses import replace

import numpy as np
from sympy import Eq, pi, sin, tanh

from inrpde import On, Problem
from inrpde.compiler import compile_problem
from inrpde.discretise.score import score
from inrpde.discretise.state import field_at
from inrpde.networks.slab import Slab
from inrpde.sampling.draw import draw
from inrpde.solvers.fitting import linear
from inrpde.solvers.fitting import newton as newton_fit
from inrpde.solvers.marching.initial import jumps
from inrpde.solvers.marching.march import Steps
from inrpde.solvers.search.cost import nominal
from tests.solvers.marches import X, h, heat, marched, plan, strip, t, timed

AT = np.random.default_rng(0).uniform(size=(200, 2))


def error(state, waves=1):
    exact = np.exp(-(np.pi**2) * AT[:, 1]) * np.sin(waves * np.pi * AT[:, 0])
    return np.linalg.norm(field_at(state, 0, AT) - exact) / np.linalg.norm(exact)


def front():
    """A front of width 1/15 that Burgers' equation moves from 0.3 to 0.6."""
    nu = 0.02
    exact = 0.3 - 0.6 * tanh(15 * (X - 0.3 - 0.3 * t))
    burgers = Eq(timed.dt(h) + h * h.diff(X), nu * h.diff(X, 2))
    conditions = [On(strip, burgers), On(strip.boundary, h - exact), On(strip.initial, h - exact.subs(t, 0))]
    return compile_problem(
        Problem("front", [h], conditions, exact={h: exact})
    ), lambda at: 0.3 - 0.6 * np.tanh(15 * (at[:, 0] - 0.3 - 0.3 * at[:, 1]))


def test_windows_continue_one_another():
    form = heat()
    state = marched(form, plan(1e-6), linear.fit).state
    assert all(isinstance(piece, Slab) for piece in state.trials[0].parts)
    assert len(state.trials[0].parts) >= 2
    assert error(state) < 1e-6
    assert score(form, draw(form, 300, 1), state).total < 3e-6
    assert jumps(form, state) < 1e-6


def test_windows_carry_velocities_over():
    exact = sin(pi * X) * sin(2 * pi * t) / (2 * pi)
    conditions = [On(strip, timed.dt(h, 2) - 4 * h.diff(X, 2)), On(strip.boundary, h)]
    conditions += [On(strip.initial, h), On(strip.initial, timed.dt(h) - sin(pi * X))]
    form = compile_problem(Problem("string", [h], conditions, exact={h: exact}))
    state = marched(form, plan(1e-6), linear.fit).state
    expected = np.sin(np.pi * AT[:, 0]) * np.sin(2 * np.pi * AT[:, 1]) / (2 * np.pi)
    assert np.abs(field_at(state, 0, AT) - expected).max() < 1e-6


def test_cells_follow_a_front():
    form, exact = front()
    bodies = []

    def fit(form, body, *rest):
        bodies.append(body)
        return newton_fit.fit(form, body, *rest)

    steps = Steps(form, plan(1e-4, each=75), 0, fit)
    while not steps.done:
        steps.advance()
    values = field_at(steps.state, 0, AT)
    assert np.linalg.norm(values - exact(AT)) < 1e-4 * np.linalg.norm(exact(AT))
    breaks = np.array(bodies[-1].breaks[0])
    finest = np.argmin(np.diff(breaks))
    assert 0.4 < breaks[finest] < 0.75  # the front ends at 0.6
    assert np.diff(breaks).max() > 2 * np.diff(breaks).min()


def test_a_lower_aim_lowers_the_error():
    form = heat(6)
    errors = [error(marched(form, plan(aim), linear.fit).state, 6) for aim in (1e-2, 1e-6)]
    assert errors[0] < 1e-2
    assert errors[1] < 1e-6


def test_what_is_allowed_bounds_the_march():
    form = heat(6)
    free = Steps(form, plan(1e-6), 0, linear.fit)
    bound = Steps(form, replace(plan(1e-6), allowance=0.5 * free.plan.allowance / 100), 0, linear.fit)
    for steps in (free, bound):
        while not steps.done:
            steps.advance()
    assert free.trail.aim < 1e-5
    assert bound.trail.aim > 1e-4
    assert bound.trail.spent < free.trail.spent


def test_a_march_without_hope_is_given_up():
    steps = Steps(heat(6), replace(plan(1e-6), allowance=0.1, hopeless=1e-4), 0, linear.fit)
    while not steps.done:
        steps.advance()
    assert steps.trail.aim >= 1e-4
    assert len(steps.trail.states) == 1


def test_marches_cost_more_the_shorter_their_windows():
    assert nominal(heat(), plan(1e-4, first=0.05)) > nominal(heat(), plan(1e-4, first=0.5))


def test_a_solution_that_blows_up_is_followed_until_then():
    equation = Eq(timed.dt(h), h.diff(X, 2) / 100 + h**2)
    initial = 4 + 0 * X
    conditions = [On(strip, equation), On(strip.boundary, timed.dn(h)), On(strip.initial, h - initial)]
    form = compile_problem(Problem("blow-up", [h], conditions))
    found = marched(form, plan(1e-4, each=75), newton_fit.fit)  # h = 1 / (1/4 - t)
    until = found.until
    assert 0.2 < until < 0.25
    at = np.column_stack([AT[:, 0], 0.8 * until * AT[:, 1]])
    assert np.allclose(field_at(found.state, 0, at), 1 / (0.25 - at[:, 1]), rtol=1e-3)


def test_a_solution_of_an_ordinary_equation_that_blows_up_is_scored_as_far_as_it_goes():
    conditions = [On(strip, Eq(timed.dt(h), 4 * h**2)), On(strip.initial, h - 1)]
    form = compile_problem(Problem("blow-up", [h], conditions))
    found = marched(form, plan(1e-4, each=75), newton_fit.fit)  # h = 1 / (1 - 4t)
    assert 0.2 < found.until < 0.25
    at = np.column_stack([AT[:, 0], 0.9 * found.until * AT[:, 1]])
    assert np.allclose(field_at(found.state, 0, at), 1 / (1 - 4 * at[:, 1]), rtol=1e-3)
    assert jumps(form, found.state) < 1e-2
