"""Fourier modes and their values on a grid."""

import numpy as np
import pytest

from inrpde.solvers.periodic.modes import Modes, leading

LO, LENGTH = np.array([1.0, -2.0]), np.array([2.0, 3.0])


def field(points):
    a, b = (2 * np.pi * (points - LO) / LENGTH).T
    return 1 + np.sin(2 * a - b) + 0.5 * np.cos(3 * b)


@pytest.mark.parametrize("real", [True, False])
def test_values_and_spectra_are_one_another_s_inverse_and_derivatives_are_factors(real):
    modes = Modes(LO, LENGTH, (4, 5), real)
    values = field(modes.points).reshape(1, *modes.grid)
    spectra = modes.spectra(values)
    assert np.allclose(modes.values(spectra), values, atol=1e-13)
    assert modes.sizes(spectra)[0] == pytest.approx(np.sqrt(np.mean(values**2)), rel=1e-12)
    slope = modes.values(spectra * modes.factor((1, 1))).real
    a, b = (2 * np.pi * (modes.points - LO) / LENGTH).T
    rates = 2 * np.pi / LENGTH
    assert np.allclose(slope.ravel(), 2 * rates[0] * rates[1] * np.sin(2 * a - b), atol=1e-11)


def test_more_modes_hold_the_same_field_and_tails_what_is_beyond():
    few, many = Modes(LO, LENGTH, (3, 4), True), Modes(LO, LENGTH, (6, 8), True)
    spectra = few.spectra(field(few.points).reshape(1, *few.grid))
    again = few.moved(spectra, many)
    assert np.allclose(many.values(again).ravel(), field(many.points), atol=1e-13)
    assert np.allclose(many.moved(again, few), spectra)
    assert np.all(many.tails(again, 0.6) < 1e-13)
    assert few.tails(spectra, 0.5)[1, 0] == pytest.approx(0.5 / np.sqrt(2))


def test_of_a_number_and_its_negative_one_leads():
    numbers = np.array([[1, 0], [-1, 0], [2, -1], [-2, 1], [0, 0]])
    assert leading(numbers).tolist() == [1, -1, -1, 1, 0]
