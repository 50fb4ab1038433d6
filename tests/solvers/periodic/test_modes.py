"""Fourier modes: fields and spectra are one another's, derivatives are those of sines, modes may be more or fewer."""

import numpy as np
import pytest

from inrpde.solvers.periodic.modes import Modes, leading

RNG = np.random.default_rng(0)
EXTENTS = {1: ([-1.0], [3.0]), 2: ([0.0, 1.0], [1.0, 4.0]), 3: ([0.0, 0.0, -2.0], [1.0, 2.0, 2.0])}
EVERY = [(dim, real) for dim in (1, 2, 3) for real in (True, False)]


def modes(dim, real=True, most=4):
    lo, length = map(np.array, EXTENTS[dim])
    return Modes(lo, length, tuple(most + k for k in range(dim)), real)


def spectra(of, count=2):
    found = RNG.standard_normal((count, *of.shape)) + 1j * RNG.standard_normal((count, *of.shape))
    return of.symmetric(found)


def summed(of, found, points):
    """The field of a spectrum by the sum of its modes."""
    numbers = np.stack([each.ravel() for each in np.meshgrid(*of.numbers, indexing="ij")], axis=1)
    waves = np.exp(2j * np.pi * (points - of.lo) / of.length @ numbers.T)
    values = waves @ (found * of.weights).ravel()
    return values.real if of.real else values


@pytest.mark.parametrize(("dim", "real"), EVERY)
def test_fields_are_the_sums_of_their_modes_and_give_them_back(dim, real):
    of = modes(dim, real)
    found = spectra(of)
    values = of.values(found)
    assert values.shape == (2, *of.grid)
    assert np.allclose(values[1].ravel(), summed(of, found[1], of.points))
    assert np.allclose(of.spectra(values), found)
    assert of.sizes(found) == pytest.approx(np.sqrt(np.mean(np.abs(values) ** 2, axis=tuple(range(1, dim + 1)))))


@pytest.mark.parametrize(("dim", "real"), EVERY)
def test_derivatives_are_those_of_differences(dim, real):
    of, h = modes(dim, real), 1e-4
    found, points = spectra(of, 1)[0], RNG.uniform(size=(5, dim))
    index = tuple(int(k == dim - 1) for k in range(dim))
    shift = h * np.array(index)
    slope = (summed(of, found, points + shift) - summed(of, found, points - shift)) / (2 * h)
    exact = summed(of, found * of.factor(index), points)
    assert np.allclose(slope, exact, atol=1e-4 * np.abs(exact).max())
    assert np.allclose(of.factor((2,) + (0,) * (dim - 1)), of.factor((1,) + (0,) * (dim - 1)) ** 2)


@pytest.mark.parametrize("dim", [2, 3])
def test_what_has_no_real_field_is_left_out_of_a_symmetric_spectrum(dim):
    of = modes(dim)
    found = RNG.standard_normal((1, *of.shape)) + 1j * RNG.standard_normal((1, *of.shape))
    kept = of.symmetric(found.copy())
    assert not np.allclose(kept, found)
    assert np.allclose(of.spectra(of.values(found)), kept)


@pytest.mark.parametrize(("dim", "real"), EVERY)
def test_modes_that_are_added_and_taken_away_again_change_nothing(dim, real):
    few, many = modes(dim, real), modes(dim, real, 6)
    found = spectra(few, 3).reshape(3, 1, *few.shape)
    more = few.moved(found, many)
    assert np.array_equal(many.moved(more, few), found)
    points = RNG.uniform(size=(5, dim))
    assert np.allclose(summed(few, found[0, 0], points), summed(many, more[0, 0], points))


def test_tails_are_what_lies_beyond_a_share_along_each_coordinate():
    of = modes(2)
    found = np.zeros((1, *of.shape), complex)
    found[0, 4, 0] = found[0, -4, 0] = 0.5  # cos 4x
    found[0, 0, 2] = 0.5  # cos 2y
    assert of.tails(found, 0.9)[:, 0] == pytest.approx([np.sqrt(0.5), 0])
    assert of.tails(found, 0.3)[:, 0] == pytest.approx([np.sqrt(0.5), np.sqrt(0.5)])
    assert of.needed(found, np.array([0.1])).tolist() == [4, 2]
    assert of.needed(found, np.array([0.8])).tolist() == [0, 0]


def test_one_of_a_wavevector_and_its_negative_leads():
    numbers = np.array([[0, 0], [1, 0], [-1, 0], [3, -1], [-3, 1]])
    assert leading(numbers).tolist() == [0, 1, -1, -1, 1]
