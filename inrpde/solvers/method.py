"""What a method is: a generator of candidates, each better informed than the last. The loop owns everything else."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from inrpde.compiler.form import Form
from inrpde.discretise.state import State

RESERVE, LEAST = 0.25, 2.0
"""The share of a budget that is kept for the reference, the report and the file, and the least of it in seconds, where
that is no more than a third of the budget."""
SEARCH = 0.8
"""The share of the rest after which the search is stopped, so that a second solve can tell how wrong its answer is."""
CHECKS, CHECKED = 30.0, 0.2
"""Seconds for the checks of the declaration where there is no budget, and the share of one that compiling and they may
take."""
SCORING = 0.05
"""The share of what is left of a budget that one score of the checks may take."""
REPORT = 0.4
"""The share of the reserve that is for the report and the file alone."""
SECOND, REFERENCE = 60.0, 60.0
"""Seconds for the second solve and for a reference where there is no budget, at most: most plan for less."""
PATIENCE, TOLERANT = 120.0, 4.0
"""Seconds after which a search without a budget is stopped, and how many times as many where a tolerance is given."""


@dataclass(frozen=True)
class Clock:
    """Wall-clock time since the start, and the budget (seconds, or None)."""

    budget: float | None
    start: float = field(default_factory=time.perf_counter)

    @property
    def spent(self) -> float:
        return time.perf_counter() - self.start

    @property
    def left(self) -> float:
        """Seconds left for the search and the second solve."""
        return float("inf") if self.budget is None else self.budget - self.reserve - self.spent

    @property
    def reserve(self) -> float:
        """Seconds of a budget for what comes after them."""
        return 0.0 if self.budget is None else max(RESERVE * self.budget, min(LEAST, self.budget / 3))

    @property
    def checking(self) -> float:
        """Seconds left for the checks of the declaration."""
        return CHECKS if self.budget is None else CHECKED * self.budget - self.spent

    @property
    def second(self) -> float:
        """Seconds left for the second solve."""
        return SECOND if self.budget is None else self.left

    @property
    def scoring(self) -> float:
        """Seconds for each score of the checks."""
        return float("inf") if self.budget is None else SCORING * (self.budget - self.spent)

    @property
    def referring(self) -> float:
        """Seconds left for the reference, of what is kept for it."""
        if self.budget is None:
            return REFERENCE
        return self.budget - REPORT * self.reserve - self.spent

    @property
    def searching(self) -> float:
        """Seconds left for the search alone."""
        return float("inf") if self.budget is None else SEARCH * (self.budget - self.reserve) - self.spent

    def fits(self, cost: float) -> bool:
        """Does a step of this predicted cost (seconds) fit into what is left?"""
        return cost <= self.left


@dataclass(frozen=True)
class Context:
    """All that a method may know. `tol` bounds the score; `memory` is what a checkpoint kept of this method."""

    form: Form
    settings: Mapping[str, Any]
    seed: int
    clock: Clock
    tol: float | None = None
    device: str = "cpu"
    memory: Mapping[str, Any] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda message: None
    warn: Callable[[str], None] = lambda message: None
    """Takes a line for the report's warnings."""
    keep: Callable[[Callable[[], Mapping[str, Any]]], None] = lambda memory: None
    """Takes what gives the memory between two candidates; the loop's."""

    def afresh(self) -> Context:
        """The same for a second, short run: from its beginning, and not worth compiling."""
        return replace(self, memory={}, settings={**self.settings, "solver.compile": False})


@dataclass(frozen=True)
class Candidate:
    """A state with its held-out score, what it cost (seconds), and why it was tried.

    `fitted` is the score on the fitted points; `memory` is what a checkpoint needs to continue; `again` makes a second,
    different solve of the same kind, for the error estimate: from a seed, and a size for each unknown of the random
    field towards which it leans where the conditions leave the solution open. `settled`: an earlier run, which is
    resumed, has seen this candidate and gone on. `until`: the time after which the answer could not be continued.
    """

    state: State
    score: float
    fitted: float
    cost: float
    method: str
    reason: str
    memory: Mapping[str, Any] = field(default_factory=dict)
    again: Callable[[int, Sequence[float]], State] | None = None
    settled: bool = False
    until: float | None = None


def beats(score: float, best: Candidate | None) -> bool:
    """Is a score lower than that of the best so far? Any is, where that is not a number."""
    return best is None or score < best.score or math.isnan(best.score)


class Method(Protocol):
    """Yields candidates; may stop by itself, and is stopped by the loop at the tolerance or the end of the budget."""

    def __call__(self, context: Context) -> Generator[Candidate, None, None]: ...
