"""A sweep's rows: kept as they come in, a line each, and written as one table for spreadsheets, pandas and xarray."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from inrpde.errors import OutputError
from inrpde.export.atomic import new_hdf5, replacing

ROWS, CSV, HDF5 = "rows.jsonl", "table.csv", "table.h5"
"""Names in a sweep's folder."""
COLUMNS = ("status", "verdict", "estimated_error", "error", "reference", "seconds", "method")
"""What each row has beside its parameters; `file` and `message` come last."""
TEXTS = ("status", "verdict", "method", "file", "message")
Row = Mapping[str, Any]


def kept(folder: Path) -> dict[str, Row]:
    """The rows of the folder by their points' values in JSON, the latest of each; a line that was cut short is passed
    over. Raises OutputError where they cannot be read."""
    found: dict[str, Row] = {}
    try:
        text = (folder / ROWS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"the sweep's rows cannot be read: {error}", str(folder / ROWS), "another folder") from None
    for line in text.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            found[key(row["values"])] = row
    return found


def keep(folder: Path, row: Row) -> None:
    """Append a row. Raises OutputError where the disk does not take it."""
    path = folder / ROWS
    try:
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
            cut = file.read() not in (b"", b"\n")  # by a process that was killed as it wrote
            file.write(b"\n" * cut + json.dumps(row).encode() + b"\n")
    except OSError as error:
        raise OutputError(f"a row cannot be kept: {error.strerror}", str(path), "free some space") from None


def key(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), sort_keys=True)


def columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """All columns: parameters, what every row has, each field's and number's own, the file and the message. What a row
    has not is None. Parameters whose values are all numbers are numbers."""
    names = list(dict.fromkeys(name for row in rows for name in row["values"]))
    own = list(dict.fromkeys(name for row in rows for name in row["each"]))
    found: dict[str, list[Any]] = {name: _numbers([row["values"].get(name) for row in rows]) for name in names}
    found |= {name: [row[name] for row in rows] for name in COLUMNS if name not in found}
    found |= {name: [row["each"].get(name) for row in rows] for name in own if name not in found}
    return found | {name: [row[name] for row in rows] for name in ("file", "message") if name not in found}


def write(folder: Path, rows: Sequence[Row]) -> None:
    """The tables of the rows, each whole or not at all. Raises OutputError where one cannot be written."""
    made = columns(rows)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(made)
    writer.writerows(zip(*made.values(), strict=True))
    with replacing(folder / CSV) as beside:
        beside.write_text(text.getvalue(), encoding="utf-8")
    with replacing(folder / HDF5) as beside, new_hdf5(beside) as file:
        _fill(file, made, len(rows))


def _fill(file: h5py.File, made: Mapping[str, Sequence[Any]], count: int) -> None:
    """A variable a column, along the dimension `point`, as netCDF has them. What is not known is NaN, or no text."""
    scale = file.create_dataset("point", data=np.arange(count))
    scale.make_scale("point")
    for number, (name, column) in enumerate(made.items()):
        texts = name in TEXTS or any(isinstance(value, str) for value in column)
        known = [("" if texts else np.nan) if value is None else value for value in column]
        values = np.array([*map(str, known)], h5py.string_dtype()) if texts else np.array(known, float)
        free = name.replace("/", "|").strip(".") or f"column {number}"  # a slash is a folder in HDF5
        variable = file.create_dataset(free if free not in file else f"{free} {number}", data=values)
        variable.dims[0].attach_scale(scale)
        variable.attrs["long_name"] = name


def _numbers(texts: Iterable[str | None]) -> list[Any]:
    """The texts as whole numbers or floats where all of them are such, or as they are."""
    given = list(texts)
    for kind in (int, float):
        with suppress(ValueError):
            return [None if text is None else kind(text) for text in given]
    return given
