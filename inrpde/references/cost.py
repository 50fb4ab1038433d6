"""What a sparse factorisation costs, before it is started."""

from __future__ import annotations

import os

from inrpde import deadline
from inrpde.references.reference import Refusal, Unsupported

SECONDS = {1: 1e-6, 2: 1.4e-8, 3: 2.2e-9}
"""Seconds for a factorisation on one core, over N, N^1.5 and N^2 (nested grids of dimension 1, 2, 3)."""

FILL = {1: 6.0, 2: 55.0, 3: 17.0}
"""Numbers in the factors, over N, N and N^(4/3)."""


def factor_seconds(nodes: int, unknowns: int, dim: int, complex_: bool) -> float:
    """Predicted seconds of one factorisation with `unknowns` coupled values at each of `nodes` nodes."""
    return SECONDS[dim] * nodes ** ((1 + dim) / 2) * unknowns**3 * (3.5 if complex_ else 1)


def factor_bytes(nodes: int, unknowns: int, dim: int, complex_: bool) -> float:
    """Predicted memory of the factors."""
    return FILL[dim] * nodes ** (4 / 3 if dim == 3 else 1) * unknowns**2 * (24 if complex_ else 12)


def available_bytes() -> float:
    """Free physical memory, or 4 GB where the system does not tell."""
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return 4e9


def afford(seconds: float, finer: float, dim: int) -> None:
    """Raise Unsupported where the next grid, finer by a factor than one that took so many seconds, would not end before
    the deadline, even if it cost no more than its cells are more."""
    needed, left = seconds * finer**dim, deadline.left()
    if needed > left:
        what = f"its next grid would take {needed:.2g} s or more, and there are {max(left, 0.0):.2g}"
        raise Unsupported(what, Refusal.TOO_DEAR)
