"""The rows of a sweep, and the tables that other programs read."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from inrpde.errors import OutputError
from inrpde.sweep import solving, table

REPORT = {
    "status": "ok",
    "method": "least-squares",
    "verdict": {"word": "verified", "because": "…"},
    "seconds": {"total": 2.5},
    "fields": {
        "u": {"estimated_error": 1e-9, "exact": {"rel_l2": 2e-9}, "reference": None},
        "v": {"estimated_error": 3e-9, "exact": None, "reference": {"rel_l2": 1e-4}},
    },
    "learned": {"nu": {"value": 0.25, "std": 0.01}, "a": {"std": None}},
    "report": [{"expression": "Integral(u)/2", "value": 0.5, "estimated_error": 1e-8, "reference": None}],
    "output": "k=5.h5",
}
FAILED = {"status": "invalid", "error": {"what": "no k", "where": "line 3", "fix": "mend it"}}


def rows():
    return [solving.row({"k": "5"}, REPORT, "/there/k=5.h5"), solving.row({"k": "6"}, FAILED, "/there/k=6.h5")]


def test_a_row_has_the_worst_of_its_fields_and_each_of_them():
    row = rows()[0]
    assert (row["estimated_error"], row["error"], row["reference"]) == (3e-9, 2e-9, 1e-4)
    assert row["each"]["u.estimated_error"] == 1e-9
    assert (row["each"]["nu"], row["each"]["nu.std"]) == (0.25, 0.01)
    assert row["each"]["Integral(u)/2"] == 0.5
    assert row["file"] == "k=5.h5"


def test_a_row_without_an_answer_says_why():
    row = rows()[1]
    assert (row["status"], row["verdict"], row["file"]) == ("invalid", None, None)
    assert row["message"] == "line 3: no k"


def test_pandas_and_xarray_read_the_tables(tmp_path):
    table.write(tmp_path, rows())
    read = pd.read_csv(tmp_path / table.CSV)
    assert list(read["k"]) == [5, 6]
    assert read["estimated_error"][0] == 3e-9
    assert np.isnan(read["error"][1])
    with xr.open_dataset(tmp_path / table.HDF5, engine="h5netcdf") as found:
        assert found["u.error"].dims == ("point",)
        assert list(found["status"].values) == ["ok", "invalid"]
        assert found["k"].values.tolist() == [5.0, 6.0]
        assert found["Integral(u)|2"].attrs["long_name"] == "Integral(u)/2"
        assert np.isnan(found["seconds"].values[1])


def test_values_that_are_no_numbers_are_texts(tmp_path):
    each = [solving.row({"k": text}, FAILED, "x.h5") for text in ("1", "coarse")]
    assert table.columns(each)["k"] == ["1", "coarse"]
    table.write(tmp_path, each)
    with xr.open_dataset(tmp_path / table.HDF5, engine="h5netcdf") as found:
        assert list(found["k"].values) == ["1", "coarse"]


def test_the_latest_row_of_a_point_counts_and_one_that_was_cut_short_does_not(tmp_path):
    first, second = rows()
    table.keep(tmp_path, first)
    table.keep(tmp_path, {**first, "seconds": 9.0})
    with (tmp_path / table.ROWS).open("a") as file:
        file.write(json.dumps(second)[:30])
    table.keep(tmp_path, second)
    found = table.kept(tmp_path)
    assert len(found) == 2
    assert found[table.key({"k": "5"})]["seconds"] == 9.0
    assert table.kept(tmp_path / "elsewhere") == {}


def test_a_disk_that_refuses_is_said(tmp_path):
    (tmp_path / table.ROWS).mkdir()
    with pytest.raises(OutputError, match="cannot be"):
        table.keep(tmp_path, rows()[0])
    with pytest.raises(OutputError, match="cannot be read"):
        table.kept(tmp_path)
