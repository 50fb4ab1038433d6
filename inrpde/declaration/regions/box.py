"""Axis-parallel boxes of any dimension, and flat ones."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from inrpde.declaration.regions.chart import Array, Chart, Piece, box_chart
from inrpde.declaration.regions.region import Region, Solid, classify
from inrpde.declaration.space import Space


class Box(Solid):
    """The box from `lo` to `hi` (d,) in the first d coordinates; its faces in time are ends, not walls."""

    def __init__(self, space: Space, lo: Array, hi: Array):
        super().__init__(space, space.coords[: len(lo)])
        self.lo, self.hi = lo, hi

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.lo, self.hi

    @property
    def box(self) -> tuple[tuple[float, float], ...]:
        return tuple(zip(self.lo.tolist(), self.hi.tolist(), strict=True))

    @property
    def label(self) -> str:
        return box_label(self.lo, self.hi)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return (Piece(box_chart(self.lo, self.hi)),)

    def side(self, points: Array, tol: float) -> Array:
        distance = np.full(len(points), -np.inf)
        for k, x in enumerate(points.T):
            np.maximum(distance, np.maximum(self.lo[k] - x, x - self.hi[k]) / self.units[k], out=distance)
        return classify(distance, tol)

    @cached_property
    def walls(self) -> tuple[Chart, ...]:
        return tuple(self._face(k, end) for k in range(len(self.space.spatial)) for end in (0, 1))

    @cached_property
    def ends(self) -> tuple[Chart, ...]:
        return tuple(self._face(len(self.lo) - 1, end) for end in (0, 1)) if self.has_time else ()

    def _face(self, axis: int, end: int) -> Chart:
        lo, hi, normal = self.lo.copy(), self.hi.copy(), np.zeros(len(self.lo))
        lo[axis] = hi[axis] = (self.lo, self.hi)[end][axis]
        normal[axis] = 2 * end - 1
        return box_chart(lo, hi, normal, self.units)


class Flat(Region):
    """A box that is flat in some coordinates (lo = hi): a point, a segment, a cross-section.

    Flat in just one spatial coordinate, it has that direction as its normal.
    """

    def __init__(self, space: Space, lo: Array, hi: Array):
        super().__init__(space, space.coords[: len(lo)], int(np.count_nonzero(hi > lo)))
        self.lo, self.hi = lo, hi

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.lo, self.hi

    @property
    def label(self) -> str:
        return box_label(self.lo, self.hi)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        flat = np.flatnonzero(self.hi == self.lo)
        normal = None
        if len(flat) == 1 and flat[0] < len(self.space.spatial):
            normal = np.zeros(len(self.lo))
            normal[flat[0]] = 1.0
        return (Piece(box_chart(self.lo, self.hi, normal, self.units)),)

    def _contains(self, points: Array, tol: float) -> Array:
        return self.pieces[0].chart.covers(points, tol)


def box_label(lo: Array, hi: Array) -> str:
    return "×".join(f"[{a:g}, {b:g}]" if a < b else f"{{{a:g}}}" for a, b in zip(lo, hi, strict=True))
