"""Multipoles are harmonic, their derivatives are right to high order, and they come back from storage."""

import numpy as np
import pytest

from inrpde.networks.multipole import Multipoles
from inrpde.networks.stored import dump_trial, load_trial

POINTS = np.random.default_rng(0).uniform(1, 2, (7, 3))
POLES = Multipoles((0.1, 0.2, 0.3), 0.5, 5)


def test_there_are_as_many_as_independent_multipoles():
    assert POLES.width == 6**2


def test_they_are_harmonic():
    jets = POLES.jets(POINTS, [(2, 0, 0), (0, 2, 0), (0, 0, 2)])
    assert np.abs(sum(jets.values())).max() < 1e-13 * np.abs(jets[2, 0, 0]).max()


@pytest.mark.parametrize("index", [(0, 0, 0), (1, 0, 0), (0, 1, 1), (2, 0, 1)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_derivatives_are_those_of_differences(index, axis):
    step = 1e-4 * np.eye(3)[axis]
    higher = tuple(n + (k == axis) for k, n in enumerate(index))
    ahead, behind = (POLES.jets(POINTS + s, [index])[index] for s in (step, -step))
    exact = POLES.jets(POINTS, [higher])[higher]
    assert np.abs((ahead - behind) / 2e-4 - exact).max() < 1e-5 * np.abs(exact).max()


def test_the_first_is_the_potential_of_a_point():
    distance = np.linalg.norm(POINTS - [0.1, 0.2, 0.3], axis=1)
    assert np.allclose(POLES.jets(POINTS, [(0, 0, 0)])[0, 0, 0][:, 0], 0.5 / distance, rtol=1e-14)


def test_storage():
    again = load_trial(dump_trial(POLES))
    assert np.array_equal(again.jets(POINTS, [(1, 0, 0)])[1, 0, 0], POLES.jets(POINTS, [(1, 0, 0)])[1, 0, 0])
