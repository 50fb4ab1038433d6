"""Many small pieces: their columns orthonormalised, and a block Cholesky factor of the orthonormalised Gram matrix.

Pieces that overlap couple; in the order of Cuthill and McKee, cut where couplings end, they make the Gram matrix block
tridiagonal. Pieces that reach everywhere (corner functions, integrals) are a border, eliminated by a Schur complement.
The factor preconditions a few iterations, which give back the digits that the Gram matrix loses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from inrpde import deadline
from inrpde.discretise.system import System
from inrpde.errors import DivergedError
from inrpde.solvers.linear import ALL, RIDGE
from inrpde.solvers.linear.iterative import iterate
from inrpde.solvers.linear.pieces import Orthonormal, OrthonormalPiece
from inrpde.solvers.linear.threads import sized, waited

Array = np.ndarray
Result = TypeVar("Result")
ITERATIONS = 12
"""Iterations at most: the factor is exact but for rounding, and each makes up for one direction that it has lost."""
EVERYWHERE, FEW = 0.5, 8
"""The share of the rows from which a piece counts as reaching everywhere, where there are more than a few pieces;
chosen."""
EXACT, FLAT = 1e-14, 1e-15
"""A residual of this share of the right-hand side is rounding, and so is a gradient."""
STEEPEST = 1e4
"""The condition number of the preconditioned columns that shows a direction in which they are rounding; chosen."""


@dataclass(frozen=True)
class Tridiagonal:
    """A system over pieces, factorised."""

    columns: Orthonormal
    gram: Gram

    @classmethod
    def of(cls, system: System, ridge: float = RIDGE) -> Tridiagonal:
        """Raises DivergedError if the system is not finite."""
        with sized(0):  # the blocks are small: threads would only wait for one another
            columns = Orthonormal.of(system, [ridge] * len(system.pieces))
            return cls(columns, Gram.of(columns.pieces, columns.rows))

    def solve(self, right: Array) -> Array:
        """The c that minimises ‖A c - right‖: see `Factorisation`."""
        if right.ndim == 2:
            return np.column_stack([self.solve(each) for each in right.T])
        columns, gram = self.columns, self.gram
        kind = np.result_type(right, columns.kind)
        with sized(0):
            y = iterate(
                lambda y: columns.times(gram.backward(y)), lambda v: gram.forward(columns.adjoint(v)), right,
                columns.width, kind, ITERATIONS, EXACT, FLAT, STEEPEST,
            )  # fmt: skip
            return columns.heads(gram.backward(y))

    @property
    def volume(self) -> float:
        """The logarithm of the square root of det(A* A + μ²)."""
        factors = [*(piece.r for piece in self.columns.pieces), *self.gram.diagonal, self.gram.schur]
        return float(sum(np.sum(np.log(np.abs(np.diag(each)))) for each in factors))

    def roughly(self, right: Array) -> Array:
        """The same for several right-hand sides (N, k) at once, by the factor alone and one step of refinement: to
        fewer digits where columns nearly depend on one another."""
        columns, gram = self.columns, self.gram
        with sized(0):
            y = gram.backward(gram.forward(columns.adjoint(right)))
            y = y + gram.backward(gram.forward(columns.adjoint(right - columns.times(y))))
            return columns.heads(y)


@dataclass(frozen=True)
class Gram:
    """The Cholesky factor L of Q^H Q in levels: `diagonal[i]` lower triangular, `below[i]` couples level i + 1 to i;
    the border's columns solved forward through the levels (`across`), and the factor of its Schur complement."""

    levels: tuple[Array, ...]
    diagonal: tuple[Array, ...]
    below: tuple[Array, ...]
    border: Array
    across: Array
    schur: Array

    @classmethod
    def of(cls, pieces: Sequence[OrthonormalPiece], total: int) -> Gram:
        everywhere = [len(p.rows) > EVERYWHERE * total and len(pieces) > FEW for p in pieces]
        inner = [k for k, e in enumerate(everywhere) if not e]
        couples = {(i, j): _shared(pieces[i], pieces[j]) for i in inner for j in inner if j <= i}
        overlaps = {pair: shared for pair, shared in couples.items() if len(shared[0])}
        levels = _levels(inner, overlaps)
        columns = [_columns(pieces, level) for level in levels]
        first = 1e-15 * sum(map(len, columns))
        diagonal, below = _shifting(lambda shift: _eliminate(pieces, levels, overlaps, shift), first)
        border = [k for k, e in enumerate(everywhere) if e]
        bare = cls(tuple(columns), tuple(diagonal), tuple(below), np.zeros(0, int), np.zeros((0, 0)), np.zeros((0, 0)))
        return bare._bordered(pieces, border, first) if border else bare

    def _bordered(self, pieces: Sequence[OrthonormalPiece], border: list[int], shift: float) -> Gram:
        at = _columns(pieces, border)
        width = max(p.columns.stop for p in pieces)
        cross = np.zeros((width, len(at)), dtype=np.result_type(*(p.q.dtype for p in pieces)))
        start = 0
        for k in border:
            stop = start + pieces[k].q.shape[1]
            for p in pieces:
                _, a, b = _shared(p, pieces[k])
                cross[p.columns, start:stop] = p.q[a].conj().T @ pieces[k].q[b]
            start = stop
        corner = cross[at].copy()
        cross[at] = 0
        across = self._forward(cross)
        schur = corner - across.conj().T @ across
        factor = _shifting(lambda larger: _shifted_cholesky(schur, larger), shift)
        return Gram(self.levels, self.diagonal, self.below, at, across, factor)

    def forward(self, g: Array) -> Array:
        """L⁻¹ g."""
        y = self._forward(g)
        if len(self.border):
            y[self.border] = solve_triangular(self.schur, g[self.border] - self.across.conj().T @ y, lower=True)
        return y

    def backward(self, g: Array) -> Array:
        """L⁻ᴴ g."""
        if not len(self.border):
            return self._backward(g)
        z = solve_triangular(self.schur, g[self.border], lower=True, trans="C")
        y = self._backward(g - self.across @ z)
        y[self.border] = z
        return y

    def _forward(self, g: Array) -> Array:
        """On the levels alone; zero on the border."""
        out = np.zeros(g.shape, dtype=np.result_type(g.dtype, *(d.dtype for d in self.diagonal)))
        for i, at in enumerate(self.levels):
            part = g[at] - (self.below[i - 1] @ out[self.levels[i - 1]] if i else 0)
            out[at] = solve_triangular(self.diagonal[i], part, lower=True, check_finite=False)
        return out

    def _backward(self, g: Array) -> Array:
        """On the levels alone; zero on the border."""
        out = np.zeros(g.shape, dtype=np.result_type(g.dtype, *(d.dtype for d in self.diagonal)))
        for i in reversed(range(len(self.levels))):
            at, more = self.levels[i], i + 1 < len(self.levels)
            part = g[at] - (self.below[i].conj().T @ out[self.levels[i + 1]] if more else 0)
            out[at] = solve_triangular(self.diagonal[i], part, lower=True, trans="C", check_finite=False)
        return out


def _columns(pieces: Sequence[OrthonormalPiece], numbers: Sequence[int]) -> Array:
    """The columns of some pieces, one after the other."""
    return np.concatenate([np.arange(pieces[k].columns.start, pieces[k].columns.stop) for k in numbers])


def _shared(p: OrthonormalPiece, other: OrthonormalPiece) -> tuple[Array, Array, Array]:
    """The rows that two pieces share, and their places in each."""
    if not len(p.rows) or not len(other.rows) or p.rows[0] > other.rows[-1] or other.rows[0] > p.rows[-1]:
        nothing = np.zeros(0, int)
        return nothing, nothing, nothing
    return np.intersect1d(p.rows, other.rows, assume_unique=True, return_indices=True)


def _levels(inner: list[int], overlaps: dict) -> list[list[int]]:
    """Groups of pieces, each coupled with those beside it alone: in the reversed order of Cuthill and McKee each group
    goes as far as the one before it reaches."""
    pairs = np.searchsorted(inner, np.array(list(overlaps), dtype=int).reshape(-1, 2))
    one, other = np.concatenate([pairs, pairs[:, ::-1]]).T
    graph = csr_array((np.ones(len(one)), (one, other)), shape=(len(inner), len(inner)))
    order = reverse_cuthill_mckee(graph, symmetric_mode=True)
    place = np.argsort(order)
    furthest = np.arange(len(inner))
    np.maximum.at(furthest, place[one], place[other])
    furthest = np.maximum.accumulate(furthest)
    levels, start, stop = list[list[int]](), 0, min(1, len(inner))
    while start < stop:
        levels.append([inner[k] for k in order[start:stop]])
        start, stop = stop, min(max(int(furthest[stop - 1]) + 1, stop + 1), len(inner))
    return levels


def _eliminate(
    pieces: Sequence[OrthonormalPiece], levels: list[list[int]], overlaps: dict, shift: float
) -> tuple[list[Array], list[Array]]:
    diagonal: list[Array] = []
    below: list[Array] = []
    for i, level in enumerate(levels):
        deadline.turn()
        block = _gram_block(pieces, level, level, overlaps)
        if i:
            block = block - below[-1] @ below[-1].conj().T
        diagonal.append(_shifted_cholesky(block, shift))
        if i + 1 < len(levels):
            coupling = _gram_block(pieces, levels[i + 1], level, overlaps)
            below.append(solve_triangular(diagonal[-1], coupling.conj().T, lower=True, check_finite=False).conj().T)
    return diagonal, below


def _gram_block(pieces: Sequence[OrthonormalPiece], rows: list[int], columns: list[int], overlaps: dict) -> Array:
    grid = []
    for i in rows:
        line = []
        for j in columns:
            p, q = pieces[i], pieces[j]
            key = (i, j) if i >= j else (j, i)
            if key in overlaps:
                _, a, b = overlaps[key]
                a, b = (a, b) if i >= j else (b, a)
                line.append(p.q[a].conj().T @ q.q[b])
            else:
                line.append(np.zeros((p.q.shape[1], q.q.shape[1])))
        grid.append(line)
    return np.block(grid)


def _shifting(factorise: Callable[[float], Result], shift: float) -> Result:
    """Factorise with the smallest of a sequence of shifts that makes the matrix definite: it is so but for rounding."""
    while shift < 1e-4:
        try:
            return factorise(shift)
        except LinAlgError:
            shift *= 30
    raise DivergedError("the cells' system is singular", ALL, "check that the conditions determine the solution")


def _shifted_cholesky(block: Array, shift: float) -> Array:
    block = block.copy()
    block[np.diag_indices(len(block))] += shift
    return waited(len(block) ** 3 / 3, cholesky, block, lower=True, check_finite=False)
