"""Block least squares: local QR of each piece's columns, Cholesky of the orthonormalised Gram matrix, refined by CGLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, qr, solve_triangular

from inrpde.compiler.form import Row
from inrpde.errors import DivergedError
from inrpde.solvers.system import System

Array = np.ndarray


@dataclass(frozen=True)
class Piece:
    """One piece's columns on the rows that it reaches: A = Q R, with the ridge inside R."""

    columns: slice
    rows: Array
    q: Array
    r: Array


def block_solve(system: System, balance: Callable[[Row], float], ridge: float = 1e-13, iterations: int = 12) -> Array:
    """Minimise ‖A c - b‖ over all pieces; c of shape (width,). Raises DivergedError if the system is not finite."""
    right = np.concatenate([b.right * f for b, f in zip(system.blocks, system.factors(balance), strict=True)])
    pieces = [_factor(system, k, balance, ridge) for k in range(len(system.pieces))]
    kind = np.result_type(right.dtype, *(p.q.dtype for p in pieces))
    gram = np.zeros((system.width, system.width), dtype=np.result_type(*(p.q.dtype for p in pieces)))
    for i, p in enumerate(pieces):
        gram[p.columns, p.columns] = p.q.conj().T @ p.q
        for other in pieces[:i]:
            shared, a, b = np.intersect1d(p.rows, other.rows, assume_unique=True, return_indices=True)
            if len(shared):
                gram[p.columns, other.columns] = p.q[a].conj().T @ other.q[b]
    factor = _cholesky(gram)

    def apply(y: Array) -> Array:
        out = np.zeros(len(right), dtype=kind)
        for p in pieces:
            out[p.rows] += p.q @ y[p.columns]
        return out

    def adjoint(v: Array) -> Array:
        return np.concatenate([p.q.conj().T @ v[p.rows] for p in pieces])

    y = _cgls(apply, adjoint, lambda g: cho_solve(factor, g, check_finite=False), right, iterations, system.width, kind)
    return np.concatenate([solve_triangular(p.r, y[p.columns]) for p in pieces])


def _factor(system: System, k: int, balance: Callable[[Row], float], ridge: float) -> Piece:
    columns = system.pieces[k]
    width = columns.stop - columns.start
    rows, matrices, start = [], [], 0
    for block, factor in zip(system.blocks, system.factors(balance), strict=True):
        n = len(block.right)
        mine = [part for part in block.parts if part.piece == k]
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
        raise DivergedError("the linear system is not finite", None, "check coefficients and data for singular points")
    foot = np.eye(width) * max(ridge * size / np.sqrt(width), 1e-300)
    q, r = qr(np.concatenate([a, foot]), mode="economic", overwrite_a=True, check_finite=False)
    return Piece(columns, np.concatenate(rows), q[: len(a)], r)


def _cholesky(gram: Array) -> tuple[Array, bool]:
    diagonal = np.arange(len(gram))
    shift = 1e-15 * len(gram)
    while shift < 1e-4:
        gram[diagonal, diagonal] += shift
        try:
            return cho_factor(gram, lower=True, check_finite=False)
        except LinAlgError:
            shift *= 30
    raise DivergedError("the cells' system is singular", None, "check that the conditions determine the solution")


def _cgls(apply: Callable, adjoint: Callable, precondition: Callable, b: Array, iterations: int, width: int, kind: np.dtype) -> Array:
    """Preconditioned conjugate gradients on the normal equations (Björck 1996, section 7.4), from zero."""
    x = np.zeros(width, dtype=kind)
    residual = b.astype(kind)
    gradient = adjoint(residual)
    z = precondition(gradient)
    direction, gamma = z, np.vdot(gradient, z).real
    first = gamma
    for _ in range(iterations):
        if not gamma > 1e-30 * first:
            break
        image = apply(direction)
        step = gamma / max(np.vdot(image, image).real, 1e-300)
        x = x + step * direction
        residual = residual - step * image
        gradient = adjoint(residual)
        z = precondition(gradient)
        previous, gamma = gamma, np.vdot(gradient, z).real
        direction = z + (gamma / previous) * direction
    return x
