"""The columns of a system's pieces, each orthonormalised on the rows that it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import qr, solve_triangular

from inrpde import deadline
from inrpde.discretise.system import Entries, System
from inrpde.solvers.linear.dense import check_finite

Array = np.ndarray


@dataclass(frozen=True)
class OrthonormalPiece:
    """One piece's columns on the rows that it reaches: A = Q R, with the ridge inside R."""

    columns: slice
    rows: Array
    q: Array
    r: Array


@dataclass(frozen=True)
class Orthonormal:
    """The pieces of a system of so many rows."""

    pieces: tuple[OrthonormalPiece, ...]
    rows: int

    @classmethod
    def of(cls, system: System, ridges: Sequence[float | Array]) -> Orthonormal:
        """With a ridge for each piece, one number or one a column, relative to the columns' size. Raises DivergedError
        if the system is not finite."""
        parts: list[list[list[Entries]]] = [[[] for _ in system.blocks] for _ in system.pieces]
        for number, block in enumerate(system.blocks):
            for part in block.parts:
                parts[part.piece][number].append(part)
        each = enumerate(zip(parts, ridges, strict=True))
        factors = system.factors
        pieces = tuple(_factor(system, k, mine, factors, ridge) for k, (mine, ridge) in each)
        return cls(pieces, sum(len(block.right) for block in system.blocks))

    @property
    def width(self) -> int:
        return self.pieces[-1].columns.stop

    @cached_property
    def kind(self) -> np.dtype:
        return np.result_type(*(p.q.dtype for p in self.pieces))

    def times(self, y: Array) -> Array:
        """The orthonormal columns times a vector (width,), or several (width, k)."""
        out = np.zeros((self.rows, *y.shape[1:]), dtype=np.result_type(y, self.kind))
        for p in self.pieces:
            out[p.rows] += p.q @ y[p.columns]
        return out

    def adjoint(self, v: Array) -> Array:
        """Their adjoint times a vector (rows,), or several (rows, k)."""
        return np.concatenate([p.q.conj().T @ v[p.rows] for p in self.pieces])

    def heads(self, y: Array) -> Array:
        """The heads of the pieces' own columns from those of the orthonormal ones."""
        return np.concatenate([solve_triangular(p.r, y[p.columns]) for p in self.pieces])


def _factor(
    system: System, k: int, parts: list[list[Entries]], factors: Sequence[Array], ridge: float | Array
) -> OrthonormalPiece:
    deadline.turn()
    columns = system.pieces[k]
    width = columns.stop - columns.start
    rows, matrices, start = [], [], 0
    for block, factor, mine in zip(system.blocks, factors, parts, strict=True):
        n = len(block.right)
        if mine:
            reached = np.unique(np.concatenate([np.arange(n) if p.rows is None else p.rows for p in mine]))
            matrix = np.zeros((len(reached), width), dtype=np.result_type(*(p.matrix.dtype for p in mine)))
            for part in mine:
                at = slice(None) if part.rows is None else np.searchsorted(reached, part.rows)
                matrix[at] += part.matrix
            rows.append(start + reached)
            matrices.append(matrix * factor[reached, None])
        start += n
    if not rows:
        return OrthonormalPiece(columns, np.zeros(0, int), np.zeros((0, width)), np.eye(width))
    a = np.concatenate(matrices)
    size = float(np.linalg.norm(a))
    check_finite(size)
    foot = np.diag(np.broadcast_to(np.maximum(ridge * size / np.sqrt(width), 1e-300), width))
    q, r = qr(np.concatenate([a, foot]), mode="economic", overwrite_a=True, check_finite=False)
    return OrthonormalPiece(columns, np.concatenate(rows), np.ascontiguousarray(q[: len(a)]), r)
