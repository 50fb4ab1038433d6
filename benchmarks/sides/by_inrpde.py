"""inrpde's side: the declarations as they are, and whatever its settings are by default."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import inrpde
from inrpde.loader import load_problem
from sides.problems import CASES

Array = np.ndarray
NAMES = tuple(CASES)


def solve(problem: inrpde.Problem, seed: int, budget: float | None) -> inrpde.Solution:
    return inrpde.solve(problem, seed=seed, budget=budget, reference="none")


def values(solution: inrpde.Solution) -> Callable[[Array], Array]:
    """The answer at points (N, d): (N, unknowns)."""
    return lambda points: np.column_stack(list(solution(points).values()))


def said(solution: inrpde.Solution) -> tuple[float, str]:
    """The largest estimated error of a field, and the verdict's word."""
    report = solution.report
    return max(field["estimated_error"] for field in report["fields"].values()), report["verdict"]["word"]


def warm() -> None:
    """What is loaded late is loaded."""
    solve(load_problem("poisson", {})[0], 1, None)
