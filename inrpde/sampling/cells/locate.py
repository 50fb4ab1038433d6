"""The fragment that holds a point."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Protocol

import numpy as np

from inrpde.declaration.regions.region import Solid
from inrpde.sampling.cells.cut import Fragments
from inrpde.sampling.cells.tessellation import OUTSIDE, Array
from inrpde.sampling.cells.tree import Tree
from inrpde.sampling.cells.walls import part_at


class Parted(Protocol):
    """What is in boxes: the `box` and the `part` (K,) of each fragment; where a box has several of one part,
    `Fragments`."""

    @property
    def box(self) -> Array: ...

    @property
    def part(self) -> Array: ...


def located(regions: Sequence[Solid], tree: Tree, found: Parted, points: Array) -> Array:
    """The number (N,) of the fragment that holds each point (N, d) of the closed regions, `OUTSIDE` beyond them."""
    part = part_at(regions, points)
    for number, region in enumerate(regions):
        left = np.flatnonzero(part == OUTSIDE)
        part[left[region.contains(points[left])]] = number
    out = np.full(len(points), OUTSIDE)
    tol = max(region.tolerance for region in regions)
    order = np.lexsort([found.part, found.box])
    keys = (found.box * len(regions) + found.part)[order]
    # a point on a wall may lie in a box beyond it
    for step in sorted(product((0.0, -2.0, 2.0), repeat=tree.dim), key=np.count_nonzero):
        left = np.flatnonzero((part != OUTSIDE) & (out == OUTSIDE))
        key = tree.find(points[left] + tol * np.array(step)) * len(regions) + part[left]
        first, last = (np.searchsorted(keys, key, side=side) for side in ("left", "right"))
        out[left[last > first]] = order[first[last > first]]
        several = np.flatnonzero(last > first + 1)
        if isinstance(found, Fragments):
            for value in np.unique(key[several]):
                these = left[key == value]
                out[these] = _nearest(found, order[keys == value], points[these])
    return out


def _nearest(found: Fragments, numbers: Array, points: Array) -> Array:
    """Of the fragments of one part in one box that whose boundary is nearest to each point: no other lies between."""
    halves = found.halves
    here = np.isin(halves.fragment, numbers)
    a, b = halves.points[here, :-1].reshape(-1, 2), halves.points[here, 1:].reshape(-1, 2)
    gap, along = points[:, None, :] - a, b - a
    share = np.clip(np.sum(gap * along, axis=2) / np.maximum(np.sum(along**2, axis=1), 1e-300), 0.0, 1.0)
    nearest = np.argmin(np.sum((gap - share[:, :, None] * along) ** 2, axis=2), axis=1)
    return halves.fragment[here][nearest // (halves.points.shape[1] - 1)]
