"""Fields from values and slopes at points alone: how far away, and on which side."""

import numpy as np
import pytest

from inrpde.solvers.scattered.expansion import Expansion


@pytest.mark.parametrize("dim", [2, 3])
def test_winding_numbers_of_two_spheres(dim):
    """One inside the other's reach, thinly sampled: 1 inside, 0 outside, with areas from neighbours."""
    rng = np.random.default_rng(0)
    normals = rng.standard_normal((2, 1500, dim))
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    centres = np.array([[-0.45, 0.0, 0.0], [0.45, 0.0, 0.0]])[:, None, :dim]
    known = Expansion.of((centres + 0.35 * normals).reshape(-1, dim), np.zeros(3000), normals.reshape(-1, dim))
    at = rng.uniform(-1, 1, (1000, dim))
    true = np.min(np.linalg.norm(at - centres, axis=2) - 0.35, axis=0)
    assert known.closed
    np.testing.assert_allclose(known.winding(at)[np.abs(true) > 0.1], (true < 0)[np.abs(true) > 0.1], atol=0.25)
    found = known.jets(0, at, [(0,) * dim])[(0,) * dim]
    assert np.mean(np.abs(found - true)) < 0.01


def test_an_open_sheet_has_the_sides_of_its_normals():
    s = np.linspace(-0.5, 0.5, 101)
    points, normals = np.stack([s, 0 * s], axis=1), np.tile([0.0, 1.0], (101, 1))
    known = Expansion.of(points, np.zeros(101), normals)
    assert not known.closed
    jets = known.jets(0, np.array([[0.1, 0.2], [0.1, -0.2], [0.9, 0.3]]), [(0, 0), (0, 1)])
    np.testing.assert_allclose(jets[0, 0], [0.2, -0.2, 0.5], atol=0.02)
    np.testing.assert_allclose(jets[0, 1][:2], 1, atol=1e-6)
