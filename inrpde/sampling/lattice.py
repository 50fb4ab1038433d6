"""Samples that are the nodes of a grid: pixels, recordings, the frames of a video."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from inrpde.declaration.regions import Region
from inrpde.declaration.regions.points import PointSet

Array = np.ndarray
EVEN = 1e-6
"""Steps may differ by this share of the extent."""


def lattice(regions: Iterable[Region]) -> list[Array] | None:
    """The axes of the even grid whose nodes the points of all regions are; None where they are no such grid."""
    sets = list(dict.fromkeys(regions))
    if not sets or not all(isinstance(region, PointSet) for region in sets):
        return None
    points = np.unique(np.concatenate([r.coordinates for r in sets if isinstance(r, PointSet)]), axis=0)
    axes = [np.unique(np.round(column, 12)) for column in points.T]
    if len(points) != np.prod([len(axis) for axis in axes]):
        return None
    if any(len(a) > 2 and np.ptp(np.diff(a)) > EVEN * (a[-1] - a[0]) for a in axes):
        return None
    return axes
