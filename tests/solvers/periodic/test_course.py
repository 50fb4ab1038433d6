"""Modes and steps that follow a solution: as many as it has, and more and shorter ones than before."""

import itertools

import numpy as np
import pytest
from numpy.polynomial import legendre

from inrpde.solvers.periodic import course as module
from inrpde.solvers.periodic.course import first_modes, follow
from tests.solvers.periodic.problems import blowing, burgers, jump, kuramoto, parts, wave


def most(found):
    return [piece.modes.most[0] for piece in found.pieces]


def at_end(found):
    """The spectrum at the end, and its modes."""
    piece = found.pieces[-1]
    return np.sum(piece.steps[-1], axis=0), piece.modes


def test_modes_begin_as_the_initial_values_are_and_grow_with_the_solution():
    equations, initial = parts(kuramoto())
    found = follow(equations, initial, 1e-3)
    assert most(found)[0] < 12
    assert most(found)[-1] > 50
    assert found.times[-1] == 1.0
    assert found.missed == 0
    spectrum, modes = at_end(found)
    assert np.max(modes.tails(spectrum, 0.85)) < 2e-3 * np.max(modes.sizes(spectrum))


def test_modes_become_fewer_where_a_solution_is_smoothed():
    equations, initial = parts(jump())
    found = follow(equations, initial, 1e-3)
    assert most(found)[0] > 1000
    assert most(found)[-1] < 50


def test_a_finer_course_has_more_modes_and_shorter_steps_at_all_times():
    equations, initial = parts(burgers())
    coarse = follow(equations, initial, 1e-3)
    for fine in (follow(equations, initial, 1e-4, coarse), follow(equations, initial, 1e-3, coarse)):
        for time in np.linspace(0.01, 0.99, 30):
            before, after = coarse.step(time), fine.step(time)
            lengths = [np.diff(each.times)[n] for each, n in ((coarse, before), (fine, after))]
            assert lengths[1] < lengths[0]
        assert min(most(fine)) >= module.MORE * min(most(coarse))
    one, two = (at_end(each)[0] for each in (coarse, follow(equations, initial, 1e-5, coarse)))
    count = min(len(one[0]), len(two[0]))
    assert np.linalg.norm(one[0, :count] - two[0, :count]) < 1e-2 * np.linalg.norm(two)


def test_where_there_may_be_no_more_modes_what_is_missed_is_known(monkeypatch):
    monkeypatch.setitem(module.MOST, 1, 30)
    equations, initial = parts(burgers(2, 0.002))
    found = follow(equations, initial, 1e-3)
    assert max(most(found)) < 30
    assert found.missed > 1e-3
    assert 0.3 < found.poor < 2


def test_a_solution_that_blows_up_ends_there(monkeypatch):
    monkeypatch.setitem(module.MOST, 1, 300)
    equations, initial = parts(blowing())
    found = follow(equations, initial, 1e-3)
    assert 0.6 < found.times[-1] < 0.75


def test_steps_join_without_a_gap():
    equations, initial = parts(wave(0.5)[0])
    found = follow(equations, initial, 1e-5)
    steps = [(piece.modes, step) for piece in found.pieces for step in piece.steps]
    for (one, before), (two, after) in itertools.pairwise(steps):
        end, start = legendre.legval(1.0, before), legendre.legval(-1.0, after)
        assert np.max(np.abs(one.moved(end, two) - start)) < 1e-4


@pytest.mark.parametrize("tolerance", [1e-2, 1e-8])
def test_the_first_modes_hold_the_initial_values_to_the_tolerance(tolerance):
    equations, initial = parts(burgers())
    assert first_modes(equations, initial, tolerance).most == (module.FEWEST,)
    equations, initial = parts(kuramoto())
    modes = first_modes(equations, initial, tolerance)
    spectra, _ = initial.exact(modes, tolerance)
    points = np.linspace(0, 2 * np.pi, 50)
    waves = np.exp(1j * np.multiply.outer(points, modes.numbers[0])) * modes.weights
    values = (waves @ spectra[0]).real
    assert np.allclose(values, np.cos(points) * (1 + np.sin(points)), atol=tolerance)
