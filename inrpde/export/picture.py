"""A picture of a dataset: solution, reference and difference side by side. Needs matplotlib."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inrpde.declaration.names import DIFFERENCE, REFERENCE
from inrpde.errors import OutputError
from inrpde.export.atomic import replacing
from inrpde.export.dataset import Dataset, outside_nan
from inrpde.export.geometry import Cloud, Geometry, Lines, Raster, Surface, Triangles, faces

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_ROWS, _MOST_TIMES = 6, 4
_STYLE = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.formatter.limits": (-2, 3),
    "axes.formatter.use_mathtext": True,
    "legend.frameon": False,
}


@dataclass(frozen=True, eq=False)
class _Row:
    """One unknown, at one time or on one slice: what to show in each column."""

    name: str
    where: str
    geometry: Geometry
    columns: Mapping[str, np.ndarray]


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
    with _matplotlib().rc_context(_STYLE):
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


def _matplotlib() -> Any:
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
    limits = _limits([values for title, values in row.columns.items() if title != "difference"])
    for panel, (title, values) in zip(panels, row.columns.items(), strict=False):
        low, high = _limits([values], symmetric=True) if title == "difference" else limits
        two_sided = low == -high
        cmap = "PuOr_r" if title == "difference" else "RdBu_r" if two_sided else "viridis"
        mappable = row.geometry.draw(panel, values, {"cmap": cmap, "vmin": low, "vmax": high})
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


def _limits(arrays: list[np.ndarray], symmetric: bool = False) -> tuple[float, float]:
    """The range of the colours; symmetric round zero where the values are on both sides of it."""
    finite = np.concatenate([values[np.isfinite(values)].ravel() for values in arrays])
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    most = max(abs(low), abs(high))
    if symmetric or min(-low, high) > 0.2 * most:
        return (-most, most) if most > 0 else (-1e-300, 1e-300)
    return (low, high) if high > low else (low - 0.5 * (most or 1.0), high + 0.5 * (most or 1.0))


def _rows(dataset: Dataset) -> list[_Row]:
    dataset = dataset.shown()
    unknowns = [(name, part) for name in dataset.unknowns for part in _parts(dataset.fields[name])]
    most = max(1, _MOST_ROWS // len(unknowns))
    rows = []
    for name, part in unknowns:
        columns = {title: _part(values, part) for title, values in _columns(dataset, name).items()}
        label = f"{part} {name}".strip()
        for where, geometry, take in _views(dataset, most):
            rows.append(_Row(label, where, geometry, {title: take(values) for title, values in columns.items()}))
    return rows


def _parts(values: np.ndarray) -> tuple[str, ...]:
    return ("Re", "Im") if values.dtype.kind == "c" else ("",)


def _part(values: np.ndarray, part: str) -> np.ndarray:
    return (values.imag if part == "Im" else values.real).astype(float)


def _columns(dataset: Dataset, name: str) -> dict[str, np.ndarray]:
    fields = {key: outside_nan(values, dataset.mask) for key, values in dataset.fields.items()}
    columns = {"solution": fields[name]}
    if (reference := fields.get(name + REFERENCE)) is not None:
        columns |= {"reference": reference, "difference": fields.get(name + DIFFERENCE, fields[name] - reference)}
    return columns


_View = tuple[str, Geometry, Callable[[np.ndarray], np.ndarray]]


def _views(dataset: Dataset, most: int) -> Iterator[_View]:
    """Label, geometry and the function that takes its values out of a field, for each row of an unknown."""
    times = dataset.instants
    labels = [""] if times is None else [f"{dataset.time} = {time:.4g}" for time in times]
    chosen = _spread(len(labels), most)
    if dataset.kind == "grid":
        axes = {name: axis for name, axis in zip(dataset.coords, dataset.spatial, strict=False) if len(axis) > 1}
        axes = axes or {dataset.coords[0]: dataset.axes[0]}
    else:
        axes = dict(zip(dataset.columns, dataset.points.T, strict=True))
    shape = tuple(map(len, axes.values())) if dataset.kind == "grid" else (len(dataset.points),)
    (name, x), *others = axes.items()
    if not others:
        chosen = _spread(len(labels), _MOST_TIMES)
        shown = tuple(labels[step] for step in chosen)
        yield "", Lines(x, name, shown), lambda values: values.reshape(*shape, -1)[..., chosen]
    elif dataset.kind == "grid" and len(others) == 2:
        yield from _slices(axes, labels[-1])
    else:
        geometry = Raster(x, others[0][1], (name, others[0][0])) if dataset.kind == "grid" else _scattered(dataset)
        for step in chosen:
            yield labels[step], geometry, lambda values, step=step: values.reshape(*shape, -1)[..., step]  # type: ignore[misc]


def _spread(count: int, most: int) -> list[int]:
    """At most `most` (and `_MOST_TIMES`) of `count` steps, the last among them, spread evenly."""
    return sorted({round(step) for step in np.linspace(count - 1, 0, min(most, _MOST_TIMES, count))})


def _slices(axes: Mapping[str, np.ndarray], when: str) -> Iterator[_View]:
    """The three middle slices of a grid in space, at its last time."""
    shape = tuple(map(len, axes.values()))
    for number, normal in reversed(list(enumerate(axes))):
        plane = tuple(name for name in axes if name != normal)
        middle = len(axes[normal]) // 2

        def take(values: np.ndarray, number: int = number, middle: int = middle) -> np.ndarray:
            return values.reshape(*shape, -1)[..., -1].take(middle, axis=number)

        where = ", ".join(filter(None, (f"{normal} = {axes[normal][middle]:.4g}", when)))
        yield where, Raster(axes[plane[0]], axes[plane[1]], plane), take


def _scattered(dataset: Dataset) -> Geometry:
    names, points = dataset.columns, dataset.points
    triangles = faces(dataset.cells)
    if len(triangles) and len(names) == 2:
        return Triangles(points, triangles, names)
    if len(triangles) and len(names) == 3:
        return Surface(points, triangles, names)
    shown = 3 if len(names) == 3 else 2
    return Cloud(points[:, :shown], names[:shown])
