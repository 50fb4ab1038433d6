"""The heads that minimise the loss of a linearised system: all that a fit asks of linear algebra."""

from __future__ import annotations

import numpy as np

from inrpde.discretise.system import System
from inrpde.solvers.linear.dense import RIDGE
from inrpde.solvers.linear.factorisation import factorise
from inrpde.solvers.linear.weights import reweighted

Array = np.ndarray


def minimise(system: System, lean: Array | None = None) -> Array:
    """The heads of a linear problem: one solve, or several where a condition has the norm 1; see `solved`."""
    return reweighted(system, lambda each: solved(each, lean))


def solved(system: System, lean: Array | None = None, ridge: float = RIDGE) -> Array:
    """The heads (width,) of least squares; parts that no equation couples are solved one by one.

    Of all solutions the one that lies nearest to `lean` (to zero), the nearer the larger the `ridge`. Raises
    DivergedError if the system is not finite.
    """
    if lean is not None:
        return lean + solved(system.minus(lean), None, ridge)
    parts = system.independent()
    if len(parts) <= 1:
        return factorise(system, ridge).solve(system.right)
    found = [solved(part, None, ridge) for _, part in parts]
    out = np.zeros(system.width, np.result_type(*found))
    for (columns, _), heads in zip(parts, found, strict=True):
        out[columns] = heads
    return out
