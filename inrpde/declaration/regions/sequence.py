"""Low-discrepancy points of the unit cube."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from sympy import prime

Array = np.ndarray


PRIMES = (3, 251, 73, 353, 241, 131, 17, 397, 23, 463)
"""Steps by their square roots are little correlated: found by a search over primes below 500, one after the other."""


def lattice(count: int, dim: int, rng: np.random.Generator) -> Array:
    """Points (count, dim) of the unit cube, evenly spread: each coordinate has one point in each of `count` strata.

    The order of the strata is that of a shifted Kronecker sequence: i/count in the first coordinate (so that the points
    ascend in it), steps of the golden ratio in the second (in 2-D a Fibonacci lattice), square roots of primes beyond
    (Richtmyer's sequence; Niederreiter 1978).
    """
    points = np.empty((count, dim))
    for k, step in enumerate(_steps(dim)):
        order = np.argsort(np.mod(rng.random() + np.arange(count) * step, 1.0)) if k else slice(None)
        points[order, k] = strata(count, rng.uniform(-0.3, 0.3))
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
    more = [prime(91 + k) for k in range(dim - len(PRIMES) - 2)]  # beyond the table, the primes above 463
    return np.concatenate([[0.0, (1 + 5**0.5) / 2], np.sqrt([*PRIMES, *more])])[:dim]


def scattered(count: int) -> Array:
    """An order (count,) of 0, …, count - 1 whose beginnings are spread evenly over them."""
    stride = max(1, round(count / ((1 + 5**0.5) / 2)))
    while np.gcd(stride, count) > 1:
        stride += 1
    return np.arange(count) * stride % max(count, 1)
