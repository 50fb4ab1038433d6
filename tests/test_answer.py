"""What is said of an answer follows from the kinds of what was found, whatever the words."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Eq, Interval

import inrpde
from inrpde import Learned, On, Points, Problem, Region, Space, pipeline, references
from inrpde.answer import POOR, _blind, doubt
from inrpde.compiler import bind
from inrpde.references import NoReference, Refusal, inverse
from inrpde.verification.finding import Finding, Kind

TELLING = "singular; does not converge; cannot be continued; did not end; wrong"
space = Space("x y")
x, y = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1) ** 2)
equation = On(omega, Eq(-space.laplace(u) + u, 1))
walls, left = On(omega.boundary, Eq(u, 0)), On(omega.face(x, 0), Eq(u, 0))


@pytest.mark.parametrize("score", [POOR / 10, 10 * POOR])
@pytest.mark.parametrize("kind", Refusal)
def test_a_missing_reference_is_judged_by_its_kind_alone(kind, score):
    for words in (TELLING, "…"):
        answer = SimpleNamespace(found=SimpleNamespace(best=SimpleNamespace(score=score)), warnings=[], findings=[])
        doubt(answer, NoReference(words, kind))
        lost = kind is Refusal.DIVERGED and score > POOR
        at_most = "plausible" if kind is Refusal.SINGULAR else "unverified" if lost else None
        text = f"there is no reference for this problem ({words})"
        assert answer.warnings == [text]
        assert answer.findings == [Finding(Kind.REFERENCE, text, at_most)]


@pytest.mark.parametrize(("kind", "words", "word"), [
    (Refusal.UNSUPPORTED, TELLING, "verified"),
    (Refusal.DIVERGED, TELLING, "verified"),
    (Refusal.SINGULAR, "…", "plausible"),
])  # fmt: skip
def test_the_verdict_and_the_json_have_it(monkeypatch, kind, words, word):
    monkeypatch.setattr(references, "solve", lambda *given, **more: NoReference(words, kind))
    report = inrpde.solve(Problem("p", [u], [equation, walls]), tol=1e-6).report
    text = f"there is no reference for this problem ({words})"
    at_most = "plausible" if word == "plausible" else None
    assert report["verdict"]["word"] == word
    assert report["findings"] == [{"kind": "reference", "text": text, "at_most": at_most}]
    assert text in report["warnings"]


def test_findings_of_the_declaration_and_of_the_answer_are_data_too():
    problem = Problem("p", [u], [equation, left])
    (bare,) = pipeline.check(problem)["findings"]
    assert (bare["kind"], bare["at_most"]) == ("coverage", "unverified")
    assert bare["text"] in pipeline.check(problem)["warnings"]
    report = inrpde.solve(problem, budget=8, reference="none").report
    assert report["findings"][0] == bare
    assert {each["text"] for each in report["findings"]} <= set(report["warnings"])


def test_equations_that_do_not_hold_are_findings():
    ringing = On(omega, Eq(-space.laplace(u) - 19.739 * u, 1))
    report = inrpde.solve(Problem("p", [u], [ringing, walls]), reference="none", settings={"solver.width": 4}).report
    assert {each["kind"] for each in report["findings"]} == {"residual", "ill-posed"}
    assert {each["at_most"] for each in report["findings"]} <= {"plausible", "unverified"}
    assert [each["text"] for each in report["findings"]] == report["warnings"]


def conductivity():
    """k = 0.7 from readings with 1 % of noise."""
    line = Space("x")
    v, k = line.unknown("v"), line.parameter("k", positive=True)
    rod = Region(line, Interval(0, 1))
    places = np.linspace(0.05, 0.95, 30)
    read = places * (1 - places) / 1.4 + 1.8e-3 * np.random.default_rng(0).standard_normal(30)
    some = Points(line, places, {"v": read})
    conditions = [On(rod, Eq(-k * line.laplace(v), 1)), On(rod.boundary, v), On(some, v - some["v"])]
    return Problem("p", [v], conditions, coefficients={k: Learned(1.0, bounds=(0.1, 10))})


def test_a_reference_that_rests_on_the_same_readings_confirms_nothing_and_may_only_doubt(monkeypatch):
    problem = conductivity()
    found = inverse.solve(bind(problem), 32)
    known = found.numbers["k"]

    def solved(witness):
        monkeypatch.setattr(references, "solve", lambda *given, use, **more: [use(witness), witness][1])
        return inrpde.solve(problem, budget=20).report

    alone = inrpde.solve(problem, budget=20, reference="none").report
    near = solved(found)
    assert near["verdict"]["word"] == alone["verdict"]["word"] == "plausible"
    assert near["fields"]["v"]["estimated_error"] == alone["fields"]["v"]["estimated_error"]
    assert near["fields"]["v"]["reference"]["sound"] is False
    assert near["learned"]["k"]["reference"] == {"value": known.value, "std": known.std}
    assert abs(near["learned"]["k"]["value"] - known.value) < known.std
    within = solved(replace(found, numbers={"k": replace(known, value=known.value + 5 * known.std)}))
    assert within["verdict"]["word"] == "plausible"  # noise explains it
    far = solved(replace(found, numbers={"k": replace(known, value=3 * known.value)}))
    assert far["verdict"]["word"] == "unverified"  # and not wrong: either may be
    assert "k differs from the reference" in far["verdict"]["because"]


def test_the_reference_alone_tells_what_is_learned(monkeypatch):
    problem = conductivity()
    found = inverse.solve(bind(problem), 32)
    monkeypatch.setattr(references, "solve", lambda *given, use, **more: [use(found), found][1])
    solution = inrpde.reference(problem)
    assert solution.learned["k"] == pytest.approx(0.7, rel=0.02)
    assert set(solution.report["learned"]["k"]) == {"value", "std"}
    assert set(solution.report["fields"]) == {"v"}
    assert solution.report["verdict"]["word"] == "plausible"
    assert "noise" in solution.report["verdict"]["because"]


def test_a_check_says_which_references_serve():
    found = {each["name"]: each for each in pipeline.check(Problem("p", [u], [equation, walls]))["references"]}
    assert found["finite-difference"] == {"name": "finite-difference", "serves": True, "because": None}
    assert not found["method-of-lines"]["serves"]
    assert "no time" in found["method-of-lines"]["because"]


@pytest.mark.parametrize(
    ("edge", "weak", "cells", "moves", "blind"),
    [
        (True, True, None, None, True),
        (False, True, None, None, False),
        (True, False, None, None, False),
        (True, True, "elements", None, False),
        (True, True, None, "evolution", False),
    ],
)
def test_what_a_grid_says_where_values_jump_counts_for_answers_that_smooth_them_over_alone(
    edge, weak, cells, moves, blind
):
    findings = [Finding(Kind.DATA, "a", None, edge=edge), Finding(Kind.DATA, "b", None)]
    found, form = SimpleNamespace(best=SimpleNamespace(weak=weak)), SimpleNamespace(evolves=moves)
    answer = SimpleNamespace(form=form, found=found, findings=findings)
    assert _blind(answer, SimpleNamespace(cells=cells)) == blind
