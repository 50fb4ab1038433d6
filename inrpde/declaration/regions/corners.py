"""Corners of plane regions: where arcs of the boundary end, and the sector between their tangents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inrpde.declaration.regions.chart import Array, Corner
from inrpde.declaration.regions.pilot import Part

if TYPE_CHECKING:
    from inrpde.declaration.regions.region import Solid

NEAR = 1e-5
"""Ends of arcs closer than this share of the region's size are one vertex."""

INWARDS = 1e-6
"""How far along an arc its direction is taken, as a share of the region's size."""

SLENDER = 100.0
"""The size of a region that is more slender is so many times its shorter side."""

STRAIGHT = 1e-3
"""Radians: what differs less from π is no corner."""


def corners(solid: Solid) -> tuple[Corner, ...]:
    """The corners of a spatial region in two coordinates, sharp to rounding; empty for all other regions."""
    if solid.space.time is not None or len(solid.coords) != 2:
        return ()
    lo, hi = solid.bounds
    size = min(solid.size, SLENDER * float(np.min(hi - lo)))
    ends = [end for part in solid.boundary.parts for end in _Arc(part, size).ends()]
    found = [
        corner for vertex in _clusters([end.point for end in ends], NEAR * size) for corner in _sectors(ends, vertex)
    ]
    return tuple(sorted(found, key=lambda corner: corner.point))


class _End:
    """The end of an arc, its unit tangent into the arc, and whether the region lies to the left of it."""

    def __init__(self, arc: _Arc, parameter: float, sign: float, point: Array, tangent: Array, region_left: bool):
        self.arc, self.parameter, self.sign = arc, parameter, sign
        self.point, self.tangent, self.region_left = point, tangent, region_left

    @property
    def velocity(self) -> Array:
        return self.sign * self.arc.speed * self.tangent


class _Arc:
    """A part of the boundary, walked along at constant speed."""

    def __init__(self, part: Part, size: float):
        self.part, self.speed = part, part.piece.chart.measure
        self.step = INWARDS * size / self.speed

    def at(self, parameters: Array) -> Array:
        return self.part.piece.chart.at(np.reshape(parameters, (-1, 1)))

    def tangents(self, parameters: Array, signs: Array) -> Array:
        """Unit tangents (K, 2) in the direction of the signs, extrapolated from the normals a little further on."""
        one, two = (self.at(parameters + k * signs * self.step) for k in (1, 2))
        normals = 2 * self.part.piece.chart.normals(one) - self.part.piece.chart.normals(two)  # type: ignore[misc]
        along = np.column_stack([-normals[:, 1], normals[:, 0]])
        along *= np.sign(np.sum(along * (two - one), axis=1, keepdims=True))
        return along / np.linalg.norm(along, axis=1, keepdims=True)

    def ends(self) -> list[_End]:
        starts, stops = [], []
        breaks = self.part.piece.chart.breaks
        for lo, hi in self.part.spans:
            inside = breaks[(breaks > lo) & (breaks < hi)]
            starts.append(np.concatenate([[lo], inside]))
            stops.append(np.concatenate([inside, [hi]]))
        parameters = np.concatenate(starts + stops)
        signs = np.repeat([1.0, -1.0], len(parameters) // 2)
        tangents = self.tangents(parameters, signs)
        outward = self.part.piece.normals(self.at(parameters + signs * self.step))
        left = outward[:, 0] * tangents[:, 1] - outward[:, 1] * tangents[:, 0] > 0  # type: ignore[index]
        points, near = self.at(parameters), self.at(parameters + signs * self.step)
        # where the chart jumps from one curve to another, an arc ends a step beyond its last point
        jumped = np.linalg.norm(points - near, axis=1) > 2 * self.step * self.speed
        points[jumped] = (near - self.step * self.speed * tangents)[jumped]
        rows = zip(parameters, signs, points, tangents, left, strict=True)
        return [_End(self, *row) for row in rows]


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
        stop = min(closing, key=lambda end: _sector(start, end))
        point, one, other = _meet(start, stop)
        angle = _sector(start, stop) if _faces(start, stop) else _turn(one, other)
        if abs(angle - np.pi) > STRAIGHT:
            found.append(Corner((float(point[0]), float(point[1])), angle, float(np.arctan2(one[1], one[0]))))
    return found


def _sector(start: _End, stop: _End) -> float:
    """The angle from one arc to another; all round from one face of a crack to the other, between which nothing is."""
    angle = _turn(start.tangent, stop.tangent)
    closed = _faces(start, stop) and min(angle, 2 * np.pi - angle) < STRAIGHT
    return 2 * float(np.pi) if closed else angle


def _faces(start: _End, stop: _End) -> bool:
    return start.arc.part.piece.chart.crack and stop.arc.part.piece.chart.crack


def _turn(one: Array, other: Array) -> float:
    """The angle in [0, 2π) by which `one` turns counter-clockwise to `other`."""
    return float(np.arctan2(one[0] * other[1] - one[1] * other[0], one @ other) % (2 * np.pi))


def _meet(one: _End, other: _End) -> tuple[Array, Array, Array]:
    """Where two arcs meet, by Newton's method from their ends, and their tangents there."""
    gap = one.point - other.point
    apart = np.linalg.norm(gap) > 1e-6 * one.arc.step * one.arc.speed  # else they meet to rounding
    if not apart or abs(np.sin(_turn(one.tangent, other.tangent))) < STRAIGHT:
        return one.point, one.tangent, other.tangent
    parameters = np.array([one.parameter, other.parameter])
    jacobian = np.column_stack([one.velocity, -other.velocity])
    for _ in range(4):
        parameters -= np.linalg.solve(jacobian, gap)
        gap = one.arc.at(parameters[:1])[0] - other.arc.at(parameters[1:])[0]
    return (
        one.arc.at(parameters[:1])[0],
        one.arc.tangents(parameters[:1], np.array([one.sign]))[0],
        other.arc.tangents(parameters[1:], np.array([other.sign]))[0],
    )
