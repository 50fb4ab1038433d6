"""Problems in time in many coordinates: what is served, levels that gain, and estimates of what they lack."""

from itertools import pairwise

import numpy as np
import pytest
from sympy import Eq, Interval, Matrix, Rational, exp, sin

import inrpde
from inrpde import Ball, On, Problem, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.state import field_at
from inrpde.solvers.lines import at_points
from inrpde.solvers.lines.at_points import Plan, fitted, parts, serves

space = Space("x1 x2 x3 x4", time="t")
*coords, t = space.coords
u, v = space.unknowns("u v")
square = sum(x**2 for x in coords)
ball = Ball(space, (0,) * 4, 1).over(Interval(0, 1))
EXACT = exp(square / 2 - t)
SOURCE = EXACT.diff(t) - sum(EXACT.diff(x, 2) for x in coords)


HEAT = Eq(space.dt(u) - space.laplace(u), SOURCE)
WARM, BEGUN = Eq(space.dn(u), exp(Rational(1, 2) - t)), Eq(u, exp(square / 2))


def heated(equation=HEAT, wall=WARM, start=BEGUN, more=()):
    conditions = [
        On(ball, equation),
        On(ball.boundary, wall),
        On(ball.initial, start),
    ]
    return Problem("p", [u], [*conditions, *more])


def error(state, form, seed=1):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((500, 4))
    points *= rng.uniform(size=(500, 1)) ** 0.25 / np.linalg.norm(points, axis=1, keepdims=True)
    points = np.column_stack([points, rng.uniform(size=500)])
    known = np.exp(np.sum(points[:, :4] ** 2, axis=1) / 2 - points[:, 4])
    return np.linalg.norm(field_at(state, 0, points) - known) / np.linalg.norm(known)


def test_more_features_are_more_digits():
    form = compile_problem(heated())
    errors = [error(fitted(form, parts(form), Plan(width, 0.25, 1e-7), 0)[0], form) for width in (60, 120, 240, 480)]
    assert all(after < before / 2 for before, after in pairwise(errors)), errors
    assert errors[-1] < 1e-4


def test_a_solution_is_found_with_an_estimate_near_its_error():
    solution = inrpde.solve(heated(), reference="none", tol=1e-3)
    report = solution.report
    true = error(Found(solution), compile_problem(heated()))
    assert report["method"] == "lines"
    assert true < report["fields"]["u"]["estimated_error"] < 100 * true
    assert report["verdict"]["word"] in ("plausible", "verified")


class Found:
    """What a solution gives, in the place of a state."""

    def __init__(self, solution):
        self.solution = solution

    def jets(self, unknown, points, indices):
        return {index: self.solution(points)["u"] for index in indices}


def test_two_unknowns_of_which_one_has_no_rate():
    """v = Δu beside u_t = v + f: the second is of order 0 in time."""
    wall = [On(ball.boundary, Eq(u, exp(0.5 - t)))]
    equation = Eq(Matrix([space.dt(u) - v, v - space.laplace(u)]), Matrix([SOURCE, 0]))
    problem = Problem("p", [u, v], [On(ball, equation), *wall, On(ball.initial, Eq(u, exp(square / 2)))])
    form = compile_problem(problem)
    of = parts(form)
    assert of.orders == (1, 0)
    state, _ = fitted(form, of, Plan(300, 0.25, 1e-6), 0)
    assert error(state, form) < 2e-3


def test_what_is_counted_from_an_offset():
    """Heat at 300 K: the features hold what differs from it."""
    problem = heated(
        wall=Eq(u, 300 + exp(0.5 - t)), start=Eq(u, 300 + exp(square / 2)),
    )  # fmt: skip
    form = compile_problem(problem)
    state, _ = fitted(form, parts(form), Plan(300, 0.25, 1e-6), 0)
    at = np.array([[0.1, -0.2, 0.3, 0.1, 0.5]])
    assert field_at(state, 0, at)[0] == pytest.approx(300 + np.exp(0.15 / 2 - 0.5), abs=2e-3)


REFUSED = {
    "nonlinear": lambda: heated(Eq(space.dt(u) - space.laplace(u) + u**2, 0)),
    "vary with time": lambda: heated(Eq(space.dt(u) - t * space.laplace(u), 0)),
    "order 2": lambda: heated(Eq(space.dt(u, 2) - space.laplace(u), 0), more=[On(ball.initial, space.dt(u))]),
    "nothing spreads": lambda: heated(Eq(space.dt(u) + u.diff(coords[0]), 0)),
    "begins with": lambda: Problem("p", [u], [On(ball, space.dt(u) - space.laplace(u)), On(ball.boundary, u)]),
    "fewer than": lambda: plane(),
}


def plane():
    flat = Space("x y", time="t")
    (x, y, _), w = flat.coords, flat.unknown("w")
    disc = Ball(flat, (0, 0), 1).over(Interval(0, 1))
    heat = Eq(flat.dt(w), flat.laplace(w))
    return Problem("p", [w], [On(disc, heat), On(disc.boundary, w), On(disc.initial, Eq(w, sin(x * y)))])


@pytest.mark.parametrize("why", ["vary with time", "order 2", "nothing spreads", "fewer than", "begins with"])
def test_what_does_not_fit_is_refused_with_the_reason(why):
    assert why in serves(compile_problem(REFUSED[why]()))


def test_equations_that_are_not_linear_are_refused():
    assert "not linear" in serves(compile_problem(REFUSED["nonlinear"]()))


def test_steps_that_grow_are_left_to_others(monkeypatch):
    monkeypatch.setattr(at_points, "GROWN", 0.0)
    report = inrpde.solve(heated(), reference="none", budget=3).report
    assert report["method"] != "lines"
