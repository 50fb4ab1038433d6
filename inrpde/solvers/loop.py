"""The loop round a method: budget, tolerance, the best so far, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from inrpde import deadline
from inrpde.errors import DivergedError
from inrpde.solvers.contract.kept import answered, recalled
from inrpde.solvers.contract.method import (
    PATIENCE,
    TOLERANT,
    Candidate,
    Clock,
    Context,
    Method,
    beats,
    candidates,
    read,
)
from inrpde.solvers.floor import coarse

MORE = "--budget SECONDS"
UNBOUNDED = f"two minutes were spent, and no budget given: {MORE} allows more"
COARSE = "before the method had an answer: this is a coarse one, of few features"
CHECKPOINT_EVERY = 10.0
"""Seconds between checkpoints of a running method; chosen."""


@dataclass(frozen=True)
class Run:
    """What a run has found: the best candidate, every step's summary, why it ended (with the `failure` of a method that
    did not end by itself), and gives the memory of the latest candidate, from which it would go on. `coarse`: the
    method had no answer in its time, and the best is the last resort."""

    best: Candidate
    steps: list[dict[str, Any]]
    ended: str
    memory: Callable[[], Mapping[str, Any]] = dict
    failure: BaseException | None = None
    coarse: bool = False


class Kept:
    """The latest memory of a method, the best candidate, and when a memory was saved."""

    def __init__(self, clock: Clock, save: Callable[[Mapping[str, Any]], object], best: Candidate | None):
        self._clock, self._save, self._saved = clock, save, clock.spent
        self._latest: Callable[[], Mapping[str, Any]] = dict
        self.best = best

    def take(self, memory: Callable[[], Mapping[str, Any]]) -> None:
        self._latest = memory
        if self._clock.spent - self._saved > CHECKPOINT_EVERY:
            self.save()

    def memory(self) -> Mapping[str, Any]:
        """That of the method; where it has none the answer, so that nothing is lost."""
        return self._latest() or answered(self.best)

    def save(self) -> None:
        memory = self.memory()
        if memory:
            self._save(memory)
            self._saved = self._clock.spent


def run(
    method: Method,
    context: Context,
    accept: Callable[[Candidate], bool] = lambda candidate: False,
    save: Callable[[Mapping[str, Any]], object] = lambda memory: None,
) -> Run:
    """Drive a method to its end, to `accept(best)`, or to the end of the budget.

    Where the time ends before anything was found, a coarse answer is made. Raises DivergedError if that fails, or
    nothing was found, and what the method raises before it has found anything; once there is something, that ends the
    run.
    `save` is called with the latest memory, of a candidate or what lies between two, at most every ten seconds and when
    a signal ends the run; with the best candidate, where the method has no memory. A run that is resumed begins with
    that.
    """
    earlier = best = recalled(context.memory)
    steps: list[dict[str, Any]] = [] if best is None else [_summary(best, True)]
    ended = "the method had nothing more to try"
    late = "the budget was spent" if context.clock.budget is not None else UNBOUNDED
    failure: BaseException | None = None
    kept = Kept(context.clock, save, best)
    try:
        with closing(candidates(method, replace(context, keep=kept.take))) as given:
            while True:
                with deadline.within(_limit(method, context, best)) as scope:
                    candidate = next(given, None)
                if scope.expired or candidate is None:
                    ended = late if scope.expired else ended
                    break
                # the same answer once more can be solved a second time
                same = earlier is not None and best is earlier and candidate.score == earlier.score
                better = same or beats(candidate.score, best)
                if better:
                    best = kept.best = candidate
                kept.take(partial(getattr, candidate, "memory"))
                context.tell(f"score {candidate.score:.1e}: {candidate.reason}")
                steps.append(_summary(candidate, better))
                if better and not candidate.settled and accept(candidate):
                    ended = "the tolerance was reached"
                    break
                if _limit(method, context, best) <= 0:
                    ended = late
                    break
    except KeyboardInterrupt:
        with suppress(Exception):  # what fails now must not hide the signal
            kept.save()
        raise
    except (Exception, SystemExit) as error:
        if (signal := _swallowed(error)) is not None:
            with suppress(Exception):
                kept.save()
            raise signal from None
        if best is None or not best.score < float("inf"):
            raise
        failure, ended = error, "the method failed"
    found = best is not None and best.score < float("inf")
    if ended == late and not found:
        best, ended = coarse(context), f"{late}, {COARSE}"
        if best is None:
            raise DivergedError("the time ended before there was an answer", None, f"give more of it: {MORE}")
        context.warn(f"{ended}; give it more: {MORE}")
        steps.append(_summary(best, True))
    if best is None or not best.score < float("inf"):
        raise DivergedError("no finite answer was found", None, "try another method, or a smaller rate")
    return Run(best, steps, ended, kept.memory, failure, not found)


def _swallowed(error: BaseException) -> KeyboardInterrupt | None:
    """The signal that a library took for an error of its own, as numpy does where it compares structured arrays."""
    before = error.__cause__ or error.__context__
    if before is None or isinstance(before, KeyboardInterrupt):
        return before
    return _swallowed(before)


def _limit(method: Method, context: Context, best: Candidate | None) -> float:
    """Seconds left for a method: of a budget, those of the second solve, too, as long as there is no answer to check.
    Steps that are asked for are all taken."""
    clock = context.clock
    if clock.budget is not None:
        return clock.left if best is None else clock.searching
    if "solver.steps" in read(method) and context.settings.get("solver.steps") is not None:
        return float("inf")
    return (PATIENCE if context.tol is None else TOLERANT * PATIENCE) - clock.spent


def _summary(candidate: Candidate, kept: bool) -> dict[str, Any]:
    return {
        "method": candidate.method,
        "reason": candidate.reason,
        "score": candidate.score,
        "seconds": round(candidate.cost, 4),
        "kept": kept,
    }
