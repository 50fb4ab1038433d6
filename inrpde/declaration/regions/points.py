"""Finite sets of points, and points with labels: pixels, sensors, a scanned surface."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Dummy, Expr, ImmutableDenseMatrix

from inrpde.declaration.regions.chart import Array, Chart, Piece
from inrpde.declaration.regions.region import Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError


class PointSet(Region):
    """The points `coordinates` (N, d), of measure 1 in all: integrals over them are means."""

    def __init__(self, space: Space, coordinates: Array):
        super().__init__(space, space.coords[: coordinates.shape[1]], 0)
        self.coordinates = coordinates

    @property
    def label(self) -> str:
        if len(self.coordinates) > 3:
            return f"{len(self.coordinates)} points"
        return "{" + ", ".join("(" + ", ".join(f"{x:g}" for x in point) + ")" for point in self.coordinates) + "}"

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        return self.coordinates.min(axis=0), self.coordinates.max(axis=0)

    @cached_property
    def size(self) -> float:
        """The largest spatial extent (that in time where there is nothing else), or the distance from the origin where
        the points coincide."""
        lo, hi = (end[: len(self.space.spatial) or 1] for end in self.bounds)
        return float(np.max(hi - lo) or np.max(np.abs(hi)) or 1.0)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        return (Piece(self._chart()),)

    def _chart(self) -> Chart:
        return Chart(0, 1.0, lambda unit: self.coordinates, self._contains)

    def _contains(self, points: Array, tol: float) -> Array:
        return self._tree.query(points / self.units)[0] <= tol

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self.coordinates / self.units)


class Points(PointSet):
    """Labelled points: `Points(space, coordinates, {"reading": values})`; no point is left out or resampled.

    `coordinates` (N, d) are in the order of `space.coords` (with N numbers in 1-D); a label has a value (N,), or k
    values (N, k), a point and enters equations as `points["reading"]`: a symbol, or a column Matrix of k symbols.
    `normals` (N, d), of any length but 0, are those that `space.normal` and `dn` mean on these points. Raises
    ProblemError for arrays of the wrong shape and for values that are not finite.
    """

    def __init__(
        self, space: Space, coordinates: Any, labels: Mapping[str, Any] | None = None, normals: Any | None = None
    ):
        super().__init__(space, _coordinates(space, coordinates))
        labels = {} if labels is None else labels
        if not isinstance(labels, Mapping) or not all(isinstance(name, str) for name in labels):
            raise ProblemError(
                "the labels have no names", "Points(space, coordinates, labels)", 'name them: {"reading": values}'
            )
        count = len(self.coordinates)
        self._symbols: dict[str, Expr | ImmutableDenseMatrix] = {}
        self.values: dict[Dummy, Array] = {}
        for name, data in labels.items():
            values = _array(data, f'Points(…)["{name}"]')
            if values.ndim not in (1, 2) or len(values) != count:
                raise ProblemError(
                    f"the label '{name}' has shape {values.shape} and there are {count} points",
                    f'Points(space, …, {{"{name}": …}})',
                    f"give one value a point, shape ({count},), or k of them, shape ({count}, k)",
                )  # fmt: skip
            columns = [values] if values.ndim == 1 else list(values.T)
            names = [name] if values.ndim == 1 else [f"{name}_{k}" for k in range(len(columns))]
            kind = {"complex": True} if np.iscomplexobj(values) else {"real": True}
            symbols = [Dummy(each, **kind) for each in names]
            self.values |= dict(zip(symbols, columns, strict=True))
            self._symbols[name] = symbols[0] if values.ndim == 1 else ImmutableDenseMatrix(symbols)
        self.labels = tuple(self.values)
        self.normals = None if normals is None else self._unit_normals(_array(normals, "Points(…, normals=…)"))

    def __getitem__(self, name: str) -> Expr | ImmutableDenseMatrix:
        """The symbol of a label, or a column Matrix of symbols."""
        if name not in self._symbols:
            there = ", ".join(map(repr, self._symbols)) or "none"
            raise ProblemError(f"there is no label '{name}'", f'{self.label}["{name}"]', f"the labels are: {there}")
        return self._symbols[name]

    def _unit_normals(self, normals: Array) -> Array:
        dim = len(self.space.spatial)
        count = len(self.coordinates)
        if normals.shape != (count, dim):
            raise ProblemError(
                f"the normals have shape {normals.shape}",
                "Points(…, normals=…)",
                f"give one a point, shape ({count}, {dim})",
            )
        lengths = np.linalg.norm(normals, axis=1, keepdims=True)
        if np.any(lengths == 0):
            raise ProblemError(
                f"{np.count_nonzero(lengths == 0)} of the normals are zero",
                "Points(…, normals=…)",
                "leave those points out",
            )
        time = np.zeros((count, len(self.coords) - dim))
        return np.column_stack([normals / lengths, time])

    def _chart(self) -> Chart:
        normals = self.normals
        at_points = None if normals is None else (lambda points: normals[self._tree.query(points / self.units)[1]])
        return Chart(0, 1.0, lambda unit: self.coordinates, self._contains, at_points, self.values)


def _array(data: Any, place: str) -> Array:
    try:
        values = np.asarray(data)
        values = values.astype(complex if np.iscomplexobj(values) else float)
    except (TypeError, ValueError):
        raise ProblemError(
            "this is not an array of numbers", place, "give a numpy array or nested lists of numbers"
        ) from None
    if not np.all(np.isfinite(values)):
        bad = int(np.count_nonzero(~np.isfinite(values)))
        raise ProblemError(f"{bad} of {values.size} values are not finite", place, "leave those points out")
    return values


def _coordinates(space: Space, coordinates: Any) -> Array:
    place = "Points(space, coordinates, …)"
    values = _array(coordinates, place)
    if values.ndim == 1 and len(space.coords) == 1:
        values = values[:, None]
    if values.ndim != 2 or values.shape[1] != space.dim or not len(values) or np.iscomplexobj(values):
        raise ProblemError(
            f"the coordinates have shape {values.shape} in a space of {space.dim} coordinates", place,
            f"give real numbers of shape (N, {space.dim}), in the order {', '.join(map(str, space.coords))}",
        )  # fmt: skip
    return values
