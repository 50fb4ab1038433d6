"""Fields that were found, and where they live."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from inrpde.declaration.regions import Region
from inrpde.errors import UsageError
from inrpde.networks.trial import Trial

Array = np.ndarray
Index = tuple[int, ...]


class Field(Protocol):
    """A field and its derivatives at points (N, d): {multi-index: (N,)}."""

    def jets(self, points: Array, indices: Iterable[Index]) -> Mapping[Index, Array]: ...


@dataclass(frozen=True, repr=False)
class NetworkField:
    """A network: a body (`trial`) and its linear head."""

    trial: Trial
    head: Array

    def __repr__(self) -> str:
        return f"NetworkField({type(self.trial).__name__}, {self.trial.width} features)"

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return self.trial.apply(points, self.head, indices)

    def on_grid(self, axes: Sequence[Array]) -> Array:
        """Values at the nodes of a tensor grid, in the grid's shape."""
        return self.trial.on_grid(axes, self.head)


@dataclass(frozen=True, repr=False)
class DeviationField:
    """The standard deviation of a network whose head is uncertain: the squares of its `heads` (width, n) add up to the
    variance."""

    trial: Trial
    heads: Array

    def __repr__(self) -> str:
        return f"DeviationField({type(self.trial).__name__}, {self.heads.shape[1]} directions)"

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Raises UsageError for derivatives above the first: they tell nothing of the network's own."""
        zero, wanted = (0,) * points.shape[1], list(indices)
        if any(sum(index) > 1 for index in wanted):
            what = "a standard deviation has no second derivatives"
            raise UsageError(what, "evaluate(expr, points)", "take its values, or first derivatives")
        jets = self.trial.jets(points, {zero, *wanted})
        size = np.linalg.norm(jets[zero] @ self.heads, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            slopes = {i: np.sum((jets[zero] @ self.heads) * (jets[i] @ self.heads), axis=1) / size for i in wanted}
        return {index: slopes[index] if any(index) else size for index in wanted}


@dataclass(frozen=True)
class Domain:
    """Where a solution lives: bounds (d,), and which points lie inside.

    A solution that was just found knows its `regions`; one that was loaded knows the `mask` on its stored grid's axes,
    and counts a point as inside if any node of the cell round it is. One that was found from points alone is not
    `closed`: it goes on beyond them.
    """

    lo: Array
    hi: Array
    regions: tuple[Region, ...] = ()
    mask: tuple[tuple[Array, ...], Array] | None = None
    closed: bool = True

    def contains(self, points: Array) -> Array:
        """Which points lie in the domain, (N,) bool."""
        if not self.closed:
            return np.ones(len(points), bool)
        if self.regions:
            return np.any([region.contains(points) for region in self.regions], axis=0)
        slack = 1e-9 * (self.hi - self.lo)
        inside = np.all((points >= self.lo - slack) & (points <= self.hi + slack), axis=1)
        if self.mask is not None:
            inside &= np.any(at_corners(*self.mask, points), axis=0)
        return inside


def at_corners(axes: Sequence[Array], values: Array, points: Array) -> list[Array]:
    """The values (N,) at each corner of the grid's cells that hold the points (N, d)."""
    sides = [_neighbours(axis, x) for axis, x in zip(axes, points.T, strict=True)]
    return [values[nodes] for nodes in itertools.product(*sides)]


def _neighbours(axis: Array, x: Array) -> tuple[Array, Array]:
    """The numbers of the nodes at or below and at or above each x."""
    slack = 1e-9 * (axis[-1] - axis[0])
    below = np.searchsorted(axis, x + slack, side="right") - 1
    above = np.searchsorted(axis, x - slack, side="left")
    return np.clip(below, 0, len(axis) - 1), np.clip(above, 0, len(axis) - 1)
