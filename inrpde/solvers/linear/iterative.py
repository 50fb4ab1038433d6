"""Least squares by LSMR (Fong and Saunders 2011) on columns that are orthonormal cell by cell."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import LinearOperator, lsmr

from inrpde import deadline

Array = np.ndarray
FIRST = 15
"""Iterations whose time is taken where they must end by a time; without any there is no answer; chosen."""
STEEP, OUT = 3, 7
"""LSMR's words that it ended by the condition number, or by the number of its iterations."""


def iterate(
    apply: Callable[[Array], Array], adjoint: Callable[[Array], Array], right: Array, width: int, kind: np.dtype,
    most: int, exact: float, flat: float = 0.0, steepest: float = 0.0, left: Callable[[], float] = lambda: np.inf,
) -> Array:  # fmt: skip
    """The y (width,) that minimises ‖A y - right‖, by at most so many iterations: until the residual is a share `exact`
    of the right-hand side, or what A sees of it, relative to A's norm, is `flat`, or A shows a condition number of at
    least `steepest`. Of the seconds that are `left` no more is taken, but for a few iterations, however slow."""
    whole = np.result_type(kind, right, float)  # the scalars of the iteration are double, whatever the columns are

    def times(vector: Array) -> Array:
        deadline.turn()
        return apply(vector.astype(kind, copy=False)).astype(whole, copy=False)

    def times_adjoint(vector: Array) -> Array:
        return adjoint(vector.astype(kind, copy=False)).astype(whole, copy=False)

    operator = LinearOperator((len(right), width), matvec=times, rmatvec=times_adjoint, dtype=whole)

    def run(start: Array | None, iterations: int) -> tuple[Array, int]:
        y, ended, taken, *_ = lsmr(operator, right, 0.0, flat, exact, steepest, iterations, x0=start)
        if ended == STEEP and taken > 1:  # the last step was along a direction that is rounding: without it
            y = lsmr(operator, right, 0.0, flat, exact, 0.0, taken - 1, x0=start)[0]
        return y, ended

    if left() == np.inf:
        return run(None, most)[0]
    begun = time.perf_counter()
    y, ended = run(None, min(FIRST, most))
    each = (time.perf_counter() - begun) / FIRST
    more = int(np.clip(left() / max(each, 1e-9), 0, most - FIRST))
    return run(y, more)[0] if ended == OUT and more else y
