"""Grid data from an HDF5 file, by the conventions of NetCDF: its axes from dimension scales, its numbers decoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inrpde.declaration import paths
from inrpde.declaration.cf import AXES, axis_of, decode, text
from inrpde.errors import ProblemError

Array = np.ndarray
Grid = tuple[Array, list[Array], tuple[str, ...]]
NO_VALUES = "This is a netCDF dimension but not a netCDF variable"
"""What the NetCDF library calls a scale that numbers a dimension and has no values."""


def read_grid(path: str | Path, name: str) -> Grid:
    """Values, increasing axes and the names of the axes, in the order (x, y, …, t).

    Dimension scales give the axes and their names; viewers' files keep them in the reverse order. Without scales the
    dataset is taken to be in the order of `space.coords`, with axes from one-dimensional datasets x, y, … beside it.
    Numbers are decoded as CF has it. Raises ProblemError for what cannot be read, and for values that are missing.
    """
    import h5py

    full = paths.resolve(path)
    where = f"{path}:{name}"
    try:
        with h5py.File(full) as file:
            if not isinstance(file.get(name), h5py.Dataset):
                have = ", ".join(key for key, item in file.items() if isinstance(item, h5py.Dataset)) or "none"
                raise ProblemError(f"there is no dataset '{name}' in the file", where, f"it has: {have}")
            data = file[name]
            scales, named = _scales(data, where)
            values, missing = _decoded(data, where)
            names = [scale.name.rpartition("/")[2] for scale in scales]
            axes = [_axis(scale, each, where) for scale, each in zip(scales, names, strict=True)]
            kinds = [axis_of(each, scale.attrs) for scale, each in zip(scales, names, strict=True)]
    except (OSError, TypeError) as error:  # h5py raises the second for types that numpy has not
        raise ProblemError(f"the file cannot be read: {error}", where, _remedy(full)) from None
    _refuse_missing(missing, dict(zip(names, axes, strict=True)), where)
    for k, axis in enumerate(axes):
        if axis[0] > axis[-1]:
            axes[k], values = axis[::-1], np.flip(values, k)
    return _ordered(values, axes, names, kinds) if named else (values, axes, ())


def _remedy(path: Path) -> str:
    if path.is_file():
        with path.open("rb") as file:
            if file.read(3) == b"CDF":
                return "it is NetCDF 3, not HDF5: write it as NetCDF 4 (nccopy -k nc4, or xarray's to_netcdf)"
    return "check the path; it is relative to the problem's file"


def _scales(data: Any, where: str) -> tuple[list[Any], bool]:
    """The datasets of a dataset's axes, and whether they are its scales, whose names say which they are."""
    import h5py

    attached = [[scale for scale in dim.values() if scale.ndim == 1] for dim in data.dims]
    scales = [each[0] for each in attached if each]
    if named := len(scales) == data.ndim:
        empty = [s.name for s in scales if text(s.attrs, "NAME").startswith(NO_VALUES) or not s.shape[0]]
    else:
        empty = [f"number {k}" for k, each in enumerate(attached) if not each] if scales else []
        beside = [data.parent.get(key) for key in ("x", "y", "z", "t")]
        scales = [axis for axis in beside if isinstance(axis, h5py.Dataset) and axis.ndim == 1]
    if empty or len(scales) != data.ndim or not scales:
        raise ProblemError(
            f"the axis {', '.join(empty)} has no coordinates" if empty
            else "the dataset has no dimension scales, and there are no axes x, y, … beside it",
            where, "attach dimension scales named after the coordinates (xarray writes them)",
        )  # fmt: skip
    lengths = tuple(scale.shape[0] for scale in scales)
    if lengths != data.shape:
        raise ProblemError(
            f"values of shape {data.shape} do not fit axes of lengths {lengths}", where,
            "attach dimension scales named after the coordinates (xarray writes them)",
        )  # fmt: skip
    return scales, named


def _decoded(data: Any, where: str) -> tuple[Array, dict[str, Array]]:
    import h5py

    plist = data.id.get_create_plist()
    unwritten = data.fillvalue if plist.fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED else None
    return decode(data[...], data.attrs, where, unwritten)


def _axis(scale: Any, name: str, where: str) -> Array:
    """An axis, decoded. Raises ProblemError, naming it, unless it goes up or down throughout."""
    axis, missing = _decoded(scale, f"{where}, axis '{name}'")
    steps = np.diff(axis.astype(float))
    if missing:
        what, k = "is missing or not a number", int(np.argmax(np.any(list(missing.values()), axis=0)))
    elif len(axis) == 1 or not np.all(np.isfinite(axis)):
        what, k = "stands alone" if len(axis) == 1 else "is not finite", int(np.argmin(np.isfinite(axis)))
    elif np.all(steps > 0) or np.all(steps < 0):
        return axis.astype(float)
    else:
        k = int(np.argmax(steps * np.sign(steps[0]) <= 0)) + 1
        what = "repeats the one before" if steps[k - 1] == 0 else "turns back"
    raise ProblemError(
        f"the axis '{name}' neither increases nor decreases throughout: its value number {k}, {axis[k]:g}, {what}",
        where, "sort the axis, and the values with it" if len(axis) > 1 else "leave the axis out: it has no extent",
    )  # fmt: skip


def _refuse_missing(missing: dict[str, Array], axes: dict[str, Array], where: str) -> None:
    if not missing:
        return
    lost = np.any(list(missing.values()), axis=0)
    first = np.argwhere(lost)[0]
    at = ", ".join(f"{name} = {axis[k]:g}" for (name, axis), k in zip(axes.items(), first, strict=True))
    raise ProblemError(
        f"{np.count_nonzero(lost)} of {lost.size} values are missing ({', '.join(missing)}), the first at {at}", where,
        "fill the gaps in the file, as xarray's interpolate_na does, or cut it to where there are values",
    )  # fmt: skip


def _ordered(values: Array, axes: list[Array], names: list[str], kinds: list[str | None]) -> Grid:
    """Put the axes into the order x, y, z, t; of those that say nothing, into the reverse of the viewers' order."""
    order = list(reversed(range(len(names))))
    if None not in kinds and len(set(kinds)) == len(kinds):
        order.sort(key=lambda k: AXES.index(str(kinds[k])))
    return np.transpose(values, order), [axes[k] for k in order], tuple(names[k] for k in order)
