"""What is written is read back: by `read`, h5py, xarray and VTK, with the same values."""

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inrpde.errors import OutputError
from inrpde.export import Dataset, read, write
from inrpde.export.seal import seal

RNG = np.random.default_rng(0)
NAMES = ("x", "y", "z", "x4", "x5")


def grid(*counts, times=None, mask=None, values=None, **more):
    axes = [np.linspace(number, number + 1.5, count) for number, count in enumerate(counts)]
    coords = NAMES[: len(counts)]
    if times is not None:
        axes.append(np.asarray(times, float))
        coords = (*coords, "t")
    shape = tuple(len(axis) for axis in axes)
    fields = values or {"u": RNG.random(shape), "u_reference": RNG.random(shape)}
    return Dataset("grid", coords, fields, "t" if times is not None else None, axes=axes, mask=mask, **more)


def mesh(times=None, names=("x", "y"), kind="mesh"):
    points = np.array([[0, 0, 0], [1, 0, 1], [1, 1, 0], [0, 1, 0], [2, 0, 0], [2, 1, 3.0], [0.5, 2, 1]])[
        :, : len(names)
    ]
    cells = {"triangle": [[0, 1, 2], [0, 2, 3], [3, 2, 6]], "quad": [[1, 4, 5, 2]]} if kind == "mesh" else {}
    shape = (7,) if times is None else (7, len(times))
    fields = {"u": RNG.random(shape), "v": RNG.random(shape) + 1j * RNG.random(shape)}
    coords = names if times is None else (*names, "t")
    time = None if times is None else "t"
    return Dataset(kind, coords, fields, time, points=points, cells=cells, times=times)


def assert_same(one, two):
    assert (one.kind, one.coords, one.time) == (two.kind, two.coords, two.time)
    assert list(one.fields) == list(two.fields)
    for name, values in one.fields.items():
        assert two.fields[name].dtype == values.dtype
        np.testing.assert_array_equal(two.fields[name], values)
    assert len(one.axes) == len(two.axes)
    assert all(map(np.array_equal, one.axes, two.axes))
    for name in ("mask", "points", "times"):
        a, b = getattr(one, name), getattr(two, name)
        assert a is b is None or np.array_equal(a, b), name
    assert list(one.cells) == list(two.cells)
    assert all(np.array_equal(nodes, two.cells[name]) for name, nodes in one.cells.items())


# ----------------------------------------------------------------------------------------------------------- round trip

whole = st.integers(1, 4)


@st.composite
def datasets(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = draw(st.lists(whole, min_size=1, max_size=4))
    timed = draw(st.booleans()) and len(counts) > 1
    axes = [rng.normal() + np.arange(count) * 10.0 ** rng.integers(-3, 3) for count in counts]
    if timed:
        axes[-1] = np.cumsum(rng.random(counts[-1]) + 0.1)
    kinds = draw(st.lists(st.sampled_from(["<f8", "<f4", "<i8", "<c16", "?", "<c8"]), min_size=1, max_size=4))
    fields = {f"f{n}": (rng.normal(size=counts) * 3 + (1j if "c" in k else 0)).astype(k) for n, k in enumerate(kinds)}
    coords = (*NAMES[: len(counts) - timed], *(("t",) if timed else ()))
    return Dataset("grid", coords, fields, "t" if timed else None, axes=axes)


@given(datasets())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_grid_comes_back(tmp_path, dataset):
    write(tmp_path / "grid.h5", dataset)
    back = read(tmp_path / "grid.h5")
    if sum(count > 1 for count in map(len, dataset.spatial)) > 3:
        dataset = dataset.scattered()
    assert_same(dataset, back)


@pytest.mark.parametrize("kind", ["mesh", "points"])
@pytest.mark.parametrize("times", [None, [0.5], [0, 0.1, 0.7]])
@pytest.mark.parametrize("names", [("x", "y"), ("x", "y", "z")])
def test_meshes_and_points_come_back(tmp_path, kind, times, names):
    dataset = mesh(times, names, kind)
    write(tmp_path / "mesh.h5", dataset)
    assert_same(dataset, read(tmp_path / "mesh.h5"))


def test_points_with_the_time_as_a_column_come_back(tmp_path):
    dataset = Dataset("points", ("x", "t"), {"u": RNG.random(5)}, "t", points=RNG.random((5, 2)))
    write(tmp_path / "points.h5", dataset)
    assert_same(dataset, read(tmp_path / "points.h5"))


def test_a_problem_in_time_alone_is_a_line(tmp_path, by_vtk, by_xarray):
    dataset = Dataset("grid", ("t",), {"u": RNG.random(4)}, "t", axes=[np.linspace(0, 3, 4)])
    write(tmp_path / "line.h5", dataset)
    assert_same(dataset, read(tmp_path / "line.h5"))
    assert by_vtk(tmp_path / "line.h5").dimensions == (4, 1, 1)
    assert by_xarray(tmp_path / "line.h5")["u"].dims == ("t",)


def test_attributes_and_private_come_back(tmp_path):
    attributes = {
        "problem": "poisson",
        "source": "Δu = f\n" * 50_000,
        "seed": 3,
        "ratio": 0.1,
        "verified": True,
        "none": None,
        "empty": "",
        "settings": {"solver.width": 64, "nested": [1, None, {"a": False}]},
        "big": 2**70,
        "array": [1.5, 2],
        "zero": "a\0b",
        "numpy": {"n": np.int64(3), "x": np.float64(0.5), "yes": np.bool_(True)},
        "single": np.float32(0.5),
        "no": np.bool_(False),
    }
    private = {
        "network": {"weights": RNG.random((3, 4)), "head": RNG.random(5) + 1j, "inf": np.array([complex(0, np.inf)])},
        "body": [RNG.random(3).astype(np.float32), RNG.random((0, 2)), {"kept": np.array([True, False])}],
        "width": 64,
        "band": 2.5,
        "z": 1 - 2j,
        "yes": True,
        "none": None,
        "text": "naïve",
        "no": {},
        "numbers": (1, 2),
    }
    write(tmp_path / "a.h5", grid(3, 2, attributes=attributes, private=private))
    back = read(tmp_path / "a.h5")
    plain = attributes | {"numpy": {"n": 3, "x": 0.5, "yes": True}, "single": 0.5, "no": False}
    assert back.attributes == plain
    assert all(type(back.attributes[name]) is type(value) for name, value in plain.items())

    def same(a, b):
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        if isinstance(a, list | tuple):
            return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
        if isinstance(a, np.ndarray):
            return a.dtype == b.dtype and np.array_equal(a, b)
        return type(a) is type(b) and a == b

    assert same(private, back.private)


def test_the_same_dataset_gives_the_same_bytes(tmp_path):
    dataset = grid(5, 4, private={"weights": RNG.random(3)}, attributes={"seed": 0})
    write(tmp_path / "a.h5", dataset)
    write(tmp_path / "b.h5", dataset)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


# ---------------------------------------------------------------------------------------------------- h5py, xarray, VTK


def test_grid_for_h5py(tmp_path):
    dataset = grid(6, 4, attributes={"verified": True, "problem": "p"}, private={"w": np.ones(2)})
    write(tmp_path / "grid.h5", dataset)
    with h5py.File(tmp_path / "grid.h5") as file:
        assert file["u"].shape == (4, 6)
        assert file["u"] == file["VTKHDF/PointData/u"]
        assert np.array_equal(file["u"][...], dataset.fields["u"].T)
        assert file["u"].dims[0][0] == file["y"]
        assert file["u"].dims[1][0] == file["x"]
        assert file["x"].is_scale
        assert np.array_equal(file["x"][...], dataset.axes[0])
        group = file["VTKHDF"]
        kind = group.attrs.get_id("Type")
        assert not kind.get_type().is_variable_str()
        assert group.attrs["Type"] == b"ImageData"
        assert group.attrs["Version"].tolist() == [2, 0]
        assert group.attrs["Version"].dtype == np.int64
        assert group.attrs["WholeExtent"].tolist() == [0, 5, 0, 3, 0, 0]
        assert file.attrs["verified"].dtype == np.uint8
        assert file.attrs["problem"] == "p"
        assert sorted(file["inrpde"]) == ["w"]


@pytest.mark.parametrize("counts", [(7,), (6, 4), (5, 4, 3), (5, 1, 3), (1, 4, 3), (1, 1, 3), (1, 1), (4, 1, 1)])
def test_steady_grids_for_viewers(tmp_path, by_vtk, by_xarray, counts):
    dataset = grid(*counts)
    write(tmp_path / "grid.vtkhdf", dataset)
    seen = by_vtk(tmp_path / "grid.vtkhdf")
    assert seen.kind == "vtkImageData"
    nodes = np.stack([column.ravel(order="F") for column in np.meshgrid(*dataset.axes, indexing="ij")], axis=1)
    points = np.array([seen.object.GetPoint(number) for number in range(len(nodes))])
    assert np.allclose(points, np.pad(nodes, ((0, 0), (0, 3 - len(counts)))), atol=1e-14)
    for name, values in dataset.fields.items():
        assert np.array_equal(seen.arrays[name], values.ravel(order="F"))
    data = by_xarray(tmp_path / "grid.vtkhdf")
    kept = [name for name, count in zip("xyz", counts, strict=False) if count > 1] or ["x"]
    assert data["u"].dims == tuple(reversed(kept))
    assert np.array_equal(data["u"], dataset.fields["u"].T.squeeze().reshape(data["u"].shape))
    for name, axis in zip(dataset.coords, dataset.axes, strict=True):
        assert name in data["u"].coords
        assert np.array_equal(np.atleast_1d(data[name]), axis)


@pytest.mark.parametrize("counts", [(7,), (6, 4), (5, 4, 3), (5, 1, 3), (1, 1, 3), (1, 1)])
def test_time_series_for_viewers(tmp_path, by_vtk, by_xarray, counts):
    times = [0, 0.25, 1.5]
    dataset = grid(*counts, times=times)
    write(tmp_path / "series.h5", dataset)
    for step, time in enumerate(times):
        seen = by_vtk(tmp_path / "series.h5", step)
        assert seen.steps == 3
        assert seen.time == time
        assert np.array_equal(seen.arrays["u"], dataset.fields["u"][..., step].ravel(order="F"))
    data = by_xarray(tmp_path / "series.h5")
    assert data["u"].dims[0] == "t"
    assert data["t"].values.tolist() == times
    assert np.array_equal(data["u"].sel(t=0.25).values.ravel(), dataset.fields["u"][..., 1].ravel(order="F"))


def test_one_step_is_a_steady_grid_with_a_scalar_time(tmp_path, by_vtk, by_xarray):
    dataset = grid(6, 4, times=[0.5])
    write(tmp_path / "one.h5", dataset)
    with h5py.File(tmp_path / "one.h5") as file:
        assert "Steps" not in file["VTKHDF"]
        assert file["t"].shape == ()
        assert file["t"][()] == 0.5
    assert np.array_equal(by_vtk(tmp_path / "one.h5").arrays["u"], dataset.fields["u"].ravel(order="F"))
    data = by_xarray(tmp_path / "one.h5")
    assert data["u"].dims == ("y", "x")
    assert float(data["u"].coords["t"]) == 0.5


def test_masks_are_nan_outside_and_hidden_in_viewers(tmp_path, by_vtk, by_xarray):
    mask = np.ones((6, 5), bool)
    mask[2:4, 1:3] = False
    values = {"u": RNG.random((6, 5)), "w": RNG.random((6, 5)) + 2j, "count": np.arange(30).reshape(6, 5)}
    dataset = grid(6, 5, mask=mask, values=values)
    write(tmp_path / "hole.h5", dataset)
    seen = by_vtk(tmp_path / "hole.h5")
    assert seen.object.HasAnyBlankPoints()
    hidden = [not seen.object.IsPointVisible(number) for number in range(30)]
    assert np.array_equal(hidden, ~mask.ravel(order="F"))
    from vtkmodules.vtkFiltersGeometry import vtkGeometryFilter

    surface = vtkGeometryFilter()
    surface.SetInputData(seen.object)
    surface.Update()
    assert surface.GetOutput().GetNumberOfCells() == 5 * 4 - 3 * 3
    data = by_xarray(tmp_path / "hole.h5")
    assert data["mask"].dtype == np.uint8
    assert np.array_equal(data["mask"] == 1, mask.T)
    back = read(tmp_path / "hole.h5")
    assert np.array_equal(back.mask, mask)
    for name in ("u", "w"):
        assert np.isnan(back.fields[name][~mask]).all()
        assert np.array_equal(back.fields[name][mask], values[name][mask])
    assert np.array_equal(back.fields["count"], values["count"])


def test_a_mask_that_moves_in_time(tmp_path, by_vtk):
    mask = RNG.random((6, 5, 3)) > 0.4
    write(tmp_path / "moving.h5", grid(6, 5, times=[0, 1, 2], mask=mask))
    for step in range(3):
        seen = by_vtk(tmp_path / "moving.h5", step)
        assert np.array_equal(seen.arrays["vtkGhostType"] == 2, ~mask[..., step].ravel(order="F"))
        assert np.array_equal(np.isnan(seen.arrays["u"]), ~mask[..., step].ravel(order="F"))


def test_complex_fields_are_two_arrays_and_say_so(tmp_path, by_vtk, by_xarray):
    values = RNG.random((4, 3)) + 1j * RNG.random((4, 3))
    values[0, 0] = complex(np.inf, 1)
    write(tmp_path / "complex.h5", grid(4, 3, values={"u": values}))
    seen = by_vtk(tmp_path / "complex.h5")
    assert np.array_equal(seen.arrays["u_real"], values.real.ravel(order="F"))
    assert np.array_equal(seen.arrays["u_imag"], values.imag.ravel(order="F"))
    data = by_xarray(tmp_path / "complex.h5")
    assert data["u_imag"].attrs["complex_field"] == "u"
    assert data["u_imag"].attrs["complex_part"] == "imag"
    assert np.array_equal(read(tmp_path / "complex.h5").fields["u"], values)


@pytest.mark.parametrize("times", [None, [0.5], [0, 0.1, 0.7]])
def test_meshes_for_viewers(tmp_path, by_vtk, by_xarray, times):
    dataset = mesh(times)
    write(tmp_path / "mesh.h5", dataset)
    steps = 1 if times is None else len(times)
    for step in range(steps):
        seen = by_vtk(tmp_path / "mesh.h5", step if steps > 1 else None)
        assert seen.kind == "vtkUnstructuredGrid"
        assert seen.steps == steps
        assert seen.cells == 4
        want = {name: values.reshape(7, -1)[:, step] for name, values in dataset.fields.items()}
        assert np.array_equal(seen.arrays["u"], want["u"])
        assert np.array_equal(seen.arrays["v_imag"], want["v"].imag)
        assert np.array_equal(seen.bounds, [0, 2, 0, 2, 0, 0])
        assert [seen.object.GetCell(n).GetPointId(2) for n in range(4)] == [2, 3, 6, 5]
        assert [seen.object.GetCellType(n) for n in range(4)] == [5, 5, 5, 9]
    data = by_xarray(tmp_path / "mesh.h5")
    assert data["u"].dims == (("t", "point") if steps > 1 else ("point",))
    assert np.array_equal(data["u"].values.ravel(), dataset.fields["u"].T.ravel())
    assert np.array_equal(data["u"].coords["x"], dataset.points[:, 0])
    assert "point" not in data.coords
    if steps > 1:
        with h5py.File(tmp_path / "mesh.h5") as file:
            assert file["u"].is_virtual
            assert file["VTKHDF/PointData/u"].shape == (3 * 7,)
            assert file["VTKHDF/Steps/CellOffsets"].shape == (3, 1)


@pytest.mark.parametrize("times", [None, [0, 0.1, 0.7]])
def test_more_than_three_dimensions_are_a_table(tmp_path, by_vtk, by_xarray, times):
    mask = RNG.random((2, 3, 2, 2, *([3] if times else []))) > 0.2
    dataset = grid(2, 3, 2, 2, times=times, mask=mask)
    write(tmp_path / "table.h5", dataset)
    back = read(tmp_path / "table.h5")
    inside = mask.any(axis=-1) if times else mask
    x, *_, last = np.meshgrid(*dataset.axes[:4], indexing="ij")
    assert back.kind == "points"
    assert np.array_equal(back.points[:, 0], x[inside])
    assert np.array_equal(back.points[:, 3], last[inside])
    want = np.where(mask, dataset.fields["u"], np.nan)[inside]
    assert np.array_equal(back.fields["u"], want, equal_nan=True)
    for step in range(len(times) if times else 1):
        seen = by_vtk(tmp_path / "table.h5", step if times else None)
        assert seen.kind == "vtkTable"
        assert np.array_equal(seen.arrays["x"], x[inside])
        assert np.array_equal(seen.arrays["u"], want[:, step] if times else want, equal_nan=True)
    assert by_xarray(tmp_path / "table.h5")["u"].dims[-1] == "point"


def test_a_slice_of_many_dimensions_is_a_picture(tmp_path, by_vtk):
    dataset = grid(4, 1, 1, 3, 1)
    write(tmp_path / "slice.h5", dataset)
    seen = by_vtk(tmp_path / "slice.h5")
    assert seen.dimensions == (4, 3, 1)
    assert np.array_equal(seen.arrays["u"], dataset.fields["u"].ravel(order="F"))
    assert_same(dataset, read(tmp_path / "slice.h5"))


def test_points_are_vertices(tmp_path, by_vtk):
    dataset = mesh(None, ("x", "y", "z"), "points")
    write(tmp_path / "points.h5", dataset)
    seen = by_vtk(tmp_path / "points.h5")
    assert seen.cells == 7
    assert np.array_equal(seen.arrays["u"], dataset.fields["u"])
    assert all(seen.object.GetCellType(number) == 1 for number in range(7))


# ------------------------------------------------------------------------------------------------------------ bad input


def heptagon():
    return Dataset("mesh", ("x",), {"u": np.zeros(2)}, points=np.zeros((2, 1)), cells={"heptagon": [[0] * 7]})


def uneven():
    return Dataset("grid", ("x",), {"u": np.zeros(3)}, axes=[np.array([0, 1, 3.0])])


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (uneven, "evenly"),
        (lambda: grid(3, values={"x": np.zeros(3)}), "x"),
        (lambda: grid(3, values={"a/b": np.zeros(3)}), "a/b"),
        (lambda: grid(3, values={"u": np.zeros(3, complex), "u_real": np.zeros(3)}), "u_real"),
        (lambda: grid(3, values={"mask": np.zeros(3)}, mask=np.ones(3, bool)), "mask"),
        (lambda: grid(3, attributes={"schema": 7}), "schema"),
        (lambda: grid(3, attributes={"what": np.ones(3)}), "ndarray"),
        (lambda: grid(3, private={"a": {"b": object()}}), "/a/b"),
        (heptagon, "heptagon"),
    ],
)
def test_what_cannot_be_written_is_named_and_harms_nothing(tmp_path, make, word):
    path = tmp_path / "kept.h5"
    path.write_bytes(b"kept")
    with pytest.raises(OutputError) as error:
        write(path, make())
    assert word in str(error.value)
    assert error.value.fix
    assert [file.name for file in tmp_path.iterdir()] == ["kept.h5"]
    assert path.read_bytes() == b"kept"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "cloud"},
        {"coords": ("x", "x")},
        {"time": "x"},
        {"fields": {}},
        {"fields": {"u": np.zeros((2, 3))}},
        {"fields": {"u": np.array([["a"] * 2] * 3)}},
        {"axes": (np.arange(3.0),)},
        {"axes": (np.array([0, 2, 1.0]), np.arange(2.0))},
        {"mask": np.ones(3)},
        {"points": np.ones((3, 2))},
        {"times": [0.0]},
        {"cells": {"line": [[0, 1]]}},
        {"kind": "points"},
        {"kind": "points", "axes": (), "points": np.ones((3, 1))},
    ],
)
def test_datasets_that_do_not_fit_together(wrong):
    good = {
        "kind": "grid",
        "coords": ("x", "y"),
        "fields": {"u": np.zeros((3, 2))},
        "axes": (np.arange(3.0), np.arange(2.0)),
    }
    Dataset(**good)
    with pytest.raises(OutputError):
        Dataset(**(good | wrong))


def test_reading_what_is_not_ours(tmp_path):
    whole = tmp_path / "whole.h5"
    write(whole, grid(40, 30, private={"w": RNG.random(1000)}))
    contents = whole.read_bytes()
    cases = {"missing.h5": None, "text.h5": b"not an HDF5 file", "empty.h5": b""}
    cases |= {f"cut{share}.h5": contents[: len(contents) * share // 100] for share in (1, 30, 60, 99)}
    for name, text in cases.items():
        if text is not None:
            (tmp_path / name).write_bytes(text)
        with pytest.raises(OutputError) as error:
            read(tmp_path / name)
        assert error.value.exit_code == 6
        assert error.value.where == str(tmp_path / name)
        assert "inrpde solve" in error.value.fix
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["u"] = np.zeros(3)
    with pytest.raises(OutputError, match="not written by inrpde"):
        read(tmp_path / "other.h5")
    with pytest.raises(OutputError, match="not a file"):
        read(tmp_path)


@pytest.mark.parametrize("lost", ["u", "x", "attrs:kind", "attrs:json_attributes"])
def test_reading_a_file_that_has_lost_a_part(tmp_path, lost):
    write(tmp_path / "a.h5", grid(4, 3))
    with h5py.File(tmp_path / "a.h5", "a") as file:
        if lost.startswith("attrs:"):
            del file.attrs[lost.removeprefix("attrs:")]
        else:
            del file[lost]
    with pytest.raises(OutputError, match="damaged"):
        read(tmp_path / "a.h5")


def test_a_newer_schema_is_said(tmp_path):
    write(tmp_path / "a.h5", grid(4, 3))
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.attrs["schema"] = 99
        seal(file)
    with pytest.raises(OutputError, match="99"):
        read(tmp_path / "a.h5")
