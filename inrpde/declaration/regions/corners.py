"""Corners of plane regions: where the arcs of the boundary end, and what their tangents and normals say about the sector."""

from __future__ import annotations

from typing import Any

import numpy as np

from inrpde.declaration.regions.chart import Array, Corner
from inrpde.declaration.regions.pilot import Part, parts
from inrpde.declaration.regions.region import Solid

NEAR = 1e-5
"""Ends of arcs closer than this share of the region's size are one vertex."""

INWARDS = 1e-6
"""How far along an arc its direction is taken, as a share of the region's size."""

STRAIGHT = 1e-3
"""Radians: what differs less from π is no corner."""


def corners(solid: Solid) -> tuple[Corner, ...]:
    """The corners of a spatial region in two coordinates, sharp to rounding; empty for all other regions."""
    if solid.space.time is not None or len(solid.coords) != 2:
        return ()
    ends = [end for part in parts(solid.boundary) for end in _ends(part, solid.size)]
    found = [corner for vertex in _clusters([end.point for end in ends], NEAR * solid.size) for corner in _sectors(ends, vertex)]
    return tuple(sorted(found, key=lambda corner: corner.point))


class _End:
    """The end of an arc, and whether the region lies to the left of one who walks into it."""

    def __init__(self, part: Part, parameter: float, sign: float, size: float):
        self.chart, self.parameter, self.sign = part.piece.chart, parameter, sign
        self.steps = sign * INWARDS * size / self.chart.measure * np.array([[1.0], [2.0]])
        self.point = self.at(parameter)
        inner = self.chart.at(parameter + self.steps)
        outward = part.piece.normals(inner)[0]  # type: ignore[index]
        along = inner[0] - self.point
        self.region_left = bool(outward[0] * along[1] - outward[1] * along[0] > 0)
        self.tangent = self.tangent_at(parameter)
        self.velocity = sign * self.chart.measure * self.tangent

    def at(self, parameter: float) -> Array:
        return self.chart.at(np.array([[parameter]]))[0]

    def tangent_at(self, parameter: float) -> Array:
        """The unit tangent into the arc, extrapolated from the normals a little further on."""
        inner = self.chart.at(parameter + self.steps)
        one, two = self.chart.normals(inner)  # type: ignore[misc]
        normal = (2 * one - two) / np.linalg.norm(2 * one - two)
        along = np.array([-normal[1], normal[0]])
        return along * np.sign(along @ (inner[1] - inner[0]))


def _ends(part: Part, size: float) -> list[_End]:
    ends = []
    for lo, hi in part.spans:  # type: ignore[union-attr]
        inside = part.piece.chart.breaks
        cuts = [lo, *inside[(inside > lo) & (inside < hi)].tolist(), hi]
        for a, b in zip(cuts[:-1], cuts[1:], strict=True):
            ends += [_End(part, a, 1.0, size), _End(part, b, -1.0, size)]
    return ends


def _clusters(points: list[Array], near: float) -> list[Array]:
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    tree: Any = cKDTree(np.array(points))
    labels = connected_components(tree.sparse_distance_matrix(tree, near), directed=False)[1]
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _sectors(ends: list[_End], vertex: Array) -> list[Corner]:
    """Each sector opens counter-clockwise from an arc with the region on its left to the next with it on its right."""
    opening = [ends[k] for k in vertex if ends[k].region_left]
    closing = [ends[k] for k in vertex if not ends[k].region_left]
    found = []
    for start in opening if closing else []:
        stop = min(closing, key=lambda end: _turn(start.tangent, end.tangent))  # noqa: B023
        parameters = _crossing(start, stop)
        directions = start.tangent_at(parameters[0]), stop.tangent_at(parameters[1])
        angle = _turn(*directions)
        if abs(angle - np.pi) > STRAIGHT:
            x, y = start.at(parameters[0])
            found.append(Corner((float(x), float(y)), angle, float(np.arctan2(directions[0][1], directions[0][0]))))
    return found


def _turn(one: Array, other: Array) -> float:
    """The angle in [0, 2π) by which `one` turns counter-clockwise to `other`."""
    return float(np.arctan2(one[0] * other[1] - one[1] * other[0], one @ other) % (2 * np.pi))


def _crossing(one: _End, other: _End) -> Array:
    """The parameters at which two arcs meet, by Newton's method from their ends; those of the ends if they touch."""
    parameters = np.array([one.parameter, other.parameter])
    if abs(np.sin(_turn(one.tangent, other.tangent))) < STRAIGHT:
        return parameters
    jacobian = np.column_stack([one.velocity, -other.velocity])
    for _ in range(4):
        parameters -= np.linalg.solve(jacobian, one.at(parameters[0]) - other.at(parameters[1]))
    return parameters
