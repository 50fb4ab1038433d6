"""What solutions and their fields have in common for looking at them: pictures, tables, objects of other libraries."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from inrpde.errors import OutputError
from inrpde.export import Dataset, views
from inrpde.export.card import card
from inrpde.export.picture import as_png, figure, png

if TYPE_CHECKING:
    import pandas
    import pyvista
    import xarray
    from matplotlib.figure import Figure

    from inrpde.solution import Solution

Array = np.ndarray


class Viewed(ABC):
    """Fields that can be laid out on a grid, or on the nodes of their mesh.

    All of its methods take `grid`, a number of nodes for each spatial coordinate that is not fixed, `times`, and
    coordinates that are fixed by their names: `plot(z=0.25, t=1)`. Without a grid fields on a mesh are shown on that,
    others on 513, 129 × 129 or 41 × 41 × 41 nodes; without times there are eleven. They raise UsageError for a grid,
    times or coordinates that are none, and OutputError, naming what to install, where a package is missing.
    """

    @abstractmethod
    def dataset(
        self, grid: Sequence[int] | None = None, times: Sequence[float] | Array | None = None, **at: float
    ) -> Dataset:
        """The fields as plain arrays."""

    def plot(
        self, grid: Sequence[int] | None = None, times: Sequence[float] | Array | None = None, **at: float
    ) -> Figure:
        """A picture as a matplotlib figure, which notebooks show: lines in one dimension, colours on a grid or mesh in
        two, middle slices or the surface of a mesh in three, up to four times. `solution.plot().savefig("u.png")`."""
        made = figure(self.dataset(grid, times, **at))
        made._repr_png_ = partial(as_png, made)  # type: ignore[attr-defined]  # or notebooks without pyplot show text
        return made

    def to_dataframe(
        self, grid: Sequence[int] | None = None, times: Sequence[float] | Array | None = None, **at: float
    ) -> pandas.DataFrame:
        """A row for each node inside the domain, at each time: columns of the coordinates and of the fields."""
        return views.to_dataframe(self.dataset(grid, times, **at))

    def to_pyvista(
        self, grid: Sequence[int] | None = None, times: Sequence[float] | Array | None = None, **at: float
    ) -> pyvista.DataSet:
        """A RectilinearGrid, on a mesh an UnstructuredGrid, with the fields in `point_data`, at the last of the times;
        `to_pyvista(t=0.5)` at another one. Complex fields are two, `u_real` and `u_imag`."""
        return views.to_pyvista(self.dataset(grid, times, **at))


class FieldView(Viewed):
    """One field or coefficient of a solution, `solution["u"]`: called with points (N, d) it gives values (N,), with
    one point (d,) a number; NaN where the field does not live."""

    def __init__(self, solution: Solution, name: str):
        self._solution, self.name = solution, name

    def __call__(self, points: Any) -> Any:
        return self._solution(points)[self.name]

    def on_grid(self, shape: Sequence[int], times: Sequence[float] | Array | None = None) -> Array:
        """Values on a uniform grid, as `Solution.on_grid`."""
        return self._solution.on_grid(shape, times)[self.name]

    def dataset(
        self, grid: Sequence[int] | None = None, times: Sequence[float] | Array | None = None, **at: float
    ) -> Dataset:
        return self._solution.dataset(grid, times, **at)

    def to_xarray(
        self, grid: Sequence[int] | None = None, times: Sequence[float] | Array | None = None, **at: float
    ) -> xarray.DataArray:
        """The field as an xarray.DataArray over the coordinates, or over the nodes of its mesh (and the time)."""
        return views.to_xarray(self.dataset(grid, times, **at))[self.name]

    def __repr__(self) -> str:
        return f"<field {self.name} of ({', '.join(map(str, self._solution.coords))})>"

    def _repr_html_(self) -> str:
        return card(repr(self), {}, picture(self))


def picture(viewed: Viewed) -> str:
    """The picture as an image in a page, or a line that says why there is none."""
    try:
        return f'<img src="data:image/png;base64,{base64.b64encode(png(viewed.dataset())).decode()}">'
    except OutputError as error:
        return f"<p>{error.what}: <code>{error.fix}</code></p>"
