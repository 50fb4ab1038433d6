"""The constants that the unknowns are counted from: an offset, as of 300 K, is to cost no digit and hide no error."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.fields import FAR, ROUNDED
from inrpde.discretise.jets import Jets, no_jets
from inrpde.discretise.operators import lowest_modes, operator, slopes
from inrpde.discretise.state import zero_state
from inrpde.discretise.system import linearise
from inrpde.networks.trial import Constant
from inrpde.sampling.draw import draw

Array = np.ndarray
POINTS = 200
"""Points at which conditions are looked at."""


def base(form: Form) -> tuple[complex | float, ...]:
    """For each unknown the constant that comes closest to satisfying the linear equations, in the least squares of
    their residuals over what the operators make of the lowest mode; 0 for what is learned, and, where there are
    readings, or an equation in a volume sees constants, as k² u does, 0 if it does not outweigh `FAR` times what it
    leaves.

    A constant that is added to an unknown in all conditions is added to its base."""
    return _base(form.origin or form)


@lru_cache(maxsize=64)
def _base(form: Form) -> tuple[complex | float, ...]:
    rows = tuple(row for row in form.rows if row.linear and (form.linear or not row.integrals))
    plain = replace(form, rows=rows, integrals=form.integrals if form.linear else ())
    if not rows:
        return (0.0,) * len(form.unknowns)
    samples, jets, modes = draw(form, POINTS, 0), no_jets(plain), lowest_modes(form)
    system = linearise(plain, samples, zero_state(plain, (Constant(),) * len(form.unknowns)), jets)
    numbers = [0.0] * len(form.integrals)
    matrices, rights, holds = [], [], []
    with np.errstate(all="ignore"):
        for block in system.blocks:
            assert block.row is not None
            tangent = slopes(plain, block.row, samples, jets.rows[rows.index(block.row)], numbers)
            size = np.sqrt(sum(v**2 for v in operator(block.row, samples.of(block.row), tangent, modes).values()))
            weights = block.root / (size or block.scale)
            matrix = np.column_stack([block.times(unit, system.pieces) for unit in np.eye(system.width)])
            matrices.append(weights[:, None] * matrix)
            rights.append(weights * block.right)
            holds.append(np.array([k in block.row.indices for k in range(len(form.unknowns))]) | (matrix != 0))
    matrix, right, held = np.concatenate(matrices), np.concatenate(rights), np.concatenate(holds)
    known = np.isfinite(right) & np.isfinite(matrix).all(axis=1)
    matrix, right, held = matrix[known], right[known], held[known]
    found = np.linalg.lstsq(matrix, right, rcond=None)[0]
    left = held.T @ np.abs(right - matrix @ found) ** 2
    beside = np.abs(found) * np.linalg.norm(matrix, axis=0) / np.maximum(np.sqrt(left), 1e-300)
    return tuple(
        constant if beside[k] > (ROUNDED if _unseen(form, k) else FAR) and not form.unknowns[k].learned else 0.0
        for k, constant in enumerate(found.tolist())
    )


def _unseen(form: Form, unknown: int) -> bool:
    """Has an unknown equations in volumes, and in these nothing but derivatives, and no readings beside them?"""
    mine = [row for row in form.rows if unknown in row.indices]
    volumes = [row for row in mine if row.region.dim == form.space.dim]
    derived = all(any(index) for row in volumes for index in row.indices[unknown])
    return bool(volumes) and derived and not any(row.region.labels for row in mine)


def base_jets(form: Form) -> Jets:
    """The jets of a state that is its base."""
    return Jets(
        tuple(at_base(form, row) for row in form.rows), tuple(at_base(form, term.row) for term in form.integrals)
    )


def at_base(form: Form, row: Row) -> dict:
    """The jets of one equation there."""
    return {symbol: 0.0 if any(jet.index) else base(form)[jet.unknown] for symbol, jet in row.jets.items()}
