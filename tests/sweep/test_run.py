"""A sweep over processes, and over the workers of a cluster: what is kept, what is tried again, how it ends."""

import csv
import json
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from inrpde.cli import main
from inrpde.errors import Interrupted, OutputError
from inrpde.sweep import run, solving, table
from inrpde.sweep.points import spanned

FILE = """
from sympy import Eq, Interval
from inrpde import On, Problem, Region, Space
def problem(k: float = 1):
    space = Space("x")
    (x,) = space.coords
    u = space.unknown("u")
    line = Region(space, Interval(0, 1))
    conditions = [On(line, Eq(-u.diff(x, 2) + u, 1 / (k - 2))), On(line.boundary, Eq(u, 0))]
    return Problem("line", [u], conditions)
def divided(k: float = 1):
    return problem(1 / (k - 2) + 2)
"""
QUICK = ["--reference", "none", "--grid", "9"]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "line.py").write_text(FILE)
    return "line.py:divided"


def told(folder):
    with (folder / table.CSV).open() as read:
        return list(csv.DictReader(read))


@pytest.fixture
def answers(monkeypatch):
    """Reports by point in place of solves; the points that were asked for."""
    found, asked = {}, []

    def solved(self, words, output, folder):
        name = Path(output).name
        asked.append(name)
        report = found.get(name, {"status": "ok", "output": output})
        if report["status"] == "ok":
            run.h5py.File(output, "w").attrs["data_sha256"] = json.dumps(report.get("data", {}))
        return report

    monkeypatch.setattr(solving.Processes, "solved", solved)
    return found, asked


def sweep(tmp_path, values="1,2,3", **made_for):
    return run.Sweep("line.py", [], spanned([("k", values)]), tmp_path / "swept", made_for)


def test_a_point_that_fails_is_a_row_and_not_an_end(file, tmp_path, capsys):
    assert main(["sweep", file, "--param", "k=1,2", "-j", "2", "--json", *QUICK]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [row["status"] for row in made["rows"]] == ["ok", "invalid"]
    assert "ZeroDivisionError" in made["rows"][1]["message"]
    assert made["output"] == "line_sweep/table.csv"
    first, second = told(tmp_path / "line_sweep")
    assert (first["k"], first["verdict"], first["file"]) == ("1", made["rows"][0]["verdict"], "k=1.h5")
    assert (tmp_path / "line_sweep" / "k=1.h5").stat().st_size
    assert (second["verdict"], second["file"]) == ("", "")


def test_the_same_command_goes_on(tmp_path, answers):
    found, asked = answers
    found["k=2.h5"] = {"status": "failed", "error": {"what": "out of memory"}}
    run.run(sweep(tmp_path), 1, None, lambda *_: None)
    assert asked == ["k=1.h5", "k=2.h5", "k=3.h5"]
    (tmp_path / "swept" / "k=3.h5").unlink()
    del found["k=2.h5"]
    counts = []
    rows = run.run(sweep(tmp_path, "1,2,3,4"), 1, None, lambda done, row: counts.append(done))
    assert asked[3:] == ["k=2.h5", "k=3.h5", "k=4.h5"]
    assert counts == [2, 3, 4]
    assert [row["status"] for row in rows] == ["ok"] * 4
    assert len(told(tmp_path / "swept")) == 4


def test_rows_of_earlier_points_stay_in_the_table(tmp_path, answers):
    run.run(sweep(tmp_path, "1,2"), 1, None, lambda *_: None)
    assert [row["values"] for row in run.run(sweep(tmp_path, "3"), 1, None, lambda *_: None)] == [{"k": "3"}]
    assert [row["k"] for row in told(tmp_path / "swept")] == ["3", "1", "2"]


def test_data_that_have_changed_are_solved_again(tmp_path, answers):
    found, asked = answers
    data = tmp_path / "data.csv"
    data.write_text("1")
    digest = run._sha256(data)
    found["k=1.h5"] = {"status": "ok", "output": "k=1.h5", "data": {str(data): digest}}
    for text, count in (("1", 1), ("1", 1), ("2", 2)):
        data.write_text(text)
        run.run(sweep(tmp_path, "1"), 1, None, lambda *_: None)
        assert len(asked) == count


def test_rows_that_were_made_otherwise_are_not_mixed(tmp_path, answers):
    run.run(sweep(tmp_path, sha256="a", options="--seed 0"), 1, None, lambda *_: None)
    with pytest.raises(OutputError, match="options --seed 0, now --seed 1"):
        run.run(sweep(tmp_path, sha256="a", options="--seed 1"), 1, None, lambda *_: None)


def test_a_folder_of_other_things_is_left_alone(tmp_path, answers):
    (tmp_path / "swept").mkdir()
    (tmp_path / "swept" / "thesis.txt").touch()
    with pytest.raises(OutputError, match="has files, and no sweep"):
        run.run(sweep(tmp_path), 1, None, lambda *_: None)


def test_a_worker_that_dies_is_a_row(tmp_path, monkeypatch):
    @contextmanager
    def executor(*_):
        def submit(*words):
            made = Future()
            made.set_exception(RuntimeError("killed"))
            return made

        yield submit

    monkeypatch.setattr(run, "_executor", executor)
    (row,) = run.run(sweep(tmp_path, "1"), 1, None, lambda *_: None)
    assert (row["status"], row["message"]) == ("failed", "the worker failed: RuntimeError: killed")


def test_what_came_in_before_an_interruption_is_in_the_table(tmp_path, answers, monkeypatch):
    answered = solving.Processes.solved

    def solved(self, words, output, folder):
        """The second runs until it is ended; the third never begins."""
        while Path(output).name != "k=1.h5" and not self._ended:
            time.sleep(0.01)
        return solving.failed("ended") if self._ended else answered(self, words, output, folder)

    def tell(done, row):
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(solving.Processes, "solved", solved)
    with pytest.raises(Interrupted) as caught:
        run.run(sweep(tmp_path), 1, None, tell)
    assert "goes on" in caught.value.fix
    assert [(row["k"], row["status"]) for row in told(tmp_path / "swept")] == [("1", "ok"), ("2", "failed")]


def test_a_process_that_dies_is_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(solving.sys, "executable", "/bin/false")
    assert "exit status 1" in solving.solved([], str(tmp_path / "x.h5"), str(tmp_path))["error"]["what"]
    shell = tmp_path / "shell"
    shell.write_text("#!/bin/sh\necho 'no more memory' >&2\nkill -KILL $$\n")
    shell.chmod(0o755)
    monkeypatch.setattr(solving.sys, "executable", str(shell))
    told = solving.solved([], str(tmp_path / "x.h5"), str(tmp_path))["error"]["what"]
    assert told == "the process ended by SIGKILL: no more memory"


def test_a_signal_reaches_the_solves_and_the_same_command_resumes(file, tmp_path):
    """Each keeps a checkpoint; the sweep ends with the signal's exit status, and its table is there."""
    words = ["sweep", "line.py", "--param", "k=1,3", "-j", "1", "--method", "adam", "--set", "solver.steps=100000"]
    command = [sys.executable, "-m", "inrpde", *words, "--json", *QUICK]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        time.sleep(0.05)
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
        if children and _handles(children[0]):
            break
    time.sleep(1.0)
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    assert "goes on" in json.loads(out)["error"]["fix"]
    assert not subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True).stdout.split()
    (row,) = told(tmp_path / "line_sweep")
    assert (row["k"], row["status"]) == ("1", "interrupted"), row["message"]


def test_a_signal_that_comes_while_a_solve_starts_up_interrupts_it_too(tmp_path, monkeypatch):
    """Before it has a handler the signal itself ends it: that is no failure of the point."""
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\necho > begun\nexec sleep 60\n")
    sleeper.chmod(0o755)
    monkeypatch.setattr(solving.sys, "executable", str(sleeper))
    processes = solving.Processes()
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(processes.solved, [], str(tmp_path / "x.h5"), str(tmp_path))
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        processes.end(signal.SIGTERM)
        assert found.result(timeout=30)["status"] == "interrupted"


def _handles(pid):
    """Has the solve's process taken SIGTERM for its own? One that is forked and not yet begun has its parent's."""
    if b"sweep" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
        return False
    with Path(f"/proc/{pid}/status").open() as status:
        caught = next(line for line in status if line.startswith("SigCgt")).split()[1]
    return bool(int(caught, 16) & 1 << (signal.SIGTERM - 1))


def test_a_cluster_that_is_not_there_is_named(file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "FOUND", 0.2)
    assert main(["sweep", file, "--param", "k=1", "--cluster", "127.0.0.1:1", *QUICK]) == 2
    assert "no scheduler of Dask answers" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    assert main(["sweep", file, "--param", "k=1", "--cluster", "127.0.0.1:1", *QUICK]) == 2
    assert "inrpde[cluster]" in capsys.readouterr().err


def test_the_workers_of_a_cluster_solve(file, tmp_path, capsys):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=tmp_path / "workers"
    ) as cluster:
        words = ["sweep", file, "--param", "k=1,2", "--cluster", cluster.scheduler_address, "--json", *QUICK]
        assert main(words) == 0
        made = json.loads(capsys.readouterr().out)
        assert [row["status"] for row in made["rows"]] == ["ok", "invalid"]
        assert {row["file"] for row in told(tmp_path / "line_sweep")} == {"k=1.h5", ""}
