"""A field of one coordinate as a WAV file."""

from __future__ import annotations

import os
import wave

import numpy as np

from inrpde.errors import OutputError
from inrpde.export.atomic import replacing
from inrpde.export.dataset import Dataset

LOUDEST = 32767


def write(path: str | os.PathLike[str], dataset: Dataset) -> None:
    """Write the unknowns of a grid in one coordinate (seconds) as 16-bit PCM, a channel each; values beyond ±1 are cut.

    Raises `OutputError` for anything else.
    """
    names = [name for name in dataset.unknowns if dataset.fields[name].dtype.kind in "fiu"]
    if dataset.kind != "grid" or len(dataset.coords) != 1 or not 1 <= len(names) <= 2 or dataset.shape[0] < 2:
        what = "a sound is one or two real fields of one coordinate on a grid"
        raise OutputError(what, str(path), "write NAME.h5")
    axis = dataset.axes[0]
    values = np.stack([np.nan_to_num(dataset.fields[name].astype(float)) for name in names], axis=1)
    with replacing(path) as beside, wave.open(str(beside), "wb") as file:
        file.setparams((len(names), 2, round((len(axis) - 1) / (axis[-1] - axis[0])), 0, "NONE", "not compressed"))
        file.writeframes(np.round(LOUDEST * np.clip(values, -1, 1)).astype("<i2").tobytes())
