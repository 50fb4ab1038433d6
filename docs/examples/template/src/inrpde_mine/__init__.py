"""A method to begin with: one fit of sine features, in a band that is a setting."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inrpde.plugin import Candidate, Context, Global, State, draw, fit, positive, reads, score, setting


@dataclass(frozen=True)
class Options:
    """What the method reads: `solver.width`, which inrpde has, and a setting of its own."""

    width: int | None
    band: float = setting("mine.band", 6.0, positive, "half-width of the frequencies' band, over the box")


@reads(Options)
def solve(context: Context[Options]) -> Iterator[Candidate]:
    form, options, begun = context.form, context.options, time.perf_counter()
    plan = Global(options.width or 200, (options.band,) * form.space.dim)

    def fitted(seed: int, lean: Sequence[float] = ()) -> State:
        return fit(form, plan, draw(form, plan.points, seed), seed, lean=lean)

    state, seconds = fitted(context.seed), time.perf_counter() - begun
    unseen, seen = (score(form, draw(form, 500, seed), state).total for seed in (context.seed + 1, context.seed))
    yield Candidate(state, unseen, seen, seconds, "mine", str(plan), again=fitted)
