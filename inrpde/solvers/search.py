"""The search for a frozen body: its band is tuned and its features grow while the held-out score says that it pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from inrpde.compiler.form import Form
from inrpde.solvers.features import Global, Plan
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.samples import Samples, bounds, draw
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


class Fit(Protocol):
    """Finds the heads for one body: from a form, a plan, samples, a seed, and a state to start from (nonlinear forms)."""

    def __call__(self, form: Form, plan: Plan, samples: Samples, seed: int, start: State | None) -> State: ...


@dataclass
class Search:
    """The plans tried so far, and the best of them."""

    context: Context
    fit: Fit
    method: str
    best: Candidate | None = None
    plan: Plan | None = None
    tried: dict[Plan, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.held_out = draw(self.context.form, 1000, self.context.seed + HELD_OUT)

    @property
    def done(self) -> bool:
        return self.best is not None and self.best.score < max(ENOUGH, self.context.tol or 0.0)

    @property
    def score(self) -> float:
        return self.best.score if self.best else float("inf")

    def affords(self, plan: Plan) -> bool:
        """Does the predicted cost of a plan fit into what is left of the budget?"""
        if self.best is None or self.plan is None:
            return True
        return self.context.clock.fits(self.best.cost * (plan.width / self.plan.width) ** 3 * 1.2)

    def attempt(self, plan: Plan, reason: str) -> Candidate:
        """Fit a plan and score it; remembers the best."""
        start = time.perf_counter()
        form, seed = self.context.form, self.context.seed
        samples = draw(form, plan.points, seed)
        state = self.fit(form, plan, samples, seed, self.best.state if self.best else None)
        candidate = Candidate(
            state, score(form, self.held_out, state).total, score(form, samples, state).total,
            time.perf_counter() - start, self.method, f"{reason}: {plan}",
            {"plan": str(plan)}, self._again(plan, state),
        )  # fmt: skip
        self.tried[plan] = candidate.score
        if candidate.score < self.score or self.best is None:
            self.best, self.plan = candidate, plan
        return candidate

    def _again(self, plan: Plan, state: State) -> Callable[[int], State]:
        other = plan.varied()
        return lambda seed: self.fit(self.context.form, other, draw(self.context.form, other.points, seed), seed, state)


def climb(search: Search) -> Iterator[Candidate]:
    """From the declared wave numbers upwards: tune the band while the solution is unresolved, then add features."""
    settings = search.context.settings
    waves = scaled_waves(search.context.form, search.held_out)
    plan = first_plan(search, waves)
    yield search.attempt(plan, "first")
    fixed_band, fixed_width = settings["solver.band"] is not None, settings["solver.width"] is not None
    patience = 2
    while not search.done:
        if search.score > RESOLVED and not fixed_band:
            yield from tune(search, waves)
        if fixed_width or search.done or not patience:
            return
        before = search.score
        widest = max(plan.width for plan in search.tried)
        bigger = replace(search.plan, width=round(1.7 * widest))
        if bigger.width > WIDEST or not search.affords(bigger):
            return
        yield search.attempt(bigger, "more features")
        if search.score > 0.3 * before and not fixed_band and not search.done and search.affords(bigger):
            stretch = 1.7 ** (1 / len(waves))
            wider = replace(bigger, band=tuple(k + (w - k) * stretch for w, k in zip(bigger.band, waves, strict=True)))
            yield search.attempt(wider, "more features, wider band")
        patience = patience - 1 if search.score > 0.3 * before else 2


def scaled_waves(form: Form, samples: Samples) -> Array:
    """The declared wave numbers in coordinates scaled to [-1, 1]."""
    lo, hi = bounds(form)
    return wave_numbers(form, samples) * (hi - lo) / 2


def first_plan(search: Search, waves: Array) -> Global:
    """Three above the wave numbers in each coordinate, and features enough to resolve that."""
    settings, d = search.context.settings, search.context.form.space.dim
    band = np.minimum(waves, 150.0) + 3.0
    if settings["solver.band"] is not None:
        band = np.full(d, float(settings["solver.band"]))
    resolves = 2.2 * np.prod(2 * band / np.pi + 3)
    width = settings["solver.width"] or int(np.clip(resolves, {1: 60, 2: 300, 3: 700}.get(d, 1200), 2200))
    return Global(width, tuple(float(w) for w in band), layers=settings["solver.layers"])


def tune(search: Search, waves: Array) -> Iterator[Candidate]:
    """Climb in what the band has above the wave numbers: all coordinates together, then one by one."""
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
