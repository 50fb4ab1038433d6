"""Grid data from an HDF5 file, its axes from dimension scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inrpde.declaration import paths
from inrpde.errors import ProblemError

Grid = tuple[np.ndarray, list[np.ndarray], tuple[str, ...]]


def read_grid(path: str | Path, name: str) -> Grid:
    """Values, axes and the names of the axes, in the order (x, y, …, t).

    Dimension scales give the axes and their names; viewers' files keep them in the reverse order. Without scales the
    dataset is taken to be in the order of `space.coords`, with axes from one-dimensional datasets x, y, … beside it.
    Raises ProblemError for what cannot be read.
    """
    import h5py

    full = paths.resolve(path)
    where = f"{path}:{name}"
    try:
        with h5py.File(full) as file:
            datasets = {key: item for key, item in file.items() if isinstance(item, h5py.Dataset)}
            if name not in file or not isinstance(file[name], h5py.Dataset):
                have = ", ".join(datasets) or "none"
                raise ProblemError(f"there is no dataset '{name}' in the file", where, f"it has: {have}")
            data = file[name]
            scales = [(dim[0].name.split("/")[-1], dim[0][...]) for dim in data.dims if len(dim)]
            if len(scales) == data.ndim:
                return _ordered(data[...], scales)
            beside = [key for key in ("x", "y", "z", "t") if key in datasets and datasets[key].ndim == 1]
            if len(beside) != data.ndim:
                raise ProblemError(
                    "the dataset has no dimension scales, and there are no axes x, y, … beside it",
                    where,
                    "attach dimension scales named after the coordinates (xarray writes them)",
                )
            return data[...], [file[key][...] for key in beside], ()
    except OSError as error:
        raise ProblemError(
            f"the file cannot be read: {error}", where, "check the path; it is relative to the problem's file"
        ) from None


def _ordered(values: np.ndarray, scales: list[tuple[str, np.ndarray]]) -> Grid:
    """Put the axes into the order x, y, z, t; axes of other names into the reverse of the viewers' order."""
    rank = {"x": 0, "y": 1, "z": 2, "t": 3, "time": 3}
    names = [name for name, _ in scales]
    order = list(reversed(range(len(names))))
    if all(name in rank for name in names):
        order.sort(key=lambda k: rank[names[k]])
    return np.transpose(values, order), [scales[k][1] for k in order], tuple(names[k] for k in order)
