"""Sines whose frequencies fit a box: one layer sin(k·x + b), for fields that are periodic in all coordinates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.networks.trial import CHUNK, Array, Index, Trial
from inrpde.networks.waves import sine_features


@dataclass(frozen=True, eq=False)
class Harmonics(Trial):
    """Columns cos(k·(x - lo)), and after these sin(k·(x - lo)), for k = 2π `numbers` / (hi - lo), whole numbers (M, d):
    one of k and -k each, the last number positive, or 0."""

    box: tuple[Array, Array]
    numbers: Array

    @property
    def width(self) -> int:  # type: ignore[override]
        return 2 * len(self.numbers)

    @cached_property
    def frequencies(self) -> Array:
        """The k (M, d)."""
        return 2 * np.pi * self.numbers / self._extent

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        weight, bias = np.tile(self.frequencies, (2, 1)), np.repeat([np.pi / 2, 0.0], len(self.numbers))
        return sine_features(points - self.box[0], weight, bias, indices)

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        ones = np.ones((1, len(points), 1))
        found = self.mixed(points, head[None, None], np.zeros(len(points), int), ones, indices)
        return {index: values[0] for index, values in found.items()}

    def mixed(
        self, points: Array, heads: Array, group: Array, weights: Array, indices: Iterable[Index]
    ) -> dict[Index, Array]:
        indices = list(indices)
        if np.iscomplexobj(heads):
            parts = [self.mixed(points, part, group, weights, indices) for part in (heads.real, heads.imag)]
            return {index: parts[0][index] + 1j * parts[1][index] for index in indices}
        out = {index: np.zeros(weights.shape[:2]) for index in indices}
        step = max(16, int(CHUNK / 4 / max(heads.shape[1] * prod(self._shape[1:]), 1)))
        for number in np.unique(group):
            rows, spectra = np.flatnonzero(group == number), self._spectra(heads[number])
            for part in (rows[i : i + step] for i in range(0, len(rows), step)):
                deadline.turn()
                self._summed(points[part], spectra, weights[:, part], {index: out[index] for index in indices}, part)
        return out

    def _summed(self, points: Array, spectra: Array, weights: Array, out: Mapping[Index, Array], rows: Array) -> None:
        """Σ over a coordinate's numbers, one after the other; all but the last for each order of the derivative."""
        angles = 2 * np.pi * (points - self.box[0]) / self._extent
        waves = [_waves(along, numbers) for along, numbers in zip(angles.T, self._ranges, strict=True)]
        for first in dict.fromkeys(index[:-1] for index in out):
            partial = spectra[None]
            for axis, order in enumerate(first):
                wave = waves[axis] * (1j * self._along[axis]) ** order
                if axis == 0:
                    flat = np.moveaxis(spectra, 1, 0).reshape(len(self._along[0]), -1)
                    partial = (wave @ flat).reshape(len(points), len(spectra), *self._shape[1:])
                else:
                    partial = np.einsum("nma...,na->nm...", partial, wave)
            for index in (index for index in out if index[:-1] == first):
                wave = waves[-1] * (1j * self._along[-1]) ** index[-1]
                values = wave @ spectra.T if not first else np.matmul(partial, wave[:, :, None])[:, :, 0]
                out[index][:, rows] = np.einsum("nm,jnm->jn", values.real, weights)

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        if np.iscomplexobj(head):
            return self.on_grid(axes, head.real) + 1j * self.on_grid(axes, head.imag)
        out = self._spectra(head[None])[0]
        for axis, lo, k in zip(axes, self.box[0], self._along, strict=True):
            out = np.tensordot(out, np.exp(1j * np.multiply.outer(axis - lo, k)), axes=(0, 1))  # the next comes first
        return np.ascontiguousarray(out.real)

    def state(self) -> dict[str, Any]:
        return {"lo": np.asarray(self.box[0]), "hi": np.asarray(self.box[1]), "numbers": self.numbers}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Harmonics:
        return cls((np.asarray(state["lo"]), np.asarray(state["hi"])), np.asarray(state["numbers"]))

    # -- inside

    @cached_property
    def _extent(self) -> Array:
        return np.asarray(self.box[1]) - np.asarray(self.box[0])

    @cached_property
    def _ranges(self) -> list[Array]:
        """The whole numbers along each coordinate."""
        return [np.arange(column.min(), column.max() + 1) for column in self.numbers.T]

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(map(len, self._ranges))

    @cached_property
    def _along(self) -> list[Array]:
        return [2 * np.pi * each / length for each, length in zip(self._ranges, self._extent, strict=True)]

    def _spectra(self, heads: Array) -> Array:
        """The S (H, ...) on all numbers along the coordinates with Re Σ S exp(i k·x) the fields of heads (H, width)."""
        out = np.zeros((len(heads), *self._shape), complex)
        at = tuple(column - each[0] for column, each in zip(self.numbers.T, self._ranges, strict=True))
        cosines, sines = np.split(heads, 2, axis=1)
        out[(slice(None), *at)] = cosines - 1j * sines
        return out


def _waves(angles: Array, numbers: Array) -> Array:
    """exp(i n a) for angles a (N,) and consecutive whole numbers n (M,): (N, M). Powers are products of lower ones."""
    least, most = int(numbers[0]), int(np.max(np.abs(numbers)))
    powers = np.ones((len(angles), most + 1), complex)
    known = 1
    while known <= most:
        further = min(known, most + 1 - known)
        np.multiply(powers[:, :further], np.exp(1j * known * angles)[:, None], out=powers[:, known : known + further])
        known += further
    positive = powers[:, max(least, 0) : int(numbers[-1]) + 1]
    return positive if least >= 0 else np.concatenate([powers[:, -least:0:-1].conj(), positive], axis=1)
