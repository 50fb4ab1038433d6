"""Checkpoints end to end: processes that are interrupted or killed, and go on as if nothing had happened."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import inrpde
from inrpde.checkpoint import Checkpoint
from inrpde.cli import main
from inrpde.solvers.fitting import newton

PROBLEM = '''"""-u'' = π² sin(πx)."""
from sympy import Eq, Interval, pi, sin
from inrpde import On, Problem, Region, Space

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
problem = Problem("line", [u], [On(omega, Eq(-u.diff(x, 2), pi**2 * sin(pi * x))), On(omega.boundary, Eq(u, 0))])
'''
OFTEN = "import sys; from inrpde.solvers import loop; loop.CHECKPOINT_EVERY = 0.05; from inrpde.cli import main; "
BENT = '''"""u''/400 = e^u - 1 - x, for which Newton's method tries several bodies."""
from sympy import Eq, Interval, exp
from inrpde import On, Problem, Region, Space

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 1))
problem = Problem("bent", [u], [On(omega, Eq(u.diff(x, 2) / 400, exp(u) - 1 - x)), On(omega.boundary, u)])
'''
SLOWLY = """
import sys, time
from inrpde.solvers import loop
from inrpde.solvers.fitting import newton
loop.CHECKPOINT_EVERY = 0.0
fit = newton.fit
def slow(*given, **more):
    time.sleep(0.2)
    return fit(*given, **more)
newton.fit = slow
from inrpde.cli import main
"""
FRONT = '''"""A front of h_t = h_xx/100 + 5 h (1 - h), which is marched."""
from sympy import Eq, Interval, pi, sin
from inrpde import On, Problem, Region, Space

space = Space("x", time="t")
x, t = space.coords
h = space.unknown("h")
strip = Region(space, Interval(0, 1) * Interval(0, 1))
equation = Eq(space.dt(h), h.diff(x, 2) / 100 + 5 * h * (1 - h))
conditions = [On(strip, equation), On(strip.boundary, h), On(strip.initial, h - sin(pi * x))]
problem = Problem("front", [h], conditions)
'''
AT = np.linspace(0, 1, 33)[:, None]
STEPS = 250


def words(folder: Path, method: str, name: str, *more: str) -> list[str]:
    sizes = [f"--set=solver.{key}={value}" for key, value in (("steps", STEPS), ("width", 16), ("points", 40))]
    options = ["--method", method, "--reference", "none", "--json", *sizes]
    return ["solve", str(folder / "line.py"), "-o", str(folder / name), *options, *more]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("resume")
    (path / "line.py").write_text(PROBLEM)
    return path


@pytest.fixture(scope="module", params=["adam", pytest.param("lbfgs", marks=pytest.mark.slow)])
def uninterrupted(request, folder):
    """A method, and the values of its answer from one run in this process."""
    name = f"{request.param}.h5"
    assert main(words(folder, request.param, name)) == 0
    assert not (folder / f"{name}.checkpoint").exists()
    return request.param, inrpde.load(folder / name)(AT)["u"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGKILL, -signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_a_stopped_run_goes_on_bit_for_bit(folder, uninterrupted, capsys, number, code):
    method, expected = uninterrupted
    name = f"{method}_{code}.h5"
    checkpoint = folder / f"{name}.checkpoint"
    program = [sys.executable, "-c", f"{OFTEN} sys.exit(main({words(folder, method, name)!r}))"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert checkpoint.exists()
    assert not (folder / name).exists()
    if number == signal.SIGINT:
        assert json.loads(out)["status"] == "interrupted"

    capsys.readouterr()
    assert main(words(folder, method, name, "--resume")) == 0
    report = json.loads(capsys.readouterr().out)
    first = report["steps"][0]["reason"]
    assert first.startswith("step ")
    assert 0 < int(first.split()[1].rstrip(",")) <= STEPS
    assert len(report["steps"]) < 50
    assert np.array_equal(inrpde.load(folder / name)(AT)["u"], expected)
    assert not checkpoint.exists()


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGKILL])
def test_a_ladder_that_was_stopped_goes_on_where_it_was(folder, capsys, number):
    name = f"ladder_{number}.h5"
    (folder / "bent.py").write_text(BENT)
    checkpoint, whole = folder / f"{name}.checkpoint", folder / f"whole_{number}.h5"
    words = ["solve", str(folder / "bent.py"), "--reference", "none", "--json", "-o"]
    program = [sys.executable, "-c", f"{SLOWLY}sys.exit(main({[*words, str(folder / name)]!r}))"]
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == (143 if number == signal.SIGTERM else -number)
    with h5py.File(checkpoint) as file:
        kept = len(json.loads(file["skeleton"].asstr()[()])["tree"]["attempts"])
    assert kept > 0

    solved = []
    with pytest.MonkeyPatch.context() as patch:
        fit = newton.fit
        patch.setattr(newton, "fit", lambda *given, **more: solved.append(given[1]) or fit(*given, **more))
        assert main([*words, str(whole)]) == 0
        once = len(solved)
        assert main([*words, str(folder / name), "--resume"]) == 0
    assert len(solved) - once == once - kept  # what was left, and the second solve of the estimate
    assert np.array_equal(inrpde.load(folder / name)(AT)["u"], inrpde.load(whole)(AT)["u"])
    assert not checkpoint.exists()


@pytest.mark.slow
def test_a_march_that_was_killed_goes_on_after_its_last_finished_window(folder, capsys):
    (folder / "front.py").write_text(FRONT)
    checkpoint, whole = folder / "killed.h5.checkpoint", folder / "marched.h5"
    words = ["solve", str(folder / "front.py"), "--reference", "none", "--json", "-o"]
    program = [sys.executable, "-c", f"{SLOWLY}sys.exit(main({[*words, str(folder / 'killed.h5')]!r}))"]

    def finished() -> int:
        if not checkpoint.exists():
            return 0
        with h5py.File(checkpoint) as file:
            begun = json.loads(file["skeleton"].asstr()[()])["tree"]["begun"]
        return len(begun["part"]["states"]) if begun else 0

    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while finished() < 3 and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.communicate(timeout=60)
    kept = finished()
    assert kept >= 3

    starts = []
    with pytest.MonkeyPatch.context() as patch:
        fit = newton.fit
        patch.setattr(newton, "fit", lambda *given, **more: starts.append(given[1].span[0]) or fit(*given, **more))
        assert main([*words, str(whole)]) == 0
        once = starts.copy()
        starts.clear()
        assert main([*words, str(folder / "killed.h5"), "--resume"]) == 0
    assert starts == once[len(once) - len(starts) :]
    assert len(once) - len(starts) >= kept
    at = np.stack(np.meshgrid(AT[:, 0], AT[:, 0]), -1).reshape(-1, 2)
    assert np.array_equal(inrpde.load(folder / "killed.h5")(at)["h"], inrpde.load(whole)(at)["h"])


def test_without_a_checkpoint_there_is_nothing_to_resume(folder, capsys):
    assert main(words(folder, "adam", "other.h5", "--resume")) == 2
    assert "no checkpoint" in json.loads(capsys.readouterr().out)["error"]["what"]


def test_a_checkpoint_of_another_run_is_refused(folder, capsys):
    Checkpoint(folder / "other.h5.checkpoint", {"seed": "1"}).save({"method": "adam", "step": 3})
    assert main(words(folder, "adam", "other.h5", "--resume")) == 2
    assert "made for another" in json.loads(capsys.readouterr().out)["error"]["what"]
