"""Collocation points for every condition of a form: how many, where, with what weight."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from sympy import Symbol

from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.form import Form
from inrpde.declaration.regions import Region
from inrpde.resolution import cuts
from inrpde.sampling.extent import bounds, extents, opposite, scaled_measure, times
from inrpde.sampling.gauss import integration
from inrpde.sampling.holes import haloed
from inrpde.sampling.localised import resolving
from inrpde.sampling.sample import sample
from inrpde.sampling.sites import Samples, Site

Array = np.ndarray
Fractions = tuple[tuple[float, ...], ...]
"""Breaks between cells, a coordinate, as fractions of the box."""
CROWDED = 60
"""How many times as many points are drawn at most, so that small cells get their share."""


def draw(
    form: Form, interior: int, seed: int, cells: Fractions | None = None, window: tuple[float, float] | None = None
) -> Samples:  # fmt: skip
    """About `interior` points in the volumes together, boundaries in proportion to their share of the surface, in
    coordinates scaled to the form (`extents`), so that no units matter.

    More of them lie where the data are narrow. In a `window` of time all are moved to it. With `cells` of unequal
    sizes each cell gets as many points as another, weighted by what they stand for.

    Conditions on the same region share their points' number, not the budget; point sets come whole.
    """
    regions = list(dict.fromkeys(condition.region for condition in form.conditions))
    full = form.space.dim
    size = partial(scaled_measure, extents=extents(form))
    volume = sum(size(r) for r in regions if r.dim == full) or 1.0
    surface = sum(size(r) for r in regions if 0 < r.dim < full) or 1.0
    boundary = boundary_points(full, interior)
    edges = _edges(form, cells) if cells is not None and _uneven(cells) else None
    drawn: dict[Region, Site] = {}
    for number, condition in enumerate(form.conditions):
        region = condition.region
        if region in drawn:
            continue
        if region.dim == full:
            count = max(64, round(interior * size(region) / volume))
        elif region.dim > 0:
            count = max(48 if full == 2 else 64, round(boundary * size(region) / surface))
        else:
            count = 1
        site = _site(region, count, seed + 7919 * number, edges)
        site = haloed(site, region, seed) if region.dim == full else site
        site = site if window is None else site.squeezed(times(form), *window)
        drawn[region] = resolving(form, site, region, seed, window)
    places = {_place(condition): None for condition in form.conditions}
    sites = tuple(drawn[region] if x is None else _paired(form, drawn[region], x) for region, x in places)
    numbers = {place: number for number, place in enumerate(places)}
    over = [term.row.region for term in form.integrals]
    integrals = tuple(Site.of(integration(region, seed, cuts(form.bound, region))) for region in over)
    return Samples(sites, tuple(numbers[_place(condition)] for condition in form.conditions), integrals)


def _place(condition: BoundCondition) -> tuple[Region, Symbol | None]:
    """What conditions that share their points have in common."""
    return condition.region, None if condition.periodic is None else condition.periodic.coordinate


def boundary_points(dim: int, interior: int) -> int:
    """Points on the whole boundary beside `interior` points inside: the same density per length, and half again."""
    if dim == 1:
        return 2
    return min(round(3 * dim * interior ** ((dim - 1) / dim)), 2 * interior if dim < 4 else interior)


def _site(region: Region, count: int, seed: int, edges: list[Array] | None = None) -> Site:
    if edges is None or region.dim == 0:
        return Site.of(sample(region, count, seed))
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


def _uneven(cells: Fractions) -> bool:
    return any(np.ptp(np.diff(breaks)) > 1e-6 for breaks in cells)


def _edges(form: Form, cells: Fractions) -> list[Array]:
    lo, hi = bounds(form)
    return [a + (b - a) * np.array(breaks) for a, b, breaks in zip(lo, hi, cells, strict=True)]


def _paired(form: Form, site: Site, x: Symbol) -> Site:
    """A site with the points on the opposite face along a coordinate."""
    return replace(site, pairs=opposite(form, x, site.points))
