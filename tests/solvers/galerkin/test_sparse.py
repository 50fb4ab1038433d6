"""Sparse systems: badly scaled ones, ones with zeros on the diagonal, and singular ones."""

import numpy as np
import pytest
from scipy.sparse import csc_array

from inrpde.errors import DivergedError
from inrpde.solvers.galerkin.sparse import solve

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("kind", [float, complex])
def test_badly_scaled_systems(kind):
    plain = RNG.normal(size=(60, 60)) + 20 * np.eye(60) + (1j * RNG.normal(size=(60, 60)) if kind is complex else 0)
    scale = 10.0 ** RNG.uniform(-8, 8, 60)
    truth = RNG.normal(size=60)
    matrix = scale[:, None] * plain * scale
    found = solve(csc_array(matrix), matrix @ (truth / scale))
    assert np.allclose(found * scale, truth, rtol=1e-9)


def test_zeros_on_the_diagonal():
    """As where a pressure has no equation of its own."""
    block, coupling = RNG.normal(size=(40, 40)), RNG.normal(size=(40, 12))
    matrix = np.block([[block @ block.T + np.eye(40), coupling], [coupling.T, np.zeros((12, 12))]])
    truth = RNG.normal(size=52)
    assert np.allclose(solve(csc_array(matrix), matrix @ truth), truth, rtol=1e-8)


def test_pivots_are_chosen_anew_where_the_diagonal_gives_none():
    matrix, truth = np.array([[1e-13, 1.0, 0], [1, 1e-13, 2], [0, 2, 1]]), np.array([1.0, -2, 3])
    assert np.allclose(solve(csc_array(matrix), matrix @ truth), truth, rtol=1e-9)


def test_what_conditions_leave_open_is_told():
    matrix = np.diag([1.0, 2.0, 0.0])
    with pytest.raises(DivergedError, match="singular"):
        solve(csc_array(matrix), np.ones(3))
