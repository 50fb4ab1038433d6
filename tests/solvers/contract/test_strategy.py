"""Which strategies run, and that one of another package can win."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from sympy import Eq, Interval, exp, pi, sin

from inrpde import On, Points, Problem, Region, Space, config
from inrpde.cli import main
from inrpde.compiler import compile_problem
from inrpde.solvers import auto
from inrpde.solvers.contract.options import Body, Nothing
from inrpde.solvers.contract.strategy import Claim, Role, choose
from tests import line as declared

space, timed = Space("x"), Space("x", time="t")
(x,), (X, t) = space.coords, timed.coords
u, h = space.unknown("u"), timed.unknown("h")
line, strip = Region(space, Interval(0, 1)), Region(timed, Interval(0, 1) ** 2)


def made(name, answer):
    return SimpleNamespace(NAME=name, OPTIONS=Nothing), answer


def names(choice, role):
    return [strategy.NAME for strategy in choice.of(role)]


def test_the_first_that_claims_a_form_alone_leaves_nothing_to_the_others():
    alone, other = Claim(Role.ALONE, "it knows the answer"), Claim(Role.IN_TURN, "it tries")
    choice = choose([made("a", other), made("b", alone), made("c", alone), made("d", "too dear")])
    assert names(choice, Role.ALONE) == ["b"]
    assert not choice.of(Role.IN_TURN)
    assert {s.NAME: why for s, why in choice.others} == {
        "a": "b solves it alone", "c": "b solves it alone", "d": "too dear",
    }  # fmt: skip


def test_those_that_take_turns_run_together_and_some_come_last():
    turns, last = Claim(Role.IN_TURN, "it tries"), Claim(Role.LAST, "it mends")
    choice = choose([made("a", turns), made("b", last), made("c", turns), made("d", "no")])
    assert (names(choice, Role.IN_TURN), names(choice, Role.LAST)) == (["a", "c"], ["b"])


def test_what_does_not_read_a_setting_does_not_run():
    turns = Claim(Role.IN_TURN, "it tries")
    (one, _), (other, _) = made("a", turns), made("b", turns)
    one.OPTIONS = Body
    choice = choose([(one, turns), (other, turns)], frozenset({"solver.width"}))
    assert choice.main == [one]
    assert choice.others == ((other, "it does not read solver.width"),)


READINGS = Points(space, np.linspace(0, 1, 8000)[:, None], {"f": np.linspace(0, 1, 8000)})


@pytest.mark.parametrize(
    ("unknown", "conditions", "alone", "turns"),
    [
        (u, [On(line, u.diff(x, 2) + 1), On(line.boundary, u)], [], ["one domain", "cells"]),
        (
            h,
            [On(strip, timed.dt(h) - h.diff(X, 2)), On(strip.boundary, h), On(strip.initial, h - sin(pi * X))],
            ["lines"],
            [],
        ),
        (u, [On(READINGS, Eq(u, READINGS["f"]))], ["sample fit"], []),
        (u, [On(READINGS, Eq(exp(u), READINGS["f"]))], ["training"], []),
        (u, [On(line, u.diff(x) ** 2 - 1), On(READINGS, Eq(u, READINGS["f"]))], ["signed distance"], []),
        (u, [On(line, u.diff(x) ** 2 - 1, norm=1), On(line.boundary, u)], ["training"], []),
    ],
    ids=["still", "evolving", "samples", "curved samples", "distance", "norm"],
)
def test_what_runs_for_which_form(unknown, conditions, alone, turns):
    choice = auto.chosen(compile_problem(Problem("p", [unknown], conditions)), config.resolve({}, {}))
    assert (names(choice, Role.ALONE), names(choice, Role.IN_TURN)) == (alone, turns)
    assert len(choice.runs) + len(choice.others) == len(auto.STRATEGIES)
    assert all(why for _, why in choice.others)


OWN = """
    import numpy as np
    from inrpde.solvers.fitting import linear
    from inrpde.solvers.bodies.plan import Global
    from inrpde.discretise.score import score
    from inrpde.sampling.draw import draw
    from inrpde.solvers.contract.method import Candidate
    from inrpde.solvers.contract.options import Nothing
    from inrpde.solvers.contract.strategy import Claim, Role

    NAME, OPTIONS = "own", Nothing

    def serves(form):
        return Claim(Role.ALONE, "it is ours") if form.linear else "the equations are not linear"

    def solve(context):
        form, plan = context.form, Global(40, (4.0,))
        samples = draw(form, plan.points, context.seed)
        state = linear.fit(form, plan, samples, context.seed)
        yield Candidate(state, score(form, samples, state).total, 0.0, 0.1, "own", "one fit")
"""


@pytest.fixture
def problem(tmp_path):
    return str(shutil.copy(declared.__file__, tmp_path / "line.py"))


def test_a_strategy_of_another_package_can_win(problem, install, capsys):
    install("strategies", "own", OWN)
    assert main(["solve", problem, "--json", "--reference", "none", "-o", problem.replace(".py", ".h5")]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "own"
    assert main(["check", problem]) == 0
    told = capsys.readouterr().out
    assert "own: alone (it is ours)" in told
    assert "one domain: does not run (own solves it alone)" in told


@pytest.mark.parametrize(
    "text", ["raise RuntimeError('no licence')", "NAME = 'own'\ndef serves(form): return 3", "def serves(form): 1 / 0"]
)
def test_one_that_fails_is_named_and_passed_over(problem, install, capsys, text):
    install("strategies", "own", text)
    assert main(["check", problem, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert any("the strategy 'own' of stranger-own 1.5 is passed over" in warning for warning in found["warnings"])
    assert [each["name"] for each in found["strategies"] if each["runs"] == "in turn"] == ["one domain", "cells"]
