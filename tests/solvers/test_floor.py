"""The last resort: there for every kind of problem, and none where it fails too."""

import time
from dataclasses import replace

import numpy as np
import pytest
from sympy import Eq, I, Interval, exp, pi, sin, sqrt

from inrpde import On, Points, Problem, Region, Space, config, deadline
from inrpde.compiler import compile_problem
from inrpde.discretise.state import field_at
from inrpde.solvers import floor
from inrpde.solvers.contract.method import Clock, Context

BUDGET = 3.0
LINE = Space("x")
(X,) = LINE.coords
U, OMEGA = LINE.unknown("u"), Region(LINE, Interval(0, 1))


def small_context(*conditions):
    form = compile_problem(Problem("small", [U], list(conditions)))
    return Context(form, config.resolve({}, {}), 0, Clock(None))


@pytest.mark.parametrize("kind", ["nonlinear", "complex", "many", "samples"])
def test_a_coarse_answer_is_there_for_every_kind_of_problem(kind):
    space = Space("x y")
    x, _ = space.coords
    square = Region(space, Interval(0, 1) ** 2)
    if kind == "samples":
        rng = np.random.default_rng(0)
        at, values = rng.uniform(size=(20_000, 2)), rng.normal(size=20_000)
        points = Points(space, at, {"value": values})
        unknowns = [space.unknown("u")]
        conditions = [On(points, Eq(unknowns[0], points["value"]))]
    elif kind == "many":
        unknowns = [space.unknown(f"u{k}") for k in range(25)]
        conditions = [On(square, Eq(u - space.laplace(u), unknowns[k - 1])) for k, u in enumerate(unknowns)]
        conditions += [On(square.boundary, Eq(u, (k + 1) * x)) for k, u in enumerate(unknowns)]
    else:
        u = space.unknown("u", complex=kind == "complex")
        unknowns, beside = [u], u**3 if kind == "nonlinear" else I * u
        conditions = [On(square, Eq(-space.laplace(u) + beside, 1)), On(square.boundary, Eq(u, x))]
    form = compile_problem(Problem(kind, unknowns=unknowns, conditions=conditions))
    context = Context(form, config.resolve({}, {}), 0, Clock(BUDGET))
    found = floor.coarse(context)
    assert found.again(1, ()).width < found.state.width
    if kind == "samples":  # noise cannot be predicted, and the score is that of points that were not fitted
        assert 1 < 1.1 * found.fitted < found.score
    else:
        assert found.score < 0.5 * np.sqrt(len(form.rows))


def test_it_is_few_features_fitted_and_scored_on_points_of_its_own():
    context = small_context(On(OMEGA, Eq(-U.diff(X, 2), pi**2 * sin(pi * X))), On(OMEGA.boundary, U))
    found = floor.coarse(context)
    assert found.state.width == floor.FEATURES[1]
    assert found.method == "least-squares"
    assert found.score != found.fitted
    at = np.linspace(0, 1, 50)[:, None]
    np.testing.assert_allclose(field_at(found.state, 0, at), np.sin(np.pi * at[:, 0]), atol=1e-6)
    again = found.again(1, ())
    assert again.width < found.state.width
    np.testing.assert_allclose(field_at(again, 0, at), np.sin(np.pi * at[:, 0]), atol=1e-4)


def test_where_the_equation_has_no_start_there_is_none():
    assert floor.coarse(small_context(On(OMEGA, sqrt(U - 5) - exp(X)))) is None


def test_it_takes_its_second_however_little_is_left_and_no_more(monkeypatch):
    """What never ends is left after that, and the budget was spent before it began."""

    def endless(context):
        while True:
            deadline.turn()

    monkeypatch.setattr(floor, "SECONDS", 0.1)
    monkeypatch.setattr(floor, "_fitted", endless)
    context = replace(small_context(On(OMEGA, U - X)), clock=Clock(1.0, time.perf_counter() - 100))
    start = time.perf_counter()
    assert floor.coarse(context) is None
    assert time.perf_counter() - start >= 0.1
    monkeypatch.setattr(floor, "_fitted", lambda context: "found")
    assert floor.coarse(context) == "found"
