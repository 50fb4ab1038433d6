"""References are stored where they were computed, and parts of one mesh on that mesh."""

import h5py
import meshio
import numpy as np
import pytest
from sympy import Eq, Function, Interval

import inrpde
from inrpde import Mesh, On, Problem, Region, Space, storage
from inrpde.compiler import bind
from inrpde.errors import ProblemError
from inrpde.found import Domain
from inrpde.reference_fields import MaskedField
from inrpde.references import fem
from inrpde.solution import Solution, reference_solution

SPACE = Space("x y")
X, Y = SPACE.coords


def halves(n=4):
    """[0, 2]×[0, 1] in triangles, the halves as groups."""
    number = np.arange((2 * n + 1) * (n + 1)).reshape(2 * n + 1, n + 1)
    a, b, c, d = (g.ravel() for g in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    cells = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    xy = np.stack(np.meshgrid(np.linspace(0, 2, 2 * n + 1), np.linspace(0, 1, n + 1), indexing="ij"), axis=-1)
    points = xy.reshape(-1, 2)
    left = points[cells].mean(axis=1)[:, 0] < 1
    sets = {"left": [np.flatnonzero(left)], "right": [np.flatnonzero(~left)]}
    return Mesh(SPACE, meshio.Mesh(points, [("triangle", cells)], cell_sets=sets))


def test_a_masked_field_is_known_in_whole_cells_alone(tmp_path):
    axis = np.linspace(0, 1, 11)
    values = np.add.outer(axis**2, 3 * axis)
    values[7:, :4] = np.nan
    made = MaskedField(values, (axis, axis))
    points = np.array([[0.33, 0.52], [0.65, 0.2], [0.7, 0.2], [0.6, 0.3], [0.9, 0.35], [0.9, 0.45]])
    found = made.jets(points, [(0, 0)])[0, 0]
    assert np.isnan(found).tolist() == [False, True, True, False, True, False]
    known = ~np.isnan(found)
    assert np.allclose(found[known], points[known, 0] ** 2 + 3 * points[known, 1], atol=2e-3)
    domain = Domain(np.zeros(2), np.ones(2))
    whole = Solution(SPACE.coords, None, {"u": MaskedField(np.add.outer(axis, axis), (axis, axis))}, domain)
    whole.with_reference(Solution(SPACE.coords, None, {"u": made}, domain)).save(tmp_path / "a.h5")
    again = inrpde.load(tmp_path / "a.h5").reference(points)["u"]
    assert np.array_equal(again, found, equal_nan=True)
    with h5py.File(tmp_path / "a.h5") as file:
        reference, difference = file["u_reference"][...], file["u_difference"][...]
    assert np.array_equal(np.isnan(reference), np.isnan(difference))
    assert 0 < np.isnan(reference).mean() < 0.5


@pytest.fixture
def two_parts():
    """T on the left and S on the right: one quadratic function, with sources."""
    mesh = halves()
    left, right = mesh.tagged("left"), mesh.tagged("right")
    T, S = SPACE.unknown("T", on=left), SPACE.unknown("S", on=right)
    exact = X**2 - X * Y + 2
    meeting = left.boundary & right.boundary
    conditions = [
        On(left, Eq(SPACE.laplace(T), 2)), On(right, Eq(SPACE.laplace(S), 2)),
        On(meeting, Eq(T, S)), On(meeting, Eq(SPACE.dn(T), SPACE.dn(S))),
        On(left.boundary - right.boundary, Eq(T, exact)), On(right.boundary - left.boundary, Eq(S, exact)),
    ]  # fmt: skip
    return mesh, Problem("two", [T, S], conditions)


def test_a_reference_of_finite_elements_lies_on_the_nodes_of_the_mesh(two_parts, tmp_path, by_vtk, by_xarray):
    pytest.importorskip("skfem")
    mesh, problem = two_parts
    bound = bind(problem)
    solution = reference_solution(bound, fem.solve(bound, 16), {})
    exact = mesh.nodes[:, 0] ** 2 - mesh.nodes[:, 0] * mesh.nodes[:, 1] + 2
    stored = storage.dataset(solution)
    assert (stored.kind, len(stored.points), len(stored.cells["triangle"])) == ("mesh", len(mesh.nodes), 64)
    for name, lives in (("T", mesh.nodes[:, 0] <= 1), ("S", mesh.nodes[:, 0] >= 1)):
        assert np.array_equal(np.isfinite(stored.fields[name]), lives)
        assert np.allclose(stored.fields[name][lives], exact[lives], atol=1e-10), "no grid lies between"
    points = np.random.default_rng(0).uniform([0, 0], [2, 1], (300, 2))
    expected = points[:, 0] ** 2 - points[:, 0] * points[:, 1] + 2
    solution.save(tmp_path / "two.h5")
    for each in (solution, inrpde.load(tmp_path / "two.h5")):
        found = each(points)
        assert np.allclose(np.where(points[:, 0] < 1, found["T"], found["S"]), expected, atol=1e-9)
        assert np.isnan(found["S"][points[:, 0] < 0.99]).all()
    assert np.array_equal(by_xarray(tmp_path / "two.h5")["T"].values, stored.fields["T"], equal_nan=True)
    shown = by_vtk(tmp_path / "two.h5")
    assert (shown.kind, shown.cells) == ("vtkUnstructuredGrid", 64)


def test_several_parts_are_solved_and_written_on_their_mesh(two_parts, tmp_path):
    pytest.importorskip("skfem")
    mesh, problem = two_parts
    solution = inrpde.solve(problem, budget=30)
    solution.save(tmp_path / "two.h5")
    with h5py.File(tmp_path / "two.h5") as file:
        assert file.attrs["kind"] == "mesh"
        for name, lives in (("T", mesh.nodes[:, 0] <= 1), ("S", mesh.nodes[:, 0] >= 1)):
            for each in (name, f"{name}_reference", f"{name}_difference"):
                assert np.array_equal(np.isfinite(file[each][...]), lives), each
            assert np.allclose(file[f"{name}_difference"][lives], 0, atol=1e-2)


@pytest.mark.parametrize("names", [("u", "u_reference"), ("u", "u_difference"), ("mask",), ("point",), ("x",)])
def test_names_that_the_file_needs_are_refused_before_the_solve(names):
    box = Region(SPACE, Interval(0, 1) ** 2)
    unknowns = [Function(name)(X, Y) for name in names]
    conditions = [On(box, Eq(SPACE.laplace(u), 0)) for u in unknowns] + [On(box.boundary, Eq(u, 1)) for u in unknowns]
    with pytest.raises(ProblemError) as caught:
        Problem("taken", unknowns, conditions)
    assert f"'{names[-1]}'" in str(caught.value)


@pytest.mark.parametrize("part", ["u_real", "u_imag"])
def test_parts_of_a_complex_unknown_are_names_of_its_own(part):
    box = Region(SPACE, Interval(0, 1) ** 2)
    for kind in (True, False):
        u, v = SPACE.unknown("u", complex=kind), SPACE.unknown(part)
        conditions = [On(box, Eq(SPACE.laplace(f), 0)) for f in (u, v)] + [On(box.boundary, Eq(f, 1)) for f in (u, v)]
        if kind:
            with pytest.raises(ProblemError, match="complex u") as caught:
                Problem("taken", [u, v], conditions)
            assert "rename" in caught.value.fix
        else:
            Problem("free", [u, v], conditions)
