"""The search for a frozen body of one kind: what a plan may cost, the attempts and the best of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

from inrpde.discretise.fields import field_points, relative_difference
from inrpde.discretise.score import score
from inrpde.discretise.state import State, field_at
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import times
from inrpde.solvers.bodies.plan import Fit, Plan, Task
from inrpde.solvers.contract.method import Candidate, Context, beats
from inrpde.solvers.search.cost import CHEAP, nominal
from inrpde.solvers.search.record import Attempt, Record
from inrpde.solvers.search.survey import LEFT_OUT, Survey

Array = np.ndarray
Kind = TypeVar("Kind", bound=Plan)
ENOUGH = 3e-12
"""A score below which rounding is all that is left."""
RESOLVED = 1e-4
"""A score below which more features are a better use of time than another band; chosen."""
BLIND = 0.3
"""A score above which the bands that were tried tell nothing; chosen."""
PATIENCE = 20.0
"""Nominal seconds that a step may be predicted to take where neither budget nor tolerance is given and nothing is
known yet; the better the answer, the less a step may take; chosen."""
ENDURANCE = 40.0
"""Nominal seconds that all steps together may take without a budget, four times as many with a tolerance; chosen."""
HEADROOM, AGAIN = 1.2, 0.6
"""Costs are predicted with so much to spare, and so much for the second solve; chosen."""
UNTRIED = 5.0
"""The same for both before anything was tried: how fast the machine is at this problem is not known; chosen."""


@dataclass
class Search(Generic[Kind]):
    """One kind of body: the plans tried so far, and the best of them."""

    context: Context[Any]
    fit: Fit
    method: str
    survey: Survey
    arms: list[Search[Any]] = field(default_factory=list)
    """All searches of the run, this one included."""
    busy: float = 1.0
    """Seconds a nominal second, before any plan was tried."""
    record: Record = field(default_factory=Record)
    """What the run has tried."""
    best: Candidate | None = None
    best_plan: Kind | None = None
    spent: float = 0.0
    """Nominal seconds."""
    change: float = 1.0
    """The relative difference between the best and the best before it."""
    tried: dict[Kind, float] = field(default_factory=dict)
    costs: dict[Kind, float] = field(default_factory=dict)
    values: list[Array] = field(default_factory=list)
    """Those of the best's unknowns at the points on which answers are compared."""
    until: float | None = None
    """The time after which the last march could not be continued."""

    def __post_init__(self) -> None:
        self.arms.append(self)

    @property
    def done(self) -> bool:
        return min(arm.score for arm in self.arms) < max(ENOUGH, self.context.tol or 0.0)

    @property
    def score(self) -> float:
        return self.best.score if self.best else float("inf")

    @property
    def plan(self) -> Kind:
        """That of the best; only where something was attempted."""
        assert self.best_plan is not None
        return self.best_plan

    @property
    def state(self) -> State:
        """The best one; only where something was attempted."""
        assert self.best is not None
        return self.best.state

    def affords(self, plan: Kind) -> bool:
        """Does the predicted cost of a plan fit into the budget, or into what the next step is worth without one?"""
        cost = nominal(self.context.form, plan)
        if self.context.clock.budget is not None:
            spare = HEADROOM + AGAIN if any(arm.best for arm in self.arms) else UNTRIED
            return cost < self.patience and self.context.clock.fits(spare * cost * self.slowness)
        spent = sum(arm.spent for arm in self.arms)
        return cost < self.patience and spent + cost < ENDURANCE * (1 if self.context.tol is None else 4)

    @property
    def slowness(self) -> float:
        """Seconds a nominal second, as measured on the costliest plan so far, on the machine as it was before any."""
        if not self.costs:
            return self.busy
        costliest = max(self.costs, key=lambda plan: nominal(self.context.form, plan))
        return self.costs[costliest] / nominal(self.context.form, costliest)

    @property
    def patience(self) -> float:
        """Nominal seconds that the next step is worth. What others leave unresolved says nothing of what this kind of
        body is worth before one was tried: a score below which nothing is seen may be that of a wrong answer."""
        unknown = self.best is None and min(arm.score for arm in self.arms) > RESOLVED
        return self.worth(1.0 if unknown else min(arm.error for arm in self.arms))

    def worth(self, error: float) -> float:
        """Nominal seconds that a step is worth: the fewer, the better the best answer already is."""
        if self.context.tol is not None:
            return 4 * PATIENCE
        share = (np.log(np.clip(error, ENOUGH, 1.0) / ENOUGH) / np.log(1 / ENOUGH)) ** 4
        return max(share * max(PATIENCE, self.context.clock.budget or 0.0), CHEAP)

    @property
    def error(self) -> float:
        """A first guess at the error of the best: between its score and the last change."""
        return float(np.sqrt(self.score * self.change)) if self.best else 1.0

    def attempt(self, plan: Kind, reason: str) -> Candidate:
        """Fit a plan and score it, or take the outcome from the record; remembers the best.

        What the record tells of a plan that was not the best of its kind is without its state; the best's stands in.
        """
        done = self.record.taken(plan, self.best) or self._tried(plan)
        better = beats(done.score, self.best)
        self.record.made.append(done if better else replace(done, state=None))
        self.until = done.until
        self.tried[plan], self.costs[plan] = done.score, done.cost
        self.spent += done.spent
        state = done.state or self.state
        candidate = Candidate(
            state, done.score, done.fitted, done.cost, self.method, f"{reason}: {plan}",
            self.record.memory(), self._again(plan, state), self.record.settled, done.until,
        )  # fmt: skip
        if better:
            values = self._values(state)
            self.change = max(map(relative_difference, self.values, values), default=min(done.score, 1.0))
            self.best, self.best_plan, self.values = candidate, plan, values
        return candidate

    def _tried(self, plan: Kind) -> Attempt:
        start = time.perf_counter()
        form, seed, held_out = self.context.form, self.context.seed, self.survey.held_out
        samples = draw(form, plan.points, seed, plan.cut)
        if not self.survey.given_points:
            samples = samples.left_out(LEFT_OUT, seed)
        latest, keep = self.best.state if self.best else None, partial(self._kept, plan)
        task = Task(form, self.fit, samples, seed, latest, begun=self.record.part(plan), keep=keep)
        found = plan.solve(task)
        state, until = found.state, found.until
        if until is not None:  # what is left of an answer that ends early is scored as far as it goes
            held_out = held_out.squeezed(times(form), times(form)[0], until)
        scored = score(form, held_out, state).total + found.jumps
        fitted = score(form, samples, state).total
        spent = nominal(form, plan) if found.spent is None else found.spent
        return Attempt(plan.key, scored, fitted, time.perf_counter() - start, spent, until, state)

    def _kept(self, plan: Kind, part: Callable[[], Mapping[str, Any]], note: str) -> None:
        """What is finished of a plan is kept and told of."""
        self.context.keep(partial(self.record.memory, plan, part))
        self.context.tell(note)

    def _values(self, state: State) -> list[Array]:
        points = [field_points(self.context.form, k, 400, 7) for k in range(len(self.context.form.unknowns))]
        return [field_at(state, k, at) for k, at in enumerate(points)]

    def _again(self, plan: Kind, state: State) -> Callable[[int, Sequence[float]], State]:
        other = plan.varied()

        def again(seed: int, lean: Sequence[float]) -> State:
            form = self.context.form
            samples = draw(form, other.points, seed, other.cut).left_out(LEFT_OUT, seed)
            return other.solve(Task(form, self.fit, samples, seed, state, lean)).state

        return again
