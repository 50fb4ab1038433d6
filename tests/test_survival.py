"""The answer survives what comes after it: broken plugins, kills, full disks, checks that fail."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import inrpde
from inrpde import pipeline, references
from inrpde.checkpoint import Checkpoint
from inrpde.cli import main
from inrpde.errors import OutputError
from inrpde.solvers import loop

LINE = Path(__file__).with_name("line.py").read_text(encoding="utf-8")
BROKEN = {
    "at import": "raise RuntimeError('no licence')",
    "by exiting": "import sys; sys.exit(3)",
    "at supports": "def supports(bound): raise KeyError('u')",
    "at solve": "def supports(bound): return None\ndef solve(bound, n=None, **more): return 1 / 0",
    "by recursion": "def supports(bound): return supports(bound)",
    "with nonsense": "def supports(bound): return None\ndef solve(bound, n=None, **more): return {'values': 42}",
    "with wrong shapes": """
        import numpy as np
        from inrpde.references import Reference
        def supports(bound): return None
        def solve(bound, n=None, **more):
            values = {'u': np.zeros(7)}
            return Reference('odd', (np.linspace(0, 1, 5),), values, None, {'u': 0.0}, {}, (), {'u': 2.0})
    """,
    "with other unknowns": """
        import numpy as np
        from inrpde.references import Reference
        def supports(bound): return None
        def solve(bound, n=None, **more):
            values = {'p': np.zeros(5)}
            return Reference('odd', (np.linspace(0, 1, 5),), values, None, {'p': 0.0}, {}, (), {'p': 2.0})
    """,
}
RECALLED = """
    from inrpde.solvers import least_squares
    def solve(context):
        for candidate in least_squares.solve(context):
            yield candidate
            {}
"""


@pytest.fixture
def words(tmp_path, capsys):
    (tmp_path / "line.py").write_text(LINE)
    return ["solve", str(tmp_path / "line.py"), "-o", str(tmp_path / "line.h5"), "--json"]


def report(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_reference_that_is_asked_first_is_named_and_passed_over(words, install, capsys, monkeypatch, text):
    install("references", "aaa", text)
    monkeypatch.setattr("inrpde.plugins._ours", lambda entry: False)  # so that the alphabet decides
    assert main(words) == 0
    made = report(capsys)
    assert made["status"] == "ok"
    assert made["fields"]["u"]["reference"]["kind"] == "finite-difference"
    assert any("the reference 'aaa' of stranger-aaa 1.5 failed" in warning for warning in made["warnings"])


def test_what_comes_with_inrpde_is_asked_first(words, install, capsys):
    install("references", "aaa", BROKEN["at import"])
    install("references", "finite-difference", BROKEN["at import"])
    assert main(words) == 0
    made = report(capsys)
    assert made["fields"]["u"]["reference"]["kind"] == "finite-difference"
    assert not any("stranger" in warning for warning in made["warnings"])


def test_a_broken_reference_is_no_crash_where_no_other_serves(words, install, tmp_path, capsys):
    install("references", "zzz", BROKEN["at solve"])
    labels = "points = Points(space, [[0.1], [0.5]], {'r': [1, 2]})\n"
    text = LINE.replace("import On", "import On, Points").replace("omega =", labels + "omega =")
    text = text.replace("On(omega.boundary", "On(points, Eq(u, points['r'])), On(omega.boundary")
    (tmp_path / "line.py").write_text(text)
    assert main(words) == 0
    warnings = " ".join(report(capsys)["warnings"])
    assert "there is no reference" in warnings
    assert "the reference 'zzz' of stranger-zzz 1.5 failed: ZeroDivisionError: division by zero" in warnings


@pytest.mark.parametrize("failure", ["raise MemoryError", "raise RecursionError", "1 / 0", "import sys; sys.exit(4)"])
def test_a_method_that_fails_loses_nothing_that_it_has_found(words, install, tmp_path, capsys, failure):
    install("methods", "mine", RECALLED.format(failure), ":solve")
    assert main([*words, "--method", "mine", "--reference", "none"]) == 1
    made = report(capsys)
    assert made["status"] == "failed"
    assert "the method 'mine' failed" in made["error"]["what"]
    assert made["error"]["where"] == "stranger-mine 1.5"
    assert made["ended"] == "the method failed"
    assert np.allclose(inrpde.load(tmp_path / "line.h5")([[0.5]])["u"], 1.0, atol=1e-6)


def test_a_method_that_fails_at_once_is_named(words, install, tmp_path, capsys):
    install("methods", "mine", "def solve(context):\n    1 / 0\n    yield", ":solve")
    assert main([*words, "--method", "mine"]) == 1
    error = report(capsys)["error"]
    assert error["what"] == "the method 'mine' failed: ZeroDivisionError: division by zero"
    assert error["where"] == "stranger-mine 1.5"
    assert not (tmp_path / "line.h5").exists()


@pytest.mark.parametrize("failure", ["1 / 0", "import sys; sys.exit(4)", "raise OSError(28, 'No space left')"])
def test_an_exporter_that_fails_leaves_the_answer(words, install, tmp_path, capsys, failure):
    # it writes what it is tried with before the solve, a field of a few nodes, and fails at the answer
    install("exporters", "foo", f"def write(path, made):\n    if len(made.axes[0]) > 9:\n        {failure}", ":write")
    words[3] = str(tmp_path / "line.foo")
    assert main([*words, "--reference", "none"]) == 6
    error = report(capsys)["error"]
    assert "the exporter 'foo' of stranger-foo 1.5 failed" in error["what"]
    assert f"the answer is in {tmp_path / 'line.h5'}" in error["fix"]
    assert inrpde.load(tmp_path / "line.h5").report["status"] == "ok"


def test_a_checkpoint_that_cannot_be_written_is_one_warning(words, tmp_path, capsys, monkeypatch):
    (tmp_path / "line.h5.checkpoint").mkdir()
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", -1.0)
    assert main(words) == 0
    warnings = [warning for warning in report(capsys)["warnings"] if "checkpoint" in warning]
    assert len(warnings) == 1
    assert "this is a folder" in warnings[0]
    assert inrpde.load(tmp_path / "line.h5").report["status"] == "ok"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError(), TypeError("a lambda")])
def test_whatever_a_checkpoint_raises_the_hint_is_true(words, capsys, monkeypatch, error):
    def refuse(self, memory):
        raise error

    def stopped(*given, **more):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    monkeypatch.setattr(Checkpoint, "save", refuse)
    monkeypatch.setattr(pipeline, "estimate", _once(stopped, pipeline.estimate))
    assert main(words) == 143
    made = report(capsys)
    assert "--resume" not in made["error"]["fix"]
    assert "no checkpoint could be saved" in made["error"]["fix"]
    assert type(error).__name__ in " ".join(made["warnings"])


def test_a_second_solve_that_fails_is_a_warning(words, tmp_path, capsys, monkeypatch):
    def failing(*given, **more):
        raise MemoryError("too large")

    monkeypatch.setattr(pipeline, "estimate", _once(failing, pipeline.estimate))
    assert main(words) == 0
    made = report(capsys)
    assert any("the second solve" in warning and "too large" in warning for warning in made["warnings"])
    assert made["fields"]["u"]["estimated_error"] < 1e-6


def test_checks_that_fail_as_nobody_has_foreseen_leave_the_answer(words, tmp_path, capsys, monkeypatch):
    def failing(*given, **more):
        raise IndexError("a mistake of ours")

    monkeypatch.setattr(pipeline, "measured", failing)
    assert main(words) == 1
    error = report(capsys)["error"]
    assert "a mistake of ours" in error["what"]
    assert str(tmp_path / "line.h5") in error["where"]
    stored = inrpde.load(tmp_path / "line.h5")
    assert stored.report["verdict"]["word"] == "unverified"
    assert np.allclose(stored([[0.5]])["u"], 1.0, atol=1e-6)


def test_a_kill_during_the_reference_leaves_the_answer_and_what_is_outstanding(words, tmp_path, capsys):
    code = f"""
import os, signal, sys
from inrpde import references
from inrpde.cli import main
from inrpde.errors import OutputError
references.solve = lambda *given, **more: os.kill(os.getpid(), signal.SIGKILL)
main({words!r})
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == -signal.SIGKILL
    stored = inrpde.load(tmp_path / "line.h5")
    assert np.allclose(stored([[0.5]])["u"], 1.0, atol=1e-6)
    assert stored.report["status"] == "interrupted"
    assert "before it was compared with a reference" in stored.report["error"]["what"]
    assert stored.report["fields"]["u"]["reference"] is None
    assert "--resume" in stored.report["error"]["fix"]

    assert main([*words, "--resume"]) == 0
    made = report(capsys)
    assert made["status"] == "ok"
    assert made["fields"]["u"]["reference"]["rel_l2"] < 1e-4
    assert inrpde.load(tmp_path / "line.h5").report["status"] == "ok"
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"line.py", "line.h5"}


def test_a_checkpoint_of_another_problem_is_refused_with_the_difference(words, tmp_path, capsys):
    text = LINE.replace('u = space.unknown("u")', 'u, a = space.unknown("u"), space.coefficient("a")')
    text = text.replace("-u.diff(x, 2)", "-space.div(a * space.grad(u))").replace("u, 0))]", "u, 0))], {a: 1 + x}")
    (tmp_path / "line.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(references, "solve", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM) or time.sleep(5))
        assert main(words) == 143
    capsys.readouterr()
    (tmp_path / "line.py").write_text(text.replace("Interval(0, 1)", "Interval(0, 2)").replace("1 + x", "2 + x"))
    assert main([*words, "--resume", "--seed", "3"]) == 2
    error = report(capsys)["error"]
    assert "seed: 0 → 3" in error["what"]
    assert "coefficient a: x + 1" in error["what"]
    assert "condition 1, region: [0, 1]" in error["what"]
    assert "condition 2, equation" not in error["what"]
    assert error["where"].startswith("--resume, ")
    (tmp_path / "line.py").write_text(text.replace("omega", "interval"))  # other names of the same
    assert main([*words, "--resume", "--tol", "1e-3", "--budget", "60"]) == 0


def test_an_output_that_cannot_be_written_leaves_the_answer_in_the_checkpoint(words, tmp_path, capsys, monkeypatch):
    def full(*given, **more):
        raise OutputError("the result could not be written: No space left on device", words[3], "free it")

    with monkeypatch.context() as patch:
        patch.setattr("inrpde.storage.rehearse", lambda problem, path: [])  # the disk is full after the solve
        patch.setattr("inrpde.storage.write", full)
        assert main([*words, "--reference", "none"]) == 6
    assert report(capsys)["error"]["fix"] == "free it; the same command with --resume goes on from the checkpoint"
    assert main([*words, "--reference", "none", "--resume"]) == 0
    assert not (tmp_path / "line.h5.checkpoint").exists()


def test_a_problem_that_cannot_be_described_is_solved_without_a_checkpoint(words, tmp_path, capsys, monkeypatch):
    def failing(*given, **more):
        raise RecursionError("too deep")

    monkeypatch.setattr(pipeline, "of_run", failing)
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", -1.0)
    assert main([*words, "--reference", "none"]) == 0
    assert [w for w in report(capsys)["warnings"] if "no checkpoint can be saved" in w and "too deep" in w]


def test_a_page_that_cannot_be_written_leaves_the_last_one(words, tmp_path, capsys, monkeypatch):
    assert main([*words, "--reference", "none"]) == 0
    page = tmp_path / "line.html"
    assert main(["report", words[3]]) == 0
    before = page.read_text(encoding="utf-8")
    write = Path.write_text

    def full(self, text, **more):
        write(self, text[: len(text) // 2], **more)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    capsys.readouterr()
    assert main(["report", words[3], "--json"]) == 6
    assert "No space left" in report(capsys)["error"]["what"]
    assert page.read_text(encoding="utf-8") == before
    assert {each.name for each in tmp_path.iterdir()} == {"line.py", "line.h5", "line.html"}


def _once(instead, then):
    """A function that is replaced the first time."""
    calls = []

    def chosen(*given, **more):
        calls.append(given)
        return (instead if len(calls) == 1 else then)(*given, **more)

    return chosen
