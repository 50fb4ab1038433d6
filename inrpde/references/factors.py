"""Sparse direct solves of grid equations, with a few dense rows and columns at their end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, SuperLU, onenormest, splu

from inrpde.references.evaluate import scaled
from inrpde.references.reference import Refusal, Unsupported

Array = np.ndarray

LIFT = 1e-6
"""Put in place of zeros on the diagonal of rows of size 1, so that pivoting can be left out; refinement mends it."""
ROUNDING = 1e-10
"""What is left of a sum that cancels, as a share of its terms."""
FELT = 1e-10
"""What is left of right-hand sides, relative, above which slopes are refined (chosen: they lead to a minimum, and are
no answer)."""
EPSILON = float(np.finfo(float).eps)
STABLE = 1e-9
"""The relative residual above which a factorisation does not count as stable."""


class Factors:
    """The LU factorisation of a square matrix whose rows and columns from `core` on may be dense.

    Rows are scaled to size 1. The border is eliminated by its Schur complement; at `pins` the diagonal of the core is
    raised by 1 meanwhile, for a core that only the border makes regular. The core is ordered by its symmetrised
    pattern and hardly pivoted, which halves the fill of grid matrices; where that is not stable, it is pivoted in
    full. Raises Unsupported for a singular matrix.
    """

    def __init__(self, matrix: csr_array, core: int | None = None, pins: Sequence[int] = ()):
        self.core = matrix.shape[0] if core is None else core
        sizes = abs(matrix).max(axis=1).toarray().ravel()
        if not np.all(np.isfinite(sizes)) or np.any(sizes == 0):
            raise Unsupported("a coefficient is not finite on the grid, or an equation has lost its unknowns")
        self.scale = 1 / sizes
        self.matrix = scaled(matrix, self.scale)
        n, extra, count = self.core, matrix.shape[0] - self.core, len(pins)
        pinned = csr_array((np.ones(count), (pins, np.arange(count))), shape=(n, count)).toarray()
        # the pins' values t are unknowns of the border, with the rows z[pin] = t
        self._right = np.hstack([self.matrix[:n, n:].toarray(), -pinned])
        self._below = np.vstack([self.matrix[n:, :n].toarray(), pinned.T])
        self._corner = np.zeros((extra + count, extra + count), self.matrix.dtype)
        self._corner[:extra, :extra] = self.matrix[n:, n:].toarray()
        self._corner[extra:, extra:] = -np.eye(count)
        inner = self.matrix[:n, :n] + csr_array((np.ones(count), (pins, pins)), shape=(n, n))
        for pivoting in (False, True):
            lu = _factorised(csc_array(inner), pivoting)
            if lu is not None:
                self.lu = lu
                self._eliminate()
                if self._is_stable():
                    return
        raise Unsupported("the discrete equations are singular", Refusal.SINGULAR)

    def solve(self, rhs: Array) -> Array:
        """The solution, refined."""
        return self._refined(rhs * self.scale)

    def responses(self, rhs: Array, adjoint: bool = False) -> Array:
        """The solutions for several right-hand sides (n, k), of the `adjoint` equations too, refined where that is
        felt."""
        matrix = self.matrix.conj().T if adjoint else self.matrix
        rhs = rhs if adjoint else rhs * self.scale[:, None]
        found = self._apply(rhs, adjoint)
        left = rhs - matrix @ found
        if np.linalg.norm(left) > FELT * np.linalg.norm(rhs):
            found = found + self._apply(left, adjoint)
        return found * self.scale[:, None] if adjoint else found

    def condition(self) -> float:
        """An estimate of the condition number of the scaled matrix in the 1-norm (Higham and Tisseur 2000)."""
        inverse = LinearOperator(
            self.matrix.shape, dtype=self.matrix.dtype,
            matvec=lambda b: self._apply(b.ravel()), rmatvec=lambda b: self._apply(b.ravel(), True),
        )  # fmt: skip
        return float(onenormest(inverse) * np.max(abs(self.matrix).sum(axis=0)))

    def rounding(self, solution: Array) -> float:
        """The relative error that rounding leaves in a solution: the response to errors of the sums' last digits."""
        signs = np.sign(np.random.default_rng(0).normal(size=len(solution)))
        wrong = EPSILON * signs * (np.abs(self.matrix) @ np.abs(solution))
        return float(np.linalg.norm(self._apply(wrong)) / (np.linalg.norm(solution) or 1.0))

    def _eliminate(self) -> None:
        if self._corner.size:
            self._columns = self.lu.solve(self._right)
            self._rows = self.lu.solve(self._below.conj().T, "H")
            self._schur = self._corner - self._below @ self._columns

    def _apply(self, rhs: Array, adjoint: bool = False) -> Array:
        inner = self.lu.solve(rhs[: self.core], "H" if adjoint else "N")
        if not self._corner.size:
            return inner
        below, columns, schur = (
            (self._right.conj().T, self._rows, self._schur.conj().T)
            if adjoint
            else (self._below, self._columns, self._schur)
        )
        outer = np.zeros((len(schur), *inner.shape[1:]), inner.dtype)
        extra = len(rhs) - self.core
        outer[:extra] = rhs[self.core :]
        outer = np.linalg.solve(schur, outer - below @ inner)
        return np.concatenate([inner - columns @ outer, outer[:extra]])

    def _refined(self, rhs: Array) -> Array:
        solution = self._apply(rhs)
        size = np.linalg.norm(rhs)
        for _ in range(10):
            residual = rhs - self.matrix @ solution
            if not np.linalg.norm(residual) > 1e-13 * size:
                break
            solution = solution + self._apply(residual)
        return solution

    def _is_stable(self) -> bool:
        probe = self.matrix @ np.ones(self.matrix.shape[0])
        try:
            residual = probe - self.matrix @ self._refined(probe)
        except np.linalg.LinAlgError:
            return False
        return bool(np.linalg.norm(residual) <= STABLE * np.linalg.norm(probe))


def _factorised(matrix: csc_array, pivoting: bool) -> SuperLU | None:
    """The factors, or None where the matrix is exactly singular."""
    try:
        if pivoting:
            return splu(matrix, "COLAMD", 1.0)
        zero = np.abs(matrix.diagonal()) < LIFT
        lifted = csc_array(matrix + diags_array(LIFT * zero))
        return splu(lifted, "MMD_AT_PLUS_A", 0.0, options={"SymmetricMode": True})
    except RuntimeError:
        return None
    except MemoryError:
        what = "the factors of the discrete equations do not fit into the memory"
        raise Unsupported(what, Refusal.TOO_DEAR) from None


def ignores(matrix: csr_array, vector: Array) -> bool:
    """Does a matrix make nothing but rounding of a vector?"""
    made, sizes = np.abs(matrix @ vector), np.abs(matrix) @ np.abs(vector)
    return bool(np.all(made <= ROUNDING * sizes))
