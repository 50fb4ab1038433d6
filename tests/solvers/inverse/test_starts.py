"""Where a search for numbers starts: of values within their bounds the one that leaves least."""

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde import Learned, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.solvers.inverse import starts
from inrpde.solvers.inverse.gauss_newton import descend
from inrpde.solvers.inverse.starts import best, numbers, ranges
from tests.solvers.inverse import problems

SPEED = 17.0


def swing(bounds=(2.0, 30.0)):
    """u'' = -w² u with w = 17, started at 3: what is left of the readings has many minima between."""
    space = Space(time="t")
    u, w = space.unknown("u"), space.parameter("w", positive=True)
    omega = Region(space, Interval(0, 2))
    times = np.linspace(0.02, 1.98, 50)
    values = np.cos(SPEED * times) + 0.01 * np.random.default_rng(0).standard_normal(50)
    sensors = Points(space, times[:, None], {"u": values})
    conditions = [
        On(omega, Eq(space.dt(u, 2), -(w**2) * u)),
        On(omega.initial, Eq(u, 1)),
        On(omega.initial, Eq(space.dt(u), 0)),
        On(sensors, Eq(u, sensors["u"])),
    ]
    return Problem("swing", [u], conditions, {w: Learned(3.0, bounds)})


@pytest.fixture(scope="module")
def case():
    return problems.setup(swing(), width=60, plan=problems.Plan((40.0,), 4.0))


def of(case, state):
    return descend(case.reduced, case.within, np.array(state.heads[1]), state)


def test_it_avoids_a_local_minimum(case):
    stuck = of(case, case.reduced.followed(case.state)[0])
    assert abs(stuck.z[0] - SPEED) > 2  # else there is nothing to avoid
    made = of(case, best(case.reduced, case.state, 0))
    assert abs(made.z[0] - SPEED) < 3 * np.linalg.norm(made.spread[1]) < 0.1


def test_it_is_of_all_that_are_tried_the_one_that_leaves_least(case, monkeypatch):
    tried, followed = [], type(case.reduced).followed
    monkeypatch.setattr(
        type(case.reduced), "followed", lambda self, state: tried.append(followed(self, state)[0]) or (tried[-1], None)
    )
    state = best(case.reduced, case.state, 0)
    left = [case.reduced.loss(each) for each in tried]
    assert len(tried) == starts.EACH + 1  # the initial value among them
    assert min(left) < case.reduced.loss(tried[0])
    assert case.reduced.loss(state) == min(left)
    speeds = np.array([float(each.heads[1][0]) for each in tried])
    assert np.all((speeds >= 2) & (speeds <= 30))


def test_the_same_seed_tries_the_same(case):
    one, other, third = (best(case.reduced, case.state, seed).heads[1] for seed in (0, 0, 1))
    assert one == other != third


def test_without_numbers_or_where_the_fields_are_not_linear_it_is_the_state_itself():
    for make in (problems.of_field, problems.of_reaction):
        each = problems.setup(make())
        assert best(each.reduced, each.state, 0) is each.state
    assert numbers(each.form, each.roles.learned) == [2]


@pytest.mark.parametrize(
    ("learned", "positive", "expected"),
    [
        (Learned(3.0, (2, 30)), None, (2, 30, True)),
        (Learned(3.0, (2, 5)), None, (2, 5, False)),
        (Learned(0.0, (-2, 30)), None, (-2, 30, False)),
        (Learned(3.0), True, (0.3, 30, True)),
        (Learned(3.0), None, (-30, 30, False)),
        (Learned(0.0), None, (-10, 10, False)),
        (Learned(-3.0), None, (-30, 30, False)),
    ],
)
def test_where_a_number_is_sought(learned, positive, expected):
    space = Space("x")
    (x,) = space.coords
    u, k = space.unknown("u"), space.parameter("k", **({"positive": True} if positive else {}))
    form = compile_problem(Problem("p", [u], [On(Region(space, Interval(0, 1)), Eq(u.diff(x), k))], {k: learned}))
    assert ranges(form, 1) == pytest.approx(expected)
