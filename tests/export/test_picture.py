"""Pictures show the right values on the right axes, for every kind of dataset."""

import subprocess
import sys

import numpy as np
import pytest

from inrpde.errors import OutputError
from inrpde.export import Dataset
from inrpde.export.geometry import cut, faces
from inrpde.export.picture import draw, figure, png

pytest.importorskip("matplotlib")

X, Y, Z = np.linspace(0, 2, 21), np.linspace(0, 1, 11), np.linspace(-1, 1, 9)
RNG = np.random.default_rng(0)


def grid(coords, axes, function, time=None, **more):
    values = function(*np.meshgrid(*axes, indexing="ij"))
    fields = {"u": values, "u_reference": values + 0.01}
    return Dataset("grid", coords, fields, time, axes=axes, **more)


def panels(made):
    """The axes that hold something, without colour bars."""
    return [axes for axes in made.axes if axes.axison and (axes.collections or axes.lines)]


def values_of(axes):
    return np.ma.filled(axes.collections[0].get_array(), np.nan)


def test_solution_reference_difference_side_by_side():
    dataset = grid(("x", "y"), [X, Y], lambda x, y: x + 10 * y, attributes={"problem": "poisson"})
    made = figure(dataset)
    solution, reference, difference = panels(made)
    assert made.get_suptitle() == "poisson"
    assert [axes.get_title() for axes in (solution, reference, difference)] == ["u", "reference", "difference"]
    assert np.array_equal(values_of(solution).reshape(11, 21), dataset.fields["u"].T)
    assert np.allclose(values_of(difference), -0.01)
    assert solution.collections[0].get_clim() == reference.collections[0].get_clim() == (0, 12.01)
    low, high = difference.collections[0].get_clim()
    assert low == -high
    assert high == pytest.approx(0.01)
    assert solution.get_aspect() == 1
    assert (solution.get_xlabel(), solution.get_ylabel()) == ("x", "y")
    assert np.allclose([*solution.get_xlim(), *solution.get_ylim()], [0, 2, 0, 1])
    assert len(solution.child_axes) == 1


def test_a_stored_difference_is_shown_as_it_is():
    values = RNG.random((21, 11))
    fields = {"u": values, "u_reference": values, "u_difference": np.full((21, 11), 7.0)}
    *_, difference = panels(figure(Dataset("grid", ("x", "y"), fields, axes=[X, Y])))
    assert np.allclose(values_of(difference), 7)


def test_outside_the_mask_nothing_is_drawn():
    x, y = np.meshgrid(X, Y, indexing="ij")
    mask = (x - 1) ** 2 + (y - 0.5) ** 2 > 0.1
    for axes in panels(figure(grid(("x", "y"), [X, Y], lambda x, y: x * y, mask=mask))):
        assert np.array_equal(np.isnan(values_of(axes)).reshape(11, 21), ~mask.T)


def test_waves_are_coloured_evenly_round_zero_and_complex_fields_have_two_rows():
    made = figure(grid(("x", "y"), [X, Y], lambda x, y: np.exp(7j * x)))
    shown = panels(made)
    assert [axes.get_title() for axes in shown[::3]] == ["Re u", "Im u"]
    assert np.allclose(values_of(shown[3]).reshape(11, 21), np.sin(7 * X))
    low, high = shown[0].collections[0].get_clim()
    assert low == -high


def test_lines_in_one_dimension():
    solution, difference = panels(figure(grid(("x",), [X], np.sin)))
    line, reference = solution.lines
    assert np.array_equal(line.get_xdata(), X)
    assert np.array_equal(line.get_ydata(), np.sin(X))
    assert reference.get_label() == "reference"
    assert np.allclose(difference.lines[0].get_ydata(), -0.01)


def test_times_are_the_first_the_last_and_some_between():
    times = np.linspace(0, 1, 11)
    made = figure(grid(("x", "y", "t"), [X, Y, times], lambda x, y, t: x * t, time="t"))
    assert [axes.get_title() for axes in panels(made)[::3]] == ["u, t = 0", "u, t = 0.3", "u, t = 0.7", "u, t = 1"]
    assert np.allclose(values_of(panels(made)[-3]).reshape(11, 21), X)
    solution, _ = panels(figure(grid(("x", "t"), [X, times], lambda x, t: x * t, time="t")))
    assert [line.get_label() for line in solution.lines[:4]] == ["t = 0", "t = 0.3", "t = 0.7", "t = 1"]
    assert np.allclose(solution.lines[3].get_ydata(), X)


def test_middle_slices_in_space():
    dataset = grid(("x", "y", "z"), [X, Y, Z], lambda x, y, z: x + 10 * y + 100 * z)
    shown = panels(figure(dataset))[::3]
    assert [axes.get_title() for axes in shown] == ["u, z = 0", "u, y = 0.5", "u, x = 1"]
    assert np.array_equal(values_of(shown[1]).reshape(9, 21), dataset.fields["u"][:, 5, :].T)
    assert (shown[2].get_xlabel(), shown[2].get_ylabel()) == ("y", "z")


POINTS = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [2, 0], [2, 1.0]])
CELLS = {"triangle": [[0, 1, 2], [0, 2, 3]], "quad": [[1, 4, 5, 2]], "line": [[0, 1]]}


def test_meshes_are_drawn_by_their_triangles():
    values = np.arange(6.0)
    (axes,) = panels(figure(Dataset("mesh", ("x", "y"), {"u": values}, points=POINTS, cells=CELLS)))
    assert np.array_equal(values_of(axes), values)
    assert faces({name: np.array(nodes) for name, nodes in CELLS.items()}).tolist() == [
        [0, 1, 2],
        [0, 2, 3],
        [1, 4, 5],
        [1, 5, 2],
    ]


def test_the_surface_of_volumes():
    cube = {"hexahedron": np.arange(8)[None, :]}
    assert len(faces(cube)) == 12
    assert len(faces({"tetra": np.array([[0, 1, 2, 3], [1, 2, 3, 4]])})) == 6
    assert [len(faces({"wedge": np.arange(6)[None]})), len(faces({"pyramid": np.arange(5)[None]}))] == [8, 6]


def test_a_plane_through_tetrahedra_has_the_area_and_the_values_of_the_plane():
    corners = np.array([[x, y, z] for x in (0.0, 1) for y in (0.0, 1) for z in (0.0, 1)])
    tetra = np.array([[0, 1, 3, 7], [0, 1, 5, 7], [0, 2, 3, 7], [0, 2, 6, 7], [0, 4, 5, 7], [0, 4, 6, 7]])
    made = cut(corners, tetra, 2, 0.25)
    assert np.allclose(made.points[:, 2], 0.25)
    a, b, c = (made.points[made.triangles[:, k]] for k in range(3))
    assert np.abs(np.cross(b - a, c - a)[:, 2]).sum() / 2 == pytest.approx(1)
    values = corners @ [1, 2, 3]
    assert np.allclose(made.mix(np.stack([values, -values], axis=1)), np.outer(made.points @ [1, 2, 3], [1, -1]))


def everything():
    points = RNG.random((40, 3))
    tetra = {"tetra": [[0, 1, 2, 3], [1, 2, 3, 4]]}
    flat = np.zeros((3, 3))
    return {
        "constant": grid(("x", "y"), [X, Y], lambda x, y: 0 * x),
        "all NaN": Dataset("grid", ("x", "y"), {"u": flat * np.nan, "u_reference": flat}, axes=[X[:3], Y[:3]]),
        "one point": Dataset("grid", ("x", "y"), {"u": np.ones((1, 1))}, axes=[X[:1], Y[:1]]),
        "flat": grid(("x", "y", "z"), [X, Y[:1], Z], lambda x, y, z: x * z),
        "3-D in time": grid(("x", "y", "z", "t"), [X, Y, Z, X[:3]], lambda x, y, z, t: x + t, time="t"),
        "4-D": grid(("x", "y", "z", "w"), [X[:3], Y[:3], Z[:3], X[:2]], lambda x, y, z, w: x * w),
        "system": Dataset("grid", ("x", "y"), {name: np.add.outer(X, Y) for name in "uvp"}, axes=[X, Y]),
        "many": Dataset("grid", ("x",), {f"u{n}": X for n in range(9)}, axes=[X]),
        "booleans": Dataset("grid", ("x", "y"), {"u": np.add.outer(X, Y) > 1}, axes=[X, Y]),
        "long": grid(("x", "y"), [100 * X, Y], lambda x, y: x),
        "line of points": Dataset("points", ("x",), {"u": points[:, 0]}, points=points[:, :1]),
        "points": Dataset("points", ("x", "y"), {"u": points[:, 0]}, points=points[:, :2]),
        "points 3-D": Dataset("points", ("x", "y", "z"), {"u": points[:, 0]}, points=points),
        "mesh 3-D": Dataset("mesh", ("x", "y", "z"), {"u": points[:, 0]}, points=points, cells=tetra),
        "mesh in time": Dataset(
            "mesh", ("x", "y", "t"), {"u": RNG.random((6, 3))}, "t", points=POINTS, cells=CELLS, times=[0, 1, 2]
        ),
        "no faces": Dataset("mesh", ("x", "y"), {"u": np.ones(6)}, points=POINTS, cells={"line": [[0, 1]]}),
    }


def test_one_scale_at_all_times():
    made = figure(grid(("x", "y", "t"), [X, Y, np.linspace(0, 1, 3)], lambda x, y, t: x * (1 + t), time="t"))
    shown = [axes for axes in panels(made) if not axes.get_title().startswith("difference")]
    assert len(shown) == 2 * 3
    assert {axes.collections[0].get_clim() for axes in shown} == {(0, 4.01)}


@pytest.mark.parametrize("name", everything())
def test_every_kind_becomes_a_png_that_is_not_blank(name):
    import io

    from matplotlib.image import imread

    dataset = everything()[name]
    image = imread(io.BytesIO(png(dataset)))
    assert image.shape[0] > 150
    assert image.shape[1] > 300
    assert (image[..., :3] < 0.5).any()


def test_draw_writes_a_png(tmp_path):
    draw(grid(("x",), [X], np.sin), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OutputError):
        draw(grid(("x",), [X], np.sin), tmp_path / "none/a.png")


def test_without_matplotlib_the_error_names_the_way_out():
    code = """
import sys
sys.modules["matplotlib"] = None
import numpy as np
from inrpde.errors import OutputError
from inrpde.export import Dataset
from inrpde.export.picture import png
from inrpde.export.report import html
dataset = Dataset("grid", ("x",), {"u": np.zeros(3)}, axes=[np.arange(3.0)])
page = html(dataset, {})
assert "There are no pictures" in page and "inrpde[viz]" in page and "<img" not in page and "How it was made" in page
try:
    png(dataset)
except OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "inrpde[viz]" in done.stdout
