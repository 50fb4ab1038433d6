"""A linearised system's heads: which factorisation it gets, and all that a fit asks of linear algebra."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from inrpde.discretise.system import System
from inrpde.solvers.linear import RIDGE
from inrpde.solvers.linear.dense import Dense
from inrpde.solvers.linear.tridiagonal import EVERYWHERE, Tridiagonal
from inrpde.solvers.linear.weights import reweighted

Array = np.ndarray
BORDER = 0.25
"""The share of the columns that may reach everywhere, as integrals make all of them do: they are eliminated densely;
chosen."""
DENSE, OPEN = 500, 1200
"""Columns up to which cells, too, are solved by one dense factorisation: where rows determine them, and where not;
chosen."""


class Factorisation(Protocol):
    """A least-squares system that is solved fast, for right-hand sides as `System.right` stacks them."""

    def solve(self, right: Array) -> Array:
        """The heads c (width,) or (width, k) that minimise ‖A c - right‖² + μ²‖c‖², of one right-hand side (N,) or of
        several (N, k)."""

    @property
    def volume(self) -> float:
        """The logarithm of the square root of det(A* A + μ²)."""

    def roughly(self, right: Array) -> Array:
        """The same of several (N, k), to fewer digits where that is faster."""


def factorise(system: System, ridge: float = RIDGE) -> Factorisation:
    """Block-tridiagonal where there are many small pieces, else dense. Raises DivergedError if it is not finite."""
    return Tridiagonal.of(system, ridge) if by_blocks(system) else Dense.of(system.matrix(), ridge)


def by_blocks(system: System) -> bool:
    """Are there enough cells for blocks to be faster, and rows for their columns?"""
    widths = np.array([piece.stop - piece.start for piece in system.pieces])
    rows, widest = sum(len(block.right) for block in system.blocks), int(widths.max())
    if rows < system.width or np.sum(widths[_reach(system) > EVERYWHERE * rows]) > BORDER * system.width:
        return False
    return system.width > (DENSE if rows > 1.5 * system.width else OPEN) and widest < system.width / 4


def _reach(system: System) -> Array:
    """About how many rows each piece reaches, (pieces,); those of several unknowns in one equation count once."""
    out = np.zeros(len(system.pieces))
    for block in system.blocks:
        reached = np.zeros(len(system.pieces))
        for part in block.parts:
            reached[part.piece] = max(reached[part.piece], len(block.right) if part.rows is None else len(part.rows))
        out += reached
    return out


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
    found = [solved(part, None, ridge) for _, _, part in parts]
    out = np.zeros(system.width, np.result_type(*found))
    for (columns, _, _), heads in zip(parts, found, strict=True):
        out[columns] = heads
    return out
