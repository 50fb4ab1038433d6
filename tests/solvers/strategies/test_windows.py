"""The arm that marches: which forms it serves, what it waits for, and what its marches aim at."""

from sympy import Eq, pi, sin

from inrpde import On, Problem
from inrpde.solvers.bodies.plan import Cells
from inrpde.solvers.fitting import linear
from inrpde.solvers.search.cost import nominal
from inrpde.solvers.strategies.windows import price
from tests.solvers.turns import X, beam, climb, context, h, search, strip, timed


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
