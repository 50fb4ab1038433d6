"""Newton's method, and continuation where it fails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inrpde import deadline
from inrpde.references.factors import Factors
from inrpde.references.reference import Unsupported

Array = np.ndarray
Value = Callable[[Array], Array]
Factorise = Callable[[Array], tuple[Array, Factors]]
"""From a state to R and the factors of its Jacobian there."""


class Diverged(Exception):
    """Newton's method found no descent, or did not end."""


def newton(value: Value, factorise: Factorise, start: Array, linear: bool = False, most: int = 40) -> Array:
    """A zero of `value` from `start`, by Newton's method with the natural monotonicity test (Deuflhard 2004).

    A linear system takes one step. Raises Diverged.
    """
    state = start
    for _ in range(most):
        deadline.turn()
        try:
            residual, factors = factorise(state)
        except Unsupported:
            if linear:
                raise
            raise Diverged from None
        if not np.all(np.isfinite(residual)):
            raise Diverged
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


def continued(value: Value, factorise: Factorise, start: Array) -> Array:
    """A zero of `value` by Newton's method along R(z) = (1 - s) R(start), s from 0 to 1. Raises Diverged."""
    origin, state, done, stride = value(start), start, 0.0, 0.25
    while done < 1:
        goal = min(done + stride, 1.0)
        shift = (1 - goal) * origin

        def shifted(z: Array, shift: Array = shift) -> Array:
            return value(z) - shift

        def shifted_factorise(z: Array, shift: Array = shift) -> tuple[Array, Factors]:
            residual, factors = factorise(z)
            return residual - shift, factors

        try:
            state = newton(shifted, shifted_factorise, state, most=12)
            done, stride = goal, 2 * stride
        except Diverged:
            stride /= 4
            if stride < 1e-3:
                raise
    return state
