"""Linear problems: the body is frozen, and the head minimises the loss exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.base import base_jets
from inrpde.discretise.state import Evaluable, State, zero_state
from inrpde.discretise.system import linearise
from inrpde.sampling.extent import sampled
from inrpde.sampling.sites import Samples
from inrpde.solvers.bodies.plan import Frozen, make_trials
from inrpde.solvers.linear.solve import minimise

Array = np.ndarray


def fit(
    form: Form, plan: Frozen, samples: Samples, seed: int, start: Evaluable | None = None, lean: Sequence[float] = ()
) -> State:
    """The heads that minimise the loss of a linear form on samples, for one frozen body; see `leaning`.

    Of all fields that interpolate points, the smoothest: nothing else says what lies between them."""
    state = zero_state(form, make_trials(form, plan, seed))
    system = linearise(form, samples, state, base_jets(form))
    if all(sampled(form, k) for k in range(len(form.unknowns))):
        smooth = np.concatenate([trial.amplitudes for trial in state.trials])
        return state.with_vector(smooth * minimise(system.scaled(smooth)))
    return state.with_vector(minimise(system, leaning(state, lean, seed)))


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
