"""Many samples: fields between them, slopes as labels, several fields, priors, outliers, complex values."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Eq, I, Interval, Matrix

from inrpde import On, Points, Problem, Region, Space, config
from inrpde.compiler import compile_problem
from inrpde.sampling import grid_points
from inrpde.solvers import adam, auto, conjugate, least_squares
from inrpde.solvers.conjugate import Fit
from inrpde.solvers.loop import run
from inrpde.solvers.method import Clock, Context
from inrpde.solvers.resolution import resolved_plan
from inrpde.solvers.samples import draw

plane, line = Space("x y"), Space("t")
x, y = plane.coords
u, v = plane.unknowns("u v")
NODES = grid_points([np.linspace(0, 1, 90), np.linspace(0, 1, 90)])
BETWEEN = np.random.default_rng(5).uniform(0.01, 0.99, (500, 2))


def hills(at):
    return np.sin(9 * at[:, 0] + np.cos(7 * at[:, 1])) + 0.3 * np.cos(25 * at[:, 0] * at[:, 1])


def slopes(at, step=1e-6):
    shifts = step * np.eye(2)
    return np.column_stack([(hills(at + s) - hills(at - s)) / (2 * step) for s in shifts])


def context(problem, **settings):
    chosen = config.resolve({}, {f"solver.{key}": value for key, value in settings.items()})
    return Context(compile_problem(problem), chosen, 0, Clock(None))


def error(state, at, expected, unknown=0):
    zero = (0,) * at.shape[1]
    return np.linalg.norm(state.jets(unknown, at, [zero])[zero] - expected) / np.linalg.norm(expected)


def fitted(problem, steps):
    form = compile_problem(problem)
    plan = resolved_plan(form)
    fit = Fit.of(form, plan, draw(form, plan.points, 0), 0)
    return fit.state(fit.run(fit.start(), steps))


def test_a_field_is_as_good_between_its_samples_as_on_them():
    pixels = Points(plane, NODES, {"grey": hills(NODES)})
    found = fitted(Problem("p", [u], [On(pixels, Eq(u, pixels["grey"]))]), 100)
    assert error(found, NODES, hills(NODES)) < 1.5e-3
    assert error(found, BETWEEN, hills(BETWEEN)) < 3e-3


def test_slopes_as_labels_leave_one_constant():
    pixels = Points(plane, NODES, {"slope": slopes(NODES)})
    found = fitted(Problem("p", [u], [On(pixels, Eq(plane.grad(u), pixels["slope"]))]), 100)
    values = found.jets(0, BETWEEN, [(0, 0)])[0, 0]
    shift = np.mean(hills(BETWEEN) - values)
    assert np.linalg.norm(values + shift - hills(BETWEEN)) < 5e-3 * np.linalg.norm(hills(BETWEEN))


def test_several_fields_at_once():
    values = np.column_stack([hills(NODES), NODES[:, 0]])
    pixels = Points(plane, NODES, {"colour": values})
    found = fitted(Problem("p", [u, v], [On(pixels, Eq(Matrix([u, v]), pixels["colour"]))]), 50)
    assert error(found, NODES, values[:, 0], 0) < 5e-3
    assert error(found, NODES, values[:, 1], 1) < 5e-3


def test_absolute_values_pass_over_outliers():
    at = np.linspace(0, 1, 3000)
    clean = np.sin(5 * at)
    wrong = np.random.default_rng(1).permutation(len(at))[:300]
    seen = clean.copy()
    seen[wrong] += 3
    w = line.unknown("w")
    readings = Points(line, at, {"seen": seen})
    smooth = On(readings, w.diff(line.coords[0], 2), weight=1e-2)

    def found(norm):
        return fitted(Problem("p", [w], [On(readings, Eq(w, readings["seen"]), norm=norm), smooth]), 300)

    assert error(found(1), at[:, None], clean) < 0.1 * error(found(2), at[:, None], clean)


def test_complex_values():
    at = np.linspace(0, 1, 500)
    w = line.unknown("w", complex=True)
    readings = Points(line, at, {"seen": np.exp(7j * at)})
    found = fitted(Problem("p", [w], [On(readings, Eq(I * w, I * readings["seen"]))]), 60)
    assert error(found, at[:, None], np.exp(7j * at)) < 1e-3


def test_the_second_solve_has_not_seen_all_samples():
    noise = np.random.default_rng(2).standard_normal(len(NODES))
    pixels = Points(plane, NODES, {"grey": noise})
    found = next(conjugate.solve(context(Problem("p", [u], [On(pixels, Eq(u, pixels["grey"]))]))))
    assert found.score < 0.7
    assert error(found.again(1, [1.0]), NODES, noise) > 0.75


def test_it_ends_where_no_more_digits_are_asked_for():
    pixels = Points(plane, NODES, {"grey": hills(NODES)})
    best = run(conjugate.solve, context(Problem("p", [u], [On(pixels, Eq(u, pixels["grey"]))]))).best
    assert best.score < conjugate.FITTED
    assert "200 iterations" in best.reason


@pytest.mark.parametrize("tol", [None, 3e-4])
def test_a_tolerance_asks_for_more(tol):
    at = np.linspace(0, 1, 7000)
    w = line.unknown("w")
    readings = Points(line, at, {"seen": np.sin(40 * at)})
    asked = replace(context(Problem("p", [w], [On(readings, Eq(w, readings["seen"]))])), tol=tol)
    assert run(conjugate.solve, asked).best.score < (tol or conjugate.FITTED)


def test_what_auto_chooses():
    many = Points(plane, NODES, {"grey": hills(NODES)})
    few = Points(plane, NODES[::10], {"grey": hills(NODES[::10])})
    assert len(few.coordinates) > auto.SOME

    def choice(*conditions, **settings):
        return auto.chosen(context(Problem("p", [u], conditions), **settings))

    omega = Region(plane, Interval(0, 1) ** 2)
    smooth = On(omega, plane.laplace(u), weight=1e-3)
    assert choice(On(many, Eq(u, many["grey"]))) is least_squares.solve
    assert choice(On(many, Eq(u, many["grey"])), smooth) is conjugate.solve
    assert choice(On(many, Eq(u, many["grey"]), norm=1)) is conjugate.solve
    assert choice(On(many, Eq(u, many["grey"])), activation="relu") is adam.solve
    assert choice(On(many, Eq(u**3, many["grey"]))) is adam.solve
    assert choice(On(omega, Eq(u**2 - plane.laplace(u), 1), norm=1), On(few, Eq(u, few["grey"]))) is adam.solve
    assert choice(On(few, Eq(u, few["grey"]))) is least_squares.solve
    assert choice(On(few, Eq(u, few["grey"])), smooth) is conjugate.solve
    assert choice(On(few, Eq(u, few["grey"])), On(omega, plane.laplace(u))) is least_squares.solve
