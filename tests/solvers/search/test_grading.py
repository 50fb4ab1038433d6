"""Shapes of cells: how many there are, how rich they are, and where they crowd."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Eq, Interval, tanh

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.expressions import Expressions
from inrpde.solvers.search.grading import (
    cell_plan,
    crowded,
    features,
    first_cells,
    monitor,
    narrowed,
    smooth,
    spaced,
    uniform,
)
from inrpde.solvers.search.survey import Survey

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
MIDDLE = (np.arange(400) + 0.5) / 400


def form_of(source=1, width=1, **more):
    box = Region(plane, Interval(0, width) * Interval(0, 1))
    return compile_problem(Problem("p", [u], [On(box, Eq(-plane.laplace(u), source)), On(box.boundary, u)]))


def shape(plan):
    return tuple(len(breaks) - 1 for breaks in plan.breaks)


class TestSpaced:
    @pytest.mark.parametrize("n", [3, 8, 20])
    def test_a_density_is_shared_out_equally(self, n):
        """∫(1 + x/2) over every cell is the same share of the whole."""
        breaks = np.array(spaced(1 + MIDDLE / 2, n))
        assert (breaks[0], breaks[-1], len(breaks)) == (0, 1, n + 1)
        shares = np.diff(breaks + breaks**2 / 4) / 1.25
        np.testing.assert_allclose(shares, 1 / n, rtol=2e-3)

    @pytest.mark.parametrize("place", [0.0, 0.3, 1.0])
    def test_cells_grow_no_faster_than_they_may(self, place):
        """Beside a spike: (1 + GROWTH/2) / (1 - GROWTH/2) = 5/3 from cell to cell, both ways."""
        sizes = np.diff(spaced(1 + 300 * np.exp(-(((MIDDLE - place) / 0.01) ** 2)), 16))
        assert sizes.max() > 4 * sizes.min()
        ratios = sizes[1:] / sizes[:-1]
        assert np.maximum(ratios, 1 / ratios).max() < 1.7
        finest = (np.cumsum(sizes) - sizes / 2)[np.argmin(sizes)]
        assert abs(finest - place) < 0.05

    def test_an_even_density_makes_even_cells(self):
        np.testing.assert_allclose(spaced(np.full(192, 7.0), 6), uniform(6), atol=1e-5)


def test_there_are_three_cells_along_the_longest_side_or_as_many_as_waves_ask_for():
    wide = form_of(width=3)
    assert shape(first_cells(wide, Survey.of(wide, 0))) == (3, 1)
    wavy = replace(Survey.of(wide, 0), waves=np.array([1.0, 20.0]))
    assert shape(first_cells(wide, wavy)) == (3, 3)


def test_waves_are_shared_by_the_cells():
    form = form_of()
    survey = replace(Survey.of(form, 0), waves=np.array([30.0, 0.0]))
    few, many = (cell_plan(form, survey, (uniform(n), uniform(1))) for n in (2, 10))
    np.testing.assert_allclose(few.band, [smooth(2) + 2 * 15, smooth(2)])
    np.testing.assert_allclose(many.band, [smooth(2) + 2 * 3, smooth(2)])
    assert few.each == features(np.array(few.band)) > many.each
    fewer = narrowed(few, (5.0, 0.0))
    assert (fewer.breaks, fewer.band) == (few.breaks, (smooth(2) + 10, smooth(2)))
    assert fewer.each < few.each


def test_a_cell_has_at_least_and_at_most_so_many_features():
    assert features(np.array([0.1])) == 16
    assert features(np.array([1e3, 1e3])) == 500


def test_the_monitor_is_the_root_of_the_second_derivative_and_nowhere_less_than_half_its_mean():
    """u = x⁴/12 + y²: √|x²| = x along x, one along y, each relative to its mean, and half of that added."""
    form = form_of()
    along, across = monitor(form, Expressions(form, (x**4 / 12 + y**2,)), bins=50)
    middle = (np.arange(50) + 0.5) / 50
    np.testing.assert_allclose(along[3:-3], (middle / 0.5 + 0.5)[3:-3], atol=0.03)
    np.testing.assert_allclose(across, 1.5, rtol=1e-6)


def test_cells_crowd_where_a_state_bends():
    form = form_of()
    front = Expressions(form, (tanh(60 * (x - 0.7)) + y**2,))
    breaks, even = crowded(form, front, (12, 4))
    sizes = np.diff(breaks)
    assert breaks[np.argmin(sizes)] < 0.72
    assert breaks[np.argmin(sizes) + 1] > 0.68
    assert sizes.max() > 2.5 * sizes.min()
    np.testing.assert_allclose(even, uniform(4), atol=0.02)
