"""Pieces of a system made orthonormal: they say the same as its matrix, and so do their heads."""

import numpy as np
import pytest

from inrpde.errors import DivergedError
from inrpde.solvers.linear.pieces import Orthonormal
from tests.solvers.systems import chain, system_of

NOTHING = 1e-15


def made(kind=float, ridge=NOTHING):
    """Five pieces that overlap, one that reaches everywhere, one that reaches no row."""
    reaches, widths = chain(5)
    reaches, widths = [*reaches, None, np.zeros(0, int)], [*widths, 3, 2]
    system = system_of(reaches, widths, 60, np.random.default_rng(0), kind)
    return system, Orthonormal.of(system, [ridge] * len(widths))


def vector(n, kind, seed=1):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(n) + (1j * rng.standard_normal(n) if kind is complex else 0)


@pytest.mark.parametrize("kind", [float, complex])
def test_they_reproduce_the_matrix(kind):
    system, columns = made(kind)
    y = vector(system.width, kind)
    assert (columns.width, columns.rows, columns.kind) == (system.width, 60, kind)
    np.testing.assert_allclose(columns.times(y), system.matrix() @ columns.heads(y), atol=1e-12)
    for piece in columns.pieces:
        if len(piece.rows):
            np.testing.assert_allclose(piece.q.conj().T @ piece.q, np.eye(piece.q.shape[1]), atol=1e-12)


@pytest.mark.parametrize("kind", [float, complex])
def test_the_adjoint_is_the_adjoint(kind):
    system, columns = made(kind)
    y, v = vector(system.width, kind), vector(60, kind, 2)
    assert np.vdot(v, columns.times(y)) == pytest.approx(np.vdot(columns.adjoint(v), y), rel=1e-12)


def test_a_ridge_adds_to_the_squares_of_the_columns():
    system, columns = made(ridge=0.5)
    for piece in columns.pieces[:-1]:
        a = system.matrix()[:, piece.columns]
        mu = 0.5 * np.linalg.norm(a) / np.sqrt(a.shape[1])
        np.testing.assert_allclose(piece.r.T @ piece.r, a.T @ a + mu**2 * np.eye(a.shape[1]), atol=1e-12)


def test_a_column_may_have_a_ridge_of_its_own():
    system, _ = made()
    heavy = np.array([NOTHING, NOTHING, NOTHING, 1e9])
    columns = Orthonormal.of(system, [heavy, *[NOTHING] * 6])
    heads = columns.heads(columns.adjoint(system.right))
    assert abs(heads[3]) < 1e-8 < abs(heads[:3]).min()


def test_what_is_not_finite_is_an_error():
    system, _ = made()
    system.blocks[0].parts[0].matrix[0, 0] = np.nan
    with pytest.raises(DivergedError, match="not finite"):
        Orthonormal.of(system, [NOTHING] * 7)
