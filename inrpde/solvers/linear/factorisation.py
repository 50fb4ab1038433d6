"""What a factorised system can do, and which kind of factorisation a system gets."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from inrpde.discretise.system import System
from inrpde.solvers.linear.dense import RIDGE, Dense
from inrpde.solvers.linear.tridiagonal import Tridiagonal

Array = np.ndarray
DENSE, OPEN = 500, 1200
"""Columns up to which cells, too, are solved by one dense factorisation: where rows determine them, and where not."""


class Factorisation(Protocol):
    """A least-squares system that is solved fast, for right-hand sides as `System.right` stacks them."""

    def solve(self, right: Array) -> Array:
        """The heads c (width,) that minimise ‖A c - right‖² + μ²‖c‖²."""


def factorise(system: System, ridge: float = RIDGE) -> Factorisation:
    """Block-tridiagonal where there are many small pieces, else dense. Raises DivergedError if it is not finite."""
    return Tridiagonal.of(system, ridge) if by_blocks(system) else Dense.of(system.matrix(), ridge)


def by_blocks(system: System) -> bool:
    """Are there enough cells for blocks to be faster, and rows for their columns?"""
    widest = max(piece.stop - piece.start for piece in system.pieces)
    rows = sum(len(block.right) for block in system.blocks)
    if rows < system.width:
        return False
    return system.width > (DENSE if rows > 1.5 * system.width else OPEN) and widest < system.width / 4
