"""Dense linear least squares, min ‖A c - b‖² + μ²‖c‖², by QR."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, get_lapack_funcs, lstsq

from inrpde.errors import DivergedError
from inrpde.solvers.linear import ALL, RIDGE
from inrpde.solvers.linear.threads import sized, waited

Array = np.ndarray
EXACT, REFINEMENTS = 1e-11, 10
"""The relative residual up to which fewer rows than columns are satisfied, and the steps of refinement to get there;
chosen."""


@dataclass(frozen=True)
class Dense:
    """One factorisation of [A; μI] by QR (of [A, μI] where A has fewer rows than columns), μ = ridge·‖A‖_F/√F, which
    keeps the solution finite where columns depend on one another."""

    width: int
    kind: np.dtype
    solver: Callable[[Array], Array]
    """From right-hand sides (N, k) of the matrix's kind."""
    volume: float = np.nan
    """The logarithm of the square root of det(A* A + μ²), where there are as many rows as columns."""

    @classmethod
    def of(cls, a: Array, ridge: float = RIDGE) -> Dense:
        """That of a matrix (N, F). Raises DivergedError if it is not finite."""
        n, width = a.shape
        size = float(np.linalg.norm(a))
        check_finite(size)
        if size == 0:
            return cls(width, a.dtype, lambda b: np.zeros((width, b.shape[1]), dtype=a.dtype))
        least = ridge * size / np.sqrt(width)
        if n < width and ridge <= RIDGE:
            return cls(width, a.dtype, _nearest(a))
        operations = 2.0 * (n + width) * min(n, width) ** 2
        with sized(operations):
            if n < width:
                q, r = _factors(np.hstack([a, least * np.eye(n, dtype=a.dtype)]).conj().T)
            else:
                q, r = _factors(np.vstack([a, least * np.eye(width, dtype=a.dtype)]))

        def tall(b: Array) -> Array:
            return _triangular(r[:width], q(_padded(b, n + width), True)[:width])

        def wide(b: Array) -> Array:  # the same minimum, as the smallest (c, s) with A c + μ s = b
            return q(_padded(_triangular(r[:n], b, adjoint=True), n + width), False)[:width]

        def solver(b: Array) -> Array:
            with sized(operations):
                return (wide if n < width else tall)(b)

        return cls(width, a.dtype, solver, float(np.sum(np.log(np.abs(np.diag(r))))) if n >= width else np.nan)

    def solve(self, right: Array) -> Array:
        """The c (F,) or (F, k) that minimises ‖A c - right‖² + μ²‖c‖², for right-hand sides (N,) or (N, k).

        Those of a real matrix that are complex are solved as two. Raises DivergedError if they are not finite."""
        columns = right if right.ndim == 2 else right[:, None]
        check_finite(columns)
        if np.iscomplexobj(columns) and self.kind.kind != "c":
            pair = self.solver(np.column_stack([columns.real, columns.imag]))
            half = pair.shape[1] // 2
            return (pair[:, :half] + 1j * pair[:, half:]).reshape(self.width, *right.shape[1:])
        return self.solver(columns.astype(self.kind)).reshape(self.width, *right.shape[1:])

    def roughly(self, right: Array) -> Array:
        """The same: several right-hand sides cost hardly more than one."""
        return self.solve(right)


def ridge_solve(a: Array, b: Array, ridge: float = RIDGE) -> Array:
    """The c that minimises ‖A c - b‖² + μ²‖c‖², for b of shape (N,) or (N, k)."""
    return Dense.of(a, ridge).solve(b)


def check_finite(values: Array | float) -> None:
    """Raise DivergedError for what is not finite of a system."""
    if not np.all(np.isfinite(values)):
        raise DivergedError(
            "the linear system is not finite",
            ALL,
            "check coefficients and data for singular points",
        )


def _padded(vectors: Array, rows: int) -> Array:
    """Vectors with zeros below, up to so many rows."""
    out = np.zeros((rows, vectors.shape[1]), dtype=vectors.dtype, order="F")
    out[: len(vectors)] = vectors
    return out


def _factors(tall: Array) -> tuple[Callable[[Array, bool], Array], Array]:
    """The QR factorisation of a tall matrix: Q, as a function that multiplies by it or by its adjoint, and an array
    with R in its upper triangle."""
    tall = np.asfortranarray(tall)
    complex_ = np.iscomplexobj(tall)
    names = ("geqrf", "geqrf_lwork", "unmqr" if complex_ else "ormqr")
    geqrf, geqrf_lwork, multiply = get_lapack_funcs(names, (tall,))
    lwork = int(np.real(geqrf_lwork(*tall.shape)[0]))
    operations = 2.0 * tall.shape[0] * tall.shape[1] ** 2
    r, tau, _, _ = waited(operations, geqrf, tall, lwork=lwork, overwrite_a=True)

    def q(vectors: Array, adjoint: bool) -> Array:
        side = ("L", ("C" if complex_ else "T") if adjoint else "N", r, tau, vectors)
        return multiply(*side, int(np.real(multiply(*side, -1)[1][0])))[0]

    return q, r


def _triangular(r: Array, b: Array, adjoint: bool = False) -> Array:
    """R⁻¹ b, or the same with R's adjoint. Raises DivergedError where R is singular."""
    (trtrs,) = get_lapack_funcs(("trtrs",), (r, b))
    solution, info = trtrs(r, b, trans=2 if adjoint else 0)
    if info != 0:
        raise DivergedError(
            f"the linear system is singular (column {info})",
            ALL,
            "check that the conditions determine the solution",
        )
    return solution


def _nearest(a: Array) -> Callable[[Array], Array]:
    """From b to the smallest c that minimises ‖A c - b‖, for fewer rows than columns.

    c = A* y with AA* y = b, refined until what is left is rounding; AA* has the square of A's condition number, and
    where that is too large, or rows contradict one another, singular values at rounding are left out."""
    n, width = a.shape
    with sized(2.0 * n**2 * width):
        gram = a @ a.conj().T
    gram[np.diag_indices(n)] += np.finfo(float).eps * float(np.trace(gram).real)
    factor: tuple[Array, bool] | None = None
    with suppress(LinAlgError):
        factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)

    def solver(b: Array) -> Array:
        if factor is not None:
            c, left = np.zeros((width, b.shape[1]), dtype=np.result_type(a, b)), b
            for _ in range(REFINEMENTS):
                c = c + a.conj().T @ cho_solve(factor, left, check_finite=False)
                left = b - a @ c
                if np.linalg.norm(left) <= EXACT * np.linalg.norm(b):
                    return c
        with sized(4.0 * n**2 * width):
            return lstsq(a, b, cond=10 * RIDGE, check_finite=False)[0]

    return solver
