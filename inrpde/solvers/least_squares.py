"""Linear problems: the body is frozen, and the head minimises the loss exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.errors import ProblemError
from inrpde.solvers import fine
from inrpde.solvers.blocks import block_solve
from inrpde.solvers.features import Plan, make_trials
from inrpde.solvers.ladder import climb
from inrpde.solvers.linear import RIDGE, ridge_solve
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.samples import Samples, sampled
from inrpde.solvers.state import State, zero_state
from inrpde.solvers.system import System, linearise, no_jets

Array = np.ndarray
DENSE, OPEN = 500, 1200
"""Columns up to which cells, too, are solved by one dense factorisation: where rows determine them, and where not."""
REWEIGHTINGS = 8
"""Rounds of iteratively reweighted least squares, where a condition asks for the norm 1."""


def solve(context: Context) -> Iterator[Candidate]:
    """The method `least-squares`. Raises ProblemError, naming the equation, for a nonlinear problem."""
    form = context.form
    if not form.linear:
        nonlinear = next((row.text for row in form.rows if not row.linear), form.rows[0].text)
        raise ProblemError("least-squares needs linear equations", nonlinear, "use --method auto, or newton")
    yield from fine.solve(context) if fine.serves(form) else climb(context, fit, "least-squares")


def fit(
    form: Form, plan: Plan, samples: Samples, seed: int, start: State | None = None, lean: Sequence[float] = ()
) -> State:
    """The heads that minimise the loss of a linear form on samples, for one frozen body; see `leaning`.

    Of all fields that interpolate points, the smoothest: nothing else says what lies between them."""
    state = zero_state(form, make_trials(form, plan, seed))
    system = linearise(form, samples, state, no_jets(form))
    if all(sampled(form, k) for k in range(len(form.unknowns))):
        smooth = np.concatenate([trial.amplitudes for trial in state.trials])
        return state.with_vector(smooth * minimise(form, system.scaled(smooth), plan))
    return state.with_vector(minimise(form, system, plan, leaning(state, lean, seed)))


def leaning(state: State, sizes: Sequence[float], seed: int) -> Array | None:
    """Heads of random fields, of about the sizes given (root mean square), one for each unknown; None without sizes.

    Of all heads that satisfy the conditions, a least-squares solve returns those that lie nearest to these: where the
    conditions determine the solution they do not matter, and what is left open takes the size given.
    """
    if not sizes:
        return None
    rng = np.random.default_rng([seed, 99])
    pieces = [(size, piece.width) for size, trial in zip(sizes, state.trials, strict=True) for piece in trial.pieces]
    return np.concatenate([size * np.sqrt(2 / width) * rng.standard_normal(width) for size, width in pieces])


def minimise(form: Form, system: System, plan: Plan, lean: Array | None = None, ridge: float = RIDGE) -> Array:
    """One least-squares solve, dense or by cells, reweighted where a condition has the norm 1 (Holland, Welsch 1977).

    Of all solutions the one that lies nearest to `lean` (to zero), the nearer the larger the `ridge`.
    """
    if lean is not None:
        return lean + minimise(form, system.minus(lean), plan, None, ridge)
    parts = system.independent()
    if len(parts) > 1:
        found = [minimise(form, part, plan, None, ridge) for _, part in parts]
        out = np.zeros(system.width, np.result_type(*found))
        for (columns, _), heads in zip(parts, found, strict=True):
            out[columns] = heads
        return out
    share = partial(balance, form, plan=plan)
    if by_blocks(system):
        return block_solve(system, share, ridge)
    matrix, right = system.stacked(share)
    solution = ridge_solve(matrix, right, ridge)
    absolute = np.concatenate(
        [np.full(len(b.right), b.row is not None and _absolute(form, b.row)) for b in system.blocks]
    )
    for _ in range(REWEIGHTINGS if absolute.any() else 0):
        size = np.abs(matrix @ solution - right)[absolute]
        weight = np.ones(len(right))
        weight[absolute] = 1 / np.sqrt(np.maximum(size / max(np.median(size), 1e-300), 1e-6))
        solution = ridge_solve(matrix * weight[:, None], right * weight, ridge)
    return solution


def _absolute(form: Form, row: Row) -> bool:
    return form.conditions[row.condition].norm == 1


def by_blocks(system: System) -> bool:
    """Are there enough cells for the block solver to be faster, and rows for their columns?"""
    widest = max(piece.stop - piece.start for piece in system.pieces)
    rows = sum(len(block.right) for block in system.blocks)
    if rows < system.width:
        return False
    return system.width > (DENSE if rows > 1.5 * system.width else OPEN) and widest < system.width / 4


def balance(form: Form, row: Row, plan: Plan) -> float:
    """The boundary's share: a factor on the conditions that hold on less than a volume."""
    return 1.0 if row.region.dim == form.space.dim else plan.balance
