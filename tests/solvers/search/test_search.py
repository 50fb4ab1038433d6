"""The search: what ends it, what it may not exceed, what a user's own choice of body leaves of it."""

from types import SimpleNamespace

import numpy as np
from sympy import Eq, Interval, pi, sin

from inrpde import On, Problem, Region, Space
from inrpde.discretise.state import field_at
from inrpde.solvers import auto
from inrpde.solvers.bodies.plan import Cells
from inrpde.solvers.marching.march import March
from inrpde.solvers.search.cost import nominal
from inrpde.solvers.search.search import PATIENCE, RESOLVED, Search
from tests.solvers.turns import X, context, h, search, strip, timed

line = Space("x")
(x,) = line.coords
u, omega = line.unknown("u"), Region(line, Interval(0, 1))


def poisson(waves=1):
    k = waves * pi
    return Problem("p", [u], [On(omega, Eq(-u.diff(x, 2), k**2 * sin(k * x))), On(omega.boundary, u)])


def test_an_easy_problem_ends_with_its_first_answer():
    found = list(auto.solve(context(poisson())))
    assert len(found) == 1
    assert found[0].score < 1e-11
    assert found[0].method == "least-squares"
    assert found[0].reason.startswith("first")


def test_a_tolerance_ends_it_sooner():
    loose = list(auto.solve(context(poisson(20), tol=1e-3)))
    strict = list(auto.solve(context(poisson(20))))
    assert min(candidate.score for candidate in loose) < 1e-3
    assert sum(len(candidate.state.vector) for candidate in loose) <= sum(len(c.state.vector) for c in strict)


def test_the_users_body_is_not_searched_for():
    found = list(auto.solve(context(poisson(), width=37, band=4.0)))
    assert len(found) == 1
    assert found[0].state.width == 37
    assert np.abs(found[0].state.trials[0].layers[0][0]).max() <= 4


def test_the_users_width_leaves_the_band_to_be_tuned():
    found = list(auto.solve(context(poisson(12), width=60)))
    assert {candidate.state.width for candidate in found} == {60}


def test_layers_of_the_user():
    found = list(auto.solve(context(poisson(), width=30, band=4.0, layers=2)))
    assert len(found[0].state.trials[0].layers) == 2


def test_a_budget_that_is_spent_starts_no_further_step():
    found = list(auto.solve(context(poisson(300), budget=0.0)))
    assert len(found) <= 3  # one for each kind of body, unpredicted


def test_what_others_leave_unresolved_shortens_no_first_try_of_another_kind():
    tried = search(poisson())
    untried = Search(tried.context, tried.fit, "test", tried.survey, tried.arms)
    tried.best = SimpleNamespace(score=4e-2)
    assert untried.patience == PATIENCE > tried.patience
    tried.best = SimpleNamespace(score=RESOLVED / 2)
    assert untried.patience == tried.patience < PATIENCE


def test_a_second_solve_differs_and_agrees():
    candidate = next(auto.solve(context(poisson())))
    again = candidate.again(5, [1.0])
    at = np.linspace(0, 1, 9)[:, None]
    one, other = (field_at(state, 0, at) for state in (candidate.state, again))
    assert again.width != candidate.state.width
    assert np.allclose(one, other, atol=1e-9)
    assert not np.array_equal(one, other)


def warm():
    conditions = [
        On(strip, timed.dt(h) - h.diff(X, 2) / 10),
        On(strip.boundary, h),
        On(strip.initial, h - sin(4 * pi * X)),
    ]
    return Problem("warm", [h], conditions)


def test_a_march_counts_as_what_it_took():
    marched = search(warm())
    inner = Cells(((0.0, 0.5, 1.0), (0.0, 1.0)), 60, (4.0, 1.8), span=(0.0, 0.5))
    hasty = March(inner, 1e-1, 100.0)
    marched.attempt(hasty, "windows")
    quick, foretold = marched.spent, nominal(marched.context.form, hasty)
    marched.attempt(March(inner, 1e-4, 100.0), "windows")
    assert quick < 2 * foretold
    assert marched.spent - quick > 2 * foretold
