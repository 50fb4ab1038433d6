"""Quadratures for integrals that are conditions, or asked for: of high order on boxes and on curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import factorial

import numpy as np

from inrpde.declaration.regions import Region
from inrpde.declaration.regions.simplices import measures
from inrpde.sampling.grid import grid_points
from inrpde.sampling.quadrature import Quadrature
from inrpde.sampling.sample import sample

Array = np.ndarray
NODES = {1: 200, 2: 64, 3: 24}
"""Nodes a coordinate of a box, by its dimension."""
LEAST = 8
"""Nodes a coordinate of an integral over more than three."""
PANELS, ORDER = 16, 16
"""Panels of a smooth piece of a curve, and nodes of each."""
PART = {1: 64, 2: 32, 3: 12}
"""Nodes a coordinate of each part of a side that is cut; with more than `MOST` cuts a side is left whole."""
MOST = 8
TILE = 3, 8
"""Nodes a coordinate of a simplex, least and most."""
POINTS = 20_000
"""Quasi-random points elsewhere, and about as many on a mesh."""


def integration(region: Region, seed: int = 0, cuts: Sequence[Sequence[float]] = ()) -> Quadrature:
    """A tensor Gauss–Legendre rule on a box of at most three dimensions, whose sides are parted at the `cuts` by
    coordinate; a composite one along curves and on a mesh's cells; many quasi-random points on anything else."""
    box = region.box if region.dim == region.space.dim and region.dim in NODES and not region.labels else None
    if region.dim == 1 and not region.labels and not (box and any(cuts)):
        return _along(region)
    if box is None and region.tiles:
        return _on_tiles(region)
    if box is None:
        return sample(region, POINTS, seed)
    parted = any(cuts) and all(len(cut) <= MOST for cut in cuts)
    count = (PART if parted else NODES)[region.dim]
    sides = [composite(a, b, cut, count) for (a, b), cut in zip(box, cuts if parted else [()] * len(box), strict=True)]
    weights = np.prod(grid_points([w for _, w in sides]), axis=1)
    return Quadrature(grid_points([x for x, _ in sides]), weights, None, {}, float(weights.sum()))


def across(region: Region, axes: Sequence[int]) -> tuple[Array, Array]:
    """A tensor Gauss–Legendre rule along some coordinates (their numbers) of a box: nodes (Q, k), weights (Q,)."""
    count = NODES.get(len(axes), LEAST)
    lo, hi = region.bounds
    sides = [composite(lo[k], hi[k], (), count) for k in axes]
    return grid_points([x for x, _ in sides]), np.prod(grid_points([w for _, w in sides]), axis=1)


def composite(lo: float, hi: float, cuts: Sequence[float], count: int) -> tuple[Array, Array]:
    """Gauss nodes and weights on each part of a side that is cut."""
    x, w = _rule(count)
    edges = np.array([lo, *(cut for cut in cuts if lo < cut < hi), hi], dtype=float)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


@lru_cache(maxsize=16)
def _rule(count: int) -> tuple[Array, Array]:
    """Gauss's nodes and weights on [-1, 1], which boxes and sides share."""
    return np.polynomial.legendre.leggauss(count)


def _on_tiles(region: Region) -> Quadrature:
    """A product of Gauss's rules on each simplex, taken as a cube of which one side after the other shrinks to a point;
    on many simplices fewer nodes each."""
    tiles, dim = region.tiles, region.dim
    count = int(np.clip((POINTS / sum(len(v) for v, _ in tiles)) ** (1 / dim), *TILE))
    x, w = _rule(count)
    unit, weights = grid_points([(1 + x) / 2] * dim), np.prod(grid_points([w / 2] * dim), axis=1)
    shares = np.cumprod(unit, axis=1)  # of the step from each vertex to the next
    weights = weights * factorial(dim) * np.prod(unit ** np.arange(dim - 1, -1, -1), axis=1)
    points: list[Array] = []
    sizes: list[Array] = []
    normals: list[Array] = []
    for vertices, normal in tiles:
        points.append((vertices[:, :1] + shares @ np.diff(vertices, axis=1)).reshape(-1, vertices.shape[2]))
        sizes.append((measures(vertices)[:, None] * weights).ravel())
        if normal is not None:
            normals.append(np.repeat(normal, len(unit), axis=0))
    whole = np.concatenate(sizes)
    known = np.concatenate(normals) if normals else None
    return Quadrature(np.concatenate(points), whole, known, {}, float(whole.sum()))


def _along(region: Region) -> Quadrature:
    """A composite Gauss rule on each smooth piece of a curve."""
    x, w = _rule(ORDER)
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
