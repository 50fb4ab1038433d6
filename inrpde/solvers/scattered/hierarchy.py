"""Cells of many sizes that add up: finer where labelled slopes turn.

A level is a grid of boxes, halved so many times along each coordinate; a cell is one of its boxes with half a box round
it, under a window. Cells are halved again along those coordinates along which the slopes of the labels in them differ
by more than a quadratic can follow (a decision tree's rule, Breiman et al. 1984), so that a thin plate is cut across.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from inrpde.networks.boxes import Sorted
from inrpde.networks.partition import Ramp, Window
from inrpde.networks.patchwork import Cell, Patchwork
from inrpde.networks.siren import SineBody

Array = np.ndarray
Key = tuple[int, ...]
EVERYWHERE, DEEPEST = 3, 9
"""Times that the box is halved along each coordinate: everywhere, and at most; chosen."""
HELD = 4
"""Labelled points that a finer cell holds at least; chosen."""
UNEXPLAINED, STEEPEST = 0.3, 3.0
"""A cell is halved where slopes leave this share of their square over a linear function, or where that changes by so
much of their size from the middle to a side; chosen."""
TELLING, ALONGSIDE = 0.3, 0.5
"""The share of the slopes' variance that a cut along a coordinate must explain, and that beside the best of all;
chosen."""
LONG = 0.75
"""Where no cut explains anything, sides of this share of the longest are halved; chosen."""


@dataclass(frozen=True)
class Generation:
    """A level: cells (n, d), by their numbers, of a grid of 2^halvings boxes in a box (lo, hi), each with the same sine
    features in coordinates scaled to it: weight (width, d) and bias (width,)."""

    halvings: Key
    box: tuple[Array, Array]
    numbers: Array
    layer: tuple[Array, Array]
    smoothness: int

    @cached_property
    def side(self) -> Array:
        """(d,)."""
        return (self.box[1] - self.box[0]) / 2.0 ** np.array(self.halvings)

    @property
    def lo(self) -> Array:
        """The lower corners of the boxes, (n, d)."""
        return self.box[0] + self.numbers * self.side

    def cells(self) -> Iterator[Cell]:
        last = 2 ** np.array(self.halvings) - 1
        for number, corner in zip(self.numbers, self.lo, strict=True):
            rises = [Ramp(a, h / 2 if n else np.inf) for a, h, n in zip(corner, self.side, number, strict=True)]
            falls = [
                Ramp(a + h, h / 2 if n < m else np.inf)
                for a, h, n, m in zip(corner, self.side, number, last, strict=True)
            ]
            inner = SineBody((corner - self.side / 2, corner + 1.5 * self.side), (self.layer,))
            yield Cell(inner, Window(tuple(rises), tuple(falls), self.smoothness))


def hierarchy(
    points: Array, slopes: Array, box: tuple[Array, Array], features: tuple[int, float], smoothness: int,
    rng: np.random.Generator,
) -> tuple[Generation, ...]:  # fmt: skip
    """The levels of cells for slopes (N, d) at points, coarse ones first and each with features of its own, of which
    the number and the band are given."""
    width, band = features
    dim = len(box[0])
    grouped: dict[Key, list[Key]] = {}
    for halvings in range(EVERYWHERE):
        grouped[(halvings,) * dim] = list(product(range(2**halvings), repeat=dim))
    for halvings_, number in halved(points, slopes, box):
        grouped.setdefault(halvings_, []).append(number)
    out = []
    for key in sorted(grouped, key=lambda key: (sum(key), key)):
        layer = band * rng.uniform(-1, 1, (width, dim)), rng.uniform(0, 2 * np.pi, width)
        out.append(Generation(key, box, np.array(sorted(grouped[key])), layer, smoothness))
    return tuple(out)


def patchwork(made: Iterable[Generation]) -> Patchwork:
    """All cells, in the order of the levels."""
    return Patchwork(tuple(cell for level in made for cell in level.cells()))


def halved(points: Array, slopes: Array, box: tuple[Array, Array]) -> list[tuple[Key, Key]]:
    """Cells from `EVERYWHERE` on, as halvings and number."""
    lo, hi = box
    dim = len(lo)
    index = Sorted(points)
    coarse = (EVERYWHERE,) * dim
    queue = [(coarse, number) for number in product(range(2**EVERYWHERE), repeat=dim)]
    seen, found = set(queue), []
    while queue:
        halvings, number = queue.pop()
        side = (hi - lo) / 2.0 ** np.array(halvings)
        centre = lo + side * (np.array(number) + 0.5)
        near = index.inside(centre - side, centre + side)
        if halvings == coarse or len(near) >= HELD:
            found.append((halvings, number))
        if len(near) < HELD:
            continue
        cut = _cut((points[near] - centre) / side, slopes[near], side) & (np.array(halvings) < DEEPEST)
        finer = tuple(int(n) for n in np.array(halvings) + cut)
        for part in product(*(range(2 if each else 1) for each in cut)):
            child = finer, tuple(int(n * (1 + c) + p) for n, c, p in zip(number, cut, part, strict=True))
            if child not in seen:
                seen.add(child)
                queue.append(child)
    return found


def _cut(at: Array, slopes: Array, side: Array) -> Array:
    """Along which coordinates a cell is halved, (d,) bool: for slopes (N, d) at points scaled to [-1, 1]."""
    columns = np.column_stack([np.ones(len(at)), at])
    ridge = 1e-3 * len(at) * np.diag([0.0, *np.ones(at.shape[1])])
    linear = np.linalg.solve(columns.T @ columns + ridge, columns.T @ slopes)
    size = np.mean(np.sum(slopes**2, axis=1))
    left = np.mean(np.sum((slopes - columns @ linear) ** 2, axis=1))
    steep = np.max(np.sum(linear[1:] ** 2, axis=1))
    if left <= UNEXPLAINED * size and steep <= STEEPEST**2 * size:
        return np.zeros(at.shape[1], dtype=bool)
    explained = np.array([_explained(column, slopes) for column in at.T])
    if explained.max() > TELLING:
        return explained >= ALONGSIDE * explained.max()
    return side >= LONG * side.max()


def _explained(at: Array, slopes: Array) -> float:
    """The share of the slopes' variance that the best cut along a coordinate explains."""
    n = len(at)
    count = np.arange(1, n)[:, None]
    running = np.cumsum(slopes[np.argsort(at)], axis=0)
    below, above = running[:-1] / count, (running[-1] - running[:-1]) / (n - count)
    between = np.max(count[:, 0] * (n - count[:, 0]) / n * np.sum((below - above) ** 2, axis=1))
    return float(between / max(np.sum((slopes - running[-1] / n) ** 2), 1e-300))
