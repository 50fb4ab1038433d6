"""Large sparse equations of quadratic elements, solved by iteration with those of linear elements on the same mesh.

Linear elements see what is smooth, and are solved directly; a few steps of Chebyshev's iteration take what is rough.
The number of iterations then does not depend on the size of the cells (Ronquist and Patera 1987).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, gmres

from inrpde import deadline
from inrpde.references.evaluate import scaled
from inrpde.references.factors import EPSILON, Factors
from inrpde.references.reference import Refusal, Unsupported

Array = np.ndarray
ACCURACY = 1e-11
"""The relative length of a step of the solution after which there is no other."""
STUCK = 1e-6
"""That of steps which do not become shorter, as rounding makes them."""
PROGRESS = 1e-4
"""What a step leaves of the residual."""
RESTART, MOST = 50, 4
"""Iterations of a cycle, and cycles of a step, at most."""
STEPS = 3
"""Of Chebyshev's iteration, before and after the linear elements."""
ROUGH = 0.1
"""The part of the spectrum, from its end, that these steps damp: the upper nine tenths."""


class TwoLevel:
    """As `Factors`, for a square `matrix`; `coarse` (rows, K) takes the numbers of linear elements to those of the
    quadratic ones. Raises Unsupported for a singular matrix."""

    def __init__(self, matrix: csr_array, coarse: csr_array):
        sizes = abs(matrix).max(axis=1).toarray().ravel()
        if not np.all(np.isfinite(sizes)) or np.any(matrix.diagonal() == 0):
            raise Unsupported("a coefficient is not finite on the grid, or an equation has lost its unknowns")
        self.scale = 1 / matrix.diagonal()
        self.matrix, self.coarse = scaled(matrix, self.scale), coarse
        self.lower = csr_array(coarse.conj().T)
        self.small = Factors(csr_array(self.lower @ matrix @ coarse))
        self.diagonal = matrix.diagonal()
        self.largest = self._largest()

    def condition(self) -> float:
        """That of the linear elements' matrix: the rough part does not make equations singular."""
        return self.small.condition()

    def rounding(self, solution: Array) -> float:
        """The relative error that rounding and the iterations leave in a solution."""
        signs = np.sign(np.random.default_rng(0).normal(size=len(solution)))
        wrong = EPSILON * signs * (np.abs(self.matrix) @ np.abs(solution))
        return ACCURACY + float(np.linalg.norm(self._step(wrong)[0]) / (np.linalg.norm(solution) or 1.0))

    def solve(self, rhs: Array) -> Array:
        """The solution: steps of it are found until they are small, as a residual cannot tell where rounding begins.

        Raises Unsupported where they do not end.
        """
        rhs = rhs * self.scale
        found, last = np.zeros_like(rhs), np.inf
        while True:
            step, failed = self._step(rhs - self.matrix @ found)
            found = found + step
            length, size = float(np.linalg.norm(step)), float(np.linalg.norm(found))
            if (length <= ACCURACY * size and not failed) or last / 2 < length <= STUCK * size:
                return found
            if failed or length > last / 2:
                raise Unsupported("the iterations for the discrete equations do not end", Refusal.TOO_DEAR)
            last = length

    def _step(self, rhs: Array) -> tuple[Array, bool]:
        """An approximate solution, and whether the iterations failed to make the residual small."""
        dtype = np.result_type(self.matrix.dtype, rhs.dtype)
        prepared = LinearOperator(self.matrix.shape, dtype=dtype, matvec=self._cycle)
        options = {"rtol": PROGRESS, "restart": RESTART, "maxiter": MOST, "M": prepared}
        found, left = gmres(self.matrix.astype(dtype), rhs, **options)
        return found, left > 0

    def _cycle(self, rhs: Array) -> Array:
        """What the linear elements and Chebyshev's steps make of a residual of the scaled equations."""
        deadline.turn()
        found = self._smooth(rhs)
        left = (rhs - self.matrix @ found) * self.diagonal
        found = found + self.coarse @ self.small.solve(self.lower @ left)
        return found + self._smooth(rhs - self.matrix @ found)

    def _smooth(self, rhs: Array) -> Array:
        """Chebyshev's iteration from zero for eigenvalues in [ROUGH, 1] of the largest (Saad 2003, algorithm 12.1)."""
        centre, half = (1 + ROUGH) / 2 * self.largest, (1 - ROUGH) / 2 * self.largest
        step = rhs / centre
        found, left = step.copy(), rhs
        sigma = centre / half
        ratio = 1 / sigma
        for _ in range(STEPS - 1):
            left = rhs - self.matrix @ found
            following = 1 / (2 * sigma - ratio)
            step = following * ratio * step + 2 * following / half * left
            ratio = following
            found = found + step
        return found

    def _largest(self) -> float:
        """The largest eigenvalue of the scaled matrix, by the power method, a little enlarged."""
        vector = np.random.default_rng(0).normal(size=self.matrix.shape[0]).astype(self.matrix.dtype)
        size = 1.0
        for _ in range(15):
            vector = self.matrix @ (vector / np.linalg.norm(vector))
            size = float(np.linalg.norm(vector))
        return 1.1 * size
