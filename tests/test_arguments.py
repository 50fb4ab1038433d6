"""Arguments that nothing can be made of are refused with the way to write them."""

import numpy as np
import pytest
from sympy import Eq, Interval

import inrpde
from inrpde import pipeline
from inrpde.arguments import check_arguments
from inrpde.declaration import On, Problem, Region, Space
from inrpde.errors import UsageError
from inrpde.solution import Domain, Solution

space = Space("x")
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
problem = Problem("line", [u], [On(omega, Eq(u.diff(space.coords[0], 2), 1)), On(omega.boundary, u)])


@pytest.mark.parametrize("given", ["x", None, Problem, 3])
def test_what_is_no_problem_is_refused(given):
    for function in (inrpde.solve, inrpde.reference):
        with pytest.raises(UsageError, match="is not a Problem"):
            function(given)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("budget", [0, -1.0, float("nan"), float("inf"), "5", True]),
        ("tol", [0, -1, float("nan"), "1e-6", False]),
        ("seed", [-1, 0.5, "0", True, None]),
        ("reference", ["yes", None, True, ["auto"]]),
        ("device", ["cuda:99", "tpu", "cuda:x"]),
        ("method", [3, None, ["auto"]]),
    ],
)
def test_values_that_are_none_are_refused_by_name(name, values):
    for value in values:
        with pytest.raises(UsageError) as caught:
            inrpde.solve(problem, **{name: value})
        assert caught.value.where == name
        assert name in caught.value.fix
        assert repr(value) in caught.value.what


def test_numbers_of_any_kind_are_taken():
    check_arguments(problem, seed=np.int64(3), budget=np.float64(1.5), tol=1, reference="none", device="cpu")
    check_arguments(problem)


@pytest.mark.parametrize("n", ["a", 0, 3, -8, 8.0, True])
def test_a_reference_of_so_many_cells_is_refused(n):
    with pytest.raises(UsageError, match="whole number from 4 on") as caught:
        inrpde.reference(problem, n=n)
    assert caught.value.where == "n"


@pytest.mark.parametrize("settings", [3, "solver.width=3", {1: 2}, {"solver.width": "wide"}, {"solver.widht": 3}])
def test_settings_of_no_sense_are_refused(settings):
    with pytest.raises(UsageError) as caught:
        inrpde.solve(problem, settings=settings)
    assert all((caught.value.what, caught.value.where, caught.value.fix))


@pytest.mark.parametrize(
    "given",
    [
        {"grid": 3}, {"grid": ("a",)}, {"grid": (3, 3)}, {"grid": (0,)}, {"times": 3}, {"times": ("a",)},
        {"times": (0.0,)}, {"progress": 3}, {"output": 3},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_written_is_refused_before_the_solve(given):
    with pytest.raises(UsageError) as caught:
        pipeline.run(problem, **given)
    (name,) = given
    assert name in caught.value.where + caught.value.what
    assert caught.value.fix


@pytest.mark.parametrize("path", [3, None, b"solution.h5", "a\0b.h5"])
def test_what_is_no_path_is_refused(path):
    field = Solution(space.coords, None, {}, Domain(np.zeros(1), np.ones(1)))
    for call in (inrpde.load, field.save):
        with pytest.raises(UsageError, match="no name of a file") as caught:
            call(path)
        assert "path" in caught.value.where


def test_axes_and_numbers_of_points_of_no_sense_are_refused():
    field = Solution(space.coords, None, {}, Domain(np.zeros(1), np.ones(1)))
    for axes in (3, [3.0], ["a"], [np.zeros(3)] * 2, [[]]):
        with pytest.raises(UsageError, match="axes"):
            field.on_axes(axes)
    for points in ("a", 0, 2.5):
        with pytest.raises(UsageError, match="number of points"):
            field.integral(1, omega, points)


def test_progress_that_fails_is_told_once_and_costs_nothing(tmp_path):
    called = []

    def progress(*told):
        called.append(told)
        raise ZeroDivisionError("no bar")

    made = pipeline.run(problem, progress=progress, output=tmp_path / "line.h5")
    assert len(called) == 1
    assert made.report["status"] == "ok"
    assert sum("ZeroDivisionError: no bar" in warning for warning in made.report["warnings"]) == 1
    assert inrpde.load(tmp_path / "line.h5").report["warnings"] == made.report["warnings"]
    assert any("no bar" in warning for warning in pipeline.reference(problem, progress=progress).report["warnings"])
