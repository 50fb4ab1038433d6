"""Random Fourier features (Rahimi and Recht 2007) for linear problems: --method rff --set rff.sigma=3."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inrpde.errors import UsageError
from inrpde.plugin import (
    Candidate,
    Context,
    Form,
    State,
    bounds,
    draw,
    linearise,
    minimise,
    no_jets,
    optional,
    positive,
    reads,
    score,
    setting,
    zero_state,
)  # fmt: skip
from inrpde_example.gabor import Gabor


@dataclass(frozen=True)
class Options:
    """The features of `solver.width`, and two settings of this package."""

    width: int | None
    sigma: float = setting("rff.sigma", 4.0, positive, "deviation of the waves, radians along a side of the box")
    window: float | None = setting("rff.window", None, optional(positive), "width of Gaussian windows, in sides")


def features(form: Form, unknown: int, options: Options, seed: int) -> Gabor:
    (lo, hi), rng, count = bounds(form, unknown), np.random.default_rng([seed, unknown]), options.width or 400
    waves = rng.normal(0, options.sigma, (count, len(lo))) / (hi - lo)
    centres = lo + (hi - lo) * rng.random(waves.shape)
    rates = (1 / options.window if options.window else 0.0) / (hi - lo)
    return Gabor(waves, rng.uniform(0, 2 * np.pi, waves.shape), centres, rates)


@reads(Options)
def solve(context: Context[Options]) -> Iterator[Candidate]:
    form, options, begun = context.form, context.options, time.perf_counter()
    if not form.linear:
        raise UsageError("rff takes linear equations", f"--method rff for {form.bound.problem.name}", "--method newton")

    def fitted(seed: int, lean: object = ()) -> State:
        trials = tuple(features(form, k, options, seed) for k in range(len(form.unknowns)))
        state = zero_state(form, trials)
        samples = draw(form, 4 * sum(trial.width for trial in trials), seed)
        return state.with_vector(minimise(linearise(form, samples, state, no_jets(form))))

    state = fitted(context.seed)
    seen, unseen = (score(form, draw(form, 1000, seed), state).total for seed in (context.seed, context.seed + 1))
    cost = time.perf_counter() - begun
    yield Candidate(state, unseen, seen, cost, "rff", f"deviation {options.sigma:g}", again=fitted)
