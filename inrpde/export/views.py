"""A dataset as an object of xarray, pandas or PyVista, each imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from inrpde.declaration.names import PARTS
from inrpde.errors import OutputError
from inrpde.export.dataset import Dataset, outside_nan
from inrpde.export.vtkhdf import CELLS

if TYPE_CHECKING:
    import pandas
    import pyvista
    import xarray

NODE, CELL = "node", "cell"
"""The dimensions of fields on a mesh and at points, and of the mesh's cells."""


def to_xarray(data: Dataset) -> xarray.Dataset:
    """Fields over the coordinates of a grid, in their order; of a mesh or of points over `node` (and the time), with
    the places of the nodes as coordinates, and the cells as variables of node numbers (`cell_triangle`).

    NaN outside the domain. A coordinate that is given one value is a scalar. Raises OutputError without xarray.
    """
    xr = _imported("xarray", "an xarray.Dataset")
    if data.kind == "grid":
        dims: tuple[str, ...] = data.coords
        coords: dict[str, Any] = dict(zip(data.coords, data.axes, strict=True))
    else:
        dims = (NODE,) if data.times is None else (NODE, data.coords[-1])
        coords = {name: (NODE, column) for name, column in zip(data.columns, data.points.T, strict=True)}
        coords |= {} if data.times is None else {data.coords[-1]: data.times}
    fields: dict[str, Any] = {name: (dims, outside_nan(values, data.mask)) for name, values in data.fields.items()}
    for kind, nodes in data.cells.items():
        fields[f"{CELL}_{kind}"] = ((f"{CELL}_{kind}_number", f"{NODE}_{kind}"), nodes)
    told = {name: value for name, value in data.attributes.items() if isinstance(value, str | int | float)}
    made = xr.Dataset(fields, coords, told)
    return made.squeeze([name for name in data.coords if made.sizes.get(name) == 1])


def to_dataframe(data: Dataset) -> pandas.DataFrame:
    """A row for each node inside the domain, at each time: a column for each coordinate, and one for each field.

    Raises OutputError without pandas."""
    pd = _imported("pandas", "a pandas.DataFrame")
    flat = data.scattered() if data.kind == "grid" else data
    steps = 1 if flat.times is None else len(flat.times)
    columns = {name: np.repeat(column, steps) for name, column in zip(flat.columns, flat.points.T, strict=True)}
    if flat.times is not None:
        columns[flat.coords[-1]] = np.tile(flat.times, len(flat.points))
    return pd.DataFrame(columns | {name: values.ravel() for name, values in flat.fields.items()})


def to_pyvista(data: Dataset) -> pyvista.DataSet:
    """A grid as a RectilinearGrid, a mesh as an UnstructuredGrid, points as PolyData, with the fields at the last time.

    Complex fields are two, `u_real` and `u_imag`, and coordinates that are not there are 0. Raises OutputError without
    PyVista, and in more than three dimensions.
    """
    pv = _imported("pyvista", "a dataset of PyVista")
    places = data.spatial if data.kind == "grid" else data.points.T
    if len(places) > 3:
        fix = "fix a coordinate: solution.to_pyvista(z=0.5)"
        raise OutputError(f"PyVista shows three dimensions, not {len(places)}", "to_pyvista()", fix)
    if data.kind == "grid":
        made = pv.RectilinearGrid(*(*places, *[np.zeros(1)] * (3 - len(places))))
    else:
        points = np.pad(data.points, ((0, 0), (0, 3 - len(places))))
        by_kind = {CELLS[kind][0]: nodes for kind, nodes in data.cells.items()}
        made = pv.UnstructuredGrid(by_kind, points) if by_kind else pv.PolyData(points)
    for name, values in data.fields.items():
        last = outside_nan(values, data.mask)
        last = last if data.instants is None else last[..., -1]
        for each, part in _real(name, last.ravel("F")).items():
            made.point_data[each] = part
    return made


def _real(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """A complex field as two real ones."""
    if values.dtype.kind != "c":
        return {name: values}
    return dict(zip((name + part for part in PARTS), (values.real.copy(), values.imag.copy()), strict=True))


def _imported(package: str, what: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise OutputError(f"{what} needs the package {package}", None, 'pip install "inrpde[notebook]"') from error
