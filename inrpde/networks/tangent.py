"""How a field of one sine layer changes with its frequencies and phases, as columns of a trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from inrpde.networks.siren import SineBody, half_widths
from inrpde.networks.trial import Array, Index, Trial


@dataclass(frozen=True, eq=False)
class Tangent(Trial):
    """The derivatives of Σ_j h_j sin(w_j·y + b_j) by w_j1, …, w_jd and b_j, for the head h of a body of one layer and y
    as in the body: d blocks of columns h_j y_k cos(w_j·y + b_j), and one of h_j cos(w_j·y + b_j)."""

    body: SineBody
    head: Array

    @property
    def width(self) -> int:  # type: ignore[override]
        return (len(self.body.box[0]) + 1) * self.body.width

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return {index: self.operator(points, {index: 1.0}) for index in indices}

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        lo, hi = self.body.box
        half = half_widths(self.body.box)
        scaled = (points - 0.5 * (np.asarray(lo) + np.asarray(hi))) / half
        operators = [_times(coefficients, k, scaled[:, k], half[k]) for k in range(points.shape[1])]
        return np.hstack([self._cosines.operator(points, each) * self.head for each in (*operators, coefficients)])

    def moved(self, step: Array) -> SineBody:
        """The body with its parameters moved by a vector (width,) in the order of the columns."""
        *weights, phases = np.split(np.real(step), len(self.body.box[0]) + 1)
        ((weight, bias),) = self.body.layers
        return SineBody(self.body.box, ((weight + np.stack(weights, axis=1), bias + phases),))

    def state(self) -> dict[str, Any]:
        return {"body": self.body.state(), "head": self.head}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Tangent:
        return cls(SineBody.from_state(state["body"]), np.asarray(state["head"]))

    @cached_property
    def _cosines(self) -> SineBody:
        ((weight, bias),) = self.body.layers
        return SineBody(self.body.box, ((weight, bias + np.pi / 2),))


def _times(
    coefficients: Mapping[Index, float | Array], k: int, values: Array, half: float
) -> dict[Index, float | Array]:
    """The coefficients of Σ_α c_α ∂^α(y_k φ) as an operator on φ: Σ_α c_α (y_k ∂^α φ + α_k ∂_k y_k ∂^{α-e_k} φ)."""
    out: dict[Index, Any] = {index: c * values for index, c in coefficients.items()}
    for index, c in coefficients.items():
        if index[k]:
            lower = (*index[:k], index[k] - 1, *index[k + 1 :])
            out[lower] = out.get(lower, 0.0) + c * (index[k] / half)
    return out
