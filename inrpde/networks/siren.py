"""Frozen bodies of sine layers, for solvers that only look for the head, and for stored solutions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from inrpde.networks.jets import Index, Jet, closure, inputs, propagate
from inrpde.networks.trial import Array, Trial
from inrpde.networks.waves import field_on_grid, row_blocks, sine_features, sine_fields, sine_operator

Layer = tuple[Array, Array]
SMOOTHNESS = 2.5
"""ν of the Matérn fields that samples alone determine: twice differentiable."""


@dataclass(frozen=True, eq=False)
class SineBody(Trial):
    """Layers sin(W y + b), y = x scaled from the box (lo, hi) to [-1, 1] in each coordinate; width columns.

    `layers` are pairs of a weight (width, in) and a bias (width,). Derivatives are with respect to x. `activation` is
    "sine" but in comparisons with other networks, see `jets.ACTIVATIONS`.
    """

    box: tuple[Array, Array]
    layers: tuple[Layer, ...]
    activation: str = "sine"

    @classmethod
    def random(
        cls,
        width: int,
        band: float | Sequence[float] | Array,
        box: tuple[Array, Array],
        rng: np.random.Generator,
        layers: int = 1,
        distribution: str = "box",
    ) -> SineBody:
        """Random features: frequencies uniform in the box of half-widths `band` (one a coordinate, in scaled
        coordinates), or normal with those standard deviations for the distribution "gaussian".

        Further layers have weights U(±sqrt(6/width)), which keep the spread of the angles from layer to layer (Sitzmann
        et al. 2020, theorem 1.8). All phases are uniform in [0, 2π).
        """
        band = np.broadcast_to(np.asarray(band, dtype=float), (len(box[0]),))
        shape = (width, len(band))
        weights = [band * (rng.standard_normal(shape) if distribution == "gaussian" else rng.uniform(-1, 1, shape))]
        weights += [rng.uniform(-1, 1, (width, width)) * np.sqrt(6 / width) for _ in range(layers - 1)]
        return cls(box, tuple((weight, rng.uniform(0, 2 * np.pi, width)) for weight in weights))

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.layers[-1][1])

    @property
    def amplitudes(self) -> Array:
        """Roots of the spectral density of a Matérn field, (1 + |w|²)^(-(ν + d/2)/2), w the frequencies in coordinates
        scaled to [-1, 1] (Rahimi and Recht 2007; Rasmussen and Williams 2006, equation 4.15)."""
        if not self._is_flat:
            return np.ones(self.width)
        ((weight, _),) = self.layers
        return (1 + np.sum(weight**2, axis=1)) ** (-(SMOOTHNESS + weight.shape[1] / 2) / 2)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        if self._is_flat:
            return sine_features(self._centred(points), *self.unscaled, indices)
        out = {index: np.empty((len(points), self.width)) for index in indices}
        for rows, jet in self._blocks(points, indices):
            for index in indices:
                out[index][rows] = jet[index]
        return out

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        if self._is_flat:
            return sine_operator(self._centred(points), *self.unscaled, coefficients)
        columns = {index: np.reshape(c, (-1, 1)) for index, c in coefficients.items()}
        out = np.zeros((len(points), self.width), np.result_type(float, *columns.values()))
        for rows, jet in self._blocks(points, columns):
            for index, c in columns.items():
                out[rows] += jet[index] * (c[rows] if len(c) > 1 else c)
        return out

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        if self._is_flat:
            return sine_fields(self._centred(points), *self.unscaled, head, indices)
        out = {index: np.empty(len(points), np.result_type(float, head)) for index in indices}
        for rows, jet in self._blocks(points, indices):
            for index in indices:
                out[index][rows] = jet[index] @ head
        return out

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        if not self._is_flat:
            return super().on_grid(axes, head)
        weight, bias = self.unscaled
        centred = [axis - 0.5 * (lo + hi) for axis, lo, hi in zip(axes, *self.box, strict=True)]
        return field_on_grid(centred, 1j * weight, bias, head)

    def state(self) -> dict[str, Any]:
        lo, hi = self.box
        weights = {f"weight{k}": weight for k, (weight, _) in enumerate(self.layers)}
        biases = {f"bias{k}": bias for k, (_, bias) in enumerate(self.layers)}
        return {"lo": np.asarray(lo), "hi": np.asarray(hi), "activation": self.activation, **weights, **biases}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> SineBody:
        count = sum(key.startswith("bias") for key in state)
        layers = tuple((np.asarray(state[f"weight{k}"]), np.asarray(state[f"bias{k}"])) for k in range(count))
        return cls((np.asarray(state["lo"]), np.asarray(state["hi"])), layers, str(state["activation"]))

    # -- inside

    @property
    def _is_flat(self) -> bool:
        """One layer of sines: everything is known in closed form."""
        return len(self.layers) == 1 and self.activation == "sine"

    @cached_property
    def unscaled(self) -> Layer:
        """The first layer in unscaled, centred coordinates."""
        weight, bias = self.layers[0]
        return weight / half_widths(self.box), bias

    def _centred(self, points: Array) -> Array:
        lo, hi = self.box
        return points - 0.5 * (np.asarray(lo) + np.asarray(hi))

    def _blocks(self, points: Array, indices: Iterable[Index]) -> Iterator[tuple[slice, Jet]]:
        """Blocks of rows with the jets of the last layer there."""
        slots = closure(indices)
        centred, frame = self._centred(points), np.eye(points.shape[1])
        layers = (self.unscaled, *self.layers[1:])
        for rows in row_blocks(len(points), self.width):
            yield rows, propagate(inputs(centred[rows], frame, slots), layers, slots, self.activation)


def half_widths(box: tuple[Array, Array]) -> Array:
    """Half the extent of a box (lo, hi) in each coordinate, 1 where it has none."""
    half = 0.5 * (np.asarray(box[1], dtype=float) - np.asarray(box[0], dtype=float))
    return np.where(half > 0, half, 1.0)
