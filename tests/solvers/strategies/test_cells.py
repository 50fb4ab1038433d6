"""The arm on cells: their first shape, and how they are refined."""

from itertools import islice, pairwise
from types import SimpleNamespace

import numpy as np
from sympy import Eq, Interval, Rational, cos, exp, sin, tanh

from inrpde import On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions
from inrpde.solvers.bodies.plan import Cells
from inrpde.solvers.bodies.singular import Poles
from inrpde.solvers.bodies.trefftz import Waves
from inrpde.solvers.search.cost import nominal
from inrpde.solvers.search.grading import SPARE, uniform
from inrpde.solvers.search.search import Search
from inrpde.solvers.strategies import cells
from tests.solvers.turns import pretended, search

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
square = Region(plane, Interval(0, 1) ** 2)


def test_cells_take_as_many_of_the_waves_as_can_be_afforded(monkeypatch):
    equation = Eq(-plane.laplace(u) + u, cos(25 * x) * exp(cos(20 * y)))
    problem = Problem("waves", [u], [On(square, equation), On(square.boundary, Eq(u, 0))])
    firsts = []
    worth = (100.0, 0.6, 0.5, 0.4)
    for patience in worth:
        monkeypatch.setattr(Search, "patience", patience)
        made = search(problem)
        monkeypatch.setattr(made, "attempt", lambda plan, reason: firsts.append(plan))
        next(cells.steps(made), None)
    assert [plan.breaks for plan in firsts] == [firsts[0].breaks] * len(firsts)
    assert all(more.band > less.band for more, less in pairwise(firsts))
    form = compile_problem(problem)
    assert all(nominal(form, plan) < most for plan, most in zip(firsts, worth, strict=True))


line = Space("s")
(s,) = line.coords
f, unit = line.unknown("f"), Region(line, Interval(0, 1))


def layer():
    """-f''/50 + f' = 1, with a layer at the end."""
    return Problem("layer", [f], [On(unit, Eq(-f.diff(s, 2) / 50 + f.diff(s), 1)), On(unit.boundary, f)])


def poisson(source=1):
    return Problem("poisson", [u], [On(square, Eq(-plane.laplace(u), source)), On(square.boundary, u)])


def standing(problem, plan, known=None):
    """A search whose best plan, and state, is this."""
    made = search(problem)
    state = Expressions(made.context.form, (known,))
    made.best, made.best_plan = SimpleNamespace(score=0.1, state=state), plan
    return made


UNEVEN = Cells(((0.0, 0.7, 0.9, 1.0), (0.0, 0.5, 1.0)), 40, (6.0, 6.0))


def test_refinement_keeps_proportions_along_all_axes_or_one():
    made = standing(poisson(), UNEVEN)
    every, last = cells.refined(made), cells.refined(made, axis=1)
    assert every.shape == (5, 3)
    assert last.shape == (3, 4)
    assert last.breaks[0] == UNEVEN.breaks[0]
    np.testing.assert_allclose(last.breaks[1], [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(every.breaks[0], np.interp(np.linspace(0, 3, 6), np.arange(4), UNEVEN.breaks[0]))


def test_graded_cells_crowd_where_the_state_bends():
    made = standing(poisson(), UNEVEN, tanh(40 * (x - 0.3)) + y**2)
    found = cells.graded(made)
    assert found.shape == (5, 3)
    smallest = np.argmin(np.diff(found.breaks[0]))
    assert found.breaks[0][smallest] < 0.3 < found.breaks[0][smallest + 1] + 0.02
    assert np.ptp(np.diff(found.breaks[1])) < 0.05


def test_finer_cells_are_enriched_as_the_coarse_ones_and_waves_follow_their_band():
    waves = UNEVEN.enriched(Waves(cells.HALF, (9.0, 9.0)), Poles())
    found = cells.refined(standing(poisson(), waves))
    assert found.waves == Waves(cells.HALF, found.band)
    assert Poles() in found.enrichments
    assert cells.refined(standing(poisson(), UNEVEN)).enrichments == UNEVEN.enrichments


def test_cells_crowd_round_narrow_sources_alone():
    narrow = search(poisson(exp(-(((x - Rational(1, 4)) / Rational(1, 28)) ** 2))))
    even = cells.with_breaks(narrow, (uniform(3), uniform(3)))
    found = cells.crowded_by_sources(narrow, even)
    assert found.shape == (8, 3)
    smallest = np.argmin(np.diff(found.breaks[0]))
    assert found.breaks[0][smallest] < 0.27
    assert found.breaks[0][smallest + 1] > 0.23
    assert cells.crowded_by_sources(search(poisson(sin(6 * x))), even) is None


def climbed(scores):
    made = search(poisson())
    tried = pretended(made, scores, Expressions(made.context.form, (x**2 * y**2,)))
    list(cells.steps(made))
    assert len(tried) == len({plan for _, plan in tried})
    return tried


def test_every_kind_of_refinement_is_tried_before_it_is_given_up():
    (first, plain), (second, wavy), *rest = climbed([0.5])
    assert (first, second) == ("cells", "cells, with exponentials of the equation")
    assert plain.shape == wavy.shape == (3, 3)
    assert plain.waves is None
    assert wavy.waves.share == cells.HALF
    even, crowded, *axes = [plan for _, plan in rest]
    assert (even.shape, crowded.shape) == ((5, 5), (5, 5))
    assert np.ptp(np.diff(even.breaks[0])) < 1e-9 < np.ptp(np.diff(crowded.breaks[0]))
    assert [plan.shape for plan in axes] == [(6, 3), (3, 6)]


def test_what_helps_is_gone_on_from():
    tried = [plan for _, plan in climbed([0.5, 0.5, 0.05, 0.005, 1e-13])]
    assert [plan.shape for plan in tried] == [(3, 3), (3, 3), (5, 5), (7, 7), (10, 10)]
    assert all(np.ptp(np.diff(plan.breaks[0])) < 1e-9 for plan in tried)


def test_an_arm_that_climbs_lowers_the_score_of_a_layer():
    scores = [candidate.score for candidate in islice(cells.steps(search(layer())), 3)]
    assert min(scores) < 0.05 * scores[0]


def test_cells_have_features_for_all_samples():
    where = np.linspace(0, 1, 400)
    points = Points(line, where, {"g": np.sin(9 * where)})
    made = search(Problem("samples", [f], [On(points, Eq(f, points["g"]))]))
    tried = pretended(made, [1e-13])
    list(cells.steps(made))
    assert tried[0][1].width >= SPARE * 400
