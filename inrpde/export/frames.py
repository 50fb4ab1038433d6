"""A field of two coordinates as a PNG picture; one for each time."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from inrpde.errors import OutputError
from inrpde.export.atomic import replacing
from inrpde.export.dataset import Dataset, outside_nan

SLACK = 0.5
"""Values from -0.5 to 1.5 are brightnesses, cut to [0, 1]; others are scaled to it."""


def write(path: str | os.PathLike[str], dataset: Dataset) -> Path:
    """Write the first unknown, or three as red, green and blue, as a picture with y upwards; of T > 1 times as
    NAME_000.png to NAME_{T-1}.png. Returns the path of the first.

    Raises `OutputError` for a dataset that is no grid of two coordinates, and where matplotlib is missing.
    """
    names = [name for name in dataset.unknowns if dataset.fields[name].dtype.kind in "fiu"]
    if dataset.kind != "grid" or len(dataset.spatial) != 2 or not names:
        raise OutputError("pictures are of real fields of two coordinates on a grid", str(path), "write NAME.h5")
    try:
        from matplotlib.image import imsave
    except ImportError:
        fix = "pip install matplotlib, or inrpde[viz]"
        raise OutputError("writing pictures needs matplotlib", str(path), fix) from None
    chosen = names if len(names) == 3 else names[:1]
    values = np.stack([outside_nan(dataset.fields[name], dataset.mask).astype(float) for name in chosen])
    values = _brightness(values.reshape(*values.shape[:3], -1))
    places = _places(Path(path), values.shape[3])
    for number, place in enumerate(places):
        picture = np.moveaxis(values[:, :, ::-1, number], 0, -1).swapaxes(0, 1)
        with replacing(place) as beside:
            imsave(beside, np.repeat(picture, 3 // len(chosen), axis=2), format="png")
    return places[0]


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
