"""Rules of high order for integrals over boxes and along curves."""

import numpy as np
import pytest
from sympy import Interval

from inrpde import Ball, Region, Space
from inrpde.sampling import integration

space = Space("x y")
x, y = space.coords
square = Region(space, Interval(0, 1) * Interval(0, 2))
disc = Ball(space, (0, 0), 1)


@pytest.mark.parametrize(
    ("region", "f", "truth"),
    [
        (square, lambda p: np.exp(p[:, 0]) * p[:, 1] ** 3, 4 * (np.e - 1)),
        (square.face(x, 0), lambda p: np.exp(p[:, 1]), np.exp(2) - 1),
        (square.boundary, lambda p: np.exp(p[:, 0]), 2 * (np.e - 1) + 2 * (1 + np.e)),
        (disc.boundary, lambda p: p[:, 0] ** 2 + p[:, 1], np.pi),
        (disc.boundary.where(y > 0), lambda p: p[:, 1], 2.0),
        ((square - Ball(space, (0, 0), 0.5)).boundary, lambda p: np.ones(len(p)), 5 + np.pi / 4),
    ],
)
def test_it_is_exact_but_for_where_curves_end(region, f, truth):
    q = integration(region)
    assert np.sum(q.weights * f(q.points)) == pytest.approx(truth, rel=1e-9)
    assert q.measure == pytest.approx(q.weights.sum())


def test_normals_come_with_the_points_of_a_boundary():
    q = integration(disc.boundary)
    assert np.allclose(q.normals, q.points, atol=1e-9)
    assert integration(square).normals is None


def test_elsewhere_points_are_drawn_by_the_seed():
    first, second = (integration(disc, seed).points for seed in (0, 1))
    assert len(first) == pytest.approx(20_000, rel=0.01)
    assert not np.array_equal(first[:100], second[:100])
