"""Multipoles in space: the derivatives of 1/r at the centre of a hole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import factorial, prod
from typing import Any

import numpy as np

from inrpde.networks.trial import Array, Index, Trial


@dataclass(frozen=True)
class Multipoles(Trial):
    """∂^β (1/r) for r the distance from `centre` in units of `size`, |β| ≤ degree and β_z ≤ 1.

    Harmonic, and complete for harmonic functions outside a ball: the others follow from Δ(1/r) = 0.
    """

    centre: tuple[float, float, float]
    size: float
    degree: int

    @cached_property
    def orders(self) -> tuple[Index, ...]:
        every = product(range(self.degree + 1), range(self.degree + 1), range(2))
        return tuple(sorted((b for b in every if sum(b) <= self.degree), key=lambda b: (sum(b), b)))

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.orders)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        x = (points[:, :3] - np.array(self.centre)) / self.size
        table = _taylor(x, {_plus(b, index[:3]) for b in self.orders for index in indices})
        out = {}
        for index in indices:
            columns = []
            for b in self.orders:
                both = _plus(b, index[:3])
                factor = prod(factorial(n) for n in both) / prod(factorial(n) for n in b)
                columns.append(factor / self.size ** sum(index[:3]) * table[both])
            out[index] = np.stack(columns, axis=1) if not any(index[3:]) else np.zeros((len(points), self.width))
        return out

    def state(self) -> dict[str, Any]:
        return {"centre": np.array(self.centre), "size": self.size, "degree": self.degree}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Multipoles:
        x, y, z = (float(c) for c in state["centre"])
        return cls((x, y, z), float(state["size"]), int(state["degree"]))


def _plus(a: Index, b: Index) -> Index:
    return tuple(i + j for i, j in zip(a, b, strict=True))


def _taylor(x: Array, wanted: set[Index]) -> dict[Index, Array]:
    """Taylor coefficients b_γ of 1/|x + h| in h: n r² b_γ = -(2n - 1) Σ x_i b_{γ-e_i} - (n - 1) Σ b_{γ-2e_i}, n = |γ|.

    The recurrence follows from g h·∇f = -½ f h·∇g for f = g^(-1/2), g = |x + h|².
    """
    square = np.maximum(np.sum(x**2, axis=1), 1e-24)
    top = [max(index[k] for index in wanted) for k in range(3)]
    most = max(sum(index) for index in wanted)
    every = sorted((i for i in product(*(range(n + 1) for n in top)) if sum(i) <= most), key=sum)
    table: dict[Index, Array] = {(0, 0, 0): 1 / np.sqrt(square)}
    for index in every[1:]:
        n, total = sum(index), np.zeros(len(x))
        for k in range(3):
            for step, factor in ((1, (2 * n - 1) * x[:, k]), (2, n - 1)):
                if index[k] >= step:
                    lower = tuple(m - step * (i == k) for i, m in enumerate(index))
                    total -= factor * table[lower]
        table[index] = total / (n * square)
    return table
