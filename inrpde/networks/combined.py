"""Few columns that are combinations of many: a reduced basis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.networks.trial import CHUNK, Array, Index, Trial

KEPT = 2e7
"""Numbers that are kept at most, 160 megabytes: beyond, columns are evaluated anew; chosen."""


@dataclass(frozen=True, eq=False)
class Combined(Trial):
    """The columns φ·weights of a trial φ, for weights (inner width, width). Those at the last points are kept, as many
    fields of the same columns are asked for at the same points."""

    inner: Trial
    weights: Array
    last: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def width(self) -> int:  # type: ignore[override]
        return int(self.weights.shape[1])

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        wanted = list(indices)
        if len(points) * self.width * len(wanted) > KEPT:
            return self._made(points, wanted)
        kept = self.last.get("points")
        if kept is None or kept.shape != points.shape or not np.array_equal(kept, points):
            self.last.clear()
            self.last["points"], self.last["columns"] = points.copy(), {}
        columns = self.last["columns"]
        if lacking := [index for index in wanted if index not in columns]:
            columns |= self._made(points, lacking)
        return {index: columns[index] for index in wanted}

    def _made(self, points: Array, wanted: Sequence[Index]) -> dict[Index, Array]:
        step = max(64, int(CHUNK / max(self.inner.width * len(wanted), 1)))
        parts = []
        for i in range(0, max(len(points), 1), step):
            deadline.turn()
            blocks = self.inner.jets(points[i : i + step], wanted)
            parts.append({index: block @ self.weights for index, block in blocks.items()})
        return {index: np.concatenate([part[index] for part in parts]) for index in wanted}

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        wanted = list(indices)
        if len(points) * self.width * len(wanted) > KEPT:
            return self.inner.apply(points, self.weights @ head, wanted)
        return {index: columns @ head for index, columns in self.jets(points, wanted).items()}

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        return self.inner.on_grid(axes, self.weights @ head)

    def state(self) -> dict[str, Any]:
        return {"inner": self.inner, "weights": self.weights}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Combined:
        return cls(state["inner"], np.asarray(state["weights"]))
