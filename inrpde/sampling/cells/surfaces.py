"""Curved walls in space as the zeros of smooth functions, and where lines along the coordinates meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inrpde.declaration.regions import Ball
from inrpde.declaration.regions.level import Level
from inrpde.declaration.regions.region import Solid
from inrpde.declaration.regions.sequence import lattice
from inrpde.errors import ProblemError
from inrpde.sampling.cells.tessellation import Array

ROUNDS, EXACT = 60, 1e-15
"""Steps to a root at most, and the share of its interval by which the last one goes."""
SAMPLES, SAME = 64, 9
"""Points at which functions are compared, and the digits to which those of one surface agree."""


@dataclass(frozen=True, eq=False)
class Surfaces:
    """W solids whose walls are the zeros of their functions."""

    solids: tuple[Ball | Level, ...]

    def value(self, wall: Array, points: Array) -> Array:
        """The functions of these numbers (N,) at points (N, …, d): (N, …)."""
        out = np.empty(points.shape[:-1])
        for k, here in self._by_wall(wall):
            out[here] = self.solids[k].value(points[here].reshape(-1, points.shape[-1])).reshape(out[here].shape)
        return out

    def gradient(self, wall: Array, points: Array) -> Array:
        """Their gradients (N, …, d)."""
        out = np.empty(points.shape)
        for k, here in self._by_wall(wall):
            out[here] = self.solids[k].gradient(points[here].reshape(-1, points.shape[-1])).reshape(out[here].shape)
        return out

    def _by_wall(self, wall: Array) -> Iterator[tuple[int, Array]]:
        for k in range(len(self.solids)):
            here = np.flatnonzero(wall == k)
            if len(here):
                yield k, here

    def heights(self, wall: Array, points: Array, axis: Array, lo: Array, hi: Array) -> Array:
        """The coordinates (N, M) along an axis (N,) at which lines through points (N, M, d) meet the surfaces of these
        numbers (N,), between `lo` and `hi` (N, M), where the functions have two signs; the end that is nearest to zero
        where they have one."""
        rows = np.arange(len(wall))[:, None]
        columns = np.arange(points.shape[1])
        points = points.copy()

        def at(place: Array) -> tuple[Array, Array]:
            points[rows, columns, axis[:, None]] = place
            return self.value(wall, points), self.gradient(wall, points)[rows, columns, axis[:, None]]

        return roots(at, lo, hi)


def roots(at: Callable[[Array], tuple[Array, Array]], lo: Array, hi: Array) -> Array:
    """The zeros of functions that change their signs between two ends, by Newton's steps, and halvings where these lead
    outside; `at` gives values and slopes."""
    size, (first, _), (last, _) = hi - lo, at(lo), at(hi)
    one = np.where(np.abs(first) < np.abs(last), lo, hi)
    crosses = (first < 0) != (last < 0)
    place = (lo + hi) / 2
    for _ in range(ROUNDS if place.size else 0):
        value, slope = at(place)
        below = (value < 0) == (first < 0)
        lo, hi = np.where(below, place, lo), np.where(below, hi, place)
        with np.errstate(all="ignore"):
            step = place - value / slope
        after = np.where((step >= lo) & (step <= hi), step, (lo + hi) / 2)
        moved = np.abs(after - place) > EXACT * np.maximum(size, np.abs(place))
        place = after
        if not np.any(moved & crosses):
            break
    return np.where(crosses, place, one)


def surfaces(solids: Sequence[Solid], lo: Array, hi: Array) -> Surfaces:
    """Those of primitives, each once, however it is written, where all lie between `lo` and `hi` (d,). Raises
    ProblemError for other primitives than balls and relations."""
    points = lo + (hi - lo) * lattice(SAMPLES, len(lo), np.random.default_rng(0))
    found: dict[tuple, Ball | Level] = {}
    for solid in solids:
        if not isinstance(solid, Ball | Level):
            raise ProblemError(
                "a wall in space that is neither a ball's nor a relation's cuts no boxes", solid.label,
                "give a mesh of the region",
            )  # fmt: skip
        values = solid.value(points)
        values = values / (values[np.argmax(np.abs(np.nan_to_num(values, posinf=0.0)))] or 1.0)
        found.setdefault(tuple(np.round(values, SAME) + 0.0), solid)
    return Surfaces(tuple(found.values()))
