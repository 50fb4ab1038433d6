"""The public module that plugins are written with."""

import subprocess
import sys
from inspect import signature

import pytest

from inrpde import plugin, plugins
from inrpde.export.frames import write
from inrpde.plugin import Exporter, Method, Referee, Strategy, Trial
from inrpde.references import finite_difference
from inrpde.solvers.auto import STRATEGIES, solve

NAMES = {
    "VERSION", "Arm", "Bound", "Candidate", "Chart", "Claim", "Context", "Dataset", "Exporter", "Form",
    "Global", "Method", "NoReference", "Nothing", "Piece", "Referee", "Reference", "Refusal", "Role", "Solid",
    "State", "Strategy", "Trial", "Whole", "bounds", "classify", "draw", "fit", "from_levels", "linearise",
    "minimise", "no_jets", "one_of", "optional", "positive", "reads", "score", "setting", "switch", "whole",
    "zero_state",
}  # fmt: skip
"""Those of version 1. Whoever takes one away raises VERSION; a new one is added here."""


def test_a_version_keeps_its_names():
    assert (plugin.VERSION, set(plugin.__all__)) == (1, NAMES)
    assert all(hasattr(plugin, name) for name in NAMES)


def test_it_needs_no_torch():
    code = "import sys, inrpde.plugin, inrpde.testing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("group", "protocol", "ours"),
    [
        ("methods", Method, solve),
        ("strategies", Strategy, STRATEGIES[0]),
        ("bodies", Trial, Trial),
        ("references", Referee, finite_difference),
        ("exporters", Exporter, write),
    ],
)
def test_protocols_are_what_is_called_and_what_is_there(group, protocol, ours):
    for name, call in plugins.CALLS[group].items():
        declared = list(signature(getattr(protocol, name or "__call__")).parameters)
        called = [word for word in call.strip("()").split(", ") if word != "*"]
        assert [word for word in declared if word != "self"] == [word for word in called if word != "self"]
    assert plugins.misfit(group, ours) is None


@pytest.mark.parametrize(
    ("group", "text", "attribute", "said"),
    [
        ("methods", "def solve(form, seed): ...", ":solve", "called as method(context), and takes (form, seed)"),
        ("methods", "solve = 3", ":solve", "it is 3, and is called as method(context)"),
        ("strategies", "def serve(form): ...", "", "it has no serves(form)"),
        ("bodies", "class Mine:\n    def jets(self, points): ...", ":Mine", "takes (self, points)"),
        (
            "references",
            "def supports(bound): ...\ndef solve(bound, n=None): ...",
            "",
            "called as solve(bound, n, *, budget, progress), and takes (bound, n=None)",
        ),
        ("exporters", "def write(path): ...", ":write", "called as exporter(path, dataset), and takes (path)"),
    ],
)
def test_what_cannot_be_called_is_told_with_both_signatures(install, capsys, group, text, attribute, said):
    install(group, "mine", text, attribute)
    with pytest.raises(plugins.UsageError, match="cannot be used") as raised:
        plugins.load(group, "mine")
    assert said in raised.value.what
    assert "stranger-mine 1.5" in raised.value.where
    assert "inrpde.testing" in raised.value.fix
