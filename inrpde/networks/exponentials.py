"""Exponentials with complex frequencies: waves, layers and decaying modes, which solve equations with constant
coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde.networks.trial import Array, Index, Trial
from inrpde.networks.waves import field_on_grid


@dataclass(frozen=True, eq=False)
class Exponentials(Trial):
    """Columns Im exp(z·(x - origin) + iφ), `frequencies` z complex (width, d) in 1 / length, `origins` (width, d),
    `phases` φ (width,): exp(Re z·x) sin(Im z·x + φ)."""

    frequencies: Array
    origins: Array
    phases: Array

    @classmethod
    def within(cls, frequencies: Array, box: tuple[Array, Array], phases: Array) -> Exponentials:
        """With origins at the corners of a box where they are largest, so that they are at most 1 in it."""
        lo, hi = box
        return cls(frequencies, np.where(frequencies.real > 0, hi, lo), phases)

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.phases)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        sine, cosine = self._pair(points)
        factors = {index: self._factor(index) for index in indices}
        return {index: f.real * sine + f.imag * cosine for index, f in factors.items()}

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        sine, cosine = self._pair(points)
        real: Array | float = 0.0
        imaginary: Array | float = 0.0
        for index, c in coefficients.items():
            factor, column = self._factor(index), np.reshape(c, (-1, 1))
            real, imaginary = real + column * factor.real, imaginary + column * factor.imag
        return real * sine + imaginary * cosine

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        middle = [0.5 * (axis[0] + axis[-1]) for axis in axes]
        start = np.sum(self.frequencies * (middle - self.origins), axis=1)
        centred = [axis - x for axis, x in zip(axes, middle, strict=True)]
        return field_on_grid(centred, self.frequencies, self.phases + start.imag, head * np.exp(start.real))

    def state(self) -> dict[str, Any]:
        return {"frequencies": self.frequencies, "origins": self.origins, "phases": self.phases}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Exponentials:
        return cls(*(np.asarray(state[key]) for key in ("frequencies", "origins", "phases")))

    def _factor(self, index: Index) -> Array:
        return np.prod(self.frequencies ** np.array(index), axis=1)

    def _pair(self, points: Array) -> tuple[Array, Array]:
        """exp(Re z·x) times the sine and the cosine, (N, width) each."""
        rate, wave = self.frequencies.real, self.frequencies.imag
        size = np.exp(points @ rate.T - np.sum(rate * self.origins, axis=1))
        angle = points @ wave.T + (self.phases - np.sum(wave * self.origins, axis=1))
        return size * np.sin(angle), size * np.cos(angle)
