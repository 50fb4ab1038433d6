"""The unit cube of a region: what places on it are looked for in, whatever its shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inrpde.declaration.regions import Region
from inrpde.declaration.regions.sequence import lattice

Array = np.ndarray
MOST = 4096
"""Points that are tried, at most, to find some of a region that fills little of its box."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A chart of (a part of) a region: `at(unit (N, dim)) -> (N, d)`, and which of these points are in it."""

    dim: int
    at: Callable[[Array], Array]
    holds: Callable[[Array], Array]

    def spread(self, count: int) -> Array:
        """About `count` places (N, dim) in the unit cube whose points lie in the region."""
        tried = count
        while True:
            unit = lattice(tried, self.dim, np.random.default_rng(0))
            inside = unit[self.holds(self.at(unit))]
            if len(inside) >= count // 2 or tried >= MOST:
                return inside[:: max(len(inside) // count, 1)]
            tried *= 8


def frames(region: Region) -> list[Frame]:
    """One of a region that fills its box, or a flat face of it, in the coordinates themselves; of others one a part."""
    lo, hi = region.bounds
    free = np.flatnonzero(hi > lo)
    if len(free) == region.dim:

        def at(unit: Array) -> Array:
            points = np.tile(lo, (len(unit), 1))
            points[:, free] += unit * (hi - lo)[free]
            return points

        return [Frame(len(free), at, region.contains)]
    return [
        Frame(part.piece.chart.dim, part.piece.chart.at, part.piece.kept)
        for part in region.parts
        if part.piece.chart.dim
    ]
