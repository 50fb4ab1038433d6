"""Sine features on very many windows, kept in a file as a few arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.networks.boxes import Sorted
from inrpde.networks.partition import Ramp, Window, Windowed, ramps, steps
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Array, Index, Sum, down_closed, multiplied

TOGETHER, CHUNK = 500, 4e6
"""Points a cell, at most, for all cells to be evaluated together, and numbers that are worked on at once."""
FEW = 1.0
"""Points a cell up to which each is compared with each."""


@dataclass(frozen=True)
class Cell(Windowed):
    """One layer of sines times a window."""

    inner: SineBody

    @property
    def waves(self) -> Array:
        """The wave vectors of the features, (width, d), in radians per unit length."""
        return self.inner.unscaled[0]


@dataclass(frozen=True)
class Patchwork(Sum):
    """The sum of cells."""

    parts: tuple[Cell, ...]

    def inside(self, points: Array) -> list[Array]:
        """The numbers of the points in each cell."""
        if len(points) < FEW * len(self.parts):  # each with each, as a search in each cell takes longer
            step, found = max(int(CHUNK / max(points.size, 1)), 1), list[Array]()
            for start in range(0, len(self.parts), step):
                deadline.turn()
                lo, hi = (side[start : start + step, None] for side in self._reach)
                cell, place = np.nonzero(np.all((points > lo) & (points < hi), axis=2))
                found += np.split(place, np.searchsorted(cell, np.arange(1, len(lo))))
            return found
        index, found = Sorted(points), []
        for part in self.parts:
            deadline.turn()
            found.append(index.inside(*part.reach))
        return found

    @cached_property
    def _reach(self) -> tuple[Array, Array]:
        """The corners of all cells, (n, d) each."""
        lo, hi = np.array([cell.reach for cell in self.parts]).transpose(1, 0, 2)
        return lo, hi

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices, rows = list(indices), self.inside(points)
        counts = np.array([len(each) for each in rows])
        if len({(cell.width, cell.window.smoothness) for cell in self.parts}) > 1 or counts.mean() > TOGETHER:
            return self._added(points, head, indices, rows)
        stack, heads = Stack.of(self.parts), head.reshape(len(rows), -1)
        place, cell = np.concatenate(rows), np.repeat(np.arange(len(rows)), counts)
        out = {i: np.zeros(len(points), head.dtype) for i in indices}
        for at in stack.chunks(len(place)):
            for i, values in stack.jets(points[place[at]], cell[at], indices, heads).items():
                out[i] += np.bincount(place[at], values, len(points))
        return out

    def state(self) -> dict[str, Any]:
        windows = [cell.window for cell in self.parts]
        layers = [cell.inner.layers[0] for cell in self.parts]
        return {
            "ramps": np.array([[[(r.centre, r.half) for r in side] for side in (w.rises, w.falls)] for w in windows]),
            "smoothness": np.array([w.smoothness for w in windows]),
            "boxes": np.array([cell.inner.box for cell in self.parts]),
            "widths": np.array([cell.width for cell in self.parts]),
            "weight": np.concatenate([weight for weight, _ in layers]),
            "bias": np.concatenate([bias for _, bias in layers]),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Patchwork:
        stops = np.cumsum(np.asarray(state["widths"]))[:-1]
        weights, biases = np.split(np.asarray(state["weight"]), stops), np.split(np.asarray(state["bias"]), stops)
        bodies = [
            SineBody((lo, hi), ((weight, bias),))
            for (lo, hi), weight, bias in zip(np.asarray(state["boxes"]), weights, biases, strict=True)
        ]
        made = zip(np.asarray(state["ramps"]), np.asarray(state["smoothness"]), strict=True)
        windows = [Window(_ramps(rises), _ramps(falls), int(smoothness)) for (rises, falls), smoothness in made]
        return cls(tuple(map(Cell, bodies, windows)))


@dataclass(frozen=True)
class Stack:
    """Cells (n) of one width as arrays: the boxes that their features are scaled to (n, d) each, wave vectors in
    radians per unit length (n, width, d), phases (n, width), and of their ramps the centres and halves (n, d)."""

    boxes: tuple[Array, Array]
    waves: Array
    phases: Array
    rises: tuple[Array, Array]
    falls: tuple[Array, Array]
    smoothness: int

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> Stack:
        rises, falls = (
            np.array([[(r.centre, r.half) for r in side] for side in sides]).transpose(2, 0, 1)
            for sides in ([c.window.rises for c in cells], [c.window.falls for c in cells])
        )
        lo, hi = np.array([cell.inner.box for cell in cells]).transpose(1, 0, 2)
        phases = np.array([cell.inner.layers[0][1] for cell in cells])
        waves, smoothness = np.array([cell.waves for cell in cells]), cells[0].window.smoothness
        return cls((lo, hi), waves, phases, (rises[0], rises[1]), (falls[0], falls[1]), smoothness)

    def chunks(self, count: int) -> Iterator[slice]:
        """Of so many pairs of a point and a cell, those that are worked on at once."""
        step = max(int(CHUNK / (self.phases.shape[1] * self.waves.shape[2])), 1)
        for start in range(0, count, step):
            deadline.turn()
            yield slice(start, start + step)

    def jets(
        self, points: Array, cells: Array, indices: Iterable[Index], heads: Array | None = None, kind: type = float
    ) -> dict[Index, Array]:
        """Derivatives of a cell's features at each of its points (N, d): {multi-index: (N, width)}; with heads
        (n, width), those of its field, (N,). Angles are taken in double precision whatever the `kind` of the rest."""
        indices = list(indices)
        needed = down_closed(indices)
        waves, (lo, hi) = self.waves[cells], self.boxes
        angle = np.einsum("nfd,nd->nf", waves, points - 0.5 * (lo + hi)[cells]) + self.phases[cells]
        turned, waves = (np.sin(angle).astype(kind), np.cos(angle).astype(kind)), waves.astype(kind)
        inner = {}
        for index in needed:
            order = sum(index)
            values = turned[order % 2] * (1 if order % 4 < 2 else -1)
            for k, n in enumerate(index):
                values = values * waves[:, :, k] ** n if n else values
            inner[index] = values if heads is None else np.einsum("nf,nf->n", values, heads[cells])
        factor = self._windows(points, cells, needed)
        if heads is None:
            factor = {index: values.astype(kind)[:, None] for index, values in factor.items()}
        return multiplied(indices, factor, inner)

    def _windows(self, points: Array, cells: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        orders, known, factors = np.max(indices, axis=0), steps(self.smoothness), []
        for k, order in enumerate(orders):
            rise, fall = (
                ramps(points[:, k], centre[cells, k], half[cells, k], order, known)
                for centre, half in (self.rises, self.falls)
            )
            last = ~np.isfinite(self.falls[1][cells, k])
            factors.append([r - np.where(last, 0.0, f) for r, f in zip(rise, fall, strict=True)])
        return {index: np.prod([factors[k][n] for k, n in enumerate(index)], axis=0) for index in indices}


def _ramps(pairs: Sequence[Array]) -> tuple[Ramp, ...]:
    return tuple(Ramp(float(centre), float(half)) for centre, half in pairs)
