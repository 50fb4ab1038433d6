"""The narrow places of a problem's given data, in the user's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sympy import Expr
from sympy.core.function import AppliedUndef

from inrpde.compiler.bind import Bound, BoundCondition
from inrpde.compiler.rough import steps as steps_between
from inrpde.declaration.fields import MeshField
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Mesh, Region
from inrpde.declaration.regions.sequence import lattice
from inrpde.resolution.frame import Frame, frames
from inrpde.resolution.given import function, given
from inrpde.resolution.plateaus import MOST, Plateau, plateaus
from inrpde.resolution.seeds import nodes, seeds
from inrpde.resolution.tree import BEGUN, SMALLEST, Leaves, leaves

Array = np.ndarray
NARROW = 0.03
"""A length on which data vary, beside the region's extent, that makes them narrow."""
LARGEST = 1e150
"""Values are cut off there."""
FILLED = 0.3
"""The share of its box that data fill which vary fast all over it."""
LONG = 30.0
"""A place so many times as long as it is narrow is a front, or full of waves."""
OWN = 1.65
"""The largest value of a Gaussian over its largest slope, in standard deviations."""
SOME, FAINT = 256, 1e-6
"""Points on which the size of data is looked at, and the share of it below which a part of them is nothing."""
ALL, BEYOND = 0.999, 2.0
"""The share of a peak's squared slopes, how many times as far as which its box reaches."""
MEASURED, REACH, CLOSE = 4000, 6.0, 1e-3
"""Points that measure a peak, within so many of its widths; slopes are differences over this share of their box."""
MANY = 6
"""Boxes round a peak, at most, a coordinate."""
PEAKS = 8
"""Narrow plateaus of one term that are peaks, each by itself; more are a front in many boxes."""


@dataclass(frozen=True)
class Place:
    """Where data of a condition (its number) vary fast: a box, and by coordinate the width (inf where they do not).

    Of a peak, `centre` and widths are its slopes' (the width of a Gaussian is its standard deviation); of others the
    width is the largest value over the largest slope. A box that is flat lies on a face of the region.

    `boxes` (M, 2, d) are the parts of it in which they do. `kind` is "peak", "front" (narrow across a line or surface
    that is long), "oscillation" or "jump". `resolved` is False where they are narrow in more boxes than are followed.
    Of data on the cells of a `mesh`, the cells bound the place.
    """

    condition: int
    lo: tuple[float, ...]
    hi: tuple[float, ...]
    centre: tuple[float, ...]
    widths: tuple[float, ...]
    kind: str
    text: str
    boxes: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
    resolved: bool
    mesh: Mesh | None = None

    @property
    def width(self) -> float:
        """The smallest."""
        return min(self.widths)


@lru_cache(maxsize=64)
def narrow(bound: Bound) -> tuple[Place, ...]:
    """The narrow places of all conditions, of those that are given on points none."""
    return tuple(place for c in bound.conditions for place in _narrow(bound, c))


@lru_cache(maxsize=64)
def weighted(bound: Bound) -> tuple[tuple[Region, Place], ...]:
    """The narrow places of what the integrals in conditions are taken of, with the regions of these."""
    return tuple(
        (node.region, place)
        for condition in bound.conditions
        for row in condition.residuals
        for node in sorted(row.atoms(RegionIntegral), key=str)
        for place in _narrow(bound, replace(condition, region=node.region, residuals=(node.integrand,)))
    )


def cuts(bound: Bound, region: Region) -> tuple[tuple[float, ...], ...]:
    """By coordinate the ends of the places where what is integrated over a region is narrow."""
    found = [place for over, place in weighted(bound) if over is region]
    return tuple(
        tuple(sorted({end for place in found if np.isfinite(place.widths[k]) for end in (place.lo[k], place.hi[k])}))
        for k in range(bound.space.dim)
    )


def steps(bound: Bound, coordinate: int) -> tuple[tuple[float, float, float], ...]:
    """(a, b, h): in [a, b] along a coordinate (its number) some data vary on the length h, small beside the extent.

    Of a jump, which has no length, h is the share `NARROW` of the extent and [a, b] lies round it."""
    lo, hi = bounds(bound)
    found = []
    for place in narrow(bound):
        if not np.isfinite(place.widths[coordinate]):
            continue
        a, b, h = place.lo[coordinate], place.hi[coordinate], place.widths[coordinate]
        if place.kind == "jump":
            h = NARROW * (hi - lo)[coordinate]
            a, b = max(a - h, lo[coordinate]), min(b + h, hi[coordinate])
        found.append((a, b, h))
    return tuple(sorted(set(found)))


def bounds(bound: Bound) -> tuple[Array, Array]:
    """The lower and upper corner (d,), (d,) of a box round all conditions' regions."""
    every = [condition.region.bounds for condition in bound.conditions]
    return np.min([lo for lo, _ in every], axis=0), np.max([hi for _, hi in every], axis=0)


def _narrow(bound: Bound, condition: BoundCondition) -> list[Place]:
    region = condition.region
    if region.dim == 0 or region.labels:
        return []
    parts = frames(region)
    everywhere = np.concatenate([part.at(part.spread(SOME)) for part in parts])
    found = [
        place
        for term, whole in given(bound, condition)
        for part in parts
        for place in (
            *_of(bound, condition, part, term, whole, everywhere),
            *_on_cells(bound, condition, part, term, whole, everywhere),
        )
    ]
    return list({(place.lo, place.hi, place.kind): place for place in found}.values())


def _of(
    bound: Bound, condition: BoundCondition, part: Frame, expr: Expr, whole: Expr, everywhere: Array
) -> list[Place]:  # fmt: skip
    """Those of a term of a sum on a part of a region; none where the term vanishes beside the sum `everywhere`."""
    begun = seeds(bound, part, expr)
    if not len(begun):
        return []
    values = _values(bound, expr)
    size = np.abs(values(begun)).max()
    if size <= FAINT * np.abs(_values(bound, whole)(np.concatenate([begun, everywhere]))).max():
        return []
    lo, hi = part.lo, part.hi
    free = [k for k, x in enumerate(bound.space.coords) if x in expr.free_symbols and hi[k] > lo[k]]
    if not free:
        return []
    along = np.array(free)
    found = leaves(values, lo, hi, along, begun)
    extent = hi - lo
    halved = found.hi - found.lo < 0.6 * extent / BEGUN.get(len(along), 1)
    followed = not (found.open & ((found.hi - found.lo)[:, along] > 2 * SMALLEST * extent[along]).any(axis=1)).any()
    fast = found.width < np.where(halved, NARROW, NARROW / 4) * extent
    found, fast = found.taken(fast.any(axis=1)), fast[fast.any(axis=1)]
    if not len(found.lo):
        return []
    data = (bound.fields[f] for f in expr.atoms(AppliedUndef) if f in bound.fields)
    stepped = found.open & (any(node.kind == "jump" for node in nodes(expr)) or any(map(steps_between, data)))
    beside = np.any(_touching(found, SMALLEST * extent, own=True) & stepped, axis=1) & ~stepped
    places = []
    for which, reach, jump in ((stepped, NARROW, True), (~stepped & ~beside, SMALLEST, False)):
        some, across = found.taken(which), fast[which]
        _, numbers = connected_components(csr_array(_touching(some, reach * extent)))  # of dense ones it makes masks
        each = [numbers == n for n in np.unique(numbers)]
        made = [_place(bound, condition, some.taken(one), across[one], extent, jump, followed) for one in each]
        met = [place for place in made if _met(condition, place, begun)]
        smooth = [place.kind == "peak" and not jump for place in met]
        pairs = zip(met, smooth, strict=True)
        places += [_measured(bound, condition, place, values, lo, hi) if well else place for place, well in pairs]
    return places


def _on_cells(
    bound: Bound, condition: BoundCondition, part: Frame, expr: Expr, whole: Expr, everywhere: Array
) -> list[Place]:  # fmt: skip
    """Those of a term's data on the cells of meshes, as `_of`."""
    fields = [bound.fields[key] for key in sorted(expr.atoms(AppliedUndef), key=str) if key in bound.fields]
    places = []
    for field in fields:
        if not isinstance(field, MeshField) or field.on != "cells":
            continue
        d = field.mesh.nodes.shape[1]
        found = plateaus(field, part.lo[:d], part.hi[:d])
        each = [(p, _on_plateau(bound, condition, part, p, field.mesh)) for p in found]
        met = [(p, place) for p, place in each if place is not None and _met(condition, place, everywhere[:0])]
        if not met:
            continue
        points = np.concatenate([everywhere, *(_lifted(p.inside[:SOME], everywhere) for p, _ in met)])
        size = np.abs(_values(bound, expr)(points)).max()
        if size > FAINT * np.abs(_values(bound, whole)(points)).max():
            own = [place for _, place in met]
            places += own if len(own) <= PEAKS else [_together(bound, condition, own)]
    return places


def _on_plateau(
    bound: Bound, condition: BoundCondition, part: Frame, found: Plateau, mesh: Mesh
) -> Place | None:  # fmt: skip
    """The place of a plateau on a part of a region: what of its box is there."""
    d = len(found.lo)
    lo, hi = part.lo[:d], part.hi[:d]
    ends = np.clip(found.boxes, lo, hi)
    flat, slack = lo == hi, condition.region.tolerance
    there = np.all(ends[:, 1] > ends[:, 0], axis=1, where=~flat)
    there &= np.all((found.boxes[:, 1] >= lo - slack) & (found.boxes[:, 0] <= hi + slack), axis=1)
    boxes = np.repeat(np.stack([part.lo, part.hi])[None], there.sum(), axis=0)
    boxes[:, :, :d] = ends[there]
    if found.oblique and part.dim == len(part.lo):  # the others' one box may lie round a part of the region
        boxes = boxes[part.holds(boxes.mean(axis=1))]
    widths = np.full(len(part.lo), np.inf)
    widths[:d] = np.where(flat, np.inf, found.widths)
    if not len(boxes) or not np.isfinite(widths).any():
        return None
    lo, hi = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    kind, centre = "front" if found.oblique else "peak", boxes[len(boxes) // 2].mean(axis=0)
    text = _text(bound, condition, centre, widths, kind)
    pairs = tuple((_numbers(a), _numbers(b)) for a, b in boxes)
    return Place(
        condition.index, _numbers(lo), _numbers(hi), _numbers(centre), _numbers(widths), kind, text, pairs,
        found.followed, mesh,
    )  # fmt: skip


def _lifted(points: Array, everywhere: Array) -> Array:
    """Points (N, k) in the first coordinates, with the others of some point of a region."""
    return np.column_stack([points, np.repeat(everywhere[:1, points.shape[1] :], len(points), axis=0)])


def _together(bound: Bound, condition: BoundCondition, places: list[Place]) -> Place:
    """Many places as one, in the boxes of all."""
    narrowest = min(places, key=lambda place: place.width)
    widths = np.min([place.widths for place in places], axis=0)
    lo, hi = np.min([place.lo for place in places], axis=0), np.max([place.hi for place in places], axis=0)
    boxes = [box for place in places for box in place.boxes]
    some = tuple(boxes[:: -(-len(boxes) // MOST)])
    text = _text(bound, condition, np.array(narrowest.centre), np.array(narrowest.widths), "peak")
    return replace(
        narrowest, lo=_numbers(lo), hi=_numbers(hi), widths=_numbers(widths), kind="front", text=text, boxes=some,
        resolved=all(place.resolved for place in places) and len(some) == len(boxes) and len(places) < MOST,
    )  # fmt: skip


def _measured(
    bound: Bound, condition: BoundCondition, place: Place, values: Callable[[Array], Array], lo: Array, hi: Array
) -> Place:  # fmt: skip
    """A peak's centre and widths from the squares of its slopes, by sampling closer and closer round it."""
    along = np.flatnonzero(np.isfinite(place.widths))
    a, b = np.array(place.lo), np.array(place.hi)
    unit = lattice(MEASURED, len(a), np.random.default_rng(0))
    centre, widths, tree = (a + b) / 2, np.array(place.widths), np.array(place.widths) / OWN
    for _ in range(3):
        points = a + (b - a) * unit
        shifts = [CLOSE * (b - a) * (np.arange(len(a)) == k) for k in along]
        squares = np.array([np.abs(values(points + shift) - values(points - shift)) ** 2 for shift in shifts])
        if not squares.any(axis=1).all():
            break
        squares = squares / squares.sum(axis=1)[:, None]
        share = squares.mean(axis=0)
        centre[along] = share @ points[:, along]
        widths[along] = np.sqrt(
            [w @ (points[:, k] - centre[k]) ** 2 / 1.5 for k, w in zip(along, squares, strict=True)]
        )
        far = np.abs(points[:, along] - centre[along])
        near = np.maximum(REACH * np.minimum(widths, tree)[along], BEYOND * _quantile(far, share))
        a[along], b[along] = np.maximum(centre[along] - near, lo[along]), np.minimum(centre[along] + near, hi[along])
    widths = np.where(widths > 0, np.minimum(widths, tree), tree)
    text = _text(bound, condition, centre, widths, place.kind)
    return replace(place, lo=_numbers(a), hi=_numbers(b), centre=_numbers(centre), widths=_numbers(widths), text=text)


def _quantile(values: Array, weights: Array) -> Array:
    """What nearly all of the weight (N,) of each column of values (N, k) lies below, (k,)."""
    order = np.argsort(values, axis=0)
    return np.array([x[i][np.searchsorted(np.cumsum(weights[i]), ALL)] for x, i in zip(values.T, order.T, strict=True)])


def _values(bound: Bound, expr: Expr) -> Callable[[Array], Array]:
    called = function(bound, [expr])

    def values(points: Array) -> Array:
        (found,) = called(points)
        found = np.nan_to_num(found, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
        return found if np.iscomplexobj(found) else np.clip(found.astype(float), -LARGEST, LARGEST)

    return values


def _touching(found: Leaves, reach: Array, own: bool = False) -> Array:
    """Which boxes lie within a `reach` (d,) of one another, (M, M) bool; with `own` as far beside it as the first is
    long, where lines through it may have missed what is in it."""
    touching = np.ones((len(found.lo),) * 2, bool)
    for a, b, slack in zip(found.lo.T, found.hi.T, reach, strict=True):
        further = slack + (b - a) * own
        touching &= ((a - further)[:, None] <= b[None]) & (a[None] <= (b + further)[:, None])
    return touching


def _place(
    bound: Bound, condition: BoundCondition, found: Leaves, fast: Array, extent: Array, stepped: bool,
    followed: bool,
) -> Place:  # fmt: skip
    lo, hi = found.lo.min(axis=0), found.hi.max(axis=0)
    across = fast.any(axis=0)
    widths = np.where(across, found.width.min(axis=0), np.inf)
    long = len(found.lo) > MANY ** across.sum() and ((hi - lo) > LONG * widths)[across].any()
    filled = np.prod((found.hi - found.lo)[:, across], axis=1).sum() / np.prod((hi - lo)[across])
    kind = "peak" if not long else "oscillation" if filled > FILLED else "front"
    top = found.width[:, across].min(axis=1).argmin()
    centre = (found.lo[top] + found.hi[top]) / 2
    if stepped:  # jumps that lie close together bound a peak as wide as they are apart
        apart = hi - lo
        both = (apart > 10 * SMALLEST * extent)[across].any() and (apart < NARROW * extent)[across].all()
        if both:
            kind, widths, centre = "peak", np.where(across, apart, np.inf), (lo + hi) / 2
        else:
            kind = "jump"
    boxes = tuple((_numbers(a), _numbers(b)) for a, b in zip(found.lo, found.hi, strict=True))
    text = _text(bound, condition, centre, widths, kind)
    return Place(
        condition.index, _numbers(lo), _numbers(hi), _numbers(centre), _numbers(widths), kind, text, boxes,
        stepped or followed,
    )  # fmt: skip


def _numbers(values: Array) -> tuple[float, ...]:
    return tuple(map(float, values))


def _text(bound: Bound, condition: BoundCondition, at: Array, widths: Array, kind: str) -> str:
    named = [(x, a) for x, a, w in zip(bound.space.coords, at, widths, strict=True) if np.isfinite(w)]
    near = ", ".join(f"{x} = {a:.5g}" for x, a in named)
    what = {"peak": "are narrow", "front": "have a front", "oscillation": "oscillate", "jump": "jump"}[kind]
    width = "" if kind == "jump" else f", of width {widths.min():.1g}"
    return f"the data of {condition.text} {what} near {near}{width}"


def _met(condition: BoundCondition, place: Place, begun: Array) -> bool:
    """Does the region come near the place? Seeds lie on it."""
    lo, hi = np.array(place.lo), np.array(place.hi)
    side = np.where(np.isfinite(place.widths), hi - lo, np.inf)
    if ((begun >= lo - side) & (begun <= hi + side)).all(axis=1).any():
        return True
    tried = lo + (hi - lo) * np.random.default_rng(0).random((256, len(lo)))
    near = float(np.linalg.norm(np.where(np.isfinite(side), side, 0.0)))
    return bool(condition.region.contains(tried, max(near, condition.region.tolerance)).any())
