"""What is passed to the functions of the package, checked before anything is done with it."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from inrpde.declaration import Problem
from inrpde.errors import UsageError
from inrpde.solvers.training.devices import check_device

COARSEST = 4
"""Cells of a reference, at least."""
MOST = 2**28
"""Nodes of a grid: two gigabytes of values."""


def check_arguments(
    problem: Any, seed: Any = 0, budget: Any = None, tol: Any = None, reference: Any = "auto", device: str = "cpu",
    method: Any = "auto", n: Any = None,
) -> None:  # fmt: skip
    """Raise UsageError for arguments that nothing can be made of."""
    if not isinstance(problem, Problem):
        what = f"{problem!r:.60} is not a Problem"
        raise UsageError(what, "solve(problem)", 'make a Problem(…), or read one: inrpde.problem("my_problem.py")')
    if not _number(seed, numbers.Integral) or seed < 0:
        raise UsageError(f"seed={seed!r} is not a whole number from 0 on", "seed", "seed=0")
    for name, value, example in (("budget", budget, "budget=60 (seconds)"), ("tol", tol, "tol=1e-6")):
        if value is not None and not (_number(value, numbers.Real) and 0 < value < math.inf):
            raise UsageError(f"{name}={value!r} is not a positive number", name, f"{example}, or leave it out")
    if not isinstance(reference, str) or reference not in ("auto", "none"):
        what = f"reference={reference!r} is neither 'auto' nor 'none'"
        raise UsageError(what, "reference", "reference='none' leaves it out")
    if not isinstance(method, str):
        raise UsageError(f"method={method!r:.60} is no name", "method", "method='auto'; `inrpde list` shows all")
    if n is not None and not (_number(n, numbers.Integral) and n >= COARSEST):
        raise UsageError(f"n={n!r:.60} is not a whole number from {COARSEST} on", "n", "n=64, or leave it out")
    check_device(device)


def check_written(problem: Problem, grid: Any = None, times: Any = None, progress: Any = None) -> None:
    """Raise UsageError for a grid or times on which a solution of the problem cannot be written, and for progress that
    cannot be called."""
    grid, times = _listed(grid), _listed(times)
    names = ", ".join(map(str, problem.space.spatial))
    if grid is not None and not (_all(grid, numbers.Integral, 1) and len(tuple(grid)) == len(problem.space.spatial)):
        shape = ", ".join(["65"] * len(problem.space.spatial))
        raise UsageError(f"grid={grid!r:.60} is no number of nodes for each of {names}", "grid", f"grid=({shape},)")
    if times is not None and not _all(times, numbers.Real):
        raise UsageError(f"times={times!r:.60} are no times", "times", "times=(0.0, 0.5, 1.0)")
    if times is not None and problem.space.time is None:
        raise UsageError("times are given, and the problem has no time", f"coordinates: {names}", "leave times out")
    if times is not None:
        spans = [condition.region.bounds for condition in problem.conditions]
        first, last = min(float(lo[-1]) for lo, _ in spans), max(float(hi[-1]) for _, hi in spans)
        if outside := [time for time in times if not first <= time <= last]:
            what = f"the time {outside[0]:g} is asked for, and {problem.space.time} runs from {first:g} to {last:g}"
            raise UsageError(what, f"times={times!r:.60}", f"times=({first:g}, {(first + last) / 2:g}, {last:g})")
    if math.prod(grid or ()) * len(times or (0,)) > MOST:
        raise UsageError(f"a grid of more than {MOST:.2g} nodes", f"grid={grid!r:.60}", "ask for fewer")
    if progress is not None and not callable(progress):
        what = f"progress={progress!r:.60} cannot be called"
        raise UsageError(what, "progress", "progress=lambda stage, done=None, note='': print(stage, note)")


def as_path(given: Any, where: str) -> Path:
    """The path of a file. Raises UsageError, naming the call, for what is none."""
    try:
        path = Path(given)
    except TypeError:
        path = Path("\0")
    if "\0" in str(path):
        raise UsageError(f"{given!r:.60} is no name of a file", where, "give a path: 'solution.h5'")
    return path


def _listed(values: Any) -> Any:
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else values


def _all(values: Any, kind: type, least: float = -math.inf) -> bool:
    return isinstance(values, Iterable) and all(_number(v, kind) and least <= v < math.inf for v in values)


def _number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
