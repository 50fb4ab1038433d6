"""What to try next follows from the report, with commands that can be given as they are."""

import pytest

from inrpde.export.report.steps import again, steps
from tests.export.report.samples import report

COMMAND = "inrpde solve 'my heat.py' --param k=2 --budget 20"


def listed(made, command=COMMAND):
    return [(step.text, step.command) for step in steps(made, command)]


def test_a_verified_answer_needs_nothing():
    assert listed(report("verified")) == []


def test_the_reports_advice_becomes_a_command():
    made = report("unverified", next=["give more time: --budget 80", "look at Eq(u, 0): it is the farthest"])
    first, second, *others = listed(made)
    assert first == ("Give more time: --budget 80.", "inrpde solve 'my heat.py' --param k=2 --budget 80")
    assert second == ("Look at Eq(u, 0): it is the farthest.", "")
    assert [command for _, command in others] == ["inrpde verify 'my heat.py'", "Problem(…, exact={u: …})"]


def test_findings_that_bound_the_verdict_say_what_helps():
    findings = [{"kind": "coverage", "text": "no condition on x = 1", "at_most": "unverified"}]
    assert any("Give a condition" in text for text, _ in listed(report("unverified", findings=findings)))
    harmless = [{"kind": "coverage", "text": "no condition on x = 1", "at_most": None}]
    assert not any("Give a condition" in text for text, _ in listed(report("unverified", findings=harmless)))


def test_a_plausible_answer_for_want_of_time_is_given_more():
    late = [{"kind": "unchecked", "text": "the checks did not end", "at_most": "plausible"}]
    ((text, command),) = listed(report("plausible", findings=late))
    assert "more time" in text
    assert command.endswith("--budget 80")
    assert listed(report("plausible", findings=late), "inrpde solve heat.py") == []  # there was no budget


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("inrpde.solve(problem, budget=20, seed=1)", "inrpde.solve(problem, seed=1, budget=80)"),
        ("inrpde.solve(problem)", "inrpde.solve(problem, budget=80)"),
        ("", "inrpde.solve(problem, budget=80)"),
        ("inrpde solve heat.py --seed 1", "inrpde solve heat.py --seed 1 --budget 80"),
    ],
)
def test_a_call_and_a_command_with_another_option(before, after):
    assert again(before, "budget", "80") == after
