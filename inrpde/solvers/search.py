"""The search for a frozen body: bands are tuned, features and cells grow while the held-out score says that it pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from inrpde.compiler.form import Form
from inrpde.solvers.features import Cells, Global, Plan
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.samples import Samples, bounds, draw
from inrpde.solvers.fields import field_points, relative_difference
from inrpde.solvers.score import score
from inrpde.solvers.spectrum import wave_numbers
from inrpde.solvers.state import State

Array = np.ndarray
HELD_OUT = 104_729
"""Added to the seed for the points that are never fitted."""
ENOUGH = 3e-12
"""A score below which rounding is all that is left."""
RESOLVED = 1e-4
"""A score below which more features are a better use of time than another band."""
BLIND = 0.3
"""A score above which the bands that were tried tell nothing."""
WIDEST = 4500
"""Features that one dense factorisation is given at most."""
PATIENCE = 20.0
"""Seconds that a step may be predicted to take where neither budget nor tolerance is given and nothing is known yet; the
better the answer, the less a step may take."""
HEADROOM = 1.2
"""Costs are predicted with so much to spare."""


class Fit(Protocol):
    """Finds the heads for one body: from a form, a plan, samples, a seed, and a state to start from (nonlinear forms)."""

    def __call__(self, form: Form, plan: Plan, samples: Samples, seed: int, start: State | None) -> State: ...


@dataclass
class Search:
    """One kind of body: the plans tried so far, and the best of them."""

    context: Context
    fit: Fit
    method: str
    best: Candidate | None = None
    plan: Plan | None = None
    change: float = 1.0
    """The relative difference between the best and the best before it."""
    tried: dict[Plan, float] = field(default_factory=dict)
    costs: dict[Plan, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values: list[Array] = []
        self.held_out = draw(self.context.form, 1000, self.context.seed + HELD_OUT)
        lo, hi = bounds(self.context.form)
        self.waves = wave_numbers(self.context.form, self.held_out) * (hi - lo) / 2
        """The declared wave numbers in coordinates scaled to [-1, 1]."""

    @property
    def done(self) -> bool:
        return self.best is not None and self.best.score < max(ENOUGH, self.context.tol or 0.0)

    @property
    def score(self) -> float:
        return self.best.score if self.best else float("inf")

    def affords(self, plan: Plan) -> bool:
        """Does the predicted cost of a plan fit into the budget, and into what one step may take without one?"""
        similar = [p for p in self.costs if type(p) is type(plan)] or list(self.costs)
        if not similar:
            return True
        nearest = max(similar, key=lambda p: p.width)
        power = 3 if isinstance(plan, Global) else 2
        predicted = HEADROOM * self.costs[nearest] * (plan.width / nearest.width) ** power
        return self.context.clock.fits(predicted) and (self.context.clock.budget is not None or predicted < self.patience)

    @property
    def patience(self) -> float:
        """Seconds that the next step is worth."""
        if self.context.tol is not None:
            return 4 * PATIENCE
        error = np.clip(np.sqrt(self.score * self.change), ENOUGH, 1.0)
        return PATIENCE * (np.log(error / ENOUGH) / np.log(1 / ENOUGH)) ** 2.5

    def attempt(self, plan: Plan, reason: str) -> Candidate:
        """Fit a plan and score it; remembers the best."""
        start = time.perf_counter()
        form, seed = self.context.form, self.context.seed
        samples = draw(form, plan.points, seed)
        state = self.fit(form, plan, samples, seed, self.best.state if self.best else None)
        scored = score(form, self.held_out, state).total
        fitted = score(form, samples, state).total
        cost = time.perf_counter() - start
        candidate = Candidate(state, scored, fitted, cost, self.method, f"{reason}: {plan}", {"plan": str(plan)}, self._again(plan, state))
        self.tried[plan], self.costs[plan] = scored, cost
        if self.best is None or scored < self.best.score:
            values = self._values(state)
            self.change = max(map(relative_difference, self.values, values), default=1.0)
            self.best, self.plan, self.values = candidate, plan, values
        return candidate

    def _values(self, state: State) -> list[Array]:
        zero = (0,) * self.context.form.space.dim
        points = [field_points(self.context.form, k, 400, 7) for k in range(len(self.context.form.unknowns))]
        return [state.jets(k, at, [zero])[zero] for k, at in enumerate(points)]

    def _again(self, plan: Plan, state: State) -> Callable[[int], State]:
        other = plan.varied()
        return lambda seed: self.fit(self.context.form, other, draw(self.context.form, other.points, seed), seed, state)


def climb(context: Context, fit: Fit, method: str) -> Iterator[Candidate]:
    """One domain and cells, each in the time that the other has had, until one of them resolves the solution; then that one.

    The one that is ahead goes on to its end, and the other again where it stalls above `RESOLVED`."""
    arms = [(one_domain, Search(context, fit, method))]
    if not fixed(context):
        arms.append((cells, Search(context, fit, method)))
    running = [(arm, arm_search, walk(arm_search)) for walk, arm_search in arms for arm in [walk.__name__]]
    spent = dict.fromkeys((name for name, _, _ in running), 0.0)
    while running:
        ahead = min(running, key=lambda r: r[1].score)
        name, search, steps = ahead if ahead[1].score < RESOLVED else min(running, key=lambda r: spent[r[0]])
        candidate = next(steps, None)
        if candidate is None:
            running = [r for r in running if r[0] != name]
            if search.score < RESOLVED:
                return
            continue
        spent[name] += candidate.cost
        yield candidate


def fixed(context: Context) -> bool:
    """Has the user chosen the body?"""
    return any(context.settings[key] is not None for key in ("solver.width", "solver.band"))


def one_domain(search: Search) -> Iterator[Candidate]:
    """From the declared wave numbers upwards: tune the band while the solution is unresolved, then add features."""
    settings = search.context.settings
    yield search.attempt(first_plan(search), "first")
    fixed_band = settings["solver.band"] is not None
    misses = 0
    while not search.done and misses < 2:
        before = search.score
        if search.score > RESOLVED and not fixed_band:
            yield from tune(search)
        if settings["solver.width"] is not None or search.done:
            return
        widest = max(plan.width for plan in search.tried)
        bigger = replace(search.plan, width=round(1.7 * widest))
        if bigger.width > WIDEST or not search.affords(bigger):
            return
        yield search.attempt(bigger, "more features")
        if search.score > 0.3 * before and not fixed_band and not search.done and search.affords(bigger):
            stretch = 1.7 ** (1 / len(search.waves))
            wider = replace(bigger, band=tuple(k + (w - k) * stretch for w, k in zip(bigger.band, search.waves, strict=True)))
            yield search.attempt(wider, "more features, wider band")
        misses = misses + 1 if search.score > 0.3 * before else 0


def first_plan(search: Search) -> Global:
    """Three above the wave numbers in each coordinate, and features enough to resolve that."""
    settings, d = search.context.settings, search.context.form.space.dim
    band = np.minimum(search.waves, 150.0) + 3.0
    if settings["solver.band"] is not None:
        band = np.full(d, float(settings["solver.band"]))
    resolves = 2.2 * np.prod(2 * band / np.pi + 3)
    width = settings["solver.width"] or int(np.clip(resolves, {1: 60, 2: 300, 3: 700}.get(d, 1200), 2200))
    return Global(width, tuple(float(w) for w in band), layers=settings["solver.layers"])


def tune(search: Search) -> Iterator[Candidate]:
    """Climb in what the band has above the wave numbers: all coordinates together, then one by one."""
    waves = search.waves
    d = len(waves)
    directions = [tuple(range(d))] + ([(k,) for k in range(d)] if d > 1 and search.score < BLIND else [])
    for axes in directions:
        for step in (1.5, 1 / 1.5):
            while search.score > RESOLVED and search.affords(search.plan):
                current, before = search.plan, search.score
                excess = [max(w - k, 0.5) * (step if i in axes else 1.0) for i, (w, k) in enumerate(zip(current.band, waves, strict=True))]
                trial = replace(current, band=tuple(k + e for k, e in zip(waves, excess, strict=True)))
                if not all(0.7 <= e <= 300 for e in excess) or trial in search.tried:
                    break
                yield search.attempt(trial, "band")
                if search.score >= before:
                    break


LADDER = (3, 5, 8, 11, 15, 20, 27, 36)
"""Cells on the longest side."""


def cells(search: Search) -> Iterator[Candidate]:
    """More and more cells of a size that follows the box and the wave numbers, while that pays."""
    lo, hi = bounds(search.context.form)
    misses = 0
    for side in LADDER:
        plan = cell_plan(search, hi - lo, side)
        if search.done or not search.affords(plan) or misses == 2:
            return
        before = search.score
        yield search.attempt(plan, "cells")
        misses = misses + 1 if search.score > 0.5 * before and side > LADDER[0] else 0


def cell_plan(search: Search, extent: Array, side: int) -> Cells:
    """About equal cells, `side` on the longest side, each with the band and features that a smooth piece needs."""
    d = len(extent)
    shape = np.maximum(np.round(side * extent / extent.max()), 1).astype(int)
    smooth = {1: 8.0, 2: 6.0, 3: 4.5}.get(d, 3.0)
    band = smooth + np.where(shape > 1, 2.0 * search.waves / shape, search.waves)
    each = int(np.clip(1.6 * np.prod(2 * band / np.pi + 3), 16, 500))
    breaks = tuple(tuple(float(v) for v in np.linspace(0, 1, n + 1)) for n in shape)
    return Cells(breaks, each, tuple(float(w) for w in band))
