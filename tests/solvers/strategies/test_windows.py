"""The arm that marches: which forms it serves, what it waits for, and what its marches aim at."""

from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Eq, Interval, pi, sin

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.state import field_at
from inrpde.networks.slab import Slab
from inrpde.solvers.bodies.plan import Cells
from inrpde.solvers.contract.strategy import Role
from inrpde.solvers.fitting import linear
from inrpde.solvers.search.cost import nominal
from inrpde.solvers.strategies import windows
from inrpde.solvers.strategies.windows import price
from tests.solvers.turns import X, beam, climb, context, h, pretended, search, strip, timed


def logistic():
    equation = Eq(timed.dt(h), h.diff(X, 2) / 100 + h * (1 - h))
    return Problem("logistic", [h], [On(strip, equation), On(strip.boundary, h), On(strip.initial, h - sin(pi * X))])


def test_windows_of_a_linear_problem_wait_for_what_is_cheaper():
    reasons = []
    for candidate in climb(context(beam()), linear.fit, "test"):
        reasons.append(candidate.reason.split(":")[0])
        score = candidate.score
    assert "windows" not in reasons
    assert score < 1e-11


def test_windows_cost_what_a_march_would_and_are_free_to_start_where_all_is_dear():
    waiting = search(beam())
    assert price(waiting) > 4 * nominal(waiting.context.form, Cells(((0.0, 1.0), (0.0, 1.0)), 75, (4.0, 2.0)))
    assert price(search(logistic())) == 0


def wave():
    """A wave of two modes, of which the second turns six times in the time."""
    start = [On(strip.initial, h - sin(pi * X)), On(strip.initial, timed.dt(h) - sin(6 * pi * X))]
    return Problem("wave", [h], [On(strip, timed.dt(h, 2) - 4 * h.diff(X, 2)), On(strip.boundary, h), *start])


def test_what_it_serves():
    def answer(*conditions, of=h):
        return windows.serves(compile_problem(Problem("p", [of], list(conditions))))

    claim = answer(On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.initial, h))
    assert claim.role is Role.IN_TURN
    assert answer(On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.final, h)) == (
        "not every condition holds at all times, or at the start of an evolution"
    )
    space = Space("x")
    u, line = space.unknown("u"), Region(space, Interval(0, 1))
    assert answer(On(line, u.diff(space.coords[0]) - 1), of=u) == "there is no evolution of fields in space"


def test_a_tolerance_is_the_last_aim_and_every_further_aim_has_richer_cells():
    made = search(wave(), tol=1e-6)
    tried = pretended(made, [5e-5, 2e-6, 2e-7])
    list(windows.steps(made))
    assert [reason for reason, _ in tried] == ["windows"] * 3
    assert [plan.aim for _, plan in tried] == [1e-4, 1e-6, 2.5e-7]
    each = [plan.inner.each for _, plan in tried]
    assert each == [round(each[0] * windows.RICHER**n) for n in range(3)]


@pytest.mark.parametrize(("score", "marches"), [(0.5 * windows.AIMS[0], 4), (2 * windows.MISSED * windows.AIMS[0], 1)])
def test_a_march_that_misses_its_aim_far_is_the_last(score, marches):
    made = search(wave(), tol=1e-9)
    tried = pretended(made, [score, 0.5 * windows.AIMS[1], 0.5 * windows.AIMS[2], 1e-13])
    list(windows.steps(made))
    assert len(tried) == marches


def test_an_aim_that_others_have_reached_is_passed_over():
    made, other = search(wave(), tol=1e-9), search(wave())
    other.best = SimpleNamespace(score=1e-5)
    made.arms.append(other)
    tried = pretended(made, [1e-7])
    list(windows.steps(made))
    assert tried[0][1].aim == 1e-6


def ripples():
    equation = On(strip, timed.dt(h) - h.diff(X, 2) / 100)
    return Problem("ripples", [h], [equation, On(strip.boundary, h), On(strip.initial, h - sin(40 * X))])


def test_the_first_window_is_an_eighth_of_the_time_and_as_fine_as_the_initial_values():
    slow, fast = (windows.first_window(search(problem)) for problem in (wave(), ripples()))
    assert slow.span == fast.span == (0.0, 0.125)
    assert slow.shape[1] == fast.shape[1] == 1
    assert fast.shape[0] >= 2 * 40 / 2 / windows.BAND[2][0] > slow.shape[0]


def test_a_march_of_the_arm_reaches_its_aim():
    start = On(strip.initial, h - sin(pi * X))
    made = search(
        Problem("warm", [h], [On(strip, timed.dt(h) - h.diff(X, 2) / 10), On(strip.boundary, h), start]), tol=1e-2
    )
    (candidate,) = windows.steps(made)
    assert candidate.score < 1e-2
    assert all(isinstance(part, Slab) for part in candidate.state.trials[0].parts)
    at = np.random.default_rng(0).uniform(size=(100, 2)) * [1, 0.5]
    exact = np.exp(-(np.pi**2) / 10 * at[:, 1]) * np.sin(np.pi * at[:, 0])
    np.testing.assert_allclose(field_at(candidate.state, 0, at), exact, atol=2e-3)
