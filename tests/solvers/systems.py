"""Random systems of overlapping pieces."""

from itertools import pairwise

import numpy as np

from inrpde.discretise.system import Block, Entries, System


def slices(widths):
    stops = np.cumsum(widths)
    return tuple(slice(int(b - w), int(b)) for w, b in zip(widths, stops, strict=True))


def system_of(reaches, widths, total, rng, kind=float, split=True):
    """A system whose piece k has random columns on the rows `reaches[k]` (all where None); in two blocks of rows."""

    def matrix(n, width):
        real = rng.standard_normal((n, width))
        return real + 1j * rng.standard_normal((n, width)) if kind is complex else real

    cuts = [0, total // 3, total] if split else [0, total]
    blocks = []
    for a, b in pairwise(cuts):
        parts = []
        for k, (reach, width) in enumerate(zip(reaches, widths, strict=True)):
            if reach is None:
                parts.append(Entries(k, None, matrix(b - a, width)))
            else:
                rows = reach[(reach >= a) & (reach < b)] - a
                if len(rows):
                    parts.append(Entries(k, rows, matrix(len(rows), width)))
        right = matrix(b - a, 1)[:, 0]
        blocks.append(Block(None, tuple(parts), right, 2.0, rng.uniform(0.5, 2, b - a)))
    return System(tuple(blocks), slices(widths))


def chain(count, width=4, overlap=6, step=10):
    """Rows of pieces that overlap with their neighbours."""
    return [np.arange(k * step, k * step + step + overlap) for k in range(count)], [width] * count
