"""Gridded data by the CF conventions: what xarray and netCDF4 wrote is read as xarray reads it, or refused by name."""

import h5py
import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Eq, Interval

from inrpde import GridField, On, Problem, Region, Space
from inrpde.declaration.cf import axis_of, decode
from inrpde.errors import ProblemError

TIME, LAT, LON = np.array([0.0, 6, 12, 18]), np.linspace(60, 20, 5), np.linspace(-10, 20, 7)
FIELD = 53_459 + 900 * np.sin(TIME[:, None, None] + 0.1 * LAT[:, None] + 0.2 * LON)
PACKINGS = {
    "int16": {"dtype": "int16", "scale_factor": 0.05, "add_offset": 53_000.0, "_FillValue": -32_767},
    "int16, no fill value": {"dtype": "int16", "scale_factor": 0.05, "add_offset": 53_000.0},
    "int32, no offset": {"dtype": "int32", "scale_factor": 0.001, "_FillValue": -1},
    "uint8": {"dtype": "int8", "_Unsigned": "true", "scale_factor": 10.0, "add_offset": 52_400.0, "_FillValue": 255},
    "int8 in uint8": {"dtype": "uint8", "_Unsigned": "false", "scale_factor": 10.0, "add_offset": 53_400.0,
                     "_FillValue": -128},
    "offset alone": {"dtype": "int16", "add_offset": 53_000.0},
    "float32": {"dtype": "float32", "_FillValue": np.float32(-9999)},
    "float64": {"missing_value": 1e20, "_FillValue": 1e20},
}  # fmt: skip


def dataset(values=FIELD, dims=("time", "lat", "lon")):
    axes = {"time": ("time", TIME, {"units": "hours since 2026-01-01"}), "lat": LAT, "lon": LON}
    return xarray.Dataset({"a": (("time", "lat", "lon"), values)}, axes).transpose(*dims)


def agrees(path, field, rtol=1e-6):
    """With what xarray makes of the file, its own precision (float32 for packed bytes and shorts) apart."""
    with xarray.open_dataset(path, decode_times=False) as theirs:
        a = theirs["a"].sortby(["lat", "lon", "time"]).transpose(*field.names)
        assert np.allclose(field.values, a.values, rtol=rtol, atol=0)
        for name, axis in zip(field.names, field.axes, strict=True):
            assert np.array_equal(axis, np.sort(theirs[name].values))


@pytest.mark.filterwarnings("ignore::xarray.SerializationWarning")
@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
@pytest.mark.parametrize("packing", PACKINGS)
def test_packed_files_are_read_as_xarray_reads_them(tmp_path, packing, engine):
    dataset().to_netcdf(tmp_path / "a.nc", engine=engine, encoding={"a": PACKINGS[packing]})
    field = GridField.from_hdf5(tmp_path / "a.nc", "a")
    assert field.names == ("lon", "lat", "time")
    assert field.values.mean() == pytest.approx(FIELD.mean(), abs=6)
    agrees(tmp_path / "a.nc", field)


@settings(max_examples=25, deadline=None)
@given(
    st.permutations(["time", "lat", "lon"]),
    st.sampled_from(["i1", "u1", "i2", "u2", "i4", "u4", "f4", ">i2", ">f4"]),
    st.floats(0.01, 100),
    st.floats(-1e4, 1e4),
    st.sampled_from([None, "true", "false"]),
    st.integers(0, 2**31),
)
def test_whatever_the_type_order_and_packing(tmp_path_factory, dims, kind, factor, offset, sign, seed):
    """Attributes as arrays of one, and as fixed-length text."""
    path = tmp_path_factory.mktemp("cf") / "a.nc"
    raw = np.random.default_rng(seed).integers(0, 2**8, FIELD.shape).astype(np.uint8).astype(kind)
    dataset(dims=dims).to_netcdf(path, engine="h5netcdf", encoding={"a": {"_FillValue": None}})
    with h5py.File(path, "a") as file:
        old = file["a"]
        new = file.create_dataset("new", data=raw.transpose([["time", "lat", "lon"].index(d) for d in dims]))
        for key in ("DIMENSION_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates"):
            if key in old.attrs:
                new.attrs[key] = old.attrs[key]
        del file["a"]
        file.move("new", "a")
        new.attrs["scale_factor"], new.attrs["add_offset"] = np.array([factor]), offset
        if sign and raw.dtype.kind in "iu":
            new.attrs["_Unsigned"] = np.bytes_(sign) if seed % 2 else sign
    field = GridField.from_hdf5(path, "a")
    with xarray.open_dataset(path, decode_times=False) as theirs:
        a = theirs["a"].astype(float).sortby(["lat", "lon", "time"]).transpose(*field.names).values
    assert np.allclose(field.values, a, rtol=1e-5, atol=1e-6 * (abs(offset) + 255 * factor))


@pytest.mark.filterwarnings("ignore::xarray.SerializationWarning")
@pytest.mark.parametrize("packing", [key for key, value in PACKINGS.items() if "_FillValue" in value])
def test_masked_values_are_refused_by_name_place_and_number(tmp_path, packing):
    values = FIELD.copy()
    values[2, 1, 3:5] = np.nan
    dataset(values).to_netcdf(tmp_path / "a.nc", encoding={"a": PACKINGS[packing]})
    with pytest.raises(ProblemError) as caught:
        GridField.from_hdf5(tmp_path / "a.nc", "a")
    assert "2 of 140 values are missing (" in caught.value.what
    assert "_FillValue" in caught.value.what or "missing_value" in caught.value.what
    assert caught.value.what.endswith("the first at time = 12, lat = 50, lon = 5")
    assert "interpolate_na" in caught.value.fix


@pytest.mark.parametrize(
    ("stored", "attributes", "lost", "why"),
    [
        (np.int16([1, 2, 3]), {"missing_value": np.int16([1, 3])}, [1, 0, 1], ["missing_value 1", "missing_value 3"]),
        (np.int16([1, 2, 3]), {"valid_range": np.int16([2, 3])}, [1, 0, 0], ["valid_range 2"]),
        (np.int16([1, 2, 3]), {"valid_min": np.int16(2)}, [1, 0, 0], ["valid_min 2"]),
        (np.int16([1, 2, 3]), {"valid_max": np.int16([2])}, [0, 0, 1], ["valid_max 2"]),
        (np.int16([1, 2, 3]), {"valid_max": 25.0, "scale_factor": 10.0}, [0, 0, 1], ["valid_max 25"]),
        (np.int16([1, 2, 3]), {"valid_max": np.int16(2), "scale_factor": 10.0}, [0, 0, 1], ["valid_max 2"]),
        (np.int8([1, -1, 3]), {"_Unsigned": "true", "_FillValue": np.int8(-1)}, [0, 1, 0], ["_FillValue -1"]),
        (np.int8([1, -1, -2]), {"_Unsigned": "true", "valid_max": np.int8(-2)}, [0, 1, 0], ["valid_max -2"]),
        (np.uint8([1, 255, 3]), {"_FillValue": -9999}, [0, 0, 0], []),
        (np.float32([1, 1e20, 3]), {"_FillValue": 1e20}, [0, 1, 0], ["_FillValue 1e+20"]),
        (np.array([1, np.nan, 3]), {"_FillValue": np.nan}, [0, 1, 0], ["NaN"]),
        (np.array([1 + 1j, np.nan, 3]), {}, [0, 1, 0], ["NaN"]),
    ],
)
def test_what_counts_as_missing(stored, attributes, lost, why):
    _, missing = decode(stored, attributes, "a")
    assert list(missing) == why
    assert np.array_equal(np.any([np.zeros(3, bool), *missing.values()], axis=0), np.array(lost, bool))


def test_what_was_never_written_is_missing(tmp_path):
    import netCDF4

    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        for name, values in (("x", [0, 1, 2]), ("y", [0, 1])):
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
        for kind in ("f4", "i2"):
            file.createVariable(kind, kind, ("y", "x"))[0] = [5, 6, 7]
    for kind in ("f4", "i2"):
        with pytest.raises(
            ProblemError, match=r"3 of 6 values are missing \(never written\), the first at y = 1, x = 0"
        ):
            GridField.from_hdf5(tmp_path / "a.nc", kind)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file["lat"].__setitem__(2, 50), "the axis 'lat' .* number 2, 50, repeats the one before"),
        (lambda file: file["lat"].__setitem__(2, 55), "the axis 'lat' .* its value number 2, 55, turns back"),
        (lambda file: file["lon"].__setitem__(1, np.nan), "the axis 'lon' .* number 1, nan, is missing"),
        (lambda file: file["lon"].attrs.__setitem__("_FillValue", LON[3]), "the axis 'lon' .* number 3, 5, is missing"),
        (lambda file: file["a"].attrs.__setitem__("scale_factor", "big"), "scale_factor is .*big.* not 1 number"),
        (lambda file: file["a"].attrs.__setitem__("scale_factor", [1.0, 2]), "scale_factor is .* not 1 number"),
        (lambda file: file["a"].attrs.__setitem__("add_offset", np.nan), "add_offset is .*nan.* not 1 number"),
        (lambda file: file["a"].attrs.__setitem__("valid_range", 1.0), "valid_range is .* not 2 numbers"),
    ],
)  # fmt: skip
def test_broken_files(tmp_path, change, said):
    dataset().to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with h5py.File(tmp_path / "a.nc", "a") as file:
        change(file)
    with pytest.raises(ProblemError, match=said) as caught:
        GridField.from_hdf5(tmp_path / "a.nc", "a")
    assert caught.value.where.startswith(f"{tmp_path}/a.nc:a")
    assert caught.value.fix


def test_what_are_no_numbers(tmp_path):
    names = xarray.Dataset({"a": (("lat",), list("abcde"))}, {"lat": LAT})
    names.to_netcdf(tmp_path / "names.nc", engine="h5netcdf")
    with pytest.raises(ProblemError, match="of type object, not numbers"):
        GridField.from_hdf5(tmp_path / "names.nc", "a")
    dataset().drop_vars("lon").to_netcdf(tmp_path / "bare.nc", engine="netcdf4")
    with pytest.raises(ProblemError, match=r"the axis .* has no coordinates"):
        GridField.from_hdf5(tmp_path / "bare.nc", "a")
    dataset().to_netcdf(tmp_path / "classic.nc", format="NETCDF3_64BIT")
    with pytest.raises(ProblemError, match="cannot be read") as caught:
        GridField.from_hdf5(tmp_path / "classic.nc", "a")
    assert "NetCDF 3" in caught.value.fix


@pytest.mark.parametrize(
    ("name", "attributes", "axis"),
    [
        ("x", {}, "X"),
        ("lev", {"positive": "down"}, "Z"),
        ("rlon", {"axis": "X"}, "X"),
        ("lat", {"units": "degrees_north"}, "Y"),
        ("l", {"units": "degreesE"}, "X"),
        ("when", {"units": "days since 1900-01-01"}, "T"),
        ("nav", {"standard_name": b"latitude"}, "Y"),
        ("theta", {"units": "degrees"}, None),
    ],
)
def test_which_coordinate_an_axis_is(name, attributes, axis):
    assert axis_of(name, attributes) == axis


def test_a_coordinate_of_the_same_name_finds_its_axis_among_others(tmp_path):
    """The dataset has x, depth; the space x, z."""
    x, depth = np.linspace(0, 1, 5), np.linspace(0, 1, 5)
    values = x[:, None] + 10 * depth
    xarray.Dataset({"a": (("x", "depth"), values)}, {"x": x, "depth": depth}).to_netcdf(tmp_path / "a.nc")
    space = Space("x z")
    u, a = space.unknown("u"), space.coefficient("a")
    field = GridField.from_hdf5(tmp_path / "a.nc", "a")
    problem = Problem("p", [u], [On(Region(space, Interval(0, 1) ** 2), Eq(u, a))], coefficients={a: field})
    found = problem.coefficients[a].jets(np.array([[0.2, 0.7]]), [(0, 0)])[0, 0]
    assert found == pytest.approx(7.2)
