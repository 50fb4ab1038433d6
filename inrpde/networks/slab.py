"""A trial on one window of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde.networks.trial import Around, Array


@dataclass(frozen=True)
class Slab(Around):
    """The columns of a trial for times in (start, end], zero elsewhere; infinite ends are open."""

    start: float
    end: float

    def support(self, points: Array) -> Array:
        return np.flatnonzero((points[:, -1] > self.start) & (points[:, -1] <= self.end))

    def span(self, axes: Sequence[Array]) -> tuple[slice, ...]:
        times = slice(*np.searchsorted(axes[-1], [self.start, self.end], side="right"))
        return (*super().span(axes)[:-1], times)

    def state(self) -> dict[str, Any]:
        return {"inner": self.inner, "start": self.start, "end": self.end}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Slab:
        return cls(state["inner"], float(state["start"]), float(state["end"]))
