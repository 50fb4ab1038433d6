"""Sparse direct solves and Newton's method."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, MatrixRankWarning, SuperLU, onenormest, splu

from inrpde.references.evaluate import scaled
from inrpde.references.terms import Unsupported

Array = np.ndarray
Tangent = Callable[[Array], tuple[Array, csr_array]]
Value = Callable[[Array], Array]

SINGULAR = 1e14
"""A system with rows of size 1 and a larger condition number counts as singular."""


class Factors:
    """A sparse LU factorisation of a square matrix whose rows are scaled to size 1.

    The ordering is that of the symmetrised pattern with weak pivoting, which halves the fill of grid matrices; where that is
    not stable, column ordering with full partial pivoting. Raises Unsupported for a singular matrix.
    """

    def __init__(self, matrix: csr_array):
        sizes = np.maximum.reduceat(np.abs(matrix.data), matrix.indptr[:-1]) if matrix.nnz else np.zeros(1)
        if np.any(np.diff(matrix.indptr) == 0) or not np.all(np.isfinite(matrix.data)) or np.any(sizes == 0):
            raise Unsupported("the discrete equations are singular: a coefficient is not finite, or an unknown is not determined")
        self.scale = 1 / sizes
        self.matrix = csc_array(scaled(matrix, self.scale))
        self.lu = self._factor(symmetric=True)
        probe = self.matrix @ np.ones(matrix.shape[0])
        if np.max(np.abs(self._solve(probe) - 1)) > 1e-6:
            self.lu = self._factor(symmetric=False)

    def _factor(self, symmetric: bool) -> SuperLU:
        options = {"SymmetricMode": symmetric}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MatrixRankWarning)
                return splu(
                    self.matrix, "MMD_AT_PLUS_A" if symmetric else "COLAMD", diag_pivot_thresh=0.01 if symmetric else 1.0,
                    options=options,
                )  # fmt: skip
        except RuntimeError:
            if symmetric:
                return self._factor(symmetric=False)
            raise Unsupported("the discrete equations are singular: some unknown is fixed only up to a constant") from None

    def _solve(self, rhs: Array) -> Array:
        solution = self.lu.solve(rhs)
        return solution + self.lu.solve(rhs - self.matrix @ solution)

    def solve(self, rhs: Array) -> Array:
        """The solution, refined once."""
        return self._solve(rhs * self.scale)

    def condition(self) -> float:
        """An estimate of the condition number of the scaled matrix in the 1-norm (Higham and Tisseur 2000)."""
        shape = self.matrix.shape
        inverse = LinearOperator(
            shape, matvec=self.lu.solve, rmatvec=lambda b: self.lu.solve(b, trans="H"), dtype=self.matrix.dtype
        )
        return float(onenormest(inverse) * np.max(np.abs(self.matrix).sum(axis=0)))


class Diverged(Exception):
    """Newton's method found no descent, or did not end."""


def newton(value: Value, tangent: Tangent, start: Array, linear: bool = False, most: int = 40) -> Array:
    """A zero of `value` from `start`, by Newton's method with the natural monotonicity test (Deuflhard 2004, section 3.3).

    A linear system takes one step. Raises Diverged.
    """
    state = start
    for _ in range(most):
        residual, jacobian = tangent(state)
        if not np.all(np.isfinite(residual)):
            raise Diverged
        factors = Factors(jacobian)
        step = -factors.solve(residual)
        if linear:
            return state + step
        length, size = float(np.linalg.norm(step)), float(np.linalg.norm(state + step))
        if length <= 1e-10 * size:
            return state + step
        damping = 1.0
        while True:
            trial = state + damping * step
            after = value(trial)
            simplified = float(np.linalg.norm(factors.solve(after))) if np.all(np.isfinite(after)) else np.inf
            if simplified <= (1 - damping / 4) * length:
                break
            if length <= 1e-7 * size:
                return state + step
            damping /= 2
            if damping < 1e-3:
                raise Diverged
        state = trial
    raise Diverged


def continued(value: Value, tangent: Tangent, start: Array) -> Array:
    """A zero of `value` by Newton's method along R(z) = (1 - s) R(start), s from 0 to 1. Raises Diverged."""
    origin, state, done, stride = value(start), start, 0.0, 0.25
    while done < 1:
        goal = min(done + stride, 1.0)
        shift = (1 - goal) * origin

        def shifted(z: Array, shift: Array = shift) -> Array:
            return value(z) - shift

        def shifted_tangent(z: Array, shift: Array = shift) -> tuple[Array, csr_array]:
            residual, jacobian = tangent(z)
            return residual - shift, jacobian

        try:
            state = newton(shifted, shifted_tangent, state, most=12)
            done, stride = goal, 2 * stride
        except Diverged:
            stride /= 4
            if stride < 1e-3:
                raise
    return state
