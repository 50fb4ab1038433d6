"""Cylindrical waves outside a round hole: the solutions of Δu + κu = 0 with constant κ that decay, or travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import comb
from typing import Any

import numpy as np
from scipy.special import hankel1, kv, yv

from inrpde.networks.trial import Array, Index, Trial

CORE = 0.2
"""Radii of the hole inside which the functions are those at this distance: nobody asks for them there."""


@dataclass(frozen=True)
class CylindricalWaves(Trial):
    """C_n(kr) cos nθ and C_n(kr) sin nθ round `centre`, n ≤ degree and k = √|κ|, about 1 at r = `size`.

    C_n is Y_n where κ > 0 and K_n where κ < 0. Derivatives follow from (∂x + i∂y) F_n = -k F_{n+1} and, for the sign +
    of Y and - of K, (∂x - i∂y) F_n = ±k F_{n-1}, F_n = C_n e^{inθ} (Abramowitz and Stegun 1964, 9.1.27 and 9.6.26).
    """

    centre: tuple[float, float]
    size: float
    kappa: float
    degree: int

    @property
    def width(self) -> int:  # type: ignore[override]
        return 2 * self.degree + 1

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        k = np.sqrt(abs(self.kappa))
        z = (points[:, 0] - self.centre[0]) + 1j * (points[:, 1] - self.centre[1])
        most = self.degree + max(sum(index[:2]) for index in indices)
        radial = self._radial(k * np.maximum(np.abs(z), CORE * self.size), most)
        turn = np.exp(1j * np.angle(z))
        size = self._sizes(k)
        out = {}
        for index in indices:
            columns = []
            for n in range(self.degree + 1):
                value = self._derivative(n, index[:2], k, radial, turn) / size[n]
                columns += [value.real, value.imag] if n else [value.real]
            late = any(index[2:])  # constant in whatever comes after the plane
            out[index] = np.stack(columns, axis=1) if not late else np.zeros((len(points), self.width))
        return out

    def _derivative(self, n: int, index: Index, k: float, radial: list[Array], turn: Array) -> Array:
        """∂x^a ∂y^b with 2∂x = D₊ + D₋ and 2i∂y = D₊ - D₋, D± the steps up and down in n."""
        a, b = index
        down = k if self.kappa > 0 else -k
        total = np.zeros(len(turn), dtype=complex)
        for p, q in product(range(a + 1), range(b + 1)):
            ups, downs = p + q, a + b - p - q
            m = n + ups - downs
            sign = (-1) ** m if m < 0 and self.kappa > 0 else 1
            factor = comb(a, p) * comb(b, q) * (-1) ** (b - q) * (-k) ** ups * down**downs
            total += factor * sign * radial[abs(m)] * turn**m
        return total / (2 ** (a + b) * 1j**b)

    def _radial(self, x: Array, most: int) -> list[Array]:
        """C_0 … C_most at x, by the recurrence, which is stable upwards."""
        function, back = (yv, -1) if self.kappa > 0 else (kv, 1)
        values = [function(0, x), function(1, x)]
        for n in range(1, most):
            values.append(2 * n / x * values[n] + back * values[n - 1])
        return values

    def _sizes(self, k: float) -> Array:
        """|C_n| at the hole's rim; of Y_n, which may vanish there, together with J_n."""
        orders = np.arange(self.degree + 1)
        return np.abs(hankel1(orders, k * self.size)) if self.kappa > 0 else kv(orders, k * self.size)

    def state(self) -> dict[str, Any]:
        return {"centre": np.array(self.centre), "size": self.size, "kappa": self.kappa, "degree": self.degree}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CylindricalWaves:
        x, y = (float(c) for c in state["centre"])
        return cls((x, y), float(state["size"]), float(state["kappa"]), int(state["degree"]))
