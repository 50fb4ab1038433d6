"""Narrow data: where they are found, and what the patches of features and points there make of them."""

import numpy as np
import pytest
from sympy import Eq, Interval, exp, pi, sin

import inrpde
from inrpde import Ball, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling.draw import draw
from inrpde.sampling.localised import patches
from inrpde.solvers.search.scales import scales

SPACE = Space("x y")
X, Y = SPACE.coords
U = SPACE.unknown("u")
OMEGA = Region(SPACE, Interval(0, 1) * Interval(0, 2))


def bump(x0, y0, width):
    return exp(-((X - x0) ** 2 + (Y - y0) ** 2) / (2 * width**2))


def poisson(source, exact=None):
    conditions = [
        On(OMEGA, Eq(-SPACE.laplace(U), source)),
        On(OMEGA.boundary, Eq(U, exact if exact is not None else 0)),
    ]
    return Problem("p", [U], conditions, exact={} if exact is None else {U: exact})


class TestPatches:
    def test_nested_round_a_source(self):
        found = patches(compile_problem(poisson(bump(0.3, 1.1, 0.005))).bound)
        assert [patch.innermost for patch in found] == [True] + [False] * (len(found) - 1)
        halves = np.array([patch.half for patch in found])
        np.testing.assert_allclose(halves[0], 6 * 0.005, rtol=0.15)
        np.testing.assert_allclose(halves[1:] / halves[:-1], 2)
        np.testing.assert_allclose([patch.centre for patch in found], [[0.3, 1.1]] * len(found), atol=0.1 * 0.005)

    def test_several_beside_something_broad_and_faint(self):
        source = bump(0.3, 1.1, 0.01) - 0.5 * bump(0.7, 0.5, 0.015) + 0.001 * sin(pi * X)
        found = patches(compile_problem(poisson(source)).bound)
        centres = sorted(patch.centre for patch in found if patch.innermost)
        np.testing.assert_allclose(centres, [[0.3, 1.1], [0.7, 0.5]], atol=3e-3)

    def test_a_layer_has_patches_along_it(self):
        found = patches(compile_problem(poisson(exp(-(((X - 0.5) / 0.01) ** 2)))).bound)
        assert found
        assert all(np.isinf(patch.half[1]) for patch in found)

    def test_boundary_data_have_patches_that_reach_inside(self):
        form = compile_problem(on_a_face(bump(0.3, 0, 0.002)))
        first = patches(form.bound)[0]
        np.testing.assert_allclose(first.centre, [0.3, 0], atol=1e-3)
        np.testing.assert_allclose(first.half, 0.012, rtol=0.2)

    @pytest.mark.parametrize("source", [bump(0.5, 1, 0.2), sin(20 * X) * sin(20 * Y), 0 * X])
    def test_none_in_data_that_are_broad_or_long(self, source):
        assert patches(compile_problem(poisson(source)).bound) == ()


def on_a_face(datum):
    conditions = [On(OMEGA, SPACE.laplace(U)), On(OMEGA.face(Y, 0), Eq(U, datum)), On(OMEGA.boundary.where(Y > 0), U)]
    return Problem("p", [U], conditions)


class TestPoints:
    def test_integrals_of_narrow_and_of_broad_functions(self):
        width = 0.01
        form = compile_problem(poisson(bump(0.3, 1.1, width)))
        site = draw(form, 3000, 0).conditions[0]
        x, y = site.points.T
        narrow = np.exp(-((x - 0.3) ** 2 + (y - 1.1) ** 2) / (2 * width**2))
        assert site.weights @ narrow == pytest.approx(2 * np.pi * width**2, rel=0.1)
        assert site.weights @ (x * y) == pytest.approx(1, rel=0.02)
        assert site.weights.sum() == pytest.approx(2, rel=1e-3)
        assert len(x) < 6000

    @pytest.mark.parametrize("width", [1e-3, 1e-5])
    def test_boundary_data_are_met_too(self, width):
        form = compile_problem(on_a_face(bump(0.3, 0, width)))
        for seed in (0, 1):
            site = draw(form, 1000, seed).conditions[1]
            values = np.exp(-((site.points[:, 0] - 0.3) ** 2) / (2 * width**2))
            assert site.weights @ values == pytest.approx(np.sqrt(2 * np.pi) * width, rel=0.1)
            assert (site.points[:, 1] == 0).all()
            np.testing.assert_allclose(site.normals, [[0, -1]] * len(values))

    def test_squares_count_by_the_length_on_which_data_vary(self):
        site = draw(compile_problem(poisson(bump(0.3, 1.1, 0.01))), 1000, 0).conditions[0]
        away = np.abs(site.points - [0.3, 1.1]).max(axis=1)
        assert site.lengths is not None
        assert site.lengths[away < 0.01].max() < 0.06
        np.testing.assert_allclose(site.lengths[away > 0.75], 1)
        np.testing.assert_allclose(site.roots**2 * site.weights.sum(), site.weights * site.lengths)
        assert draw(compile_problem(poisson(X)), 1000, 0).conditions[0].lengths is None

    def test_data_on_a_circle_are_met_too(self):
        disc = Ball(SPACE, (0, 0), 1)
        datum = exp(-((X - 0.6) ** 2 + (Y - 0.8) ** 2) / 2e-8)
        form = compile_problem(Problem("p", [U], [On(disc, SPACE.laplace(U)), On(disc.boundary, Eq(U, datum))]))
        site = draw(form, 1000, 0).conditions[1]
        values = np.exp(-((site.points - [0.6, 0.8]) ** 2).sum(axis=1) / 2e-8)
        assert site.weights @ values == pytest.approx(np.sqrt(2 * np.pi) * 1e-4, rel=0.15)
        np.testing.assert_allclose(site.normals, site.points, atol=1e-6)

    def test_initial_values_and_what_moves_are_met_in_every_window(self):
        space = Space("x", time="t")
        x, t = space.coords
        u = space.unknown("u")
        line = Region(space, Interval(0, 1) * Interval(0, 1))
        moving, first = exp(-((x - 0.1 - t / 2) ** 2) / 2e-6), exp(-((x - 0.7) ** 2) / 2e-6)
        conditions = [
            On(line, Eq(u.diff(t), u.diff(x, 2) + moving)),
            On(line.boundary, u),
            On(line.initial, Eq(u, first)),
        ]
        form = compile_problem(Problem("p", [u], conditions))
        for window in (None, (0.5, 0.6)):
            volume = draw(form, 1000, 0, window=window).conditions[0]
            near = np.abs(volume.points[:, 0] - 0.1 - volume.points[:, 1] / 2) < 2e-3
            assert near.sum() > 20
            assert window is None or ((volume.points[:, 1] >= 0.5) & (volume.points[:, 1] <= 0.6)).all()
        assert (np.abs(draw(form, 1000, 0).conditions[2].points[:, 0] - 0.7) < 2e-3).sum() > 20

    def test_narrow_data_do_not_set_the_band_of_everything(self):
        form = compile_problem(poisson(bump(0.3, 1.1, 0.005)))
        assert scales(form, draw(form, 1000, 0)).all.max() == 0


def test_a_point_like_source_is_resolved():
    """Of a solution of size 1 with a bump of width and height 0.01."""
    solution = bump(0.3, 1.1, 0.01) / 100 + sin(pi * X) * sin(pi * Y / 2)
    problem = poisson(-SPACE.laplace(solution).doit(), solution)
    report = inrpde.solve(problem, reference="none", settings={"solver.width": 300}).report
    assert report["fields"]["u"]["exact"]["max"] < 5e-5
