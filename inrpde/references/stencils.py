"""One-dimensional difference stencils on nodes and midpoints.

Positions count half steps from the lower end of an axis: node i lies at 2i, the midpoint to its right at 2i + 1.
Staggering is then arithmetic on integers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from inrpde.references.reference import Unsupported

Positions = np.ndarray
GROWTH = 0.25
"""By how much a cell of a graded axis is longer than the one before it, at most, on the coarsest grid."""


@dataclass(frozen=True)
class Narrow:
    """Cells of length `step` on [lo, hi], growing in proportion to the distance from there."""

    lo: float
    hi: float
    step: float


@dataclass(frozen=True)
class Grading:
    """Between `knots` an axis has so many times `counts` cells, of length `bulk` away from the `narrow` places.

    The density of cells is 1/bulk + Σ 1/√(step² + (growth · distance)²), smooth between knots: steps of order two keep
    it, and their errors an expansion in the square of the number of cells.
    """

    knots: tuple[float, ...]
    counts: tuple[int, ...]
    bulk: float
    narrow: tuple[Narrow, ...] = ()

    @classmethod
    def of(cls, knots: tuple[float, ...], bulk: float, narrow: tuple[Narrow, ...] = ()) -> Grading:
        """With as many cells on the coarsest grid as the density asks for, two between knots at least."""
        sizes = np.diff(_amount(np.array(knots), bulk, narrow))
        return cls(knots, tuple(max(int(np.ceil(size - 1e-9)), 2) for size in sizes.tolist()), bulk, narrow)

    def at(self, shares: np.ndarray) -> np.ndarray:
        """The coordinates where shares (N,) of all cells lie below, by bisection; knots are hit exactly."""
        ends = np.concatenate([[0], np.cumsum(self.counts)])
        done = shares * ends[-1]
        part = np.clip(np.searchsorted(ends, done, side="right") - 1, 0, len(self.counts) - 1)
        inner = (done - ends[part]) / np.array(self.counts)[part]
        knots = np.array(self.knots)
        amounts = _amount(knots, self.bulk, self.narrow)
        wanted = amounts[part] * (1 - inner) + amounts[part + 1] * inner
        low, high = knots[part], knots[part + 1]
        for _ in range(80):
            middle = (low + high) / 2
            below = _amount(middle, self.bulk, self.narrow) < wanted
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        found = np.where(inner == 0, knots[part], (low + high) / 2)
        return np.where(inner == 1, knots[part + 1], found)


def _amount(x: np.ndarray, bulk: float, narrow: tuple[Narrow, ...]) -> np.ndarray:
    """The integral of the density of cells up to x."""
    total = x / bulk
    for place in narrow:
        inside = np.clip(x, place.lo, place.hi)
        total = total + (inside - place.lo) / place.step
        total = total + np.arcsinh(GROWTH * (x - inside) / place.step) / GROWTH
    return total


@dataclass(frozen=True)
class Axis:
    """`cells` cells on [lo, hi], equal or graded; on a periodic axis the end is the start again."""

    lo: float
    hi: float
    cells: int
    periodic: bool = False
    grading: Grading | None = None

    @property
    def narrow(self) -> tuple[Narrow, ...]:
        """The places for which it is graded."""
        return () if self.grading is None else self.grading.narrow

    @property
    def step(self) -> float:
        """The length of a cell, on average."""
        return (self.hi - self.lo) / self.cells

    @property
    def end(self) -> int:
        """The position of the upper end."""
        return 2 * self.cells

    def refined(self, times: int) -> Axis:
        """With so many cells in place of each."""
        return replace(self, cells=self.cells * times)

    def at(self, positions: Positions | float) -> Any:
        """Coordinates of positions; both ends are hit exactly."""
        if self.grading is not None:
            return np.interp(positions, np.arange(self.end + 1), self._all)
        share = positions / self.end
        return self.lo * (1 - share) + self.hi * share

    @cached_property
    def _all(self) -> np.ndarray:
        """The coordinates of all positions of a graded axis."""
        assert self.grading is not None
        return self.grading.at(np.arange(self.end + 1) / self.end)

    @property
    def nodes(self) -> np.ndarray:
        """The coordinates of all nodes, both ends included."""
        return self.at(2 * np.arange(self.cells + 1))

    def near(self, coordinate: float) -> float:
        """The position of a coordinate: that of a node within 1e-9 of the length, else a fraction."""
        if self.grading is not None:
            position = float(np.interp(coordinate, self._all, np.arange(self.end + 1)))
        else:
            position = 2 * (coordinate - self.lo) / self.step
        nearest = 2 * round(position / 2)
        there = 0 <= nearest <= self.end and abs(self.at(nearest) - coordinate) <= 1e-9 * (self.hi - self.lo)
        return nearest if there else position

    def node(self, coordinate: float) -> int | None:
        """The position of the node at a coordinate, or None when no node lies there to within 1e-9 of the length."""
        position = self.near(coordinate)
        return int(position) if position % 2 == 0 else None

    def offsets(self, positions: Positions, targets: Positions) -> tuple[np.ndarray, float]:
        """How far positions lie from targets, and the unit of that: half steps, which are exact, where cells are equal.

        On a periodic axis positions beyond an end lie in the next period.
        """
        if self.grading is None:
            return (positions - targets).astype(float), self.step / 2
        rounds, inside = np.divmod(positions, self.end) if self.periodic else (0, positions)
        return self.at(inside) + rounds * (self.hi - self.lo) - self.at(targets), 1.0


def weights(offsets: np.ndarray, order: int) -> np.ndarray:
    """Weights (N, W) of the derivative of that order at 0 from values at `offsets` (N, W) (Fornberg 1988)."""
    known = np.zeros((offsets.shape[1], order + 1, len(offsets)))
    known[0, 0] = 1.0
    product = np.ones(len(offsets))
    for i in range(1, offsets.shape[1]):
        new, last, before = offsets[:, i], offsets[:, i - 1], product
        product = np.ones(len(offsets))
        newest = known[i - 1].copy()
        for j in range(i):
            gap = new - offsets[:, j]
            product = product * gap
            for k in range(min(i, order), -1, -1):
                known[j, k] = (new * known[j, k] - (k * known[j, k - 1] if k else 0.0)) / gap
        for k in range(min(i, order), -1, -1):
            known[i, k] = before / product * ((k * newest[k - 1] if k else 0.0) - last * newest[k])
    return known[:, order].T


def windows(sources: Positions, targets: Positions, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of the sorted sources serve a derivative of that order at each target: the first (N,), and how many (N,).

    The smallest symmetric window where there is one, else the nearest order + 3 sources (third order: second is left
    to the symmetric ones, so that errors at the ends do not spoil their expansion in the square of the spacing).
    """
    count = len(sources)
    nearest = np.searchsorted(sources, targets)
    hit = np.searchsorted(sources, targets, side="right") > nearest
    sizes = order + 1 + (hit == order % 2)
    starts = nearest - sizes // 2
    inside = (starts >= 0) & (starts + sizes <= count)
    symmetric = np.zeros(len(targets), bool)
    for size in {order + 1, order + 2}:
        rows = np.flatnonzero(inside & (sizes == size))
        offsets = sources[starts[rows, None] + np.arange(size)] - targets[rows, None]
        symmetric[rows] = np.all(offsets == -offsets[:, ::-1], axis=1)
    wide = order + 3
    if count < wide and not symmetric.all():
        raise Unsupported(f"{count} nodes are too few for a derivative of order {order}")
    aside = np.clip(nearest - wide // 2, 0, max(count - wide, 0))
    return np.where(symmetric, starts, aside), np.where(symmetric, sizes, wide)


def stencils(axis: Axis, sources: Positions, targets: Positions, order: int, staggered: bool = False) -> csr_array:
    """The matrix (targets, sources) that takes values at sorted positions to a derivative at other positions.

    With `staggered` only sources at an odd distance serve a target: midpoints serve nodes, nodes serve midpoints.
    """
    count = len(sources)
    columns = np.arange(count)
    if axis.periodic:
        sources = np.concatenate([sources - axis.end, sources, sources + axis.end])
        columns = np.tile(columns, 3)
    every = np.arange(len(sources))
    groups = [(every, np.arange(len(targets)))]
    if staggered:
        groups = [(every[sources % 2 != odd], np.flatnonzero(targets % 2 == odd)) for odd in (0, 1)]
    near: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for serving, own in groups:
        starts, sizes = windows(sources[serving], targets[own], order)
        for size in np.unique(sizes).tolist():
            here = sizes == size
            near.setdefault(size, []).append((own[here], serving[starts[here, None] + np.arange(size)]))
    rows, used, data = [], [], []
    for size, parts in near.items():
        here, chosen = (np.concatenate(each) for each in zip(*parts, strict=True))
        offsets, unit = axis.offsets(sources[chosen], targets[here][:, None])
        rows.append(np.repeat(here, size))
        used.append(columns[chosen].ravel())
        data.append((weights(offsets, order) / unit**order).ravel())
    places = np.concatenate(rows), np.concatenate(used)
    matrix = csr_array((np.concatenate(data), places), shape=(len(targets), count))
    matrix.sum_duplicates()
    return matrix
