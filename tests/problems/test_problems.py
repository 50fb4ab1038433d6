"""Every problem that comes with inrpde: its error is pinned, against a formula or a solution by other means."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import hankel1

import inrpde
from inrpde import plugins
from inrpde.errors import ProblemError
from inrpde.loader import load_problem
from tests.odes import ODES
from tests.problems import exact
from tests.rows import assert_as_stored

slow = pytest.mark.slow
Array = np.ndarray


def solved(name: str) -> inrpde.Solution:
    problem, _ = load_problem(name, {})
    return inrpde.solve(problem, reference="none")


def relative(found: Array, true: Array) -> float:
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


@pytest.mark.parametrize("name", plugins.available("problems"))
def test_says_in_one_line_what_it_is(name):
    try:
        _, source = load_problem(name, {})
    except ProblemError as error:
        if "inrpde[paper]" not in (error.fix or ""):
            raise
        pytest.skip(error.what)
    assert source.text.startswith('"""')
    first = source.text.splitlines()[0]
    assert first.endswith('."""')
    assert len(first) <= 120


FORMULAS = [
    ("poisson", 1e-10),
    ("darcy", 1e-9),
    ("helmholtz_plane", 1e-9),
    ("annulus", 1e-10),
    ("plate", 1e-10),
    pytest.param("interface", 1e-7, marks=slow),
    pytest.param("heat", 1e-9, marks=slow),
    pytest.param("string", 1e-9, marks=slow),
    pytest.param("waveguide", 1e-9, marks=slow),
    pytest.param("schrodinger", 1e-6, marks=slow),
    pytest.param("sine_gordon", 1e-7, marks=slow),
    pytest.param("soliton", 1e-5, marks=slow),
    pytest.param("reaction_front", 1e-4, marks=slow),
    pytest.param("sphere3d", 1e-3, marks=slow),
    ("advection", 1e-11),
    ("hot_wall", 5e-5),
    pytest.param("membrane", 1e-6, marks=slow),
    pytest.param("heat3d", 5e-4, marks=slow),
    pytest.param("spheres_field", 1e-6, marks=slow),
    pytest.param("taylor_green", 1e-6, marks=slow),  # the pressure; the velocities 2e-9
]
"""Problems with an exact solution, and what the largest error of their unknowns stays below."""


@pytest.mark.parametrize(("name", "bound"), FORMULAS)
def test_error_against_the_declared_solution(name, bound):
    report = solved(name).report
    errors = {field: values["exact"]["rel_l2"] for field, values in report["fields"].items()}
    assert max(errors.values()) < bound, errors
    assert_as_stored(name, errors)


@pytest.mark.parametrize(
    ("name", "true", "bound"),
    [
        ("elbow", exact.elbow, 3e-5),
        pytest.param("holes", exact.holes, 1e-4, marks=slow),
        pytest.param("pipe", exact.pipe, 1e-4, marks=slow),
    ],
)
def test_error_against_finite_elements(name: str, true: Callable, bound: float):
    nodes, values = true()
    assert relative(solved(name)(nodes)["u"], values) < bound


@slow
@pytest.mark.parametrize(("name", "bound"), [("spots", 1e-3), ("flames", 1e-5), ("step_flow", 1e-3), ("channel", 5e-2)])
def test_the_estimated_error(name, bound):
    report = solved(name).report
    assert max(values["estimated_error"] for values in report["fields"].values()) < bound


def test_predators_keep_what_they_keep():
    """x/4 - 3/4 log x + y/2 - log y is the same at all times."""
    found = solved("predators")(np.linspace(0, 20, 101))
    x, y = found["hares"], found["lynxes"]
    kept = x / 4 - 0.75 * np.log(x) + y / 2 - np.log(y)
    assert np.ptp(kept) < 1e-9


def test_lotka_against_another_integration():
    times = np.linspace(0, 10, 301)[1:-1]
    found = solved("lotka")(times)
    for name, true in zip(("prey", "hunters"), ODES["lotka"].truth(times), strict=True):
        assert relative(found[name], true) < 1e-10


@slow
def test_burgers_against_the_transformation_of_cole_and_hopf():
    x, t = (mesh.ravel() for mesh in np.meshgrid(np.linspace(-1, 1, 401), np.linspace(0, 1, 21)))
    found = solved("burgers")(np.column_stack([x, t]))["u"]
    assert relative(found, exact.burgers(x, t, 0.01 / np.pi)) < 5e-5


@slow
def test_wave_against_its_cosine_series():
    points = np.random.default_rng(0).uniform([-1, -1, 0], [1, 1, 1.5], (4000, 3))
    assert relative(solved("wave")(points)["u"], exact.wave(*points.T)) < 1e-2


@slow
def test_cavity_against_finite_elements_and_published_centrelines():
    solution = solved("cavity")
    nodes, velocity = exact.cavity()
    found = solution(nodes)
    assert relative(np.column_stack([found["u"], found["v"]]), velocity) < 5e-3
    (y, u), (x, v) = exact.CAVITY_U, exact.CAVITY_V
    assert np.abs(solution(np.column_stack([np.full_like(y, 0.5), y]))["u"] - u).max() < 2e-2
    assert np.abs(solution(np.column_stack([x, np.full_like(x, 0.5)]))["v"] - v).max() < 2e-2


@slow
def test_family_of_wave_numbers_against_hankels_function():
    solution, points = solved("family_helmholtz"), np.random.default_rng(0).uniform(0, 1, (2000, 2))
    away = np.hypot(points[:, 0] + 0.3, points[:, 1] - 0.6)
    for k in np.random.default_rng(1).uniform(5, 20, 20):
        member = solution.member(k=float(k))
        error = relative(member(points)["u"], 0.25j * hankel1(0, k * away))
        assert error < 1e-4
        assert 0.3 < member.report["fields"]["u"]["estimated_error"] / error < 10


SOUGHT = [
    ("find_speed", {"c": 1.3}, {"c": 1e-3}),
    ("find_source", {"px": 0.35, "py": 0.62, "q": 40}, {"px": 1e-2, "py": 1e-2, "q": 1e-2}),
]


@slow
def test_identifies_burgers_equation_from_readings_alone():
    found = solved("identify_burgers").report["learned"]
    assert abs(found["lambda_1"]["value"] - 1) < 1e-4
    assert abs(found["nu"]["value"] - 0.01 / np.pi) < 1e-3 * 0.01 / np.pi


@pytest.mark.parametrize(("name", "true", "within"), SOUGHT, ids=[name for name, *_ in SOUGHT])
def test_finds_numbers_from_noisy_readings(name, true, within):
    found = solved(name).report["learned"]
    for number, value in true.items():
        assert abs(found[number]["value"] - value) < within[number] * abs(value), number
        assert abs(found[number]["value"] - value) < 3 * found[number]["std"], number


UNCERTAIN = [
    ("find_boundary", {"u": 1e-2, "q": 0.2}),
    pytest.param("find_conductivity", {"u": 1e-3, "a": 8e-3}, marks=slow),
    pytest.param("find_heat", {"u": 5e-4, "a": 5e-3}, marks=slow),
    pytest.param("inversion", {"m": 6e-3}, marks=slow),
]


@pytest.mark.parametrize(("name", "most"), UNCERTAIN)
def test_finds_fields_from_noisy_readings(name, most):
    solution = solved(name)
    for field, error in most.items():
        known = solution.report["fields"][field]
        assert known["exact"]["rel_l2"] < error
        assert 0.3 < known["estimated_error"] / known["exact"]["rel_l2"] < 10
