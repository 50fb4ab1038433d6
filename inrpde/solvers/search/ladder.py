"""The ladder of frozen bodies: one domain, cells and windows in turns, while the held-out score says that it pays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inrpde.errors import DivergedError, ProblemError
from inrpde.sampling.modes import DOMAIN, modes
from inrpde.solvers.bodies.plan import Fit
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.strategy import Arm, Choice, Role, Whole
from inrpde.solvers.search.cost import pace
from inrpde.solvers.search.record import Record
from inrpde.solvers.search.search import ENOUGH, RESOLVED, Search
from inrpde.solvers.search.survey import Survey

POOR = 1e-3
"""A score above which an answer is not left at that, where no tolerance says so; chosen."""
RESERVE = 0.2
"""The share of a budget that is left for the second solve and the checks; chosen."""
HOPELESS = 1e3
"""An arm so many times behind a resolved solution is given up; chosen."""
BEHIND, FAIR = 10.0, 5
"""An arm so many times behind, after so many tries, the last of which did not help, is given up; chosen."""
PRECISE = 1e-8
"""A score below which no other kind of body is tried; chosen."""
LIGHT, ABOVE, GAINED = 2200.0, 1.5, 3.0
"""Features on one domain that are no matter, with frequencies so far above the declared ones; and what a further answer
gains at least, of a strategy that goes before; chosen."""
STALLED = 1.5
"""Nominal seconds without progress after which a search without a budget ends, once they are half of all; chosen."""
UNRESOLVED, HAZY = 12.0, 0.1
"""The same while the best score is above the second, and says that nothing is resolved; chosen."""
VAIN = 5
"""Steps in vain before that: one that was dear tells little; chosen."""


@dataclass
class Turn:
    """An arm under way."""

    search: Search[Any]
    steps: Iterator[Candidate]
    price: float = 0.0
    """Nominal seconds of its first step, if that is dear."""
    improving: bool = False
    """Has the last step lowered the score threefold?"""

    def claim(self, best: float) -> float:
        """The time that it has had, counted the more the further its score lies behind the best."""
        behind = float(np.sqrt(max(self.search.score / best, 1.0)))
        return self.search.spent * behind if self.search.best else self.price


def climb(context: Context, arms: Sequence[Arm], fit: Fit, method: str) -> Iterator[Candidate]:
    """Several kinds of bodies in turns, those that lie behind with less time; what converges is left to it."""
    together: list[Search[Any]] = []
    survey = Survey.of(context.form, context.seed)
    record = Record.recalled(method, context.tol, context.memory)
    busy = 1.0 if context.clock.budget is None else pace()
    left: list[Turn] = []
    for strategy in arms:
        search: Search[Any] = Search(
            replace(context, declared=strategy.OPTIONS), fit, method, survey, together, busy, record
        )
        left.append(Turn(search, strategy.steps(search), strategy.price(search)))
    progress = Progress()
    while left:
        best = min(search.score for search in together)
        if context.clock.budget is None and context.tol is None and progress.stalled(best, together):
            left = [arm for arm in left if arm.search.best is None and best > RESOLVED]
        if best <= RESOLVED:
            left = [arm for arm in left if arm.search.best is None or arm.search.score < HOPELESS * best]
        left = [
            arm for arm in left if arm.improving or len(arm.search.tried) < FAIR or arm.search.score < BEHIND * best
        ]
        if not left or (best < PRECISE and all(arm.search.best is None for arm in left)):
            return
        ahead = min(left, key=lambda a: a.search.score)
        converging = ahead.improving and ahead.search.score < RESOLVED
        arm = ahead if converging else min(left, key=lambda a: a.claim(max(best, ENOUGH)))
        before = arm.search.score
        candidate = next(arm.steps, None)
        if candidate is None:
            left.remove(arm)
            continue
        arm.improving = arm.search.score < before / 3
        yield candidate


def run(context: Context, choice: Choice, fit: Fit, method: str) -> Iterator[Candidate]:
    """Candidates of all that were chosen; `fit` gives the heads of what takes turns, and `method` its name. Raises
    ProblemError where no strategy serves the form."""
    if not choice.main:
        why = "; ".join(f"{strategy.NAME}: {reason}" for strategy, reason in choice.others)
        name = context.form.bound.problem.name
        raise ProblemError(f"{method} does not serve the problem ({why})", name, "use --method auto")
    for strategy, claim in choice.runs:
        if claim.role is Role.ALONE:
            first = [other for other, _ in choice.others if claim.after == other.NAME]
            best = math.inf
            for candidate in before(context, first, fit, method):
                best = min(best, candidate.score)
                yield candidate
            if best > (context.tol or PRECISE):
                yield from strategy.solve(replace(context, declared=strategy.OPTIONS))
    arms = choice.of(Role.IN_TURN)
    best = math.inf if arms else 0.0
    for candidate in climb(context, arms, fit, method) if arms else ():
        best = min(best, candidate.score)
        yield candidate
    if best > (context.tol or POOR):
        for strategy in choice.of(Role.LAST):
            yield from last(context, strategy)


def before(context: Context, arms: Sequence[Arm], fit: Fit, method: str) -> Iterator[Candidate]:
    """The candidates of arms that find the solution smooth, from their first on as long as they gain."""
    score = RESOLVED
    for candidate in climb(context, arms, fit, method) if arms and smooth(context) else ():
        if candidate.score >= score:
            return
        yield candidate
        score = candidate.score / GAINED


def smooth(context: Context) -> bool:
    """Do the declared wave numbers ask for no more features than one domain begins with?"""
    waves = Survey.of(context.form, context.seed).waves
    return DOMAIN * modes(waves + ABOVE) < LIGHT


def last(context: Context, strategy: Whole) -> Iterator[Candidate]:
    """What a strategy makes of what a budget leaves but a reserve for the checks; the loop keeps the best of all."""
    reserve = RESERVE * (context.clock.budget or 0.0)
    if not reserve or context.clock.left < 2 * reserve:
        return
    try:
        for candidate in strategy.solve(replace(context, declared=strategy.OPTIONS)):
            yield candidate
            if context.clock.left < reserve:
                return
    except DivergedError:  # there is an answer already
        return


@dataclass
class Progress:
    """When the score was last halved."""

    score: float = float("inf")
    at: float = 0.0
    tries: int = 0

    def stalled(self, best: float, searches: Sequence[Search[Any]]) -> bool:
        spent, tries = sum(search.spent for search in searches), sum(len(search.tried) for search in searches)
        if best < 0.5 * self.score:
            self.score, self.at, self.tries = best, spent, tries
        enough = max(STALLED, self.at) if best < HAZY else UNRESOLVED
        return spent - self.at > enough and tries - self.tries >= VAIN
