"""Initial-value problems: which they are, what a window takes over from the last, and windows as one state."""

import numpy as np
import pytest
from sympy import Interval

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers.fitting import linear
from inrpde.solvers.marching.initial import Extended, marches
from tests.solvers.marches import X, h, heat, marched, plan, strip, timed

line = Space("x")
(x,) = line.coords
u, omega = line.unknown("u"), Region(line, Interval(0, 1))
AT = np.random.default_rng(0).uniform(size=(200, 2))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.boundary, h), On(strip.initial, h - 1)], True),
        ([On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.boundary, h), On(strip.final, h - 1)], False),
        ([On(strip, timed.dt(h) - h.diff(X, 2) - strip.mean(h)), On(strip.initial, h - 1)], False),
        ([On(strip, h.diff(X, 2) - 1), On(strip.boundary, h)], False),
    ],
    ids=["initial", "final", "integral", "steady"],
)
def test_which_problems_march(conditions, expected):
    assert marches(compile_problem(Problem("p", [h], conditions))) == expected
    assert not marches(compile_problem(Problem("p", [u], [On(omega, u.diff(x, 2) - 1), On(omega.boundary, u)])))


def test_a_state_is_continued_by_its_taylor_polynomial():
    form = heat()
    state = marched(form, plan(1e-6), linear.fit).state
    at = np.column_stack([AT[:, 0], 0.1 + 0.01 * AT[:, 1]])
    ahead = Extended(state, 0.1).jets(0, at, [(0, 0), (2, 0), (0, 1)])
    for index, found in state.jets(0, at, [(0, 0), (2, 0)]).items():
        assert np.allclose(ahead[index], found, rtol=0.02)
    at[:, 1] = 0.1
    assert np.allclose(ahead[0, 1], state.jets(0, at, [(0, 1)])[0, 1])
