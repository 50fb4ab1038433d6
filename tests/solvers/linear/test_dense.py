"""Dense least squares against numpy's, and where numpy's has no answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inrpde.errors import DivergedError
from inrpde.solvers.linear.dense import ridge_solve


def random(rng, *shape, kind=float):
    real = rng.standard_normal(shape)
    return real + 1j * rng.standard_normal(shape) if kind is complex else real


@settings(max_examples=40)
@given(
    st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 12), st.integers(0, 3),
    st.sampled_from([float, complex]), st.sampled_from([float, complex]), st.floats(-8, 8),
)  # fmt: skip
def test_overdetermined_systems_as_numpy(seed, extra, width, columns, left, right, magnitude):
    rng = np.random.default_rng(seed)
    a = 10**magnitude * random(rng, width + extra, width, kind=left)
    b = random(rng, width + extra, *([columns] if columns else []), kind=right)
    found = ridge_solve(a, b)
    expected = np.linalg.lstsq(a, b, rcond=None)[0]
    assert found.shape == expected.shape
    assert np.iscomplexobj(found) == np.iscomplexobj(expected)
    assert np.allclose(found, expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("kind", [float, complex])
def test_columns_that_depend_on_one_another_stay_finite(kind):
    rng = np.random.default_rng(1)
    basis = random(rng, 60, 5, kind=kind)
    a = np.hstack([basis, basis @ random(rng, 5, 5, kind=kind), np.zeros((60, 1))])
    x = random(rng, 11, kind=kind)
    exact = ridge_solve(a, a @ x)
    assert np.linalg.norm(a @ (exact - x)) < 1e-10
    assert np.linalg.norm(exact) < 2 * np.linalg.norm(x)
    b = a @ x + random(rng, 60, kind=kind)
    best = np.linalg.norm(a @ np.linalg.lstsq(a, b, rcond=None)[0] - b)
    assert np.linalg.norm(a @ ridge_solve(a, b) - b) <= best * (1 + 1e-9)


def test_the_ridge_picks_the_smallest_of_many_solutions():
    found = ridge_solve(np.array([[1.0, 1.0]]), np.array([2.0]))
    assert np.allclose(found, [1, 1], atol=1e-6)


def test_a_large_ridge_shrinks_as_it_should():
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((20, 4)), rng.standard_normal(20)
    ridge = 0.3
    mu = ridge * np.linalg.norm(a) / 2
    expected = np.linalg.solve(a.T @ a + mu**2 * np.eye(4), a.T @ b)
    assert np.allclose(ridge_solve(a, b, ridge), expected)


def test_a_matrix_of_zeros_has_the_solution_zero():
    assert np.array_equal(ridge_solve(np.zeros((3, 2)), np.ones(3)), np.zeros(2))
    assert np.array_equal(ridge_solve(np.zeros((3, 2)), np.ones((3, 4))), np.zeros((2, 4)))


def test_neither_argument_is_changed():
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((20, 4)), rng.standard_normal(20)
    before = a.copy(), b.copy()
    ridge_solve(a, b)
    assert np.array_equal(a, before[0])
    assert np.array_equal(b, before[1])


@pytest.mark.parametrize("where", ["matrix", "right"])
def test_what_is_not_finite_is_an_error(where):
    a, b = np.ones((3, 2)), np.ones(3)
    (a if where == "matrix" else b)[(1,) * (2 if where == "matrix" else 1)] = np.nan
    with pytest.raises(DivergedError, match="not finite"):
        ridge_solve(a, b)


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("spread", [0, 4, 7])
def test_fewer_rows_than_columns_are_satisfied_by_the_smallest_solution(kind, spread):
    rng = np.random.default_rng(3)
    a = np.logspace(0, -spread, 12)[:, None] * random(rng, 12, 40, kind=kind)
    b = a @ random(rng, 40, 2, kind=kind)
    found = ridge_solve(a, b)
    assert np.linalg.norm(a @ found - b) < 1e-10 * np.linalg.norm(b)
    assert np.allclose(found, np.linalg.pinv(a) @ b, rtol=0, atol=1e-3 if spread == 7 else 1e-7)


def test_rows_that_contradict_one_another_are_met_half_way():
    a = np.array([[1.0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 0]])
    assert np.allclose(ridge_solve(a, np.array([1.0, 3, 5])), [1, 5, 0, 1], atol=1e-6)


def test_a_large_ridge_shrinks_where_there_are_fewer_rows_than_columns_too():
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((4, 20)), rng.standard_normal(4)
    mu = 0.3 * np.linalg.norm(a) / np.sqrt(20)
    expected = np.linalg.solve(a.T @ a + mu**2 * np.eye(20), a.T @ b)
    assert np.allclose(ridge_solve(a, b, 0.3), expected)
