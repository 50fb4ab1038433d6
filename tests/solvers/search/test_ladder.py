"""The ladder: what the arms share, whose turn it is, and how each goes on from the best that it has."""

from itertools import islice, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Eq, Interval, Rational, cos, exp, pi, sin

from inrpde import On, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.solvers.bodies.plan import Cells
from inrpde.solvers.fitting import linear
from inrpde.solvers.fitting import newton as newton_fit
from inrpde.solvers.marching.march import March
from inrpde.solvers.method import Clock, Context
from inrpde.solvers.options import Nothing
from inrpde.solvers.search import ladder, survey
from inrpde.solvers.search.cost import nominal
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey
from inrpde.solvers.strategies import cells
from inrpde.solvers.strategies.one_domain import wavy_plan
from inrpde.solvers.strategies.windows import price
from tests.solvers.turns import climb

plane, timed = Space("x y"), Space("x", time="t")
x, y = plane.coords
X, t = timed.coords
u, h = plane.unknown("u"), timed.unknown("h")
square = Region(plane, Interval(0, 1) ** 2)
strip = Region(timed, Interval(0, 1) * Interval(0, Rational(1, 2)))


def layer():
    """-0.02 Δu + u_x = 1 with layers at three sides."""
    equation = Eq(-plane.laplace(u) / 50 + u.diff(x), 1)
    return Problem("layer", [u], [On(square, equation), On(square.boundary, Eq(u, 0))])


def beam():
    exact = sin(pi * X) * cos(pi**2 * t) + sin(2 * pi * X) * sin(4 * pi**2 * t) / 10
    conditions = [
        On(strip, Eq(timed.dt(h, 2) + h.diff(X, 4), 0)), On(strip.boundary, h), On(strip.boundary, h.diff(X, 2)),
        On(strip.initial, Eq(h, exact.subs(t, 0))), On(strip.initial, Eq(timed.dt(h), exact.diff(t).subs(t, 0))),
    ]  # fmt: skip
    return Problem("beam", [h], conditions, exact={h: exact})


def logistic():
    equation = Eq(timed.dt(h), h.diff(X, 2) / 100 + h * (1 - h))
    return Problem("logistic", [h], [On(strip, equation), On(strip.boundary, h), On(strip.initial, h - sin(pi * X))])


def warm():
    conditions = [
        On(strip, timed.dt(h) - h.diff(X, 2) / 10),
        On(strip.boundary, h),
        On(strip.initial, h - sin(4 * pi * X)),
    ]
    return Problem("warm", [h], conditions)


def context(problem):
    return Context(compile_problem(problem), config.resolve({}, {}), 0, Clock(None))


def search(problem):
    made = context(problem)
    fit = linear.fit if made.form.linear else newton_fit.fit
    return Search(made, fit, "test", Survey.of(made.form, 0))


def test_what_is_declared_is_looked_at_once(monkeypatch):
    looked = []
    real = survey.sources
    monkeypatch.setattr(survey, "sources", lambda form: looked.append(form) or real(form))
    steps = islice(climb(context(layer()), linear.fit, "test"), 3)
    assert {candidate.reason.split(":")[0] for candidate in steps} > {"first", "cells"}
    assert len(looked) == 1


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


def test_a_march_counts_as_what_it_took():
    marched = search(warm())
    inner = Cells(((0.0, 0.5, 1.0), (0.0, 1.0)), 60, (4.0, 1.8), span=(0.0, 0.5))
    hasty = March(inner, 1e-1, 100.0)
    marched.attempt(hasty, "windows")
    quick, foretold = marched.spent, nominal(marched.context.form, hasty)
    marched.attempt(March(inner, 1e-4, 100.0), "windows")
    assert quick < 2 * foretold
    assert marched.spent - quick > 2 * foretold


def test_more_features_are_for_the_plan_that_is_best():
    plans = []

    def fit(form, plan, *rest, **more):
        plans.append(plan)
        return linear.fit(form, plan, *rest, **more)

    reasons, scores = [], []
    for candidate in climb(context(beam()), fit, "test"):
        reasons.append(candidate.reason.split(":")[0])
        scores.append(candidate.score)
    (k,) = [k for k, reason in enumerate(reasons) if reason == "more features"]
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


@pytest.mark.parametrize("best", [1e-2, 1e-6])
def test_what_is_not_resolved_is_not_given_up_before_all_arms_were_tried(best):
    def stuck(found, price=0.0):
        def steps(arm):
            while True:
                arm.tried[len(arm.tried)] = found
                arm.spent += 1.0
                arm.best = type("Answer", (), {"score": found})()
                yield found

        return SimpleNamespace(steps=steps, price=lambda search: price, OPTIONS=Nothing)

    arms = [stuck(best), stuck(best), stuck(best / 2.5, 1e9)]
    found = list(ladder.climb(context(beam()), arms, linear.fit, "test"))
    assert (best / 2.5 in found) == (best > 1e-4)
