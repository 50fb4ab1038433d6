"""What is saved comes back: the same values, of any expression, whatever kind of solution it was."""

import json
import wave

import h5py
import meshio
import numpy as np
import pytest
from sympy import Interval, Piecewise, exp, sin

import inrpde
from inrpde import Ball, GridField, Mesh, MeshField, Region, Solution, Space, pipeline, storage
from inrpde.errors import OutputError
from inrpde.found import Domain, NetworkField
from inrpde.networks.corner import CornerFunctions, corner_modes, pole_modes
from inrpde.networks.partition import Windowed, windows
from inrpde.networks.siren import SineBody
from inrpde.networks.slab import Slab
from inrpde.networks.trial import Constant, Sum
from tests.odes import ODES

RNG = np.random.default_rng(0)


def box(d, high=1.0):
    return np.zeros(d), np.full(d, high)


def network(trial, kind=float):
    head = RNG.standard_normal(trial.width)
    return NetworkField(trial, head + 1j * RNG.standard_normal(trial.width) if kind is complex else head)


def body(d, width=9, layers=1):
    return SineBody.random(width, 3.0, box(d), np.random.default_rng(d), layers=layers)


def patchwork(d=2):
    cells = map(Windowed, [body(d)] * 4, windows([np.array([0, 0.4, 1.0])] * 2, 4))
    corner = CornerFunctions((0.5, 0.5), 0.3, 1.0, (*corner_modes(1.5 * np.pi, ("value", "slope"), 2), *pole_modes(1)))
    slab = Slab(body(d), -np.inf, 0.5)
    return Sum((Constant(), corner, *cells, Sum((slab, body(d, layers=2)))))


def plain(d=2, time=None, kind=float, trial=None, regions=(), **more):
    spatial = d - (time is not None)
    space = Space(["x", "y", "z", "p", "q"][:spatial], time)
    fields = {"u": network(trial or body(d), kind), "v": network(body(d))}
    return space, Solution(space.coords, space.time, fields, Domain(*box(d), regions), **more)


def saved(solution, tmp_path, name="s.h5"):
    solution.save(tmp_path / name)
    return inrpde.load(tmp_path / name)


def same(a, b):
    return np.allclose(a, b, rtol=1e-14, atol=1e-14, equal_nan=True)


CASES = {
    "real": {}, "complex": {"kind": complex}, "line": {"d": 1}, "volume": {"d": 3, "grid": (5, 4, 3)},
    "time": {"d": 2, "time": "t"}, "times": {"d": 3, "time": "t", "grid": (5, 4), "times": np.array([0, 0.25, 1])},
    "complex in time": {"d": 2, "time": "t", "kind": complex},
    "table": {"d": 5}, "complex table": {"d": 5, "kind": complex},
    "cells, corners, slabs, layers": {"trial": patchwork()}, "learned": {"learned": {"nu": 0.25, "k": -3.0}},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_values_and_derivatives_come_back(case, tmp_path):
    _, before = plain(**case)
    after = saved(before, tmp_path)
    points = RNG.uniform(size=(50, len(before.coords)))
    assert after.coords == before.coords
    assert after.time == before.time
    assert after.learned == before.learned
    u = before.fields["u"]
    x = before.coords[0]
    for name in ("u", "v"):
        assert same(before(points)[name], after(points)[name])
        assert before(points)[name].dtype == after(points)[name].dtype
    zero = (0,) * len(before.coords)
    for index in (zero, (2, *zero[1:])):
        assert same(u.jets(points, [index])[index], after.fields["u"].jets(points, [index])[index])
    assert same(before.evaluate(x**2 + 1, points), after.evaluate(x**2 + 1, points))


@pytest.mark.parametrize("method", ["cubic", "linear", "nearest"])
def test_coefficients_come_back(tmp_path, method):
    space = Space("x y")
    x, y = space.coords
    nu = space.parameter("nu")
    axes = np.linspace(0, 1, 6), np.linspace(0, 1, 5)
    field = GridField(RNG.standard_normal((6, 5)) + 1j, axes, method=method)
    u, a, b, c = space.unknown("u"), *(space.coefficient(name) for name in "abc")
    expression = exp(x) * nu + Piecewise((sin(y), x < 0.5), (u**2, True))
    _, before = plain(coefficients={"a": expression, "b": field, "c": x * a}, learned={"nu": 2.0})
    after = saved(before, tmp_path)
    points = RNG.uniform(size=(30, 2))
    for asked in (a * u, space.div(a * space.grad(u)), b.diff(x) * u, c, nu * u.diff(x, y)):
        assert same(before.evaluate(asked, points), after.evaluate(asked, points))


def test_a_part_and_a_hole_come_back(tmp_path):
    space = Space("x y")
    hole = Ball(space, (0.5, 0.5), 0.2)
    omega, left = Region(space, Interval(0, 1) ** 2) - hole, Region(space, Interval(0, 0.5) * Interval(0, 1)) - hole
    _, before = plain(regions=(omega,), grid=(33, 17))
    before = Solution(before.coords, None, before.fields, before.domain, domains={"v": left}, grid=(33, 17))
    after = saved(before, tmp_path)
    for name, values in before.on_grid((33, 17)).items():
        assert np.isnan(values).any()
        assert same(values, after.on_grid((33, 17))[name])
    points = RNG.uniform(size=(300, 2))
    for name in ("u", "v"):
        here, there = before(points)[name], after(points)[name]
        assert np.isfinite(there[np.isfinite(here)]).all()  # nothing inside is lost
        assert np.isnan(there).sum() > 0.5 * np.isnan(here).sum()


def square(n=5):
    grid = np.linspace(0, 1, n)
    points = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    corner = np.add.outer(np.arange(n - 1) * n, np.arange(n - 1)).ravel()
    cells = [corner + np.array(triangle)[:, None] for triangle in ((0, n, 1), (n, n + 1, 1))]
    cells = np.concatenate([each.T for each in cells])
    return meshio.Mesh(points, [("triangle", cells)])


@pytest.mark.parametrize("time", [None, "t"])
def test_a_mesh_and_a_field_on_it_come_back(time, tmp_path):
    d = 2 + (time is not None)
    space, _ = plain(d, time)
    mesh = Mesh(space, square())
    region = mesh if time is None else mesh.over(Interval(0, 1))
    nodal, by_cell = MeshField(mesh, 1 + mesh.nodes @ [1, 2]), MeshField(mesh, np.arange(32.0))
    _, before = plain(d, time, regions=(region,), coefficients={"a": nodal, "b": by_cell})
    after = saved(before, tmp_path)
    points = RNG.uniform(-0.2, 1.2, (60, d))
    assert same(before(points)["u"], after(points)["u"])
    inside = points[np.all((points >= 0) & (points <= 1), axis=1)]
    for name in "ab":
        a = space.coefficient(name)
        assert same(before.evaluate(a, inside), after.evaluate(a, inside))
    with h5py.File(tmp_path / "s.h5") as file:
        assert file["VTKHDF"].attrs["Type"] == b"UnstructuredGrid"
        assert file["u"].shape == ((25,) if time is None else (11, 25))
    again = saved(after, tmp_path, "again.h5")
    assert same(after(points)["u"], again(points)["u"])


def test_a_chosen_grid_wins_over_the_mesh(tmp_path):
    mesh = Mesh(Space("x y"), square())
    _, solution = plain(regions=(mesh,), grid=(9, 9))
    assert storage.dataset(solution).kind == "grid"


def test_the_reference_comes_back_with_its_difference(tmp_path):
    _, before = plain(grid=(9, 7))
    axes = np.linspace(0, 1, 12), np.linspace(0, 1, 10)
    values = RNG.standard_normal((12, 10))
    reference = Solution(before.coords, None, {"u": GridField(values, axes)}, Domain(*box(2)))
    after = saved(before.with_reference(reference), tmp_path)
    points = RNG.uniform(size=(20, 2))
    assert same(after.reference(points)["u"], reference(points)["u"])
    with h5py.File(tmp_path / "s.h5") as file:
        assert np.allclose(file["u"][...] - file["u_reference"][...], file["u_difference"][...])
        assert "v_reference" not in file


@pytest.mark.parametrize("case", ["grid", "mesh", "mesh in time", "table"])
def test_values_that_are_known_need_not_be_evaluated_again(case, monkeypatch):
    d = {"grid": 2, "mesh": 2, "mesh in time": 3, "table": 5}[case]
    time = "t" if d == 3 else None
    space, _ = plain(d, time)
    mesh = Mesh(space, square()) if "mesh" in case else None
    regions = () if mesh is None else (mesh if time is None else mesh.over(Interval(0, 1)),)
    _, alone = plain(d, time, regions=regions)
    solution = alone.with_reference(Solution(alone.coords, alone.time, {"u": network(body(d))}, alone.domain))
    whole, own = storage.dataset(solution), storage.values(solution)
    assert set(own) == {"u", "v"}
    asked = []
    monkeypatch.setattr(Solution, "_field", watched(Solution._field, asked))
    monkeypatch.setattr(Solution, "_on_axes", watched(Solution._on_axes, asked))
    again = storage.dataset(solution, own)
    assert asked
    assert all(each is solution.reference for each in asked)
    assert set(again.fields) == set(whole.fields) == {"u", "v", "u_reference", "u_difference"}
    assert all(np.array_equal(values, again.fields[name], equal_nan=True) for name, values in whole.fields.items())


def watched(method, asked):
    def call(solution, *args):
        asked.append(solution)
        return method(solution, *args)

    return call


def test_the_report_and_the_origin_are_kept(tmp_path):
    report = {
        "problem": "p", "status": "ok", "method": "least-squares", "verdict": {"word": "verified", "because": "…"},
        "fields": {"u": {"estimated_error": 1e-9, "exact": None, "reference": None}}, "seed": 3, "warnings": ["one"],
    }  # fmt: skip
    _, before = plain(report=report, origin={"source": "text", "source_sha256": "abc", "versions": {"numpy": "2"}})
    after = saved(before, tmp_path)
    assert after.report == report
    with h5py.File(tmp_path / "s.h5") as file:
        assert file.attrs["source"] == "text"
        assert file.attrs["source_sha256"] == "abc"
        assert file.attrs["method"] == "least-squares"
        assert json.loads(file.attrs["verdict"])["word"] == "verified"


def test_saving_twice_gives_the_same_values(tmp_path):
    _, before = plain(d=5)
    once = saved(before, tmp_path)
    twice = saved(once, tmp_path, "twice.h5")
    points = RNG.uniform(size=(20, 5))
    assert same(before(points)["u"], twice(points)["u"])


@pytest.mark.parametrize(("make", "said"), [(None, "s.h5"), (b"no HDF5", "s.h5"), ("foreign", "not written by inrpde")])
def test_what_is_no_solution(make, said, tmp_path):
    path = tmp_path / "s.h5"
    if isinstance(make, bytes):
        path.write_bytes(make)
    elif make:
        with h5py.File(path, "w") as file:
            file["u"] = np.zeros(3)
    with pytest.raises(OutputError, match=said) as caught:
        inrpde.load(path)
    assert caught.value.exit_code == 6


def test_an_expression_that_cannot_be_stored_is_an_error_before_anything_is_written(tmp_path):
    from sympy import Function

    class Mine(Function):
        pass

    space = Space("x y")
    _, solution = plain(coefficients={"a": Mine(space.coords[0])})
    with pytest.raises(OutputError):
        solution.save(tmp_path / "s.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_name_may_ask_for_another_exporter_beside_the_file(tmp_path):
    solution = Solution((Space("s").coords[0],), None, {"u": network(body(1))}, Domain(*box(1)), grid=(800,))
    solution.save(tmp_path / "sound.wav")
    with wave.open(str(tmp_path / "sound.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (799, 800)
    again = inrpde.load(tmp_path / "sound.h5")
    np.testing.assert_array_equal(again([[0.3]])["u"], solution([[0.3]])["u"])


def test_several_pictures_are_named_by_the_first(tmp_path):
    pytest.importorskip("matplotlib")
    space = Space("x y", time="t")
    solution = Solution(
        space.coords, space.time, {"u": network(body(3))}, Domain(*box(3)), grid=(8, 9), times=np.array([0.0, 0.5])
    )
    assert solution.save(tmp_path / "film.png") == tmp_path / "film_000.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.h5", "film_000.png", "film_001.png"]


# -- a time alone


def test_an_ode_is_a_curve_over_the_time(tmp_path):
    solution = inrpde.solve(ODES["decay"].problem(), budget=20)
    back = inrpde.load(solution.save(tmp_path / "decay.h5"))
    with h5py.File(tmp_path / "decay.h5") as file:
        assert file["u0"].shape == file["t"].shape == (513,)
        np.testing.assert_allclose(file["u0"], np.exp(-file["t"][:]), atol=1e-12)
        np.testing.assert_allclose(file["u0_reference"], np.exp(-file["t"][:]), atol=1e-8)
    times = np.array([0.0, 0.5, 7.0])
    for points in (times, times[:, None]):
        np.testing.assert_allclose(back(points)["u0"], np.exp(-times), atol=1e-12)
    np.testing.assert_allclose(back.on_grid((), times)["u0"], np.exp(-times), atol=1e-12)
    assert back.on_grid((9,))["u0"].shape == (9,)
    assert back.report["verdict"]["word"] == "verified"


def test_an_ode_at_times_of_the_users_choice(tmp_path):
    times = (0.0, 0.1, 10.0)
    pipeline.run(ODES["decay"].problem(), times=times, output=tmp_path / "decay.h5")
    with h5py.File(tmp_path / "decay.h5") as file:
        np.testing.assert_allclose(file["t"], times)
        np.testing.assert_allclose(file["u0"], np.exp(-np.array(times)), atol=1e-12)
    assert inrpde.load(tmp_path / "decay.h5").report["verdict"]["word"] == "verified"


def test_an_ending_that_two_packages_write_is_ours_unless_the_other_is_named(install, tmp_path):
    install("exporters", "png", "def write(path, made):\n    path.write_text('theirs')", ":write")
    _, solution = plain()
    assert solution.save(tmp_path / "a.png") == tmp_path / "a.png"
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert solution.save(tmp_path / "b.stranger-png:png") == tmp_path / "b.png"
    assert (tmp_path / "b.png").read_text() == "theirs"
    assert {path.name for path in tmp_path.glob("b*")} == {"b.h5", "b.png"}
    assert inrpde.load(tmp_path / "b.h5").fields.keys() == solution.fields.keys()
    with pytest.raises(OutputError, match=r"nothing writes files that end in .nobody:png"):
        solution.save(tmp_path / "c.nobody:png")
