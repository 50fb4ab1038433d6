"""Nested patches of features where data are narrow."""

import numpy as np
import pytest
from sympy import Eq, Float, Interval, Rational, erf, exp, pi, sqrt

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.resolution.given import function
from inrpde.sampling.draw import draw
from inrpde.sampling.localised import patches
from inrpde.solvers.bodies.patches import Patches, windowed
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.fitting.linear import fit

SPACE = Space("x y")
X, Y = SPACE.coords
U = SPACE.unknown("u")
OMEGA = Region(SPACE, Interval(0, 1) * Interval(0, 2))


def form_of(narrow):
    """Poisson's equation with a source like a point in the middle."""
    source = exp(-((X - 0.5) ** 2 + (Y - 1) ** 2) / (2 * narrow**2))
    return compile_problem(Problem("p", [U], [On(OMEGA, Eq(-SPACE.laplace(U), source)), On(OMEGA.boundary, U)]))


def test_windows_of_nested_patches():
    form = form_of(0.01)
    inner, outer = windowed(form, 0, np.random.default_rng(0))[:2]
    centre = np.array([[0.5, 1.0]])
    for patch in (inner, outer):
        half = (patch.window.hi - patch.window.lo)[0] / 2
        at = centre + half * np.array([[0.0, 0.0], [0.3, 0.3], [0.99, 0.0], [1.01, 0.0]])
        values = patch.window.jets(at, [(0, 0)])[0, 0]
        np.testing.assert_allclose(values[[0, 1, 3]] / values[0], [1, 1, 0], atol=1e-12)
        assert values[2] < 1e-3 * values[0]
    assert (outer.window.hi - outer.window.lo)[0] == pytest.approx(2 * (inner.window.hi - inner.window.lo)[0])


def test_every_patch_has_the_side_the_band_and_the_features_of_its_source():
    form = form_of(0.01)
    expected = patches(form.bound)
    found = windowed(form, 0, np.random.default_rng(0))
    assert len(found) == len(expected) > 1
    for one, patch in zip(found, expected, strict=True):
        np.testing.assert_allclose((one.window.lo + one.window.hi) / 2, [0.5, 1.0], atol=2e-3)
        np.testing.assert_allclose((one.window.hi - one.window.lo) / 2, patch.half)
        (weight, _) = one.inner.layers[0]
        assert weight.shape == (patch.width, 2)
        assert (0.8 * np.array(patch.band) < np.abs(weight).max(axis=0)).all()
        assert (np.abs(weight).max(axis=0) <= patch.band).all()


@pytest.mark.parametrize("width", [1e-3, 1e-5])
def test_a_charge_on_a_line_is_solved(width):
    """u'' is a bump of the area 1: u bends within a width that no even points meet."""
    space = Space("x")
    (x,) = space.coords
    u = space.unknown("u")
    line, at = Region(space, Interval(0, 1)), x - Rational(3137, 10000)
    bump = exp(-(at**2) / (2 * Float(width) ** 2)) / (sqrt(2 * pi) * Float(width))
    exact = at / 2 * erf(at / (sqrt(2) * Float(width))) + Float(width) ** 2 * bump
    form = compile_problem(Problem("p", [u], [On(line, Eq(u.diff(x, 2), bump)), On(line.boundary, Eq(u, exact))]))
    plan = Global(60, (9.0,))
    state = fit(form, plan, draw(form, plan.points, 0), 0)
    points = np.linspace(0, 1, 1001)[:, None]
    (truth,) = function(form.bound, [exact])(points)
    found = state.jets(0, points, [(0,)])[(0,)]
    assert np.linalg.norm(found - truth) < 5e-6 * np.linalg.norm(truth)


def test_a_barrier_on_a_line_is_solved():
    """A coefficient that falls to 2e-4 within 1e-4, so that half of the difference lies across it."""
    space = Space("x")
    (x,) = space.coords
    u = space.unknown("u")
    line, at, width = Region(space, Interval(0, 1)), x - Rational(3137, 10000), Float(1e-4)
    bump = exp(-(at**2) / (2 * width**2)) / (sqrt(2 * pi) * width)
    exact = x / 2 + erf(at / (sqrt(2) * width)) / 4 + Rational(1, 4)
    equation = space.div(space.grad(u) / (1 + bump))
    form = compile_problem(Problem("p", [u], [On(line, equation), On(line.boundary, Eq(u, exact))]))
    plan = Global(60, (9.0,))
    state = fit(form, plan, draw(form, plan.points, 0), 0)
    points = np.linspace(0, 1, 1001)[:, None]
    (truth,) = function(form.bound, [exact])(points)
    found = state.jets(0, points, [(0,)])[(0,)]
    assert np.linalg.norm(found - truth) < 1e-3 * np.linalg.norm(truth)


def test_broad_data_have_none():
    assert form_of(0.01).linear
    assert Patches().beside(form_of(0.3), 0, np.random.default_rng(0)) == []
    assert len(Patches().beside(form_of(0.01), 0, np.random.default_rng(0))) > 1
