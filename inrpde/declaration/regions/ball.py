"""Balls of any dimension; in one an interval, in two a disc."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import gamma, pi
from typing import Any

import numpy as np

from inrpde.declaration.regions.chart import Array, Chart, Piece
from inrpde.declaration.regions.region import Solid, check_extent, classify, number
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError


class Ball(Solid):
    """The ball of a centre (in the spatial coordinates) and a radius: `Ball(space, (0, 0), 1)`.

    In a space with time it is spatial: it becomes a cylinder where it meets a space-time region, or by `over`.
    Raises ProblemError for a centre of another dimension and for a radius that is no positive number.
    """

    def __init__(self, space: Space, centre: Sequence[Any] | float, radius: Any):
        place = f"Ball(space, {centre}, {radius})"
        if not isinstance(space, Space):
            raise ProblemError(f"{space} is not a Space", place, 'Ball(Space("x y"), (0, 0), 1)')
        super().__init__(space, space.spatial)
        entries = list(centre) if np.iterable(centre) else [centre]
        if len(entries) != len(self.coords):
            raise ProblemError(
                f"the centre has {len(entries)} coordinates and the space has {len(self.coords)}", place,
                f"give the centre as ({', '.join(map(str, self.coords))})",
            )  # fmt: skip
        fix = "a centre and a radius are finite numbers"
        self.centre = np.array([number(entry, place, fix) for entry in entries])
        self.radius = number(radius, place, fix)
        if self.radius <= 0:
            raise ProblemError(f"the radius {radius} is not positive", place, "give a radius > 0")
        check_extent(self.coords, *self.bounds, place)

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.centre - self.radius, self.centre + self.radius

    @property
    def label(self) -> str:
        centre = ", ".join(f"{c:g}" for c in self.centre)
        return f"Ball({centre if len(self.centre) == 1 else f'({centre})'}, {self.radius:g})"

    def side(self, points: Array, tol: float) -> Array:
        return classify(self._distance(points), tol)

    def value(self, points: Array) -> Array:
        """|x - c|² - r² (N,), which is smooth."""
        return np.sum((points - self.centre) ** 2, axis=1) - self.radius**2

    def gradient(self, points: Array) -> Array:
        """That of the value (N, d)."""
        return 2 * (points - self.centre)

    def _distance(self, points: Array) -> Array:
        squares = np.zeros(len(points))
        for c, x in zip(self.centre, points.T, strict=True):
            squares += (x - c) ** 2
        return np.sqrt(squares) - self.radius

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        dim = len(self.centre)
        volume = pi ** (dim / 2) / gamma(dim / 2 + 1) * self.radius**dim

        def at(unit: Array) -> Array:
            if dim == 1:
                return self.centre + self.radius * (2 * unit - 1)
            return self.centre + self.radius * unit[:, :1] ** (1 / dim) * directions(unit[:, 1:])

        return (Piece(Chart(dim, volume, at, lambda points, tol: self._distance(points) <= tol)),)

    @cached_property
    def walls(self) -> tuple[Chart, ...]:
        dim = len(self.centre)
        if dim == 1:
            return tuple(self._point(sign) for sign in (-1.0, 1.0))
        area = 2 * pi ** (dim / 2) / gamma(dim / 2) * self.radius ** (dim - 1)
        return (
            Chart(
                dim - 1, area, lambda unit: self.centre + self.radius * directions(unit),
                lambda points, tol: np.abs(self._distance(points)) <= tol, self._normals,
            ),
        )  # fmt: skip

    def _point(self, sign: float) -> Chart:
        point = self.centre + sign * self.radius
        return Chart(
            0, 1.0, lambda unit: point[None], lambda points, tol: np.abs(points[:, 0] - point[0]) <= tol,
            lambda points: np.full((len(points), 1), sign),
        )  # fmt: skip

    def _normals(self, points: Array) -> Array:
        outward = points - self.centre
        return outward / np.linalg.norm(outward, axis=1, keepdims=True)


def directions(unit: Array) -> Array:
    """Uniform unit vectors (N, d) from the unit cube (N, d - 1), d ≥ 2.

    One component after the other: the first of a uniform direction in R^k is 2β - 1 with β ~ Beta((k-1)/2, (k-1)/2).
    """
    count, dim = len(unit), unit.shape[1] + 1
    vectors, left = np.empty((count, dim)), np.ones(count)
    for k in range(dim, 2, -1):
        u = unit[:, dim - k]
        if k == 3:
            component = 2 * u - 1
        else:
            from scipy.special import betaincinv

            component = 2 * betaincinv((k - 1) / 2, (k - 1) / 2, u) - 1
        vectors[:, dim - k] = left * component
        left = left * np.sqrt((1 - component) * (1 + component))
    angle = 2 * pi * unit[:, -1]
    vectors[:, -2], vectors[:, -1] = left * np.cos(angle), left * np.sin(angle)
    return vectors
