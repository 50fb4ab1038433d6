"""Newton's method on cells, damped so that steps, not what is left of equations, become smaller (Deuflhard, Newton
Methods for Nonlinear Problems, 2004, algorithm NLEQ-ERR): what is left says little where columns are of many sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from inrpde import deadline
from inrpde.discretise.weak.assembly import Assembled
from inrpde.errors import DivergedError
from inrpde.solvers.galerkin.sparse import Block, factorised, solve

Array = np.ndarray
STEPS, SHORTEST = 40, 1e-3
"""Systems that are solved at most, and the shortest part of a step that is taken; chosen."""
CONVERGED = 1e-10
"""What is left to go, beside the solution; chosen."""
QUICK = 0.05
"""Steps that shrink so fast are taken with the same slope; chosen."""


def newton(
    assembled: Callable[[Array], Assembled], blocks: Sequence[Block], vector: Array, sizes: Callable[[Array], Array],
    linear: bool,
) -> tuple[Array, Assembled]:  # fmt: skip
    """The state (W,) at which nothing is left, from one that is near, and the system at the last that was factorised;
    `sizes` are those (U,) of the unknowns in a vector (W,). Raises DivergedError where it does not converge."""
    found = assembled(vector)
    if linear:
        return vector - solve(found.matrix, found.residual, blocks, found.firm)[: len(vector)], found
    many = len(vector)
    back = factorised(found.matrix, found.residual)
    step, part = -back(found.residual)[:many], 1.0
    for _ in range(STEPS):
        deadline.turn()
        scale = np.maximum(sizes(vector), sizes(vector + step))
        size = _largest(sizes(step), scale)
        if part == 1 and size <= CONVERGED:
            return vector + step, found
        with np.errstate(all="ignore"):
            after = assembled(vector + part * step)
            if not np.all(np.isfinite(after.residual)):
                part /= 4
                if part < SHORTEST:
                    break
                continue
            further = -back(after.residual)[:many]
        left = _largest(sizes(further), scale)
        if left > (1 - part / 4) * size:
            # the part at which what is foreseen to be left is halved
            part = min(part / 2, part**2 * size / (2 * _largest(sizes(further - (1 - part) * step), scale)))
            if part < SHORTEST:
                break
            continue
        vector = vector + part * step
        if part == 1 and left <= QUICK * size:
            step = further
            if left * (left / size) <= CONVERGED:  # what is left to go once that has been taken
                return vector + step, found
            continue
        found = after
        back = factorised(found.matrix, found.residual)
        step = -back(found.residual)[:many]
        curved = _largest(sizes(further - step), scale) * _largest(sizes(step), scale)
        part = float(np.clip(part * size * left / curved, SHORTEST, 1.0)) if curved > 0 else 1.0
    raise DivergedError("Newton's method does not converge in the flux form", None, "give a guess")


def _largest(sizes: Array, scale: Array) -> float:
    """The largest of sizes (U,) beside a scale."""
    return float(np.max(sizes / np.where(scale > 0, scale, 1.0), initial=0.0))
