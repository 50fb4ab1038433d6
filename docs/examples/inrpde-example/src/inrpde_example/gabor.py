"""A body of Gabor functions: plane waves under Gaussian windows, which may be infinitely wide."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrpde.plugin import Trial

Array = NDArray[Any]


class Gabor(Trial):
    """Re Π exp(i (w x + b) - s² (x - c)² / 2) over coordinates: w, b and c are (width, d), the rates s (d,)."""

    def __init__(self, waves: Array, phases: Array, centres: Array, rates: Array) -> None:
        self.waves, self.phases, self.centres, self.rates, self.width = waves, phases, centres, rates, len(waves)

    def jets(self, points: Array, indices: Iterable[tuple[int, ...]]) -> dict[tuple[int, ...], Array]:
        away = points[:, None] - self.centres
        value = np.exp(1j * (points[:, None] * self.waves + self.phases) - (self.rates * away) ** 2 / 2)
        slope = 1j * self.waves - self.rates**2 * away  # of the exponent, which is quadratic
        orders = [np.zeros_like(value), value]
        for n in range(max(map(max, indices := list(indices)))):
            orders.append(slope * orders[-1] - n * self.rates**2 * orders[-2])
        each = range(points.shape[1])
        return {index: np.prod([orders[index[k] + 1][..., k] for k in each], axis=0).real for index in indices}

    def state(self) -> dict[str, Any]:
        return {"waves": self.waves, "phases": self.phases, "centres": self.centres, "rates": self.rates}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Gabor":
        return cls(*(np.asarray(state[name]) for name in ("waves", "phases", "centres", "rates")))
