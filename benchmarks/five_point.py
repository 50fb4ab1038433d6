"""Finite differences by scipy as a baseline: -div(a grad u) - k² u = f on the unit square, in flux form, by sparse LU.

u = 0 at x = 0 and x = 1; at y = 0 and y = 1 either u = 0, or no flux by half a control volume (second order).
"""

import time
from collections.abc import Callable

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

Function = Callable[[np.ndarray, np.ndarray], np.ndarray]


def solve(
    a: Function, shift: float, source: Function, exact: Function, n: int, no_flux: bool = False
) -> tuple[float, float]:
    """The relative L2 error at the nodes of a grid of n by n cells, and the seconds of assembly and solve."""
    start = time.perf_counter()
    h = 1 / n
    nodes = np.linspace(0, 1, n + 1)
    across, up = nodes[1:-1], nodes if no_flux else nodes[1:-1]
    x, y = np.meshgrid(across, up, indexing="ij")
    height = np.where((y == 0) | (y == 1), 0.5, 1.0)  # of a node's control volume, in h
    left, right = (a(x + side * h / 2, y) * height for side in (-1, 1))
    below, above = (a(x, y + side * h / 2) for side in (-1, 1))
    if no_flux:
        below[:, 0] = above[:, -1] = 0
    count, rows = x.size, len(up)
    main = (left + right + below + above - shift * h**2 * height).ravel()
    vertical = -above.ravel()[:-1]
    vertical[rows - 1 :: rows] = 0
    horizontal = -right.ravel()[:-rows]
    matrix = sparse.diags(
        [main, vertical, vertical, horizontal, horizontal], [0, 1, -1, rows, -rows], (count, count), format="csc"
    )
    found = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(
        (source(x, y) * h**2 * height).ravel()
    )
    seconds = time.perf_counter() - start
    right_answer = exact(x, y).ravel()
    return float(np.linalg.norm(found - right_answer) / np.linalg.norm(right_answer)), seconds
