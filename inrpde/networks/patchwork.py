"""Sine features on very many windows, kept in a file as a few arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde.networks.partition import Ramp, Window, Windowed
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Array, Sum


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


def _ramps(pairs: Sequence[Array]) -> tuple[Ramp, ...]:
    return tuple(Ramp(float(centre), float(half)) for centre, half in pairs)
