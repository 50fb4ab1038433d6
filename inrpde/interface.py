"""What Python calls: the same journey as the command line's, with a bar for its progress and Python's own warnings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from inrpde import pipeline
from inrpde.arguments import as_path, check_arguments, check_written
from inrpde.bar import bar
from inrpde.declaration import Problem
from inrpde.errors import InrpdeWarning, UsageError
from inrpde.export.atomic import check_place
from inrpde.loader import load_problem
from inrpde.solution import Solution
from inrpde.storage import rehearse

Progress = Callable[..., None]


def problem(spec: str | Path, **parameters: Any) -> Problem:
    """The problem that a file (`"heat.py"`, `"heat.py:name"`) declares, or that is installed under a name ("poisson").

    `parameters` are those of a problem that is a function: numbers and expressions as they are, text as after
    `--param`. Raises UsageError for a name or parameter that is not there, ProblemError for what is wrong with a file.
    """
    return load_problem(str(as_path(spec, "problem(spec)")), parameters)[0]


def solve(
    problem: Problem, method: str = "auto", seed: int = 0, budget: float | None = None, tol: float | None = None,
    reference: str = "auto", device: str = "cpu", settings: Mapping[str, Any] | None = None, *,
    progress: bool | Progress = False, grid: Sequence[int] | None = None,
    times: Sequence[float] | np.ndarray | None = None, output: str | Path | None = None, resume: bool = False,
) -> Solution:  # fmt: skip
    """Solve a problem and check the answer.

    `budget` bounds compile, solve and verify together (seconds); `tol` bounds the estimated relative L2 error, and
    where it is not reached `solution.report["status"]` is "tolerance". `reference` is "auto" or "none".

    `progress=True` shows a bar (by tqdm where it is installed, in a notebook its widget); a function is called with
    the stage, the fraction done or None, and a note. `output` is a file to write, with checkpoints beside it while the
    solve runs, from which `resume=True` goes on; `grid`, a number of nodes for each spatial coordinate, and `times` say
    on what fields are written, and what `plot` and `to_xarray` show.

    What the command line prints as warnings are warnings of Python, of the class `inrpde.errors.InrpdeWarning`. Raises
    ProblemError for a problem that is wrong, DivergedError where no answer was found, UsageError for a wrong option,
    OutputError where the output cannot be written.
    """
    check_arguments(problem, seed, budget, tol, reference, device, method)
    check_written(problem, grid, times)
    if resume and output is None:
        fix = 'solve(problem, output="answer.h5", resume=True)'
        raise UsageError("there is no checkpoint without an output", "resume=True", fix)
    path = _rehearsed(problem, output)
    with _watched(progress) as tell:
        solution = pipeline.run(
            problem, method=method, seed=seed, budget=budget, tol=tol, reference=reference, device=device,
            settings=settings, grid=None if grid is None else tuple(map(int, grid)),
            times=None if times is None else tuple(map(float, times)), output=path, resume=resume,
            source=problem.source, **tell,
        )  # fmt: skip
    _warn(solution.report)
    return solution


def reference(
    problem: Problem, n: int | None = None, *, output: str | Path | None = None, progress: bool | Progress = False
) -> Solution:
    """The reference alone, of `n` cells along each axis: the same declaration by scipy alone.

    `output`, `progress` and warnings as for `solve`. Raises ProblemError where there is none."""
    check_arguments(problem, n=n)
    path = _rehearsed(problem, output)
    with _watched(progress) as tell:
        solution = pipeline.reference(problem, n, output=path, source=problem.source, **tell)
    _warn(solution.report)
    return solution


def check(problem: Problem) -> dict[str, Any]:
    """Validate and compile a problem, without solving it: what `inrpde check --json` prints, as a dict.

    Its `conditions` say how each is taken, `strategies` what `solve` would try; the `warnings` are warnings of Python,
    too. Raises ProblemError for a problem that is wrong."""
    made = pipeline.check(problem)
    _warn(made)
    return made


def _rehearsed(problem: Problem, output: str | Path | None) -> Path | None:
    """The output's path: whether it has a chance is known before hours of work, and not only after them."""
    if output is None:
        return None
    path = as_path(output, "output")
    check_place(path)
    rehearse(problem, path)
    return path


@contextmanager
def _watched(progress: bool | Progress | None) -> Iterator[dict[str, Any]]:
    """What the pipeline is given to tell its progress with; a bar is there for the time of the block."""
    if progress is True:
        with closing(bar()) as shown:
            yield {"progress": shown}
    else:
        yield {} if progress is None or progress is False else {"progress": progress}


def _warn(told: Mapping[str, Any]) -> None:
    """Warn of what the command line prints to stderr, and of an answer that is less than what was asked for."""
    texts = list(told["warnings"])
    if "error" in told:
        texts.append(told["error"]["what"])
    elif told["status"] == "tolerance":
        texts.append("the tolerance was not reached: this is the best answer found")
    for text in texts:
        warnings.warn(text, InrpdeWarning, stacklevel=3)
