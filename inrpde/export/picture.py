"""A picture of a dataset: solution, reference and difference side by side. Needs matplotlib."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inrpde.errors import OutputError
from inrpde.export.atomic import replacing
from inrpde.export.dataset import Dataset
from inrpde.export.geometry import Geometry, Lines
from inrpde.export.layout import Place, colours, instants, places, scales, unknowns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_ROWS, _MOST_TIMES = 6, 4
STYLE = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.formatter.limits": (-2, 3),
    "axes.formatter.use_mathtext": True,
    "legend.frameon": False,
}
_Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class _Row:
    """One unknown, at one time or on one slice: what to show in each column."""

    name: str
    where: str
    geometry: Geometry
    columns: Mapping[str, np.ndarray]
    ranges: _Ranges
    """The range of each column's values, over all times and slices of the unknown."""


def draw(dataset: Dataset, path: str | os.PathLike[str]) -> None:
    """Write a PNG of `dataset` to `path`.

    Raises `OutputError` where matplotlib is missing or `path` cannot be written.
    """
    image = png(dataset)
    with replacing(path) as beside:
        beside.write_bytes(image)


def png(dataset: Dataset) -> bytes:
    """The picture as the bytes of a PNG file."""
    return as_png(figure(dataset))


def as_png(made: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    made.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def figure(dataset: Dataset) -> Figure:
    """The picture as a matplotlib figure.

    A column each for solution, reference and difference, as far as they are there (the difference is worked out where
    it is not stored); a row for each unknown (real and imaginary part apart) and time: the first, the last, and some
    between. Grids in space show their middle slices, meshes in space their surface, more dimensions their points by the
    first two.
    """
    rows = _rows(dataset)
    columns = max(len(row.columns) for row in rows)
    if all(isinstance(row.geometry, Lines) for row in rows):
        columns = min(columns, 2)  # the reference shares the solution's panel
    with library().rc_context(STYLE):
        return _compose(rows, columns, str(dataset.attributes.get("problem", "")))


def _compose(rows: list[_Row], columns: int, title: str) -> Figure:
    from matplotlib.figure import Figure

    heights = [_height(row.geometry) for row in rows]
    made = Figure(figsize=(0.5 + 4.0 * columns, 0.6 + sum(heights)), layout="constrained")
    grid = made.add_gridspec(len(rows), columns, height_ratios=heights)
    for number, row in enumerate(rows):
        places = [grid[number, column] for column in range(columns)]
        panels = [made.add_subplot(place, projection=row.geometry.projection) for place in places]
        (_draw_lines if isinstance(row.geometry, Lines) else _draw_coloured)(made, panels, row)
    if title:
        made.suptitle(title, fontsize=12, fontweight="bold", parse_math=False)
    return made


def library() -> Any:
    """matplotlib. Raises OutputError where it is missing."""
    try:
        import matplotlib
    except ImportError as error:
        raise OutputError(
            "pictures need matplotlib, which is not installed", fix='pip install "inrpde[viz]"'
        ) from error
    return matplotlib


def _height(geometry: Geometry) -> float:
    width, height = geometry.extent
    return float(np.clip(3.2 * height / width if width > 0 else 3.2, 1.6, 5.0)) + 0.4


def _draw_coloured(made: Figure, panels: list[Any], row: _Row) -> None:
    for panel, (title, values) in zip(panels, row.columns.items(), strict=False):
        mappable = row.geometry.draw(panel, values, colours(title, *row.ranges[title]))
        panel.set_title(", ".join(filter(None, (row.name if title == "solution" else title, row.where))))
        if row.geometry.projection:
            made.colorbar(mappable, ax=panel, shrink=0.7, pad=0.12)
            continue
        made.colorbar(mappable, cax=panel.inset_axes((1.03, 0.0, 0.04, 1.0)))
        if row.geometry.extent.min() > row.geometry.extent.max() / 8:
            panel.set_aspect("equal")
    for panel in panels[len(row.columns) :]:
        panel.set_axis_off()


def _draw_lines(made: Figure, panels: list[Any], row: _Row) -> None:
    assert isinstance(row.geometry, Lines)
    first, *others = panels
    row.geometry.draw(first, row.columns["solution"], {"linewidth": 1.4})
    if (reference := row.columns.get("reference")) is not None:
        plain = Lines(row.geometry.x, row.geometry.name, ("reference", *[""] * (reference.shape[1] - 1)))
        plain.draw(first, reference, {"linewidth": 0.9, "linestyle": (0, (4, 3)), "color": "black"})
    first.set_title(", ".join(filter(None, (row.name, row.where))))
    if first.get_legend_handles_labels()[1]:
        first.legend()
    for panel in others:
        if "difference" in row.columns:
            row.geometry.draw(panel, row.columns["difference"], {"linewidth": 1.2})
            panel.set_title("difference")
        else:
            panel.set_axis_off()


def _rows(dataset: Dataset) -> list[_Row]:
    dataset = dataset.shown()
    fields, labels, rows = unknowns(dataset), instants(dataset), list[_Row]()
    most = max(1, _MOST_ROWS // sum(map(len, fields.values())))
    for parts in fields.values():
        ranges = scales(parts)
        for name, columns in parts:
            for place in places(dataset):
                taken = {title: place.take(values) for title, values in columns.items()}
                rows += _placed(name, place, taken, labels, most, ranges)
    return rows


def _placed(
    name: str, place: Place, columns: Mapping[str, np.ndarray], labels: list[str], most: int, ranges: _Ranges
) -> Iterator[_Row]:
    """The rows of one unknown at one place: lines of all times together, slices at the last, anything else by times."""
    if isinstance(place.geometry, Lines):
        chosen = _spread(len(labels), _MOST_TIMES)
        geometry = replace(place.geometry, labels=tuple(labels[step] for step in chosen))
        yield _Row(name, place.where, geometry, {title: v[..., chosen] for title, v in columns.items()}, ranges)
        return
    for step in [len(labels) - 1] if place.where else _spread(len(labels), most):
        where = ", ".join(filter(None, (place.where, labels[step])))
        yield _Row(name, where, place.geometry, {title: v[..., step] for title, v in columns.items()}, ranges)


def _spread(count: int, most: int) -> list[int]:
    """At most `most` (and `_MOST_TIMES`) of `count` steps, the last among them, spread evenly."""
    return sorted({round(step) for step in np.linspace(count - 1, 0, min(most, _MOST_TIMES, count))})
