"""An inverse problem on ever finer grids, with splines that become finer too: what they differ by, and the noise of the
readings, are the error."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from inrpde import deadline
from inrpde.references.equations import Equations
from inrpde.references.evaluate import Array
from inrpde.references.inverse.descend import Descent, Found
from inrpde.references.inverse.floating import tied
from inrpde.references.inverse.marching import KEPT, Marching
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.readings import Reading, readings_of
from inrpde.references.inverse.steady import Steady
from inrpde.references.layout import coarsest_axes
from inrpde.references.newton import Diverged
from inrpde.references.reference import (
    FLOOR,
    LOST,
    Reference,
    Refusal,
    SoughtNumber,
    Unsupported,
    check_finite,
    every_other,
    from_levels,
    norm,
)
from inrpde.references.steady import Progress, node_axes
from inrpde.references.terms import Sought

KIND = "least squares on a grid"
COARSEST = {False: {1: 64, 2: 16, 3: 6}, True: {1: 32, 2: 8, 3: 4}}
"""Cells on the longest side of the first grid, of steady problems and of those in time (chosen)."""
SPLINES = {1: (16, 24, 36, 54), 2: (6, 9, 13, 18), 3: (3, 4, 5, 6)}
"""Cells of splines of so many coordinates by level: a half more each, so that what they cannot follow shows in what
levels differ by (chosen)."""
MOST = 4
"""Grids, at most."""
SECONDS = 20.0
"""Seconds for all grids, where no budget leaves less (chosen: as the method of lines)."""
SHARE = 0.9
"""Of the time until the deadline, what a grid may take: what was found on the others is then still told (chosen)."""
ENOUGH = 0.3
"""The share of the deviation by noise below which grids need not differ by less (chosen)."""
DRAWS = 24
"""Answers that are drawn for the deviation of the unknowns: it is known to a seventh (chosen)."""
SEVERAL, SMALL = 20, 1e-3
"""Readings from which, and the share of their size above which, what is left of them is asked whether it is noise
(chosen)."""
ALIKE, CERTAIN = 0.3, 4.0
"""The correlation of what is left of neighbouring readings above which it is no noise, and how many times 1/√N it is at
least (chosen)."""
STEPS = 2
"""Steps in time for each cell along the longest side (chosen: errors of both are alike)."""


@dataclass(frozen=True, eq=False)
class Level:
    """What is found on one grid: all at its nodes (and times), and their deviations by the noise: of learned fields at
    these too, of all relative to their size."""

    axes: tuple[Array, ...]
    mask: Array | None
    values: Mapping[str, Array]
    deviations: Mapping[str, Array]
    spread: Mapping[str, float]
    numbers: Mapping[str, tuple[float, float]]
    found: Found
    parameters: Parameters


def solve_levels(equations: Equations, n: int | None, budget: float | None, progress: Progress | None) -> Reference:
    """On two grids at least, on three where numbers alone are sought. Raises Unsupported where there is no time for
    them, or the problem has no solution."""
    timed, dim = equations.space.time is not None, len(equations.space.spatial)
    coarsest = COARSEST[timed][dim] if n is None else max(-(-n // 4), 4)
    axes = coarsest_axes(equations, coarsest)
    limit = min(budget or SECONDS, SECONDS, deadline.left()) if n is None else np.inf
    most, begun, levels = MOST if n is None else 3, clock.perf_counter(), list[Level]()
    equations = tied(equations, axes, _parameters(equations, 0))
    readings = readings_of(equations)
    numbers_alone = all(unknown.is_number for unknown in equations.sought)
    least = 3 if numbers_alone else 2
    for number in range(most):
        start = clock.perf_counter()
        with deadline.within(SHARE * deadline.left()) as scope:
            try:
                levels.append(_level(equations, readings, axes, number, levels[-1] if levels else None))
            except Diverged:
                what = "the equations have no solution for what is learned, where it was sought"
                raise Unsupported(what, Refusal.FAILED) from None
        spent, now = clock.perf_counter() - start, clock.perf_counter() - begun
        if progress:
            progress(min(1.0, 4.0 ** (number + 1 - most)))
        if scope.expired:
            break
        more = spent * 2.0 ** (dim + (1 if timed else 0.5)) / (2 if number == 0 else 1)
        if number + 1 >= least and (now + more > limit or (n is None and _settled(levels))):
            break
        if number + 1 < least and more > deadline.left():
            break
    if len(levels) < least:
        if scope.expired:
            deadline.turn()
        raise Unsupported(f"{least} grids take longer than {limit:.3g} s", Refusal.TOO_DEAR)
    if progress:
        progress(1.0)
    return _reference(levels, readings, numbers_alone, timed)


def _level(
    equations: Equations, readings: Sequence[Reading], coarsest: Sequence, number: int, before: Level | None
) -> Level:  # fmt: skip
    axes = [axis.refined(2**number) for axis in coarsest]
    parameters = _parameters(equations, number)
    model: Steady | Marching
    times: tuple[Array, ...] = ()
    if equations.space.time is None:
        model = Steady(equations, axes, parameters, readings)
    else:
        steps = KEPT * max(1, -(-STEPS * max(axis.cells for axis in axes) // KEPT))
        model = Marching(equations, axes, steps, parameters, readings)
        times = (model.times,)
    descent = Descent(equations, model, parameters, readings)
    if before is None:
        found = descent.first()
    else:
        found = descent.from_here(before.parameters.carried(before.found.theta, parameters))
    nodes = (*node_axes(model.system), *times)
    mask = model.system.grid.mask
    if mask is not None and times:
        mask = np.broadcast_to(mask[..., None], (*mask.shape, len(times[0])))
    values = dict(model.fields(found.theta))
    check_finite(values)
    root = found.choice.root
    drawn = root
    if root.shape[1] > DRAWS:
        noise, apart = root[:, :-1], root[:, -1:]
        drawn = noise @ np.random.default_rng(0).standard_normal((noise.shape[1], DRAWS)) / DRAWS**0.5
        drawn = np.column_stack([drawn, apart])
    moved = model.responses(found.theta, drawn)
    spread = {
        name: norm(np.sqrt(np.sum([np.abs(made[name]) ** 2 for made in moved], axis=0)), nodes) / _size(each, nodes)
        for name, each in values.items()
    }  # fmt: skip
    deviations, numbers = {}, {}
    for k, part in enumerate(parameters.parts):
        name, own = part.unknown.name, parameters.block(k)
        if part.unknown not in equations.bound.unknowns:
            continue
        if not part.lines:
            numbers[name] = float(found.theta[own][0]), float(np.linalg.norm(root[own]))
            continue
        shape = [len(nodes[axis]) if axis in part.axes else 1 for axis in range(len(nodes))]
        points = np.stack(
            np.meshgrid(*(x if k in part.axes else x[:1] for k, x in enumerate(nodes)), indexing="ij"), axis=-1
        ).reshape(-1, len(nodes))
        matrix = parameters.at(Sought(k, (0,) * len(nodes)), points)
        whole = tuple(len(x) for x in nodes)
        value, std = (
            np.broadcast_to(each.reshape(shape), whole)
            for each in (matrix @ found.theta, np.linalg.norm(matrix @ root, axis=1))
        )
        if mask is not None:
            value, std = np.where(mask, value, np.nan), np.where(mask, std, np.nan)
        values[name], deviations[name] = value, std
        spread[name] = norm(std, nodes) / _size(value, nodes)
    return Level(nodes, mask, values, deviations, spread, numbers, found, parameters)


def _parameters(equations: Equations, level: int) -> Parameters:
    return Parameters(equations, {dim: cells[level] for dim, cells in SPLINES.items()})


def _size(values: Array, axes: Sequence[Array]) -> float:
    return norm(values, axes) or 1.0


def _apart(levels: Sequence[Level]) -> dict[str, float]:
    """What the unknowns of the last two grids differ by, relative."""
    coarse, fine = levels[-2:]
    dim = sum(len(a) != len(b) for a, b in zip(coarse.axes, fine.axes, strict=True))
    return {
        name: norm(every_other(fine.values[name], dim) - coarse.values[name], coarse.axes)
        / _size(coarse.values[name], coarse.axes)
        for name in fine.values
    }


def _settled(levels: Sequence[Level]) -> bool:
    """Is what grids change small beside what noise does?"""
    spread = levels[-1].spread
    return all(gap < ENOUGH * spread[name] for name, gap in _apart(levels).items())


def _reference(levels: Sequence[Level], readings: Sequence[Reading], numbers_alone: bool, timed: bool) -> Reference:
    last = levels[-1]
    warnings = _doubts(levels, readings)
    if numbers_alone:
        spatial = last.axes[:-1] if timed else last.axes
        mask = None if last.mask is None else last.mask[..., 0] if timed else last.mask
        times = last.axes[-1] if timed else None
        found = from_levels(KIND, spatial, [level.values for level in levels], mask, times)
        grids = found.estimated_error
    else:
        grids = _apart(levels)
        halves = tuple(axis[::2] for axis in (last.axes[:-1] if timed else last.axes))
        dim = len(halves)
        found = Reference(
            KIND, last.axes, last.values, last.mask, {},
            {name: every_other(values, dim) for name, values in last.values.items()},
            (*halves, *last.axes[-1:]) if timed else halves, dict.fromkeys(last.values, 2.0),
        )  # fmt: skip
    least = LOST if warnings else FLOOR
    errors = {name: max(float(np.hypot(grids[name], last.spread[name])), least) for name in last.values}
    return replace(
        found, estimated_error=errors, extrapolated_error=errors, sound=dict.fromkeys(errors, False),
        warnings=(*found.warnings, *warnings), deviations=last.deviations,
        numbers={name: _number([level.numbers[name] for level in levels], least) for name in last.numbers},
    )  # fmt: skip


def _number(found: Sequence[tuple[float, float]], least: float) -> SoughtNumber:
    """A number by the last grid, with the deviation by noise and the error: what grids differ by beside it."""
    (value, std), apart = found[-1], abs(found[-1][0] - found[-2][0])
    if len(found) > 2 and apart > 0:
        order = np.log2(max(abs(found[-2][0] - found[-3][0]), 1e-300) / apart)
        if 1.7 < order < 2.5:  # the leading error is of second order, and removed
            value, apart = value + (value - found[-2][0]) / 3, apart / 3
    return SoughtNumber(value, std, max(float(np.hypot(apart, std)), least * abs(value)))


def _doubts(levels: Sequence[Level], readings: Sequence[Reading]) -> list[str]:
    """Why an answer may be wrong by more than grids and noise say."""
    found, doubts = levels[-1].found, []
    if not found.choice.settled:
        doubts.append("readings do not tell the reference how smooth what is learned is, or how noisy they are")
    felt = max(SMALL, 3 * max(_apart(levels).values()))
    for reading, left, noise in zip(readings, found.left, found.noise, strict=True):
        if noise > felt * reading.size and len(left) == len(reading.points) and alike(reading.points, left):
            doubts.append(f"what the reference leaves of {reading.equation.text} is no noise: neighbours are off alike")
    return doubts


def alike(points: Array, left: Array) -> bool:
    """Are readings at neighbouring points (N, d) off together, as by a model or a smoothness that is wrong, and not by
    noise?"""
    if len(left) < SEVERAL:
        return False
    size = np.ptp(points, axis=0)
    places = points / np.where(size > 0, size, 1.0)
    near = cKDTree(places).query(places, 2)[1][:, 1]
    correlation = float(np.mean(left * left[near]) / (np.mean(left**2) or 1.0))
    return correlation > max(ALIKE, CERTAIN / np.sqrt(len(left)))
