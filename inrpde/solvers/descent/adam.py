"""Training by Adam: small steps down the gradient, on points that are drawn anew now and then, or in minibatches.

Kingma and Ba 2015 (algorithm 1), the rate warmed up and then lowered along a cosine to zero (Loshchilov and Hutter
2017)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inrpde import deadline
from inrpde.discretise.state import State
from inrpde.errors import DivergedError
from inrpde.solvers.contract.method import Candidate, Context, reads
from inrpde.solvers.contract.options import Training
from inrpde.solvers.training.devices import check_torch

if TYPE_CHECKING:
    from torch import Tensor

    from inrpde.solvers.training.trainer import Trainer

Array = np.ndarray
STEPS, PATIENCE = 5000, 35.0
"""Steps without a budget, at most, and the nominal seconds that they may take; chosen."""
RATE = 0.03
"""The rate times ω₀, which multiplies what a step does to the angles; chosen."""
WARM_UP = 50
"""Steps over which the rate rises to its highest; chosen."""
RESAMPLE = 100
"""Steps on the same points of regions that have a measure; chosen."""
FIRST_DECAY, SECOND_DECAY, TINY = 0.9, 0.99, 1e-12
"""Kingma and Ba's β₁, β₂ and ε. They propose 0.9, 0.999 and 1e-8."""
CANDIDATES = 50
"""Candidates in a run of a given number of steps; chosen."""
SPENT = 0.75
"""The share of a budget that is trained for; the rest is for checking; chosen."""
AGAIN, REST = 0.15, 0.6
"""The length of a second run beside the first, and the share of what is left of a budget that it may take; chosen."""
HALVINGS = 8
"""How often the rate is halved, where the loss is not finite, before the run ends; chosen."""


@dataclass(frozen=True)
class Moments:
    """Where a run is: parameters, their moments, steps done, the share of the schedule that is past, the rate's factor,
    and the best parameters of all candidates with their scores on held-out and on fitted points."""

    vector: Tensor
    first: Tensor
    second: Tensor
    best: Tensor
    score: float = math.inf
    fitted: float = math.inf
    step: int = 0
    done: float = 0.0
    factor: float = 1.0

    @classmethod
    def start(cls, vector: Tensor) -> Moments:
        zero = vector.new_zeros(vector.shape)
        return cls(vector, zero, zero, vector)

    def update(self, gradient: Tensor, rate: float) -> Moments:
        """After one step. What `torch.optim.Adam` calls is called here, on copies: the class itself would load torch's
        compiler first, which takes longer than many a run."""
        from torch.optim.adam import adam

        vector, first, second = self.vector.clone(), self.first.clone(), self.second.clone()
        adam(
            [vector], [gradient], [first], [second], [], [self.first.new_tensor(self.step, device="cpu")],
            foreach=False, amsgrad=False, maximize=False, weight_decay=0.0,
            lr=rate, beta1=FIRST_DECAY, beta2=SECOND_DECAY, eps=TINY,
        )  # fmt: skip
        return replace(self, vector=vector, first=first, second=second, step=self.step + 1)

    def fall_back(self) -> Moments:
        """From the best parameters again, with half the rate."""
        zero = self.vector.new_zeros(self.vector.shape)
        return replace(self, vector=self.best, first=zero, second=zero, factor=self.factor / 2)

    def memory(self) -> dict[str, Any]:
        arrays = {name: getattr(self, name).numpy(force=True) for name in ("vector", "first", "second", "best")}
        return {"method": "adam", **vars(self), **arrays}

    @classmethod
    def recalled(cls, memory: Mapping[str, Any], trainer: Trainer) -> Moments:
        kept: dict[str, Any] = {key: value for key, value in memory.items() if key != "method"}
        kept |= {key: trainer.tensor(value) for key, value in kept.items() if isinstance(value, Array)}
        return cls(**kept)


@dataclass(frozen=True)
class Schedule:
    """So many steps, or (where that is None) what fits into so many seconds."""

    steps: int | None
    seconds: float

    def done(self, begun: Moments, step: int, spent: float) -> float:
        """The share that is past, of a run that `begun` there `spent` seconds ago."""
        by_time = begun.done + (1 - begun.done) * spent / self.seconds if self.seconds > 0 else 1.0
        return min(max(by_time, step / self.steps if self.steps else 0.0), 1.0)

    def reports(self, step: int, elapsed: float) -> bool:
        """Is it time for a candidate? By steps where their number is known, so that runs repeat."""
        return step % max(self.steps // CANDIDATES, 1) == 0 if self.steps else elapsed > 1.0


def share(at: Moments) -> float:
    """The share of the highest rate that is used where a run is."""
    return at.factor * min(1.0, (at.step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * at.done))


@dataclass(frozen=True)
class Options(Training):
    """The network and its points, and the rate."""

    rate: float | None


@reads(Options)
def solve(context: Context[Options]) -> Iterator[Candidate]:
    """The method `adam`.

    Raises ProblemError for an equation that cannot be differentiated, UsageError for a device that is not there, or
    without torch.
    """
    yield from train(context, context.seed, None, context.memory)


def planned(context: Context[Options], trainer: Trainer) -> Schedule:
    """As many steps as settings say, or as fit into the time that a budget leaves: a schedule that ends before or after
    that wastes the machine."""
    steps = context.options.steps
    if context.clock.budget is None:
        return Schedule(steps or min(STEPS, max(round(PATIENCE / trainer.cost), WARM_UP)), math.inf)
    return Schedule(steps, SPENT * context.clock.left)


def train(context: Context[Options], seed: int, steps: int | None, memory: Mapping[str, Any]) -> Iterator[Candidate]:
    """Candidates of one run of so many steps (as `planned`, where that is None), from its beginning or from the memory
    of one."""
    check_torch("the method adam")
    from inrpde.solvers.training.trainer import Trainer

    trainer = Trainer(context, seed, RESAMPLE)
    schedule = planned(context, trainer) if steps is None else Schedule(steps, REST * context.clock.left)
    begun = reported = time.perf_counter()
    resumed = memory.get("method") == "adam"
    at = start = Moments.recalled(memory, trainer) if resumed else Moments.start(trainer.vector)
    rate = context.options.rate or RATE / trainer.omega
    ended = ""
    while not ended:
        deadline.turn()
        loss, gradient = trainer.loss(at.vector, at.step)
        if math.isfinite(loss) and bool(gradient.isfinite().all()):
            at = at.update(gradient, rate * share(at))
            at = replace(at, done=schedule.done(start, at.step, time.perf_counter() - begun))
            ended = "the end of the schedule" if at.done >= 1 else ""
        else:
            at = at.fall_back()
            ended = "ended, as the loss is not finite" if at.factor < 2.0**-HALVINGS or not at.step else ""
        now = time.perf_counter()
        if ended or schedule.reports(at.step, now - reported):
            at = trainer.judged(at)
            yield _candidate(context, trainer, at, now - reported, ended)
            reported = time.perf_counter()


def _candidate(context: Context[Options], trainer: Trainer, at: Moments, cost: float, ended: str) -> Candidate:
    """The best parameters so far."""

    def again(other: int, lean: Sequence[float]) -> State:
        """A shorter run from other parameters, on other points."""
        *_, last = train(context.afresh(), other, max(round(AGAIN * at.step), 1), {})
        if not math.isfinite(last.score):
            raise DivergedError("a second run met values that are not finite", None, "lower solver.rate")
        return last.state

    reason = f"step {at.step}" + (f", the rate halved {round(-math.log2(at.factor))} times" if at.factor < 1 else "")
    return Candidate(
        trainer.objective.state(at.best), at.score, at.fitted, cost, "adam",
        f"{reason}; {ended}" if ended else reason, at.memory(), again,
    )  # fmt: skip
