"""Sparse linear systems of small dense blocks: by scipy's SuperLU, in space by conjugate gradients where these
serve."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import LinearOperator, MatrixRankWarning, SuperLU, cg, splu

from inrpde import deadline
from inrpde.errors import DivergedError
from inrpde.solvers.linear.threads import sized

Array = np.ndarray
ACCURATE = 1e-9
"""What may be left of a system beside its right-hand side; with more the pivots are chosen anew, by their size."""
DIAGONAL: dict[str, Any] = {"diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
PIVOTS: tuple[tuple[float, dict[str, Any]], ...] = (
    (1e-10, DIAGONAL),
    (1e-8, DIAGONAL),
    (1e-10, {"diag_pivot_thresh": 0.1}),
    (1e-10, {"permc_spec": "COLAMD"}),
)
"""How SuperLU picks pivots, from the fastest way to the safest: on the diagonal, near it, anywhere; and what stands on
the diagonal, beside 1, where nothing does, as for a pressure: then no pivots are looked for, which fills the factors.
Refinement takes it off again. Measured: 1e-8 is slow where complements are small, 1e-10 lets large factors lose all."""
REFINED, MOST = 2, 8
"""Steps of iterative refinement, and how many are tried before pivots are chosen anew, which fills the factors; chosen,
measured: factors of flows take up to six."""
FIRMER = (1.0, 10.0, 100.0, 1000.0)
"""Times what is added for columns that others hold nearly as well, until refinement leaves less with each step: where
rounding leaves as much of such a column, with the other sign, it goes astray."""
NOTHING = 1e-10
"""On the diagonal, beside 1."""
LARGE, ROUNDS, CLOSE = 10_000, 300, 1e-8
"""The columns from which conjugate gradients are tried in space, as factors fill up there; their steps, after which
factors are quicker, and what they leave of a system; measured."""


@dataclass(frozen=True, eq=False)
class Block:
    """Diagonal blocks of one size that begin at columns `starts` (B,), of which the first `low` are the smoothest."""

    starts: Array
    size: int
    low: int


def solve(matrix: csc_array, right: Array, blocks: Sequence[Block] = (), firm: Array | float = 0.0) -> Array:
    """The solution (W,) of a square system; with `blocks` by conjugate gradients, where it is large, symmetric and
    positive, and they are quick. Columns and rows are scaled by the diagonal first, to which `firm` (W,) is added in
    factors. Raises DivergedError where it is singular."""
    if blocks and len(right) > LARGE and np.isrealobj(matrix.data) and np.all(matrix.diagonal() > 0):
        scaled, scale = _scaled(matrix)
        near = _by_gradients(scaled, scale * right, blocks)
        if near is not None:
            return scale * near
    return factorised(matrix, right, REFINED, firm)(right)


def factorised(
    matrix: csc_array, probe: Array, refined: int = REFINED, firm: Array | float = 0.0
) -> Callable[[Array], Array]:
    """What solves systems of a square matrix, with so many steps of iterative refinement; `probe` (W,) is a right-hand
    side on which it is tried. Raises DivergedError where it is singular."""
    scaled, scale = _scaled(matrix)
    empty = (np.abs(scaled.diagonal()) < NOTHING) & (abs(scaled).sum(axis=0) > 0)

    def solved(factors: SuperLU, times: int, right: Array) -> Array:
        wanted = scale * right
        found = factors.solve(wanted)
        for _ in range(times):
            found = found + factors.solve(wanted - scaled @ found)
        return scale * found

    best, least = None, np.inf
    for instead, options in PIVOTS:
        if instead != PIVOTS[0][0] and not np.any(empty):
            continue
        for firmer in FIRMER if np.any(firm) else FIRMER[:1]:
            added = np.where(empty, instead, firmer * firm)
            held = csc_array(scaled + diags_array(added)) if np.any(added) else scaled
            try:
                with sized(0.0), warnings.catch_warnings():  # its blocks are small
                    warnings.simplefilter("error", MatrixRankWarning)
                    factors = splu(held, **{"permc_spec": "MMD_AT_PLUS_A", **options})
            except (RuntimeError, MatrixRankWarning):
                continue
            times, lefts = refinement(factors, scaled, scale * probe)
            if np.any(firm) and lefts[REFINED] > lefts[0] and firmer < FIRMER[-1]:
                continue
            if lefts[times] < least:
                best, least = partial(solved, factors, refined if times <= REFINED else times), lefts[times]
            break
        if least < ACCURATE:
            break
    if best is None:
        raise DivergedError(
            "the system of the flux form is singular", None, "check that the conditions determine the solution"
        )
    return best


def refinement(factors: SuperLU, matrix: csc_array, right: Array) -> tuple[int, list[float]]:
    """How many steps of iterative refinement are enough, as far as there may be any, and what each leaves of a system
    beside its right-hand side."""
    found, size, lefts = factors.solve(right), float(np.linalg.norm(right)) or 1.0, list[float]()
    while True:
        missed = right - matrix @ found
        left = float(np.linalg.norm(missed)) / size
        lefts.append(left if np.isfinite(left) else np.inf)
        least = int(np.argmin(lefts))
        if (len(lefts) > REFINED and lefts[-1] < ACCURATE) or len(lefts) > MOST or len(lefts) > least + REFINED:
            return least, lefts
        found = found + factors.solve(missed)


def _scaled(matrix: csc_array) -> tuple[csc_array, Array]:
    """With rows and columns divided by the roots (W,) of its diagonal, and what these are multiplied by. Where it is
    empty that of the Schur complement stands in, Σ_j b_j² / a_jj, of the diagonal one."""
    diagonal = np.abs(matrix.diagonal())
    largest = np.max(np.abs(matrix.data), initial=0.0)
    full = diagonal > 1e-14 * largest
    scale = 1 / np.sqrt(np.where(full, diagonal, 1.0))
    by_columns = np.repeat(np.arange(len(scale)), np.diff(matrix.indptr))
    squares = np.abs(matrix.data * np.where(full, scale, 0.0)[matrix.indices]) ** 2
    complement = np.bincount(by_columns, squares, minlength=len(scale))
    scale = np.where(full, scale, 1 / np.sqrt(np.where(complement > 0, complement, largest or 1.0)))
    entries = matrix.data * scale[matrix.indices] * scale[by_columns]
    return csc_array((entries, matrix.indices, matrix.indptr), shape=matrix.shape), scale


def _by_gradients(matrix: csc_array, right: Array, blocks: Sequence[Block]) -> Array | None:
    """The same by conjugate gradients, preconditioned by the inverses of blocks and, over all of them, by that of what
    is between their smoothest functions (additive Schwarz; Antonietti and Ayuso 2007); None where it is not symmetric,
    or they are not quick."""
    rows = matrix.T.tocsr()  # its rows, as it is symmetric
    probe = np.random.default_rng(0).standard_normal((2, len(right)))
    there, back = probe[0] @ (matrix @ probe[1]), probe[1] @ (matrix @ probe[0])
    if abs(there - back) > ACCURATE * np.linalg.norm(matrix @ probe[1]) * np.linalg.norm(probe[0]):
        return None
    inverses = [(_columns(block, block.size), np.linalg.inv(_diagonal(matrix, block))) for block in blocks]
    low = np.concatenate([_columns(block, block.low).ravel() for block in blocks])
    coarse = splu(csc_array(matrix[:, low][low]))

    def improved(left: Array) -> Array:
        deadline.turn()
        out = np.zeros_like(left)
        for at, inverse in inverses:
            out[at] = (inverse @ left[at][..., None])[..., 0]
        out[low] += coarse.solve(left[low])
        return out

    nearly = LinearOperator(matrix.shape, improved, dtype=float)
    found, failed = cg(rows, right, rtol=CLOSE, maxiter=ROUNDS, M=nearly)
    return None if failed or not np.all(np.isfinite(found)) else found


def _columns(block: Block, many: int) -> Array:
    """The first columns (B, many) of each."""
    return block.starts[:, None] + np.arange(many)


def _diagonal(matrix: csc_array, block: Block) -> Array:
    """The blocks (B, K, K)."""
    at = _columns(block, block.size)
    number, place = np.full(matrix.shape[0], -1), np.zeros(matrix.shape[0], int)
    number[at], place[at] = np.arange(len(at))[:, None], np.arange(block.size)
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    inside = (number[matrix.indices] == number[column]) & (number[column] >= 0)
    row, column = matrix.indices[inside], column[inside]
    out = np.zeros((len(at), block.size, block.size))
    out[number[row], place[row], place[column]] = matrix.data[inside]
    return out
