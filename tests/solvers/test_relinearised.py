"""Distances from labelled points with normals, by Newton's method on cells."""

from dataclasses import replace

import numpy as np
from sympy import Abs, Eq, Interval, exp, sqrt

from inrpde import On, Points, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.solvers import auto, relinearised
from inrpde.solvers.method import Clock, Context

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
CENTRES, RADIUS = np.array([[-0.4, 0.0], [0.4, 0.1]]), 0.25


def two_circles():
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    normals = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    at = np.concatenate([centre + RADIUS * normals for centre in CENTRES])
    on, box = Points(plane, at, {"n": np.concatenate([normals, normals])}), Region(plane, Interval(-1, 1) ** 2)
    slope = plane.grad(u)
    conditions = [
        On(on, Eq(u, 0), weight=3e2, norm=1),
        On(on, Eq(slope, on["n"]), weight=3e2),
        On(box, Eq(sqrt(slope.dot(slope)), 1), weight=1e2, norm=1),
        On(box, exp(-100 * Abs(u)), weight=3e2, norm=1),
    ]
    return Problem("two", [u], conditions, guess={u: sqrt(x**2 + y**2 + 0.01) - 0.5})


def distance(at):
    return np.min([np.linalg.norm(at - centre, axis=1) - RADIUS for centre in CENTRES], axis=0)


def test_distance_from_two_circles(monkeypatch):
    """The guess is a circle round both; the sign is right everywhere, also between them."""
    monkeypatch.setattr(relinearised, "VOLUME", 4000)
    form = compile_problem(two_circles())
    state = relinearised.fit(form, relinearised.drawn(form, 0), 0)
    at = np.random.default_rng(1).uniform(-1, 1, (3000, 2))
    found, true = state.jets(0, at, [(0, 0)])[0, 0], distance(at)
    far = np.abs(true) > 0.03
    assert np.mean(np.sign(found) == np.sign(true), where=far) == 1
    assert np.mean(np.abs(found - true)) < 0.02


def test_auto_takes_it_for_many_points_and_nonlinear_volumes():
    form = compile_problem(two_circles())
    context = Context(form, config.resolve({}, {}), 0, Clock(None))
    assert auto.chosen(context) is relinearised.solve
    linear = replace(form, rows=tuple(row for row in form.rows if row.linear))
    assert not relinearised.supports(linear)
