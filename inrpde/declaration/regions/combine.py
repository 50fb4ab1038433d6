"""Difference, union and intersection: a tree of our own, whose leaves are primitives."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from sympy import Interval

from inrpde.declaration.regions.chart import Array, Piece
from inrpde.declaration.regions.pilot import pilot_points
from inrpde.declaration.regions.region import Region, Solid, bracketed
from inrpde.errors import ProblemError

WORDS = {"-": "without", "|": "and", "&": "within"}


def combine(sign: str, left: Region, right: Region) -> Region:
    """left - right, left | right, left & right. What is spatial becomes a cylinder where it meets space-time."""
    place = f"({left.label}) {sign} ({right.label})"
    if left.space.coords != right.space.coords:
        raise ProblemError("the regions lie in different spaces", place, "use one Space in a problem")
    parents = left, right
    if left.has_time != right.has_time:
        span = _span(left if left.has_time else right)
        left, right = (each if each.has_time else each.over(span) for each in parents)
    if sign == "|" and left.dim != right.dim:
        raise ProblemError(
            f"the union of sets of dimensions {left.dim} and {right.dim}", place, "put a condition on each of the two"
        )
    if sign == "-" and right.dim < left.dim:
        _check_harmless(left, right, place)
        return left
    if isinstance(left, Solid) and isinstance(right, Solid):
        return Combined(sign, left, right, parents)
    return Selected(sign, left, right, parents)


def _check_harmless(left: Region, right: Region, place: str) -> None:
    """Raise ProblemError for a slit: a surface taken from the inside of a solid, which would leave it as it is."""
    if not isinstance(left, Solid) or right.dim < left.dim - 1:
        return
    if any(np.any(left.side(pilot_points(part), left.tolerance) > 0) for part in right.parts):
        kind = {1: "a point", 2: "a curve"}.get(left.dim, "a surface")
        raise ProblemError(
            f"{kind} is taken from the inside of a region: a slit has two faces, which this region does not get", place,
            "give a mesh whose nodes are doubled along the slit (gmsh: Plugin Crack), or take out a thin region; for a "
            "condition on it leave it in: On(slit, …)",
        )  # fmt: skip


def _span(timed: Region) -> Interval:
    """The interval of time of a region; round it where it is a single time."""
    start, end = (float(bound[-1]) for bound in timed.bounds)
    return Interval(start, end) if start < end else Interval(start - 1, end + 1)


class _Pair(Region):
    """What a combination of solids and one of other sets have in common."""

    def __init__(self, sign: str, left: Region, right: Region, parents: tuple[Region, ...] | None = None):
        dim = min(left.dim, right.dim) if sign == "&" else left.dim
        labels = tuple(dict.fromkeys(left.labels + right.labels))
        Region.__init__(self, left.space, left.coords, dim, parents or (left, right), labels)
        self.sign, self.left, self.right = sign, left, right

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        (lo, hi), (other_lo, other_hi) = self.left.bounds, self.right.bounds
        if self.sign == "|":
            return np.minimum(lo, other_lo), np.maximum(hi, other_hi)
        if self.sign == "-":
            return lo, hi
        lo, hi = np.maximum(lo, other_lo), np.minimum(hi, other_hi)
        # sets that lie apart have no point in common, which `check` says; their bounds are the gap between them
        return np.minimum(lo, hi), np.maximum(lo, hi)

    @property
    def label(self) -> str:
        return f"{bracketed(self.left.label)} {WORDS[self.sign]} {bracketed(self.right.label)}"

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f"{bracketed(parents[0])} {self.sign} {bracketed(parents[1])}"


class Selected(_Pair):
    """Set operations on surfaces, selections and points: the points of one that lie, or do not lie, on the other."""

    @cached_property
    def size(self) -> float:
        return max(self.left.size, self.right.size)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        left, right = self.left, self.right
        if self.sign == "&":
            first, second = (left, right) if left.dim <= right.dim else (right, left)
            return _filtered(first, second, True)
        if self.sign == "-":
            return _filtered(left, right, False)
        return left.pieces + _filtered(right, left, False)

    def _contains(self, points: Array, tol: float) -> Array:
        return self._joined(self.left._contains(points, tol), self.right._contains(points, tol))

    def _bears(self, points: Array, normals: Array, tol: float) -> Array:
        return self._joined(self.left._bears(points, normals, tol), self.right._bears(points, normals, tol))

    def _joined(self, left: Array, right: Array) -> Array:
        return left & right if self.sign == "&" else left | right if self.sign == "|" else left & ~right


class Combined(_Pair, Solid):
    """A difference, union or intersection of solids, closed and without dangling parts of smaller dimension."""

    left: Solid
    right: Solid

    @property
    def primitives(self) -> tuple[Solid, ...]:
        return tuple(dict.fromkeys(self.left.primitives + self.right.primitives))

    @cached_property
    def box(self) -> tuple[tuple[float, float], ...] | None:
        if self.sign != "&" or self.left.box is None or self.right.box is None:
            return None
        lo, hi = self.bounds
        return tuple(zip(lo.tolist(), hi.tolist(), strict=True))

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        left, right = self.left, self.right
        if self.sign == "-":
            return _filtered(left, right, False)
        if self.sign == "|":
            return left.pieces + _filtered(right, left, False)
        smaller, larger = sorted((left, right), key=lambda solid: sum(piece.chart.measure for piece in solid.pieces))
        return _filtered(smaller, larger, True)

    def side(self, points: Array, tol: float) -> Array:
        left, right = self.left.side(points, tol), self.right.side(points, tol)
        if self.sign == "-":
            right = -right
        sides = np.maximum(left, right) if self.sign == "|" else np.minimum(left, right)
        # on both boundaries at once the sides alone cannot tell a shared face from an edge: look around
        both = np.flatnonzero((left == 0) & (right == 0))
        if len(both):
            sides[both] = self._look_around(points[both])
        return sides

    def _look_around(self, points: Array) -> Array:
        lo, hi = self.bounds
        around = points[:, None, :] + 1e-6 * (hi - lo) * unit_vectors(points.shape[1])
        inside = self.side(around.reshape(-1, points.shape[1]), 0.0).reshape(around.shape[:2]) > 0
        return np.where(inside.all(axis=1), 1, np.where(inside.any(axis=1), 0, -1)).astype(np.int8)


def _filtered(first: Region, second: Region, inside: bool) -> tuple[Piece, ...]:
    """The pieces of `first` where `second` is, or is not: a solid to rounding, a surface to its tolerance."""
    tol = 0.0 if isinstance(second, Solid) else second.tolerance

    def keep(points: Array, normals: Array | None) -> Array:
        held = second._contains(points, tol) if normals is None else second._bears(points, normals, tol)
        return held == inside

    return tuple(piece.keeping(keep) for piece in first.pieces)


@lru_cache(maxsize=16)
def unit_vectors(dim: int) -> Array:
    """Unit vectors (K, dim) that look in all directions."""
    if dim == 1:
        return np.array([[-1.0], [1.0]])
    if dim == 2:
        angle = 2 * np.pi * (np.arange(64) + 0.3) / 64
        return np.column_stack([np.cos(angle), np.sin(angle)])
    vectors = np.random.default_rng(0).normal(size=(256, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
