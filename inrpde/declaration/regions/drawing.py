"""A picture of regions by points of them, as SVG: notebooks show it without any other package."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from inrpde.declaration.regions.chart import Array
from inrpde.declaration.regions.pilot import pilot_points

if TYPE_CHECKING:
    from inrpde.declaration.regions.region import Region

WIDTH, HEIGHT, MARGIN, LINE = 320.0, 240.0, 24.0, 16.0
"""Of the picture without its legend, of its frame, and of a line of text, in pixels."""
POINTS = 800
"""Points of a region that are drawn, about."""
SHEAR = np.array([0.45, 0.3])
"""How far the second of three axes goes to the right and up, as a share of its length."""
COLOURS = ("#94a3b8", "#b3261e", "#2563a8", "#1a7f45", "#a8640c", "#7c3aed", "#0e7490", "#be185d")


def svg(regions: Mapping[str, Region]) -> str:
    """Points of the regions of one space in the plane of the first two coordinates, of three in oblique projection;
    solids first, what lies on them above. Raises ProblemError for a region of which nothing is left."""
    order = sorted(regions.items(), key=lambda item: -item[1].dim)
    shown = [(text, region.dim, _plane(points_of(region))) for text, region in order]
    every = np.concatenate([points for *_, points in shown])
    lo, extent = every.min(axis=0), np.ptp(every, axis=0)
    scale = np.array([WIDTH, HEIGHT]) / np.where(extent > 0, extent, 1.0)
    if not order[0][1].has_time and extent.min() > 0.1 * extent.max():
        scale[:] = scale.min()  # lengths compare
    width, height = np.maximum(extent * scale, 1.0)
    parts = [
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{width:.1f}" height="{height:.1f}" fill="none" stroke="#cbd5e1"/>',
        _ranges(order[0][1], height),
    ]
    for number, (text, dim, points) in enumerate(shown):
        colour, size = COLOURS[number % len(COLOURS)], 1.2 if dim > 1 else 2.0
        at = (points - lo) * scale
        dots = "".join(f"M{MARGIN + x:.1f} {MARGIN + height - y:.1f}h0" for x, y in at)
        parts.append(f'<path d="{dots}" stroke="{colour}" stroke-width="{2 * size}" stroke-linecap="round"/>')
        below = height + 2 * MARGIN + LINE * (number + 1)
        parts.append(f'<text x="{MARGIN}" y="{below:.0f}" fill="{colour}">{escape(text)}</text>')
    whole = f"{max(width, WIDTH) + 2 * MARGIN:.0f}", f"{height + 2 * MARGIN + LINE * (len(shown) + 1):.0f}"
    style = 'font-family="sans-serif" font-size="11"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole[0]}" height="{whole[1]}" {style}>{"".join(parts)}</svg>'
    )


def points_of(region: Region) -> Array:
    """Some points (N, d) of a region, spread over its parts by their measure."""
    total = sum(part.measure for part in region.parts)
    counts = [max(2, round(POINTS * part.measure / total)) for part in region.parts]
    found = [pilot_points(part, count)[:POINTS] for part, count in zip(region.parts, counts, strict=True)]
    return np.concatenate(found)


def _plane(points: Array) -> Array:
    """Where points are drawn, (N, 2)."""
    if points.shape[1] == 1:
        return np.column_stack([points, np.zeros(len(points))])
    if points.shape[1] == 3:
        return points[:, [0, 2]] + points[:, [1]] * SHEAR
    return points[:, :2]


def _ranges(region: Region, height: float) -> str:
    """The coordinates with their ranges, below the frame."""
    texts = [f"{x} {a:.4g}…{b:.4g}" for x, a, b in zip(region.coords, *region.bounds, strict=True)]
    return f'<text x="{MARGIN}" y="{MARGIN + height + LINE:.0f}">{escape(", ".join(texts))}</text>'
