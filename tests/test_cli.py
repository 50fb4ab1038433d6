"""The command line over a stand-in for the pipeline: options, output, JSON, exit statuses, signals."""

import gc
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

import inrpde
from inrpde import config
from inrpde.cli import commands, main, render
from inrpde.cli.progress import Progress
from inrpde.errors import DivergedError, Interrupted, OutputError, ProblemError, UsageError

FILE = """
from sympy import Eq, Interval
from inrpde import On, Problem, Region, Space
space = Space("x y")
x, y = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1) ** 2)
def problem(force=1):
    return Problem("line", unknowns=[u], conditions=[On(omega, Eq(space.laplace(u), force)), On(omega.boundary, u)])
"""
MOVING = """
from sympy import Eq, Interval
from inrpde import On, Problem, Region, Space
space = Space("x", time="t")
u = space.unknown("u")
omega = Region(space, Interval(0, 1) * Interval(-1, 2))
problem = Problem("moving", unknowns=[u], conditions=[On(omega, Eq(space.dt(u), 0)), On(omega.initial, Eq(u, 1))])
"""
REPORT = {
    "problem": "line",
    "status": "ok",
    "method": "least-squares",
    "verdict": {"word": "verified", "because": "two solves agree"},
    "fields": {
        "u": {
            "estimated_error": 4e-9,
            "exact": {"rel_l2": 1e-9, "max": 3e-9},
            "reference": {"rel_l2": 2e-5, "max": 6e-5, "kind": "finite-difference", "estimated_error": 2.5e-5},
        }
    },
    "residual": {"fitted": 1e-9, "held_out": 2e-9},
    "conditions": [{"equation": "Eq(Δu, force)", "on": "omega", "rms": 2e-9, "max": 8e-9}],
    "seconds": {"compile": 0.4, "solve": 0.2, "verify": 0.01, "total": 4.1},
    "learned": {"nu": {"value": 0.25, "std": 0.01}},
    "warnings": ["no condition on the left"],
    "output": "line.h5",
    "seed": 0,
}


@pytest.fixture
def pipeline(monkeypatch, tmp_path):
    """A pipeline that remembers how it was called, and gives `report` or raises `failure`."""
    fake = SimpleNamespace(report=REPORT, failure=None, problem=None, options={})

    def run(problem, **options):
        fake.problem, fake.options = problem, options
        if fake.failure:
            raise fake.failure
        return SimpleNamespace(report=fake.report)

    fake.run = fake.reference = run
    monkeypatch.setitem(sys.modules, "inrpde.pipeline", fake)
    monkeypatch.setattr(inrpde, "pipeline", fake, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "line.py").write_text(FILE)
    (tmp_path / "moving.py").write_text(MOVING)
    return fake


def test_help_answers_at_once_and_imports_nothing_heavy():
    heavy = {"torch", "numpy", "sympy", "scipy", "h5py", "importlib.metadata"}
    code = f"""
        import sys
        from inrpde.cli import main
        try:
            main(["--help"])
        except SystemExit:
            sys.exit(", ".join({heavy} & set(sys.modules)) or 0)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    for command in (
        "solve", "sweep", "check", "reference", "verify", "compare", "report", "new", "show", "list", "doctor",
    ):  # fmt: skip
        assert command in done.stdout


@pytest.mark.parametrize("own", [True, False])
def test_what_is_imported_is_left_out_of_collections_in_a_process_of_the_commands_own(own):
    before = gc.get_freeze_count()
    try:
        with commands._lasting(SimpleNamespace(own=own)):
            assert gc.isenabled() is not own
        assert gc.isenabled()
        assert (gc.get_freeze_count() > before) is own
    finally:
        gc.unfreeze()


def test_what_solve_hands_to_the_pipeline(pipeline, capsys):
    words = (
        "solve line.py -o out.h5 --method auto --param force=3 --set solver.width=64 --grid 129x65 --tol 1e-6 "
        "--budget 20 --seed 7 --device cuda:1 --reference none --require verified --resume"
    )
    assert main(words.split()) == 0
    assert pipeline.problem.conditions[0].equation.rhs == 3
    options = pipeline.options
    assert options.pop("source").path.name == "line.py"
    assert isinstance(options.pop("progress"), Progress)
    assert str(options.pop("output")) == "out.h5"
    assert options.pop("started") <= time.perf_counter()
    assert options == {
        "method": "auto",
        "seed": 7,
        "budget": 20.0,
        "tol": 1e-6,
        "reference": "none",
        "require": "verified",
        "device": "cuda:1",
        "settings": {"solver.width": "64"},
        "grid": (129, 65),
        "times": None,
        "resume": True,
    }


def test_a_name_with_a_slash_is_a_file_all_the_same(pipeline, tmp_path):
    (tmp_path / "line.py").write_text(FILE.replace('"line"', '"a/b"'))
    assert main(["solve", "line.py"]) == 0
    assert str(pipeline.options["output"]) == "a_b.h5"


def test_times_may_be_negative(pipeline):
    assert main(["solve", "moving.py", "--times", "-1,0.5"]) == 0
    assert pipeline.options["times"] == (-1.0, 0.5)


def test_the_output_is_named_after_the_problem(pipeline):
    assert main(["solve", "line.py"]) == 0
    assert str(pipeline.options["output"]) == "line.h5"
    assert main(["reference", "line.py", "--n", "32"]) == 0
    assert str(pipeline.options["output"]) == "line_reference.h5"
    assert pipeline.options["n"] == 32


def test_the_summary_says_the_verdict_first_and_the_warnings_on_stderr(pipeline, capsys):
    main(["solve", "line.py"])
    out, err = capsys.readouterr()
    assert out.startswith("line: verified: two solves agree\n")
    row = next(line for line in out.splitlines() if line.startswith("u "))
    assert row.split() == ["u", "4.0e-09", "1.0e-09", "3.0e-09", "2.0e-05", "6.0e-05", "2.5e-05"]
    assert "nu = 0.25" in out
    assert out.rstrip().endswith("written: line.h5")
    assert err == "warning: no condition on the left\n"


def test_a_field_without_exact_or_reference_has_no_such_columns(pipeline, capsys):
    pipeline.report = REPORT | {"fields": {"u": {"estimated_error": None, "exact": None, "reference": None}}}
    main(["solve", "line.py"])
    out = capsys.readouterr().out
    assert "reference" not in out
    assert next(line for line in out.splitlines() if line.startswith("u ")).split() == ["u", "-"]


def test_json_is_the_report(pipeline, capsys):
    assert main(["solve", "line.py", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == REPORT
    assert err == "warning: no condition on the left\n"


def test_json_has_no_numbers_that_json_does_not_know():
    value = {"a": np.array([1.0, np.nan]), "b": np.float64(2), "c": 1 + 2j, "d": (np.int64(3), np.bool_(True))}
    assert render.plain(value) == {"a": [1.0, None], "b": 2.0, "c": [1.0, 2.0], "d": [3, True]}


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("tolerance", 5), ("diverged", 4), ("failed", 1)])
def test_the_status_of_the_report_is_the_exit_status(pipeline, status, code):
    pipeline.report = REPORT | {"status": status}
    assert main(["solve", "line.py"]) == code


@pytest.mark.parametrize(
    ("failure", "code", "status"),
    [
        (UsageError("w", "x", "y"), 2, "failed"),
        (ProblemError("w", "x", "y"), 3, "invalid"),
        (DivergedError("w", "x", "y"), 4, "diverged"),
        (OutputError("w", "x", "y"), 6, "failed"),
    ],
)
def test_an_error_is_three_parts_and_an_exit_status(pipeline, capsys, failure, code, status):
    pipeline.failure = failure
    assert main(["solve", "line.py"]) == code
    assert capsys.readouterr().err == "inrpde: w\n  where: x\n  fix:   y\n"
    assert main(["solve", "line.py", "--json"]) == code
    error = {"what": "w", "where": "x", "fix": "y"}
    assert json.loads(capsys.readouterr().out) == {"problem": "line.py", "status": status, "error": error}


def test_what_nobody_expected_is_short_unless_debugging(pipeline, capsys, monkeypatch):
    monkeypatch.delenv("INRPDE_DEBUG", raising=False)
    pipeline.failure = IndexError("of a shape")
    assert main(["solve", "line.py"]) == 1
    err = capsys.readouterr().err
    assert "an unexpected IndexError: of a shape" in err
    assert "Traceback" not in err
    monkeypatch.setenv("INRPDE_DEBUG", "1")
    with pytest.raises(IndexError):
        main(["solve", "line.py"])


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("slove line.py", "did you mean solve?"),
        ("solve line.py --sed 3", "did you mean --seed?"),
        ("solve line.py --see 3", "did you mean --seed?"),
        ("solve", "PROBLEM"),
        ("", "COMMAND"),
        ("solve line.py --set solver.widht=64", "did you mean solver.width?"),
        ("solve line.py --set solver.width=wide", "solver.width takes"),
        ("solve line.py --set solver.width", "KEY=VALUE"),
        ("solve line.py --param forse=1", "did you mean force?"),
        ("solve line.py --param force", "KEY=VALUE"),
        ("solve line.py --grid 129", "the coordinates x, y"),
        ("solve line.py --grid 129x0", "--grid 129x65"),
        ("solve line.py --times 0,1", "has no time"),
        ("solve line.py --times 1,0", "increasing"),
        ("solve line.py --tol 0", "positive"),
        ("solve line.py --tol nan", "positive"),
        ("solve line.py --budget -1", "positive"),
        ("solve line.py --seed -1", "whole number"),
        ("solve line.py --seed ²", "whole number"),
        ("solve line.py --threads 0", "at least 1"),
        ("solve line.py --device gpu", "--device cpu"),
        ("solve line.py --reference never", "never"),
        ("solve line.py --grid 99999x99999", "a file may have"),
        ("solve moving.py --times 0,3", "--times has 3, and t runs from -1 to 2"),
        ("solve moving.py --times -2,0", "--times has -2"),
        ("solve line.py --method newtn", "no method 'newtn'"),
        ("solve poissom", "did you mean poisson?"),
    ],
)
def test_wrong_words_are_named_and_mended(pipeline, capsys, words, named):
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert named in err
    assert "fix:" in err
    assert out == ""


def test_wrong_words_are_an_object_too(capsys):
    assert main(["solve", "line.py", "--sed", "3", "--json"]) == 2
    failure = json.loads(capsys.readouterr().out)
    assert failure["status"] == "failed"
    assert "--sed" in failure["error"]["what"]


@pytest.mark.parametrize("output", ["", "missing/out.h5"])
def test_an_output_that_cannot_be_written_is_known_before_the_solve(pipeline, tmp_path, output):
    assert main(["solve", "line.py", "-o", str(tmp_path / output)]) == 6
    assert pipeline.problem is None


def test_a_folder_that_is_read_only_is_known_before_the_solve(pipeline, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may write everywhere
    assert main(["solve", "line.py", "-o", str(tmp_path / "out.h5")]) == 6
    assert pipeline.problem is None
    assert "the output's folder is read-only" in capsys.readouterr().err


def test_a_problem_file_that_is_wrong_is_exit_3(pipeline, tmp_path, capsys):
    (tmp_path / "line.py").write_text("raise ValueError('my own mistake')")
    assert main(["check", "line.py"]) == 3
    assert "my own mistake" in capsys.readouterr().err


def test_list_names_the_problems_and_why_one_cannot_be_loaded(monkeypatch, tmp_path, capsys):
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[inrpde.problems]\nshaky = shaky_problem\nnobody = not_there_at_all\n")
    (tmp_path / "shaky_problem.py").write_text("problem = undefined")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert "-Δu = f on the unit square" in out
    assert "NameError: name 'undefined' is not defined" in out
    assert main(["list", "--json"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert set(listing) == {"problems", "methods", "strategies", "bodies", "references", "exporters", "settings"}
    problems = {entry["name"]: entry for entry in listing["problems"]}
    assert problems["poisson"]["error"] is None
    assert problems["shaky"]["package"] == "broken 1.0"
    assert problems["nobody"]["error"]
    assert main(["list", "methods"]) == 0
    assert "reads solver.points, solver.steps, solver.width" in capsys.readouterr().out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_command_on_its_way_out(pipeline, capsys, number, code):
    def run(problem, **options):
        with pytest.raises(Interrupted) as caught:  # where a pipeline saves its checkpoint
            os.kill(os.getpid(), number)
        caught.value.fix = "--resume goes on"
        raise caught.value

    pipeline.run = run
    before = signal.getsignal(number)
    assert main(["solve", "line.py", "--json"]) == code
    failure = json.loads(capsys.readouterr().out)
    assert failure["status"] == "interrupted"
    assert failure["error"]["where"] == signal.Signals(number).name
    assert failure["error"]["fix"] == "--resume goes on"
    assert signal.getsignal(number) is before


def test_a_time_limit_interrupts_as_sigterm_does(pipeline, capsys):
    def run(problem, **options):
        time.sleep(30)

    pipeline.run = run
    assert main(["solve", "line.py", "--time-limit", "0.3", "--json"]) == 143
    assert json.loads(capsys.readouterr().out)["error"]["where"] == "SIGTERM"
    pipeline.run = lambda problem, **options: SimpleNamespace(report=REPORT)
    assert main(["solve", "line.py", "--time-limit", "0.5"]) == 0
    time.sleep(0.6)  # the clock of a command that has ended does not ring


def test_a_signal_before_there_is_anything_to_go_on_from_promises_nothing(pipeline, capsys):
    def run(problem, **options):
        os.kill(os.getpid(), signal.SIGTERM)

    pipeline.run = run
    assert main(["solve", "line.py"]) == 143
    assert "--resume" not in capsys.readouterr().err


def test_a_hangup_that_was_to_be_ignored_is_ignored(pipeline):
    def run(problem, **options):
        os.kill(os.getpid(), signal.SIGHUP)
        return SimpleNamespace(report=REPORT)

    pipeline.run = run
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["solve", "line.py"]) == 0
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_threads_are_set_before_numpy_is_imported():
    code = """
        import os, sys
        from inrpde.cli import commands, main
        commands.run = lambda args: print(os.environ["OMP_NUM_THREADS"], "numpy" in sys.modules, "torch" in sys.modules)
        main(["solve", "line.py", "--threads", "3"])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.stdout == "3 False False\n", done.stderr


def test_progress_is_plain_lines_where_there_is_no_terminal():
    stream = io.StringIO()
    progress = Progress(stream)
    for done in (0.1, 0.2, 0.3):
        progress("solve", done, "800 features")
    progress("verify")
    progress.close()
    lines = stream.getvalue().splitlines()
    assert [line.split()[2] for line in lines] == ["solve", "verify"]
    assert "10%" in lines[0]
    assert "800 features" in lines[0]


def test_progress_is_a_bar_on_a_terminal_that_is_cleared():
    stream = io.StringIO()
    stream.isatty = lambda: True
    progress = Progress(stream)
    progress("solve", 0.5, "800 features")
    progress.close()
    assert "━━━━━━━━━━━━┄┄┄┄┄┄┄┄┄┄┄┄" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[2K")
    assert "\n" not in stream.getvalue()


def test_a_terminals_clock_moves_between_two_calls(monkeypatch):
    drawn, enough = [], threading.Event()

    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def write(self, text):
            drawn.append(text)
            if len(drawn) > 2:
                enough.set()
            return len(text)

    monkeypatch.setattr("inrpde.cli.progress.TICK", 0.001)
    progress = Progress(Terminal())
    progress("solve", None, "score 3e-7: 800 features")
    assert enough.wait(60)
    progress.close()
    last = len(drawn)
    assert all(line.endswith(" s  solve  score 3e-7: 800 features") for line in drawn[:-1])
    assert drawn[-1] == "\r\x1b[2K"
    assert not [thread for thread in threading.enumerate() if thread is progress._clock]
    assert len(drawn) == last


def test_the_settings_are_listed(capsys):
    with pytest.raises(SystemExit):
        main(["solve", "--help"])
    out = capsys.readouterr().out
    assert all(f"  {key} " in out for key in config.SETTINGS)
