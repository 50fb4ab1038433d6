"""Levels, each finer than the one before: what is left of the last difference, and whether a further one is begun."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.discretise.state import State
from inrpde.solvers.contract.method import Context

Array = np.ndarray
FIRST_SHARE, LEAST_SHARE, MOST_SHARE, UNSTEADY = 1.0, 0.2, 20.0, 2.0
"""The part of the difference to the level before that is the error of a second level, and of any at least and at most
(where materials meet in a point levels may gain a tenth); and that of one that does not come nearer; chosen."""
STEADY, MARGIN = 3, 1.5
"""Gains of so many levels tell, by their median where the last is larger; what the error is taken for beside what it
would be if they went on; chosen."""
PATIENCE, FINE, GOOD = (8.0, 40.0), 1e-8, 1e-5
"""Without a budget, seconds after which no level is begun: with an error that is below `GOOD`, and with a larger one;
below `FINE` a quarter of the first; chosen."""


def gained(gaps: Sequence[float], least: float = LEAST_SHARE) -> float:
    """The part of the last difference that is the error of the last level, at least as much."""
    if len(gaps) < 2:
        return FIRST_SHARE
    ratios = np.array(gaps[1:]) / np.maximum(gaps[:-1], 1e-300)
    ratio = max(ratios[-1], np.median(ratios[-STEADY:]))
    if ratio >= 1:
        return UNSTEADY
    return float(np.clip(MARGIN * ratio / (1 - ratio), least, MOST_SHARE))


def left(context: Context, error: float) -> float:
    """Seconds for a further level."""
    if context.clock.budget is not None:
        return context.clock.searching
    short, long = PATIENCE
    if context.tol is not None:
        return 2 * long - context.clock.spent
    return (short / 4 if error < FINE else short if error < GOOD else long) - context.clock.spent


def differences(
    one: State, other: State, points: Sequence[Array], weights: Sequence[Array] | None = None
) -> list[float]:
    """By unknown, how much two states differ at points, which may have weights, beside the first's size."""
    out = []
    for k, at in enumerate(points):
        zero = (0,) * at.shape[1]
        root = 1.0 if weights is None else np.sqrt(weights[k])
        a, b = (root * state.jets(k, at, [zero])[zero] for state in (one, other))
        out.append(float(np.linalg.norm(a - b) / (np.linalg.norm(a) or 1.0)))
    return out
