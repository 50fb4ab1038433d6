"""Round holes, and more points round each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inrpde.declaration.regions import Ball, Region
from inrpde.declaration.regions.region import Solid
from inrpde.sampling.sites import Site

Array = np.ndarray
HALO = {2: 160, 3: 500}
"""Points round each hole, beside those that lie there anyway."""


def holes(region: Region) -> list[tuple[Array, float]]:
    """Centres and radii of the round holes of a region in the plane or in space."""
    if region.space.dim not in (2, 3) or region.space.time is not None or not isinstance(region, Solid):
        return []
    lo, hi = region.bounds
    balls = [(p.centre, p.radius) for p in region.primitives if isinstance(p, Ball)]
    return [(c, r) for c, r in balls if np.all((c > lo) & (c < hi)) and _is_hole(region, c, r)]


def _is_hole(region: Region, centre: Array, radius: float) -> bool:
    """Does a region lie outside a sphere and not inside it?"""
    around = _directions(region.space.dim, 40, np.random.default_rng(0))
    within, beyond = (region.contains(centre + share * radius * around) for share in (0.99, 1.01))
    return not region.contains(centre[None, :])[0] and not np.any(within) and bool(np.any(beyond))


def haloed(site: Site, region: Region, seed: int) -> Site:
    """A volume's points, more of them round its holes, where solutions vary over a radius; weighted by density."""
    found = holes(region)
    if not found or site.labels:
        return site
    rng = np.random.default_rng([seed, 77])
    d = region.space.dim
    count = HALO[d]
    points, inner, outer = [site.points], 1.0, 3.0
    for centre, radius in found:
        # between r and 3r, crowded towards the hole like 1/r²
        r = radius / (1 / inner + (np.arange(count) + rng.uniform()) / count * (1 / outer - 1 / inner))
        ring = centre + r[:, None] * _directions(d, count, rng)
        points.append(ring[region.contains(ring)])
    everything = np.concatenate(points)
    density = np.full(len(everything), len(site.points) / site.measure)
    for centre, radius in found:
        r = np.maximum(np.linalg.norm(everything - centre, axis=1), radius)
        sphere = 2 * np.pi * r if d == 2 else 4 * np.pi * r**2
        shape = radius / (r**2 * sphere * (1 / inner - 1 / outer))
        density += np.where((r >= inner * radius) & (r <= outer * radius), count * shape, 0.0)
    weights = 1 / density
    return replace(site, points=everything, weights=weights * site.measure / weights.sum(), normals=None)


def _directions(dim: int, count: int, rng: np.random.Generator) -> Array:
    """Unit vectors spread evenly over the circle or the sphere, in an order that leaves no gap."""
    angle = 2 * np.pi * ((np.arange(count) * 0.6180339887 + rng.uniform()) % 1.0)
    if dim == 2:
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    height = 2 * ((np.arange(count) * 0.7548776662 + rng.uniform()) % 1.0) - 1
    level = np.sqrt(1 - height**2)
    return np.stack([level * np.cos(angle), level * np.sin(angle), height], axis=1)
