"""Distances from labelled points with normals, by Newton's method on cells."""

from dataclasses import replace
from itertools import islice

import numpy as np
from sympy import Abs, Eq, Interval, exp, sqrt

from inrpde import On, Points, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.discretise.state import field_at
from inrpde.sampling.draw import draw
from inrpde.solvers import auto
from inrpde.solvers.contract.method import Clock, Context
from inrpde.solvers.contract.strategy import Role
from inrpde.solvers.scattered.expansion import expansion
from inrpde.solvers.strategies import signed_distance

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
ALONG, ACROSS = np.array([0.8, 0.6]), np.array([-0.6, 0.8])
CENTRES, RADIUS = np.array([[-0.4, 0.0], [0.4, 0.1]]), 0.25


def declared(points, normals):
    on, box = Points(plane, points, {"n": normals}), Region(plane, Interval(-1, 1) ** 2)
    slope = plane.grad(u)
    conditions = [
        On(on, Eq(u, 0), weight=1e2, norm=1),
        On(on, Eq(slope, on["n"]), weight=3e1),
        On(box, Eq(sqrt(slope.dot(slope)), 1), weight=1e2, norm=1),
        On(box, exp(-100 * Abs(u)), weight=1e1, norm=1),
    ]
    return Problem("declared", [u], conditions, guess={u: sqrt(x**2 + y**2 + 0.01) - 0.5})


def two_circles():
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    normals = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return declared(np.concatenate([c + RADIUS * normals for c in CENTRES]), np.concatenate([normals, normals]))


def plate():
    """A slanting rectangle 1 by 0.012."""
    half = np.array([0.5, 0.006])
    s = np.linspace(-1, 1, 150)[:, None]
    sides = [(half[0] * s * ALONG + k * half[1] * ACROSS, k * ACROSS + 0 * s) for k in (1, -1)]
    ends = [(k * half[0] * ALONG + half[1] * s[::30] * ACROSS, k * ALONG + 0 * s[::30]) for k in (1, -1)]
    points, normals = map(np.concatenate, zip(*sides, *ends, strict=True))
    return declared(points, normals)


def distance(at):
    return np.min([np.linalg.norm(at - centre, axis=1) - RADIUS for centre in CENTRES], axis=0)


def answer(problem, monkeypatch, number=2):
    monkeypatch.setattr(signed_distance, "VOLUME", 3000)
    form = compile_problem(problem)
    steps = signed_distance.steps(form, draw(form, signed_distance.VOLUME, 0), 0, signed_distance.Fineness())
    return next(islice(steps, number - 1, None))


def test_distance_from_two_circles(monkeypatch):
    """The guess is a circle round both; the sign is right everywhere, also between them."""
    state = answer(two_circles(), monkeypatch)
    at = np.random.default_rng(1).uniform(-1, 1, (3000, 2))
    found, true = field_at(state, 0, at), distance(at)
    far = np.abs(true) > 0.01
    assert np.mean(np.sign(found) == np.sign(true), where=far) == 1
    assert np.mean(np.abs(found - true)) < 0.01


def test_a_thin_plate_stays_whole(monkeypatch):
    """Cells across it are as thin, and its middle line lies inside."""
    state = answer(plate(), monkeypatch, number=1)
    middle = np.linspace(-0.48, 0.48, 300)[:, None] * ALONG
    beside = np.concatenate([middle + 0.014 * ACROSS, middle - 0.014 * ACROSS])
    assert np.mean(field_at(state, 0, middle) < 0) > 0.98
    assert np.mean(field_at(state, 0, beside) > 0) > 0.98
    far = np.random.default_rng(1).uniform(-1, 1, (2000, 2))
    far = far[np.abs(far @ ACROSS) > 0.05]
    assert np.all(field_at(state, 0, far) > 0)


def test_a_budget_makes_cells_coarser():
    form = compile_problem(plate())
    samples = draw(form, 4000, 0)
    plans = [signed_distance.affordable(form, samples, 0, seconds) for seconds in (None, 1.0, 0.0)]
    assert plans[0].deepest > plans[2].deepest
    assert plans[0].deepest >= plans[1].deepest >= plans[2].deepest
    known = expansion(form, samples)
    counts = [sum(len(each.numbers) for each in signed_distance.cells(form, known, 0, plan)) for plan in plans]
    assert counts[0] > counts[2]


def test_a_budget_that_does_not_hold_a_second_solve_has_none(monkeypatch):
    monkeypatch.setattr(signed_distance, "VOLUME", 1000)
    context = Context(compile_problem(two_circles()), config.resolve({}, {}), 0, Clock(0.01))
    (candidate,) = signed_distance.solve(context)
    assert candidate.again is None
    assert np.isfinite(candidate.score)


def test_a_tolerance_asks_for_further_steps(monkeypatch):
    monkeypatch.setattr(signed_distance, "VOLUME", 1000)
    form, settings = compile_problem(two_circles()), config.resolve({}, {})
    context = Context(form, settings, 0, Clock(None))
    plain = list(signed_distance.solve(context))
    more = list(signed_distance.solve(replace(context, tol=1e-9)))
    assert len(plain) == signed_distance.STEPS
    assert min(c.score for c in more) <= min(c.score for c in plain)
    assert all(c.method == "newton" for c in more)


def test_auto_takes_it_for_many_points_and_nonlinear_volumes():
    form = compile_problem(two_circles())
    assert auto.chosen(form, config.resolve({}, {})).of(Role.ALONE) == [signed_distance]
    linear = replace(form, rows=tuple(row for row in form.rows if row.linear))
    assert signed_distance.serves(linear) == "the equations are linear"
