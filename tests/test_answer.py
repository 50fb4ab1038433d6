"""What is said of an answer follows from the kinds of what was found, whatever the words."""

from types import SimpleNamespace

import pytest
from sympy import Eq, Interval

import inrpde
from inrpde import On, Problem, Region, Space, pipeline, references
from inrpde.answer import POOR, doubt
from inrpde.references import NoReference, Refusal
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
