"""Frozen features in space whose heads depend on time: u(x, t) = Σ_k c_k(t) φ_k(x)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from inrpde.networks.trial import Array, Index, Trial

TOGETHER = 64
"""Points at one time from which a head is made for them; fewer are mixed with those of the same step; chosen."""


@dataclass(frozen=True, eq=False)
class Lines(Trial):
    """Columns φ_k(x) P_m(ξ) for a trial of K columns in space, the steps between `times` (n + 1,), which increase, and
    Legendre's polynomials of ξ in [-1, 1] on a step, up to a degree. The last coordinate is the time; the first and the
    last step go on before and behind. A head is (n, degree + 1, K), flattened."""

    inner: Trial
    times: Array
    degree: int

    @property
    def width(self) -> int:  # type: ignore[override]
        return (len(self.times) - 1) * (self.degree + 1) * self.inner.width

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices, step = list(indices), self._step(points[:, -1])
        blocks = self.inner.jets(points[:, :-1], {index[:-1] for index in indices})
        out = {}
        for index in indices:
            along = self._weights(points[:, -1], step, index[-1])
            whole = np.zeros((len(points), len(self.times) - 1, self.degree + 1, self.inner.width))
            whole[np.arange(len(points)), step] = along[:, :, None] * blocks[index[:-1]][:, None]
            out[index] = whole.reshape(len(points), -1)
        return out

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices, heads = list(indices), self._heads(head)
        space = list(dict.fromkeys(index[:-1] for index in indices))
        orders = list(dict.fromkeys(index[-1] for index in indices))
        out = {index: np.zeros(len(points), np.result_type(float, head)) for index in indices}
        times, of, counts = np.unique(points[:, -1], return_inverse=True, return_counts=True)
        many = counts >= TOGETHER
        sorted_ = np.split(np.argsort(of, kind="stable"), np.cumsum(counts)[:-1])
        for number in np.flatnonzero(many):
            rows = sorted_[number]
            for order in orders:
                wanted = [index for index in indices if index[-1] == order]
                along = self._at(heads, times[number], order)
                found = self.inner.apply(points[rows, :-1], along, [index[:-1] for index in wanted])
                for index in wanted:
                    out[index][rows] = found[index[:-1]]
        rest = np.flatnonzero(~many[of])
        if len(rest):
            step = self._step(points[rest, -1])
            weights = np.stack([self._weights(points[rest, -1], step, order) for order in orders])
            mixed = self.inner.mixed(points[rest, :-1], heads, step, weights, space)
            for index in indices:
                out[index][rest] = mixed[index[:-1]][orders.index(index[-1])]
        return out

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        heads = self._heads(head)
        return np.stack([self.inner.on_grid(axes[:-1], self._at(heads, time, 0)) for time in axes[-1]], axis=-1)

    def state(self) -> dict[str, Any]:
        return {"inner": self.inner, "times": self.times, "degree": self.degree}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Lines:
        return cls(state["inner"], np.asarray(state["times"]), int(state["degree"]))

    def _heads(self, head: Array) -> Array:
        return head.reshape(len(self.times) - 1, self.degree + 1, self.inner.width)

    def _step(self, times: Array) -> Array:
        """The step (N,) of each time; where two meet, the first."""
        return np.searchsorted(self.times[1:-1], times)

    def _weights(self, times: Array, step: Array, order: int) -> Array:
        """The derivatives (N, degree + 1) of the polynomials by time."""
        if order > self.degree:
            return np.zeros((len(times), self.degree + 1))
        start, length = self.times[step], self.times[step + 1] - self.times[step]
        series = legendre.legder(np.eye(self.degree + 1), order)
        local = 2 * (times - start) / length - 1
        return legendre.legvander(local, self.degree - order) @ series * (2 / length[:, None]) ** order

    def _at(self, heads: Array, time: float, order: int) -> Array:
        """The head (K,) in space at a time, or a derivative by it."""
        times = np.array([time])
        step = self._step(times)
        return self._weights(times, step, order)[0] @ heads[step[0]]
