"""Dense linear least squares, min ‖A c - b‖² + μ²‖c‖², by QR."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, get_lapack_funcs, lstsq

from inrpde.errors import DivergedError
from inrpde.solvers.threads import sized

Array = np.ndarray
ALL = "all conditions together"
"""Where a system is wrong that no single condition is to blame for."""
RIDGE = 1e-13
"""Just above rounding: columns that depend on one another stay finite, and no digit is lost."""
EXACT, REFINEMENTS = 1e-11, 10
"""The relative residual up to which fewer rows than columns are satisfied, and the steps of refinement to get there."""


def ridge_solve(a: Array, b: Array, ridge: float = RIDGE) -> Array:
    """Solve by one QR factorisation of [A; μI] (of [A, μI] where A has fewer rows than columns), μ = ridge·‖A‖_F/√F,
    for b of shape (N,) or (N, k).

    The ridge keeps the solution finite where columns depend on one another. A real matrix with a complex right-hand
    side is solved as a real one with two. Raises DivergedError if A or b is not finite.
    """
    if np.iscomplexobj(b) and not np.iscomplexobj(a):
        pair = ridge_solve(a, np.column_stack([b.real, b.imag]), ridge)
        half = pair.shape[1] // 2
        return (pair[:, :half] + 1j * pair[:, half:]).reshape(a.shape[1], *b.shape[1:])
    n, width = a.shape
    columns = b if b.ndim == 2 else b[:, None]
    size = float(np.linalg.norm(a))
    if not np.isfinite(size) or not np.all(np.isfinite(columns)):
        raise DivergedError(
            "the linear system is not finite",
            ALL,
            "check coefficients and data for singular points",
        )
    if size == 0:
        return np.zeros((width, *b.shape[1:]), dtype=a.dtype)
    least = ridge * size / np.sqrt(width)
    if n < width and ridge <= RIDGE:
        return _nearest(a, columns).reshape(width, *b.shape[1:])
    if n < width:  # the same minimum, as the smallest (c, s) with A c + μ s = b
        stacked = np.asfortranarray(np.hstack([a, least * np.eye(n, dtype=a.dtype)]))
    else:
        stacked = np.asfortranarray(np.vstack([a, least * np.eye(width, dtype=a.dtype)]))
    right = np.zeros((n + width, columns.shape[1]), dtype=a.dtype, order="F")
    right[:n] = columns
    gels, gels_lwork = get_lapack_funcs(("gels", "gels_lwork"), (stacked, right))
    lwork = int(np.real(gels_lwork(*stacked.shape, right.shape[1])[0]))
    with sized(2.0 * (n + width) * min(n, width) ** 2):
        _, solution, info = gels(stacked, right, lwork=lwork, overwrite_a=True, overwrite_b=True)
    if info != 0:
        raise DivergedError(
            f"the linear system is singular (column {info})",
            ALL,
            "check that the conditions determine the solution",
        )
    return solution[:width].reshape(width, *b.shape[1:])


def _nearest(a: Array, b: Array) -> Array:
    """The smallest c that minimises ‖A c - b‖, for fewer rows than columns.

    c = A* y with AA* y = b, refined until what is left is rounding; AA* has the square of A's condition number, and
    where that is too large, or rows contradict one another, singular values at rounding are left out."""
    n, width = a.shape
    with sized(2.0 * n**2 * width):
        gram = a @ a.conj().T
    gram[np.diag_indices(n)] += np.finfo(float).eps * float(np.trace(gram).real)
    with suppress(LinAlgError):
        factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
        c, left = np.zeros((width, b.shape[1]), dtype=np.result_type(a, b)), b
        for _ in range(REFINEMENTS):
            c = c + a.conj().T @ cho_solve(factor, left, check_finite=False)
            left = b - a @ c
            if np.linalg.norm(left) <= EXACT * np.linalg.norm(b):
                return c
    with sized(4.0 * n**2 * width):
        return lstsq(a, b, cond=10 * RIDGE, check_finite=False)[0]
