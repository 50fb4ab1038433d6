"""Quasi-Newton training: a direction from the curvature met so far, and a step along it that satisfies the strong Wolfe
conditions (Nocedal and Wright 2006, section 3.1), on points that stay the same."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from inrpde import deadline
from inrpde.discretise.state import State
from inrpde.errors import DivergedError
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Training
from inrpde.solvers.training.devices import check_torch

if TYPE_CHECKING:
    from inrpde.solvers.training.trainer import Trainer

Array = np.ndarray
Loss = Callable[[Array], tuple[float, Array]]
CANDIDATES = 50
"""Candidates in a run of a given number of steps; chosen."""
SPENT = 0.7
"""The share of a budget that is trained for; the rest is for checking; chosen."""
AGAIN = 0.3
"""The length of a second run beside the first; chosen."""
DECREASE, FLATNESS = 1e-4, 0.9
"""The constants of the strong Wolfe conditions, as Nocedal and Wright propose them for quasi-Newton methods."""
FLAT = 1e-12
"""Steps with less curvature, relative to the change of the gradient, teach a curvature nothing; chosen."""
TRIALS = 12
"""Evaluations in a line search at most; chosen."""
SMALLEST = 1e-14
"""A relative decrease of the loss below which it has converged."""


class Curvature(Protocol):
    """An approximation of the inverse Hessian, as frozen data."""

    def times(self, gradient: Array) -> Array:
        """The approximation times a vector (n,)."""

    def updated(self, step: Array, change: Array, gradient: Array, length: float) -> Self:
        """After a step of that length along -H·gradient, over which the gradient changed by `change`."""

    def forgotten(self) -> Self:
        """The identity again."""

    def memory(self) -> dict[str, Any]:
        """Its arrays."""


@dataclass(frozen=True)
class Descent:
    """Where a run is: parameters with their loss and gradient, the curvature, steps done, restarts, and the best
    parameters of all candidates with their scores on held-out and on fitted points."""

    vector: Array
    loss: float
    gradient: Array
    curvature: Curvature
    best: Array
    score: float = math.inf
    fitted: float = math.inf
    step: int = 0
    restarts: int = 0
    fresh: bool = True
    """Is the curvature still the identity?"""

    def memory(self, method: str) -> dict[str, Any]:
        return {**vars(self), "method": method, "curvature": self.curvature.memory()}


@dataclass(frozen=True)
class QuasiNewton:
    """A quasi-Newton method: its name, the curvature of n parameters at the start (or from a memory), and the neurons a
    layer and the steps that it takes where none are chosen."""

    name: str
    curvature: Callable[[int, Mapping[str, Any]], Curvature]
    width: int
    steps: int


def train(method: QuasiNewton, context: Context[Training]) -> Iterator[Candidate]:
    """Candidates of a run from its beginning, or from the memory of one of the same method."""
    budgeted = context.clock.budget is not None
    steps = context.options.steps or (math.inf if budgeted else method.steps)
    seconds = SPENT * context.clock.left if budgeted else math.inf
    yield from _run(method, context, context.seed, steps, seconds, context.memory)


def _run(
    method: QuasiNewton, context: Context[Training], seed: int, steps: float, seconds: float, memory: Mapping[str, Any]
) -> Iterator[Candidate]:
    check_torch(f"the method {method.name}")
    from inrpde.solvers.training.trainer import Trainer

    begun = reported = time.perf_counter()
    trainer = Trainer(context, seed, width=method.width)

    def loss(vector: Array) -> tuple[float, Array]:
        deadline.turn()
        value, gradient = trainer.loss(vector, 0)
        return value, gradient.numpy(force=True)

    if memory.get("method") == method.name:
        kept = {key: value for key, value in memory.items() if key != "method"}
        at = Descent(**{**kept, "curvature": method.curvature(len(kept["vector"]), kept["curvature"])})
    else:
        vector = trainer.vector.numpy(force=True)
        at = Descent(vector, *loss(vector), method.curvature(len(vector), {}), vector)
    every = max(int(steps / CANDIDATES), 1) if math.isfinite(steps) else None
    if not (math.isfinite(at.loss) and np.isfinite(at.gradient).all()):
        fix = "give a `guess` where all equations are finite"
        raise DivergedError("the loss is not finite at the start", None, fix)
    ended = ""
    while not ended:
        before, at = at, advance(loss, at)
        now = time.perf_counter()
        if at is before:
            ended = "no step lowers the loss"
        elif before.loss - at.loss <= SMALLEST * before.loss and not at.fresh:
            ended = "the loss has converged"
        elif at.step >= steps or now - begun > seconds:
            ended = "the end of the run"
        if ended or (at.step % every == 0 if every else now - reported > 1.0):
            at = trainer.judged(at)
            yield _candidate(method, context, trainer, at, now - reported, ended)
            reported = time.perf_counter()


def advance(loss: Loss, at: Descent) -> Descent:
    """One step, down the gradient where the curvature leads nowhere; `at` itself where that leads nowhere either."""
    direction = -at.curvature.times(at.gradient)
    shrink = 1 / max(1.0, float(np.linalg.norm(direction))) if at.fresh else 1.0
    direction *= shrink
    found = wolfe(loss, at, direction)
    if found is None:
        if at.fresh:
            return at
        return advance(loss, replace(at, curvature=at.curvature.forgotten(), fresh=True, restarts=at.restarts + 1))
    length, value, gradient = found
    step = length * direction
    change = gradient - at.gradient
    curvature = at.curvature.updated(step, change, at.gradient, length * shrink)
    return replace(
        at, vector=at.vector + step, loss=value, gradient=gradient, curvature=curvature, step=at.step + 1, fresh=False
    )


def wolfe(loss: Loss, at: Descent, direction: Array) -> tuple[float, float, Array] | None:
    """A length along a direction that satisfies the strong Wolfe conditions, the loss and the gradient there, or None.

    A loss that is not finite counts as one that is much too large, so that the length shrinks.
    """
    from scipy.optimize import line_search

    if not float(direction @ at.gradient) < 0:
        return None
    huge = 1e3 * (1 + abs(at.loss))
    seen: dict[bytes, tuple[float, Array]] = {}

    def evaluate(vector: Array) -> tuple[float, Array]:
        key = vector.tobytes()
        if key not in seen:
            value, gradient = loss(vector)
            finite = math.isfinite(value) and np.isfinite(gradient).all()
            seen[key] = (value, gradient) if finite else (huge, np.zeros_like(gradient))
        return seen[key]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that no length was found, in a class without a public name
        length, *_ = line_search(
            lambda v: evaluate(v)[0], lambda v: evaluate(v)[1], at.vector, direction, at.gradient, at.loss,
            c1=DECREASE, c2=FLATNESS, maxiter=TRIALS,
        )  # fmt: skip
    if length is None:
        return None
    value, gradient = evaluate(at.vector + length * direction)
    return (float(length), value, gradient) if value < at.loss else None


def _candidate(
    method: QuasiNewton, context: Context[Training], trainer: Trainer, at: Descent, cost: float, ended: str
) -> Candidate:
    """The best parameters so far."""

    def again(other: int, lean: Sequence[float]) -> State:
        """A shorter run from other parameters, on other points."""
        *_, last = _run(method, context.afresh(), other, max(round(AGAIN * at.step), 1), math.inf, {})
        return last.state

    reason = f"step {at.step}, loss {at.loss:.1e}" + (f", {at.restarts} restarts" if at.restarts else "")
    return Candidate(
        trainer.objective.state(at.best), at.score, at.fitted, cost, method.name,
        f"{reason}; {ended}" if ended else reason, at.memory(method.name), again,
    )  # fmt: skip
