"""Pictures as labelled points: a pixel is a sample on the unit square."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from sympy import Expr
from sympy.core.function import AppliedUndef

from inrpde.data.packages import missing, packaged
from inrpde.declaration import paths
from inrpde.declaration.fields import GridField
from inrpde.declaration.regions import Points
from inrpde.declaration.regions.chart import Array
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError

NAMES: Mapping[int, tuple[str, ...]] = MappingProxyType({1: ("grey",), 3: ("red", "green", "blue")})

LUMINANCE = np.array([0.2125, 0.7154, 0.0721])
"""Shares of red, green and blue (ITU-R BT.709)."""


class Image(Points):
    """The pixels of a picture: pixel (row i, column j) of n × m lies at x = (j + ½)/m, y = 1 - (i + ½)/n.

    `source`: a file beside the problem file, the name of one that scikit-image carries ("camera.png"), or an array
    (n, m) or (n, m, channels). Values are scaled to [0, 1] where they are whole numbers; opacity is left out. `size`
    resizes to size × size with anti-aliasing; `grey` makes one channel of colours, their luminance. Labels are "grey",
    or "red", "green" and "blue"; `channels` are all of them. Raises ProblemError for what is not a picture, and where
    scikit-image, which reads and resizes, is missing.
    """

    def __init__(self, space: Space, source: str | Path | Array, size: int | None = None, grey: bool = False):
        if len(space.coords) != 2:
            where = f"Image(space, {source!r})" if isinstance(source, str) else "Image(…)"
            raise ProblemError(f"a picture has 2 coordinates, and the space {len(space.coords)}", where, "Space('x y')")
        pixels = source if isinstance(source, np.ndarray) else _read(source)
        self.pixels = _channels(pixels, "Image(…)" if isinstance(source, np.ndarray) else str(source))
        if grey and self.pixels.shape[2] == 3:
            self.pixels = (self.pixels @ LUMINANCE)[..., None]
        if size is not None:
            self.pixels = _resized(self.pixels, size)
        n, m, count = self.pixels.shape
        self.axes = (np.arange(m) + 0.5) / m, (np.arange(n) + 0.5) / n
        rows, columns = np.mgrid[:n, :m]
        at = np.column_stack([((columns + 0.5) / m).ravel(), (1 - (rows + 0.5) / n).ravel()])
        self.names = NAMES[count]
        super().__init__(space, at, dict(zip(self.names, self.pixels.reshape(-1, count).T, strict=True)))

    @property
    def channels(self) -> tuple[Expr, ...]:
        """The labels of all channels, as they enter equations."""
        return tuple(self[name] for name in self.names)

    @property
    def fields(self) -> tuple[GridField, ...]:
        """Each channel as a coefficient: a spline through the pixels, which has derivatives."""
        return tuple(GridField(self.pixels[::-1, :, k].T, self.axes, name) for k, name in enumerate(self.names))

    def unknowns(self, name: str) -> tuple[AppliedUndef, ...]:
        """One unknown a channel: `name`, or name_red, name_green and name_blue."""
        return self.space.unknowns(self._called(name))

    def coefficients(self, name: str) -> dict[AppliedUndef, GridField]:
        """One coefficient a channel, of such names, and its `fields`, for `Problem(coefficients=…)`."""
        return {self.space.coefficient(n): field for n, field in zip(self._called(name), self.fields, strict=True)}

    def _called(self, name: str) -> list[str]:
        return [name] if len(self.names) == 1 else [f"{name}_{channel}" for channel in self.names]

    def some(self, share: float, seed: int = 0) -> Points:
        """A share of the pixels, chosen at random, with the same labels. Raises ProblemError unless 0 < share ≤ 1."""
        if not 0 < share <= 1:
            raise ProblemError(f"{share} is no share of the pixels", f"some({share})", "give a number from 0 to 1")
        count = len(self.coordinates)
        return self._rows(np.sort(np.random.default_rng(seed).permutation(count)[: max(round(share * count), 1)]))

    @property
    def border(self) -> Points:
        """The outermost pixels, with the same labels."""
        inner = np.zeros(self.pixels.shape[:2], dtype=bool)
        inner[1:-1, 1:-1] = True
        return self._rows(np.flatnonzero(~inner))

    def _rows(self, rows: Array) -> Points:
        labels = {name: self.values[symbol][rows] for name, symbol in zip(self.names, self.labels, strict=True)}
        return Points(self.space, self.coordinates[rows], labels)


def _read(source: str | Path) -> Array:
    try:
        from skimage.io import imread
    except ImportError:
        raise missing("skimage", source, "reading pictures") from None
    beside = paths.find(source)
    folder = packaged("skimage", "data/camera.png").parent
    if not beside.is_file() and not (folder / source).is_file():
        there = ", ".join(sorted(path.name for path in folder.glob("*.[pj][np]g")))
        raise ProblemError(
            f"there is no picture '{source}'", f"Image(space, '{source}')",
            f"give a path from the folder of the problem file, {beside.parent}, or one of {there}",
        )  # fmt: skip
    try:
        return np.asarray(imread(paths.resolve(beside if beside.is_file() else folder / source)))
    except Exception:  # each reader of a format has errors of its own
        raise ProblemError(
            f"'{source}' is not a picture that can be read", f"Image(space, '{source}')",
            "give a PNG, JPEG or TIFF file that a viewer opens",
        ) from None  # fmt: skip


def _channels(pixels: Array, where: str) -> Array:
    """Values (n, m, 1 or 3) in [0, 1]."""
    values = pixels[..., None] if pixels.ndim == 2 else pixels
    if values.ndim != 3 or values.shape[2] not in (1, 2, 3, 4) or values.dtype.kind not in "buif":
        raise ProblemError(
            f"an array of shape {pixels.shape} and type {pixels.dtype} is not one picture", where,
            "give numbers of shape (rows, columns), or (rows, columns, 3) for colours",
        )  # fmt: skip
    values = values[..., : 1 if values.shape[2] < 3 else 3]
    if values.dtype.kind in "ui":
        return values / float(np.iinfo(values.dtype).max)
    return values.astype(float)


def _resized(values: Array, size: Any) -> Array:
    if isinstance(size, bool) or not isinstance(size, int) or size < 2:
        raise ProblemError(f"a picture cannot have the size {size!r}", "Image(…, size=…)", "a whole number from 2 on")
    if values.shape[:2] == (size, size):
        return values
    try:
        from skimage.transform import resize
    except ImportError:
        raise missing("skimage", "Image(…, size=…)", "resizing pictures") from None
    return np.asarray(resize(values, (size, size), anti_aliasing=True))
