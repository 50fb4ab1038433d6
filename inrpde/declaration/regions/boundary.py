"""Boundaries of any tree of solids, by one rule: cross each primitive's boundary and ask the tree about both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from inrpde.declaration.regions.chart import Array, Chart, Piece, Predicate
from inrpde.declaration.regions.region import Region, Solid, bracketed

STEP = 1e-7
"""How far to step off a boundary, as a share of the solid's extent along the normal."""


def _step(solid: Solid, normals: Array) -> Array:
    lo, hi = solid.bounds
    return normals * (STEP * (np.abs(normals) @ (hi - lo)))[:, None]


def _inward(solid: Solid, points: Array, normals: Array) -> Array:
    return solid.side(points - _step(solid, normals), 0.0) > 0


def _crosses(solid: Solid) -> Predicate:
    """The tree's boundary passes here: exactly one of the two sides is inside, and the point itself is not outside.

    The latter matters where the boundary lies a little off, nearly parallel: a disc that touches the side of a box.
    """

    def keep(points: Array, normals: Array | None) -> Array:
        assert normals is not None
        kept = _inward(solid, points, normals) != (solid.side(points + _step(solid, normals), 0.0) > 0)
        kept[kept] = solid.side(points[kept], solid.tolerance) >= 0
        return kept

    return keep


def _faces(solid: Solid) -> Predicate:
    """A face of a crack is boundary where the tree is on its inward side, and the crack is not filled."""

    def keep(points: Array, normals: Array | None) -> Array:
        assert normals is not None
        return _inward(solid, points, normals) & (solid.side(points, solid.tolerance) == 0)

    return keep


def _uncovered(charts: Sequence[Chart], tol: float) -> Predicate:
    """No earlier chart covers the point: coincident faces count once."""

    def keep(points: Array, normals: Array | None) -> Array:
        free = np.ones(len(points), bool)
        for chart in charts:
            free &= ~chart.covers(points, tol)
        return free

    return keep


def crossing_pieces(solid: Solid, charts_of: Callable[[Solid], tuple[Chart, ...]]) -> tuple[Piece, ...]:
    """The parts of the primitives' charts that are boundary of the tree, with its outward normals."""
    if solid.primitives == (solid,):
        return tuple(Piece(chart) for chart in charts_of(solid))

    def orient(points: Array, normals: Array) -> Array:
        return np.where(_inward(solid, points, normals), 1.0, -1.0)

    pieces: list[Piece] = []
    earlier: list[Chart] = []
    for primitive in solid.primitives:
        charts = charts_of(primitive)
        once = [_uncovered(tuple(earlier), solid.tolerance)] if earlier else []
        for chart in charts:
            keeps = (_faces(solid) if chart.crack else _crosses(solid), *once)
            pieces.append(Piece(chart, keeps, None if chart.crack else orient))
        earlier += charts
    return tuple(pieces)


class Boundary(Region):
    """The boundary of a solid in space (in space-time the lateral one), with outward normals."""

    def __init__(self, solid: Solid):
        super().__init__(solid.space, solid.coords, solid.dim - 1, (solid,))
        self.solid = solid

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.solid.bounds

    @property
    def extents(self) -> Array:
        return self.solid.extents

    @property
    def label(self) -> str:
        return f"boundary of {self.solid.label}"

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f"{bracketed(parents[0])}.boundary"

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        return crossing_pieces(self.solid, lambda primitive: primitive.walls)

    def _contains(self, points: Array, tol: float) -> Array:
        return _shell(self.solid, [c for p in self.solid.primitives for c in p.walls], points, tol)


class End(Boundary):
    """The initial or final part of a solid in space-time; it has no normals."""

    def __init__(self, solid: Solid, which: str):
        super().__init__(solid)
        self.which = which

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """Flat in time where all parts of the solid start, or end, together."""
        lo, hi = (end.copy() for end in self.solid.bounds)
        spans = {(float(p.bounds[0][-1]), float(p.bounds[1][-1])) for p in self.solid.primitives}
        if len(spans) == 1:
            lo[-1] = hi[-1] = lo[-1] if self.which == "initial" else hi[-1]
        return lo, hi

    @property
    def label(self) -> str:
        return f"{'start' if self.which == 'initial' else 'end'} in time of {self.solid.label}"

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f"{bracketed(parents[0])}.{self.which}"

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        crossing = crossing_pieces(self.solid, lambda primitive: primitive.ends)
        return tuple(Piece(replace(piece.chart, normals=None), (self._keep(piece),)) for piece in crossing)

    def _keep(self, piece: Piece) -> Predicate:
        sign = -1.0 if self.which == "initial" else 1.0

        def keep(points: Array, _: Array | None) -> Array:
            kept = piece.kept(points)
            normals = piece.normals(points[kept])
            assert normals is not None
            kept[kept] = sign * normals[:, -1] > 0
            return kept

        return keep

    def _contains(self, points: Array, tol: float) -> Array:
        inward = np.zeros(self.solid.dim)
        inward[-1] = 1.0 if self.which == "initial" else -1.0
        lo, hi = self.solid.bounds
        step = STEP * (hi - lo) * inward
        on = _shell(self.solid, [c for p in self.solid.primitives for c in p.ends], points, tol)
        here = np.flatnonzero(on)
        on[here] = self.solid._contains(points[here] + step, tol) & ~self.solid._contains(points[here] - step, tol)
        return on


def _shell(solid: Solid, charts: Sequence[Chart], points: Array, tol: float) -> Array:
    """Which points lie on the boundary of the solid and on one of the charts."""
    on = np.zeros(len(points), bool)
    for chart in charts:
        on |= chart.covers(points, tol)
    here = np.flatnonzero(on)
    on[here] = solid.side(points[here], tol) == 0
    return on
