"""What a picture's panel shows values on: lines, a raster, triangles, a surface in space, a cloud of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

_FACES = {
    "triangle": [(0, 1, 2)],
    "quad": [(0, 1, 2), (0, 2, 3)],
    "tetra": [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)],
    "hexahedron": [
        *[(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7), (0, 1, 5), (0, 5, 4)],
        *[(1, 2, 6), (1, 6, 5), (2, 3, 7), (2, 7, 6), (3, 0, 4), (3, 4, 7)],
    ],
    "wedge": [(0, 1, 2), (3, 4, 5), (0, 1, 4), (0, 4, 3), (1, 2, 5), (1, 5, 4), (2, 0, 3), (2, 3, 5)],
    "pyramid": [(0, 1, 2), (0, 2, 3), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)],
}
_MOST_SMOOTH = 10_000
_MOST_EDGES = 4_000
"""Triangles whose edges are drawn, too; more would hide the colours."""
_EDGE = {"linewidth": 0.25, "color": "black", "alpha": 0.25}
_VOLUMES = ("tetra", "hexahedron", "wedge", "pyramid")


class Geometry(Protocol):
    """Draws values into a matplotlib axes and returns what a colour bar takes (None: no colours)."""

    @property
    def projection(self) -> str | None: ...

    @property
    def extent(self) -> np.ndarray:
        """Width and height of what is shown."""

    def draw(self, axes: Any, values: np.ndarray, colours: Mapping[str, Any]) -> Any: ...


@dataclass(frozen=True, eq=False)
class Raster:
    """A grid of two axes; NaN stays white."""

    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    projection: str | None = None

    @property
    def extent(self) -> np.ndarray:
        return np.array([np.ptp(self.x), np.ptp(self.y)])

    def draw(self, axes: Any, values: np.ndarray, colours: Mapping[str, Any]) -> Any:
        every = [slice(None, None, max(1, count // 1000)) for count in values.shape]
        shown = np.ma.masked_invalid(values[tuple(every)])
        smooth = shown.size < _MOST_SMOOTH and not shown.mask.any()
        _label(axes, self.names)
        shading = "gouraud" if smooth else "nearest"
        return axes.pcolormesh(self.x[every[0]], self.y[every[1]], shown.T, shading=shading, **colours)


@dataclass(frozen=True, eq=False)
class Triangles:
    """A mesh in the plane; triangles with a node that is NaN stay white."""

    points: np.ndarray
    triangles: np.ndarray
    names: tuple[str, ...]
    projection: str | None = None

    @property
    def extent(self) -> np.ndarray:
        return np.ptp(self.points, axis=0)

    def draw(self, axes: Any, values: np.ndarray, colours: Mapping[str, Any]) -> Any:
        shown = self.triangles[np.isfinite(values)[self.triangles].all(axis=1)]
        _label(axes, self.names)
        if len(shown) <= _MOST_EDGES:
            axes.triplot(*self.points.T, triangles=shown, **_EDGE)
        return axes.tripcolor(*self.points.T, np.nan_to_num(values), triangles=shown, shading="gouraud", **colours)


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles in space, each in the colour of its mean."""

    points: np.ndarray
    triangles: np.ndarray
    names: tuple[str, ...]
    projection: str | None = "3d"

    @property
    def extent(self) -> np.ndarray:
        return np.ones(2)

    def draw(self, axes: Any, values: np.ndarray, colours: Mapping[str, Any]) -> Any:
        from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

        edges = {"edgecolor": (0, 0, 0, 0.25), "linewidth": 0.25} if len(self.triangles) <= _MOST_EDGES else {}
        look = {"edgecolor": "none"} | edges | _without_limits(colours)
        faces = Poly3DCollection(self.points[self.triangles], **look)
        faces.set_array(values[self.triangles].mean(axis=1))
        faces.set_clim(colours["vmin"], colours["vmax"])
        axes.add_collection3d(faces)
        _label(axes, self.names)
        _span(axes, self.points)
        return faces


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points by their first two or three coordinates."""

    points: np.ndarray
    names: tuple[str, ...]

    @property
    def projection(self) -> str | None:
        return "3d" if self.points.shape[1] == 3 else None

    @property
    def extent(self) -> np.ndarray:
        return np.ones(2) if self.projection else np.ptp(self.points, axis=0)

    def draw(self, axes: Any, values: np.ndarray, colours: Mapping[str, Any]) -> Any:
        size = float(np.clip(20_000 / max(len(values), 1), 2, 40))
        _label(axes, self.names)
        axes.set_facecolor("0.9")
        if self.projection:
            _span(axes, self.points)
        return axes.scatter(*self.points.T, c=values, s=size, linewidths=0, **colours)


@dataclass(frozen=True, eq=False)
class Lines:
    """Values (n, T) along one coordinate at T times, in the colours of the times."""

    x: np.ndarray
    name: str
    labels: tuple[str, ...]
    projection: str | None = None
    extent = np.array([1.6, 1.0])

    def draw(self, axes: Any, values: np.ndarray, colours: Mapping[str, Any]) -> None:
        import matplotlib

        shades = matplotlib.colormaps["viridis"](np.linspace(0.15, 0.85, len(self.labels)))[::-1]
        order = np.argsort(self.x, kind="stable")
        for column, label, shade in zip(values.T, self.labels, shades, strict=True):
            axes.plot(self.x[order], column[order], label=label, **({"color": shade} | dict(colours)))
        axes.set_xlabel(self.name)
        axes.grid(alpha=0.25, linewidth=0.6)


def faces(cells: Mapping[str, np.ndarray]) -> np.ndarray:
    """The triangles (M, 3) that one sees of a mesh: quadrilaterals are split, and volumes show their surface."""
    volume = {name: nodes for name, nodes in cells.items() if name in _VOLUMES}
    shown = volume or {name: nodes for name, nodes in cells.items() if name in _FACES}
    every = [nodes[:, corners] for name, nodes in shown.items() for corners in _FACES[name]]
    triangles = np.concatenate(every) if every else np.empty((0, 3), np.int64)
    if not volume:
        return triangles
    _, first, count = np.unique(np.sort(triangles, axis=1), axis=0, return_index=True, return_counts=True)
    return triangles[first[count == 1]]


@dataclass(frozen=True, eq=False)
class Cut:
    """Triangles in a plane through a mesh in space; `mix` makes values (N, T) at the mesh's nodes those at its points,
    linearly along the edges that it cuts."""

    points: np.ndarray
    triangles: np.ndarray
    ends: np.ndarray
    share: np.ndarray

    def mix(self, values: np.ndarray) -> np.ndarray:
        first, second = self.ends.T
        return (1 - self.share)[:, None] * values[first] + self.share[:, None] * values[second]


def cut(points: np.ndarray, tetrahedra: np.ndarray, axis: int, at: float) -> Cut:
    """The plane on which a coordinate has a value, through tetrahedra: a triangle where one node lies on one side, two
    where two do."""
    above = points[:, axis] > at
    pieces = []
    for count in (1, 2, 3):
        some = tetrahedra[above[tetrahedra].sum(axis=1) == count]
        order = np.take_along_axis(some, np.argsort(~above[some], axis=1, kind="stable"), axis=1)
        if count == 2:  # the four edges between the two sides, once round
            a, b, c, d = order.T
            corners = [np.stack(each, axis=1) for each in ((a, c), (a, d), (b, d), (b, c))]
            pieces += [np.stack([corners[k] for k in three], axis=1) for three in ((0, 1, 2), (0, 2, 3))]
        else:
            tip = 0 if count == 1 else 3
            others = [k for k in range(4) if k != tip]
            pieces.append(np.stack([order[:, [tip, k]] for k in others], axis=1))
    edges = np.sort(np.concatenate(pieces).reshape(-1, 2), axis=1)
    ends, number = np.unique(edges, axis=0, return_inverse=True)
    low, high = points[ends[:, 0]], points[ends[:, 1]]
    share = (at - low[:, axis]) / (high - low)[:, axis]
    return Cut(low + share[:, None] * (high - low), number.reshape(-1, 3), ends, share)


def _label(axes: Any, names: tuple[str, ...]) -> None:
    for setter, name in zip(("set_xlabel", "set_ylabel", "set_zlabel"), names, strict=False):
        getattr(axes, setter)(name)


def _span(axes: Any, points: np.ndarray) -> None:
    low, high = points.min(axis=0), points.max(axis=0)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.locator_params(nbins=4)
    axes.set_box_aspect(np.maximum(high - low, 1e-3 * (high - low).max()))


def _without_limits(colours: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in colours.items() if name not in ("vmin", "vmax")}
