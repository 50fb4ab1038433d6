"""Rows of arrays that differ: what is the same at many points is worked out once."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def distinct(rows: Array) -> tuple[Array, Array]:
    """The number of the first of each kind of rows (N, k), in the order of their bytes, and of what kind each is, (N,).

    numpy's own `unique` along an axis compares entry by entry, which takes ten times as long."""
    rows = np.ascontiguousarray(rows)
    keys = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1])))[:, 0]
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return first, which.ravel()
