"""Trials that keep their columns at the points of all steps: evaluated once, they are used again in each."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from inrpde.discretise.state import State
from inrpde.networks.trial import Around, Index, Trial, supports
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
    """A piece whose jets at some sets of points, by what these are, are remembered."""

    places: Container[int]
    known: dict[tuple[int, Index], Array] = field(default_factory=dict)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        place = digest(points)
        if place not in self.places:
            return self.inner.jets(points, indices)
        wanted = list(indices)
        if lacking := [index for index in wanted if (place, index) not in self.known]:
            for index, made in self.inner.jets(points, lacking).items():
                self.known[place, index] = made
        return {index: self.known[place, index] for index in wanted}

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        if digest(points) not in self.places:
            return self.inner.operator(points, coefficients)
        return Trial.operator(self, points, coefficients)

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        if digest(points) not in self.places:
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

    places: tuple[Array, ...]

    @cached_property
    def pieces(self) -> tuple[Trial, ...]:
        held = [held_by(self.inner, at) for at in self.places]
        return tuple(
            Kept(
                piece,
                frozenset(
                    digest(at if rows[k] is None else at[rows[k]]) for at, rows in zip(self.places, held, strict=True)
                ),
            )
            for k, piece in enumerate(self.inner.pieces)
        )

    @property
    def offset(self) -> complex | float:  # type: ignore[override]
        return self.inner.offset

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return self.inner.jets(points, indices)

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        wanted = list(indices)
        if not any(points is at for at in self.places):
            return self.inner.apply(points, head, wanted)
        if not np.any(head):
            return {index: np.full(len(points), 0.0 if any(index) else self.offset, head.dtype) for index in wanted}
        out = {index: np.full(len(points), 0.0 if any(index) else self.offset, head.dtype) for index in wanted}
        start = 0
        for piece, rows in zip(self.pieces, held_by(self.inner, points), strict=True):
            mine = head[start : start + piece.width]
            for index, made in piece.apply(points if rows is None else points[rows], mine, wanted).items():
                out[index][slice(None) if rows is None else rows] += made
            start += piece.width
        return out


def remembering(trials: Sequence[Trial], samples: Samples, derivatives: int) -> tuple[Trial, ...]:
    """Trials that remember their columns at samples; as they are where that were too much. Those that are one stay
    one."""
    sites = (*samples.sites, *samples.integrals)
    places = tuple({id(at): at for site in sites for at in (site.points, site.pairs) if at is not None}.values())
    different = {id(trial): trial for trial in trials}
    if derivatives * sum(numbers(trial, at) for trial in different.values() for at in places) > MOST:
        return tuple(trials)
    made = {key: Remembering(trial, places) for key, trial in different.items()}
    return tuple(made[id(trial)] for trial in trials)


def held_by(trial: Trial, points: Array) -> list[Array | None]:
    """The numbers of the points in the support of each piece; None for all."""
    return list(supports(trial.pieces, points))


def numbers(trial: Trial, points: Array) -> int:
    """How many numbers the columns of a trial have at points, those that do not vanish."""
    rows = held_by(trial, points)
    counts = [len(points) if each is None else len(each) for each in rows]
    return sum(piece.width * count for piece, count in zip(trial.pieces, counts, strict=True))


def digest(points: Array) -> int:
    """What tells sets of points apart."""
    return hash((points.shape, points.tobytes()))


def forgetting(state: State) -> State:
    """The state on the trials themselves."""
    trials = tuple(each.inner if isinstance(each, Remembering) else each for each in state.trials)
    return State(trials, state.heads)
