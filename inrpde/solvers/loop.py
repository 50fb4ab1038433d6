"""The loop round a method: budget, tolerance, the best so far, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from inrpde.errors import DivergedError
from inrpde.solvers.method import Candidate, Context, Method, beats

CHECKPOINT_EVERY = 10.0
"""Seconds between checkpoints of a running method."""


@dataclass(frozen=True)
class Run:
    """What a run has found: the best candidate, every step's summary, and why it ended."""

    best: Candidate
    steps: list[dict[str, Any]]
    ended: str


def run(
    method: Method,
    context: Context,
    accept: Callable[[Candidate], bool] = lambda candidate: False,
    save: Callable[[Mapping[str, Any]], None] = lambda memory: None,
) -> Run:
    """Drive a method to its end, to `accept(best)`, or to the end of the budget.

    Raises DivergedError if nothing was found.
    `save` is called with the memory of the latest candidate, at least every ten seconds and when a signal ends the run.
    """
    best: Candidate | None = None
    latest: Candidate | None = None
    steps: list[dict[str, Any]] = []
    ended, saved = "the method had nothing more to try", context.clock.spent
    try:
        with closing(method(context)) as candidates:
            for candidate in candidates:
                latest = candidate
                context.tell(f"{candidate.reason}, score {candidate.score:.1e}")
                better = beats(candidate.score, best)
                steps.append(_summary(candidate, better))
                if better:
                    best = candidate
                if better and not candidate.settled and accept(candidate):
                    ended = "the tolerance was reached"
                    break
                if context.clock.left <= 0:
                    ended = "the budget was spent"
                    break
                if candidate.memory and context.clock.spent - saved > CHECKPOINT_EVERY:
                    save(candidate.memory)
                    saved = context.clock.spent
    except KeyboardInterrupt:
        if latest is not None and latest.memory:
            save(latest.memory)
        raise
    if best is None or not best.score < float("inf"):
        raise DivergedError("no finite answer was found", None, "try another method, or a smaller rate")
    return Run(best, steps, ended)


def _summary(candidate: Candidate, kept: bool) -> dict[str, Any]:
    return {
        "method": candidate.method,
        "reason": candidate.reason,
        "score": candidate.score,
        "seconds": round(candidate.cost, 4),
        "kept": kept,
    }
