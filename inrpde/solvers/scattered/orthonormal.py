"""Linear least squares over very many small cells: each cell's columns made orthonormal, then iterations.

The columns of a cell at the points that lie in it are blocks of a sparse matrix in single precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import bsr_matrix

from inrpde.compiler.form import Index
from inrpde.networks.patchwork import Patchwork, Stack
from inrpde.solvers.linear.iterative import iterate

Array = np.ndarray
ROUNDING = 1e-5
"""The smallest ridge of a cell, beside its largest column."""
FLAT = 1e-6
"""The columns' share of the residual at which iterations end: rounding, in single precision."""


@dataclass(frozen=True)
class Columns:
    """The jets of all cells' features at points (N, d), cell by cell: rows[p] is a point in the cell c for which
    starts[c] <= p < starts[c + 1]; {index: (len(rows), width)}."""

    points: Array
    rows: Array
    starts: Array
    jets: Mapping[Index, Array]

    @classmethod
    def of(cls, body: Patchwork, points: Array, indices: Iterable[Index]) -> Columns:
        indices, inside, stack = list(indices), body.inside(points), Stack.of(body.parts)
        counts = [len(each) for each in inside]
        rows, cells = np.concatenate(inside), np.repeat(np.arange(len(inside)), counts)
        jets = {index: np.empty((len(rows), stack.phases.shape[1]), np.float32) for index in indices}
        for at in stack.chunks(len(rows)):
            for index, values in stack.jets(points[rows[at]], cells[at], indices, kind=np.float32).items():
                jets[index][at] = values
        return cls(points, rows, np.cumsum([0, *counts]), jets)

    def combined(self, slopes: Mapping[Index, Array]) -> Array:
        """Σ slopes[index] · jets[index], (len(rows), width), for slopes (N,)."""
        terms = (self.jets[i] * values.astype(np.float32)[self.rows][:, None] for i, values in slopes.items())
        return sum(terms, np.zeros((1, 1), np.float32))

    def times(self, heads: Array) -> dict[Index, Array]:
        """The jets of the field with heads (cells, width): {index: (N,)}."""
        there = np.repeat(heads.astype(np.float32), np.diff(self.starts), axis=0)
        found = {index: np.einsum("pf,pf->p", jets, there) for index, jets in self.jets.items()}
        return {index: np.bincount(self.rows, values, len(self.points)) for index, values in found.items()}


@dataclass(frozen=True)
class CellRows:
    """Σ slopes[index] · ∂^index u = right at the points of some columns, scaled as its square counts."""

    columns: Columns
    slopes: Mapping[Index, Array]
    right: Array


@dataclass(frozen=True)
class CellSystem:
    """Equations and a prior for the heads: `matrix` holds them over columns that are orthonormal cell by cell, which
    are the cells' own times `inverse` (cells, width, width), the inverse of `upper`."""

    matrix: Sequence[bsr_matrix]
    adjoint: Sequence[bsr_matrix]
    right: Array
    upper: Array
    inverse: Array
    prior: Array

    @classmethod
    def of(cls, equations: Sequence[CellRows], prior: Array) -> CellSystem:
        """With the weights of the heads in the prior, (cells, width)."""
        cells, width = prior.shape
        blocks = [each.columns.combined(each.slopes) for each in equations]
        gram = np.zeros((cells, width, width))
        for each, block in zip(equations, blocks, strict=True):
            for cell, (start, stop) in enumerate(pairwise(each.columns.starts)):
                gram[cell] += block[start:stop].T @ block[start:stop]
        diagonal = np.einsum("cii->ci", gram)
        diagonal += prior**2
        diagonal += ROUNDING * diagonal.max(axis=1)[:, None]
        lower = np.linalg.cholesky(gram)
        inverse = np.linalg.inv(lower).transpose(0, 2, 1).astype(np.float32)
        adjoint = []
        for each, block in zip(equations, blocks, strict=True):
            starts = each.columns.starts
            for cell, (start, stop) in enumerate(pairwise(starts)):
                block[start:stop] = block[start:stop] @ inverse[cell]
            places = block[:, :, None], each.columns.rows.astype(np.int32), starts.astype(np.int32)
            adjoint.append(bsr_matrix(places, shape=(cells * width, len(each.right))))
        right = np.concatenate([each.right for each in equations]).astype(np.float32)
        weighted = (prior[:, :, None] * inverse).astype(np.float32)
        return cls([each.T for each in adjoint], adjoint, right, lower.transpose(0, 2, 1), inverse, weighted)

    def solve(self, heads: Array, iterations: int) -> Array:
        """Better heads from heads (cells, width)."""
        y = np.einsum("cij,cj->ci", self.upper, heads).astype(np.float32)
        rest = np.concatenate([self.right, np.zeros(y.size, np.float32)]) - self._times(y)
        step = iterate(self._times, self._adjoint, rest.astype(float), y.size, y.dtype, iterations, 0.0, FLAT)
        return np.einsum("cij,cj->ci", self.inverse, y + step.reshape(y.shape)).astype(float)

    def _times(self, y: Array) -> Array:
        """All equations, and then those of the prior."""
        flat, cells = y.ravel(), y.reshape(self.prior.shape[:2])
        return np.concatenate([*(m @ flat for m in self.matrix), np.einsum("cij,cj->ci", self.prior, cells).ravel()])

    def _adjoint(self, residual: Array) -> Array:
        """The transpose of `_times`."""
        cuts = np.cumsum([matrix.shape[0] for matrix in self.matrix])
        *parts, low = np.split(residual, cuts)
        out = np.einsum("cij,ci->cj", self.prior, low.reshape(self.prior.shape[:2])).ravel()
        for matrix, part in zip(self.adjoint, parts, strict=True):
            out += matrix @ part
        return out
