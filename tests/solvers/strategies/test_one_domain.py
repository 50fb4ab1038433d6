"""The arm on one domain: its first plan, how bands are tuned, and when features are added."""

import numpy as np
import pytest
from sympy import Eq, Interval, pi, sin

from inrpde import On, Points, Problem, Region, Space
from inrpde.solvers.fitting import linear
from inrpde.solvers.search.grading import SPARE
from inrpde.solvers.strategies import one_domain
from inrpde.solvers.strategies.one_domain import wavy_plan
from tests.solvers.turns import beam, climb, context, pretended, search

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
square = Region(plane, Interval(0, 1) ** 2)


def test_more_features_are_for_the_plan_that_is_best(monkeypatch):
    monkeypatch.setattr("inrpde.solvers.search.search.ENOUGH", 1e-15)  # no score is so low that it ends the search
    plans = []

    def fit(form, plan, *rest, **more):
        plans.append(plan)
        return linear.fit(form, plan, *rest, **more)

    reasons, scores = [], []
    for candidate in climb(context(beam()), fit, "test"):
        reasons.append(candidate.reason.split(":")[0])
        scores.append(candidate.score)
    k = reasons.index("more features")
    best = plans[int(np.argmin(scores[:k]))]
    assert plans[k].reach == best.reach
    assert plans[k].width == round(1.7 * best.width)
    assert max(plan.width for plan in plans[:k]) > best.width, "others, of other bands, were wider"


def test_exponentials_are_not_fewer_than_their_frequencies_ask_for():
    ringing = Problem("ringing", [u], [On(square, plane.laplace(u) + 60**2 * u - x), On(square.boundary, u)])
    made = search(ringing)
    some, more = wavy_plan(made), wavy_plan(made, 4.0)
    assert more.width - some.width > 2.5 * some.width * some.waves.share, "they fill a curve: as many as its length"
    assert wavy_plan(made, 30.0) is None


line, four = Space("s"), Space("a b c d")
(s,) = line.coords
f, g = line.unknown("f"), four.unknown("g")
unit, cube = Region(line, Interval(0, 1)), Region(four, Interval(0, 1) ** 4)


def poisson():
    return Problem("poisson", [f], [On(unit, Eq(-f.diff(s, 2), pi**2 * sin(pi * s))), On(unit.boundary, f)])


def test_resolved_features_are_added_and_no_band_is_tried():
    made = search(poisson())
    tried = pretended(made, [1e-5, 1e-9, 1e-13])
    list(one_domain.steps(made))
    first, second, third = (plan for _, plan in tried)
    assert [reason for reason, _ in tried] == ["first", "more features", "more features"]
    assert (second.width, third.width) == (round(1.7 * first.width), round(1.7 * second.width))
    assert first.band == second.band == third.band


def test_what_is_unresolved_has_its_band_tuned_both_ways_before_it_has_more_features():
    made = search(poisson())
    tried = pretended(made, [0.5])
    list(one_domain.steps(made))
    reasons = [reason for reason, _ in tried]
    assert reasons[:5] == ["first", "band", "band", "more features", "more features, wider band"]
    waves = made.survey.waves[0]
    excess = [plan.band[0] - waves for _, plan in tried[:3]]
    np.testing.assert_allclose(excess, excess[0] * np.array([1, 1.5, 1 / 1.5]))
    assert tried[4][1].band[0] == pytest.approx(waves + 1.7 * excess[0])
    assert len(tried) == len({plan for _, plan in tried})


def test_a_band_that_helps_is_followed():
    made = search(poisson())
    tried = pretended(made, [0.5, 0.1, 0.01, 0.05, 1e-13])
    list(one_domain.steps(made))
    waves = made.survey.waves[0]
    excess = [plan.band[0] - waves for _, plan in tried[:4]]
    np.testing.assert_allclose(excess, excess[0] * 1.5 ** np.arange(4))
    assert [reason for reason, _ in tried[:4]] == ["first", "band", "band", "band"]


def test_a_body_that_is_given_is_left_as_it_is():
    made = search(poisson(), width=33, band=5.0, layers=2)
    tried = pretended(made, [0.5])
    list(one_domain.steps(made))
    ((_, plan),) = tried
    assert (plan.width, plan.band, plan.layers) == (33, (5.0,), 2)


def test_the_first_plan_has_features_for_its_modes_and_no_more_than_a_budget_holds():
    free, tight = (one_domain.first_plan(search(poisson(), budget=budget)) for budget in (None, 1e-6))
    assert free.width == 60 == tight.width
    flat = Problem("flat", [u], [On(square, plane.laplace(u) - 1), On(square.boundary, u)])
    free, tight = (one_domain.first_plan(search(flat, budget=budget)) for budget in (None, 1e-6))
    assert free.width == 300
    assert one_domain.FEWEST * 0.8 <= tight.width <= one_domain.FEWEST
    assert free.band == tight.band == (3.0, 3.0)


def test_in_many_coordinates_frequencies_are_of_a_gaussian():
    made = search(Problem("heat", [g], [On(cube, four.laplace(g) - 1), On(cube.boundary, g)]))
    plan = one_domain.first_plan(made)
    assert plan.distribution == "gaussian"
    assert (plan.width, plan.band) == (1000, (1.5,) * 4)
    assert wavy_plan(made) is None


def test_many_samples_are_left_to_cells_unless_the_body_is_given(monkeypatch):
    where = np.linspace(0, 1, 200)
    points = Points(line, where, {"f": np.sin(9 * where)})
    problem = Problem("samples", [f], [On(points, Eq(f, points["f"]))])
    few = search(problem)
    assert one_domain.price(few) == 0
    tried = pretended(few, [1e-13])
    list(one_domain.steps(few))
    assert tried[0][1].width >= SPARE * 200
    monkeypatch.setattr(one_domain, "FEW", 199)
    many, cells = search(problem), search(problem)
    many.arms.append(cells)
    assert one_domain.price(many) == np.inf
    pretended(cells, [1e-3])
    cells.attempt(None, "cells")
    assert list(one_domain.steps(many)) == []
    given = search(problem, width=40)
    tried = pretended(given, [1e-13])
    list(one_domain.steps(given))
    assert [plan.width for _, plan in tried] == [40]


def test_samples_for_which_a_budget_holds_no_cells_have_one_domain():
    where = np.random.default_rng(0).uniform(0, 1, (1100, 2))
    points = Points(plane, where, {"f": np.sin(3 * where[:, 0])})
    problem = Problem("samples", [u], [On(points, Eq(u, points["f"]))])
    first = next(climb(context(problem, budget=2.0), linear.fit, "test"))
    assert first.reason.startswith("first: ")
    free, tight = (one_domain.first_plan(search(problem, budget=budget)) for budget in (None, 1e-6))
    assert tight.width < 0.1 * free.width
    assert tight.band[0] < 0.3 * free.band[0], "of the band that so few features resolve"


def test_exponentials_come_first_where_the_equation_has_some_and_the_user_leaves_the_choice():
    ringing = Problem("ringing", [u], [On(square, plane.laplace(u) + 20**2 * u - x), On(square.boundary, u)])
    made = search(ringing)
    tried = pretended(made, [1e-13])
    list(one_domain.steps(made))
    ((reason, plan),) = tried
    assert reason == "exponentials of the equation"
    assert plan.waves is not None
    assert wavy_plan(search(ringing, width=100)) is None
    assert wavy_plan(search(poisson())) is None


def test_the_first_step_solves_an_easy_problem():
    (candidate,) = one_domain.steps(search(poisson()))
    assert candidate.score < 1e-11
    found = candidate.state.jets(0, np.array([[0.25], [0.5]]), [(0,)])[0,]
    np.testing.assert_allclose(found, [np.sqrt(0.5), 1], atol=1e-10)
