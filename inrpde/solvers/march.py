"""Windows in time: an initial-value problem solved slab by slab, each started from the end of the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from sympy import Dummy

from inrpde.compiler.form import Form, Index, Jet, Row
from inrpde.compiler.lower import make_row
from inrpde.networks.slab import Slab
from inrpde.networks.trial import Sum, Trial
from inrpde.solvers.features import Cells
from inrpde.solvers.fields import field_points, relative_difference
from inrpde.solvers.samples import Samples, Site, bounds, draw
from inrpde.solvers.state import State

Array = np.ndarray


@dataclass(frozen=True)
class March:
    """`windows` slabs of equal length, each with the body `inner`; with `graded` the cells of a slab crowd where the
    solution bent in the slab before."""

    windows: int
    inner: Cells
    graded: bool = False

    @property
    def width(self) -> int:
        return self.windows * self.inner.width

    @property
    def balance(self) -> float:
        return self.inner.balance

    @property
    def points(self) -> int:
        return self.inner.points

    @property
    def cut(self) -> None:
        return None

    def varied(self) -> March:
        return replace(self, windows=max(1, round(0.8 * self.windows)), inner=self.inner.varied())

    def __str__(self) -> str:
        return f"{self.windows} windows of {self.inner}" + (", graded" if self.graded else "")


def marches(form: Form) -> bool:
    """Is this an initial-value problem: every condition on all times, or at the start, with no integrals over time?"""
    if form.space.time is None or form.integrals or form.orders[-1] == 0:
        return False
    return bool(_initial(form)) and all(_at_start(form, row) or _at_all_times(form, row) for row in form.rows)


def _span(row: Row) -> tuple[float, float]:
    lo, hi = row.region.bounds
    return float(lo[-1]), float(hi[-1])


def _at_start(form: Form, row: Row) -> bool:
    lo, hi = bounds(form)
    _, b = _span(row)
    return b - lo[-1] <= 1e-9 * (hi[-1] - lo[-1])


def _at_all_times(form: Form, row: Row) -> bool:
    lo, hi = bounds(form)
    a, b = _span(row)
    slack = 1e-9 * (hi[-1] - lo[-1])
    return row.region.dim > 0 and a <= lo[-1] + slack and b >= hi[-1] - slack and not row.region.labels


def _initial(form: Form) -> list[Row]:
    return [row for row in form.rows if _at_start(form, row)]


@dataclass(frozen=True)
class Continued:
    """A form whose initial conditions are those of a state at the start of a window: rows jet - label = 0."""

    form: Form
    labels: Mapping[int, Mapping[Dummy, Jet]]
    """By condition, the labels and the jets whose values they take."""

    @classmethod
    def of(cls, form: Form) -> Continued:
        rows: list[Row] = [row for row in form.rows if not _at_start(form, row)]
        labels: dict[int, dict[Dummy, Jet]] = {}
        first = _initial(form)
        for unknown in range(len(form.unknowns)):
            mine = [row for row in first if any(jet.unknown == unknown for jet in row.jets.values())]
            orders = (jet.index[-1] for row in form.rows for jet in row.jets.values() if jet.unknown == unknown)
            order = max(orders, default=0)
            for n in range(order if mine else 0):
                source = mine[min(n, len(mine) - 1)]
                jet = Jet(unknown, (0,) * (form.space.dim - 1) + (n,))
                here, label = Dummy("here"), Dummy("start")
                condition = form.conditions[source.condition]
                rows.append(make_row(here - label, condition, source.region, {here: jet}, {}, {}))
                labels.setdefault(source.condition, {})[label] = jet
        return cls(replace(form, rows=tuple(rows)), labels)

    def samples(self, drawn: Samples, before: State) -> Samples:
        """The samples of a window, their labels filled from the state before it."""
        conditions = list(drawn.conditions)
        for number, wanted in self.labels.items():
            site = conditions[number]
            values = {
                label: before.jets(jet.unknown, site.points, [jet.index])[jet.index] for label, jet in wanted.items()
            }
            conditions[number] = replace(site, labels={**site.labels, **values})
        return Samples(tuple(conditions), drawn.integrals)


@dataclass(frozen=True)
class Frozen:
    """A state as it was at one time, for all times: where the next window's search starts."""

    state: State
    time: float

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        at = points.copy()
        at[:, -1] = self.time
        jets = self.state.jets(unknown, at, indices)
        return {index: 0 * values if index[-1] else values for index, values in jets.items()}


def squeeze(form: Form, samples: Samples, a: float, b: float) -> Samples:
    """Samples of the whole time moved into [a, b]; what lies at the start is moved to a."""
    lo, hi = bounds(form)
    scale = (b - a) / (hi[-1] - lo[-1])

    def moved(points: Array) -> Array:
        out = points.copy()
        out[:, -1] = a + (out[:, -1] - lo[-1]) * scale
        return out

    made: dict[int, Site] = {}
    for site in samples.conditions:
        pairs = None if site.pairs is None else moved(site.pairs)
        made.setdefault(id(site), replace(site, points=moved(site.points), pairs=pairs))
    return Samples(tuple(made[id(site)] for site in samples.conditions), samples.integrals)


def jumps(form: Form, plan: March, state: State) -> float:
    """The jumps of a state from window to window, relative to its size, added up: no window's residual sees them."""
    lo, hi = bounds(form)
    edges = np.linspace(lo[-1], hi[-1], plan.windows + 1)[1:-1]
    total = 0.0
    for unknown in range(len(form.unknowns)):
        index = (0,) * form.space.dim
        points = field_points(form, unknown, 400, 13)
        for edge in edges:
            before, after = points.copy(), points.copy()
            before[:, -1], after[:, -1] = edge, edge + 1e-12 * (hi[-1] - lo[-1])
            left, right = (state.jets(unknown, at, [index])[index] for at in (before, after))
            total += relative_difference(right, left)
    return total


def march(form: Form, plan: March, seed: int, fit: Any, start: Any, regrade: Any) -> State:
    """All windows, one after the other, as one state.

    `fit` solves one window, `regrade(form, plan, state, span)` moves its cells.
    """
    lo, hi = bounds(form)
    edges = np.linspace(lo[-1], hi[-1], plan.windows + 1)
    continued = Continued.of(form)
    states: list[State] = []

    def window(k: int, body: Cells, first: Any) -> State:
        samples = squeeze(form, draw(form, body.points, seed + k, body.cut), edges[k], edges[k + 1])
        if k == 0:
            return fit(form, body, samples, seed, first)
        return fit(continued.form, body, continued.samples(samples, states[-1]), seed + k, first)

    for k in range(plan.windows):
        span = (k / plan.windows, (k + 1) / plan.windows)
        inner = replace(plan.inner, span=span)
        if k:
            start = Frozen(states[-1], float(edges[k]))
        if plan.graded:  # where the solution bends is known once the window has been solved
            first = regrade(form, inner, states[-1], ((k - 1) / plan.windows, span[0])) if k else inner
            start = window(k, first, start)
            inner = regrade(form, inner, start, span)
        states.append(window(k, inner, start))
    trials: list[Trial] = []
    heads = []
    for unknown in range(len(form.unknowns)):
        slabs = [
            Slab(state.trials[unknown], float(a) if k else -np.inf, float(b) if k + 1 < plan.windows else np.inf)
            for k, (state, (a, b)) in enumerate(zip(states, pairwise(edges), strict=True))
        ]
        trials.append(Sum(tuple(slabs)))
        heads.append(np.concatenate([state.heads[unknown] for state in states]))
    return State(tuple(trials), tuple(heads))
