"""The walls of regions: the planes along the coordinates in which they lie, and the curved ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.declaration.regions.chart import Chart
from inrpde.declaration.regions.region import Solid
from inrpde.sampling.cells.tessellation import OUTSIDE, Array
from inrpde.sampling.grid import grid_points

FLAT = 1e-12
"""How far the points of a wall along a coordinate may lie apart across it, as a share of the size."""


def charts(regions: Sequence[Solid]) -> list[tuple[Chart, Solid]]:
    """The charts of all walls of the primitives that the regions are made of, each with its primitive."""
    primitives = dict.fromkeys(primitive for region in regions for primitive in region.primitives)
    return [(chart, primitive) for primitive in primitives for chart in (*primitive.walls, *primitive.ends)]


def planes(chart: Chart, dim: int, size: float) -> list[tuple[int, float]]:
    """The (axis, value) of the planes along the coordinates that hold the chart; none for a curved one."""
    points = chart.at(grid_points([np.linspace(0.01, 0.99, 9)] * chart.dim) if chart.dim else np.empty((1, 0)))
    if dim == 1:
        return [(0, float(x)) for x in points[:, 0]]
    return [(k, float(np.median(points[:, k]))) for k in range(dim) if np.ptp(points[:, k]) <= FLAT * size]


def part_at(regions: Sequence[Solid], points: Array) -> Array:
    """The number (N,) of the region inside which each point (N, d) lies, `OUTSIDE` of all."""
    part = np.full(len(points), OUTSIDE)
    for number, region in enumerate(regions):
        left = np.flatnonzero(part == OUTSIDE)
        part[left[region.side(points[left], 0.0) > 0]] = number
    return part
