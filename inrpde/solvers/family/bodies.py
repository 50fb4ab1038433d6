"""The body of all members: as wide as the one that is hardest to resolve asks for."""

from __future__ import annotations

import time

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.family import nodes
from inrpde.discretise.score import score
from inrpde.discretise.state import State
from inrpde.sampling.draw import draw
from inrpde.sampling.modes import DOMAIN, modes
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.contract.levels import HELD_OUT, SCORED
from inrpde.solvers.contract.method import Context
from inrpde.solvers.family.members import Body, Members, remembered
from inrpde.solvers.search.survey import Survey

Array = np.ndarray
ABOVE, WIDER = 3.0, 1.5
"""The first band above the wave numbers, in coordinates scaled to [-1, 1], and how many times as far above them a
further one is; chosen."""
FEWEST, WIDEST = {1: 60, 2: 300, 3: 700}, 2500
"""Features of an unknown in so many coordinates at least, and of all together at most; chosen."""
DENSITY = 2.5
"""Points a feature; chosen."""
AIM, GAINED = 1e-9, 0.5
"""The score of a member for which a body is good enough, and the share of that of the body before from which wider
ones hardly help; chosen."""
SHARE, PATIENCE, DEAR = 0.15, 15.0, 4.0
"""The share of a budget, and the seconds without one, after which no wider body is tried, and how many times as long as
the last one it takes; chosen."""


def bodies(context: Context, members: Members) -> tuple[Body, Body]:
    """The body of all members, and another one for second solves.

    It becomes wider as long as that lowers the largest residual of the members at the ends and in the middle, which is
    looked for on the first body alone."""
    corners, seed = nodes(members.lo, members.hi, 0), context.seed
    surveys = [Survey.of(members.form(values), seed) for values in corners]
    surveyed = [np.maximum(each.waves, each.driven) for each in surveys]  # sources are not crowded round
    waves, fastest = np.max(surveyed, axis=0), corners[int(np.argmax(np.sum(surveyed, axis=1)))]
    limit = PATIENCE if context.clock.budget is None else SHARE * context.clock.budget
    begun, above, last, asked = time.perf_counter(), ABOVE, np.inf, list(corners)
    while True:
        tick = time.perf_counter()
        plan = _plan(members.form(fastest), waves, above)
        body = _made(members, fastest, plan, seed)
        left = [residual(members.form(each), body.solved(each), seed) for each in asked]
        spent, past = (time.perf_counter() - tick) / len(asked), time.perf_counter() - begun
        asked, found = [asked[int(np.argmax(left))]], max(left)
        widest = plan.width * len(body.trials) >= WIDEST
        good = found <= max(AIM, context.tol or 0.0)
        if good or found > GAINED * last or widest or past + DEAR * spent > limit:
            return body, _made(members, fastest, plan.varied(), seed + 1)
        above, last = WIDER * above, found


def residual(form: Form, state: State, seed: int) -> float:
    """The score of a member."""
    return score(form, draw(form, SCORED, seed + HELD_OUT), state).total


def _plan(form: Form, waves: Array, above: float) -> Global:
    band = tuple(float(w) for w in np.minimum(waves, 150) + above)
    least = FEWEST.get(len(band), 1000)
    return Global(min(max(least, round(DOMAIN * modes(band))), WIDEST // len(form.unknowns)), band)


def _made(members: Members, values: Array, plan: Global, seed: int) -> Body:
    """The body of a plan, as the member of some values has it."""
    form = members.form(values)
    samples = draw(form, round(DENSITY * plan.width), seed)
    return Body(members, remembered(form, make_trials(form, plan, seed), samples), samples)
