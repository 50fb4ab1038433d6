"""The held-out score: how well a state satisfies every condition on points that were not fitted, as a relative error.

Each residual is divided by what its operator makes of the lowest mode of the box, times the size of the unknowns; that scale does
not depend on the network, so that scores of different networks compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.solvers.samples import Samples, bounds
from inrpde.solvers.state import State
from inrpde.solvers.system import Jets, environment, evaluate_jets, integral_values, residuals

Array = np.ndarray


@dataclass(frozen=True)
class RowScore:
    """One equation: rms and max of the residual in its own units, and the rms over the operator's own size."""

    rms: float
    max: float
    relative: float


@dataclass(frozen=True)
class Score:
    """`total` is the root of the sum of squares of the equations' relative residuals."""

    rows: tuple[RowScore, ...]

    @property
    def total(self) -> float:
        value = float(np.sqrt(sum(row.relative**2 for row in self.rows)))
        return value if np.isfinite(value) else float("inf")


def score(form: Form, samples: Samples, state: State) -> Score:
    """Score a state on samples. Unknowns that vanish are measured against 1e-300, so that their score is honest."""
    lo, hi = bounds(form)
    modes = np.pi / (hi - lo)
    jets = evaluate_jets(form, samples, state)
    numbers = integral_values(form, samples, jets)
    slopes = [_slopes(form, row, samples, at, numbers) for row, at in zip(form.rows, jets.rows, strict=True)]
    sizes = _sizes(form, jets, samples, state)
    rows = zip(form.rows, residuals(form, samples, jets), slopes, strict=True)
    return Score(tuple(_row_score(row, value, slope, samples, modes, sizes) for row, value, slope in rows))


def _slopes(form: Form, row: Row, samples: Samples, at: dict, numbers: list) -> dict:
    env = environment(form, row, samples.of(row)) | at | {s: numbers[k] for s, k in row.integrals.items()}
    return dict(zip(row.tangent, row.slopes(env), strict=True))


def _sizes(form: Form, jets: Jets, samples: Samples, state: State) -> list[float]:
    """Root mean square of each unknown over the equations that hold in volumes (or wherever it appears)."""
    sizes = []
    for unknown in range(len(form.unknowns)):
        found: list[tuple[int, float]] = []
        for row, values in zip(form.rows, jets.rows, strict=True):
            for symbol, jet in row.jets.items():
                if jet.unknown == unknown and not any(jet.index):
                    found.append((row.region.dim, float(np.mean(np.abs(values[symbol]) ** 2))))
        if not any(dim == form.space.dim for dim, _ in found):
            sites = [samples.of(row) for row in form.rows if row.region.dim == form.space.dim and any(j.unknown == unknown for j in row.jets.values())]
            if sites:
                zero = (0,) * form.space.dim
                values = state.jets(unknown, sites[0].points[:2000], [zero])[zero]
                found = [(form.space.dim, float(np.mean(np.abs(values) ** 2)))]
        best = max((dim for dim, _ in found), default=0)
        sizes.append(np.sqrt(max((size for dim, size in found if dim == best), default=0.0)))
    return sizes


def _row_score(row: Row, residual: Array, slopes: dict, samples: Samples, modes: Array, sizes: list[float]) -> RowScore:
    weights = samples.of(row).weights
    weights = weights / weights.sum()
    rms = float(np.sqrt(np.sum(weights * np.abs(residual) ** 2)))
    scale = 0.0
    for symbol, jet in row.jets.items():
        if symbol in slopes:
            mode = float(np.prod(modes ** np.array(jet.index)))
            scale += float(np.mean(np.abs(slopes[symbol]) ** 2)) * (mode * sizes[jet.unknown]) ** 2
    if row.integrals and not row.jets:
        scale = max(sizes) ** 2
    return RowScore(rms, float(np.max(np.abs(residual), initial=0.0)), rms / max(np.sqrt(scale), 1e-300))
