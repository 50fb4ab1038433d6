"""Where a run of an initial-value solver steps over what is narrow as a function of the unknowns themselves.

The solver sees rates at the ends of its steps; a rate that is another for a moment alone, as the solution passes one
value, leaves no trace there. It is looked for along the run, as narrow data are in expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from inrpde import resolution
from inrpde.declaration.regions import Region
from inrpde.resolution.frame import frames

Array = np.ndarray
NEAREST, RINGS = 1e-10, 60
"""Distances from a moment at which rates are looked at, beside the whole: the smallest, and how many."""
FARTHER, SETTLED = 4, 2.0
"""What varies on one length changes by less than twice as much so many rings farther: at five times the distance."""
SEEN = 1e-6
"""What changes a rate by a smaller share is nothing."""
ROUND = 4.0
"""How far about a moment steps are short, in widths."""
PLACES = 16
"""Moments that are looked at, at most."""


def overlooked(
    region: Region,
    every: Sequence[resolution.Node],
    arguments: Callable[[Array], list[Array]],
    rates: Callable[[Array], Array],
    ends: Array,
) -> list[tuple[float, float, float]]:
    """Places (a, b, h) in time where rates vary on the length h and no step ends.

    `arguments` of functions that may be narrow and `rates` (N, components) are those along the run at times (N,), and
    `ends` those of its steps."""
    (frame,) = frames(region)
    moments = resolution.searched(frame, every, [partial(_one, arguments, k) for k in range(len(every))])
    extent, found = float(frame.hi[0] - frame.lo[0]), []
    away = extent * np.geomspace(NEAREST, 1.0, RINGS)
    for moment in np.unique(np.concatenate([np.zeros(0), *(each[:, 0] for each in moments)]))[:PLACES]:
        both = moment + np.stack([away, -away])
        there = rates(np.clip(np.append(both, moment), frame.lo[0], frame.hi[0]))
        change = np.abs(there[:-1] - there[-1]).reshape(2, RINGS, -1).max(axis=0)
        settled = change[FARTHER:] < SETTLED * change[:-FARTHER]
        varies = np.any(settled & (change[:-FARTHER] > SEEN * np.abs(there).max(axis=0)), axis=1)
        if not varies.any():
            continue
        width = away[np.argmax(varies)]
        if np.abs(ends - moment).min() > width:
            found.append((moment - ROUND * width, moment + ROUND * width, width))
    return found


def _one(arguments: Callable[[Array], list[Array]], number: int, points: Array) -> Array:
    return arguments(points[:, 0])[number]


def passes(every: Sequence[resolution.Node], arguments: Callable[[Array], list[Array]], ends: Array) -> int:
    """How often a run passes a place where one of these functions may be narrow, at least, by the ends of its steps."""
    counts = [0]
    for node, values in zip(every, arguments(np.unique(ends)), strict=True):
        rises = np.diff(values) > 0
        turns = rises[:-1] & ~rises[1:] if node.kind == "exp" else values[:-1] * values[1:] < 0
        counts.append(int(turns.sum()))
    return max(counts)
