"""What pictures show of a dataset: its unknowns in real parts, the places (a line, a plane, a mesh) and the times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from inrpde.declaration.names import DIFFERENCE, REFERENCE
from inrpde.export.dataset import Dataset, outside_nan
from inrpde.export.geometry import Cloud, Geometry, Lines, Raster, Surface, Triangles, faces

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Place:
    """A geometry, where it lies (`z = 0.5`, or nothing), and what takes its values out of a field: (…, T), of T times
    (one, where there is no time)."""

    where: str
    geometry: Geometry
    take: Callable[[Array], Array]


def instants(dataset: Dataset) -> list[str]:
    """The times in words; one empty text where there is no time."""
    times = dataset.instants
    return [""] if times is None else [f"{dataset.time} = {time:.4g}" for time in times]


def unknowns(dataset: Dataset) -> dict[str, list[tuple[str, Mapping[str, Array]]]]:
    """For each unknown its real parts: what each is called, and its `solution`, `reference` and `difference`, as far as
    they are there (the difference is worked out where it is not stored)."""

    def parts(name: str) -> list[tuple[str, Mapping[str, Array]]]:
        columns = _columns(dataset, name)
        return [
            (f"{part} {name}".strip(), {title: _part(values, part) for title, values in columns.items()})
            for part in _parts(dataset.fields[name])
        ]

    return {name: parts(name) for name in dataset.unknowns}


def scales(parts: list[tuple[str, Mapping[str, Array]]]) -> dict[str, tuple[float, float]]:
    """The range of the colours of each column, one for all parts, times and slices of an unknown; solution and
    reference share it."""
    both = [columns[title] for _, columns in parts for title in ("solution", "reference") if title in columns]
    common = limits(both)
    apart = limits([columns["difference"] for _, columns in parts if "difference" in columns], symmetric=True)
    return {"solution": common, "reference": common, "difference": apart}


def places(dataset: Dataset) -> list[Place]:
    """Where the fields are shown: a line, a plane, the three middle slices of a grid in space, a mesh or the surface of
    one, points by their first coordinates."""
    if dataset.kind == "grid":
        axes = {name: axis for name, axis in zip(dataset.coords, dataset.spatial, strict=False) if len(axis) > 1}
        axes = axes or {dataset.coords[0]: dataset.axes[0]}
    else:
        axes = dict(zip(dataset.columns, dataset.points.T, strict=True))
    shape = tuple(map(len, axes.values())) if dataset.kind == "grid" else (len(dataset.points),)
    (name, x), *others = axes.items()
    if others and dataset.kind == "grid" and len(others) == 2:
        return _slices(axes)
    if not others:
        geometry: Geometry = Lines(x, name, ("",))
    elif dataset.kind == "grid":
        geometry = Raster(x, others[0][1], (name, others[0][0]))
    else:
        geometry = _scattered(dataset)
    return [Place("", geometry, lambda values: values.reshape(*shape, -1))]


def _slices(axes: Mapping[str, Array]) -> list[Place]:
    """The three middle slices of a grid in space."""
    shape, found = tuple(map(len, axes.values())), []
    for number, normal in reversed(list(enumerate(axes))):
        plane = tuple(name for name in axes if name != normal)
        middle = len(axes[normal]) // 2

        def take(values: Array, number: int = number, middle: int = middle) -> Array:
            return values.reshape(*shape, -1).take(middle, axis=number)

        geometry = Raster(axes[plane[0]], axes[plane[1]], plane)
        found.append(Place(f"{normal} = {axes[normal][middle]:.4g}", geometry, take))
    return found


def _scattered(dataset: Dataset) -> Geometry:
    names, points = dataset.columns, dataset.points
    triangles = faces(dataset.cells)
    if len(triangles) and len(names) == 2:
        return Triangles(points, triangles, names)
    if len(triangles) and len(names) == 3:
        return Surface(points, triangles, names)
    shown = 3 if len(names) == 3 else 2
    return Cloud(points[:, :shown], names[:shown])


def _parts(values: Array) -> tuple[str, ...]:
    return ("Re", "Im") if values.dtype.kind == "c" else ("",)


def _part(values: Array, part: str) -> Array:
    return (values.imag if part == "Im" else values.real).astype(float)


def _columns(dataset: Dataset, name: str) -> dict[str, Array]:
    fields = {key: outside_nan(values, dataset.mask) for key, values in dataset.fields.items()}
    columns = {"solution": fields[name]}
    if (reference := fields.get(name + REFERENCE)) is not None:
        columns |= {"reference": reference, "difference": fields.get(name + DIFFERENCE, fields[name] - reference)}
    return columns


def limits(arrays: list[Array], symmetric: bool = False) -> tuple[float, float]:
    """The range of the colours; symmetric round zero where the values are on both sides of it."""
    values = np.concatenate([np.empty(0), *(values.ravel() for values in arrays)])
    finite = values[np.isfinite(values)]
    most = float(np.abs(finite).max(initial=0.0))
    if most > 0 and (symmetric or min(-finite.min(), finite.max()) > 0.2 * most):
        return -most, most
    return span(values)


def span(values: Array) -> tuple[float, float]:
    """The least and the largest finite value, apart: of a constant something round it, and (0, 1) of none."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = 0.5 * (max(abs(low), abs(high)) or 1.0)
    return (low, high) if high > low else (low - room, high + room)


def colours(title: str, low: float, high: float) -> dict[str, object]:
    """What a geometry draws in: differences, and fields on both sides of zero, round a neutral zero."""
    cmap = "PuOr_r" if title == "difference" else "RdBu_r" if low == -high else "viridis"
    return {"cmap": cmap, "vmin": low, "vmax": high}
