"""An initial-value problem solved window by window: the length of each and its cells follow the solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form
from inrpde.discretise.fields import field_points, rms
from inrpde.discretise.score import score
from inrpde.discretise.state import State, dump_state, load_state
from inrpde.errors import DivergedError
from inrpde.sampling.draw import Fractions, draw
from inrpde.sampling.extent import bounds, times
from inrpde.sampling.sites import Samples
from inrpde.solvers.bodies.plan import Cells, Fit, Plan, Solved, Task
from inrpde.solvers.marching.initial import Continued, Extended, joined, jumps
from inrpde.solvers.search.cost import nominal
from inrpde.solvers.search.grading import crowded, uniform

Array = np.ndarray
ORDER = 6.0
"""How fast the score of a window is taken to fall with its length and with the size of its cells; chosen."""
TRIES = 5
"""Solves that a window is given at most; chosen."""
SHORTEST = 2e-3
"""The shortest window, beside the first; chosen."""
MOST = 8.0
"""How many times as many cells there may be along a coordinate as at first; chosen."""
LENIENT = 2.0
"""The aim, beside the score that was reached, where finer windows do not lower it; chosen."""
LOOSEST = 3e-3
"""An aim is loosened up to here, to cost less; chosen."""
OVERSPENT = 2.0
"""The cost at which a march is given up, beside what it is allowed; chosen."""
BROKEN = 0.1
"""The score of a window that was not solved at all; chosen."""
GROWN = 10.0
"""How many times its first size a solution has if it is taken to blow up where it cannot be continued; chosen."""
MISSED = 10.0
"""How many times its aim the score of all windows may be up to where a solution that blows up is followed; chosen."""
UNFITTED = 60_013
"""Added to the seed for the points on which a window is scored."""
SOLVES = 1.5
"""Solves a window, those included that are not kept; chosen."""


@dataclass(frozen=True)
class March(Plan):
    """Windows whose length and cells follow the solution: `inner` is the body of the first, which takes the share
    `inner.span[1]` of the time; every window is to meet the score `aim`. `allowance` is what all may cost together, in
    nominal seconds: where more would be needed, the aim is loosened, and once it is as high as `hopeless`, the march is
    given up."""

    inner: Cells
    aim: float
    allowance: float
    hopeless: float = float("inf")

    @property
    def windows(self) -> float:
        """How many there will be if all are as long as the first."""
        return 1 / self.inner.span[1]

    @property
    def width(self) -> int:  # type: ignore[override]
        return round(self.windows * self.inner.width)

    @property
    def points(self) -> int:
        return self.inner.points

    @property
    def key(self) -> str:
        return repr(replace(self, allowance=0.0, hopeless=0.0))  # which depend on the clock

    def cost(self, fields: int, dim: int, beside: int = 0) -> float:
        return SOLVES * self.windows * self.inner.cost(fields, dim, beside)

    def solve(self, task: Task) -> Solved:
        """All windows, one after the other, or those that follow on the finished ones."""
        begun = None if task.begun is None else Trail.recalled(task.begun)
        steps = Steps(task.form, self, task.seed, partial(task.fit, lean=task.lean), begun)
        while not steps.done:
            steps.advance()
            trail = steps.trail
            task.keep(trail.memory, f"windows over {trail.span[1]:.0%} of the time, score {trail.scores[-1]:.1e}")
        state, until = steps.followed() if steps.blown else (steps.state, None)
        return Solved(state, until, jumps(task.form, state), steps.trail.spent)

    def varied(self) -> March:
        """Other features in other windows, to a looser aim."""
        inner = replace(self.inner.varied(), span=(0.0, 0.87 * self.inner.span[1]))
        return replace(self, inner=inner, aim=4 * self.aim, hopeless=float("inf"))

    def __str__(self) -> str:
        return f"windows to {self.aim:.0e}, the first 1/{self.windows:.3g} of {self.inner}"


@dataclass(frozen=True)
class Pace:
    """How the next window is tried: its start and length as shares of the time, cells along each spatial coordinate."""

    start: float
    length: float
    cells: tuple[float, ...]

    @property
    def span(self) -> tuple[float, float]:
        return (self.start, min(self.start + self.length, 1.0))

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(max(1, round(n)) for n in self.cells)

    def finer(self, factor: float, need: Array) -> Pace:
        """Smaller by a factor where the variation is largest."""
        worst = need > need.max() / 1.5
        share = factor if worst.sum() == 1 else factor**0.75
        cells = tuple(n * share if w else n for n, w in zip(self.cells, worst[:-1], strict=True))
        return replace(self, length=self.length / share if worst[-1] else self.length, cells=cells)


@dataclass(frozen=True)
class Tried:
    """A window that was solved: its score, relative to the `sizes` that the unknowns have had so far, how much the
    solution varies over a cell along each coordinate, and its largest value; without a state where the solve failed."""

    pace: Pace
    state: State | None
    body: Cells
    score: float
    sizes: Array
    need: Array
    peak: float


@dataclass(frozen=True)
class Trail:
    """The finished windows: their states and ends, the largest values and scores, the unknowns' `sizes`, the last one's
    `span` as shares of the time; the `aim` of the next, how far it may be tightened again (`floor`), its pace, and the
    nominal seconds spent; `stuck` where it cannot be solved."""

    states: tuple[State, ...]
    ends: tuple[float, ...]
    peaks: tuple[float, ...]
    scores: tuple[float, ...]
    sizes: Array
    span: tuple[float, float]
    aim: float
    floor: float
    pace: Pace
    spent: float
    stuck: bool = False

    @classmethod
    def of(cls, form: Form, plan: March) -> Trail:
        """Before the first window."""
        pace = Pace(0.0, plan.inner.span[1], tuple(map(float, plan.inner.shape[:-1])))
        none, sizes = (), np.zeros(len(form.unknowns))
        return cls(none, none, none, none, sizes, plan.inner.span, plan.aim, plan.aim, pace, 0.0)

    def memory(self) -> dict[str, Any]:
        return {**vars(self), "states": [dump_state(state) for state in self.states], "pace": vars(self.pace)}

    @classmethod
    def recalled(cls, memory: Mapping[str, Any]) -> Trail:
        kept: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in memory.items()}
        pace = Pace(**{**memory["pace"], "cells": tuple(memory["pace"]["cells"])})
        return cls(**{**kept, "states": tuple(map(load_state, memory["states"])), "pace": pace})


class Steps:
    """A march, window by window: `trail` is where it is."""

    def __init__(self, form: Form, plan: March, seed: int, fit: Fit, begun: Trail | None = None):
        self.form, self.plan, self.seed, self.fit = form, plan, seed, fit
        self.continued = Continued.of(form)
        self.first = Trail.of(form, plan).pace
        self.trail = begun or Trail.of(form, plan)

    @property
    def done(self) -> bool:
        at = self.trail
        given_up = at.aim >= self.plan.hopeless or at.spent > OVERSPENT * self.plan.allowance
        return at.pace.start > 1 - 1e-9 or at.stuck or given_up

    @property
    def blown(self) -> bool:
        """Has the solution outgrown what can be followed?"""
        peaks = self.trail.peaks
        return self.trail.pace.start < 1 - 1e-9 and len(peaks) > 1 and peaks[-1] > GROWN * peaks[0]

    @property
    def state(self) -> State:
        """All windows so far, as one state."""
        return joined(self.form, self.trail.states, self.trail.ends)

    def followed(self) -> tuple[State, float]:
        """As many windows as together, on points that were not fitted, meet the aim as well as one of them must, and
        where they end: close to where a solution blows up residuals grow as fast as it does. Those of the lowest score
        where none do."""
        start, states, ends = times(self.form)[0], self.trail.states, self.trail.ends
        best: tuple[float, int, State] = (float("inf"), 1, states[0])
        for count in range(len(states), 0, -1):
            state = joined(self.form, states[:count], ends[:count], ends=True)
            drawn = draw(self.form, 1000, self.seed + UNFITTED, window=(start, ends[count - 1]))
            best = min((score(self.form, drawn, state).total, count, state), best, key=lambda each: each[:2])
            if best[0] < MISSED * self.plan.aim:
                break
        return best[2], ends[best[1] - 1]

    def advance(self) -> None:
        """Solve the next window, smaller and with more cells while that lowers its score, until it meets the aim."""
        deadline.turn()
        kept = self._try(None)
        tries, missed = 1, False
        while kept.score > (aim := self.trail.aim) and tries < (TRIES if kept.score < BROKEN else 3 * TRIES):
            factor = float(np.clip(1.1 * (kept.score / aim) ** (1 / ORDER), 1.2, 2.0))
            everywhere = missed and kept.score < BROKEN
            finer = self._bounded(kept.pace.finer(factor, np.ones_like(kept.need) if everywhere else kept.need))
            if finer == kept.pace:
                self._move(aim=max(aim, min(kept.score, LOOSEST)))
                break
            if kept.score > BROKEN and self._outgrown(kept) and finer.length >= kept.pace.length:
                break
            if self._over(finer) and aim < LOOSEST:
                self._move(aim=10 * aim, floor=10 * aim)
                continue
            self._move(pace=finer)
            tried = self._try(kept)
            tries += 1
            useful = tried.score < kept.score / (1.3 * factor**1.5)
            if kept.score > BROKEN:
                kept = tried
                continue
            if missed and not useful:  # what is left is what the windows before have left
                self._move(aim=max(aim, LENIENT * min(tried.score, kept.score)))
                kept = replace(tried, pace=kept.pace) if tried.score < kept.score else kept
                break
            kept, missed = tried if tried.score < kept.score else kept, not useful
        if kept.state is None or (kept.score > BROKEN and self._outgrown(kept)):
            self._move(stuck=True)
            if not self.trail.states:
                raise DivergedError(
                    "the first window of time could not be solved", None, "check that the initial values are finite"
                )
            return
        self._keep(kept)

    def _outgrown(self, tried: Tried) -> bool:
        return bool(self.trail.peaks) and tried.peak > GROWN * self.trail.peaks[0]

    def _move(self, **changes: Any) -> None:
        self.trail = replace(self.trail, **changes)

    def _bounded(self, pace: Pace) -> Pace:
        cells = tuple(min(n, MOST * m) for n, m in zip(pace.cells, self.first.cells, strict=True))
        return replace(pace, length=max(pace.length, SHORTEST * self.first.length), cells=cells)

    def _over(self, pace: Pace) -> bool:
        """Would all that is left cost more than is allowed, at this pace?"""
        each = nominal(self.form, self._cells(pace, tuple(uniform(n) for n in pace.shape)))
        return self.trail.spent + each * (1 - pace.start) / pace.length > self.plan.allowance

    def _keep(self, kept: Tried) -> None:
        assert kept.state is not None
        at, stop = self.trail, kept.body.span[1]
        begin, end = times(self.form)
        ends = (*at.ends, float(begin + stop * (end - begin)))
        aim = max(at.floor, min(at.aim, LENIENT * kept.score))
        slack = float(np.clip(0.8 * (aim / max(kept.score, 1e-300)) ** (1 / ORDER), 0.6, 1.6))
        pace = replace(kept.pace, start=stop, length=stop - kept.body.span[0])
        in_time, in_space = kept.need[-1], kept.need[:-1].max()
        if slack > 1 and in_time > 1.5 * in_space:
            cells = tuple(n / slack**0.5 for n in pace.cells)
            pace = replace(pace, length=pace.length * slack**0.5, cells=cells)
        elif slack > 1 or in_time > in_space / 1.5:
            pace = replace(pace, length=pace.length * slack)
        left = 1 - stop
        if left > 1e-9:
            pace = replace(pace, length=left / max(1, np.ceil(left / pace.length - 0.2)))
        self._move(
            states=(*at.states, kept.state), ends=ends, peaks=(*at.peaks, kept.peak), scores=(*at.scores, kept.score),
            sizes=kept.sizes, span=kept.body.span, aim=aim, pace=pace,
        )  # fmt: skip

    def _cells(self, pace: Pace, spatial: Fractions) -> Cells:
        return replace(self.plan.inner, breaks=(*spatial[: len(pace.cells)], uniform(1)), span=pace.span)

    def _try(self, before: Tried | None) -> Tried:
        pace, states = self.trail.pace, self.trail.states
        guide, span, late = states[-1] if states else None, self.trail.span, 0.5
        if before is not None and before.state is not None and before.score < BROKEN:
            guide, span, late = before.state, before.body.span, 0.0
        if guide is None:
            body = self._cells(pace, tuple(uniform(n) for n in pace.shape))
        else:
            seen = (span[0] + late * (span[1] - span[0]), span[1])
            body = self._cells(pace, crowded(self.form, guide, (*pace.shape, 1), seen)[:-1])
        begin, end = times(self.form)
        a, b = (float(begin + s * (end - begin)) for s in pace.span)
        form, number = self.continued.form if states else self.form, len(states)

        def samples(count: int, seed: int) -> Samples:
            drawn = draw(self.form, count, seed, body.cut, (a, b))
            return self.continued.samples(drawn, states[-1]) if states else drawn

        start = Extended(states[-1], a) if states else None
        self._move(spent=self.trail.spent + nominal(self.form, body))
        try:
            found = self.fit(form, body, samples(body.points, self.seed + number), self.seed + number, start)
            scored = score(form, samples(max(400, 12 * body.cells), self.seed + number + UNFITTED), found)
        except DivergedError:
            return Tried(pace, None, body, float("inf"), self.trail.sizes, np.eye(len(pace.cells) + 1)[-1], 0.0)
        sizes = np.maximum(scored.sizes, self.trail.sizes)
        small = np.max(np.array(scored.sizes) / np.maximum(sizes, 1e-300))
        need, peak = variation(form, found, body, a, b)
        return Tried(pace, found, body, small * scored.total, sizes, need, peak)


def variation(form: Form, state: State, body: Cells, a: float, b: float) -> tuple[Array, float]:
    """How much a state varies over a cell of a window [a, b] along each coordinate (d,), beside what the band of the
    cell's features is made for: the largest √|∂²u/∂x²| (root mean square in a cell) times the size of that cell;
    and the state's largest value."""
    lo, hi = bounds(form)
    lo, hi = lo.copy(), hi.copy()
    d = form.space.dim
    edges = [lo[k] + (hi[k] - lo[k]) * np.array(breaks) for k, breaks in enumerate(body.breaks)]
    edges[-1] = np.array([a, b])
    out, peak = np.full(d, 1e-3), 0.0
    for unknown in range(len(form.unknowns)):
        points = field_points(form, unknown, max(1000, 30 * body.cells), 17)
        points[:, -1] = a + (points[:, -1] - lo[-1]) / (hi[-1] - lo[-1]) * (b - a)
        indices = [tuple(2 * (i == k) for i in range(d)) for k in range(d)]
        zero = (0,) * d
        jets = state.jets(unknown, points, [zero, *indices])
        size = max(rms(jets[zero]), 1e-300)
        peak = max(peak, float(np.max(np.abs(jets[zero]), initial=0.0)))
        places = [np.clip(np.searchsorted(e, points[:, k]) - 1, 0, len(e) - 2) for k, e in enumerate(edges)]
        cell = np.ravel_multi_index(places, [len(e) - 1 for e in edges])
        count = np.maximum(np.bincount(cell, minlength=body.cells), 1)
        for k in range(d):
            bend = np.sqrt(np.bincount(cell, np.abs(jets[indices[k]]) ** 2, body.cells) / count) / size
            across = np.diff(edges[k])[np.unravel_index(np.arange(body.cells), [len(e) - 1 for e in edges])[k]]
            support = 2.0 if len(edges[k]) > 2 else 1.0
            out[k] = max(out[k], support * float(np.max(np.sqrt(bend) * across)) / body.band[k])
    return out, peak
