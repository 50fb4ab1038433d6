"""Narrow data: where they are found, and what the patches of features and points there make of them."""

import numpy as np
import pytest
from sympy import Eq, Interval, exp, pi, sin

import inrpde
from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling.draw import draw
from inrpde.sampling.localised import localised_sources
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


def found(source):
    return localised_sources(compile_problem(poisson(source)), OMEGA)


class TestWhere:
    @pytest.mark.parametrize("width", [0.02, 0.005])
    def test_centre_and_width(self, width):
        (one,) = found(7 * bump(0.3, 1.1, width))
        np.testing.assert_allclose(one.centre, [0.3, 1.1], atol=0.1 * width)
        assert one.width == pytest.approx(width, rel=0.15)

    def test_several_beside_something_broad_and_faint(self):
        source = bump(0.3, 1.1, 0.01) - 0.5 * bump(0.7, 0.5, 0.015) + 0.001 * sin(pi * X)
        centres = sorted(each.centre for each in found(source))
        np.testing.assert_allclose(centres, [[0.3, 1.1], [0.7, 0.5]], atol=3e-3)

    @pytest.mark.parametrize(
        "source", [bump(0.5, 1, 0.2), sin(20 * X) * sin(20 * Y), exp(-(((X - 0.5) / 0.01) ** 2)), 0 * X]
    )
    def test_nothing_in_data_that_are_broad_or_long(self, source):
        assert found(source) == ()


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

    def test_narrow_data_do_not_set_the_band_of_everything(self):
        form = compile_problem(poisson(bump(0.3, 1.1, 0.005)))
        assert scales(form, draw(form, 1000, 0)).all.max() == 0


def test_a_point_like_source_is_resolved():
    """Of a solution of size 1 with a bump of width and height 0.01."""
    solution = bump(0.3, 1.1, 0.01) / 100 + sin(pi * X) * sin(pi * Y / 2)
    problem = poisson(-SPACE.laplace(solution).doit(), solution)
    report = inrpde.solve(problem, reference="none", settings={"solver.width": 300}).report
    assert report["fields"]["u"]["exact"]["max"] < 5e-5
