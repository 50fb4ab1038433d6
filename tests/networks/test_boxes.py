"""Points in boxes, against looking at each point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inrpde.networks.boxes import Sorted


def brute(points, lo, hi):
    return np.flatnonzero(np.all((points > lo) & (points < hi), axis=1))


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 400), st.integers(1, 4), st.booleans())
def test_points_strictly_within_boxes(seed, n, d, lattice):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-3, 5, (n, d))
    if lattice:
        points = np.round(points)
    index = Sorted(points)
    assert len(index) == n
    for _ in range(10):
        ends = np.sort(rng.uniform(-4, 6, (2, d)), axis=0)
        if lattice:
            ends = np.round(ends)
        assert np.array_equal(index.inside(*ends), brute(points, *ends))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_infinite_and_empty_boxes_and_points_that_coincide(d):
    points = np.repeat(np.random.default_rng(0).uniform(0, 1, (50, d)), 3, axis=0)
    index = Sorted(points)
    assert len(index.inside(np.full(d, -np.inf), np.full(d, np.inf))) == 150
    assert not len(index.inside(points[0], points[0]))
    assert not len(index.inside(np.full(d, 2.0), np.full(d, 3.0)))
    just = points[7] - 1e-12, points[7] + 1e-12
    assert list(index.inside(*just)) == [6, 7, 8]
    flat = Sorted(np.ones((5, d)))
    assert len(flat.inside(np.zeros(d), np.full(d, 2.0))) == 5


@pytest.mark.parametrize("d", [1, 2, 3])
def test_where_there_are_no_points_every_box_is_empty(d):
    index = Sorted(np.zeros((0, d)))
    for end in (1.0, np.inf):
        assert not len(index.inside(np.full(d, -end), np.full(d, end)))
