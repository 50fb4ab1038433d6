"""A field of two coordinates as a PNG picture; one for each time, or all of them as a film."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from inrpde.errors import OutputError
from inrpde.export.atomic import replacing
from inrpde.export.dataset import Dataset, outside_nan

SLACK = 0.5
"""Values from -0.5 to 1.5 are brightnesses, cut to [0, 1]; others are scaled to it."""
WIDE, PAUSE = 256, 100
"""Pixels of the longer side of a film, at least, and milliseconds of each picture; chosen."""


def write(path: str | os.PathLike[str], dataset: Dataset) -> Path:
    """Write the first unknown, or three as red, green and blue, as a picture with y upwards; of T > 1 times as
    NAME_000.png to NAME_{T-1}.png. Returns the path of the first.

    Raises `OutputError` for a dataset that is no grid of two coordinates, and where matplotlib is missing.
    """
    values = _values(path, dataset)
    try:
        from matplotlib.image import imsave
    except ImportError:
        raise _missing(path) from None
    places = _places(Path(path), values.shape[3])
    for number, place in enumerate(places):
        picture = _picture(values[..., number])
        with replacing(place) as beside:
            imsave(beside, np.repeat(picture, 3 // picture.shape[2], axis=2), format="png")
    return places[0]


def film(path: str | os.PathLike[str], dataset: Dataset) -> Path:
    """Write the same as one GIF that begins anew, at ten pictures a second; a single unknown in colours.

    Raises `OutputError` as `write`, and where there is one time only.
    """
    values = _values(path, dataset)
    if values.shape[3] < 2:
        raise OutputError("a film is of several times", str(path), "give --times 0,0.1,0.2, or write NAME.png")
    try:
        from matplotlib import colormaps
        from PIL import Image
    except ImportError:
        raise _missing(path) from None
    pictures = [_picture(values[..., number]) for number in range(values.shape[3])]
    coloured = [colormaps["viridis"](each[..., 0])[..., :3] if each.shape[2] == 1 else each for each in pictures]
    larger = max(1, -(-WIDE // max(coloured[0].shape[:2])))
    images = [
        Image.fromarray(np.round(255 * each.repeat(larger, 0).repeat(larger, 1)).astype(np.uint8)) for each in coloured
    ]
    with replacing(path) as beside:
        images[0].save(beside, format="GIF", save_all=True, append_images=images[1:], duration=PAUSE, loop=0)
    return Path(path)


def _missing(path: str | os.PathLike[str]) -> OutputError:
    return OutputError("writing pictures needs matplotlib", str(path), "pip install matplotlib, or inrpde[viz]")


def _values(path: str | os.PathLike[str], dataset: Dataset) -> np.ndarray:
    """The brightness (C, X, Y, T) of the unknowns that are shown."""
    names = [name for name in dataset.unknowns if dataset.fields[name].dtype.kind in "fiu"]
    if dataset.kind != "grid" or len(dataset.spatial) != 2 or not names:
        raise OutputError("pictures are of real fields of two coordinates on a grid", str(path), "write NAME.h5")
    chosen = names if len(names) == 3 else names[:1]
    values = np.stack([outside_nan(dataset.fields[name], dataset.mask).astype(float) for name in chosen])
    return _brightness(values.reshape(*values.shape[:3], -1))


def _picture(values: np.ndarray) -> np.ndarray:
    """Rows, from above, columns and channels of one time (C, X, Y)."""
    return np.moveaxis(values[:, :, ::-1], 0, -1).swapaxes(0, 1)


def _brightness(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1], 0 where there are none."""
    lo, hi = np.nanmin(values), np.nanmax(values)
    if lo < -SLACK or hi > 1 + SLACK:
        values = (values - lo) / (hi - lo)
    return np.clip(np.nan_to_num(values), 0, 1)


def _places(path: Path, count: int) -> list[Path]:
    if count == 1:
        return [path]
    digits = max(len(str(count - 1)), 3)
    return [path.with_name(f"{path.stem}_{number:0{digits}}{path.suffix}") for number in range(count)]
