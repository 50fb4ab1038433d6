"""Low-discrepancy points of the unit cube."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

Array = np.ndarray


@lru_cache(maxsize=32)
def _steps(dim: int) -> Array:
    """The powers of 1/φ, φ the root of φ^(dim+1) = φ + 1: the R_d sequence of Roberts (2018), golden ratio in 1-D."""
    ratio = 2.0
    for _ in range(64):
        ratio = (1 + ratio) ** (1 / (dim + 1))
    return ratio ** -np.arange(1.0, dim + 1)


def kronecker(count: int, dim: int, shift: Array | float = 0.5, start: int = 0) -> Array:
    """Points start, …, start + count - 1 of the R_d Kronecker sequence, shifted modulo 1: (count, dim) in [0, 1)."""
    index = np.arange(start + 1, start + count + 1, dtype=float)
    return np.mod(shift + index[:, None] * _steps(dim), 1.0)


def strata(count: int, offset: float) -> Array:
    """`count` points of [0, 1], one in each of as many equal cells, `offset` off their centres to alternating sides.

    Pairs lie symmetrically, so that integrals converge with order 2 whatever the offset in (-½, ½), in cells.
    """
    shift = offset * np.where(np.arange(count) % 2, -1.0, 1.0)
    if count % 2:
        shift[-1] = 0.0
    return (np.arange(count) + 0.5 + shift) / count
