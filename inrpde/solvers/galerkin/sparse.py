"""Sparse linear systems of small dense blocks, by scipy's SuperLU."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import MatrixRankWarning, splu

from inrpde.errors import DivergedError

Array = np.ndarray
ACCURATE = 1e-9
"""What may be left of a system beside its right-hand side; with more the pivots are chosen anew, by their size."""
PIVOTS: tuple[dict[str, Any], ...] = (
    {"diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}},
    {"diag_pivot_thresh": 0.1},
    {"permc_spec": "COLAMD"},
)
"""How SuperLU picks pivots, from the fastest way to the safest: on the diagonal, near it, anywhere."""
REFINED = 2
"""Steps of iterative refinement."""


def solve(matrix: csc_array, right: Array) -> Array:
    """The solution (W,) of a square system. Columns and rows are scaled by the diagonal first. Raises DivergedError
    where it is singular."""
    diagonal = np.abs(matrix.diagonal())
    largest = np.max(np.abs(matrix.data), initial=0.0)
    scale = 1 / np.sqrt(np.where(diagonal > 1e-14 * largest, diagonal, largest or 1.0))
    entries = matrix.data * scale[matrix.indices] * np.repeat(scale, np.diff(matrix.indptr))
    scaled = csc_array((entries, matrix.indices, matrix.indptr), shape=matrix.shape)
    wanted = scale * right
    best, least = None, np.inf
    for options in PIVOTS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", MatrixRankWarning)
                factors = splu(scaled, **{"permc_spec": "MMD_AT_PLUS_A", **options})
        except (RuntimeError, MatrixRankWarning):
            continue
        found = factors.solve(wanted)
        for _ in range(REFINED):
            found = found + factors.solve(wanted - scaled @ found)
        left = float(np.linalg.norm(wanted - scaled @ found) / (np.linalg.norm(wanted) or 1.0))
        if np.isfinite(left) and left < least:
            best, least = found, left
        if least < ACCURATE:
            break
    if best is None:
        raise DivergedError(
            "the system of the flux form is singular", None, "check that the conditions determine the solution"
        )
    return scale * best
