"""Quadratures for integrals that are conditions, or asked for: of high order on boxes and on curves."""

from __future__ import annotations

import numpy as np

from inrpde.declaration.regions import Region
from inrpde.sampling.grid import grid_points
from inrpde.sampling.quadrature import Quadrature
from inrpde.sampling.sample import sample

NODES = {1: 200, 2: 64, 3: 24}
"""Nodes a coordinate of a box, by its dimension."""
PANELS, ORDER = 16, 16
"""Panels of a smooth piece of a curve, and nodes of each."""
POINTS = 20_000
"""Quasi-random points elsewhere."""


def integration(region: Region, seed: int = 0) -> Quadrature:
    """A tensor Gauss–Legendre rule on a box of at most three dimensions, a composite one along curves, and many
    quasi-random points on anything else."""
    if region.dim == 1 and not region.labels:
        return _along(region)
    box = region.box
    if box is None or region.dim != region.space.dim or region.dim not in NODES:
        return sample(region, POINTS, seed)
    x, w = np.polynomial.legendre.leggauss(NODES[region.dim])
    axes = [(a + b) / 2 + (b - a) / 2 * x for a, b in box]
    weights = np.prod(grid_points([(b - a) / 2 * w for a, b in box]), axis=1)
    return Quadrature(grid_points(axes), weights, None, {}, float(weights.sum()))


def _along(region: Region) -> Quadrature:
    """A composite Gauss rule on each smooth piece of a curve."""
    x, w = np.polynomial.legendre.leggauss(ORDER)
    points, weights, normals = [], [], []
    for part in region.parts:
        for lo, hi in part.spans:
            half, middles = (hi - lo) / (2 * PANELS), lo + (hi - lo) * (np.arange(PANELS) + 0.5) / PANELS
            points.append(part.piece.chart.at((middles[:, None] + half * x).reshape(-1, 1)))
            weights.append(part.piece.chart.measure * half * np.tile(w, PANELS))
            normals.append(part.piece.normals(points[-1]))
    known = [each for each in normals if each is not None]
    whole = np.concatenate(weights)
    return Quadrature(
        np.concatenate(points), whole, np.concatenate(known) if len(known) == len(normals) else None, {},
        float(whole.sum()),
    )  # fmt: skip
