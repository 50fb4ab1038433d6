"""Linear problems: the body is frozen, and the head minimises the loss exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.jets import no_jets
from inrpde.discretise.state import State, zero_state
from inrpde.discretise.system import linearise
from inrpde.errors import ProblemError
from inrpde.sampling.extent import sampled
from inrpde.sampling.sites import Samples
from inrpde.solvers import fine
from inrpde.solvers.features import Plan, make_trials
from inrpde.solvers.ladder import climb
from inrpde.solvers.linear.minimise import minimise
from inrpde.solvers.method import Candidate, Context, reads
from inrpde.solvers.options import Body
from inrpde.solvers.search import fixed

Array = np.ndarray


@reads(Body)
def solve(context: Context[Body]) -> Iterator[Candidate]:
    """The method `least-squares`: on cells as fine as many samples ask for, where there are such and the body is not
    given. Raises ProblemError, naming the equation, for a nonlinear problem."""
    form = context.form
    if not form.linear:
        nonlinear = next((row.text for row in form.rows if not row.linear), form.rows[0].text)
        raise ProblemError("least-squares needs linear equations", nonlinear, "use --method auto, or newton")
    yield from fine.solve(context) if fine.serves(form) and not fixed(context) else climb(context, fit, "least-squares")


def fit(
    form: Form, plan: Plan, samples: Samples, seed: int, start: State | None = None, lean: Sequence[float] = ()
) -> State:
    """The heads that minimise the loss of a linear form on samples, for one frozen body; see `leaning`.

    Of all fields that interpolate points, the smoothest: nothing else says what lies between them."""
    state = zero_state(form, make_trials(form, plan, seed))
    system = linearise(form, samples, state, no_jets(form))
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
