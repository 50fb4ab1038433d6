"""Charts of a region's parts on the unit cube: what places on it are looked for in, whatever its shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from inrpde.declaration.regions import Region
from inrpde.declaration.regions.sequence import lattice

Array = np.ndarray
MOST = 4096
"""Points that are tried, at most, to find some of a region that fills little of its box."""
STEP = 1e-6
"""The step of differences, in the unit cube."""
STEPS = 30
"""Of Gauss and Newton's method, at most."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A chart of a part of a region, uniform in its `measure`: `at(unit (N, dim)) -> (N, d)`, which of these points are
    in the region, their normals (None inside), and a box round them, from `lo` to `hi` (d,), flat where the part is."""

    dim: int
    measure: float
    lo: Array
    hi: Array
    at: Callable[[Array], Array]
    holds: Callable[[Array], Array]
    normals: Callable[[Array], Array | None]

    def spread(self, count: int) -> Array:
        """About `count` places (N, dim) in the unit cube whose points lie in the region."""
        tried = count
        while True:
            unit = lattice(tried, self.dim, np.random.default_rng(0))
            inside = unit[self.holds(self.at(unit))]
            if len(inside) >= count // 2 or tried >= MOST:
                return inside[:: max(len(inside) // count, 1)]
            tried *= 8

    def nearest(self, point: Array, scale: Array) -> tuple[Array, Array]:
        """The place (dim,) of the unit cube whose point is nearest to a point (d,), with the coordinates in units of
        `scale` (d,) (inf: any), and the derivatives (d, dim) of the points there."""
        here = self._stepped(np.full(self.dim, 0.5), point, scale)  # of a flat part that is all
        if np.any(np.abs((self.at(here[None])[0] - point) / scale) > STEP):
            unit = lattice(MOST // 4, self.dim, np.random.default_rng(0))
            first = unit[np.argmin((((self.at(unit) - point) / scale) ** 2).sum(axis=1))]
            here = self._stepped(first, point, scale)
        return here, self._slope(here)

    def _stepped(self, here: Array, point: Array, scale: Array) -> Array:
        for _ in range(STEPS):
            slope = self._slope(here)
            away = (point - self.at(here[None])[0]) / scale
            moved = np.clip(here + np.linalg.lstsq(slope / scale[:, None], away, rcond=1e-9)[0], 0, 1)
            if np.allclose(moved, here, rtol=0, atol=1e-15):
                break
            here = moved
        return here

    def _slope(self, unit: Array) -> Array:
        middle = np.clip(unit, STEP, 1 - STEP)
        shifts = STEP * np.eye(self.dim)
        return ((self.at(middle + shifts) - self.at(middle - shifts)) / (2 * STEP)).T


@lru_cache(maxsize=256)
def frames(region: Region) -> tuple[Frame, ...]:
    """One of a volume, in the coordinates themselves; of others one a part."""
    lo, hi = region.bounds
    if region.dim == len(lo):
        measure = float(np.prod(hi - lo))
        return (Frame(region.dim, measure, lo, hi, lambda u: lo + u * (hi - lo), region.contains, lambda points: None),)
    found = []
    for piece in (part.piece for part in region.parts if part.piece.chart.dim):
        chart = piece.chart
        some = chart.at(lattice(64, chart.dim, np.random.default_rng(0)))
        flat = np.ptp(some, axis=0) <= region.tolerance
        box = np.where(flat, some[0], lo), np.where(flat, some[0], hi)
        found.append(Frame(chart.dim, chart.measure, *box, chart.at, piece.kept, piece.normals))
    return tuple(found)
