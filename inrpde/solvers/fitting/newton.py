"""Nonlinear problems: Newton's method on the heads of a frozen body, each step a least-squares solve.

Where the equations cannot all vanish this is Gauss–Newton on the loss (Nocedal and Wright 2006, section 10.3)."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form
from inrpde.discretise.jets import Jets, evaluate_jets, residuals
from inrpde.discretise.state import Evaluable, State, field_at, zero_state
from inrpde.discretise.system import Block, Entries, System, linearise, piece_slices
from inrpde.errors import DivergedError
from inrpde.networks.trial import Trial
from inrpde.sampling.sites import Samples
from inrpde.solvers.bodies.plan import Frozen, make_trials
from inrpde.solvers.fitting.initial_guess import guess
from inrpde.solvers.fitting.linear import leaning
from inrpde.solvers.linear import RIDGE
from inrpde.solvers.linear.solve import solved
from inrpde.solvers.linear.weights import absolute, weights

Array = np.ndarray
STEPS = 40
"""Newton steps at most; chosen."""
ENOUGH = 0.97
"""A step that lowers the loss by less is the last; chosen."""
TRUE = 1.02
"""A loss beside the one that the linearisation foretells: so near to it, a further step would gain nothing; chosen."""
LOW = 0.1
"""The share of the first loss below which the linearisation is believed: it does not see what is learned at first;
chosen."""
SHORTEST = 2.0**-7
"""The shortest step of the line search; chosen."""
DAMPED = 1e-3
"""The largest ridge about where a state is, for steps that no length makes good, and from the start for learned
fields, which the equations hardly determine at first (Levenberg 1944); chosen."""
ANOTHER = 2.0
"""Times the last step that must be left for a further one and for its score; chosen."""
STUCK = 0.03
"""The share of the first loss above which a state is far from a solution; chosen."""


def fit(
    form: Form, plan: Frozen, samples: Samples, seed: int, start: Evaluable | None = None, lean: Sequence[float] = ()
) -> State:
    """The heads of a frozen body where the loss is stationary, from a state or the problem's guess; see `leaning`."""
    trials = make_trials(form, plan, seed)
    state = clip(form, project(form, trials, samples, start or guess(form, samples)))
    return descended(form, samples, state, leaning(state, lean, seed))


def descended(form: Form, samples: Samples, state: State, towards: Array | None = None) -> State:
    """The state where the loss is stationary, from a state on the same trials; steps lean `towards` heads (width,)."""
    jets = evaluate_jets(form, samples, state)
    fields = any(unknown.learned and not unknown.is_number for unknown in form.unknowns)
    first, ridge = 0.0, DAMPED if fields else RIDGE
    for _ in range(STEPS):
        begun = time.perf_counter()
        system = linearise(form, samples, state, jets)
        if absolute(system):
            system = system.weighted(weights(system.minus(state.vector)))
        merit = _merit(form, samples, jets, system)
        _check_finite(system)
        first = max(first, merit)
        about = state.vector if ridge > RIDGE else anchor(form, state) if towards is None else towards
        target = state.with_vector(solved(system, about, ridge))
        expected = _expected(system, target)
        there = evaluate_jets(form, samples, target)
        length, reached = _line_search(form, samples, jets, there, system, merit)
        if not length:
            if ridge >= DAMPED or (merit < STUCK * first and not fields):
                break
            ridge = max(1e3 * ridge, 1e-9)
            continue
        moved = state.with_vector(state.vector + length * (target.vector - state.vector))
        state = clip(form, moved)
        jets = evaluate_jets(form, samples, state)
        if ridge <= RIDGE and (reached > ENOUGH * merit or (reached < TRUE * expected < LOW * first)):
            break
        ridge = max(0.1 * ridge, RIDGE)
        if ANOTHER * (time.perf_counter() - begun) > deadline.left():
            break  # a state on the way is an answer, too
    return state


def _check_finite(system: System) -> None:
    """Raise DivergedError, naming the equation, where a state is so that an equation or its tangent is not finite."""
    for block in system.blocks:
        if block.row is not None and not (np.isfinite(block.scale) and np.all(np.isfinite(block.right))):
            raise DivergedError(
                "Newton's method came to where an equation is singular",
                block.row.text,
                "give a guess close to the solution, and where the equation is finite: Problem(…, guess={u: …})",
            )


def _line_search(
    form: Form, samples: Samples, here: Jets, there: Jets, system: System, merit: float
) -> tuple[float, float]:
    """Halve the step until the loss falls: its length and the loss there; length 0 where no step helps."""
    length = 1.0
    while length >= SHORTEST:
        reached = _merit(form, samples, here.towards(there, length), system)
        if reached < merit * (1 - 1e-4 * length):
            return length, reached
        length /= 2
    return 0.0, merit


def _merit(form: Form, samples: Samples, jets: Jets, system: System) -> float:
    """The root of the loss, rows scaled and weighted as in a system."""
    factors = {block.row: factor for block, factor in zip(system.blocks, system.factors, strict=True)}
    total = 0.0
    for row, values in zip(form.rows, residuals(form, samples, jets), strict=True):
        factor = factors.get(row, samples.of(row).roots)
        with np.errstate(all="ignore"):
            total += float(np.sum(np.abs(factor * values[: len(factor)]) ** 2))
    return float(np.sqrt(total)) if np.isfinite(total) else float("inf")


def _expected(system: System, target: State) -> float:
    """The root of the loss at the target of a step, if the equations were linear."""
    pairs = zip(system.blocks, system.factors, strict=True)
    left = (f * (b.times(target.vector, system.pieces) - b.right) for b, f in pairs)
    return float(np.sqrt(sum(np.vdot(each, each).real for each in left)))


def anchor(form: Form, state: State) -> Array | None:
    """What a step leans towards: learned coefficients where they are, so that one which the equations say nothing about
    (as long as its unknown vanishes) keeps its initial value, the rest zero; None where nothing is learned."""
    if not any(unknown.learned for unknown in form.unknowns):
        return None
    heads = zip(form.unknowns, state.heads, strict=True)
    return np.concatenate([head if unknown.learned else np.zeros_like(head) for unknown, head in heads])


def clip(form: Form, state: State) -> State:
    """Learned numbers are kept inside their bounds."""
    heads = list(state.heads)
    for k, unknown in enumerate(form.unknowns):
        if unknown.is_number and unknown.learned is not None and unknown.learned.bounds is not None:
            heads[k] = np.clip(heads[k], *unknown.learned.bounds)
    return State(state.trials, tuple(heads))


def project(form: Form, trials: tuple[Trial, ...], samples: Samples, start: Evaluable) -> State:
    """The heads on new trials that come closest to a state, in the mean square over all points."""
    heads = []
    for k, trial in enumerate(trials):
        sites = dict.fromkeys(samples.of(row) for row in form.rows if k in row.indices)
        distinct = [site.points for site in sites]
        points = np.concatenate(distinct) if distinct else np.zeros((1, form.space.dim))
        values = field_at(start, k, points) - trial.offset
        heads.append(_nearest(trial, points, values) if np.any(values) else np.zeros(trial.width, dtype=values.dtype))
    kind = zero_state(form, trials).heads[0].dtype
    return State(trials, tuple(head.astype(np.result_type(kind, head.dtype)) for head in heads))


def _nearest(trial: Trial, points: Array, values: Array) -> Array:
    """The head whose field comes closest to values at points."""
    identity = {(0,) * points.shape[1]: 1.0}
    parts = []
    for k, piece in enumerate(trial.pieces):
        rows = piece.support(points)
        parts.append(Entries(k, rows, piece.operator(points if rows is None else points[rows], identity)))
    root = np.full(len(points), 1 / np.sqrt(len(points)))
    system = System((Block(None, tuple(parts), values, 1.0, root),), piece_slices((trial,)))
    return solved(system)
