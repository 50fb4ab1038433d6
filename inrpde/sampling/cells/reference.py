"""Quadrature on the reference simplex and the reference cube."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import roots_jacobi

from inrpde.sampling.grid import grid_points

Array = np.ndarray


@lru_cache
def cube_rule(dim: int, order: int) -> tuple[Array, Array]:
    """Gauss's tensor rule on [-1, 1]^dim: points (order^dim, dim) and weights."""
    x, w = np.polynomial.legendre.leggauss(order)
    return grid_points([x] * dim), np.prod(grid_points([w] * dim), axis=1)


@lru_cache
def simplex_rule(dim: int, order: int) -> tuple[Array, Array]:
    """Gauss–Jacobi rule on the half of [-1, 1]^dim next to (-1, …, -1), exact to degree 2·order - 1: points
    (order^dim, dim) and weights. The cube is collapsed one coordinate after the other (Stroud 1971, §2.4)."""
    rules = [roots_jacobi(order, k, 0) for k in range(dim)]
    cube = grid_points([x for x, _ in rules])
    weights = np.prod(grid_points([w / 2**k for k, (_, w) in enumerate(rules)]), axis=1)
    points, left = np.empty_like(cube), np.ones(len(cube))
    for k in reversed(range(dim)):
        points[:, k] = left * (1 + cube[:, k]) - 1
        left = left * (1 - cube[:, k]) / 2
    return points, weights
