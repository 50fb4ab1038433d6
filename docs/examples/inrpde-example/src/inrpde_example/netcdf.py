"""Real fields on a grid as NetCDF 3, by scipy: -o answer.cdf."""

from pathlib import Path

from scipy.io import netcdf_file

from inrpde.errors import OutputError
from inrpde.plugin import Dataset


def write(path: Path, dataset: Dataset) -> None:
    if dataset.kind != "grid" or any(values.dtype.kind == "c" for values in dataset.fields.values()):
        raise OutputError("NetCDF 3 is of real fields on a grid here", str(path), "write NAME.h5")
    with netcdf_file(path, "w") as file:
        for name, axis in zip(dataset.coords, dataset.axes, strict=True):
            file.createDimension(name, len(axis))
            file.createVariable(name, "d", (name,))[:] = axis
        for name, values in dataset.fields.items():
            file.createVariable(name, "d", dataset.coords)[:] = values
        file.title = str(dataset.attributes.get("problem", ""))
