"""Two runs on one output: the second is told who has it, before it solves anything."""

import json
import os
import subprocess
import sys

import pytest

from inrpde import lock
from inrpde.cli import main
from inrpde.errors import OutputError
from inrpde.lock import held

LINE = """
from sympy import Eq, Interval
from inrpde import On, Problem, Region, Space
space = Space("x")
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
problem = Problem("line", [u], [On(omega, Eq(space.laplace(u), 1)), On(omega.boundary, u)])
"""
HOLDER = "import sys; from pathlib import Path; from inrpde.lock import held\nwith held(Path(sys.argv[1])): {}"
WAITING = HOLDER.format("print('held', flush=True); sys.stdin.read()")


def test_a_second_run_is_told_who_holds_the_output_and_a_kill_frees_it(tmp_path, capsys):
    (tmp_path / "line.py").write_text(LINE)
    output = tmp_path / "line.h5"
    words = ["solve", str(tmp_path / "line.py"), "--reference", "none", "--json", "-o", str(output)]
    program = [sys.executable, "-c", WAITING, str(output)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        checkpoint = tmp_path / "line.h5.checkpoint"
        checkpoint.write_bytes(b"the other's")
        assert main(words) == 6
        error = json.loads(capsys.readouterr().out)["error"]
        assert f"process {process.pid} on " in error["what"]
        assert ", since 20" in error["what"]
        assert error["where"] == str(output)
        assert checkpoint.read_bytes() == b"the other's"
        assert not output.exists()
        process.kill()
    assert main(words) == 0
    assert {each.name for each in tmp_path.iterdir()} == {"line.py", "line.h5"}


def test_another_name_of_the_same_file_is_the_same_output(tmp_path):
    (tmp_path / "link.h5").symlink_to(tmp_path / "line.h5")
    with held(tmp_path / "link.h5"), pytest.raises(OutputError, match=f"process {os.getpid()} on"):
        held(tmp_path / "line.h5").__enter__()


def test_the_lock_leaves_nothing_and_can_be_taken_again(tmp_path):
    for _ in range(3):
        with held(tmp_path / "line.h5"):
            assert len(list(tmp_path.iterdir())) == 1
        assert not list(tmp_path.iterdir())


def test_many_processes_hold_it_one_at_a_time(tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")
    body = "n = int(open(sys.argv[2]).read()); __import__('time').sleep(0.01); open(sys.argv[2], 'w').write(str(n + 1))"
    code = f"""
import sys
from pathlib import Path
from inrpde.errors import OutputError
from inrpde.lock import held
done = 0
while done < 10:
    try:
        with held(Path(sys.argv[1])):
            {body}
            done += 1
    except OutputError:
        pass
"""
    program = [sys.executable, "-c", code, str(tmp_path / "line.h5"), str(counter)]
    processes = [subprocess.Popen(program) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert counter.read_text() == "30"


@pytest.mark.parametrize("call", ["open", "flock"])
def test_where_there_are_no_locks_the_run_goes_on(tmp_path, monkeypatch, call):
    def refuse(*given, **more):
        raise OSError(45, "not supported")

    with monkeypatch.context() as patch:
        patch.setattr(lock.os if call == "open" else lock.fcntl, call, refuse)
        with held(tmp_path / "line.h5"):
            pass
