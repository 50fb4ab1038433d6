"""Fields on a grid as a Zarr store of the third format, an array a folder, each one chunk: -o answer.zarr."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrpde.errors import OutputError
from inrpde.plugin import Dataset


def write(path: Path, dataset: Dataset) -> None:
    if dataset.kind != "grid":
        raise OutputError("a Zarr store is of fields on a grid here", str(path), "write NAME.h5")
    about = {key: dataset.attributes[key] for key in ("problem", "method") if key in dataset.attributes}
    path.mkdir()
    (path / "zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": about}))
    for name, axis in zip(dataset.coords, dataset.axes, strict=True):
        array(path / name, axis, (name,))
    for name, values in dataset.fields.items():
        array(path / name, values, dataset.coords)


def array(folder: Path, values: NDArray[Any], coords: tuple[str, ...]) -> None:
    values = values.astype("<c16" if values.dtype.kind == "c" else "<f8")
    (folder / "c" / "/".join("0" * (values.ndim - 1))).mkdir(parents=True)
    folder.joinpath("c", *"0" * values.ndim).write_bytes(np.ascontiguousarray(values).tobytes())
    nan = ["NaN", "NaN"] if values.dtype.kind == "c" else "NaN"
    about = {
        "zarr_format": 3, "node_type": "array", "shape": values.shape, "data_type": values.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": values.shape}},
        "chunk_key_encoding": {"name": "default"}, "fill_value": nan, "dimension_names": coords,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    }  # fmt: skip
    (folder / "zarr.json").write_text(json.dumps(about))
