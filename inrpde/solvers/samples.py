"""Collocation points for every condition of a form: how many, where, with what weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions import Region
from inrpde.sampling import sample

Array = np.ndarray


@dataclass(frozen=True)
class Site:
    """The points of one condition: their weights sum to the region's measure; `pairs` are the opposite points."""

    points: Array
    weights: Array
    normals: Array | None
    labels: Mapping
    measure: float
    pairs: Array | None = None


@dataclass(frozen=True)
class Samples:
    """A site for each condition, in their order, and one for each integral."""

    conditions: tuple[Site, ...]
    integrals: tuple[Site, ...]

    def of(self, row: Row) -> Site:
        return self.conditions[row.condition]


def draw(form: Form, interior: int, seed: int) -> Samples:
    """About `interior` points in the volumes together, boundaries in proportion to their share of the surface.

    Conditions on the same region share their points' number, not the budget; point sets come whole.
    """
    regions = [condition.region for condition in form.conditions]
    full = form.space.dim
    volumes = {id(r): r for r in regions if r.dim == full}
    surfaces = {id(r): r for r in regions if 0 < r.dim < full}
    volume = sum(measure(r) for r in volumes.values()) or 1.0
    surface = sum(measure(r) for r in surfaces.values()) or 1.0
    boundary = boundary_points(full, interior)
    sites: dict[int, Site] = {}
    for number, region in enumerate(regions):
        if id(region) not in sites:
            if region.dim == full:
                count = max(64, round(interior * measure(region) / volume))
            elif region.dim > 0:
                count = max(16 if full == 2 else 64, round(boundary * measure(region) / surface))
            else:
                count = 1
            sites[id(region)] = _site(region, count, seed + 7919 * number)
    conditions = tuple(
        _paired(form, sites[id(c.region)], c.periodic) if c.periodic else sites[id(c.region)] for c in form.conditions
    )
    integrals = tuple(_site(term.row.region, max(interior, 2000), 0) for term in form.integrals)
    return Samples(conditions, integrals)


def boundary_points(dim: int, interior: int) -> int:
    """Points on the whole boundary beside `interior` points inside: the same density per length, and half again."""
    if dim == 1:
        return 2
    return min(round(3 * dim * interior ** ((dim - 1) / dim)), 2 * interior)


@lru_cache(maxsize=4096)
def measure(region: Region) -> float:
    """The region's measure, by a pilot sample."""
    return sample(region, 2000, 0).measure


def _site(region: Region, count: int, seed: int) -> Site:
    q = sample(region, count, seed)
    return Site(q.points, q.weights, q.normals, q.labels, q.measure)


def _paired(form: Form, site: Site, periodic) -> Site:
    k = form.space.coords.index(periodic.coordinate)
    lo, hi = bounds(form)
    pairs = site.points.copy()
    pairs[:, k] = lo[k] + hi[k] - pairs[:, k]
    return Site(site.points, site.weights, site.normals, site.labels, site.measure, pairs)


def bounds(form: Form, unknown: int | None = None) -> tuple[Array, Array]:
    """The bounding box of the conditions on all unknowns, or on one."""
    regions = [
        row.region for row in form.rows if unknown is None or any(jet.unknown == unknown for jet in row.jets.values())
    ] or [row.region for row in form.rows]
    full = [r for r in regions if r.dim == form.space.dim] or regions
    boxes = [r.bounds for r in full]
    lo, hi = np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)
    return lo, np.where(hi > lo, hi, lo + 1.0)


def volumes(form: Form, unknown: int) -> list[Region]:
    """The regions of full dimension on which an unknown has equations (any on which it has one, if there is none)."""
    regions = [row.region for row in form.rows if any(jet.unknown == unknown for jet in row.jets.values())]
    return list({id(r): r for r in regions if r.dim == form.space.dim}.values()) or regions[:1]
