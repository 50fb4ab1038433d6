"""What `inrpde verify` and `inrpde.verify` say of a problem."""

import json
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from sympy import Eq, Interval, pi, sin

import inrpde
from inrpde import On, Points, Problem, Region, Space
from inrpde.cli import main
from inrpde.errors import DivergedError, ProblemError, UsageError
from inrpde.planted import verify as module
from inrpde.planted.verify import answer_check, features_check, judged, mutants_check, planted, reference_check
from inrpde.references import NoReference

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from zoo import PROBLEMS

FILE = """
from sympy import Eq, Interval, exp
from inrpde import On, Problem, Region, Space
space = Space("x")
(x,) = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
def problem(k=2, right=1):
    return Problem(
        "rod", unknowns=[u],
        conditions=[On(omega, Eq(-u.diff(x, 2) + k * u, 0)), On(omega.boundary, Eq(u, exp(x) * right))],
        exact={u: exp(x)} if k == -1 else {},
    )
"""
line = Space("x")
(x,) = line.coords
u = line.unknown("u")
rod = Region(line, Interval(0, 1))
ROD = Problem("rod", [u], [On(rod, -u.diff(x, 2) + u), On(rod.boundary, u - 1)])


def silent(*_):
    """Nobody is watching."""


@pytest.fixture(scope="module")
def verification():
    return inrpde.verify(ROD, budget=20, mutants=6)


def test_a_sound_problem_holds(verification):
    assert verification.holds
    assert [check.name for check in verification.checks] == ["answer", "features", "reference", "mutants"]
    answer, features, reference, mutants = verification.checks
    assert answer.rows[0]["true"] < 1e-10
    assert features.rows[-1]["u"] < 1e-8
    assert [row["cells"] for row in reference.rows] == sorted(row["cells"] for row in reference.rows)
    assert reference.rows[-1]["order"] == pytest.approx(2, abs=0.2)
    assert reference.rows[-1]["estimated"] == pytest.approx(reference.rows[-1]["true"], rel=0.5)
    assert len(mutants.rows) == 6
    assert all(row["found"] and row["named"] for row in mutants.rows)


def test_it_prints_well(verification):
    text = str(verification)
    assert text.startswith("rod: all that was tried holds")
    assert "u = " in text
    assert "reference: holds: finite-difference" in text
    assert max(map(len, text.splitlines())) <= 200


def test_it_is_plain_data(verification):
    made = json.loads(json.dumps(verification.as_dict()))
    assert made["status"] == "ok"
    assert made["checks"]["mutants"]["rows"][0].keys() == {"change", "of", "condition", "found", "named"}


def test_mutants_of_the_zoo_are_found_and_named():
    names = ("heat", "string", "stokes", "interface", "robin", "burgers", "waves20", "cauchy_riemann")
    rows = [judged(mutant) for k, name in enumerate(names) for mutant in islice(planted(PROBLEMS[name]()), 2 + k % 2)]
    assert len(rows) == 20
    wrong = [row for row in rows if not (row["found"] and row["named"])]
    assert len(wrong) <= 1, wrong


def test_mutants_beside_unknowns_without_an_exact_solution():
    assert mutants_check(PROBLEMS["inverse"](), 0, 60.0, 4, silent).holds


def test_what_is_not_found_does_not_hold(monkeypatch):
    monkeypatch.setattr(module, "validate", lambda form: [])
    found = mutants_check(ROD, 0, 60.0, 3, silent)
    assert found.holds is False
    assert "0 of 3 found" in found.because


def report(true, estimated, word):
    fields = {"u": {"exact": {"rel_l2": true}, "estimated_error": estimated}}
    return {"fields": fields, "verdict": {"word": word, "because": "so"}}


@pytest.mark.parametrize(
    ("true", "estimated", "word", "holds", "because"),
    [
        (1e-9, 1e-9, "verified", True, "verified"),
        (1e-3, 1e-5, "plausible", False, "off by more than its estimate"),
        (9e-7, 1e-12, "verified", True, "verified"),
        (5e-3, 1e-5, "unverified", True, "unverified"),
        (0.5, 0.3, "unverified", False, "off by 5.0e-01"),
        (1e-9, 1e-9, "wrong", False, "called wrong"),
    ],
)
def test_the_answer_is_held_against_its_word(monkeypatch, true, estimated, word, holds, because):
    monkeypatch.setattr(module, "_solved", lambda *_, **__: report(true, estimated, word))
    found = answer_check(ROD, 0, 1.0, {}, silent)
    assert found.holds is holds
    assert because in found.because


def test_no_answer_does_not_hold(monkeypatch):
    def diverge(*_, **__):
        raise DivergedError("it blew up")

    monkeypatch.setattr(module, "_solved", diverge)
    assert answer_check(ROD, 0, 1.0, {}, silent).holds is False
    found = features_check(ROD, 0, 1.0, {}, silent)
    assert found.holds is not True


@pytest.mark.parametrize(
    ("errors", "holds"),
    [
        ([1e-3, 1e-4, 5e-5, 2e-5, 1e-5, 9e-6], True),
        ([1e-3, 1e-4, 1e-12], True),
        ([1e-9], True),
        ([1e-3, 8e-4, 9e-4, 7e-4, 8e-4, 6e-4], False),
        ([1e-3, 1e-3], None),  # the same answer twice: the width could not be had in the time
    ],
)
def test_errors_have_to_fall(monkeypatch, errors, holds):
    left = iter(errors)
    monkeypatch.setattr(module, "_solved", lambda *_, **__: report(next(left), 1e-3, "plausible"))
    found = features_check(ROD, 0, 60.0, {}, silent)
    assert found.holds is holds
    assert [row["u"] for row in found.rows] == errors[: len(found.rows)]


def test_a_reference_that_lies_of_itself_does_not_hold(monkeypatch):
    made = Problem("rod", [u], [On(rod, Eq(-u.diff(x, 2), pi**2 * sin(pi * x))), On(rod.boundary, u)], exact={
        u: sin(pi * x)
    })  # fmt: skip
    true, solve = reference_check(made, 10.0), module.references.solve
    assert true.holds

    def proud(bound, n, budget):
        found = solve(bound, n, budget=budget)
        object.__setattr__(found, "values", {"u": found.values["u"] * 1.01})
        return found

    monkeypatch.setattr(module.references, "solve", proud)
    assert "its own estimate" in reference_check(made, 10.0).because
    monkeypatch.setattr(module.references, "solve", lambda *_, **__: NoReference("of no kind"))
    assert reference_check(made, 10.0).holds is None


def test_readings_alone_are_tried_as_far_as_that_goes():
    places = np.linspace(0, 1, 50)[:, None]
    readings = Points(line, places, {"m": np.sin(places[:, 0])})
    found = mutants_check(Problem("fit", [u], [On(readings, u - readings["m"])]), 0, 60.0, 3, silent)
    assert found.holds


def test_a_problem_that_is_wrong_is_refused():
    with pytest.raises(ProblemError, match="does not satisfy"):
        inrpde.verify(Problem("rod", [u], [On(rod, u.diff(x, 2)), On(rod.boundary, u - x)], exact={u: x**2}))
    with pytest.raises(UsageError):
        inrpde.verify(ROD, settings={"solver.widht": 3})
    with pytest.raises(UsageError):
        inrpde.verify("rod")


def test_the_command_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "rod.py").write_text(FILE)
    words = ["verify", "rod.py", "--budget", "20", "--mutants", "3", "--seed", "1", "--json"]
    monkeypatch.chdir(tmp_path)
    code, shown = main(words), capsys.readouterr()
    made = json.loads(shown.out)
    assert (code, made["status"], made["seed"]) == (0, "ok", 1)
    assert made["checks"].keys() == {"answer", "features", "reference", "mutants"}
    assert "mutants" in shown.err


def test_what_is_wrong_ends_as_elsewhere(tmp_path, capsys):
    (tmp_path / "rod.py").write_text(FILE)
    assert main(["verify", str(tmp_path / "rod.py"), "--param", "k=-1", "--param", "right=2"]) == 3
    shown = capsys.readouterr()
    assert not shown.out
    assert "does not satisfy its equation" in shown.err
    assert main(["verify", str(tmp_path / "rod.py"), "--mutants", "0"]) == 2


def test_what_does_not_hold_ends_with_5(monkeypatch, tmp_path, capsys):
    (tmp_path / "rod.py").write_text(FILE)
    monkeypatch.setattr(module, "_solved", lambda *_, **__: report(0.5, 1e-5, "verified"))
    monkeypatch.setattr(module, "reference_check", lambda *_: module.Check("reference", None, "none"))
    assert main(["verify", str(tmp_path / "rod.py"), "--mutants", "1"]) == 5
    shown = capsys.readouterr().out
    assert "what does not hold: answer (" in shown
    assert "answer: DOES NOT HOLD" in shown
