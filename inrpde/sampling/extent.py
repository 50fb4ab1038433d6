"""Where the unknowns of a form live: boxes and volumes, and the labelled samples that resolve them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from sympy import Symbol

from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.region import extents as extents_of
from inrpde.sampling.sample import sample

Array = np.ndarray
SOME = 300
"""Samples that are enough to resolve a field where all else that is asked of it weighs less than 1."""
GRID = 30
"""Samples lie on a grid if it has at most so many nodes a sample."""


def sample_points(form: Form, unknown: int | None = None) -> Array:
    """The points of all conditions on sets of points, or of those on one unknown, (N, d); each counts once."""
    rows = [row for row in form.rows if row.region.dim == 0 and (unknown is None or unknown in row.indices)]
    sets = dict.fromkeys(row.region for row in rows)
    found = [part.piece.chart.at(np.zeros((1, 0))) for region in sets for part in region.parts]
    return np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, form.space.dim))


def only_samples(form: Form) -> bool:
    """Do all conditions hold on sets of points?"""
    return all(condition.region.dim == 0 for condition in form.conditions)


def along(points: Array) -> Array:
    """About how many samples there are along each coordinate, (d,): those of the grid that they lie on, fewer in
    proportion where they fill a part of it; the same along all, where they are scattered."""
    lines = np.array([len(np.unique(column)) for column in points.T], dtype=float)
    if np.prod(lines) > GRID * len(points):
        lines[:] = 1.0
    return np.maximum(lines * (len(points) / np.prod(lines)) ** (1 / len(lines)), 1.0)


def priors(form: Form) -> frozenset[int]:
    """The numbers of the conditions that need not hold. They choose among the fields that fit many samples: those
    between the samples where all of these weigh less than 1; or say how what is learned varies: those that hold in a
    volume, and nothing else."""
    penalties = frozenset(
        number
        for number, each in enumerate(form.conditions)
        if each.region.dim == form.space.dim
        and all(_learned(form, row) for row in form.rows if row.condition == number)
    )
    return penalties | _between(form)


def _learned(form: Form, row: Row) -> bool:
    """Does an equation hold learned fields alone?"""
    return bool(row.indices) and not row.integrals and all(form.unknowns[k].learned for k in row.indices)


def _between(form: Form) -> frozenset[int]:
    between = {number: each for number, each in enumerate(form.conditions) if each.region.dim > 0}
    if not between or max(each.weight for each in between.values()) >= 1 or len(sample_points(form)) <= SOME:
        return frozenset()
    return frozenset(between)


def sampled(form: Form, unknown: int) -> bool:
    """Is an unknown given by its conditions on points alone, by nothing but priors between them?"""
    soft = priors(form)
    dims = {row.region.dim for row in form.rows if unknown in row.indices and row.condition not in soft}
    return dims == {0}


@lru_cache(maxsize=4096)
def measure(region: Region) -> float:
    """The region's measure, by a pilot sample."""
    return sample(region, 2000, 0).measure


@lru_cache(maxsize=4096)
def scaled_measure(region: Region, extents: tuple[float, ...]) -> float:
    """Its measure in coordinates divided by extents."""
    return sum(part.within(np.array(extents)) for part in region.parts)


def extents(form: Form) -> tuple[float, ...]:
    """What a form's coordinates are divided by where those of different units are compared; see `Region.extents`."""
    lo, hi = bounds(form)
    spatial = len(form.space.spatial)
    return tuple(extents_of(lo, hi, spatial, float(np.max((hi - lo)[:spatial], initial=0.0))).tolist())


def bounds(form: Form, unknown: int | None = None) -> tuple[Array, Array]:
    """The bounding box of the conditions on all unknowns, or on one."""
    regions = [row.region for row in form.rows if unknown is None or unknown in row.indices]
    regions = regions or [row.region for row in form.rows]
    full = [r for r in regions if r.dim == form.space.dim] or regions
    boxes = [r.bounds for r in full]
    lo, hi = np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)
    return lo, np.where(hi > lo, hi, lo + 1.0)


def opposite(form: Form, x: Symbol, points: Array) -> Array:
    """Points (N, d) moved to where a period ends: their mirror images in the middle of a coordinate."""
    k, (lo, hi) = form.space.coords.index(x), bounds(form)
    other = points.copy()
    other[:, k] = lo[k] + hi[k] - other[:, k]
    return other


def times(form: Form) -> tuple[float, float]:
    """Where a form that evolves begins and where it ends."""
    assert form.evolves is not None
    return form.evolves.start, form.evolves.end


def slenderness(form: Form) -> float:
    """How much less the operators make of the longest mode of the box than of the shortest: a solution that does not
    vary across a slender region is as large as its length makes it."""
    lo, hi = (end[: len(form.space.spatial)] for end in bounds(form))
    return float(np.max(hi - lo, initial=0.0) / np.min(hi - lo, initial=np.inf)) ** form.order if len(lo) else 1.0


def volumes(form: Form, unknown: int) -> list[Region]:
    """The regions of full dimension on which an unknown has equations (any on which it has one, if there is none)."""
    regions = [row.region for row in form.rows if unknown in row.indices]
    return list(dict.fromkeys(r for r in regions if r.dim == form.space.dim)) or regions[:1]
