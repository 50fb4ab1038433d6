"""What is stored of a course: its fields to the tolerance, on fewer intervals and modes."""

import itertools

import numpy as np
import pytest
from numpy.polynomial import legendre

from inrpde.networks.harmonics import Harmonics
from inrpde.networks.lines import Lines
from inrpde.networks.offset import bare
from inrpde.solvers.periodic import stored
from inrpde.solvers.periodic.course import follow
from inrpde.solvers.periodic.modes import Modes
from inrpde.solvers.periodic.stored import Interval, joined, state
from tests.solvers.periodic.problems import burgers, cubic, on_line, parts, schroedinger, spots, wave


def followed(problem, tolerance):
    equations, initial = parts(problem)
    return equations, follow(equations, initial, tolerance)


def values(found, unknown, points):
    zero = (0,) * points.shape[1]
    return found.jets(unknown, points, [zero])[zero]


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6])
@pytest.mark.parametrize("number", [0, 1])
def test_a_state_has_the_values_of_the_solution(number, tolerance):
    problem, known = [
        (wave()[0], lambda x, t: np.cos(x) * np.cos(2 * t) + np.sin(2 * x - t)),
        (schroedinger()[0], lambda x, t: np.exp(1j * (t + np.cos(x)))),
    ][number]
    equations, course = followed(problem, tolerance)
    points = on_line(end=course.times[-1])
    assert np.max(np.abs(values(state(course, equations)[0], 0, points) - known(*points.T))) < 10 * tolerance


def test_parts_of_a_complex_unknown_share_a_trial():
    equations, course = followed(cubic()[0], 1e-5)
    found, _ = state(course, equations)
    assert found.trials[0] is found.trials[1]
    points = on_line()
    whole = values(found, 0, points) + 1j * values(found, 1, points)
    assert np.max(np.abs(whole - np.exp(1j * (2 * points[:, 0] - 1.75 * points[:, 1])) / 2)) < 1e-4


def interval(start, end, f, count=6):
    """The interpolant of a function of the time, times cos x."""
    modes = Modes(np.zeros(1), np.array([2 * np.pi]), (2,), True)
    at = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    series = legendre.legfit(at, f(start + (end - start) * (at + 1) / 2), count - 1)
    spectra = np.zeros((count, 1, *modes.shape), complex)
    spectra[:, 0, 1] = series / 2
    return Interval(start, end, modes, spectra)


def test_intervals_are_joined_where_one_polynomial_holds_them():
    edges = [0, 0.1, 0.2, 0.5, 0.6, 1.0]
    smooth = [interval(a, b, np.exp) for a, b in itertools.pairwise(edges)]
    (whole,) = joined(smooth, 1e-4)
    assert (whole.start, whole.end) == (0, 1)
    exact = interval(0, 1, np.exp)
    assert np.allclose(whole.spectra, exact.spectra, atol=1e-5)
    assert len(joined(smooth, 1e-12)) == 5


def test_what_bends_between_intervals_stays_in_several():
    bent = [interval(a, a + 0.25, lambda t: np.abs(t - 0.5)) for a in (0, 0.25, 0.5, 0.75)]
    assert [(each.start, each.end) for each in joined(bent, 1e-6)] == [(0, 0.5), (0.5, 1)]


def test_fewer_modes_are_stored_than_there_are_and_no_more_than_may_be(monkeypatch):
    equations, course = followed(spots(), 1e-3)
    found, left = state(course, equations)
    body = bare(found.trials[0])
    assert isinstance(body, Lines)
    assert isinstance(body.inner, Harmonics)
    assert body.inner.width < 2 * max(piece.modes.size for piece in course.pieces)
    assert len(body.times) < len(course.times)
    monkeypatch.setattr(stored, "STORED", found.width / 3)
    fewer, more_left = state(course, equations)
    assert fewer.width <= found.width / 3
    assert left < 1e-3 < more_left


def test_modes_that_do_not_matter_are_left_out():
    equations, course = followed(burgers(), 1e-3)
    counts = [bare(state(each, equations)[0].trials[0]).inner.width for each in (course, followed(burgers(), 1e-7)[1])]
    assert counts[0] < counts[1] / 2
