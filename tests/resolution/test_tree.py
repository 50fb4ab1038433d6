"""Adaptive boxes."""

import numpy as np

from inrpde.resolution.tree import MOST, leaves

LO, HI, ALONG = np.zeros(2), np.ones(2), np.array([0, 1])
NOWHERE = np.zeros((0, 2))


def volume(found):
    return np.prod(found.hi - found.lo, axis=1).sum()


def test_a_polynomial_is_left_as_it_is():
    found = leaves(lambda p: p[:, 0] ** 3 - p[:, 1], LO, HI, ALONG, NOWHERE)
    assert np.isclose(volume(found), 1)
    assert not found.open.any()
    assert len(found.lo) == 64


def test_boxes_shrink_to_a_seed_and_tell_the_width():
    at, width = np.array([0.3137, 0.6]), 1e-5
    found = leaves(lambda p: np.exp(-((p - at) ** 2).sum(axis=1) / width**2), LO, HI, ALONG, at[None])
    assert np.isclose(volume(found), 1)
    assert not found.open.any()
    assert 1 < found.width.min() / width < 1.5  # 1.17: of the largest slope
    smallest = np.argmin(found.width.min(axis=1))
    assert (np.abs(found.lo[smallest] - at) < 10 * width).all()


def test_coordinates_that_nothing_depends_on_are_not_cut():
    found = leaves(lambda p: np.sin(200 * p[:, 0]), LO, HI, np.array([0]), NOWHERE)
    assert (found.hi[:, 1] == 1).all()
    assert np.isinf(found.width[:, 1]).all()
    assert len(found.lo) > 20


def test_where_boxes_are_too_many_they_stay_open():
    found = leaves(lambda p: np.sin(1e6 * p[:, 0]), LO, HI, np.array([0]), NOWHERE)
    assert found.open.any()
    assert len(found.lo) <= 4 * MOST
