"""Learned fields as splines: values, derivatives, roughness, and what they are on other cells."""

from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Function, Interval, Symbol

from inrpde import Learned, Region, Space
from inrpde.compiler.bind import Unknown
from inrpde.references.inverse.parameters import Parameters, dense
from inrpde.references.terms import Sought

space = Space("x y")
x, y = space.coords
BOX = Region(space, Interval(0, 2) * Interval(-1, 1))


def parameters(cells, *sought):
    learned = [Unknown(symbol, str(symbol), False, None, data) for symbol, data in sought]
    volume = (SimpleNamespace(region=BOX),)
    return Parameters(SimpleNamespace(space=space, volume=volume, sought=learned), dict.fromkeys((1, 2), cells))


FIELD = Function("a", real=True)(x, y), Learned(1.0, bounds=(0.5, 3))
NUMBER = Symbol("k", positive=True), Learned(2.0)


def test_cubics_are_splines_and_so_are_their_derivatives():
    made = parameters(4, FIELD)
    points = np.random.default_rng(0).random((60, 2)) * 2 + [0, -1]
    values = lambda p: p[:, 0] ** 3 - 2 * p[:, 0] * p[:, 1] ** 2  # noqa: E731
    matrix = made.at(Sought(0, (0, 0)), points).toarray()
    theta = np.linalg.lstsq(matrix, values(points), rcond=None)[0]
    other = np.array([[0.0, -1.0], [0.3, 0.2], [2.0, 1.0]])
    assert np.allclose(made.at(Sought(0, (0, 0)), other) @ theta, values(other))
    assert np.allclose(made.at(Sought(0, (2, 0)), other) @ theta, 6 * other[:, 0])
    assert np.allclose(made.at(Sought(0, (1, 1)), other) @ theta, -4 * other[:, 1])
    assert np.allclose(made.at(Sought(0, (4, 0)), other) @ theta, 0)


def test_roughness_is_the_mean_square_of_derivatives_in_lengths():
    made = parameters(5, FIELD)
    part = made.parts[0]
    points = np.random.default_rng(1).random((300, 2)) * 2 + [0, -1]
    theta = np.linalg.lstsq(dense(*part.values(points, (0, 0)), part.count), points[:, 0] * points[:, 1], rcond=None)[0]
    slopes, curvatures = (np.sum((part.roughness(order) @ theta) ** 2) for order in (1, 2))
    assert slopes == pytest.approx(4 * (1 / 3 + 4 / 3))  # the mean of y² + x², in units of both lengths, 2
    assert curvatures == pytest.approx(2 * 16)  # of the mixed derivative, 1, twice


def test_numbers_and_bounds_stand_side_by_side():
    made = parameters(3, NUMBER, FIELD)
    assert (made.count, made.block(0), made.fields) == (1 + 36, slice(0, 1), [1])
    low, high = made.bounds
    assert low[0] == 2e-6
    assert np.isinf(high[0])
    assert set(low[1:]) == {0.5}
    assert np.array_equal(made.at(Sought(0, (0, 0)), np.zeros((2, 2))).toarray()[:, 0], [1, 1])
    assert not made.at(Sought(0, (1, 0)), np.zeros((2, 2))).count_nonzero()


def test_what_coarse_splines_say_finer_ones_say_as_well():
    coarse, fine = parameters(2, NUMBER, FIELD), parameters(4, NUMBER, FIELD)
    theta = coarse.initial
    theta[1:] = np.random.default_rng(2).uniform(0.6, 2.9, coarse.count - 1)
    carried = coarse.carried(theta, fine)
    points = np.random.default_rng(3).random((50, 2)) * 2 + [0, -1]
    assert carried[0] == 2
    values, expected = (m.at(Sought(1, (0, 0)), points) @ t for m, t in ((fine, carried), (coarse, theta)))
    assert np.allclose(values, expected)
