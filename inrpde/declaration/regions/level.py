"""One inequality g ≤ 0 inside a box: what implicit regions are made of."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from sympy import Expr, lambdify

from inrpde.declaration.regions.chart import Array, Chart, Piece, box_chart
from inrpde.declaration.regions.contour import contour
from inrpde.declaration.regions.region import Solid
from inrpde.declaration.regions.sequence import lattice
from inrpde.declaration.regions.simplices import Simplices
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError


class Level(Solid):
    """The points of the box `lo` to `hi` (d,) at which g ≤ 0; its wall is g = 0, not the box.

    The wall is found where g changes sign along the edges of a grid, and points on it by Newton's method: measures are
    accurate to about 1e-5 on curves, 1e-3 on surfaces, if the radius of curvature spans some cells of the grid.
    """

    def __init__(self, space: Space, gap: Expr, lo: Array, hi: Array):
        super().__init__(space, space.coords[: len(lo)])
        self.gap, self.lo, self.hi = gap, lo, hi

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.lo, self.hi

    @property
    def label(self) -> str:
        return f"{self.gap} <= 0"

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        return (Piece(box_chart(self.lo, self.hi), (lambda points, normals: self.value(points) <= 0,)),)

    def side(self, points: Array, tol: float) -> Array:
        value = self.value(points)
        slack = tol * self._steepest if tol else 0.0
        return (value < -slack).astype(np.int8) - (value > slack)

    def value(self, points: Array) -> Array:
        """g (N,); +inf where it is not a number."""
        with np.errstate(all="ignore"):
            value = np.broadcast_to(np.asarray(self._value(*points.T), float), len(points))
        return np.where(np.isnan(value), np.inf, value)

    def gradient(self, points: Array) -> Array:
        """∇g (N, d), in all coordinates; 0 where it is not a number."""
        with np.errstate(all="ignore"):
            columns = [np.broadcast_to(np.asarray(column, float), len(points)) for column in self._gradient(*points.T)]
        return np.nan_to_num(np.column_stack(columns), nan=0.0, posinf=0.0, neginf=0.0)

    @cached_property
    def _value(self) -> Any:
        return lambdify(self.coords, self.gap, modules=["numpy", "scipy"], cse=True, docstring_limit=0)

    @cached_property
    def _gradient(self) -> Any:
        slopes = [self.gap.diff(x) for x in self.coords]
        return lambdify(self.coords, slopes, modules=["numpy", "scipy"], cse=True, docstring_limit=0)

    @cached_property
    def _steepest(self) -> float:
        points = self.lo + (self.hi - self.lo) * lattice(1024, len(self.lo), np.random.default_rng(0))
        return float(np.max(np.linalg.norm(self.gradient(points) * self.units, axis=1))) or 1.0

    @cached_property
    def walls(self) -> tuple[Chart, ...]:
        if len(self.lo) > 3:
            raise ProblemError(
                f"the boundary of {self.label} in {len(self.lo)} coordinates", "Implicit(…).boundary",
                "implicit boundaries are found in up to 3 coordinates; use Ball and boxes, or a cylinder with `over`",
            )  # fmt: skip
        vertices = contour(self.value, self.lo, self.hi)
        if len(self.lo) == 1:
            return tuple(self._root(point) for point in vertices[:, 0])
        return (self._wall(Simplices(vertices)),) if len(vertices) else ()

    def _root(self, point: Array) -> Chart:
        return Chart(
            0, 1.0, lambda unit: point[None], lambda points, tol: np.abs(points[:, 0] - point[0]) <= tol, self._normals
        )

    def _wall(self, simplices: Simplices) -> Chart:
        def at(unit: Array) -> Array:
            return self._projected(simplices.at(unit), simplices.longest)

        return Chart(len(self.lo) - 1, simplices.measure, at, self._covers, self._normals)

    def _projected(self, points: Array, reach: float) -> Array:
        """The points moved onto g = 0 along the gradient, at most `reach` far."""
        moved = points.copy()
        for _ in range(6):
            slope = self.gradient(moved)
            step = (self.value(moved) / np.maximum(np.sum(slope**2, axis=1), 1e-300))[:, None] * slope
            moved = moved - np.where(np.isfinite(step), step, 0.0)
        near = np.linalg.norm(moved - points, axis=1) <= reach
        return np.where(near[:, None], moved, points)

    def _covers(self, points: Array, tol: float) -> Array:
        return np.abs(self.value(points)) <= tol * np.linalg.norm(self.gradient(points) * self.units, axis=1)

    def _normals(self, points: Array) -> Array:
        slope = self.gradient(points)
        slope[:, len(self.space.spatial) :] = 0.0
        return slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-300)
