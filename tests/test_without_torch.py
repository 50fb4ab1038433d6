"""Where there is no torch everything works but what trains, which says how to get it.

The command lines run in a process of their own in which torch cannot be imported; `make package` does the same in an
environment that has none."""

import json
import subprocess
import sys

import pytest

import inrpde
from inrpde.errors import UsageError

BLOCKED = """
import contextlib, io, json, sys
sys.modules["torch"] = None
from inrpde.cli import main
answers = sys.stdout
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(json.loads(line))
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps([code, out.getvalue(), err.getvalue()]), file=answers, flush=True)
"""
TRAINING = ("adam", "lbfgs", "broyden")


@pytest.fixture(scope="module")
def told():
    """What the command line prints to stdout, and to stderr: one process for all commands."""
    program = [sys.executable, "-c", BLOCKED]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def told(*words, code=0):
            print(json.dumps([*map(str, words)]), file=process.stdin, flush=True)
            ended, out, err = json.loads(process.stdout.readline())
            assert ended == code, err
            return out, err

        yield told
        process.stdin.close()


@pytest.fixture(scope="module")
def answer(tmp_path_factory, line, told):
    """The file of a solution that was found without torch."""
    path = tmp_path_factory.mktemp("torchless") / "line.h5"
    told("solve", line, "--tol", "1e-3", "--quiet", "-o", path)
    return path


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A problem file: a string that hangs."""
    path = tmp_path_factory.mktemp("problem") / "line.py"
    path.write_text(
        "from sympy import Eq, Interval, pi, sin\n"
        "from inrpde import On, Problem, Region, Space\n"
        "space = Space('x')\n(x,) = space.coords\nu = space.unknown('u')\nomega = Region(space, Interval(0, 1))\n"
        "on = [On(omega, Eq(space.laplace(u), -pi**2 * sin(pi * x))), On(omega.boundary, Eq(u, 0))]\n"
        "problem = Problem('line', unknowns=[u], conditions=on, exact={u: sin(pi * x)})\n"
    )
    return path


def test_what_is_solved_is_written_shown_and_compared(answer, tmp_path, told):
    assert inrpde.load(answer)([0.5])["u"] == pytest.approx(1, abs=1e-3)
    told("report", answer, "-o", tmp_path / "line.html")
    assert (tmp_path / "line.html").read_text(encoding="utf-8").startswith("<!")
    assert json.loads(told("compare", answer, answer, "--json")[0])


@pytest.mark.parametrize(
    "words", [("check",), ("verify",), ("reference", "-o"), ("solve", "--method=gauss-newton", "-o")]
)
def test_commands_about_a_problem(words, line, tmp_path, told):
    told(words[0], line, *words[1:], *([tmp_path / "other.h5"] if words[-1] == "-o" else ()))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--help",), "usage: inrpde"),
        (("list",), "adam"),
        (("list", "methods"), "reads solver.activation"),
        (("show", "poisson"), "Problem("),
        (("doctor",), "without training by gradients: torch cannot be imported"),
    ],
)
def test_commands_about_what_is_installed(words, expected, told):
    assert expected in told(*words)[0]


@pytest.mark.parametrize("method", TRAINING)
def test_training_says_how_to_get_it(method, line, tmp_path, told):
    _, said = told("solve", line, "--method", method, "-o", tmp_path / "trained.h5", code=UsageError.exit_code)
    assert "torch, which trains by gradients, cannot be imported" in said
    assert f"where: the method {method}" in said
    assert "fix:   pip install torch" in said
    assert not (tmp_path / "trained.h5").exists()


def test_so_does_auto_where_only_training_serves(tmp_path, told):
    path = tmp_path / "steep.py"
    path.write_text(
        "from sympy import Eq, Interval\n"
        "from inrpde import On, Problem, Region, Space\n"
        "space = Space('x')\n(x,) = space.coords\nu = space.unknown('u')\nomega = Region(space, Interval(0, 1))\n"
        "on = [On(omega, Eq(u * u.diff(x), 1), norm=1), On(omega.boundary, Eq(u, 1))]\n"
        "problem = Problem('steep', unknowns=[u], conditions=on)\n"
    )
    assert "fix:   pip install torch" in told("solve", path, "-o", tmp_path / "no.h5", code=UsageError.exit_code)[1]


def test_a_device_says_so_too(line, told):
    assert "where: device='cuda'" in told("solve", line, "--device", "cuda", code=UsageError.exit_code)[1]
