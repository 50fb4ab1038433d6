"""Chebyshev collocation on the problems of `squares.py` (Trefethen, Spectral Methods in MATLAB, chapters 6 to 9).

Where a = 1 the two coordinates are diagonalised apart, n³ operations; otherwise one dense solve, n⁶.
"""

import time

import numpy as np
import scipy.linalg
from squares import Square


def differentiation(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The n + 1 Chebyshev points of [0, 1] and the matrix of the derivative on them."""
    angles = np.pi * np.arange(n + 1) / n
    points = -np.cos(angles)
    signs = np.where(np.isin(np.arange(n + 1), (0, n)), 2.0, 1.0) * (-1.0) ** np.arange(n + 1)
    gaps = points[:, None] - points + np.eye(n + 1)
    matrix = signs[:, None] / signs / gaps
    np.fill_diagonal(matrix, 0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return (points + 1) / 2, 2 * matrix


def solve(problem: Square, n: int) -> tuple[float, float]:
    """The relative L2 error at (n + 1)² points, and the seconds of making and solving the system."""
    start = time.perf_counter()
    nodes, slope = differentiation(n)
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    found = _diagonal(problem, slope, x, y) if problem.constant else _dense(problem, slope, x, y)
    seconds = time.perf_counter() - start
    exact = problem.exact(x, y)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact)), seconds


def _diagonal(problem: Square, slope: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    second = -(slope @ slope)[1:-1, 1:-1]
    values, vectors = np.linalg.eig(second)
    values, vectors = values.real, vectors.real  # both are real (Gottlieb, Lustman 1983)
    factors = scipy.linalg.lu_factor(vectors)
    modes = scipy.linalg.lu_solve(factors, problem.source(x, y)[1:-1, 1:-1])
    modes = scipy.linalg.lu_solve(factors, modes.T).T / (values[:, None] + values - problem.shift)
    return np.pad(vectors @ modes @ vectors.T, 1)


def _dense(problem: Square, slope: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    one = np.eye(len(slope))
    across, up = np.kron(slope, one), np.kron(one, slope)
    a = problem.a(x, y).ravel()
    matrix = -across @ (a[:, None] * across) - up @ (a[:, None] * up) - problem.shift * np.eye(x.size)
    right = problem.source(x, y).ravel().copy()
    values = ((x == 0) | (x == 1)).ravel()
    sides = ((y == 0) | (y == 1)).ravel() & ~values
    matrix[sides] = up[sides] if problem.no_flux else np.eye(x.size)[sides]
    matrix[values] = np.eye(x.size)[values]
    right[values | sides] = 0
    return np.linalg.solve(matrix, right).reshape(x.shape)
