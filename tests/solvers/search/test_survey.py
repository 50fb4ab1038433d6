"""What a form shows before it is solved: wave numbers, sources, samples, and the points that are never fitted."""

import numpy as np
import pytest
from sympy import Eq, Interval, Rational, exp, sin

from inrpde import Ball, On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling.draw import draw
from inrpde.solvers.contract.levels import SCORED
from inrpde.solvers.search.survey import LEFT_OUT, Survey, smoothed, sources

plane = Space("x y")
x, y = plane.coords
u = plane.unknown("u")
square = Region(plane, Interval(0, 2) * Interval(0, 1))


def survey(*conditions):
    return Survey.of(compile_problem(Problem("p", [u], list(conditions))), 0)


def poisson(source):
    return [On(square, Eq(-plane.laplace(u), source)), On(square.boundary, u)]


def test_wave_numbers_are_those_of_the_equation_and_of_its_source_in_half_the_box():
    waves = survey(On(square, plane.laplace(u) + 30**2 * u - 1), On(square.boundary, u))
    np.testing.assert_allclose(waves.ringing, [30, 15], rtol=1e-6)
    np.testing.assert_allclose(waves.waves, waves.ringing)
    driven = survey(*poisson(sin(20 * x) * sin(8 * y)))
    np.testing.assert_allclose(driven.driven, [20, 4], rtol=0.15)
    assert not driven.ringing.any()
    np.testing.assert_allclose(driven.waves, driven.driven)
    assert driven.narrow == (False, False)


def test_narrow_sources_are_left_to_cells_that_crowd_there():
    """A ridge along y, at a quarter of the width."""
    found = survey(*poisson(exp(-(((x - Rational(1, 2)) / Rational(1, 12)) ** 2))))
    assert found.narrow == (True, False)
    assert not found.waves.any()
    assert found.driven[0] > 10
    across = found.sources[0]
    assert np.argmax(across) / len(across) == pytest.approx(0.25, abs=0.01)
    assert across[-1] < 0.05 * across.max()


def test_sources_bend_as_the_root_of_their_size():
    across, along = sources(compile_problem(Problem("p", [u], poisson((1 + x) ** 2))))
    middle = (np.arange(192) + 0.5) / 192 * 2
    np.testing.assert_allclose(across[5:-5] / across[96], (1 + middle[5:-5]) / (1 + middle[96]), rtol=0.01)
    np.testing.assert_allclose(along, 1, rtol=0.2)


def test_smoothing_keeps_what_is_even_and_what_there_is_of_a_peak():
    np.testing.assert_allclose(smoothed(np.full(20, 3.0)), 3)
    peak = np.zeros(21)
    peak[10] = 1
    found = smoothed(peak)
    assert found.sum() == pytest.approx(1)
    assert np.count_nonzero(found) == 7
    np.testing.assert_array_equal(found, found[::-1])


def test_points_to_score_are_never_fitted_and_follow_the_seed():
    form = compile_problem(Problem("p", [u], poisson(1)))
    one, same, other = (Survey.of(form, seed).held_out.conditions[0].points for seed in (0, 0, 1))
    fitted = draw(form, SCORED, 0).conditions[0].points
    assert np.array_equal(one, same)
    assert not {tuple(p) for p in one} & ({tuple(p) for p in fitted} | {tuple(p) for p in other})


def test_samples_are_kept_back_beside_equations_and_counted_where_they_are_all_there_is():
    at = np.random.default_rng(0).uniform(0, 1, (200, 2))
    points = Points(plane, at, {"f": at[:, 0]})
    alone = survey(On(points, Eq(u, points["f"])))
    beside = survey(On(points, Eq(u, points["f"])), *poisson(1))
    assert (alone.given_points, beside.given_points) == (200, 0)
    assert len(alone.held_out.conditions[0].points) == 200
    assert len(beside.held_out.conditions[0].points) == LEFT_OUT * 200
    fitted = draw(compile_problem(Problem("p", [u], [On(points, Eq(u, points["f"])), *poisson(1)])), 100, 0)
    kept = fitted.left_out(LEFT_OUT, 0).conditions[0].points
    assert not {tuple(p) for p in kept} & {tuple(p) for p in beside.held_out.conditions[0].points}


def test_holes_are_seen():
    punched = square - Ball(plane, (1, Rational(1, 2)), Rational(1, 5))
    assert survey(On(punched, plane.laplace(u)), On(punched.boundary, u - 1)).has_holes
    assert not survey(*poisson(1)).has_holes
