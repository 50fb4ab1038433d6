"""What is seen of solutions: one field, numbers at one point, pictures, tables, and objects of other libraries."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sympy import Interval, exp

import inrpde
from inrpde import GridField, Mesh, Region, Solution, Space
from inrpde.errors import OutputError, UsageError
from inrpde.found import Domain, NetworkField
from inrpde.networks.siren import SineBody
from tests.test_solution import BOX, POINTS, U, W, X, hole, omega, solution, space, u, x

TOLD = {
    "problem": "wave & <b>",
    "verdict": {"word": "verified", "because": "two solves agree"},
    "fields": {"u": {"estimated_error": 2e-9, "exact": {"rel_l2": 1e-9}, "reference": None}},
    "learned": {"nu": {"value": 0.25, "std": 0.01}},
}


def field(of, k):
    """sin(x₁ + k x_d) over the box [0, 1]^d as a network of one feature; `of` names the coordinates."""
    dim = len(of.coords)
    slopes = np.zeros(dim)
    slopes[0] += 1
    slopes[-1] += k
    layer = (slopes[None] / 2, np.array([slopes.sum() / 2]))  # scaled to the box
    return NetworkField(SineBody((np.zeros(dim), np.ones(dim)), (layer,)), np.ones(1))


def cube(names, time=None, regions=(), **more):
    made = Space(names, time)
    dim = len(made.coords)
    return Solution(made.coords, made.time, {"u": field(made, 2)}, Domain(np.zeros(dim), np.ones(dim), regions), **more)


# -- one point, one field


def test_one_point_gives_numbers():
    made = solution(coefficients={"a": exp(x)})
    found = made(POINTS[3])
    assert found["u"] == pytest.approx(U[3])
    assert found["w"] == pytest.approx(W[3])
    assert found["a"] == pytest.approx(np.exp(X[3]))
    assert np.shape(found["u"]) == np.shape(found["a"]) == np.shape(made.evaluate(u.diff(x), POINTS[3])) == ()
    assert made.evaluate(space.grad(u), POINTS[3]).shape == (2,)
    with pytest.raises(UsageError, match=r"shape \(3,\)"):
        made([1.0, 2.0, 3.0])


def test_of_one_coordinate_a_number_is_a_point_and_a_list_are_many():
    line = cube("x")
    assert np.shape(line(0.5)["u"]) == ()
    assert line(0.5)["u"] == pytest.approx(np.sin(1.5))
    assert line([0.5])["u"].shape == line([[0.5]])["u"].shape == (1,)


def test_a_field_by_its_name():
    made = solution(coefficients={"a": exp(x), "nu": x * 0 + 2}, learned={"k": 3.0})
    assert list(made) == ["u", "w"]
    assert "a" in made
    assert "b" not in made
    assert np.allclose(made["w"](POINTS), W)
    assert np.allclose(made["a"](POINTS), np.exp(X))
    assert made["u"](POINTS[0]) == pytest.approx(U[0])
    assert np.allclose(made["u"].on_grid((5, 3)), made.on_grid((5, 3))["u"])
    assert repr(made["u"]) == "<field u of (x, y)>"
    for name, fix in (("k", 'solution.learned["k"]'), ("v", "there are: u, w, a, nu")):
        with pytest.raises(UsageError) as caught:
            made[name]
        assert fix in caught.value.fix


def test_integrals_over_some_coordinates_are_functions_of_the_others(monkeypatch):
    monkeypatch.setattr("inrpde.solution.AT_ONCE", 1000)  # in several parts
    made, of = cube("x y", "t"), Space("x y", "t")
    field, (a, b, t) = of.unknown("u"), of.coords
    box, points = Region(of, Interval(0, 1) ** 3), np.random.default_rng(0).uniform(size=(50, 3))
    across, later = points[:, 1], 2 * points[:, 2]
    found = made.evaluate(box.integral(field * b, over=a), points)
    assert np.allclose(found, across * (np.cos(later) - np.cos(1 + later)))
    rate = made.evaluate(box.mean(field, over=(a, b)).diff(t), points)
    assert np.allclose(rate, 2 * (np.sin(1 + later) - np.sin(later)))
    assert made.evaluate(box.integral(field, over=a), points[0]) == pytest.approx(found[0] / across[0])


# -- xarray and pandas


def test_xarray_has_the_values_at_the_coordinates():
    made = solution(reference=solution(), report=TOLD).to_xarray(grid=(5, 3))
    assert made["u"].dims == ("x", "y")
    assert set(made) == {"u", "w", "u_reference", "w_reference", "u_difference", "w_difference"}
    assert made["u"].sel(x=1.5, y=0.5).item() == pytest.approx(2 * np.sin(3 * 1.5 + 1))
    assert made["w"].dtype == complex
    assert made.attrs["problem"] == "wave & <b>"


def test_fixed_coordinates_and_times():
    made = cube("x y z", "t")
    whole = made.to_xarray(grid=(3, 4, 5), times=(0, 1))
    assert whole["u"].shape == (3, 4, 5, 2)
    plane = made["u"].to_xarray(z=0.25, t=0.5, grid=(3, 4))
    assert plane.dims == ("x", "y")
    assert (plane.z, plane.t) == (0.25, 0.5)
    assert plane.sel(x=0.5, y=1).item() == pytest.approx(np.sin(0.5 + 2 * 0.5))
    line = made.to_xarray(x=0.5, z=0.25, times=[0, 0.5])
    assert line["u"].dims == ("y", "t")
    assert line["u"].shape == (513, 2)
    five = cube("a b c d e")
    assert five.to_xarray(a=0.5)["u"].shape == (9,) * 4
    assert five.to_xarray()["u"].dims == ("node",)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"q": 1}, "there is no coordinate 'q'"),
        ({"z": 2}, "z runs from 0 to 1"),
        ({"z": "0"}, "z runs from 0 to 1"),
        ({"t": -1}, "t runs from 0 to 1"),
        ({"times": (0, 3)}, "t runs from 0 to 1"),
        ({"z": 0.5, "grid": (3, 3, 3)}, r"a grid of shape \(3, 3, 3\) for the coordinates x, y"),
        ({"grid": (3, 3)}, "a grid of shape"),
        ({"grid": (3, 0.5, 3)}, "no shape of a grid"),
    ],
)
def test_what_cannot_be_shown_is_named(asked, named):
    with pytest.raises(UsageError, match=named):
        cube("x y z", "t").to_xarray(**asked)
    with pytest.raises(UsageError, match="there is no time"):
        cube("x y").plot(times=(0, 1))


def test_a_table_has_a_row_for_each_node_inside():
    made = Solution(space.coords, None, solution().fields, Domain(*BOX, (omega - hole,)))
    table = made.to_dataframe(grid=(21, 11))
    assert list(table) == ["x", "y", "u", "w"]
    inside = np.hypot(*np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-0.5, 0.5, 11), indexing="ij")) > 0.25 - 1e-9
    assert len(table) == inside.sum()
    assert np.allclose(table["u"], 2 * np.sin(3 * table["x"] + 2 * table["y"]))
    moving = cube("x", "t").to_dataframe(grid=(5,), times=(0, 0.5))
    assert np.allclose(moving["u"], np.sin(moving["x"] + 2 * moving["t"]))
    assert len(moving) == 10
    assert len(cube("", "t").to_dataframe()) == 513


MESH = (np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]), {"triangle": np.array([[0, 1, 2], [0, 2, 3]])})


def on_mesh(time=None):
    made = Space("x y", time)
    mesh = Mesh.of(made, *MESH)
    region = mesh if time is None else mesh.over(Interval(0, 1))
    return cube("x y", time, (region,))


def test_a_mesh_is_shown_on_its_nodes_or_on_a_grid():
    made = on_mesh().to_xarray()
    assert made["u"].dims == ("node",)
    assert np.allclose(made["u"], np.sin(made["x"] + 2 * made["y"]))
    assert made["cell_triangle"].shape == (2, 3)
    assert on_mesh().to_xarray(grid=(3, 4))["u"].shape == (3, 4)
    assert on_mesh("t").to_xarray(times=(0, 1))["u"].dims == ("node", "t")
    assert on_mesh("t").to_xarray(t=0.5)["u"].dims == ("node",)
    assert len(on_mesh("t").to_dataframe()) == 44


# -- PyVista


def test_pyvista_has_the_same_values_in_its_own_order():
    pytest.importorskip("pyvista")
    grid = solution().to_pyvista(grid=(5, 3))
    across, up = grid.points[:, 0], grid.points[:, 1]
    assert grid.dimensions == (5, 3, 1)
    assert np.allclose(grid["u"], 2 * np.sin(3 * across + 2 * up))
    assert np.allclose(grid["w_imag"], 2 * np.sin(across + 2 * up))
    plane = cube("x y z", "t").to_pyvista(z=0.5, t=0.25)
    assert np.allclose(plane["u"], np.sin(plane.points[:, 0] + 0.5))
    assert np.ptp(plane.points[:, 2]) == 0
    mesh = on_mesh("t").to_pyvista()
    assert mesh.n_cells == 2
    assert np.allclose(mesh["u"], np.sin(mesh.points[:, 0] + 2))
    with pytest.raises(OutputError, match="three dimensions"):
        cube("a b c d e").to_pyvista()


# -- pictures


def test_a_picture_is_a_figure_that_notebooks_show():
    pytest.importorskip("matplotlib")
    made = cube("x y z").plot(grid=(5, 5, 5))
    assert {axes.get_title() for axes in made.axes} >= {"u, z = 0.5", "u, y = 0.5", "u, x = 0.5"}
    assert made._repr_png_().startswith(b"\x89PNG")
    assert pickle.loads(pickle.dumps(made))._repr_png_().startswith(b"\x89PNG")
    assert "u, t = 0.5" in {axes.get_title() for axes in cube("x y", "t").plot(t=0.5).axes}
    (curve,) = (axes for axes in cube("x")["u"].plot().axes if axes.get_title() == "u")
    assert np.allclose(curve.lines[0].get_ydata(), np.sin(3 * np.linspace(0, 1, 513)))
    assert [type(each).__name__ for each in on_mesh().plot().axes[0].collections] == ["TriMesh"]


def test_a_card_says_the_verdict_and_shows_the_field():
    card = solution(report=TOLD, grid=(9, 9))._repr_html_()
    for text in (
        "wave &amp; &lt;b&gt;",
        "verified",
        "two solves agree",
        "2.0e-09",
        "1.0e-09",
        "nu = 0.25",
        "<img src=",
    ):
        assert text in card
    assert "against the reference" not in card
    assert "<field u" not in solution()["u"]._repr_html_()
    assert "field u of" in solution()["u"]._repr_html_()


# -- without the packages


@pytest.mark.parametrize("package", ["xarray", "pandas", "pyvista", "matplotlib"])
def test_what_is_missing_is_named_with_what_installs_it(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    asked = {"xarray": "to_xarray", "pandas": "to_dataframe", "pyvista": "to_pyvista", "matplotlib": "plot"}[package]
    with pytest.raises(OutputError, match=package) as caught:
        getattr(solution(grid=(3, 3)), asked)()
    assert caught.value.fix.startswith('pip install "inrpde[')
    if package == "matplotlib":
        assert "inrpde[viz]" in solution(grid=(3, 3))._repr_html_()


def test_importing_inrpde_and_solutions_imports_none_of_them():
    heavy = "{'matplotlib', 'xarray', 'pandas', 'pyvista', 'tqdm', 'torch'}"
    for line in ("import inrpde", "import inrpde.interface"):
        code = f"import sys; {line}; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    code = "import sys, inrpde; sys.exit('numpy' in sys.modules or 'sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# -- pickles


def test_a_pickle_is_the_same_solution():
    axes = np.linspace(0, 2, 20), np.linspace(0, 1, 20)
    given = {"a": exp(x) + omega.mean(x), "b": GridField(np.add.outer(*axes), axes)}
    made = solution(coefficients=given, domains={"w": omega - hole}, reference=solution(), report=TOLD)
    made(POINTS)  # what is worked out on the way stays behind
    again = pickle.loads(pickle.dumps(made))
    for name in ("u", "w", "a", "b"):
        assert np.array_equal(again(POINTS)[name], made(POINTS)[name], equal_nan=True)
    assert np.isnan(again(POINTS)["w"]).any()
    assert again.report == TOLD
    assert np.allclose(again.reference(POINTS)["u"], U)
    assert np.allclose(pickle.loads(pickle.dumps(made["a"]))(POINTS), np.exp(X) + 1, atol=1e-3)


def test_a_pickled_problem_is_solved_alike():
    problem = inrpde.problem("inclusion")
    again = pickle.loads(pickle.dumps(problem))
    assert again.source.text == problem.source.text
    assert dict(again.coefficients) == dict(problem.coefficients)
    assert inrpde.check(again) == inrpde.check(problem)


def test_parts_of_regions_are_pickled():
    half = omega.boundary.where(Y0 := space.coords[1] < 0.5)
    assert half.measure > 0
    again = pickle.loads(pickle.dumps(half))
    assert again.relation == Y0
    assert np.array_equal(again.contains(POINTS), half.contains(POINTS))
    assert isinstance(pickle.loads(pickle.dumps(Region(space, Interval(0, 1) ** 2))), Region)
