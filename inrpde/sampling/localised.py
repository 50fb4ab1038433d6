"""Narrow data: sources that are like a point beside the region, found from their values, and patches of features there.

A solution varies as fast as its source near it, and slower the farther from it: nested patches, each three times as
wide as the one inside it, follow that with few features each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.sequence import lattice
from inrpde.sampling.modes import CELL, modes
from inrpde.sampling.sample import sample
from inrpde.sampling.sites import Site

Array = np.ndarray
PILOT = {2: 40_000, 3: 80_000}
"""Points on which a volume's data are looked at, by the number of coordinates."""
BINS = {2: 32, 3: 16}
"""Boxes along each side in which their squares are collected."""
FAINT = 1e-3
"""Boxes with a mean square below this share of the largest are left out."""
BRIGHT = 10.0
"""So much larger than the median is the mean square of a box of narrow data."""
NARROW = 0.03
"""A source's width, beside the region's extent, at most."""
REACH = 6.0
"""Half the side of the innermost patch, in widths of the source."""
NESTING = 3.0
"""How many times as wide each patch is as the one inside it."""
WIDEST = 0.35
"""Half the side of the outermost patch, beside the region's extent, at most."""
INNERMOST, BAND = {2: 20.0, 3: 9.0}, {2: 9.0, 3: 6.0}
"""The band of the innermost patch, which holds the source itself, and of the others, in coordinates scaled to them."""
POINTS = 2.5
"""Points a feature of a patch."""


@dataclass(frozen=True)
class LocalisedSource:
    """Where data are narrow: the centre (d,) and the width (the largest over the coordinates)."""

    centre: tuple[float, ...]
    width: float


def localised_sources(form: Form, region: Region) -> tuple[LocalisedSource, ...]:
    """Those of all linear equations on a volume of two or three coordinates without time."""
    if form.space.dim not in PILOT or form.space.time is not None or region.dim < form.space.dim:
        return ()
    rows = tuple(row for row in form.rows if row.region is region and row.linear)
    found = [source for row in rows for source in _localised_sources(form, row)]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def _localised_sources(form: Form, row: Row) -> tuple[LocalisedSource, ...]:
    region = row.region
    d = form.space.dim
    lo, hi = region.bounds
    points = sample(region, PILOT[d], 0).points
    squares = data(form, row, points) ** 2
    if not np.isfinite(squares).all() or not squares.any():
        return ()
    box = list(zip(lo, hi, strict=True))
    mass, edges = np.histogramdd(points, BINS[d], box, weights=squares)
    mean = mass / np.maximum(np.histogramdd(points, BINS[d], box)[0], 1)
    broad = float(np.median(mean[mean > 0]))
    bright = mean > max(FAINT * mean.max(), BRIGHT * broad)
    if not bright.any():
        return ()
    from scipy.ndimage import label

    numbers, count = label(bright, structure=np.ones((3,) * d))
    places = zip(edges, points.T, strict=True)
    of = numbers[tuple(np.clip(np.searchsorted(e, x, side="right") - 1, 0, BINS[d] - 1) for e, x in places)]
    beside = [_measured(form, row, points[of == n], squares[of == n] - broad) for n in range(1, count + 1)]
    return tuple(source for source in beside if source is not None and source.width < NARROW * np.min(hi - lo))


def _measured(form: Form, row: Row, points: Array, squares: Array) -> LocalisedSource | None:
    """A source's centre and width, by sampling closer and closer round it; None where it is not narrow."""
    lo, hi = row.region.bounds
    unit = np.random.default_rng(0).uniform(-1, 1, (4000, len(lo)))
    for _ in range(3):
        squares = np.maximum(squares, 0.0)
        share = squares / max(squares.sum(), 1e-300)
        centre = share @ points
        width = np.sqrt(2 * share @ (points - centre) ** 2).max()
        if width > 3 * NARROW * np.min(hi - lo):
            return None
        half = np.maximum(REACH * width, 1e-6 * (hi - lo))
        near = centre + half * unit
        near = near[row.region.contains(near)]
        found = data(form, row, near) ** 2
        if not found.any():
            break
        points, squares = near, found - np.quantile(found, 0.25)
    return LocalisedSource(tuple(map(float, centre)), float(width))


def outside(form: Form, region: Region, points: Array) -> Array:
    """Which points lie round no localised source, (N,) bool."""
    far = np.ones(len(points), bool)
    for source in localised_sources(form, region):
        far &= np.abs(points - np.array(source.centre)).max(axis=1) > REACH * source.width
    return far


def data(form: Form, row: Row, points: Array) -> Array:
    """The absolute value of an equation's residual where all unknowns vanish, (N,); 0 where it takes normals or
    labels."""
    if row.region.labels or set(form.space.normal) & row.residual.free_symbols:
        return np.zeros(len(points))
    zero = dict.fromkeys([*row.jets, *row.integrals], 0.0)
    with np.errstate(all="ignore"):
        (value,) = row.value(form.environment(row, points, None, {}) | zero)
    return np.broadcast_to(np.abs(value), (len(points),)).astype(float)


def nested(source: LocalisedSource, region: Region) -> Iterator[tuple[float, float]]:
    """Half the sides of the nested patches and their bands, from the innermost outwards."""
    lo, hi = region.bounds
    half, band = REACH * source.width, INNERMOST[len(lo)]
    while half < WIDEST * np.min(hi - lo):
        yield half, band
        half, band = half * NESTING, BAND[len(lo)]


def width(band: float, dim: int) -> int:
    """Features of a patch."""
    return round(CELL * modes([band] * dim))


def resolving(form: Form, site: Site, region: Region, seed: int) -> Site:
    """A volume's points, more of them in the patches of its sources, with weights that sum to what they did."""
    found = () if site.labels else localised_sources(form, region)
    if not found:
        return site
    points, weights = site.points, site.weights
    more, shares = [points], []
    boxes = [(np.array(source.centre), *patch) for source in found for patch in nested(source, region)]
    for number, (centre, half, band) in enumerate(boxes):
        count = round(POINTS * width(band, len(centre)))
        unit = lattice(count, len(centre), np.random.default_rng([seed, 78, number]))
        near = centre + half * (2 * unit - 1)
        more.append(near[region.contains(near)])
        shares.append(count / (2 * half) ** len(centre))
    everything = np.concatenate(more)
    near = cKDTree(points).query(everything[len(points) :])[1] if len(more) > 1 else []
    density = 1 / np.concatenate([weights, weights[near]])
    for (centre, half, _), share in zip(boxes, shares, strict=True):
        density += share * np.all(np.abs(everything - centre) < half, axis=1)
    shared = 1 / density
    return replace(site, points=everything, weights=shared * weights.sum() / shared.sum())
