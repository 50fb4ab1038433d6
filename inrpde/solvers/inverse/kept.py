"""Trials that keep their columns at the points of all steps: evaluated once, they are used again in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from inrpde.discretise.state import State
from inrpde.networks.trial import Around, Index, Trial
from inrpde.sampling.sites import Samples

Array = np.ndarray
MOST = 1.5e8
"""Numbers that are kept at most, 1.2 gigabytes: beyond, columns are evaluated anew; chosen."""


class Aside(Around):
    """What stands in for another trial while a level is solved."""

    def state(self) -> dict[str, Any]:
        return self.inner.state()

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Trial:
        raise TypeError("what is remembered is not stored")


@dataclass(frozen=True)
class Kept(Aside):
    """A piece whose jets at some point sets, by the identity of their arrays, are remembered."""

    places: Mapping[int, Array]
    known: dict[tuple[int, Index], Array] = field(default_factory=dict)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        if self.places.get(id(points)) is not points:
            return self.inner.jets(points, indices)
        wanted = list(indices)
        if lacking := [index for index in wanted if (id(points), index) not in self.known]:
            for index, made in self.inner.jets(points, lacking).items():
                self.known[id(points), index] = made
        return {index: self.known[id(points), index] for index in wanted}

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        if self.places.get(id(points)) is not points:
            return self.inner.operator(points, coefficients)
        return Trial.operator(self, points, coefficients)

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        if self.places.get(id(points)) is not points:
            return self.inner.apply(points, head, indices)
        return {index: made @ head for index, made in self.jets(points, indices).items()}

    def support(self, points: Array) -> Array | None:
        return self.inner.support(points)

    @property
    def reach(self) -> tuple[Array, Array] | None:
        return self.inner.reach


@dataclass(frozen=True)
class Remembering(Aside):
    """A trial whose pieces remember."""

    places: Mapping[int, Array]

    @cached_property
    def pieces(self) -> tuple[Trial, ...]:
        return tuple(Kept(piece, self.places) for piece in self.inner.pieces)

    @property
    def offset(self) -> complex | float:  # type: ignore[override]
        return self.inner.offset

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return self.inner.jets(points, indices)

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        wanted = list(indices)
        if self.places.get(id(points)) is not points:
            return self.inner.apply(points, head, wanted)
        if not np.any(head):
            return {index: np.full(len(points), 0.0 if any(index) else self.offset, head.dtype) for index in wanted}
        out = {index: np.full(len(points), 0.0 if any(index) else self.offset, head.dtype) for index in wanted}
        start = 0
        for piece in self.pieces:
            rows = piece.support(points)
            mine = head[start : start + piece.width]
            for index, made in piece.apply(points if rows is None else points[rows], mine, wanted).items():
                out[index][slice(None) if rows is None else rows] += made
            start += piece.width
        return out


def remembering(trials: Sequence[Trial], samples: Samples, derivatives: int) -> tuple[Trial, ...]:
    """Trials that remember their columns at samples; as they are where that were too much. Those that are one stay
    one."""
    sites = (*samples.sites, *samples.integrals)
    places = {id(at): at for site in sites for at in (site.points, site.pairs) if at is not None}
    size = sum(map(len, places.values())) * sum({id(trial): trial.width for trial in trials}.values()) * derivatives
    if size > MOST:
        return tuple(trials)
    made = {id(trial): Remembering(trial, places) for trial in trials}
    return tuple(made[id(trial)] for trial in trials)


def forgetting(state: State) -> State:
    """The state on the trials themselves."""
    trials = tuple(each.inner if isinstance(each, Remembering) else each for each in state.trials)
    return State(trials, state.heads)
