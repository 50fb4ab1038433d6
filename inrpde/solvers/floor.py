"""The last resort: a coarse answer where the time ended before a method had its first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from inrpde import deadline
from inrpde.discretise.score import score
from inrpde.discretise.state import State
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.contract.levels import HELD_OUT
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.fitting import fit_for
from inrpde.solvers.search.survey import LEFT_OUT

FEATURES, ALL = (20, 60), 600
"""Features of an unknown, at least and at most, and of all unknowns together; chosen."""
BAND = 4.0
"""The half-width of their frequencies in coordinates scaled to [-1, 1]; chosen."""
DENSITY = 4.0
"""Points a feature, and at most so many of each condition's; chosen."""
SECONDS = 1.0
"""The answer may take so long, however little is left; chosen."""


def coarse(context: Context) -> Candidate | None:
    """Few features on one domain, fitted to few points, in what a budget keeps for a reference; None where that fails,
    too."""
    with suppress(Exception), deadline.within(max(context.clock.referring, SECONDS)):
        return _fitted(context)
    return None


def _fitted(context: Context) -> Candidate:
    form, seed, begun = context.form, context.seed, time.perf_counter()
    width = int(np.clip(ALL // len(form.unknowns), *FEATURES))
    plan = Global(width, (BAND,) * form.space.dim, density=DENSITY, enrichments=())
    fit, method = fit_for(form)
    drawn = draw(form, plan.points, seed).left_out(LEFT_OUT, seed).thinned(plan.points)
    unseen = draw(form, plan.points, seed + HELD_OUT).left_out(LEFT_OUT, seed, kept=False).thinned(plan.points)
    state = fit(form, plan, drawn, seed)
    found = score(form, unseen, state).total

    def again(other: int, lean: Sequence[float]) -> State:
        fewer = draw(form, plan.points, other).left_out(LEFT_OUT, other).thinned(plan.points)
        return fit(form, plan.varied(), fewer, other, state, lean)

    fitted, spent = score(form, drawn, state).total, time.perf_counter() - begun
    return Candidate(state, found, fitted, spent, method, f"coarse, for want of time: {plan}", again=again)
