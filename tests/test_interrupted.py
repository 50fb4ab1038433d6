"""Signals once there is an answer: the checks end, the answer is written, and a second run completes them."""

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
from inrpde import pipeline, references, storage
from inrpde.cli import main

LINE = Path(__file__).with_name("line.py").read_text(encoding="utf-8")
DISC = """
from sympy import Eq
from inrpde import Ball, On, Problem, Space
space = Space("x y")
u = space.unknown("u")
disc = Ball(space, (0, 0), 1)
problem = Problem("disc", [u], [On(disc, Eq(-space.laplace(u), 1)), On(disc.boundary, Eq(u, 0))])
"""
DURING = {
    "the second solve": (pipeline, "estimate"),
    "the reference": (references, "solve"),
    "the export": (storage, "save"),
}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)])
@pytest.mark.parametrize(("owner", "stage"), DURING.values(), ids=DURING)
def test_an_answer_is_written_whatever_interrupts_its_checks(tmp_path, capsys, monkeypatch, owner, stage, number, code):
    (tmp_path / "line.py").write_text(LINE)
    words = ["solve", str(tmp_path / "line.py"), "-o", str(tmp_path / "line.h5"), "--json"]
    done, calls = getattr(owner, stage), []

    def stopped(*given, **more):
        calls.append(stage)
        if len(calls) == 1:
            os.kill(os.getpid(), number)
            time.sleep(5)
        return done(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(owner, stage, stopped)
        assert main(words) == code
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == "interrupted"
    assert report["error"]["where"] == signal.Signals(number).name
    assert "--resume" in report["error"]["fix"]
    assert report["fields"]["u"]["estimated_error"] < 1e-6
    if stage != "save":
        assert report["fields"]["u"]["reference"] is None
        assert "there is no reference for this problem (the run was interrupted)" in report["warnings"]
    stored = inrpde.load(tmp_path / "line.h5")
    assert stored.report["status"] == "interrupted"
    assert np.allclose(stored([[0.5]])["u"], 1.0, atol=1e-6)

    assert main([*words, "--resume"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == "ok"
    assert report["fields"]["u"]["reference"]["rel_l2"] < 1e-4
    assert not (tmp_path / "line.h5.checkpoint").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("seconds", [0.0, 0.7])
def test_a_signal_during_the_finite_elements_reaches_the_program(tmp_path, number, code, seconds):
    """gmsh resets the handlers of the process where it is started."""
    pytest.importorskip("gmsh")
    (tmp_path / "disc.py").write_text(DISC)
    words = ["solve", str(tmp_path / "disc.py"), "-o", str(tmp_path / "disc.h5"), "--json"]
    program = [sys.executable, "-m", "inrpde", *words]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.split()[2:3] == ["reference"]:
                break
        time.sleep(seconds)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    report = json.loads(out)
    assert report["status"] == "interrupted"
    assert report["fields"]["u"]["reference"] is None
    assert np.allclose(inrpde.load(tmp_path / "disc.h5")([[0.0, 0.0]])["u"], 0.25, atol=1e-3)
