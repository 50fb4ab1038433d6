"""Streams that fail, are closed or know few characters: the answer is written, the exit status says what was lost."""

import io
import json
import os
import subprocess
import sys

import pytest

import inrpde
from inrpde.cli import main
from inrpde.cli.progress import Progress

LINE = '''
"""Δu = 1 on a line."""
from sympy import Eq, Interval
from inrpde import On, Problem, Region, Space
space = Space("x")
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
problem = Problem("line", [u], [On(omega, Eq(space.laplace(u), 1)), On(omega.boundary, u)])
'''
SQUARE = """
from sympy import Eq, Interval
from inrpde import On, Problem, Region, Space
space = Space("x y")
u = space.unknown("Δ")
conditions = [On(Region(space, Interval(0, 1) ** 2), Eq(space.laplace(u), 1))]
problem = Problem("∇", [u], [*conditions, On(conditions[0].region.boundary, u)])
"""


class Failing(io.TextIOBase):
    """A stream that takes nothing."""

    def __init__(self, error, terminal=False):
        self.error, self.terminal = error, terminal

    def isatty(self):
        return self.terminal

    def write(self, text):
        raise self.error

    def flush(self):
        raise self.error


@pytest.fixture
def words(tmp_path):
    (tmp_path / "line.py").write_text(LINE, encoding="utf-8")
    return ["solve", str(tmp_path / "line.py"), "--reference", "none", "-o", str(tmp_path / "line.h5")]


def shell(redirection: str, words: list[str], **environment: str) -> subprocess.CompletedProcess:
    command = f'"$0" -m inrpde "$@" {redirection}'
    environment = {**os.environ, **environment}
    return subprocess.run(
        ["bash", "-c", command, sys.executable, *words], capture_output=True, text=True, env=environment
    )


@pytest.mark.parametrize("redirection", ["2>&1 | head -1; exit ${PIPESTATUS[0]}", "2>&- >/dev/null"])
def test_a_stderr_that_nobody_reads_costs_no_answer(words, tmp_path, redirection):
    done = shell(redirection, words)
    assert done.returncode in (0, 6)  # 6 where the result went the same way
    assert inrpde.load(tmp_path / "line.h5").report["status"] == "ok"


def test_a_stdout_that_is_full_is_said_with_where_the_answer_is(words, tmp_path):
    done = shell(">/dev/full", [*words, "--json"])
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert inrpde.load(tmp_path / "line.h5").report["status"] == "ok"


def test_a_terminal_that_goes_away_costs_no_answer(words, tmp_path):
    ours, theirs = os.openpty()
    program = [sys.executable, "-m", "inrpde", *words, "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        os.read(ours, 1)
        os.close(ours)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["status"] == "ok"
    assert (tmp_path / "line.h5").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), BrokenPipeError(), ValueError("closed")])
@pytest.mark.parametrize("terminal", [True, False])
def test_whatever_stderr_raises_the_solve_goes_on(words, capsys, monkeypatch, error, terminal):
    monkeypatch.setattr(sys, "stderr", Failing(error, terminal))
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "ok"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("I/O operation on closed file")])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_whatever_stdout_raises_the_answer_is_written_and_the_status_is_6(
    words, tmp_path, capsys, monkeypatch, error, more
):
    monkeypatch.setattr(sys, "stdout", Failing(error))
    assert main([*words, *more]) == 6
    assert (tmp_path / "line.h5").exists()
    if not more:
        said = capsys.readouterr().err
        assert "could not be printed" in said
        assert f"the answer is in {tmp_path / 'line.h5'}" in said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_characters_that_stdout_lacks_are_escaped(tmp_path, encoding, monkeypatch):
    (tmp_path / "square.py").write_text(SQUARE, encoding="utf-8")
    printed = {}
    for more in ([], ["--json"]):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
        assert main(["check", str(tmp_path / "square.py"), *more]) == 0
        printed[bool(more)] = raw.getvalue()
    assert json.loads(printed[True])["problem"] == "∇"
    assert ("∇" if encoding == "utf-8" else r"\u2207") in printed[False].decode(encoding)


def test_a_locale_of_ascii_alone_is_enough(tmp_path):
    (tmp_path / "square.py").write_text(SQUARE, encoding="utf-8")
    done = shell("", ["check", str(tmp_path / "square.py")], LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0, done.stderr
    assert r"\u2207" in done.stdout


def test_the_bar_is_drawn_with_what_the_terminal_knows():
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    raw = io.BytesIO()
    terminal = Terminal(raw, encoding="ascii")
    Progress(terminal)("solve", 0.5)
    assert b"#" * 12 + b"-" * 12 in raw.getvalue()
