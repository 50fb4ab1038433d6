"""The problem files of the README, run as they stand there."""

import json
import re
import sys
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

import inrpde
from inrpde.loader import load_problem

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import spine

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = re.findall(r'```python\n(""".*?)```', PAGE, flags=re.DOTALL)
SESSIONS = re.findall(r"```python\n(import inrpde\n.*?)```", PAGE, flags=re.DOTALL)


def test_the_pendulum_swings_as_scipy_says(tmp_path):
    (text,) = (text for text in FILES if "pendulum" in text)
    (tmp_path / "swing.py").write_text(text)
    solution = inrpde.solve(load_problem(str(tmp_path / "swing.py"), {})[0], budget=20)
    times = np.linspace(0, 60, 7)
    true = solve_ivp(lambda t, y: [y[1], -np.sin(y[0])], (0, 60), [3, 0], "DOP853", times, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(solution(times)["angle"], true.y[0], atol=1e-8)
    assert solution.report["verdict"]["word"] == "verified"


def test_a_session_in_python_runs_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (text,) = SESSIONS
    found: dict = {}
    exec(compile(text, "README.md", "exec"), found)
    assert found["solution"]([0.25, 0.5])["u"] == inrpde.load("answer.h5")["u"]([0.25, 0.5])
    assert "<h1>poisson</h1>" in (tmp_path / "answer.html").read_text()


def test_the_table_is_the_one_that_the_stored_numbers_make():
    """Where this fails, `make readme` writes it."""
    rows, others = (json.loads((ROOT / "docs" / "gallery" / file).read_text()) for file in ("rows.json", "spine.json"))
    made = spine.table(rows, others)
    assert f"{spine.BEGIN}{made}{spine.END}" in PAGE
    assert spine.within(PAGE, made) == PAGE
    assert spine.within(PAGE, "another\n") != PAGE
    assert made.count(" in ") == sum(1 + len(others.get(name, {})) for name in spine.PROBLEMS)
