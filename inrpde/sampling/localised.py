"""Narrow data: points where they are, and nested patches round those that are like a point, a line or a layer.

A solution varies as fast as its data near them, and slower the farther from them: nested patches, each some times as
wide as the one inside it, follow that with few features each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from inrpde import deadline
from inrpde.compiler.bind import Bound
from inrpde.compiler.form import Form
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.sequence import lattice
from inrpde.resolution import Place, narrow
from inrpde.resolution.frame import Frame, frames
from inrpde.resolution.places import bounds
from inrpde.sampling.modes import CELL, DOMAIN, modes
from inrpde.sampling.sites import Site

Array = np.ndarray
REACH = 6.0
"""Half the side of the innermost patch, in widths of the data."""
NESTING = {1: 1.7, 2: 2.0, 3: 3.0}
"""How many times as wide each patch is as the one inside it, at least."""
LEVELS = {1: 30, 2: 8, 3: 6}
"""Patches round a place, at most."""
WIDEST = 0.35
"""Half the side of the outermost patch, beside the extent, at most."""
INNERMOST, BAND = {1: 50.0, 2: 20.0, 3: 9.0}, {1: 30.0, 2: 9.0, 3: 6.0}
"""The band of the innermost patch, which holds the data themselves, of the others, in coordinates scaled to them."""
RICHEST = {1: 3.0, 2: 1.3, 3: 1.3}
"""How much wider the innermost band is at most, where the data reach farther than they are narrow."""
ALONG = 6.0
"""The band along the coordinates in which the data are not narrow."""
SMALL = 0.12
"""Half the side, beside the extent, of patches in which the data are left to them."""
MOST = 12
"""Places that have patches, at most."""
POINTS = 2.5
"""Points a feature of a patch."""
RING = 100
"""Points of each that has no features of its own."""
SHARED = 600
"""Points that all boxes of a region share that belong to no peak, and as many boxes at most."""


@dataclass(frozen=True)
class Patch:
    """A box round a place: its centre and half its sides (d,) (inf along what the data do not vary in), and the band of
    its features in coordinates scaled to it."""

    centre: tuple[float, ...]
    half: tuple[float, ...]
    band: tuple[float, ...]
    innermost: bool

    @property
    def width(self) -> int:
        """Its features."""
        return round((DOMAIN if len(self.band) == 1 else CELL) * modes(self.band))


def patches(bound: Bound) -> tuple[Patch, ...]:
    """Those that have features of their own: in problems of at most three coordinates without time."""
    return () if bound.space.time is not None or bound.space.dim not in BAND else nests(bound)


@lru_cache(maxsize=64)
def nests(bound: Bound) -> tuple[Patch, ...]:
    """The nested patches of all peaks, each from the innermost outwards."""
    found: list[Place] = []
    for place in sorted(narrow(bound), key=lambda place: place.width):
        if place.kind == "peak" and len(found) < MOST and not any(_at(place, other) for other in found):
            found.append(place)
    return tuple(patch for place in found for patch in _nested(bound, place))


def _at(place: Place, other: Place) -> bool:
    """Is a place round the same centre, and narrow in the same coordinates, as one that is narrower?"""
    apart = np.abs(np.array(place.centre) - np.array(other.centre))
    across = np.isfinite(place.widths)
    return bool((across == np.isfinite(other.widths)).all() and (apart <= np.array(place.widths))[across].all())


def _nested(bound: Bound, place: Place) -> Iterator[Patch]:
    lo, hi = bounds(bound)
    d = len(lo)
    flat = np.array(place.hi) == np.array(place.lo)  # data on a face are felt as far inside as they are wide
    widths = np.where(flat, place.width, place.widths)
    across = np.isfinite(widths)
    with np.errstate(invalid="ignore"):
        half = np.where(flat, REACH * widths, np.maximum(REACH * widths, (np.array(place.hi) - np.array(place.lo)) / 2))
        band = INNERMOST.get(d, 9.0) * np.fmin(half / (REACH * widths), RICHEST.get(d, 1.3))
    room = float(np.min((WIDEST * (hi - lo) / half)[across]))
    nesting = max(NESTING.get(d, 3.0), room ** (1 / LEVELS.get(d, 6)))
    innermost = True
    while (half < WIDEST * (hi - lo))[across].all():
        bands = np.where(across, band, ALONG)
        yield Patch(place.centre, _numbers(half), _numbers(bands), innermost)
        half, band, innermost = half * nesting, np.full(d, BAND.get(d, 6.0)), False


def outside(form: Form, points: Array) -> Array:
    """Which points lie round no place that has patches, (N,) bool: as far as these are small beside the extent."""
    far = np.ones(len(points), bool)
    lo, hi = bounds(form.bound)
    for patch in patches(form.bound):
        if np.min(np.array(patch.half) / (hi - lo)) < SMALL:
            far &= ~_within(patch.centre, patch.half, points)
    return far


def resolving(form: Form, site: Site, region: Region, seed: int, window: tuple[float, float] | None = None) -> Site:
    """A region's points, more of them where the data are narrow, with weights that sum to what they did.

    In problems with time a `window` cuts it."""
    if site.labels or region.dim == 0:
        return site
    own = bool(patches(form.bound))
    boxes = [(p.centre, p.half, round(POINTS * p.width) if own else RING) for p in nests(form.bound)]
    boxes += list(_others(form, region))
    more, normals, shares = [], [], []
    for number, (centre, half, count) in enumerate(boxes):
        deadline.turn()
        rng = np.random.default_rng([seed, 78, number])
        share = 0.0
        for frame in frames(region):
            points, density = _drawn(frame, centre, half, count, rng, window)
            more.append(points)
            normals.append(frame.normals(points) if len(points) else None)
            share = max(share, density)
        shares.append(share)
    near = np.concatenate(more) if more else site.points[:0]
    if not len(near):
        return site
    every = [each for each in normals if each is not None]
    facing = None if site.normals is None else np.concatenate([site.normals, *every])
    everything = np.concatenate([site.points, near])
    if facing is not None and len(facing) < len(everything):
        return site
    densities = 1 / np.concatenate([site.weights, site.weights[cKDTree(site.points).query(near)[1]]])
    for (centre, half, _), share in zip(boxes, shares, strict=True):
        densities += share * _within(centre, half, everything)
    weights = 1 / densities
    weights *= site.weights.sum() / weights.sum()
    return replace(site, points=everything, weights=weights, normals=facing, lengths=_lengths(form, region, everything))


def _lengths(form: Form, region: Region, points: Array) -> Array:
    """On what length data vary near points, beside the extent (N,): the width of the nearest peak, or the distance to
    it; in the boxes of other places their size."""
    lo, hi = bounds(form.bound)
    lengths = np.ones(len(points))
    for patch in nests(form.bound):
        if patch.innermost:
            half = np.array(patch.half)
            away = np.max(np.abs(points - np.array(patch.centre)) / half, axis=1)
            lengths = np.minimum(lengths, np.maximum(away, 1 / REACH) * np.min(half / (WIDEST * (hi - lo))))
    for centre, sides, _ in _others(form, region):
        within = _within(centre, sides, points)
        lengths[within] = np.minimum(lengths[within], np.min(np.array(sides) / (hi - lo)))
    return lengths


@lru_cache(maxsize=256)
def _others(form: Form, region: Region) -> tuple[tuple[tuple[float, ...], tuple[float, ...], int], ...]:
    """The boxes (centre, half the sides, points) of the places on a region that are no peaks."""
    found = []
    for place in narrow(form.bound):
        if form.conditions[place.condition].region is region and place.kind not in ("peak", "jump"):
            across = np.isfinite(place.widths)
            for lo, hi in np.array(place.boxes):
                found.append((_numbers((lo + hi) / 2), _numbers(np.where(across, (hi - lo) / 2, np.inf))))
    some = found[:: max(-(-len(found) // SHARED), 1)]
    return tuple((centre, half, max(2, SHARED // len(some))) for centre, half in some)


def _drawn(
    frame: Frame, centre: tuple[float, ...], half: tuple[float, ...], count: int, rng: np.random.Generator,
    window: tuple[float, float] | None,
) -> tuple[Array, float]:  # fmt: skip
    """About `count` points of a part in a box, and their density in its measure; none where it does not meet it."""
    nothing = np.zeros((0, len(centre))), 0.0
    met = _met(frame, centre, half)
    if met is None:
        return nothing
    lo, hi = np.array(met)
    if window is not None:
        start, end = frame.lo[-1], frame.hi[-1]
        if start == end and not window[0] <= start <= window[1]:
            return nothing
        if start < end:
            cut = (np.array(window) - start) / (end - start)
            lo[-1], hi[-1] = np.clip([lo[-1], hi[-1]], *cut)
    if (hi <= lo).any():
        return nothing
    points = frame.at(lo + (hi - lo) * lattice(count, frame.dim, rng))
    inside = frame.holds(points) & _within(centre, half, points)
    return points[inside], count / float(np.prod(hi - lo) * frame.measure)


@lru_cache(maxsize=4096)
def _met(
    frame: Frame, centre: tuple[float, ...], half: tuple[float, ...]
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:  # fmt: skip
    """The box in the unit cube of a part that a box round a centre becomes; None where the part does not meet it."""
    at, sides = np.array(centre), np.array(half)
    here, slope = frame.nearest(at, np.where(np.isfinite(sides), sides, 1e30))
    if not _within(centre, half, frame.at(here[None]))[0]:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.nanmin(sides[:, None] / np.abs(slope), axis=0, initial=np.inf)
    return _numbers(np.clip(here - reach, 0, 1)), _numbers(np.clip(here + reach, 0, 1))


def _numbers(values: Array) -> tuple[float, ...]:
    return tuple(map(float, values))


def _within(centre: tuple[float, ...], half: tuple[float, ...], points: Array) -> Array:
    held = np.ones(len(points), bool)
    for values, at, side in zip(points.T, centre, half, strict=True):  # numpy reduces short axes slowly
        held &= np.abs(values - at) <= side
    return held
