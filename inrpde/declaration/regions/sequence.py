"""Low-discrepancy points of the unit cube."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

Array = np.ndarray


def lattice(count: int, dim: int, rng: np.random.Generator) -> Array:
    """Points (count, dim) of the unit cube: strata in the first coordinate, a shifted Kronecker sequence in the others.

    In 2-D it is a Fibonacci lattice. The points ascend in the first coordinate.
    """
    points = np.empty((count, dim))
    if dim:
        points[:, 0] = strata(count, rng.uniform(-0.3, 0.3))
        points[:, 1:] = np.mod(rng.random(dim - 1) + np.arange(count)[:, None] * _steps(dim - 1), 1.0)
    return points


def strata(count: int, offset: float) -> Array:
    """Points of [0, 1], one in each of `count` equal cells, `offset` cells off their centres to alternating sides.

    Pairs lie symmetrically, so that integrals converge with order 2 whatever the offset in (-½, ½).
    """
    shift = offset * np.where(np.arange(count) % 2, -1.0, 1.0)
    if count % 2:
        shift[-1] = 0.0
    return (np.arange(count) + 0.5 + shift) / count


@lru_cache(maxsize=32)
def _steps(dim: int) -> Array:
    """The powers of 1/φ, φ^(dim+1) = φ + 1: the R_d sequence of Roberts (2018), the golden ratio in 1-D."""
    ratio = 2.0
    for _ in range(64):
        ratio = (1 + ratio) ** (1 / (dim + 1))
    return ratio ** -np.arange(1.0, dim + 1)


def scattered(count: int) -> Array:
    """An order (count,) of 0, …, count - 1 whose beginnings are spread evenly over them."""
    stride = max(1, round(count / ((1 + 5**0.5) / 2)))
    while np.gcd(stride, count) > 1:
        stride += 1
    return np.arange(count) * stride % max(count, 1)
