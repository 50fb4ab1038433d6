"""Where the conditions hold, in one picture: regions by some of their points, a mesh by its edges. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inrpde.export.dataset import Dataset
from inrpde.export.geometry import faces
from inrpde.export.picture import STYLE, library
from inrpde.export.report.pictures import as_uri

Array = np.ndarray
COLOURS = ("#1f5fa8", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0e7490", "#a16207", "#be185d", "#4d7c0f", "#374151")
"""Of conditions on parts of the space, in turn; those in all of it are grey. They are told apart on white."""
MOST = 20_000
"""Triangles of a mesh whose edges are drawn, at most: more are a black area."""
SIZE = (4.4, 3.2)
"""Inches: its text can be read on a telephone."""


def drawn(dataset: Dataset, conditions: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str | None:
    """The conditions' points as an image (a data URI) with their numbers; None where the coordinates are more than can
    be drawn, or no points are known. Raises OutputError without matplotlib."""
    every = [np.asarray(each["points"], dtype=float).reshape(-1, len(names)) for each in conditions]
    shown = list(range(len(names)))
    if len(names) == 4 and dataset.time is not None:
        shown = shown[:3]  # space alone
    if not 1 <= len(shown) <= 3 or not any(map(len, every)):
        return None
    from_all = [int(each["dim"]) == len(names) for each in conditions]
    with library().rc_context(STYLE):
        return _figure(dataset, [points[:, shown] for points in every], from_all, [names[k] for k in shown])


def _figure(dataset: Dataset, every: list[Array], whole: list[bool], names: list[str]) -> str:
    from matplotlib.figure import Figure

    made = Figure(figsize=(SIZE[0], 0.8 + 0.3 * len(every)) if len(names) == 1 else SIZE, layout="constrained")
    axes = made.add_subplot(projection="3d" if len(names) == 3 else None)
    if len(names) == 2 and dataset.kind == "mesh" and dataset.points.shape[1] == 2:
        triangles = faces(dataset.cells)
        if 0 < len(triangles) <= MOST:
            axes.triplot(*dataset.points.T, triangles=triangles, color="0.75", linewidth=0.4)
    taken = 0
    for number, (points, in_all) in enumerate(zip(every, whole, strict=True), 1):
        colour = "0.6" if in_all else COLOURS[taken % len(COLOURS)]
        taken += not in_all
        if len(points):
            at = points.T if len(names) > 1 else (points[:, 0], np.full(len(points), -float(number)))
            size = 1.5 if in_all else 5.0 if len(points) > 20 else 26.0
            look: dict[str, Any] = {"s": size, "color": colour, "linewidths": 0, "zorder": 2 if in_all else 3}
            axes.scatter(*at, label=str(number), **look)
    for setter, name in zip(("set_xlabel", "set_ylabel", "set_zlabel"), names, strict=False):
        getattr(axes, setter)(name)
    if len(names) == 1:
        axes.set(yticks=[-float(k + 1) for k in range(len(every))], yticklabels=[str(k + 1) for k in range(len(every))])
        axes.set(ylabel="condition", ylim=(-len(every) - 0.5, -0.5))
        return as_uri(made)
    if len(names) == 2 and dataset.time is None:
        axes.set_aspect("equal")
    if len(names) == 3:
        axes.locator_params(nbins=4)
    legend: Any = made.legend(loc="outside right upper", title="condition", scatterpoints=1)
    for handle in legend.legend_handles:
        handle.set_sizes([24.0])
    return as_uri(made)
