"""Bodies made from plans: their width, where they live, what unknowns share, what corners add."""

import numpy as np
import pytest
from sympy import Interval, pi, sin

from inrpde import Learned, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.networks.offset import bare
from inrpde.networks.trial import Constant
from inrpde.solvers.bodies.plan import Cells, Global, make_trials

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
nu = space.parameter("nu")
omega = Region(space, Interval(0, 2) * Interval(0, 1))
elbow = Region(space, Interval(-1, 1) ** 2) - Region(space, Interval(0, 1) * Interval(-1, 0))
HALVES = ((0, 0.5, 1), (0, 0.5, 1))


def form_of(*conditions, unknowns=(u,), **more):
    return compile_problem(Problem("p", list(unknowns), list(conditions), **more))


def test_a_plan_says_its_width_and_its_points():
    assert (Global(100, (3.0, 3.0)).width, Global(100, (3.0, 3.0)).points) == (100, 200)
    plan = Cells(((0, 0.2, 1), (0, 0.5, 0.6, 1)), 30, (5.0, 5.0))
    assert (plan.cells, plan.width, plan.points) == (6, 180, 360)


@pytest.mark.parametrize("plan", [Global(100, (3.0, 5.0)), Cells(HALVES, 50, (3.0, 5.0))])
def test_a_second_opinion_is_smaller_and_slower(plan):
    other = plan.varied()
    assert type(other) is type(plan)
    assert other != plan
    assert 20 <= other.width < plan.width
    assert all(a < b for a, b in zip(other.band, plan.band, strict=True))


def test_unknowns_on_the_same_region_share_a_body():
    form = form_of(On(omega, [u - v, v.diff(x)]), unknowns=(u, v))
    one, other = make_trials(form, Global(20, (3.0, 3.0)), 0)
    assert one is other
    left = Region(space, Interval(0, 1) * Interval(0, 1))
    form = form_of(On(omega, u), On(left, v), unknowns=(u, v))
    one, other = make_trials(form, Global(20, (3.0, 3.0)), 0)
    assert one is not other
    assert np.array_equal(other.box[1], [1, 1])


def test_a_learned_number_is_one_constant():
    trials = make_trials(form_of(On(omega, nu * u - 1), coefficients={nu: Learned(1)}), Global(20, (3.0, 3.0)), 0)
    assert isinstance(trials[1], Constant)


def test_frequencies_keep_to_the_band():
    (trial,) = make_trials(form_of(On(omega, u)), Global(200, (3.0, 7.0)), 0)
    weight = trial.layers[0][0]
    assert np.all(np.abs(weight) <= [3, 7])
    assert np.all(np.abs(weight).max(axis=0) > [2.8, 6.5])


def test_the_seed_makes_the_body():
    form = form_of(On(omega, u))
    one, same, other = (make_trials(form, Global(20, (3.0, 3.0)), seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one.layers[0][0], same.layers[0][0])
    assert not np.array_equal(one.layers[0][0], other.layers[0][0])


def test_cells_outside_the_region_are_left_out():
    quarters = ((0, 0.25, 0.5, 0.75, 1), (0, 0.25, 0.5, 0.75, 1))
    plan = Cells(quarters, 30, (4.0, 4.0), enrichments=())
    (whole,) = make_trials(form_of(On(Region(space, Interval(-1, 1) ** 2), u)), plan, 0)
    (part,) = make_trials(form_of(On(elbow, u)), plan, 0)
    assert len(whole.pieces) == 16
    assert len(part.pieces) < 16
    points = np.array([[0.9, -0.9], [-0.9, -0.9]])
    values = part.jets(points, [(0, 0)])[0, 0]
    assert not values[0].any()
    assert values[1].any()


def test_a_window_of_time_ends_the_box():
    timed = Space("x", time="t")
    f = timed.unknown("f")
    strip = Region(timed, Interval(0, 1) * Interval(0, 4))
    form = compile_problem(
        Problem("p", [f], [On(strip, timed.dt(f)), On(strip.initial, f - sin(pi * timed.coords[0]))])
    )
    (trial,) = make_trials(form, Global(20, (3.0, 3.0), span=(0.25, 0.5)), 0)
    assert np.allclose(bare(trial).box, [[0, 1], [1, 2]])
