"""Cells from fragments: slivers are joined to a neighbour of the same part."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array

from inrpde.sampling.cells.cut import Fragments
from inrpde.sampling.cells.halves import components
from inrpde.sampling.cells.tessellation import OUTSIDE, Array
from inrpde.sampling.cells.tree import Tree

SLIVER = 0.2
"""A smaller share of its box is joined to a neighbour."""


def joined(found: Fragments, tree: Tree) -> Array:
    """The number (K,) of the cell of each fragment: a cell that is less than a `SLIVER` of its largest box is joined to
    the neighbour of its part with which it shares the longest side, again and again."""
    cell = np.arange(len(found))
    volume = np.prod(tree.hi - tree.lo, axis=1)[found.box]
    sides = found.sides
    across = sides.beside
    real = np.all(across != OUTSIDE, axis=1)
    real[real] = found.part[across[real, 0]] == found.part[across[real, 1]]
    extent = sides.hi - sides.lo
    extent[np.arange(len(extent)), sides.axis] = 1.0
    across, length = across[real], np.prod(extent[real], axis=1)
    while True:
        count = int(cell.max()) + 1
        largest = np.zeros(count)
        np.maximum.at(largest, cell, volume)
        small = np.bincount(cell, found.measure) < SLIVER * largest
        pairs = np.concatenate([cell[across], cell[across[:, ::-1]]])
        joins = small[pairs[:, 0]] & (pairs[:, 0] != pairs[:, 1])
        if not np.any(joins):
            return cell
        shared = coo_array((np.tile(length, 2)[joins], tuple(pairs[joins].T)), shape=(count, count)).tocsr()
        best = np.asarray(shared.argmax(axis=1)).ravel()
        here = np.unique(pairs[joins, 0])
        cell = components(np.column_stack([here, best[here]]), count)[cell]
