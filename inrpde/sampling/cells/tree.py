"""A tree of boxes over a grid of root boxes: its leaves, their neighbours, and which of them holds a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inrpde.sampling.cells.tessellation import OUTSIDE, Array
from inrpde.sampling.grid import grid_points

BITS, DEEPEST = 62, 50
"""Bits of a code, which the coordinates share, and how often a root box can be divided at most: fractions are exact."""


@dataclass(frozen=True, eq=False)
class Tree:
    """The leaves of a tree over the boxes between root `lines` (one array a coordinate, increasing).

    Positions are counted in the least possible boxes, so that those of neighbours agree: `low` (B, d) is the lower
    corner of each leaf, `span` (B,) its side. Leaves lie along a space-filling curve (Morton), for one search.
    """

    lines: tuple[Array, ...]
    low: Array
    span: Array

    @staticmethod
    def roots(lines: Sequence[Array]) -> Tree:
        """The undivided root boxes."""
        tree = Tree(tuple(lines), np.empty((0, len(lines)), np.int64), np.empty(0, np.int64))
        low = grid_points([np.arange(len(line) - 1) for line in lines]) << tree.levels
        return tree._sorted(low, np.full(len(low), 1 << tree.levels))

    def __len__(self) -> int:
        return len(self.low)

    @property
    def dim(self) -> int:
        return len(self.lines)

    @cached_property
    def levels(self) -> int:
        """How often a root box can be divided."""
        most = max(len(line) - 1 for line in self.lines)
        return min(BITS // self.dim - most.bit_length(), DEEPEST)

    @cached_property
    def lo(self) -> Array:
        """The lower corners (B, d)."""
        return self.place(self.low)

    @cached_property
    def hi(self) -> Array:
        """The upper corners (B, d)."""
        return self.place(self.low + self.span[:, None])

    def place(self, positions: Array) -> Array:
        """The coordinates (N, d) of positions (N, d)."""
        return np.column_stack([self.along(axis, each) for axis, each in enumerate(positions.T)])

    def along(self, axis: int, positions: Array) -> Array:
        """One coordinate (N,) of positions (N,) along it."""
        ends = np.append(self.lines[axis], self.lines[axis][-1])
        root, rest = positions >> self.levels, positions & ((1 << self.levels) - 1)
        return ends[root] + (ends[root + 1] - ends[root]) * (rest / (1 << self.levels))

    def divided(self, marks: Array) -> Tree:
        """The marked leaves, bool (B,), in 2^d each; the least possible ones stay."""
        marks = marks & (self.span > 1)
        half = self.span[marks] // 2
        steps = grid_points([np.arange(2)] * self.dim)
        children = self.low[marks][:, None, :] + half[:, None, None] * steps
        return self._sorted(
            np.concatenate([self.low[~marks], children.reshape(-1, self.dim)]),
            np.concatenate([self.span[~marks], np.repeat(half, len(steps))]),
        )

    def find(self, points: Array) -> Array:
        """The leaf (N,) that holds each point (N, d), the nearest one of a point outside."""
        unit = 1 << self.levels
        columns = []
        for line, x in zip(self.lines, points.T, strict=True):
            root = np.clip(np.searchsorted(line, x, side="right") - 1, 0, len(line) - 2)
            share = (x - line[root]) / (line[root + 1] - line[root])
            columns.append((root << self.levels) + np.clip((share * unit).astype(np.int64), 0, unit - 1))
        return self._at(np.column_stack(columns))

    def contacts(self) -> tuple[Array, Array, Array]:
        """Where leaves meet: the axis (M,) across, the leaves (M, 2) below and above, `OUTSIDE` beyond the root boxes,
        and the leaf (M,) of which that is a whole face, the smaller one."""
        axes, pairs, owners = [], [], []
        number = np.arange(len(self))
        for axis in range(self.dim):
            end = (len(self.lines[axis]) - 1) << self.levels
            for upward in (True, False):
                beyond = self.low.copy()
                beyond[:, axis] += self.span if upward else -1
                there = (beyond[:, axis] >= 0) & (beyond[:, axis] < end)
                other = np.full(len(self), OUTSIDE)
                other[there] = self._at(beyond[there])
                size = np.where(there, self.span[other], 0)
                owned = ~there | (size > self.span) | ((size == self.span) & upward)
                axes.append(np.full(owned.sum(), axis))
                pairs.append(np.column_stack([number, other] if upward else [other, number])[owned])
                owners.append(number[owned])
        return np.concatenate(axes), np.concatenate(pairs), np.concatenate(owners)

    def _at(self, positions: Array) -> Array:
        return np.searchsorted(self._codes, codes(positions), side="right") - 1

    @cached_property
    def _codes(self) -> Array:
        return codes(self.low)

    def _sorted(self, low: Array, span: Array) -> Tree:
        order = np.argsort(codes(low))
        return Tree(self.lines, low[order], span[order])


def codes(positions: Array) -> Array:
    """The bits of the coordinates of positions (N, d) in turn, as one number (N,)."""
    dim = positions.shape[1]
    code = np.zeros(len(positions), np.int64)
    for bit in range(BITS // dim if len(positions) else 0):
        for k in range(dim):
            code |= ((positions[:, k] >> bit) & 1) << (bit * dim + k)
    return code
