"""Grid data from an HDF5 file, its axes from dimension scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inrpde.declaration import paths
from inrpde.errors import ProblemError


def read_grid(path: str | Path, name: str) -> tuple[np.ndarray, list[np.ndarray], str]:
    """Values in the order (x, y, …, t) and the axes. Scales named after coordinates set the order; without scales the
    dataset is taken to be in the order of `space.coords`, with axes read from one-dimensional datasets beside it."""
    import h5py

    full = paths.resolve(path)
    where = f"{path}:{name}"
    try:
        with h5py.File(full) as file:
            if name not in file or not isinstance(file[name], h5py.Dataset):
                have = ", ".join(key for key in file if isinstance(file[key], h5py.Dataset)) or "none"
                raise ProblemError(f"there is no dataset '{name}' in the file", where, f"it has: {have}")
            data = file[name]
            values = data[...]
            scales = [(dim[0].name.split("/")[-1], dim[0][...]) if len(dim) else None for dim in data.dims]
            if all(scales):
                return _ordered(values, scales, where)
            beside = [key for key in ("x", "y", "z", "t") if key in file]
            if len(beside) != values.ndim:
                raise ProblemError(
                    "the dataset has no dimension scales, and there are no axes x, y, … beside it", where,
                    "attach dimension scales named after the coordinates (xarray writes them)",
                )
            return values, [file[key][...] for key in beside], where
    except OSError as error:
        raise ProblemError(f"the file cannot be read: {error}", where, "check the path; it is relative to the problem's file") from None


def _ordered(values: np.ndarray, scales: list[tuple[str, np.ndarray]], where: str) -> tuple[np.ndarray, list[np.ndarray], str]:
    """Viewers keep (t, z, y, x): put the axes into the order x, y, z, t, others by their place from the end."""
    rank = {"x": 0, "y": 1, "z": 2, "t": 9, "time": 9}
    names = [name for name, _ in scales]
    if all(name in rank for name in names):
        order = sorted(range(len(names)), key=lambda k: rank[names[k]])
    else:
        order = list(reversed(range(len(names))))
    return np.transpose(values, order), [scales[k][1] for k in order], where
