"""Coefficient data: splines on grids, files, fields on meshes, learned coefficients."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import polynomial
from sympy import Eq, Interval, Symbol

from inrpde import GridField, Learned, Mesh, MeshField, On, Problem, Region, Space
from inrpde.declaration import paths
from inrpde.errors import ProblemError

X, Y, T = np.linspace(0, 1, 7), np.array([-1.0, -0.4, 0.1, 0.5, 2.0]), np.linspace(0, 3, 4)
POINTS = np.random.default_rng(0).uniform([0, -1], [1, 2], (40, 2))


def of_xyt(x, y, t):
    return x + 10 * y**2 + 100 * t


# -- splines


@settings(max_examples=20)
@given(st.lists(st.floats(-2, 2), min_size=16, max_size=16))
def test_cubics_are_reproduced_with_all_their_derivatives(numbers):
    c = np.reshape(numbers, (4, 4))
    field = GridField(polynomial.polygrid2d(X, Y, c), (X, Y))
    for index, values in field.jets(POINTS, [(i, j) for i, j in np.ndindex(4, 4) if i + j <= 3]).items():
        slope = polynomial.polyder(polynomial.polyder(c, index[0], axis=0), index[1], axis=1)
        assert np.allclose(values, polynomial.polyval2d(*POINTS.T, slope), atol=1e-9)


@pytest.mark.parametrize(("order", "least"), [(0, 3.7), (1, 2.7), (2, 1.7)])
def test_derivatives_converge_at_the_orders_of_a_cubic_spline(order, least):
    x = np.linspace(0.1, 2.9, 200)[:, None]
    errors = []
    for n in (20, 40, 80):
        axis = np.linspace(0, 3, n + 1)
        error = GridField(np.sin(2 * axis), [axis]).jets(x, [(order,)])[order,] - 2**order * np.sin(
            2 * x[:, 0] + order * np.pi / 2
        )
        errors.append(np.sqrt(np.mean(error**2)))
    assert np.all(np.log2(np.divide(errors[:-1], errors[1:])) > least)


def test_values_at_the_nodes_are_kept():
    values = np.random.default_rng(1).standard_normal((7, 5)) + 1j * np.random.default_rng(2).standard_normal((7, 5))
    nodes = np.stack(np.meshgrid(X, Y, indexing="ij"), axis=-1).reshape(-1, 2)
    field = GridField(values, (X, Y))
    assert field.is_complex
    assert np.allclose(field.jets(nodes, [(0, 0)])[0, 0], values.ravel())


def test_two_or_three_nodes_make_a_line_or_a_parabola():
    line, parabola = GridField([1, 3], [[0, 1]]), GridField([0, 1, 4], [[0, 1, 2]])
    at = np.array([[0.25], [0.5]])
    assert np.allclose(line.jets(at, [(0,), (1,), (2,)])[0,], [1.5, 2])
    assert np.allclose(line.jets(at, [(1,)])[1,], 2)
    assert np.allclose(line.jets(at, [(2,)])[2,], 0)
    assert np.allclose(parabola.jets(at, [(0,)])[0,], at[:, 0] ** 2)


def test_beyond_the_grid_the_edge_continues():
    field = GridField([0.0, 1, 2, 3], [[0, 1, 2, 3]])
    assert np.allclose(field.jets(np.array([[-1e-12], [3 + 1e-12]]), [(0,)])[0,], [0, 3])


def test_the_nearest_value_jumps_half_way_and_has_no_slope():
    field = GridField([[1, 2], [3, 4], [5, 6]], [[0, 1, 4], [0, 1]], method="nearest")
    at = np.array([[0.49, 0.51], [0.51, 0.49], [2.49, 1], [2.51, 1], [-1, 9]])
    found = field.jets(at, [(0, 0), (1, 0), (0, 2)])
    assert found[0, 0].tolist() == [2, 3, 4, 6, 2]
    assert not found[1, 0].any()
    assert not found[0, 2].any()
    assert found[0, 0].dtype == float


def test_between_nodes_it_may_be_linear():
    field = GridField([0.0, 1, 0, 1, 0], [[0, 1, 2, 3, 4]], method="linear")
    at = np.array([[0.25], [1.5], [2.75]])
    found = field.jets(at, [(0,), (1,), (2,)])
    assert np.allclose(found[0,], [0.25, 0.5, 0.75])
    assert np.allclose(found[1,], [1, -1, 1])
    assert not found[2,].any()


def test_covering():
    field = GridField(np.zeros((7, 5)), (X, Y))
    assert field.covers(np.array([0, -1]), np.array([1, 2]))
    assert not field.covers(np.array([-0.1, -1]), np.array([1, 2]))
    assert not field.covers(np.array([0]), np.array([1]))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: GridField([1.0, np.nan, 2, np.inf], [range(4)]),
            "2 of 4 values are not finite, the first at index (1,)",
        ),
        (lambda: GridField([1.0, 2, 3], [[0, 2, 1]]), "axis 0 is not increasing"),
        (lambda: GridField([1.0, 2, 3], [[0, 1, 1]]), "axis 0 is not increasing"),
        (lambda: GridField([1.0, 2, 3], [[0, 1, np.inf]]), "axis 0 is not increasing"),
        (lambda: GridField([1.0], [[0]]), "axis 0 is not increasing"),
        (lambda: GridField([1.0, 2], [[1, 0], [0, 1]]), "shape (2,) do not fit axes of lengths (2, 2)"),
        (lambda: GridField(np.ones((5, 7)), (X, Y)), "shape (5, 7) do not fit axes of lengths (7, 5)"),
        (lambda: GridField(3.0, []), "shape () do not fit"),
        (lambda: GridField(["a", "b"], [[0, 1]]), "not numbers"),
        (lambda: GridField([1.0, 2], [[0, 1]], method="near"), "no method 'near'"),
    ],
)
def test_bad_grids(make, said):
    with pytest.raises(ProblemError) as caught:
        make()
    assert said in caught.value.what
    assert caught.value.where == "GridField"
    assert caught.value.fix


# -- files


def write(path, values, dims, scales=True):
    """A dataset "a" with its axes, as scales or beside it."""
    axes = {"x": X, "y": Y, "t": T}
    with h5py.File(path, "w") as file:
        data = file.create_dataset("a", data=values)
        for k, name in enumerate(dims):
            file[name] = axes[name.split("/")[-1]]
            if scales:
                file[name].make_scale(name)
                data.dims[k].attach_scale(file[name])


def test_scales_named_after_coordinates_set_the_order(tmp_path):
    values = of_xyt(X[:, None, None], Y[None, :, None], T)
    write(tmp_path / "viewer.h5", values.transpose(2, 1, 0), "tyx")
    write(tmp_path / "other.h5", values.transpose(1, 2, 0), "ytx")
    for name in ("viewer.h5", "other.h5"):
        field = GridField.from_hdf5(tmp_path / name, "a")
        assert np.array_equal(field.values, values)
        assert all(np.array_equal(a, b) for a, b in zip(field.axes, (X, Y, T), strict=True))


def test_without_scales_the_order_is_that_of_the_coordinates(tmp_path):
    values = of_xyt(X[:, None], Y, 0)
    write(tmp_path / "plain.h5", values, "xy", scales=False)
    field = GridField.from_hdf5(tmp_path / "plain.h5", "a")
    assert np.array_equal(field.values, values)
    assert np.array_equal(field.axes[1], Y)


@pytest.mark.parametrize("dims", ["rz", "zr"])
def test_a_problem_goes_by_the_names_of_the_scales_whatever_they_are(tmp_path, dims):
    axes = {"r": X, "z": Y}
    grid = np.meshgrid(*(axes[name] for name in dims), indexing="ij")
    with h5py.File(tmp_path / "rz.h5", "w") as file:
        data = file.create_dataset("a", data=of_xyt(grid[dims.index("r")], grid[dims.index("z")], 0))
        for k, name in enumerate(dims):
            file[name] = axes[name]
            file[name].make_scale(name)
            data.dims[k].attach_scale(file[name])
    space = Space("r z")
    u, a = space.unknown("u"), space.coefficient("a")
    omega = Region(space, Interval(0, 1) * Interval(-1, 2))
    field = GridField.from_hdf5(tmp_path / "rz.h5", "a")
    problem = Problem("rz", [u], [On(omega, Eq(u, a))], coefficients={a: field})
    found = problem.coefficients[a].jets(POINTS, [(0, 0)])[0, 0]
    assert np.allclose(found, of_xyt(*POINTS.T, 0))


def test_paths_start_from_the_folder_of_the_problem(tmp_path):
    write(tmp_path / "a.h5", of_xyt(X[:, None], Y, 0), "xy")
    with paths.at(tmp_path):
        assert GridField.from_hdf5("a.h5", "a").values.shape == (7, 5)
    assert paths.opened[-1] == tmp_path / "a.h5"


@pytest.mark.parametrize(
    ("path", "name", "said", "fix"),
    [
        ("none.h5", "a", "cannot be read", "relative to the problem's file"),
        ("text.h5", "a", "cannot be read", "relative to the problem's file"),
        ("good.h5", "b", "there is no dataset 'b'", "it has: a, x, y"),
        ("good.h5", "group", "there is no dataset 'group'", "it has: a, x, y"),
        ("bare.h5", "a", "no dimension scales", "attach dimension scales"),
        ("gap.h5", "a", "1 of 35 values are missing (NaN), the first at x = 0.5, y = 0.1", "fill the gaps"),
        ("turn.h5", "a", "the axis 'x' neither increases nor decreases", "sort the axis"),
    ],
)
def test_bad_files(tmp_path, path, name, said, fix):
    (tmp_path / "text.h5").write_text("no HDF5")
    write(tmp_path / "good.h5", np.zeros((7, 5)), "xy")
    with h5py.File(tmp_path / "good.h5", "a") as file:
        file.create_group("group")
    with h5py.File(tmp_path / "bare.h5", "w") as file:
        file["a"] = np.zeros((7, 5))
    gap = np.zeros((7, 5))
    gap[3, 2] = np.nan
    write(tmp_path / "gap.h5", gap, "xy")
    write(tmp_path / "turn.h5", np.zeros((7, 5)), "xy")
    with h5py.File(tmp_path / "turn.h5", "a") as file:
        file["x"][...] = (X - 0.4) ** 2
    with pytest.raises(ProblemError) as caught:
        GridField.from_hdf5(tmp_path / path, name)
    assert said in caught.value.what
    assert caught.value.where.startswith(f"{tmp_path / path}:{name}")
    assert fix in caught.value.fix


# -- meshes, learned coefficients


def test_a_field_on_a_mesh_and_its_slopes():
    import meshio

    corners = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    mesh = Mesh(Space("x y"), meshio.Mesh(corners, [("triangle", [[0, 1, 2], [0, 2, 3]])]))
    linear, cells = MeshField(mesh, 1 + corners @ [2, 3]), MeshField(mesh, [5, 7])
    at = np.array([[0.6, 0.3], [0.3, 0.6], [0.5, 0.1]])
    assert np.allclose(linear.jets(at, [(0, 0)])[0, 0], 1 + at @ [2, 3])
    assert np.allclose(linear.jets(at, [(1, 0)])[1, 0], 2)
    assert np.allclose(linear.jets(at, [(0, 1)])[0, 1], 3)
    assert np.allclose(cells.jets(at, [(0, 0)])[0, 0], [5, 7, 5])
    with pytest.raises(ProblemError, match="not finite"):
        MeshField(mesh, [1, 2, 3, np.nan])


def test_learned_coefficients_start_within_their_bounds():
    assert Learned(2, bounds=(1, 3)).initial == 2
    with pytest.raises(ProblemError, match="initial=0 lies outside"):
        Learned(0, bounds=(1, 3))


@pytest.mark.parametrize(
    "given", [(0, (1, -1)), (float("nan"),), ("1",), (10**400,), (1, 5), (1, (0, "b")), (True,), (Symbol("x"),)]
)
def test_a_learned_coefficient_starts_from_a_number(given):
    with pytest.raises(ProblemError, match="are not a number and a range"):
        Learned(*given)


# -- other ways between the nodes


def test_linear_data_are_planes_between_their_nodes():
    field = GridField(X[:, None] + np.abs(Y), (X, Y), method="linear")
    found = field.jets(POINTS, [(0, 0), (1, 0), (0, 1), (0, 2)])
    assert np.allclose(found[0, 0], POINTS[:, 0] + np.interp(POINTS[:, 1], Y, np.abs(Y)))
    assert np.allclose(found[1, 0], 1)
    assert np.allclose(np.abs(found[0, 1][POINTS[:, 1] > 0.1]), 1)
    assert not found[0, 2].any()


def test_nearest_data_jump_halfway_between_their_nodes():
    values = np.random.default_rng(3).standard_normal((7, 5))
    field = GridField(values, (X, Y), method="nearest")
    apart = [np.abs(axis - POINTS[:, [k]]).argmin(axis=1) for k, axis in enumerate((X, Y))]
    found = field.jets(POINTS, [(0, 0), (1, 0)])
    assert np.array_equal(found[0, 0], values[tuple(apart)])
    assert not found[1, 0].any()


def test_a_way_between_nodes_that_is_not_known():
    with pytest.raises(ProblemError, match="'quadratic' between nodes"):
        GridField([1, 2], [[0, 1]], method="quadratic")


def test_axes_in_another_order_keep_the_way_between_nodes():
    space = Space("x y")
    field = GridField(np.eye(2), [[0, 1], [0, 1]], names=("y", "x"), method="nearest").along(space.coords)
    assert field.names == ("x", "y")
    assert field.method == "nearest"
