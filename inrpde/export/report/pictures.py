"""The pictures of a page: each panel an image for each time, on scales that do not change with it. Needs matplotlib."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inrpde.export.dataset import Dataset
from inrpde.export.geometry import Geometry, Lines, Raster, Surface, Triangles, cut
from inrpde.export.layout import Place, colours, instants, places, scales, span, unknowns
from inrpde.export.picture import STYLE, library

Array = np.ndarray
MOST_TIMES, MOST_ON_SURFACES, MOST_PARTS = 12, 5, 12
"""Times of a slider, those where surfaces in space are drawn, which takes a second each, and real fields that are
shown; chosen so that a page has a few megabytes and takes seconds."""
WIDE, DOTS = 3.6, 144
"""Inches of a panel, and dots an inch: sharp at 500 pixels, and its text can be read at 300."""
CAPTIONS = {"solution": "the answer", "reference": "the reference", "difference": "answer minus reference"}


@dataclass(frozen=True)
class Panel:
    """One of the pictures side by side: an image (a data URI) and a text in its place for each of the times."""

    title: str
    frames: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Picture:
    """An unknown, or a real part of it, at one place."""

    title: str
    panels: tuple[Panel, ...]


def pictures(
    dataset: Dataset, readings: Mapping[str, Sequence[tuple[Array, Array]]]
) -> tuple[list[Picture], list[str]]:
    """The pictures of a dataset, and the times that they have in common, in words (none where there is no time).

    `readings` are points (N, d) and what was read there, by unknowns: those of a problem without a time are drawn.
    Raises OutputError without matplotlib."""
    matplotlib = library()
    dataset = dataset.shown()
    labels, at = instants(dataset), [*places(dataset), *_cuts(dataset)]
    heavy = any(isinstance(place.geometry, Surface) for place in at)
    most = min(len(labels), MOST_ON_SURFACES if heavy else MOST_TIMES)
    steps = sorted({round(step) for step in np.linspace(len(labels) - 1, 0, most)})
    found: list[Picture] = []
    with matplotlib.rc_context(STYLE):
        for name, parts in unknowns(dataset).items():
            ranges, read = scales(parts), [] if labels[0] else list(readings.get(name, []))
            for part, columns in parts[: MOST_PARTS - len(found)]:
                for place in at:
                    taken = {title: place.take(values)[..., steps] for title, values in columns.items()}
                    names = [labels[step] for step in steps]
                    found.append(_picture(part, place, taken, names, ranges, read))
    return found, [labels[step] for step in steps if labels[step]]


def as_uri(made: Any) -> str:
    """A figure of matplotlib as an image within a page; packed harder it takes twice as long, and a tenth less.

    By one canvas for all images of a figure, which keeps what it has made of texts: `savefig` draws each twice, with a
    canvas of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    made.dpi = DOTS
    canvas = made.canvas if isinstance(made.canvas, FigureCanvasAgg) else FigureCanvasAgg(made)
    canvas.print_png(buffer)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _cuts(dataset: Dataset) -> list[Place]:
    """The middle planes of a mesh in space, which shows its surface alone."""
    if "tetra" not in dataset.cells or dataset.points.shape[1] != 3:
        return []
    found, middle = [], (dataset.points.min(axis=0) + dataset.points.max(axis=0)) / 2
    for axis in (2, 1, 0):
        made = cut(dataset.points, dataset.cells["tetra"], axis, middle[axis])
        if len(made.triangles):
            plane = tuple(name for k, name in enumerate(dataset.columns) if k != axis)
            geometry = Triangles(np.delete(made.points, axis, axis=1), made.triangles, plane)

            def take(values: Array, mix: Callable[[Array], Array] = made.mix) -> Array:
                return mix(values.reshape(len(values), -1))

            found.append(Place(f"{dataset.columns[axis]} = {middle[axis]:.4g}", geometry, take))
    return found


def _picture(
    part: str, place: Place, columns: Mapping[str, Array], labels: list[str],
    ranges: Mapping[str, tuple[float, float]], readings: list[tuple[Array, Array]],
) -> Picture:  # fmt: skip
    title = ", ".join(filter(None, (part, place.where)))
    panels = []
    if isinstance(place.geometry, Lines):
        panels.append(_curves(title, place.geometry, columns, labels, readings))
        columns = {name: values for name, values in columns.items() if name == "difference"}
    for name, values in columns.items():
        if isinstance(place.geometry, Lines):
            panels.append(_curves(title, place.geometry, {name: values}, labels, []))
        else:
            panels.append(_coloured(title, name, place.geometry, values, labels, ranges[name], readings))
    return Picture(title, tuple(panels))


def _coloured(
    title: str, column: str, geometry: Geometry, values: Array, labels: list[str], limits: tuple[float, float],
    readings: list[tuple[Array, Array]],
) -> Panel:  # fmt: skip
    """A field in colours, of the same range at all times; what was read, in the same colours, in rings."""
    given = colours(column, *limits)

    def draw(axes: Any, step: int) -> Any:
        mappable = geometry.draw(axes, values[..., step], given)
        if column == "solution" and isinstance(geometry, Raster | Triangles):
            for points, read in readings:
                axes.scatter(*points.T, c=np.real(read), s=22, edgecolors="black", linewidths=0.7, **given)
        return mappable

    frames = _frames(draw, len(labels), geometry)
    return Panel(CAPTIONS[column], tuple(zip(frames, _texts(title, column, values, labels), strict=True)))


def _curves(
    title: str, geometry: Lines, columns: Mapping[str, Array], labels: list[str], readings: list[tuple[Array, Array]]
) -> Panel:
    """Curves along one coordinate, over those of all times, which are pale; what was read is drawn as points."""
    first = next(iter(columns))
    shown = {name: replace(geometry, labels=("",)) for name in columns if name == first or name == "reference"}
    every = replace(geometry, labels=("",) * len(labels))
    every_value = np.concatenate([v.ravel() for v in (*columns.values(), *(np.real(read) for _, read in readings))])
    low, high = span(every_value)

    def draw(axes: Any, step: int) -> None:
        if len(labels) > 1:
            every.draw(axes, columns[first], {"linewidth": 0.6, "color": "0.82"})
        for name, one in shown.items():
            dashed = {"linewidth": 1.0, "linestyle": (0, (4, 3)), "color": "black"}
            look = dashed if name == "reference" else {"linewidth": 1.8, "color": "#1f5fa8"}
            one = replace(one, labels=(CAPTIONS[name],))
            one.draw(axes, columns[name][:, [step]], look)
        for points, read in readings:
            axes.plot(points[:, 0], np.real(read), "o", color="#c2410c", markersize=3.5, label="what was read")
        axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        if len(shown) > 1 or readings:
            axes.legend(fontsize=8)

    frames = _frames(draw, len(labels), geometry)
    caption = CAPTIONS[first] + (" and the reference" if len(shown) > 1 else "")
    return Panel(caption, tuple(zip(frames, _texts(title, first, columns[first], labels), strict=True)))


def _frames(draw: Callable[[Any, int], Any], count: int, geometry: Geometry) -> list[str]:
    """An image for each step, laid out alike: what `draw` draws into axes is taken away before the next."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(WIDE, _height(geometry)), layout="compressed" if _equal(geometry) else "constrained")
    axes = made.add_subplot(projection=geometry.projection)
    found = []
    for step in range(count):
        for artist in [*axes.collections, *axes.lines]:
            artist.remove()
        mappable = draw(axes, step)
        if step == 0:
            _scale(made, axes, mappable, geometry)
            made.draw_without_rendering()
            made.set_layout_engine("none")
        found.append(as_uri(made))
    return found


def _equal(geometry: Geometry) -> bool:
    """Are units along both axes drawn alike? Where the picture does not become a thread."""
    flat = geometry.projection is None and not isinstance(geometry, Lines)
    return flat and geometry.extent.min() > geometry.extent.max() / 8


def _low(geometry: Geometry) -> bool:
    """Is a picture so wide that its scale belongs below it?"""
    return _equal(geometry) and geometry.extent[1] < 0.45 * geometry.extent[0]


def _height(geometry: Geometry) -> float:
    """Inches: what the axes need that are as wide as a panel without its labels and its scale."""
    if not _equal(geometry):
        return 0.75 * WIDE
    width, height = geometry.extent
    beside, beyond = (0.85, 1.05) if _low(geometry) else (0.63, 0.5)
    return float(np.clip(beside * WIDE * height / width, 0.3, 4.5)) + beyond


def _scale(made: Any, axes: Any, mappable: Any, geometry: Geometry) -> None:
    """What the colours mean."""
    if mappable is None:
        return
    if geometry.projection:
        made.colorbar(mappable, ax=axes, shrink=0.7, pad=0.14)
        return
    if _equal(geometry):
        axes.set_aspect("equal")
    axes.set_title(" ", pad=2.0)  # room for a power of ten above a scale: panels with and without are laid out alike
    if _low(geometry):
        made.colorbar(mappable, ax=axes, location="bottom", aspect=28, pad=0.05)
        return
    share = min(1.0, geometry.extent[1] / geometry.extent[0]) if _equal(geometry) else 1.0
    made.colorbar(mappable, ax=axes, aspect=20 * share, pad=0.03)


def _texts(title: str, column: str, values: Array, labels: list[str]) -> list[str]:
    """What the pictures show, for those who do not see them."""
    found = []
    for step, label in enumerate(labels):
        finite = values[..., step][np.isfinite(values[..., step])]
        span = f"values from {finite.min():.3g} to {finite.max():.3g}" if finite.size else "no values"
        found.append(f"{title}, {CAPTIONS[column]}{f' at {label}' * bool(label)}: {span}")
    return found
