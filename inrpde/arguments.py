"""What is passed to `solve` and `reference`, checked before anything is done with it."""

from __future__ import annotations

import math
import numbers
from typing import Any

from inrpde.declaration import Problem
from inrpde.errors import UsageError
from inrpde.solvers.devices import check_device


def check_arguments(
    problem: Any, seed: Any = 0, budget: Any = None, tol: Any = None, reference: Any = "auto", device: str = "cpu"
) -> None:
    """Raise UsageError for arguments that nothing can be made of."""
    if not isinstance(problem, Problem):
        what = f"{problem!r:.60} is not a Problem"
        raise UsageError(what, "solve(problem)", "make a Problem(…); files are solved by `inrpde solve FILE`")
    if not _number(seed, numbers.Integral) or seed < 0:
        raise UsageError(f"seed={seed!r} is not a whole number from 0 on", "seed", "seed=0")
    for name, value, example in (("budget", budget, "budget=60 (seconds)"), ("tol", tol, "tol=1e-6")):
        if value is not None and not (_number(value, numbers.Real) and 0 < value < math.inf):
            raise UsageError(f"{name}={value!r} is not a positive number", name, f"{example}, or leave it out")
    if reference not in ("auto", "none"):
        what = f"reference={reference!r} is neither 'auto' nor 'none'"
        raise UsageError(what, "reference", "reference='none' leaves it out")
    check_device(device)


def _number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
