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


@singledispatch
def section(region: Region) -> Region | None:
    """The spatial region of which this is the cylinder in time, None where it changes with time, or is known by points
    alone."""
    return None


@section.register
def _(region: Cylinder) -> Region:
    return region.base


@section.register
def _(region: Box) -> Region:
    return Box(region.space, region.lo[:-1], region.hi[:-1]) if region.has_time else region


@section.register
def _(region: Flat) -> Region | None:
    return Flat(region.space, region.lo[:-1], region.hi[:-1]) if np.ptp([region.lo[-1], region.hi[-1]]) else None


@section.register
def _(region: Boundary) -> Region | None:
    inner = section(region.solid)
    return inner.boundary if isinstance(inner, Solid) else None


@section.register
def _(region: End) -> Region | None:
    return section(region.solid)


@section.register
def _(region: Where) -> Region | None:
    inner = section(region.region)
    return None if inner is None or region.relation.has(region.space.time) else Where(inner, region.relation)


@section.register(Combined)
@section.register(Selected)
def _(region: Combined | Selected) -> Region | None:
    left, right = section(region.left), section(region.right)
    return None if left is None or right is None else combine(region.sign, left, right)
