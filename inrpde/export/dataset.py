"""`Dataset`: what is written to a file and read back, as plain arrays in the order of `space.coords`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from inrpde.declaration.names import DIFFERENCE, REFERENCE
from inrpde.errors import OutputError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Fields on a grid, on the nodes of a mesh, or at points.

    `coords` are the names of the coordinates, `time` that of the last one if it is the time.

    - ``grid``: `axes` holds a 1-D array a coordinate, time included (length 1 = a flat axis); every field has the
      shape of the grid, ``values[i, j]`` at ``axes[0][i], axes[1][j]``; `mask` has the same shape, True inside.
    - ``mesh``: `points` (N, d) and `cells`, node numbers (M, nodes) by type ("triangle", "tetra", …; nodes in VTK's
      order); fields have shape (N,), or (N, T) when `times` (T,) is given, and then `points` do not hold the time.
    - ``points``: the same without cells.

    Fields are real (floats, integers), complex or boolean. `attributes` is JSON-able. `private` is a nested mapping of
    arrays, numbers, strings, None and lists of these: what only `inrpde.load` reads.

    Raises `OutputError` where these do not fit together.
    """

    kind: Literal["grid", "mesh", "points"]
    coords: tuple[str, ...]
    fields: Mapping[str, np.ndarray]
    time: str | None = None
    axes: tuple[np.ndarray, ...] = ()
    mask: np.ndarray | None = None
    points: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    cells: Mapping[str, np.ndarray] = field(default_factory=dict)
    times: np.ndarray | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        as_arrays = {name: np.asarray(values) for name, values in self.fields.items()}
        object.__setattr__(self, "coords", tuple(self.coords))
        object.__setattr__(self, "fields", as_arrays)
        object.__setattr__(self, "axes", tuple(np.asarray(axis, dtype=float) for axis in self.axes))
        for name, kind in (("mask", bool), ("points", float), ("times", float)):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=kind))
        object.__setattr__(
            self, "cells", {name: np.asarray(nodes, dtype=np.int64) for name, nodes in self.cells.items()}
        )
        _check(self)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of every field."""
        if self.kind == "grid":
            return tuple(len(axis) for axis in self.axes)
        count = len(self.points)
        return (count,) if self.times is None else (count, len(self.times))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of `points`: the coordinates, without the time when `times` holds it."""
        return self.coords if self.times is None else self.coords[:-1]

    @property
    def instants(self) -> np.ndarray | None:
        """The times (T,) along the last axis of the fields, or None; a grid over the time alone is a line along it."""
        return self.axes[-1] if self.kind == "grid" and self.time and len(self.coords) > 1 else self.times

    @property
    def spatial(self) -> tuple[np.ndarray, ...]:
        """The axes of a grid without `instants`."""
        return self.axes if self.instants is None else self.axes[:-1]

    @property
    def unknowns(self) -> tuple[str, ...]:
        """The names of the fields that are neither reference nor difference of another."""
        suffixes = (REFERENCE, DIFFERENCE)
        derived = {name + suffix for name in self.fields for suffix in suffixes}
        return tuple(name for name in self.fields if name not in derived)

    def shown(self) -> Dataset:
        """Itself, but a grid of more than three dimensions that are not flat as points."""
        deep = self.kind == "grid" and sum(len(axis) > 1 for axis in self.spatial) > 3
        return self.scattered() if deep else self

    def scattered(self) -> Dataset:
        """A grid as points (those inside its mask at any time), with its times."""
        points = np.stack([column.ravel() for column in np.meshgrid(*self.spatial, indexing="ij")], axis=1)
        times = self.instants
        shape = (len(points),) if times is None else (len(points), len(times))
        mask = np.ones(shape, bool) if self.mask is None else self.mask.reshape(shape)
        keep = mask if times is None else mask.any(axis=-1)
        fields = {name: outside_nan(values.reshape(shape), mask)[keep] for name, values in self.fields.items()}
        return replace(self, kind="points", fields=fields, axes=(), mask=None, points=points[keep], times=times)


def outside_nan(values: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """`values` with NaN where `mask` is False; integers and booleans, which have no NaN, as they are."""
    if mask is None or mask.all() or values.dtype.kind not in "fc":
        return values
    blank = complex(np.nan, np.nan) if values.dtype.kind == "c" else np.nan
    return np.where(mask, values, np.asarray(blank, values.dtype))


def _check(data: Dataset) -> None:
    def demand(holds: Any, what: str, where: str | None = None) -> None:
        if not holds:
            raise OutputError(
                what, where, "give arrays in the order of space.coords, as inrpde.export.Dataset describes"
            )

    demand(data.kind in ("grid", "mesh", "points"), f"a dataset is a grid, a mesh or points, not {data.kind!r}")
    distinct = len(set(data.coords)) == len(data.coords)
    demand(data.coords and distinct, f"the coordinates {data.coords} are none, or not distinct")
    demand(data.time in (None, data.coords[-1]), f"the time {data.time!r} is not the last of {data.coords}")
    demand(data.fields, "there is no field to write")
    if data.kind == "grid":
        alone = not data.points.size and data.times is None and not data.cells
        demand(alone, "a grid has axes, and no points, cells or times")
        demand(len(data.axes) == len(data.coords), f"{len(data.axes)} axes for the coordinates {data.coords}")
        for name, axis in zip(data.coords, data.axes, strict=True):
            increasing = axis.ndim == 1 and axis.size and np.isfinite(axis).all() and (np.diff(axis) > 0).all()
            demand(increasing, "an axis is not a finite, increasing 1-D array", f"coordinate {name}")
        demand(data.mask is None or data.mask.shape == data.shape, "the mask has not the shape of the grid")
    else:
        demand(not data.axes and data.mask is None, f"{data.kind} have points, and no axes or mask")
        demand(data.times is None or data.time is not None, "times are given without a time coordinate")
        fits = data.points.ndim == 2 and data.points.shape[1] == len(data.columns)
        demand(fits, f"points are not of shape (N, {len(data.columns)})")
        demand(bool(data.cells) == (data.kind == "mesh"), "a mesh has cells, points have none")
        if data.times is not None:
            increasing = data.times.ndim == 1 and data.times.size and (np.diff(data.times) > 0).all()
            demand(increasing, "times are not a 1-D, increasing array")
        for name, nodes in data.cells.items():
            demand(nodes.ndim == 2, "the nodes of cells are not of shape (M, nodes)", name)
            within = nodes.size == 0 or (nodes.min() >= 0 and nodes.max() < len(data.points))
            demand(within, f"cells name nodes that are not among the {len(data.points)} points", name)
    for name, values in data.fields.items():
        demand(values.dtype.kind in "fiubc", f"a field holds {values.dtype}, not numbers", name)
        demand(values.shape == data.shape, f"a field has the shape {values.shape} instead of {data.shape}", name)
