"""Estimates are near the true errors, over problems, widths and seeds; and what calibration says of answers."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import calibration
from zoo import PROBLEMS

from inrpde.compiler import Form, compile_problem
from inrpde.compiler.evaluate import evaluate
from inrpde.config import resolve
from inrpde.discretise.fields import field_points
from inrpde.discretise.state import field_at
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.contract.method import Candidate, Clock, Context
from inrpde.solvers.fitting import fit_for
from inrpde.solvers.search.search import Search
from inrpde.solvers.search.survey import Survey
from inrpde.solvers.strategies.one_domain import first_plan
from inrpde.verification.checks.validate import validate
from inrpde.verification.evidence.estimate import estimate
from inrpde.verification.evidence.thresholds import FLOOR
from inrpde.verification.evidence.unmet import unmet
from inrpde.verification.evidence.verdict import verdict
from inrpde.verification.evidence.weigh import weigh

NAMES = [
    "modes", "helmholtz", "waves20", "darcy", "anisotropic", "convection", "layers", "peak", "gauge", "mean", "robin",
    "clamped", "airy", "damped", "stokes", "interface", "ring", "holes", "heat", "string", "transport", "packet",
    "bratu", "burgers",
]  # fmt: skip
ROUGH = ["helmholtz", "waves20", "layers", "peak", "heat", "packet"]
"""Some that the narrowest width leaves wrong."""
WIDTHS = (80, 160, 320)


@dataclass(frozen=True)
class Judged:
    """One field of one answer. `true` counts as at least the floor of all estimates."""

    problem: str
    field: str
    estimated: float
    true: float
    word: str

    @property
    def ratio(self) -> float:
        return self.estimated / max(self.true, FLOOR)


def judge(name: str, form: Form, candidate: Candidate, seed: int) -> Iterator[Judged]:
    """The estimate and the verdict of a candidate, without a reference, beside its true error."""
    estimated = estimate(form, candidate, seed)
    fields = {part: weigh(error, None, estimated.spread.get(part, 1.0)) for part, error in estimated.fields.items()}
    doubts = [*(each.finding for each in unmet(form, estimated)), *validate(form)]
    word = verdict(estimated, fields, doubts).word
    exact = {key.func.__name__: expr for key, expr in form.bound.problem.exact.items()}
    for k, unknown in enumerate(form.unknowns):
        if unknown.name in exact:
            points = field_points(form, k, 5000, seed + 77_777)
            truth = evaluate(exact[unknown.name], form.space.coords, points, {})
            true, _ = calibration.errors(field_at(candidate.state, k, points), truth)
            yield Judged(name, unknown.name, estimated.fields[unknown.name], true, word)


def answers(names: Sequence[str], widths: Sequence[int]) -> list[Judged]:
    found = []
    for name in names:
        form = compile_problem(PROBLEMS[name]())
        fit, _ = fit_for(form)
        search = Search(Context(form, resolve({}, {}), 0, Clock(None)), fit, "test", Survey.of(form, 0))
        band = first_plan(search).band
        for width in widths:
            found += judge(name, form, search.attempt(Global(width, band), "test"), seed=width)
    return found


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    return answers(NAMES, WIDTHS)


@pytest.mark.slow
def test_most_estimates_are_within_a_factor_of_ten(judged):
    ratios = np.array([each.ratio for each in judged])
    assert len(ratios) >= 3 * len(NAMES)
    assert np.mean((ratios >= 0.1) & (ratios <= 10)) >= 0.9, "\n".join(map(str, judged))
    assert 0.5 < np.median(ratios) < 3


@pytest.mark.slow
def test_errors_of_all_sizes_are_seen(judged):
    true = [each.true for each in judged]
    assert min(true) < 1e-11
    assert max(true) > 1e-2


@pytest.mark.parametrize("names", [ROUGH, pytest.param(NAMES, marks=pytest.mark.slow)], ids=["some", "all"])
def test_what_is_wrong_by_more_than_a_tenth_is_not_verified(names):
    wrong = [each for each in answers(names, WIDTHS[:1]) if each.true > 0.1]
    assert wrong, "some answers have to be wrong for this to be a test"
    assert not [str(each) for each in wrong if each.word == "verified"]


def row(**given) -> calibration.Row:
    made = calibration.Row(
        problem="p", kind="narrow", tame=False, half="fit", budget=5.0, seed=0, field="u", error=1e-5,
        of_variation=1e-5, accuracy=1e-12, estimate=1e-5, estimate_of_variation=1e-5, parts={}, word="verified",
        because="", status="ok", seconds=1.0,
    )  # fmt: skip
    return replace(made, **given)


def test_errors_are_relative_to_the_norm_and_to_the_variation():
    x = np.linspace(0, 1, 1001)
    truth = 100 + np.sin(2 * np.pi * x)
    error, of_variation = calibration.errors(truth + 0.1, truth)
    assert error == pytest.approx(1e-3, rel=1e-2)
    assert of_variation == pytest.approx(0.1 * np.sqrt(2), rel=1e-2)
    assert calibration.errors(truth + 0.1, truth, level=False)[0] < 1e-12


def test_who_offends():
    assert row(error=2e-4, estimate=1e-5).offends
    assert not row(error=9e-5, estimate=1e-5).offends
    assert not row(error=2e-4, estimate=1e-5, word="unverified").offends
    assert not row(error=9e-7, estimate=1e-12).offends
    assert not row(error=2e-4, estimate=1e-5, accuracy=1e-3).offends
    assert row(of_variation=0.5, estimate_of_variation=1e-3).blind


def test_what_the_truth_does_not_tell_apart_is_near():
    assert row(error=1e-9, estimate=1e-12, accuracy=1e-8).ratio == 1
    assert row(error=1e-5, estimate=1e-12, accuracy=1e-8).ratio == pytest.approx(1e-3)


def test_the_table_says_what_the_lines_hold():
    rows = [
        row(),
        row(problem="q", kind="ode", error=0.3, estimate=1e-3),
        row(problem="r", kind="ode", error=0.3, estimate=1e-3, word="unverified"),
        row(problem="s", kind="ode", error=1e-6, estimate=1e-2, word="unverified"),
        row(problem="bar", kind="units", error=1e-4, estimate=1e-4, of_variation=0.5, estimate_of_variation=1e-3),
    ]
    lost = {
        "problem": "z",
        "kind": "ode",
        "tame": True,
        "half": "fit",
        "budget": 5.0,
        "seed": 0,
        "failed": "crash: boom",
    }
    text = calibration.table([json.loads(json.dumps(asdict(each))) for each in rows] + [lost])
    assert "ode                5      3         0%        0%" in text
    assert "all                5      5        40%       40%" in text
    assert "called right at more than 10 times the estimate: 1\n" in text
    assert "by the error relative to the variation: 1\n" in text
    assert "of 2 answers with true errors below 0.0001, 50% are verified or plausible; not: s (5 s: unverified)" in text
    assert "without an answer: 1" in text
    assert "crash: boom" in text
    verified = next(line.split() for line in text.splitlines() if line.startswith("verified "))
    assert verified[1:] == ["0", "1", "1", "0", "1"]


def test_the_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    calibration.picture([asdict(row()), asdict(row(error=0.0, estimate=2.0, word="wrong"))], tmp_path / "new" / "p.png")
    assert (tmp_path / "new" / "p.png").stat().st_size > 1000


def test_halves_are_halves_and_stay():
    cases = calibration.cases()
    assert 0.4 < np.mean([case.half == "fit" for case in cases.values()]) < 0.6
    assert [cases[name].half for name in ("hotspot_thin", "hotspot_hair", "zoo.heat", "zoo.airy")] == [
        "fit", "held", "held", "held",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_command_solves_what_is_not_there_yet(tmp_path):
    lines = tmp_path / "lines.jsonl"
    command = [
        sys.executable, calibration.__file__, "--budgets", "5", "--seeds", "0", "--file", str(lines), "bending_one",
        "zoo.airy", "--reference", "none",
    ]  # fmt: skip
    first = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = calibration.read(lines)
    assert [(line["problem"], line["field"]) for line in found] == [("bending_one", "u"), ("zoo.airy", "u")]
    assert all(line["error"] < 1e-4 for line in found)
    assert "of 2 answers with true errors below 0.0001" in first
    subprocess.run(command, capture_output=True, text=True, check=True)
    assert calibration.read(lines) == found


def test_an_answer_that_does_not_come_is_a_line(tmp_path, monkeypatch):
    case = calibration.cases()["bending_one"]
    monkeypatch.setattr(calibration, "__file__", str(tmp_path / "crash.py"))
    (tmp_path / "crash.py").write_text("import sys; sys.exit('boom')")
    (line,) = calibration.solved(case, 1.0, 0, "none")
    assert line["failed"] == "crash: boom"
