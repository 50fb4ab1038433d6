"""One-dimensional difference stencils on nodes and midpoints.

Positions count half steps from the lower end of an axis: node i lies at 2i, the midpoint to its right at 2i + 1.
Staggering is then arithmetic on integers, and the weights are exact rational numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from sympy import finite_diff_weights

from inrpde.references.reference import Unsupported

Positions = np.ndarray


@dataclass(frozen=True)
class Axis:
    """`cells` equal cells on [lo, hi]; on a periodic axis the end is the start again."""

    lo: float
    hi: float
    cells: int
    periodic: bool = False

    @property
    def step(self) -> float:
        return (self.hi - self.lo) / self.cells

    @property
    def end(self) -> int:
        """The position of the upper end."""
        return 2 * self.cells

    def at(self, positions: Positions | float) -> Any:
        """Coordinates of positions; both ends are hit exactly."""
        share = positions / self.end
        return self.lo * (1 - share) + self.hi * share

    def near(self, coordinate: float) -> float:
        """The position of a coordinate: that of a node within 1e-9 of the length, else a fraction."""
        position = 2 * (coordinate - self.lo) / self.step
        nearest = 2 * round(position / 2)
        return nearest if abs(position - nearest) <= 1e-9 * self.end else position

    def node(self, coordinate: float) -> int | None:
        """The position of the node at a coordinate, or None when no node lies there to within 1e-9 of the length."""
        position = self.near(coordinate)
        return int(position) if position % 2 == 0 else None


@cache
def weights(offsets: tuple[float, ...], order: int) -> np.ndarray:
    """Weights of the derivative of that order at 0 from values at `offsets`, all in half steps (Fornberg 1988)."""
    return np.array(finite_diff_weights(order, list(offsets), 0)[order][-1], dtype=float)


def window(sources: Positions, target: float, order: int) -> slice:
    """Which of the sorted sources serve a derivative of that order at `target`, to second order in the spacing.

    The smallest symmetric window where there is one, else the nearest order + 3 sources (third order: second is left
    to the symmetric ones, so that errors at the ends do not spoil their expansion in the square of the spacing).
    """
    i = int(np.searchsorted(sources, target))
    hit = i < len(sources) and sources[i] == target
    if order == 0 and hit:
        return slice(i, i + 1)
    size = order + 1 + (order % 2 == hit)
    start = i - size // 2
    if start >= 0 and start + size <= len(sources):
        offsets = sources[start : start + size] - target
        if np.array_equal(offsets, -offsets[::-1]):
            return slice(start, start + size)
    size = order + 3
    if len(sources) < size:
        raise Unsupported(f"{len(sources)} nodes are too few for a derivative of order {order}")
    start = min(max(i - size // 2, 0), len(sources) - size)
    return slice(start, start + size)


def stencils(
    sources: Positions, targets: Positions, order: int, step: float, period: int | None = None, staggered: bool = False
) -> csr_array:
    """The matrix (targets, sources) that takes values at sorted positions to a derivative at other positions.

    With `staggered` only sources at an odd distance serve a target: midpoints serve nodes, nodes serve midpoints.
    `period` is the length of a periodic axis, in half steps.
    """
    count = len(sources)
    columns = np.arange(count)
    if period is not None:
        sources = np.concatenate([sources - period, sources, sources + period])
        columns = np.tile(columns, 3)
    every = np.arange(len(sources))
    serving = {odd: every[sources % 2 != odd] if staggered else every for odd in (0, 1)}
    scale = (2 / step) ** order
    data, indices, starts = [], [], [0]
    for target in targets:
        near = serving[target % 2 if staggered else 0]
        near = near[window(sources[near], target, order)]
        data.append(weights(tuple((sources[near] - target).tolist()), order) * scale)
        indices.append(columns[near])
        starts.append(starts[-1] + len(near))
    matrix = csr_array((np.concatenate(data), np.concatenate(indices), np.array(starts)), shape=(len(targets), count))
    matrix.sum_duplicates()
    return matrix
