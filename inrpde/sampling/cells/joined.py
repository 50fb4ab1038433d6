"""Cells from fragments: slivers are joined to a neighbour of the same part."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array

from inrpde.sampling.cells.halves import components
from inrpde.sampling.cells.tessellation import OUTSIDE, Array

SLIVER = 0.2
"""A smaller share of its box is joined to a neighbour."""


def joined(measure: Array, volume: Array, beside: Array, shared: Array) -> Array:
    """The number (K,) of the cell of each fragment, of this `measure` in a box of this `volume` (K,): a cell that is
    less than a `SLIVER` of its largest box is joined to the neighbour with which it shares most, again and again.
    Pairs of fragments `beside` one another (P, 2) share a side as large as `shared` (P,)."""
    cell = np.arange(len(measure))
    while True:
        count = int(cell.max()) + 1
        largest = np.zeros(count)
        np.maximum.at(largest, cell, volume)
        small = np.bincount(cell, measure) < SLIVER * largest
        pairs = np.concatenate([cell[beside], cell[beside[:, ::-1]]])
        joins = small[pairs[:, 0]] & (pairs[:, 0] != pairs[:, 1])
        if not np.any(joins):
            return cell
        weights = (np.tile(shared, 2)[joins], tuple(pairs[joins].T))
        best = np.asarray(coo_array(weights, shape=(count, count)).tocsr().argmax(axis=1)).ravel()
        here = np.unique(pairs[joins, 0])
        cell = components(np.column_stack([here, best[here]]), count)[cell]


def akin(part: Array, beside: Array) -> Array:
    """Which of the pairs of fragments (P, 2), or what is outside, are of one part."""
    real = np.all(beside != OUTSIDE, axis=1)
    real[real] = part[beside[real, 0]] == part[beside[real, 1]]
    return real
