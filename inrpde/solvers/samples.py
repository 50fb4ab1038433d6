"""Collocation points for every condition of a form: how many, where, with what weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from inrpde.compiler.form import HERE, Form, Row
from inrpde.declaration.conditions import Periodic
from inrpde.declaration.regions import Ball, Region
from inrpde.declaration.regions.region import Solid
from inrpde.sampling import Quadrature, integration, sample
from inrpde.solvers.resolution import priors
from inrpde.solvers.spots import crowded

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

    def at(self, place: str) -> Array:
        """The points where jets of a place ("here" or "pair") are taken; a point without an opposite is its own."""
        return self.points if place == HERE or self.pairs is None else self.pairs


@dataclass(frozen=True)
class Samples:
    """A site for each condition, in their order, and one for each integral."""

    conditions: tuple[Site, ...]
    integrals: tuple[Site, ...]

    def of(self, row: Row) -> Site:
        return self.conditions[row.condition]


def taken(site: Site, rows: Array) -> Site:
    """Some points of a site."""
    return replace(
        site, points=site.points[rows], weights=site.weights[rows],
        normals=None if site.normals is None else site.normals[rows],
        labels={s: values[rows] for s, values in site.labels.items()},
        pairs=None if site.pairs is None else site.pairs[rows],
    )  # fmt: skip


def left_out(samples: Samples, share: float, seed: int, kept: bool = True) -> Samples:
    """Samples without a share of each set of labelled points, for a solve that must predict them; or that share alone,
    where not `kept`."""
    made: dict[int, Site] = {}
    for site in samples.conditions:
        if id(site) not in made:
            n = len(site.points)
            first = round(share * n)
            order = np.random.default_rng([seed, n]).permutation(n)
            rows = np.sort(order[first:] if kept else order[:first])
            made[id(site)] = taken(site, rows) if site.labels and first else site
    return Samples(tuple(made[id(site)] for site in samples.conditions), samples.integrals)


def thinned(samples: Samples, most: int) -> Samples:
    """At most so many points of each condition, chosen at random; sites that are shared stay so."""
    made: dict[int, Site] = {}
    for site in samples.conditions:
        if id(site) in made:
            continue
        if len(site.points) <= most:
            made[id(site)] = site
            continue
        made[id(site)] = taken(site, np.sort(np.random.default_rng(0).permutation(len(site.points))[:most]))
    return Samples(tuple(made[id(site)] for site in samples.conditions), samples.integrals)


def sampled(form: Form, unknown: int) -> bool:
    """Is an unknown given by its conditions on points alone, by nothing but priors between them?"""
    soft = priors(form)
    dims = {row.region.dim for row in form.rows if unknown in row.indices and row.condition not in soft}
    return dims == {0}


Fractions = tuple[tuple[float, ...], ...]
"""Breaks between cells, a coordinate, as fractions of the box."""
CROWDED = 60
"""How many times as many points are drawn at most, so that small cells get their share."""


def draw(form: Form, interior: int, seed: int, cells: Fractions | None = None) -> Samples:
    """About `interior` points in the volumes together, boundaries in proportion to their share of the surface.

    With `cells` of unequal sizes each cell gets as many points as another, weighted by what they stand for.

    Conditions on the same region share their points' number, not the budget; point sets come whole.
    """
    regions = [condition.region for condition in form.conditions]
    full = form.space.dim
    volumes = {id(r): r for r in regions if r.dim == full}
    surfaces = {id(r): r for r in regions if 0 < r.dim < full}
    volume = sum(measure(r) for r in volumes.values()) or 1.0
    surface = sum(measure(r) for r in surfaces.values()) or 1.0
    boundary = boundary_points(full, interior)
    edges = _edges(form, cells) if cells is not None and _uneven(cells) else None
    sites: dict[int, Site] = {}
    for number, region in enumerate(regions):
        if id(region) not in sites:
            if region.dim == full:
                count = max(64, round(interior * measure(region) / volume))
            elif region.dim > 0:
                count = max(48 if full == 2 else 64, round(boundary * measure(region) / surface))
            else:
                count = 1
            site = _site(region, count, seed + 7919 * number, edges)
            sites[id(region)] = (
                _spotted(form, _haloed(site, region, seed), region, seed) if region.dim == full else site
            )
    conditions = tuple(
        _paired(form, sites[id(c.region)], c.periodic) if c.periodic else sites[id(c.region)] for c in form.conditions
    )
    integrals = tuple(_as_site(integration(term.row.region, seed)) for term in form.integrals)
    return Samples(conditions, integrals)


def boundary_points(dim: int, interior: int) -> int:
    """Points on the whole boundary beside `interior` points inside: the same density per length, and half again."""
    if dim == 1:
        return 2
    return min(round(3 * dim * interior ** ((dim - 1) / dim)), 2 * interior if dim < 4 else interior)


@lru_cache(maxsize=4096)
def measure(region: Region) -> float:
    """The region's measure, by a pilot sample."""
    return sample(region, 2000, 0).measure


def _site(region: Region, count: int, seed: int, edges: list[Array] | None = None) -> Site:
    if edges is None or region.dim == 0:
        return _as_site(sample(region, count, seed))
    crowding = np.prod([np.mean(np.diff(e)) / np.min(np.diff(e)) for e in edges])
    q = sample(region, round(count * min(crowding, CROWDED)), seed)
    places = [np.clip(np.searchsorted(e, q.points[:, k]) - 1, 0, len(e) - 2) for k, e in enumerate(edges)]
    cell = np.ravel_multi_index(places, [len(e) - 1 for e in edges])
    order = np.argsort(cell, kind="stable")
    _, first, number = np.unique(cell[order], return_index=True, return_counts=True)
    rank = np.empty(len(cell), dtype=int)
    rank[order] = np.arange(len(cell)) - np.repeat(first, number)
    quota = max(int(np.ceil(count / len(first))), 2)
    share = np.minimum(quota / np.repeat(number, number)[np.argsort(order)], 1.0)
    kept = np.floor((rank + 1) * share) > np.floor(rank * share)  # evenly along the sequence, which may be sorted
    stands_for = np.zeros(int(np.prod([len(e) - 1 for e in edges])))
    stands_for[cell[order][first]] = number / np.bincount(cell[kept], minlength=len(stands_for))[cell[order][first]]
    labels = {symbol: values[kept] for symbol, values in q.labels.items()}
    normals = None if q.normals is None else q.normals[kept]
    return Site(q.points[kept], (q.weights * stands_for[cell])[kept], normals, labels, q.measure)


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


def _haloed(site: Site, region: Region, seed: int) -> Site:
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
    return Site(everything, weights * site.measure / weights.sum(), None, {}, site.measure)


def _spotted(form: Form, site: Site, region: Region, seed: int) -> Site:
    """A volume's points, more of them where its data are narrow."""
    found = None if site.labels else crowded(form, region, site.points, site.weights, seed)
    return site if found is None else replace(site, points=found[0], weights=found[1])


def _directions(dim: int, count: int, rng: np.random.Generator) -> Array:
    """Unit vectors spread evenly over the circle or the sphere, in an order that leaves no gap."""
    angle = 2 * np.pi * ((np.arange(count) * 0.6180339887 + rng.uniform()) % 1.0)
    if dim == 2:
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    height = 2 * ((np.arange(count) * 0.7548776662 + rng.uniform()) % 1.0) - 1
    level = np.sqrt(1 - height**2)
    return np.stack([level * np.cos(angle), level * np.sin(angle), height], axis=1)


def _as_site(q: Quadrature) -> Site:
    return Site(q.points, q.weights, q.normals, q.labels, q.measure)


def _uneven(cells: Fractions) -> bool:
    return any(np.ptp(np.diff(breaks)) > 1e-6 for breaks in cells)


def _edges(form: Form, cells: Fractions) -> list[Array]:
    lo, hi = bounds(form)
    return [a + (b - a) * np.array(breaks) for a, b, breaks in zip(lo, hi, cells, strict=True)]


def _paired(form: Form, site: Site, periodic: Periodic) -> Site:
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
