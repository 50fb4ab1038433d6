"""A trial on one window of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde.networks.trial import Array, Index, Trial


@dataclass(frozen=True)
class Slab(Trial):
    """The columns of a trial for times in (start, end], zero elsewhere; infinite ends are open."""

    inner: Trial
    start: float
    end: float

    @property
    def width(self) -> int:  # type: ignore[override]
        return self.inner.width

    def support(self, points: Array) -> Array:
        return np.flatnonzero((points[:, -1] > self.start) & (points[:, -1] <= self.end))

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return self.inner.jets(points, indices)

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        return self.inner.operator(points, coefficients)

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return self.inner.apply(points, head, indices)

    def span(self, axes: Sequence[Array]) -> tuple[slice, ...]:
        times = slice(*np.searchsorted(axes[-1], [self.start, self.end], side="right"))
        return (*super().span(axes)[:-1], times)

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        return self.inner.on_grid(axes, head)

    def state(self) -> dict[str, Any]:
        return {"inner": self.inner, "start": self.start, "end": self.end}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Slab:
        return cls(state["inner"], float(state["start"]), float(state["end"]))
