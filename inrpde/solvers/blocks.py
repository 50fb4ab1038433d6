"""Block least squares: local QR of each piece's columns, block Cholesky of the orthonormalised Gram matrix, then CGLS.

Pieces that overlap couple; the levels of a breadth-first walk over those couplings make the Gram matrix block
tridiagonal. Pieces that reach everywhere (corner functions, integrals) are a border, eliminated by a Schur complement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.linalg import LinAlgError, cholesky, qr, solve_triangular

from inrpde import deadline
from inrpde.compiler.form import Row
from inrpde.errors import DivergedError
from inrpde.solvers.linear import ALL, RIDGE
from inrpde.solvers.system import Part, System
from inrpde.solvers.threads import sized

Array = np.ndarray
Result = TypeVar("Result")
ITERATIONS, SOME = 12, 3
"""Conjugate gradients at most, and at least where time is over: without any there is no answer."""
LONGEST = 1e4
"""Steps are about 1, but along what the columns of different pieces share: there a gradient is rounding."""
EXACT = 1e-14
"""A residual of this share of the right-hand side is rounding."""


@dataclass(frozen=True)
class Piece:
    """One piece's columns on the rows that it reaches: A = Q R, with the ridge inside R."""

    columns: slice
    rows: Array
    q: Array
    r: Array


def block_solve(system: System, balance: Callable[[Row], float], ridge: float = RIDGE) -> Array:
    """Minimise ‖A c - b‖ over all pieces; c of shape (width,). Raises DivergedError if the system is not finite."""
    factors = system.factors(balance)
    right = np.concatenate([b.right * f for b, f in zip(system.blocks, factors, strict=True)])
    with sized(0):  # the blocks are small: threads would only wait for one another
        pieces = factored(system, factors, [ridge] * len(system.pieces))
        kind = np.result_type(right.dtype, *(p.q.dtype for p in pieces))
        gram = Gram.of(pieces, len(right))

        return iterate(pieces, right, system.width, kind, gram.solve, ITERATIONS)


def iterate(
    pieces: Sequence[Piece], right: Array, width: int, kind: np.dtype, precondition: Callable, most: int,
    exact: float = EXACT, over: Callable[[], bool] = lambda: False,
) -> Array:  # fmt: skip
    """The heads that minimise ‖A c - b‖, by at most so many conjugate gradients on the orthonormalised columns, until
    the residual is a share `exact` of b, or until it is `over`."""

    def apply(y: Array) -> Array:
        out = np.zeros(len(right), dtype=kind)
        for p in pieces:
            out[p.rows] += p.q @ y[p.columns]
        return out

    def adjoint(v: Array) -> Array:
        return np.concatenate([p.q.conj().T @ v[p.rows] for p in pieces])

    y = _cgls(apply, adjoint, precondition, right, width, kind, most, exact, over)
    return np.concatenate([solve_triangular(p.r, y[p.columns]) for p in pieces])


def factored(system: System, factors: Sequence[Array], ridges: Sequence[float | Array]) -> list[Piece]:
    """Every piece's columns on the rows that it reaches, orthonormalised together with a ridge, which is one number or
    one a column, relative to the columns' size."""
    parts: list[list[list[Part]]] = [[[] for _ in system.blocks] for _ in system.pieces]
    for number, block in enumerate(system.blocks):
        for part in block.parts:
            parts[part.piece][number].append(part)
    each = enumerate(zip(parts, ridges, strict=True))
    return [_factor(system, k, mine, factors, ridge) for k, (mine, ridge) in each]


def _factor(system: System, k: int, parts: list[list[Part]], factors: Sequence[Array], ridge: float | Array) -> Piece:
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
        return Piece(columns, np.zeros(0, int), np.zeros((0, width)), np.eye(width))
    a = np.concatenate(matrices)
    size = float(np.linalg.norm(a))
    if not np.isfinite(size):
        raise DivergedError(
            "the linear system is not finite",
            ALL,
            "check coefficients and data for singular points",
        )
    foot = np.diag(np.broadcast_to(np.maximum(ridge * size / np.sqrt(width), 1e-300), width))
    q, r = qr(np.concatenate([a, foot]), mode="economic", overwrite_a=True, check_finite=False)
    return Piece(columns, np.concatenate(rows), np.ascontiguousarray(q[: len(a)]), r)


@dataclass(frozen=True)
class Gram:
    """The Cholesky factor of Q^H Q in levels: `diagonal[i]` lower triangular, `below[i]` couples level i + 1 to i; the
    border's columns solved through the levels (`across`), and the factor of its Schur complement."""

    levels: tuple[Array, ...]
    diagonal: tuple[Array, ...]
    below: tuple[Array, ...]
    border: Array
    across: Array
    schur: Array

    @classmethod
    def of(cls, pieces: Sequence[Piece], total: int) -> Gram:
        everywhere = [len(p.rows) > 0.5 * total and len(pieces) > 8 for p in pieces]
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

    def _bordered(self, pieces: Sequence[Piece], border: list[int], shift: float) -> Gram:
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
        across = self._inner(cross)
        schur = corner - cross.conj().T @ across
        factor = _shifting(lambda larger: _shifted_cholesky(schur, larger), shift)
        return Gram(self.levels, self.diagonal, self.below, at, across, factor)

    def solve(self, g: Array) -> Array:
        y = self._inner(g)
        if len(self.border):
            tail = g[self.border] - self.across.conj().T @ _without(g, self.border)
            z = solve_triangular(self.schur, solve_triangular(self.schur, tail, lower=True), lower=True, trans="C")
            y = y - self.across @ z
            y[self.border] = z
        return y

    def _inner(self, g: Array) -> Array:
        """Solve on the levels alone; zero on the border."""
        parts: list[Array] = []
        for i, at in enumerate(self.levels):
            part = g[at] - (self.below[i - 1] @ parts[-1] if i else 0)
            parts.append(solve_triangular(self.diagonal[i], part, lower=True, check_finite=False))
        out = np.zeros(g.shape, dtype=np.result_type(g.dtype, *(d.dtype for d in self.diagonal)))
        for i in reversed(range(len(parts))):
            part = parts[i] - (self.below[i].conj().T @ parts[i + 1] if i + 1 < len(parts) else 0)
            parts[i] = solve_triangular(self.diagonal[i], part, lower=True, trans="C", check_finite=False)
            out[self.levels[i]] = parts[i]
        return out


def _columns(pieces: Sequence[Piece], numbers: Sequence[int]) -> Array:
    """The columns of some pieces, one after the other."""
    return np.concatenate([np.arange(pieces[k].columns.start, pieces[k].columns.stop) for k in numbers])


def _without(g: Array, border: Array) -> Array:
    out = g.copy()
    out[border] = 0
    return out


def _shared(p: Piece, other: Piece) -> tuple[Array, Array, Array]:
    """The rows that two pieces share, and their places in each."""
    if not len(p.rows) or not len(other.rows) or p.rows[0] > other.rows[-1] or other.rows[0] > p.rows[-1]:
        nothing = np.zeros(0, int)
        return nothing, nothing, nothing
    return np.intersect1d(p.rows, other.rows, assume_unique=True, return_indices=True)


def _levels(inner: list[int], overlaps: dict) -> list[list[int]]:
    """The levels of a breadth-first walk from an end of the graph of couplings, one component after another."""
    near: dict[int, set[int]] = {k: set() for k in inner}
    for i, j in overlaps:
        near[i].add(j)
        near[j].add(i)
    levels: list[list[int]] = []
    left = set(inner)
    while left:
        walk = _walk(_walk([min(left)], near)[-1][:1], near)
        levels += walk
        left -= {k for level in walk for k in level}
    return levels


def _walk(start: list[int], near: dict[int, set[int]]) -> list[list[int]]:
    levels, seen = [start], set(start)
    while True:
        following = sorted({n for k in levels[-1] for n in near[k]} - seen)
        if not following:
            return levels
        levels.append(following)
        seen |= set(following)


def _eliminate(
    pieces: Sequence[Piece], levels: list[list[int]], overlaps: dict, shift: float
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


def _gram_block(pieces: Sequence[Piece], rows: list[int], columns: list[int], overlaps: dict) -> Array:
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
    return cholesky(block, lower=True, check_finite=False)


def _cgls(
    apply: Callable, adjoint: Callable, precondition: Callable, b: Array, width: int, kind: np.dtype, most: int,
    exact: float, over: Callable[[], bool],
) -> Array:  # fmt: skip
    """Preconditioned conjugate gradients on the normal equations (Björck 1996, section 7.4), from zero."""
    x = np.zeros(width, dtype=kind)
    residual = b.astype(kind)
    gradient = adjoint(residual)
    direction = z = precondition(gradient)
    size = np.vdot(b, b).real
    first = gamma = np.vdot(gradient, z).real
    for number in range(most):
        deadline.turn()
        late = number >= SOME and over()
        if not gamma > 1e-30 * first or np.vdot(residual, residual).real < exact**2 * size or late:
            break
        image = apply(direction)
        step = gamma / max(np.vdot(image, image).real, 1e-300)
        if step > LONGEST:
            break
        x = x + step * direction
        residual = residual - step * image
        gradient = adjoint(residual)
        z = precondition(gradient)
        previous, gamma = gamma, np.vdot(gradient, z).real
        direction = z + (gamma / previous) * direction
    return x
