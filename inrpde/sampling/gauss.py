"""Quadratures for integrals that are conditions: of high order where the region is a box."""

from __future__ import annotations

import numpy as np

from inrpde.declaration.regions import Region
from inrpde.sampling.grid import grid_points
from inrpde.sampling.quadrature import Quadrature
from inrpde.sampling.sample import sample

NODES = {1: 200, 2: 64, 3: 24}
"""Nodes a coordinate of a box, by its dimension."""
POINTS = 20_000
"""Quasi-random points elsewhere."""


def integration(region: Region, seed: int = 0) -> Quadrature:
    """A tensor Gauss–Legendre rule on a box of at most three dimensions, many quasi-random points on anything else."""
    box = region.box
    if box is None or region.dim != region.space.dim or region.dim not in NODES:
        return sample(region, POINTS, seed)
    x, w = np.polynomial.legendre.leggauss(NODES[region.dim])
    axes = [(a + b) / 2 + (b - a) / 2 * x for a, b in box]
    weights = np.prod(grid_points([(b - a) / 2 * w for a, b in box]), axis=1)
    return Quadrature(grid_points(axes), weights, None, {}, float(weights.sum()))
