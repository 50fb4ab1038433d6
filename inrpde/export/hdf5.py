"""The HDF5 file: one file for h5py, xarray, ParaView (VTKHDF) and `inrpde.load`.

Fields lie at the root under their names with dimension scales, in the viewers' order ``([t,] [z,] y, x)``; `/VTKHDF`
holds hard links to the same bytes. Root attributes describe the file and hold the dataset's own; the group `/inrpde`
holds what is private.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from inrpde.errors import OutputError
from inrpde.export import vtkhdf
from inrpde.export.atomic import new_hdf5, replacing
from inrpde.export.dataset import Dataset, outside_nan
from inrpde.export.encoding import get_attributes, get_tree, joined, put_attributes, put_tree
from inrpde.export.foreign import opened
from inrpde.export.seal import SEAL, seal

SCHEMA = 2
_PRIVATE, _POINT = "inrpde", "point"
_FIX = "give a file that `inrpde solve` or `inrpde reference` has written (NAME.h5), or write it again"
_PLAIN = "use plain names, and as attributes and private data numbers, text, lists and mappings"
_OWN = ("schema", "kind", "coords", "time", "fields")
_TAKEN = {*_OWN, SEAL}


@dataclass(frozen=True)
class _Layout:
    """A dataset in the file's order: real arrays, whose axes are named by `dims`."""

    dims: tuple[str, ...]
    fields: Mapping[str, np.ndarray]
    marks: Mapping[str, Mapping[str, str]]
    scales: Mapping[str, np.ndarray]
    single: Mapping[str, float]
    """The coordinates of the axes of length 1, which are dropped."""
    times: np.ndarray | None
    """The times of the steps, when there is more than one."""


def write(path: str | os.PathLike[str], dataset: Dataset) -> None:
    """Write `dataset` to `path`, whole or not at all: an existing file stays until the new one has been read back.

    A grid of more than three dimensions that are not flat is written as points. Raises `OutputError` where the dataset
    or the place does not allow it.
    """
    dataset = dataset.shown()
    layout = _lay_out(dataset)
    with replacing(path) as beside:
        try:
            with new_hdf5(beside) as file:
                _fill(file, dataset, layout)
                seal(file)
            _check(beside, dataset, layout)
        except (TypeError, ValueError, KeyError) as error:
            what = f"the result could not be stored as HDF5: {error}"
            raise OutputError(what, str(path), _PLAIN) from error


def read(path: str | os.PathLike[str]) -> Dataset:
    """The dataset that `write` stored. Raises `OutputError` for a file that is missing, changed or not ours."""
    with opened(path, _FIX) as file:
        return _read(file, path)


def _lay_out(dataset: Dataset) -> _Layout:
    times = dataset.instants
    lengths = dict(zip(dataset.coords, dataset.axes if dataset.kind == "grid" else (), strict=False))
    if times is not None and dataset.time is not None:
        lengths[dataset.time] = times
    scales = {name: axis for name, axis in lengths.items() if len(axis) > 1}
    if dataset.kind != "grid":
        dims = (*scales, _POINT)
    else:
        if not set(scales) - {dataset.time if times is not None else None}:
            scales = {dataset.coords[0]: dataset.axes[0]} | scales
        dims = tuple(reversed(scales))
    single = {name: float(axis[0]) for name, axis in lengths.items() if name not in scales}
    shape = tuple(len(scales[name]) if name in scales else len(dataset.points) for name in dims)
    fields: dict[str, np.ndarray] = {}
    marks: dict[str, dict[str, str]] = {}
    masks = [] if dataset.mask is None else [("mask", dataset.mask)]
    for name, values in [*dataset.fields.items(), *masks]:
        for stored, part, mark in _parts(name, outside_nan(values, dataset.mask)):
            _claim(stored, {*fields, *dataset.coords, _POINT, _PRIVATE, "VTKHDF"})
            fields[stored], marks[stored] = np.ascontiguousarray(part.T.reshape(shape)), mark
    stepped = times if times is not None and len(times) > 1 else None
    return _Layout(dims, fields, marks, scales, single, stepped)


def _parts(name: str, values: np.ndarray) -> list[tuple[str, np.ndarray, dict[str, str]]]:
    """Name, array and attributes of each real array that a field becomes."""
    if values.dtype.kind == "b":
        return [(name, values.astype(np.uint8), {"encoding": "bool"})]
    if values.dtype.kind == "c":
        parts = {"real": values.real, "imag": values.imag}
        marks = {part: {"complex_field": name, "complex_part": part} for part in parts}
        return [(f"{name}_{part}", _plain(array), marks[part]) for part, array in parts.items()]
    return [(name, _plain(values), {})]


def _plain(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "f":
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    return values.astype(np.float32 if values.dtype.itemsize <= 4 else np.float64, copy=False)


def _claim(name: str, taken: set[str]) -> None:
    if name in taken or not name or name == "." or "/" in name:
        what = "a field's name is empty, holds '/', or is taken in the file"
        raise OutputError(what, name, "rename the unknown or the coefficient")


def _fill(file: h5py.File, dataset: Dataset, layout: _Layout) -> None:
    own = dict(zip(_OWN, (SCHEMA, dataset.kind, dataset.coords, dataset.time, list(dataset.fields)), strict=True))
    if taken := _TAKEN & set(dataset.attributes):
        raise OutputError("an attribute has a name that is the file's own", ", ".join(sorted(taken)), "rename it")
    put_attributes(file, own | dict(dataset.attributes))
    put_tree(file.create_group(_PRIVATE), dataset.private)
    for name, values in layout.scales.items():
        file.create_dataset(name, data=values).make_scale(name)
    for name, value in layout.single.items():
        file.create_dataset(name, data=value)
    if dataset.kind == "grid":
        _fill_grid(file, dataset, layout)
        beside = list(layout.single)
    else:
        _fill_points(file, dataset, layout)
        beside = [*dataset.columns, *layout.single]
    for name, marks in layout.marks.items():
        for number, dim in enumerate(layout.dims):
            file[name].dims[number].attach_scale(file[dim])
            file[name].dims[number].label = dim
        for key, text in marks.items():
            file[name].attrs[key] = text
        if beside:
            file[name].attrs["coordinates"] = " ".join(beside)  # CF conventions, 5: coordinates that are no dimension


def _fill_grid(file: h5py.File, dataset: Dataset, layout: _Layout) -> None:
    for name, axis in zip(dataset.coords, dataset.spatial, strict=False):
        _demand_uniform(name, axis)
    axes = dataset.spatial if len(dataset.spatial) <= 3 else [axis for axis in dataset.spatial if len(axis) > 1]
    group = vtkhdf.start(file, "ImageData")
    vtkhdf.image(group, axes, turned=layout.times is None)  # VTK 9.4 crashes on turned time steps
    data = group.create_group("PointData")
    for name, values in layout.fields.items():
        data[name] = file.create_dataset(name, data=values)
    if dataset.mask is not None:
        data["vtkGhostType"] = np.where(layout.fields["mask"], 0, vtkhdf.HIDDEN_POINT).astype(np.uint8)
    if layout.times is not None:
        vtkhdf.image_steps(group, layout.times, list(data))


def _demand_uniform(name: str, axis: np.ndarray) -> None:
    even = np.linspace(axis[0], axis[-1], len(axis))
    if not np.allclose(axis, even, rtol=0, atol=1e-6 * (axis[-1] - axis[0]) / max(len(axis) - 1, 1)):
        fix = "interpolate to even axes (numpy.linspace), or write points"
        raise OutputError("the grid is not evenly spaced", f"coordinate {name}", fix)


def _fill_points(file: h5py.File, dataset: Dataset, layout: _Layout) -> None:
    points, times = dataset.points, layout.times
    scale = file.create_dataset(_POINT, (len(points),), ">f4")
    scale.make_scale(f"This is a netCDF dimension but not a netCDF variable. {len(points):9d}")  # netCDF's own mark
    for name, column in zip(dataset.columns, points.T, strict=True):
        file.create_dataset(name, data=column).dims[0].attach_scale(scale)
    if points.shape[1] <= 3:
        group = vtkhdf.start(file, "UnstructuredGrid")
        vtkhdf.unstructured(group, points, dataset.cells or {"vertex": np.arange(len(points))[:, None]})
        data = group.create_group("PointData")
        if times is not None:
            vtkhdf.unstructured_steps(group, times, list(layout.fields), len(points))
    else:
        group = vtkhdf.start(file, "Table")
        data = group.create_group("RowData")
        for name in dataset.columns:
            data[name] = file[name]
        vtkhdf.table(group, len(points), 1 if times is None else len(times))
        if times is not None:
            vtkhdf.table_steps(group, times, list(layout.fields), dataset.columns, len(points))
    for name, values in layout.fields.items():
        flat = data.create_dataset(name, data=values.ravel())
        if times is None:
            file[name] = flat
        else:
            virtual = h5py.VirtualLayout(values.shape, values.dtype)
            virtual[:] = h5py.VirtualSource(".", flat.name, flat.shape, flat.dtype)
            file.create_virtual_dataset(name, virtual)


def _check(beside: Path, dataset: Dataset, layout: _Layout) -> None:
    with h5py.File(beside, "r") as file:
        for name, values in [*layout.fields.items(), *layout.scales.items()]:
            stored = file[name][...]
            if stored.dtype != values.dtype or not np.array_equal(_bytes(stored), _bytes(values)):
                raise OSError(f"what was read back of {name} is not what was written")
        get_tree(file[_PRIVATE])
        if get_attributes(file)["fields"] != list(dataset.fields):
            raise OSError("what was read back is not what was written")


def _bytes(array: np.ndarray) -> np.ndarray:
    return array.ravel().view(np.uint8)


def _read(file: h5py.File, path: str | os.PathLike[str]) -> Dataset:
    if "schema" not in file.attrs or _PRIVATE not in file:
        raise OutputError("this HDF5 file was not written by inrpde", str(path), _FIX)
    attributes: dict[str, Any] = get_attributes(file)
    schema, kind, coords, time, names = (attributes.pop(name) for name in _OWN)
    del attributes[SEAL]
    if schema > SCHEMA:
        what = f"this file has the schema {schema}, newer than {SCHEMA}"
        raise OutputError(what, str(path), "read it by the inrpde that wrote it, or a newer one")
    shared: dict[str, Any] = {"attributes": attributes, "private": get_tree(file[_PRIVATE])}
    if kind == "grid":
        axes = tuple(np.atleast_1d(file[name][()]) for name in coords)
        shape = tuple(len(axis) for axis in axes)
        masked = "vtkGhostType" in file["VTKHDF/PointData"]
        shared |= {"axes": axes, "mask": file["mask"][...].T.reshape(shape) if masked else None}
    else:
        apart = time is not None and (file[time].ndim == 0 or _ndim(file, names[0]) == 2)
        times = np.atleast_1d(file[time][()]) if apart else None
        columns = coords if times is None else coords[:-1]
        points = np.stack([file[name][...] for name in columns], axis=1)
        cells = vtkhdf.cells_of(file["VTKHDF"]) if kind == "mesh" else {}
        shape = (len(points),) if times is None else (len(points), len(times))
        shared |= {"points": points, "times": times, "cells": cells}
    fields = {name: np.ascontiguousarray(_field(file, name).T.reshape(shape)) for name in names}
    return Dataset(kind, tuple(coords), fields, time, **shared)


def _ndim(file: h5py.File, name: str) -> int:
    return file[name if name in file else f"{name}_real"].ndim


def _field(file: h5py.File, name: str) -> np.ndarray:
    if name not in file:
        return joined(file[f"{name}_real"][...], file[f"{name}_imag"][...])
    values = file[name][...]
    return values.astype(bool) if file[name].attrs.get("encoding") == "bool" else values
