"""A trial beside a constant that is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde.networks.trial import Around, Array, Index, Trial


@dataclass(frozen=True)
class Offset(Around):
    """The columns of a trial, whose fields are counted from a constant: φ·head + offset."""

    offset: complex | float

    @property
    def pieces(self) -> tuple[Trial, ...]:
        return self.inner.pieces

    @property
    def amplitudes(self) -> Array:
        return self.inner.amplitudes

    def support(self, points: Array) -> Array | None:
        return None

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        found = super().apply(points, head, indices)
        return {index: values if any(index) else values + self.offset for index, values in found.items()}

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        return super().on_grid(axes, head) + self.offset

    def state(self) -> dict[str, Any]:
        return {"inner": self.inner, "offset": np.array(self.offset)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Offset:
        return cls(state["inner"], np.asarray(state["offset"]).item())


def counted(trial: Trial, offset: complex | float) -> Trial:
    """The trial beside a constant, where that is not 0."""
    return Offset(trial, offset) if offset else trial


def bare(trial: Trial) -> Trial:
    """The trial without its constant."""
    return trial.inner if isinstance(trial, Offset) else trial
