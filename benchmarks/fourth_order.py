"""Finite differences of fourth order on the problems of `squares.py`, by sparse LU.

Where a = 1: the compact nine points (Collatz's Mehrstellenverfahren), as products of matrices of one coordinate.
Otherwise: five points in each coordinate, one-sided near the sides, on -a Δu - ∇a·∇u = f.
"""

import time

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu
from squares import Square

HALF = 2
"""Neighbours on either side of a five-point stencil."""


def weights(offsets: np.ndarray, order: int) -> np.ndarray:
    """Weights of a derivative at 0 from values at `offsets` (N, m), exact on polynomials of degree m - 1: (N, m)."""
    scale = np.abs(offsets).max(axis=1, keepdims=True)
    powers = (offsets / scale)[:, None, :] ** np.arange(offsets.shape[1])[:, None]
    right = np.zeros((*offsets.shape, 1))
    right[:, order] = float(max(order, 1))  # order!, for the first and second
    return np.linalg.solve(powers, right)[..., 0] / scale**order


def derivative(nodes: np.ndarray, order: int, near: int) -> sparse.csr_matrix:
    """The matrix of a derivative at all nodes, each from the `near` nodes that lie round it: (N, N)."""
    count = len(nodes)
    first = np.clip(np.arange(count) - (near - 1) // 2, 0, count - near)
    columns = first[:, None] + np.arange(near)
    values = weights(nodes[columns] - nodes[:, None], order)
    return sparse.csr_matrix((values.ravel(), columns.ravel(), np.arange(count + 1) * near), shape=(count, count))


def solve(problem: Square, n: int) -> tuple[float, float]:
    """The relative L2 error at the nodes of a grid of n by n cells, and the seconds of assembly and solve."""
    start = time.perf_counter()
    nodes = np.linspace(0, 1, n + 1)
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    found = _compact(problem, n, x, y) if problem.constant else _wide(problem, nodes, x, y)
    seconds = time.perf_counter() - start
    exact = problem.exact(x, y)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact)), seconds


def _compact(problem: Square, n: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    ones = np.ones(n - 1)
    second = sparse.diags([ones[1:], -2 * ones, ones[1:]], [-1, 0, 1]) * n**2
    mean = sparse.identity(n - 1) + second / (12 * n**2)
    matrix = -sparse.kron(second, mean) - sparse.kron(mean, second) - problem.shift * sparse.kron(mean, mean)
    source = problem.source(x, y)
    for axis in range(2):  # the same mean of the source, whose values on the sides count
        source = np.moveaxis(source, axis, 0)
        source = source[1:-1] + np.diff(source, 2, axis=0) / 12
        source = np.moveaxis(source, 0, axis)
    factors = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    return np.pad(factors.solve(source.ravel()).reshape(n - 1, n - 1), 1)


def _wide(problem: Square, nodes: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    size = len(nodes)
    one = sparse.identity(size, format="csr")
    first, second = derivative(nodes, 1, 5), derivative(nodes, 2, 6)
    # a second derivative needs six nodes near the sides; inside, the symmetric five do
    inner = derivative(nodes, 2, 5)
    second[HALF:-HALF] = inner[HALF:-HALF]
    a, a_x, a_y = (sparse.diags(part(x, y).ravel()) for part in (problem.a, problem.a_x, problem.a_y))
    across, up = sparse.kron(first, one), sparse.kron(one, first)
    operator = -a @ (sparse.kron(second, one) + sparse.kron(one, second)) - a_x @ across - a_y @ up
    operator = (operator - problem.shift * sparse.identity(size**2)).tocsr()
    values = (x == 0) | (x == 1) | (((y == 0) | (y == 1)) & (not problem.no_flux))
    slopes = ((y == 0) | (y == 1)) & ~values
    inside = sparse.diags((~values & ~slopes).ravel().astype(float))
    rows = inside @ operator + sparse.diags(slopes.ravel().astype(float)) @ up
    matrix = rows + sparse.diags(values.ravel().astype(float))
    right = np.where(values | slopes, 0.0, problem.source(x, y)).ravel()
    scale = 1 / abs(matrix).max(axis=1).toarray().ravel()
    return splu((sparse.diags(scale) @ matrix).tocsc()).solve(scale * right).reshape(x.shape)
