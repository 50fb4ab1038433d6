"""Problems of peers have the solutions that they are measured against, and the table says what was measured."""

import sys
from pathlib import Path

import numpy as np
import pytest
from sympy import exp, lambdify

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import peers
from peers import BUDGETED, OURS, SPECTRAL, Row
from sides import by_spectral
from sides.problems import CASES, COUNT, FASTLSQ, PYRFM

from inrpde.sampling import sample


def unmet(condition, solution, space) -> float:
    """The largest residual of a closed form, beside that of another function."""
    points = sample(condition.region, 20, 5)
    d = len(space.spatial)
    normals = points.normals[:, :d] if points.normals is not None else np.zeros((len(points), d))
    at = np.hstack([points.points, normals]).T
    other = dict.fromkeys(solution, exp(sum(space.coords)))
    sizes = [
        [
            np.abs(lambdify([*space.coords, *space.normal[:d]], residual.subs(put).doit(), "numpy")(*at)).max()
            for put in (solution, other)
        ]
        for residual in condition.residuals
    ]
    return np.max([left / size for left, size in sizes])


@pytest.mark.parametrize("name", [name for name in CASES if name != "burgers"])
def test_solutions_satisfy_what_is_declared(name):
    known = CASES[name].make()
    for condition in known.problem.conditions:
        assert unmet(condition, known.exact[0], known.problem.space) < 1e-12


@pytest.mark.parametrize("name", CASES)
def test_no_declaration_holds_its_solution_and_errors_are_taken_inside(name):
    case = CASES[name]
    known = case.make()
    points = case.points(known)
    region = known.problem.conditions[0].region
    assert not known.problem.exact
    assert points.shape == (COUNT, len(region.bounds[0]))
    assert region.contains(points).all()


@pytest.mark.parametrize("name", by_spectral.NAMES)
def test_spectral_answers_are_the_solutions(name):
    known = CASES[name].make()
    answer = by_spectral.prepared(name, known)()
    assert peers.error(answer, known, CASES[name].points(known)) < 2e-9


def test_errors_are_of_all_fields_together():
    known = CASES["stokes"].make()
    points = CASES["stokes"].points(known)[:50]
    exact = np.column_stack(list(known.truths[0](points).values()))
    assert peers.error(lambda points: exact, known, points) == 0
    assert peers.error(lambda points: exact * [1, 1, 0], known, points) == pytest.approx(
        np.linalg.norm(exact[:, 2]) / np.linalg.norm(exact)
    )


def test_the_table_has_a_line_a_problem_and_names_what_is_missing():
    rows = [
        Row("rod", PYRFM, 0.52, 0.6, 6.6e-7),
        Row("rod", OURS, 3.1, 3.3, 1.5e-14, 1e-12, "verified"),
        Row("rod", SPECTRAL, 0.0037, 0.004, 6e-15),
        Row("cubic", OURS, 1.0, 1.1, 2.5e-15, 1e-12, "verified"),
        Row("cubic", BUDGETED, 9.0, 9.1, 1e-15, 2e-12, "plausible"),
    ]
    _, _, *lines = peers.table(rows, ["rod", "cubic"])
    assert lines == [
        "| heat, 1-D, t ≤ 10 (`rod`) | pyRFM 6.6e-07 in 0.52 s | 1.5e-14 in 3.1 s; estimate 1e-12, verified "
        "|  | 6.0e-15 in 0.0037 s |",
        "| -Δu + u³ = f, 2-D (`cubic`) | FastLSQ not installed | 2.5e-15 in 1 s; estimate 1e-12, verified "
        "| 1.0e-15 in 9 s; estimate 2e-12, plausible |  |",
    ]


def test_a_side_in_a_process_of_its_own():
    [row] = peers.elsewhere(SPECTRAL, {"rod": 0.0}, 0)
    assert (row.problem, row.side, row.estimate) == ("rod", SPECTRAL, None)
    assert row.error < 1e-12


def test_a_peer_that_is_not_installed_has_no_rows_and_the_others_time_is_the_budget(monkeypatch):
    asked = []

    def elsewhere(side, budgets, seed):
        asked.append((side, budgets))
        return [Row(name, side, 5.0, 7.0, 1e-3) for name in budgets]

    monkeypatch.setattr(peers, "elsewhere", elsewhere)
    monkeypatch.setattr(peers, "PACKAGES", {FASTLSQ: "json", PYRFM: "a_package_that_is_not_there"})
    rows = peers.measure(["helmholtz", "rod", "heat5"], 0)
    assert asked == [
        (FASTLSQ, {"helmholtz": 0.0, "heat5": 0.0}),
        (SPECTRAL, {"helmholtz": 0.0, "rod": 0.0}),
        (OURS, {"helmholtz": 7.0, "rod": 0.0, "heat5": 7.0}),
    ]
    assert len(rows) == 7
