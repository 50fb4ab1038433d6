"""Edges of solids in space at which these fill more than half of what is around."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from inrpde.declaration.regions.combine import unit_vectors
from inrpde.declaration.regions.region import Solid
from inrpde.declaration.regions.sequence import lattice

POINTS, MOST = 20_000, 64
"""Points of a wall among which those beside another one are looked for, and at most how many of these are asked."""
BESIDE, REACH = 1e-3, 1e-2
"""How near they are to that, and how far around them is looked, as shares of the size."""
FILLED = 0.56
"""The share of what is around an edge that is more than a wall leaves which bends."""


def re_entrant(solid: Solid) -> bool:
    """Has a solid in three coordinates an edge in which two of its walls meet at more than π on the inside?"""
    charts = [chart for primitive in solid.primitives for chart in primitive.walls]
    unit = lattice(POINTS, 2, np.random.default_rng(0))
    for one, other in combinations(charts, 2):
        points = one.at(unit)
        edge = points[other.covers(points, BESIDE * solid.size)][:MOST]
        edge = edge[solid.side(edge, solid.tolerance) == 0]
        around = edge[:, None] + REACH * solid.size * unit_vectors(3)
        inside = solid.side(around.reshape(-1, 3), 0.0).reshape(around.shape[:2]) > 0
        if np.any(inside.mean(axis=1) > FILLED):
            return True
    return False
