"""The held-out score: how well a state satisfies every condition on points that were not fitted, as a relative error.

Each residual is divided by what its operator makes of the lowest mode of the box, times the size of the unknowns; that scale does
not depend on the network, so that scores of different networks compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.solvers.samples import Samples, Site, bounds
from inrpde.solvers.state import State
from inrpde.solvers.system import Jets, environment, evaluate_jets, integral_values, no_jets, residuals

Array = np.ndarray


VANISHING = 1e-4
"""An unknown counts as at least so large, beside what would balance the others in an equation: one that vanishes has
no relative error."""


@dataclass(frozen=True)
class RowScore:
    """One equation: rms and max of the residual in its own units, the rms over the operator's own size, and the rms of its data
    (what is left where all unknowns vanish)."""

    rms: float
    max: float
    relative: float
    data: float


@dataclass(frozen=True)
class Score:
    """`total` is the root of the sum of squares of the equations' relative residuals; `sizes` are those of the unknowns that
    they are relative to (root mean square)."""

    rows: tuple[RowScore, ...]
    sizes: tuple[float, ...]

    @property
    def total(self) -> float:
        with np.errstate(all="ignore"):
            value = float(np.linalg.norm([row.relative for row in self.rows]))
        return value if np.isfinite(value) else float("inf")


def score(form: Form, samples: Samples, state: State) -> Score:
    """Score a state on samples; infinity where it is not finite."""
    with np.errstate(all="ignore"):
        return _score(form, samples, state)


def _score(form: Form, samples: Samples, state: State) -> Score:
    lo, hi = bounds(form)
    modes = np.pi / (hi - lo)
    jets = evaluate_jets(form, samples, state)
    numbers = integral_values(form, samples, jets)
    slopes = [_slopes(form, row, samples, at, numbers) for row, at in zip(form.rows, jets.rows, strict=True)]
    operators = [_operator(row, slope, modes) for row, slope in zip(form.rows, slopes, strict=True)]
    sizes = _balanced(operators, _sizes(form, jets, samples, state))
    rows = zip(form.rows, residuals(form, samples, jets), operators, data(form, samples), strict=True)
    return Score(
        tuple(_row_score(row, value, operator, samples, sizes, given) for row, value, operator, given in rows),
        tuple(sizes),
    )


def data(form: Form, samples: Samples) -> list[float]:
    """The root mean square of every equation's data: its residual where all unknowns vanish (NaN where that is singular)."""
    nothing = no_jets(form)
    with np.errstate(all="ignore"):
        return [
            _rms(value, samples.of(row))
            for row, value in zip(form.rows, residuals(form, samples, nothing), strict=True)
        ]


def relative_data(form: Form, samples: Samples) -> list[float]:
    """The same, over what each operator makes of the lowest mode of an unknown of size 1: comparable between equations."""
    lo, hi = bounds(form)
    nothing = no_jets(form)
    numbers = [0.0] * len(form.integrals)
    out = []
    for row, at, given in zip(form.rows, nothing.rows, data(form, samples), strict=True):
        operator = _operator(row, _slopes(form, row, samples, at, numbers), np.pi / (hi - lo))
        out.append(given / max(np.sqrt(sum(v**2 for v in operator.values())), 1e-300))
    return out


def _rms(values: Array, site: Site) -> float:
    weights = site.weights / site.weights.sum()
    return float(np.sqrt(np.sum(weights * np.abs(values) ** 2)))


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
            sites = [
                samples.of(row)
                for row in form.rows
                if row.region.dim == form.space.dim and any(j.unknown == unknown for j in row.jets.values())
            ]
            if sites:
                zero = (0,) * form.space.dim
                values = state.jets(unknown, sites[0].points[:2000], [zero])[zero]
                found = [(form.space.dim, float(np.mean(np.abs(values) ** 2)))]
        best = max((dim for dim, _ in found), default=0)
        sizes.append(np.sqrt(max((size for dim, size in found if dim == best), default=0.0)))
    return sizes


def _operator(row: Row, slopes: dict, modes: Array) -> dict[int, float]:
    """What an equation's operator makes of the lowest mode of each of its unknowns, in the root mean square."""
    squares: dict[int, float] = {}
    for symbol, jet in row.jets.items():
        if symbol in slopes:
            mode = float(np.prod(modes ** np.array(jet.index)))
            squares[jet.unknown] = squares.get(jet.unknown, 0.0) + float(np.mean(np.abs(slopes[symbol]) ** 2)) * mode**2
    return {unknown: float(np.sqrt(square)) for unknown, square in squares.items()}


def _balanced(operators: list[dict[int, float]], sizes: list[float]) -> list[float]:
    """The sizes, but of an unknown that vanishes the share `VANISHING` of what would balance the others in its equations."""
    out = list(sizes)
    for operator in operators:
        for unknown, own in operator.items():
            others = np.sqrt(sum((value * sizes[k]) ** 2 for k, value in operator.items() if k != unknown))
            if own > 0 and np.isfinite(others):
                out[unknown] = max(out[unknown], VANISHING * others / own)
    return out


def _row_score(
    row: Row, residual: Array, operator: dict[int, float], samples: Samples, sizes: list[float], given: float
) -> RowScore:
    rms = _rms(residual, samples.of(row))
    scale = np.sqrt(sum((value * sizes[unknown]) ** 2 for unknown, value in operator.items()))
    if row.integrals and not row.jets:
        scale = max(sizes)
    return RowScore(rms, float(np.max(np.abs(residual), initial=0.0)), rms / max(scale, 1e-300), given)
