"""Strategies of other packages that fail: what others can solve is solved, and a warning names who failed."""

import json
import shutil

import pytest

from inrpde.cli import main
from tests import line as declared

HEAD = """
from dataclasses import replace
import numpy as np
from inrpde.solvers.contract.method import Candidate
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers import least_squares
NAME, OPTIONS = "own", Nothing
def serves(form):
    return Claim(Role.{role}, "it is ours")
def price(search):
    return 0.0
def first(context):
    return replace(next(least_squares.solve(replace(context, declared=least_squares.solve.options))), score=0.5)
def with_heads(candidate, heads):
    return replace(candidate, state=replace(candidate.state, heads=heads))
"""
ALONE = {
    "fails at once": "def solve(context): raise ValueError('no licence')",
    "exits": "def solve(context): raise SystemExit(3)",
    "gives None": "def solve(context): pass",
    "gives a number": "def solve(context): return 3",
    "yields nothing": "def solve(context): yield from ()",
    "yields garbage": "def solve(context): yield 3",
    "fails midway": "def solve(context):\n    yield first(context)\n    1 / 0",
    "garbage midway": "def solve(context):\n    yield first(context)\n    yield None",
    "no state": "def solve(context): yield replace(first(context), state=None)",
    "a state of nothing": "def solve(context): yield with_heads(first(context), ())",
    "a head too short": "def solve(context): yield with_heads(first(context), (np.ones(3),))",
    "not a number": "def solve(context): yield replace(first(context), score=float('nan'))",
    "a word for a score": "def solve(context): yield replace(first(context), score='good')",
    "has no solve": "",
    "OPTIONS of no dataclass": "OPTIONS = 3",
    "OPTIONS that are no settings": "from dataclasses import dataclass\n@dataclass\nclass OPTIONS:\n    wdth: int",
    "no OPTIONS": "del OPTIONS",
    "no NAME": "del NAME",
    "a NAME of no text": "NAME = 3",
}
IN_TURN = {
    "fails at once": "def steps(search): raise ValueError('no licence')",
    "is behind, and fails midway": "def steps(search):\n    yield first(search.context)\n    1 / 0",
    "yields garbage": "def steps(search): yield 3",
    "has no price": "del price\ndef steps(search): yield from ()",
    "a price that fails": "def steps(search): yield from ()\ndef price(search): 1 / 0",
    "a price of no number": "def steps(search): yield from ()\ndef price(search): return None",
    "has no steps": "",
    "never ends": "def steps(search):\n    while True:\n        yield first(search.context)",
}
LAST = {"has no solve": ""}
UNCALLED = {"is behind, and fails midway", "never ends"}
"""What lies behind has no second turn beside others that find an answer."""
CASES = [("ALONE", *case) for case in ALONE.items()] + [("IN_TURN", *case) for case in IN_TURN.items()]
CASES += [("LAST", *case) for case in LAST.items()]


def solved(tmp_path, install, capsys, text):
    """The report of a solve beside the strategy of this text."""
    problem = str(shutil.copy(declared.__file__, tmp_path / "line.py"))
    install("strategies", "own", text)
    output = str(tmp_path / "line.h5")
    assert main(["solve", problem, "--json", "--reference", "none", "--budget", "6", "-o", output]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("role", "name", "text"), CASES, ids=[f"{role}, {name}" for role, name, _ in CASES])
def test_what_fails_loses_no_solve_that_others_can_do(tmp_path, install, capsys, role, name, text):
    made = solved(tmp_path, install, capsys, HEAD.replace("{role}", role) + text)
    assert made["status"] == "ok"
    assert made["fields"]["u"]["estimated_error"] < 1e-6
    told = any("the strategy 'own' of stranger-own 1.5 is passed over" in warning for warning in made["warnings"])
    assert told or name in UNCALLED


def test_one_with_the_name_of_another_is_another(tmp_path, install, capsys):
    text = HEAD.replace("{role}", "ALONE") + "NAME = 'one domain'\ndef solve(context): yield first(context)"
    assert solved(tmp_path, install, capsys, text)["residual"]["fitted"] < 1e-6
    assert main(["check", str(tmp_path / "line.py"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["strategies"]
    assert [each["runs"] for each in found if each["name"] == "one domain"] == ["alone", None]
