"""The package's problems in divergence form: errors and derived numbers in the time that is asked of them."""

from pathlib import Path

import numpy as np
import pytest

import inrpde
from inrpde.loader import load_problem

TRUTHS = Path(__file__).parents[2] / "benchmarks" / "zoo" / "flux" / "truths"


def solved(name: str, seconds: float, **parameters) -> inrpde.Solution:
    problem, _ = load_problem(name, parameters)
    return inrpde.solve(problem, budget=seconds, reference="none")


def asked(solution: inrpde.Solution) -> list[float]:
    """The numbers that the problem asks for."""
    return [each["value"] for each in solution.report["report"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "bound", "seconds"),
    [("inclusion", 1e-8, 10), ("plate_with_hole", 1e-6, 20), ("drum_sector", 1e-6, 20)],
)
def test_error_against_the_declared_solution(name, bound, seconds):
    fields = solved(name, seconds).report["fields"]
    assert max(each["exact"]["rel_l2"] for each in fields.values()) < bound


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "truth", "bound", "seconds"),
    [
        ("bracket", "packaged_bracket", 1e-7, 20),
        ("blocks", "packaged_blocks", 1e-5, 20),
        ("cantilever", "packaged_cantilever", 1e-4, 20),
        ("crack", "packaged_crack", 1e-4, 20),
        ("fibre3d", "packaged_fibre3d", 1e-3, 60),
        ("ballbox", "ballbox", 1e-3, 60),
        ("elbow", "elbow", 1e-10, 2),
    ],
)
def test_error_against_other_computations(name, truth, bound, seconds):
    """Elements of degree 4, rings of spectral elements, rational functions: see benchmarks/zoo/flux."""
    solution = solved(name, seconds)
    with np.load(TRUTHS / f"{truth}.npz") as file:
        points = file["points"]
        for field in solution.fields:
            true = file[field]
            assert np.linalg.norm(solution(points)[field] - true) < bound * np.linalg.norm(true)


@pytest.mark.slow
@pytest.mark.parametrize(("length", "truth"), [(1, "clamped_1"), (10, "clamped_10")])
def test_beams_that_are_short_and_slender(length, truth):
    solution = solved("cantilever", 20, length=length)
    with np.load(TRUTHS / f"{truth}.npz") as file:
        for field in ("u", "v"):
            gap = solution(file["points"])[field] - file[field]
            assert np.linalg.norm(gap) < 1e-4 * np.linalg.norm(file[field])


@pytest.mark.slow
def test_stress_at_a_hole_is_three_times_that_far_away():
    assert asked(solved("plate_with_hole", 20)) == pytest.approx([3, -1], abs=1e-4)


@pytest.mark.slow
def test_stress_intensity_of_a_crack():
    """Elements of degree 4: 1.48848; Isida's formula for an infinite strip, 1.1867 √(πa): 1.4873."""
    assert asked(solved("crack", 20)) == pytest.approx([1.48848], rel=1e-3)


@pytest.mark.slow
def test_a_cantilever_sinks_and_its_wall_carries_it():
    sinks, carried = asked(solved("cantilever", 20))
    assert sinks == pytest.approx(-405.7955, rel=1e-3)
    assert carried == pytest.approx(4, rel=1e-2)  # tractions are singular at the ends of the wall


@pytest.mark.slow
def test_heat_into_a_bolt():
    assert asked(solved("bracket", 20)) == pytest.approx([-0.498307], rel=1e-3)
