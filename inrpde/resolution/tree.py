"""Adaptive boxes: a region's box is halved, and halved again, where a function is no polynomial of low degree.

A box is looked at along lines, in each coordinate some, through the places where the function may vary fast and through
points all over the box, so that the work grows with the number of coordinates and not with its power.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import chebyshev

from inrpde import deadline

Array = np.ndarray
DEGREE = 8
"""Of the polynomials along a line."""
UNRESOLVED = 0.03
"""The last coefficients beside the largest value on a line, above which a box is halved."""
FAINT = 1e-2
"""What counts as zero, beside the largest value anywhere."""
SMALLEST = 1e-9
"""The side of the smallest boxes, beside the region's."""
BEGUN = {1: 8, 2: 8, 3: 4}
"""Boxes a coordinate at the beginning, by the number of coordinates; one beyond."""
OFFSET, SPLIT = 0.173205, 0.461803
"""How far the first edges lie from those of equal parts, in these, and where a box is parted: not where people put
things, as half a bump at an edge looks smooth."""
MOST = 512
"""Boxes that are halved at once; where they are more, only those that hold seeds are followed."""
LINES, SEEDED = 2, 2
"""Lines a box and a coordinate, through points all over it, and through seeds, beside those of its seeds at which the
function is largest and smallest."""
REACH = 0.1
"""A seed so far outside of a box counts as in it, as a share of its side."""
NODES = np.cos(np.pi * np.arange(DEGREE + 1) / DEGREE)
COEFFICIENTS = np.linalg.inv(chebyshev.chebvander(NODES, DEGREE))
SLOPES = chebyshev.chebvander(NODES, DEGREE - 1) @ chebyshev.chebder(COEFFICIENTS)


@dataclass(frozen=True, eq=False)
class Leaves:
    """Boxes `lo`, `hi` (M, d); `width` (M, d) is the largest value of the function anywhere over its largest slope in
    the box, along each coordinate; `open` (M,) where it is not resolved."""

    lo: Array
    hi: Array
    width: Array
    open: Array

    def taken(self, which: Array) -> Leaves:
        return Leaves(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def leaves(values: Callable[[Array], Array], lo: Array, hi: Array, along: Array, seeds: Array) -> Leaves:
    """The boxes of a function of points (N, d), in the coordinates that it depends on (`along`), begun at seeds (S, d).

    The others are cut nowhere, and the function is taken in the middle of them."""
    rng = np.random.default_rng(0)
    sizes = np.abs(values(seeds))
    largest = float(np.max(sizes, initial=0.0))
    cut = BEGUN.get(len(along), 1)
    sides = enumerate(zip(lo, hi, strict=True))
    edges = [_edges(a, b, cut if k in along else 1) for k, (a, b) in sides]
    low = np.stack(np.meshgrid(*(e[:-1] for e in edges), indexing="ij"), -1).reshape(-1, len(lo))
    high = np.stack(np.meshgrid(*(e[1:] for e in edges), indexing="ij"), -1).reshape(-1, len(lo))
    ended: list[Leaves] = []
    while len(low):
        deadline.turn()
        box, tail, seeded, largest = _looked_at(values, low, high, along, (seeds, sizes), rng, largest)
        tail = np.where((high - low) > SMALLEST * (hi - lo), tail, 0.0)
        halved = np.any(tail > UNRESOLVED, axis=1)
        if halved.sum() > MOST:
            halved &= seeded
            if halved.sum() > MOST:
                halved[np.flatnonzero(halved)[MOST:]] = False
        ended.append(box.taken(~halved))
        k = np.argmax(tail[halved], axis=1)
        a, b, row = low[halved], high[halved], np.arange(halved.sum())
        middle = a[row, k] + SPLIT * (b[row, k] - a[row, k])
        left, right = b.copy(), a.copy()
        left[row, k] = right[row, k] = middle
        low, high = np.concatenate([a, right]), np.concatenate([left, b])
    found = Leaves(*(np.concatenate([getattr(e, name) for e in ended]) for name in Leaves.__dataclass_fields__))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return replace(found, width=largest / found.width)


def _edges(lo: float, hi: float, count: int) -> Array:
    """Those of about equal parts."""
    inner = (np.arange(1, count) - OFFSET) / count
    return lo + (hi - lo) * np.concatenate([[0.0], inner, [1.0]])


def _looked_at(
    values: Callable[[Array], Array], lo: Array, hi: Array, along: Array, known: tuple[Array, Array],
    rng: np.random.Generator, largest: float,
) -> tuple[Leaves, Array, Array, float]:  # fmt: skip
    """The boxes with slopes for widths, the share of the last coefficients (M, d), which boxes hold seeds, and the
    largest value so far. `known` are the seeds (S, d), and how large the function is there."""
    (m, d), (seeds, sizes) = lo.shape, known
    side = hi - lo
    middle = ~np.isin(np.arange(d), along)
    bases = lo[:, None] + side[:, None] * np.where(middle, 0.5, rng.random((m, LINES + SEEDED + 2, d)))
    reach = REACH * side[:, along] + 1e-300
    low, high, at = lo[:, None, along], hi[:, None, along], seeds[:, along]
    near = ((at >= low - reach[:, None]) & (at <= high + reach[:, None])).all(axis=2)
    seeded = near.any(axis=1)
    place = np.cumsum(near, axis=1) - 1  # of a seed among those of its box, (m, S)
    box, seed = np.nonzero(near & (place < SEEDED))
    held, slot = np.flatnonzero(seeded), place[box, seed]
    for extreme, far in ((np.argmax, -np.inf), (np.argmin, np.inf)) if len(held) else ():
        box, slot = np.append(box, held), np.append(slot, np.full(len(held), SEEDED + (far > 0)))
        seed = np.append(seed, extreme(np.where(near[held], sizes, far), axis=1))
    bases[box[:, None], slot[:, None], along] = np.clip(at[seed], lo[box][:, along], hi[box][:, along])
    lines = np.repeat(bases[:, :, None, None], len(along), axis=2).repeat(DEGREE + 1, axis=3)
    for number, k in enumerate(along):
        lines[:, :, number, :, k] = (lo[:, k] + side[:, k] / 2)[:, None, None] + (side[:, k] / 2)[:, None, None] * NODES
    everything = values(np.concatenate([lines.reshape(-1, d), bases.reshape(-1, d)]))
    found = everything[: lines.size // d].reshape(*bases.shape[:2], len(along), DEGREE + 1)
    there = everything[lines.size // d :].reshape(bases.shape[:2])
    size = np.maximum(np.abs(found).max(axis=3), np.abs(there)[:, :, None])
    largest = max(largest, float(size.max(initial=0.0)))
    place = (2 * bases - lo[:, None] - hi[:, None])[..., along] / side[:, None, along]  # of a line's own point
    there = np.abs((found @ COEFFICIENTS.T * chebyshev.chebvander(place, DEGREE)).sum(axis=3) - there[:, :, None])
    last = np.maximum(np.abs(found @ COEFFICIENTS[-3:].T).max(axis=3), there)
    tail, slope = np.zeros((2, m, d))
    tail[:, along] = (last / np.maximum(size, max(FAINT * largest, 1e-300))).max(axis=1)
    slope[:, along] = np.abs(found @ SLOPES.T).max(axis=(1, 3)) * (2 / side[:, along])
    return Leaves(lo, hi, slope, np.any(tail > UNRESOLVED, axis=1)), tail, seeded, largest
