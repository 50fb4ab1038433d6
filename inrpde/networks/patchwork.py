"""Sine features on very many windows, kept in a file as a few arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.networks.boxes import Sorted
from inrpde.networks.partition import Ramp, Window, Windowed, ramps, steps
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Array, Index, Sum, down_closed, leibniz

TOGETHER, CHUNK = 500, 4e6
"""Points a cell, at most, for all cells to be evaluated together, and numbers that are worked on at once."""


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

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        index, indices = Sorted(points), list(indices)
        rows = [index.inside(*cell.reach) for cell in self.parts]
        counts = np.array([len(each) for each in rows])
        if len({(cell.width, cell.window.smoothness) for cell in self.parts}) > 1 or counts.mean() > TOGETHER:
            return self._added(points, head, indices, rows)
        table, out = _Table.of(self.parts, head), {i: np.zeros(len(points), head.dtype) for i in indices}
        place, cell = np.concatenate(rows), np.repeat(np.arange(len(rows)), counts)
        step = max(int(CHUNK / (self.parts[0].width * points.shape[1])), 1)
        for start in range(0, len(place), step):
            deadline.turn()
            at, of = place[start : start + step], cell[start : start + step]
            for i, values in table.jets(points[at], of, indices).items():
                out[i] += np.bincount(at, values, len(points))
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
class _Table:
    """Cells (n) of one width as arrays: the centres of their boxes (n, d), wave vectors (n, width, d), phases and heads
    (n, width), and of their ramps the centres and halves (n, d)."""

    centres: Array
    waves: Array
    phases: Array
    heads: Array
    rises: tuple[Array, Array]
    falls: tuple[Array, Array]
    smoothness: int

    @classmethod
    def of(cls, cells: Sequence[Cell], head: Array) -> _Table:
        rises, falls = (
            np.array([[(r.centre, r.half) for r in side] for side in sides]).transpose(2, 0, 1)
            for sides in ([c.window.rises for c in cells], [c.window.falls for c in cells])
        )
        return cls(
            np.array([np.add(*cell.inner.box) / 2 for cell in cells]), np.array([cell.waves for cell in cells]),
            np.array([cell.inner.layers[0][1] for cell in cells]), head.reshape(len(cells), -1),
            (rises[0], rises[1]), (falls[0], falls[1]), cells[0].window.smoothness,
        )  # fmt: skip

    def jets(self, points: Array, cells: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Derivatives of the field of a cell at each of its points (N, d): {multi-index: (N,)}."""
        indices = list(indices)
        needed = down_closed(indices)
        waves = self.waves[cells]
        angle = np.einsum("nfd,nd->nf", waves, points - self.centres[cells]) + self.phases[cells]
        turned = {0: np.sin(angle), 1: np.cos(angle)}
        heads = self.heads[cells]
        inner = {}
        for index in needed:
            order, terms = sum(index), heads
            for k, n in enumerate(index):
                terms = terms * waves[:, :, k] ** n if n else terms
            inner[index] = np.einsum("nf,nf->n", turned[order % 2], terms) * (1 if order % 4 < 2 else -1)
        factor = self._windows(points, cells, needed)
        return {i: sum(c * inner[lower] for lower, c in leibniz({i: 1.0}, factor).items()) for i in indices}

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
