"""Coefficient data: fields on grids and meshes, and coefficients that are found together with Φ."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Expr, sympify

from inrpde.declaration.hdf5 import read_grid
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

if TYPE_CHECKING:
    from scipy.interpolate import NdBSpline
    from sympy import Symbol

    from inrpde.declaration.regions import Mesh

Array = np.ndarray
Index = tuple[int, ...]
LARGEST = 1e100
"""A learned coefficient's initial value and bounds are below."""
SAME = 1e-9
"""A difference of values that is none, beside the largest."""
BOXES = 1000
"""Boxes between planes across which data on a mesh jump, at most, for these to be of use; chosen."""
METHODS = {"cubic": 3, "linear": 1, "nearest": 0}
"""The degrees of what lies between the nodes of a grid."""


class GridField:
    """Values on a grid, `values[i, j]` at `(axes[0][i], axes[1][j])`, in the order of `space.coords`.

    Where the axes have `names`, a problem whose coordinates have some of these goes by them. Between the nodes, by
    `method`: "cubic", a tensor spline (of lower degree where an axis has fewer than four nodes), whose derivatives are
    those that expanded equations need; "linear", whose slope jumps at the nodes; "nearest", the value of the nearest
    node, which jumps half-way between them. Real or complex.
    """

    def __init__(
        self, values: Any, axes: Sequence[Any], name: str = "GridField", names: Sequence[str] = (),
        method: str = "cubic",
    ):  # fmt: skip
        if method not in METHODS:
            raise ProblemError(f"there is no method {method!r} between nodes", name, f"one of {', '.join(METHODS)}")
        self.values, self.method = np.asarray(values), method
        self.axes = tuple(np.asarray(axis, dtype=float) for axis in axes)
        self.name, self.names = name, tuple(names)
        if self.values.dtype.kind not in "fciu":
            raise ProblemError(
                f"the values are of type {self.values.dtype}, not numbers", name, "give an array of numbers"
            )
        if self.values.shape != tuple(axis.size for axis in self.axes) or not self.axes:
            raise ProblemError(
                f"values of shape {self.values.shape} do not fit axes of lengths {tuple(a.size for a in self.axes)}",
                name,
                "values[i, j] lies at (axes[0][i], axes[1][j]), in the order of space.coords",
            )
        for k, axis in enumerate(self.axes):
            if axis.ndim != 1 or len(axis) < 2 or not np.all(np.isfinite(axis)) or not np.all(np.diff(axis) > 0):
                raise ProblemError(f"axis {k} is not increasing", name, "sort the axis, and the values with it")
        bad = np.argwhere(~np.isfinite(self.values))
        if len(bad):
            raise ProblemError(
                f"{len(bad)} of {self.values.size} values are not finite, the first at index {tuple(map(int, bad[0]))}",
                name,
                "fill the gaps before the field is bound",
            )

    @classmethod
    def from_hdf5(cls, path: str | Path, name: str, method: str = "cubic") -> GridField:
        """A dataset of an HDF5 or NetCDF 4 file, its axes from the dimension scales (or `x`, `y`, … beside it).

        Numbers are decoded by the CF conventions (`scale_factor`, `add_offset`, `_FillValue`, …); units stay as they
        are, and axes that decrease are turned round. Raises ProblemError for values that are missing.
        """
        values, axes, names = read_grid(path, name)
        return cls(values, axes, f"{path}:{name}", names, method)

    def along(self, coords: Sequence[Symbol]) -> GridField:
        """The same field with its axes in the order of the coordinates: those of the same names in their places."""
        wanted = [str(x) for x in coords]
        if len(wanted) != len(self.names):
            return self
        others = (k for k, name in enumerate(self.names) if name not in wanted)
        order = [self.names.index(x) if x in self.names else next(others) for x in wanted]
        names = [self.names[k] for k in order]
        return GridField(np.transpose(self.values, order), [self.axes[k] for k in order], self.name, names, self.method)

    def continued(self, axis: int, low: float, high: float) -> GridField:
        """The same field with one more axis, along which it does not vary, from low to high."""
        axes = [*self.axes[:axis], np.array([low, high]), *self.axes[axis:]]
        values = np.repeat(np.expand_dims(self.values, axis), 2, axis)
        return GridField(values, axes, self.name, method=self.method)

    @property
    def is_complex(self) -> bool:
        return bool(np.iscomplexobj(self.values))

    def covers(self, lo: Array, hi: Array) -> bool:
        slack = 1e-9 * np.maximum(hi - lo, 1e-300)
        return len(self.axes) == len(lo) and all(
            axis[0] <= a + s and axis[-1] >= b - s for axis, a, b, s in zip(self.axes, lo, hi, slack, strict=True)
        )

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Values and derivatives at points (N, d): {multi-index: (N,)}."""
        lo = [axis[0] for axis in self.axes]
        hi = [axis[-1] for axis in self.axes]
        inside = np.clip(points, lo, hi)
        if self.method == "nearest":
            here = self._nearest(inside)
            return {index: np.zeros_like(here) if any(index) else here for index in indices}
        return {index: self._spline(inside, nu=index) for index in indices}

    @property
    def middles(self) -> tuple[Array, ...]:
        """Of each axis the places half-way between its nodes."""
        return tuple((axis[1:] + axis[:-1]) / 2 for axis in self.axes)

    @property
    def steps(self) -> bool:
        """Do the values jump between the places where they are given?"""
        return self.method == "nearest"

    @property
    def planes(self) -> list[list[float]]:
        """Where on each axis they do."""
        rows = [np.moveaxis(self.values, k, 0).reshape(len(axis), -1) for k, axis in enumerate(self.axes)]
        change = [np.any(np.diff(each, axis=0) != 0, axis=1) & self.steps for each in rows]
        return [middles[which].tolist() for middles, which in zip(self.middles, change, strict=True)]

    def _nearest(self, points: Array) -> Array:
        places = zip(self.middles, points.T, strict=True)
        found: Array = self.values[tuple(np.searchsorted(middle, x) for middle, x in places)]
        return found if found.dtype.kind in "fc" else found.astype(float)

    @cached_property
    def _spline(self) -> NdBSpline:
        return _tensor_spline(self.values, self.axes, METHODS[self.method])


def _tensor_spline(values: Array, axes: Sequence[Array], degree: int) -> NdBSpline:
    from scipy.interpolate import NdBSpline, make_interp_spline

    knots, degrees, coefficients = [], [], values
    for k, axis in enumerate(axes):
        spline = make_interp_spline(axis, np.moveaxis(coefficients, k, 0), k=min(degree, len(axis) - 1))
        knots.append(spline.t)
        degrees.append(spline.k)
        coefficients = np.moveaxis(spline.c, 0, k)
    return NdBSpline(tuple(knots), np.ascontiguousarray(coefficients), tuple(degrees))


class MeshField:
    """Values on the nodes or the cells of a `Mesh`, in the order of its file: linear in each cell, or constant in it.

    `on` is "nodes" or "cells"; it has to be given where there are as many of the ones as of the others. Raises
    ProblemError for values of another number.
    """

    def __init__(self, mesh: Mesh, values: Any, on: str | None = None, name: str = "MeshField"):
        self.mesh, self.values, self.name = mesh, np.asarray(values), name
        if self.values.dtype.kind not in "fciu":
            raise ProblemError(
                f"the values are of type {self.values.dtype}, not numbers", name, "give an array of numbers"
            )
        self.on = mesh.on(self.values, on)
        if not np.all(np.isfinite(self.values)):
            raise ProblemError("some values are not finite", name, "fill the gaps before the field is bound")

    @property
    def is_complex(self) -> bool:
        return bool(np.iscomplexobj(self.values))

    @property
    def steps(self) -> bool:
        """Do the values jump between the places where they are given?"""
        return self.on == "cells"

    @cached_property
    def planes(self) -> list[list[float]] | None:
        """Where on each axis the values of cells jump, if they do so on few planes across axes and nowhere else."""
        mesh = self.mesh
        if not self.steps or mesh.volume is None:
            return None
        (facets, pairs), values = mesh.volume.between, mesh.by_simplex(self.values)
        jumps = np.abs(values[pairs[:, 0]] - values[pairs[:, 1]]) > SAME * np.abs(values).max(initial=0.0)
        corners = mesh.nodes[facets[jumps]]
        flat = np.ptp(corners, axis=1) <= mesh.tolerance
        if not flat.any(axis=1).all():
            return None
        middles, axis = corners.mean(axis=1), flat.argmax(axis=1)
        ordered = [np.unique(middles[axis == k, k]) for k in range(middles.shape[1])]
        found = [each[np.diff(each, prepend=-np.inf) > mesh.tolerance].tolist() for each in ordered]
        return found if np.prod([len(each) + 1.0 for each in found]) <= BOXES else None

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Values at points (N, d); derivatives by central differences over a thousandth of the mesh's size."""
        step = 1e-3 * self.mesh.size
        return {index: self._difference(points, index, step) for index in indices}

    def _difference(self, points: Array, index: Index, step: float) -> Array:
        if not any(index):
            return self.mesh.interpolate(self.values, points, self.on)
        k = next(i for i, order in enumerate(index) if order)
        lower = tuple(order - (i == k) for i, order in enumerate(index))
        shift = np.zeros(points.shape[1])
        shift[k] = step / 2
        return (self._difference(points + shift, lower, step) - self._difference(points - shift, lower, step)) / step


@dataclass(frozen=True)
class Learned:
    """A coefficient that is found together with Φ: a field when bound to a coefficient, a number to a parameter.

    `initial` is where the search starts; `bounds` (low, high) are kept at every step.
    """

    initial: float = 1.0
    bounds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not _real(self.initial) or not (self.bounds is None or _range(self.bounds)):
            raise ProblemError(
                f"initial={words(self.initial, 40)}, bounds={words(self.bounds, 60)} are not a number and a range",
                "Learned(initial, bounds=(low, high))",
                "Learned(1.0), or Learned(1.0, bounds=(0.1, 10))",
            )
        if self.bounds is not None and not self.bounds[0] <= self.initial <= self.bounds[1]:
            raise ProblemError(
                f"initial={self.initial} lies outside bounds={self.bounds}", "Learned", "start inside the bounds"
            )


def _real(value: Any) -> bool:
    known = isinstance(value, (numbers.Real, Expr)) and not isinstance(value, bool)
    return known and bool(sympify(value).is_extended_real) and abs(value) < LARGEST


def _range(bounds: Any) -> bool:
    pair = isinstance(bounds, (tuple, list)) and len(bounds) == 2 and all(map(_real, bounds))
    return pair and bool(bounds[0] < bounds[1])
