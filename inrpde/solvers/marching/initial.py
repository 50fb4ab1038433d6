"""Initial-value problems: what they are, and the same problem on a window of time, started from the end of the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import factorial

import numpy as np
from sympy import Dummy

from inrpde.compiler.form import Form, Index, Jet, Row
from inrpde.compiler.lower import make_row
from inrpde.discretise.fields import field_points, relative_difference, rms
from inrpde.discretise.state import State, field_at
from inrpde.networks.slab import Slab
from inrpde.networks.trial import Sum, Trial
from inrpde.sampling.extent import times
from inrpde.sampling.sites import Samples

Array = np.ndarray


def marches(form: Form) -> bool:
    """Is this an initial-value problem: every condition on all times, or at the start, with no integrals over time?"""
    if form.evolves is None or form.integrals or form.orders[-1] == 0:
        return False
    return bool(_initial(form)) and all(_at_start(form, row) or _at_all_times(form, row) for row in form.rows)


def _span(row: Row) -> tuple[float, float]:
    lo, hi = row.region.bounds
    return float(lo[-1]), float(hi[-1])


def _at_start(form: Form, row: Row) -> bool:
    start, end = times(form)
    return _span(row)[1] - start <= 1e-9 * (end - start)


def _at_all_times(form: Form, row: Row) -> bool:
    start, end = times(form)
    a, b = _span(row)
    slack = 1e-9 * (end - start)
    return row.region.dim > 0 and a <= start + slack and b >= end - slack and not row.region.labels


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
            mine = [row for row in first if unknown in row.indices]
            orders = (jet.index[-1] for row in form.rows for jet in row.jets.values() if jet.unknown == unknown)
            order = max(orders, default=0)
            for n in range(order if mine else 0):
                source = mine[min(n, len(mine) - 1)]
                jet = Jet(unknown, (0,) * (form.space.dim - 1) + (n,))
                here, label = Dummy("here"), Dummy("start")
                condition = form.conditions[source.condition]
                rows.append(make_row(here - label, condition, source.region, {here: jet}, {}, {}))
                labels.setdefault(source.condition, {})[label] = jet
        return cls(replace(form, rows=tuple(rows), origin=form), labels)

    def samples(self, drawn: Samples, before: State) -> Samples:
        """The samples of a window, their labels filled from the state before it."""
        sites = list(drawn.sites)
        for number, wanted in self.labels.items():
            site = sites[drawn.numbers[number]]
            values = {
                label: before.jets(jet.unknown, site.points, [jet.index])[jet.index] for label, jet in wanted.items()
            }
            sites[drawn.numbers[number]] = replace(site, labels={**site.labels, **values})
        return replace(drawn, sites=tuple(sites))


@dataclass(frozen=True)
class Extended:
    """A state continued past a time by its Taylor polynomial there: where the next window's search starts."""

    state: State
    time: float
    order: int = 1

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        at, after = points.copy(), points[:, -1] - self.time
        at[:, -1] = self.time
        needed = {(*index[:-1], n) for index in indices for n in range(index[-1], self.order + 1)}
        jets = self.state.jets(unknown, at, needed) if needed else {}
        out: dict[Index, Array] = {}
        for index in indices:
            terms = (
                after ** (n - index[-1]) / factorial(n - index[-1]) * jets[*index[:-1], n]
                for n in range(index[-1], self.order + 1)
            )
            out[index] = sum(terms, np.zeros(len(points)))
        return out


def joined(form: Form, states: Sequence[State], stops: Sequence[float], ends: bool = False) -> State:
    """States of windows that stop at the times given, as one, which goes on after the last unless it `ends` there."""
    starts = [-np.inf, *stops[:-1]]
    stops = list(stops) if ends else [*stops[:-1], np.inf]
    trials: list[Trial] = []
    heads = []
    for unknown in range(len(form.unknowns)):
        slabs = [Slab(state.trials[unknown], a, b) for state, a, b in zip(states, starts, stops, strict=True)]
        trials.append(Sum(tuple(slabs)))
        heads.append(np.concatenate([state.heads[unknown] for state in states]))
    return State(tuple(trials), tuple(heads))


def jumps(form: Form, state: State) -> float:
    """The jumps of a state from window to window, relative to its size, added up: no window's residual sees them."""
    total = 0.0
    start, end = times(form)
    for unknown, trial in enumerate(state.trials):
        edges = [part.end for part in getattr(trial, "parts", ())[:-1] if isinstance(part, Slab)]
        points = field_points(form, unknown, 400, 13)
        size = rms(field_at(state, unknown, points))
        for edge in edges:
            before, after = points.copy(), points.copy()
            before[:, -1], after[:, -1] = edge, edge + 1e-12 * (end - start)
            left, right = (field_at(state, unknown, at) for at in (before, after))
            total += relative_difference(right, left, size)
    return total
