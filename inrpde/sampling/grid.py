"""Tensor grids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def grid_points(axes: Sequence[Array]) -> Array:
    """All points of a tensor grid, (N, d), the last axis fastest; of no axes the one that there is."""
    if not axes:
        return np.empty((1, 0))
    return np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=1)
