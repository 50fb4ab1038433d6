"""Sparse factors: bordered, pinned, saddle-point, indefinite and singular systems."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import csr_array

from inrpde.references.factors import Factors
from inrpde.references.newton import Diverged, continued, newton
from inrpde.references.reference import Unsupported


def second_difference(n):
    return sparse.diags_array([-np.ones(n - 1), 2 * np.ones(n), -np.ones(n - 1)], offsets=[-1, 0, 1], format="csr")


@given(n=st.integers(5, 40), extra=st.integers(1, 3), seed=st.integers(0, 99), complex_=st.booleans())
def test_borders_are_eliminated(n, extra, seed, complex_):
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(n + extra, n + extra)) + (1j * rng.normal(size=(n + extra, n + extra)) if complex_ else 0)
    dense[:n, :n] = second_difference(n).toarray() + 0.1 * np.eye(n)
    rhs = rng.normal(size=n + extra).astype(dense.dtype)
    found = Factors(csr_array(dense), n).solve(rhs)
    assert np.linalg.norm(dense @ found - rhs) <= 1e-8 * np.linalg.norm(rhs) * np.linalg.cond(dense)


def test_a_constant_fixed_by_the_border():
    # pure Neumann: the core is singular until it is pinned, the whole is not
    n = 50
    core = second_difference(n).tolil()
    core[0, 0] = core[-1, -1] = 1
    ones = csr_array(np.ones((n, 1)))
    matrix = csr_array(sparse.block_array([[csr_array(core), ones], [ones.T, None]]))
    rhs = np.append(np.linspace(-1, 1, n), 3.0)
    found = Factors(matrix, n, pins=[7]).solve(rhs)
    assert matrix @ found == pytest.approx(rhs, abs=1e-10)
    assert found[:n].sum() == pytest.approx(3)


def test_saddle_points_need_no_pivoting():
    n = 30
    divergence = sparse.diags_array([np.ones(n), -np.ones(n - 1)], offsets=[0, -1], shape=(n - 1, n), format="csr")
    matrix = csr_array(sparse.block_array([[second_difference(n), divergence.T], [divergence, None]]))
    rhs = np.sin(np.arange(2 * n - 1.0))
    assert matrix @ Factors(matrix).solve(rhs) == pytest.approx(rhs, abs=1e-10)


def test_the_condition_number():
    matrix = second_difference(100)
    scaled = matrix.toarray() / 2
    exact = np.linalg.cond(scaled, 1)
    assert 0.3 * exact < Factors(matrix).condition() <= 1.001 * exact


@pytest.mark.parametrize("matrix", [np.diag([1.0, 0.0]), np.array([[1.0, np.nan], [0.0, 1.0]])])
def test_what_has_no_solution(matrix):
    with pytest.raises(Unsupported):
        Factors(csr_array(matrix))


class TestNewton:
    """z_i = c exp(-z_i) and others, one equation at a time."""

    def problem(self, function, slope):
        def factorise(z):
            return function(z), Factors(csr_array(np.diag(slope(z))))

        return function, factorise

    def test_quadratic_convergence_from_afar(self):
        value, factorise = self.problem(lambda z: np.exp(z) - 5, np.exp)
        assert newton(value, factorise, np.array([-2.0, 4.0])) == pytest.approx(np.log(5) * np.ones(2))

    def test_damping(self):
        # plain Newton from 3 diverges for the arctangent
        value, factorise = self.problem(np.arctan, lambda z: 1 / (1 + z**2))
        assert newton(value, factorise, np.array([3.0])) == pytest.approx(np.zeros(1), abs=1e-8)

    def test_no_zero(self):
        value, factorise = self.problem(lambda z: z**2 + 1, lambda z: 2 * z)
        with pytest.raises(Diverged):
            newton(value, factorise, np.array([1.0]))
        with pytest.raises(Diverged):
            continued(value, factorise, np.array([1.0]))

    def test_continuation(self):
        value, factorise = self.problem(lambda z: z**3 - 2 * z - 5, lambda z: 3 * z**2 - 2)
        assert continued(value, factorise, np.array([1.0])) == pytest.approx([2.0945514815])
