"""Sections: the spatial region that one in space-time is at every time of its span."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from inrpde.declaration.regions.boundary import Boundary, End
from inrpde.declaration.regions.box import Box, Flat
from inrpde.declaration.regions.combine import Combined, Selected, combine
from inrpde.declaration.regions.cylinder import Cylinder
from inrpde.declaration.regions.region import Region, Solid
from inrpde.declaration.regions.where import Where

CLOSE = 1e-9
"""The share of a span by which times may differ that are alike; that of a boundary's tolerance."""


def section(region: Region) -> Region | None:
    """The spatial region of which this is the cylinder in time, None where it changes with time, or is known by points
    alone; a spatial one is its own."""
    return _section(region) if region.has_time else region


@singledispatch
def _section(region: Region) -> Region | None:
    return None


@_section.register
def _(region: Cylinder) -> Region:
    return region.base


@_section.register
def _(region: Box) -> Region:
    return Box(region.space, region.lo[:-1], region.hi[:-1])


@_section.register
def _(region: Flat) -> Region | None:
    return Flat(region.space, region.lo[:-1], region.hi[:-1]) if np.ptp([region.lo[-1], region.hi[-1]]) else None


@_section.register
def _(region: Boundary) -> Region | None:
    inner = section(region.solid)
    return inner.boundary if isinstance(inner, Solid) else None


@_section.register
def _(region: End) -> Region | None:
    return section(region.solid)


@_section.register
def _(region: Where) -> Region | None:
    inner = section(region.region)
    return None if inner is None or region.relation.has(region.space.time) else Where(inner, region.relation)


@_section.register(Combined)
@_section.register(Selected)
def _(region: Combined | Selected) -> Region | None:
    left, right = section(region.left), section(region.right)
    return None if left is None or right is None or not _lasts(region) else combine(region.sign, left, right)


def _lasts(region: Combined | Selected) -> bool:
    """Do both parts stand as long as the whole does? What meets does so as long as both do."""
    if region.sign == "&":
        return True
    return _covers(region.right, region.left) and (region.sign == "-" or _covers(region.left, region.right))


def _covers(one: Region, other: Region) -> bool:
    """Does one stand at all times of the other?"""
    (lo, hi), (start, end) = ([float(each[-1]) for each in region.bounds] for region in (one, other))
    slack = CLOSE * (end - start)
    return lo <= start + slack and hi >= end - slack
