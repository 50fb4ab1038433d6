"""Sine networks on overlapping cells under a partition of unity, and on patches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

from inrpde.networks.trial import Around, Array, Index, down_closed, leibniz, multiplied


def smooth_step(smoothness: int) -> Polynomial:
    """The polynomial of degree 2n+1 from 0 at -1 to 1 at 1 whose first n derivatives vanish at both ends."""
    n = smoothness
    s = Polynomial([0.5, 0.5])
    terms = (comb(n + k, k) * comb(2 * n + 1, n - k) * (-s) ** k for k in range(n + 1))
    return sum(terms, Polynomial([0.0])) * s ** (n + 1)


@dataclass(frozen=True)
class Ramp:
    """Rises from 0 to 1 across [centre - half, centre + half]; with an infinite half it is 1 (no edge there)."""

    centre: float
    half: float

    def derivatives(self, x: Array, order: int, step: Sequence[Polynomial]) -> list[Array]:
        if not np.isfinite(self.half):
            return [np.ones_like(x)] + [np.zeros_like(x)] * order
        return ramps(x, self.centre, self.half, order, step)


def ramps(x: Array, centre: Array | float, half: Array | float, order: int, step: Sequence[Polynomial]) -> list[Array]:
    """A ramp and its derivatives up to an order at x, one of its own at each if centres and halves are arrays."""
    edge = ~np.isfinite(half)
    s = np.clip((x - centre) / np.where(edge, 1.0, half), -1.0, 1.0)
    inside = (s > -1) & (s < 1) & ~edge
    out = [np.where(edge, 1.0, step[0](s))]
    return out + [np.where(inside, step[k](s), 0.0) / np.where(edge, 1.0, half) ** k for k in range(1, order + 1)]


@dataclass(frozen=True)
class Window:
    """A product over the coordinates of `rise(x_k) - fall(x_k)`; neighbours share a ramp, so windows sum to one. One
    that stands alone may have another `height`."""

    rises: tuple[Ramp, ...]
    falls: tuple[Ramp, ...]
    smoothness: int
    height: float = 1.0

    @property
    def lo(self) -> Array:
        return np.array([r.centre - r.half for r in self.rises])

    @property
    def hi(self) -> Array:
        return np.array([f.centre + f.half for f in self.falls])

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        orders = np.max(indices, axis=0)
        factors = [self._along(k, points[:, k], order) for k, order in enumerate(orders)]
        return {index: self.height * np.prod([factors[k][n] for k, n in enumerate(index)], axis=0) for index in indices}

    def on_grid(self, axes: Sequence[Array]) -> Array:
        """Its values at the nodes of a tensor grid, in the grid's shape."""
        return self.height * reduce(np.multiply.outer, (self._along(k, axis, 0)[0] for k, axis in enumerate(axes)))

    def _along(self, k: int, x: Array, order: int) -> list[Array]:
        """The factor of one coordinate and its derivatives."""
        known = steps(self.smoothness)
        factor = self.rises[k].derivatives(x, order, known)
        if np.isfinite(self.falls[k].half):
            fall = self.falls[k].derivatives(x, order, known)
            factor = [r - f for r, f in zip(factor, fall, strict=True)]
        return factor


@lru_cache
def steps(smoothness: int) -> list[Polynomial]:
    out = [smooth_step(smoothness)]
    for _ in range(smoothness + 2):
        out.append(out[-1].deriv())
    return out


@dataclass(frozen=True)
class Windowed(Around):
    """The columns of a trial times a window."""

    window: Window

    @property
    def amplitudes(self) -> Array:
        return self.inner.amplitudes

    def support(self, points: Array) -> Array:
        return np.flatnonzero(np.all((points > self.window.lo) & (points < self.window.hi), axis=1))

    @property
    def reach(self) -> tuple[Array, Array]:
        return self.window.lo, self.window.hi

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return {index: self.operator(points, {index: 1.0}) for index in indices}

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        factor = self.window.jets(points, down_closed(coefficients))
        return self.inner.operator(points, leibniz(coefficients, factor))

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        needed = down_closed(indices)
        return multiplied(indices, self.window.jets(points, needed), self.inner.apply(points, head, needed))

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        return self.inner.on_grid(axes, head) * self.window.on_grid(axes)

    def state(self) -> dict[str, Any]:
        ramps = [[(r.centre, r.half) for r in side] for side in (self.window.rises, self.window.falls)]
        window = {"ramps": np.array(ramps), "smoothness": self.window.smoothness, "height": self.window.height}
        return {"inner": self.inner, **window}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Windowed:
        rises, falls = (tuple(Ramp(float(c), float(h)) for c, h in side) for side in np.asarray(state["ramps"]))
        height = float(state.get("height", 1.0))
        return cls(state["inner"], Window(rises, falls, int(state["smoothness"]), height))


def windows(breaks: Sequence[Array], smoothness: int) -> list[Window]:
    """A partition of unity on the tensor grid of `breaks` (one increasing array a coordinate), one window a cell.

    Each inner break is ramped over half the smaller of the two cells beside it, to either side.
    """
    sides = []
    for edges in breaks:
        cells = np.diff(edges)
        ramps = [Ramp(float(edges[0]), np.inf)]
        halves = [min(pair) / 2 for pair in pairwise(cells)]
        ramps += [Ramp(float(e), half) for e, half in zip(edges[1:-1], halves, strict=True)]
        ramps += [Ramp(float(edges[-1]), np.inf)]
        sides.append(list(pairwise(ramps)))
    grids = np.meshgrid(*(np.arange(len(side)) for side in sides), indexing="ij")
    numbers = np.stack([g.ravel() for g in grids], axis=1)
    ramped = ([side[i] for side, i in zip(sides, cell, strict=True)] for cell in numbers)
    return [Window(tuple(rise for rise, _ in pairs), tuple(fall for _, fall in pairs), smoothness) for pairs in ramped]
