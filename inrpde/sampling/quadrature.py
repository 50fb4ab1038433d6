"""Points and weights of a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sympy import Symbol

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Quadrature:
    """Points (N, d) with weights (N,) that sum to the region's `measure`.

    `normals` (N, d) are unit outward normals, 0 in time, or None where the region has none; `labels` hold an array (N,)
    for each symbol of labelled points.
    """

    points: Array
    weights: Array
    normals: Array | None
    labels: Mapping[Symbol, Array]
    measure: float

    def __len__(self) -> int:
        return len(self.points)
