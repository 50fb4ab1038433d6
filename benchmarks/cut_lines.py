"""Finite differences of second and fourth order on a rectangle with discs cut out, by sparse LU.

Along each grid line the nodes between two crossings of the boundary, and the crossings themselves, carry the stencils:
three points (Shortley, Weller 1938), or five, near the boundary six.
"""

import time
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sparse
from elements import Rectangle
from fourth_order import weights
from scipy.sparse.linalg import splu


def solve(problem: Rectangle, order: int, n: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Points (N, 2), values (N,) and the seconds of assembly and solve, with n cells to the unit of length."""
    start = time.perf_counter()
    sides = np.array(problem.sides)
    axes = [np.linspace(0, side, round(n * side) + 1)[1:-1] for side in sides]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    inside = problem.inside(points.reshape(-1, 2)).reshape(points.shape[:2])
    numbers = np.full(inside.shape, -1)
    numbers[inside] = np.arange(inside.sum())
    parts, known = [], []
    for axis in (0, 1):
        for k, level in enumerate(axes[1 - axis]):
            ids = np.take(numbers, k, axis=1 - axis)
            at, values = crossings(problem, axis, level)
            first = inside.sum() + len(known)
            known += list(values)
            parts += segments(axes[axis][ids >= 0], ids[ids >= 0], at, first, order)
    matrix = _assemble(parts, inside.sum(), inside.sum() + len(known))
    unknowns = matrix[:, : inside.sum()] - problem.shift * sparse.identity(inside.sum())
    right = -matrix[:, inside.sum() :] @ np.array(known)
    factors = splu(unknowns.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    found = factors.solve(right)
    return points[inside], found, time.perf_counter() - start


def crossings(problem: Rectangle, axis: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Where a grid line along an axis meets the boundary, and the values given there."""
    places, values = [0.0, problem.sides[axis]], [0.0, 0.0]
    for *centre, radius, value in problem.discs:
        across = level - centre[1 - axis]
        if abs(across) < radius:
            half = np.sqrt(radius**2 - across**2)
            places += [centre[axis] - half, centre[axis] + half]
            values += [value, value]
    order = np.argsort(places)
    return np.array(places)[order], np.array(values)[order]


def segments(
    nodes: np.ndarray, ids: np.ndarray, at: np.ndarray, first: int, order: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Stencils on one grid line: rows (N,), columns (N, m) and offsets (N, m); crossing k is column `first` + k."""
    gaps = np.searchsorted(at, nodes)
    for gap in np.unique(gaps):
        chosen = gaps == gap
        places = np.concatenate([at[gap - 1 : gap], nodes[chosen], at[gap : gap + 1]])
        columns = np.concatenate([[first + gap - 1], ids[chosen], [first + gap]])
        count = len(places)
        here = np.arange(1, count - 1)
        inner = (here > order // 2) & (here < count - 1 - order // 2)
        for rows, wide in ((here[inner], order + 1), (here[~inner], 3 if order == 2 else 6)):
            near = min(wide, count)
            window = np.clip(rows - near // 2, 0, count - near)[:, None] + np.arange(near)
            yield columns[rows], columns[window], places[window] - places[rows][:, None]


def _assemble(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]], height: int, width: int) -> sparse.csr_matrix:
    """The sum of minus the second derivatives."""
    rows, columns, values = [], [], []
    for near in {part[1].shape[1] for part in parts}:
        alike = [part for part in parts if part[1].shape[1] == near]
        own, others, offsets = (np.concatenate([part[k] for part in alike]) for k in range(3))
        rows.append(np.repeat(own, near))
        columns.append(others.ravel())
        values.append(-weights(offsets, 2).ravel())
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix(entries, shape=(height, width))
