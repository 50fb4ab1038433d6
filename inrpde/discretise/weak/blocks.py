"""Sums of dense blocks as a sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array

Array = np.ndarray


@dataclass
class Blocks:
    """Dense blocks of a square sparse matrix, each with the rows and columns where it begins, and a right-hand side.
    Blocks overlap only where they begin alike."""

    width: int
    kind: np.dtype
    parts: dict[tuple[int, int], list[tuple[Array, Array, Array]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.residual = np.zeros(self.width, self.kind)

    def add(self, rows: Array, columns: Array, values: Array) -> None:
        """Blocks (N, K, L) at rows (N,) and columns (N,)."""
        self.parts.setdefault(values.shape[1:], []).append((rows, columns, values))

    def load(self, rows: Array, values: Array) -> None:
        """What is left (N, K) of equations that begin at rows (N,)."""
        np.add.at(self.residual, rows[:, None] + np.arange(values.shape[1]), values)

    def matrix(self, bare: bool = False) -> csc_array:
        """The sum of all blocks; a column of nothing, of a basis that has fewer functions, is 1 on the diagonal, unless
        the matrix is to be `bare`."""
        if not self.parts:
            return csc_array((self.width, self.width))
        summed = [self._summed(parts) for parts in self.parts.values()]
        heights, sizes = np.zeros(self.width, np.int64), np.zeros(self.width)
        for _, columns, values in summed:
            each = columns[:, None] + np.arange(values.shape[1])
            np.add.at(heights, each, values.shape[2])
            np.add.at(sizes, each, np.abs(values).sum(axis=2))
        starts = np.concatenate([[0], np.cumsum(heights)])
        above = self._above(summed)
        data = np.empty(starts[-1], np.result_type(float, *(values for *_, values in summed)))
        indices = np.empty(starts[-1], np.int32)
        for (rows, columns, values), over in zip(summed, above, strict=True):
            _, wide, tall = values.shape
            at = (starts[columns] + over)[:, None] + heights[columns][:, None] * np.arange(wide)
            at = at[:, :, None] + np.arange(tall)
            data[at], indices[at] = values, (rows[:, None] + np.arange(tall))[:, None, :]
        matrix = csc_array((data, indices, starts), shape=(self.width, self.width))
        return (
            csc_array(matrix + diags_array((sizes == 0).astype(float))) if np.any(sizes == 0) and not bare else matrix
        )

    def _summed(self, parts: list[tuple[Array, Array, Array]]) -> tuple[Array, Array, Array]:
        """Rows (U,), columns (U,) and transposed values (U, L, K) of the blocks of one shape that begin alike."""
        rows, columns, values = (np.concatenate(each) for each in zip(*parts, strict=True))
        keys, number = np.unique(columns * self.width + rows, return_inverse=True)
        adding = csr_array((np.ones(len(rows)), (number, np.arange(len(rows)))), shape=(len(keys), len(rows)))
        total = (adding @ values.reshape(len(rows), -1)).reshape(-1, *values.shape[1:])
        return keys % self.width, keys // self.width, np.swapaxes(total, 1, 2)

    @staticmethod
    def _above(summed: list[tuple[Array, Array, Array]]) -> list[Array]:
        """How many rows of a column lie above each block."""
        tall = np.concatenate([np.full(len(rows), values.shape[2]) for rows, _, values in summed])
        order = np.lexsort(
            [np.concatenate([rows for rows, *_ in summed]), columns := np.concatenate([c for _, c, _ in summed])]
        )
        before = np.cumsum(tall[order]) - tall[order]
        _, first, of = np.unique(columns[order], return_index=True, return_inverse=True)
        above = np.empty_like(before)
        above[order] = before - before[first][of]
        return np.split(above, np.cumsum([len(rows) for rows, *_ in summed])[:-1])
