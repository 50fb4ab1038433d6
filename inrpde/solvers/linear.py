"""Dense linear least squares, min ‖A c - b‖² + μ²‖c‖², by QR."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, get_lapack_funcs, lstsq

from inrpde import deadline
from inrpde.errors import DivergedError
from inrpde.solvers.threads import sized

Array = np.ndarray
ALL = "all conditions together"
"""Where a system is wrong that no single condition is to blame for."""
RIDGE = 1e-13
"""Just above rounding: columns that depend on one another stay finite, and no digit is lost."""
EXACT, REFINEMENTS = 1e-11, 10
"""The relative residual up to which fewer rows than columns are satisfied, and the steps of refinement to get there."""
LONG = 5e9
"""Floating-point operations of a factorisation, a few tenths of a second, from which it is waited for patiently."""


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
    with sized(2.0 * (n + width) * min(n, width) ** 2):
        if n < width:  # the same minimum, as the smallest (c, s) with A c + μ s = b
            q, r = _factors(np.hstack([a, least * np.eye(n, dtype=a.dtype)]).conj().T)
            inner = _triangular(r[:n], columns.astype(a.dtype), adjoint=True)
            solution = q(_padded(inner, n + width), False)[:width]
        else:
            q, r = _factors(np.vstack([a, least * np.eye(width, dtype=a.dtype)]))
            right = _padded(columns.astype(a.dtype), n + width)
            solution = _triangular(r[:width], q(right, True)[:width])
    return solution.reshape(width, *b.shape[1:])


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
    call = deadline.patiently if 2.0 * tall.shape[0] * tall.shape[1] ** 2 > LONG else _at_once
    r, tau, _, _ = call(geqrf, tall, lwork=lwork, overwrite_a=True)

    def q(vectors: Array, adjoint: bool) -> Array:
        side = ("L", ("C" if complex_ else "T") if adjoint else "N", r, tau, vectors)
        return multiply(*side, int(np.real(multiply(*side, -1)[1][0])))[0]

    return q, r


def _at_once(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return call(*args, **options)


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
