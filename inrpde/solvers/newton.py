"""Nonlinear problems: Newton's method on the heads of a frozen body, each step a least-squares solve.

Where the equations cannot all vanish this is Gauss–Newton on the loss (Nocedal and Wright 2006, section 10.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from inrpde.compiler.evaluate import evaluate
from inrpde.compiler.form import Form, Index
from inrpde.errors import DivergedError
from inrpde.networks.trial import Trial
from inrpde.solvers.features import Plan, make_trials
from inrpde.solvers.least_squares import balance, minimise
from inrpde.solvers.linear import ridge_solve
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.samples import Samples
from inrpde.solvers.search import climb
from inrpde.solvers.state import State, zero_state
from inrpde.solvers.system import System, linearise, residual

Array = np.ndarray
STEPS = 40
"""Newton steps at most."""
SHORTEST = 2.0**-7
"""The shortest step of the line search."""


def solve(context: Context) -> Iterator[Candidate]:
    """The method `newton`."""
    yield from climb(context, fit, "newton")


def fit(form: Form, plan: Plan, samples: Samples, seed: int, start: State | None = None) -> State:
    """The heads of a frozen body at which the loss is stationary, from a state or from the problem's guess."""
    trials = make_trials(form, plan, seed)
    state = project(form, trials, samples, start or guess(form))
    state = clip(form, state)
    merit = _merit(form, samples, state, None, plan)
    for _ in range(STEPS):
        system = linearise(form, samples, state, at_zero=False)
        merit = _merit(form, samples, state, system, plan)
        target = minimise(form, system, plan)
        state, reached = _line_search(form, samples, state, target, system, plan, merit)
        if reached > 0.99 * merit:
            break
    if not np.isfinite(merit):
        raise DivergedError("Newton's method met values that are not finite", None, "give a `guess` close to the solution")
    return state


def _line_search(
    form: Form, samples: Samples, state: State, target: Array, system: System, plan: Plan, merit: float
) -> tuple[State, float]:
    """Halve the step until the loss falls; the state as it was where no step helps."""
    here, length = state.vector, 1.0
    while length >= SHORTEST:
        trial = clip(form, state.with_vector(here + length * (target - here)))
        reached = _merit(form, samples, trial, system, plan)
        if reached < merit * (1 - 1e-4 * length):
            return trial, reached
        length /= 2
    return state, merit


def _merit(form: Form, samples: Samples, state: State, system: System | None, plan: Plan) -> float:
    """The root of the loss, rows scaled as in a system."""
    if system is None:
        return float("inf")
    scales = {id(block.row): block.scale for block in system.blocks}
    total = 0.0
    for row in form.rows:
        site = samples.of(row)
        with np.errstate(all="ignore"):
            values = np.abs(residual(form, row, samples, state))
        factor = balance(form, row, plan) / scales.get(id(row), 1.0)
        condition = form.conditions[row.condition]
        total += condition.weight * factor**2 * float(np.sum(site.weights * values**2) / np.sum(site.weights))
    return float(np.sqrt(total)) if np.isfinite(total) else float("inf")


def clip(form: Form, state: State) -> State:
    """Learned numbers are kept inside their bounds."""
    heads = list(state.heads)
    for k, unknown in enumerate(form.unknowns):
        if unknown.is_number and unknown.learned is not None and unknown.learned.bounds is not None:
            heads[k] = np.clip(heads[k], *unknown.learned.bounds)
    return State(state.trials, tuple(heads))


@dataclass(frozen=True)
class Guess:
    """The problem's guess, as a state: expressions, and the initial values of learned coefficients; zero elsewhere."""

    form: Form

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        known = self.form.unknowns[unknown]
        expr = _guessed(self.form).get(known.name, known.learned.initial if known.learned else 0)
        fields = {key.func.__name__: field.jets for key, field in self.form.bound.fields.items()}
        return {index: evaluate(expr, self.form.space.coords, points, fields) for index in indices}


def _guessed(form: Form) -> dict:
    from sympy import im, re

    known: dict = {}
    for key, expr in form.bound.problem.guess.items():
        name, expr = key.func.__name__, form.bound.known(expr)
        known |= {name: expr, f"{name}_re": re(expr), f"{name}_im": im(expr)}
    return known


def guess(form: Form) -> Guess:
    return Guess(form)


def project(form: Form, trials: tuple[Trial, ...], samples: Samples, start: State | Guess) -> State:
    """The heads on new trials that come closest to a state, in the mean square over all points."""
    zero = (0,) * form.space.dim
    heads = []
    for k, trial in enumerate(trials):
        sites = [samples.of(row) for row in form.rows if any(jet.unknown == k for jet in row.jets.values())]
        points = np.concatenate([site.points for site in {id(s): s for s in sites}.values()]) if sites else np.zeros((1, form.space.dim))
        values = start.jets(k, points, [zero])[zero]
        matrix = trial.jets(points, [zero])[zero]
        heads.append(ridge_solve(matrix, values) if np.any(values) else np.zeros(trial.width, dtype=values.dtype))
    return State(trials, zero_like(form, trials, heads))


def zero_like(form: Form, trials: tuple[Trial, ...], heads: list[Array]) -> tuple[Array, ...]:
    kind = zero_state(form, trials).heads[0].dtype
    return tuple(head.astype(np.result_type(kind, head.dtype)) for head in heads)
