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
ABOVE, WIDER, STEP = 3.0, 1.5, 0.2
"""The first band above the wave numbers, in coordinates scaled to [-1, 1], how many times as far above them a further
one is, and the share of them that it is farther at least; chosen."""
FEWEST, WIDEST = {1: 60, 2: 300, 3: 700}, 2500
"""Features of an unknown in so many coordinates at least, and of all together at most; chosen."""
DENSITY = 2.5
"""Points a feature; chosen."""
AIM, GAINED = 1e-9, 0.5
"""The score of a member for which a body is good enough, and the share of that of the body before from which wider
ones hardly help; chosen."""
RESOLVED = 1e-2
"""The score of a member above which a body does not resolve it yet: what is narrower than its waves is left as it is by
one that is wider, and wider still gains; chosen."""
SHARE, PATIENCE, MEMBERS = 0.5, 60.0, 40
"""The share of a budget, and the seconds without one, in which so many members are to be solved on a body that is
wider: the basis of a family asks for some dozens; chosen."""


def bodies(context: Context, members: Members) -> tuple[Body, Body]:
    """The body of all members, and another one for second solves.

    It becomes wider as long as that lowers the largest residual of the members at the ends and in the middle, which is
    looked for on the first body alone, or leaves it unresolved; of bodies that are as good the first."""
    corners, seed = nodes(members.lo, members.hi, 0), context.seed
    surveys = [Survey.of(members.form(values), seed) for values in corners]
    surveyed = [np.maximum(each.waves, each.driven) for each in surveys]  # sources are not crowded round
    waves, fastest = np.max(surveyed, axis=0), corners[int(np.argmax(np.sum(surveyed, axis=1)))]
    limit = PATIENCE if context.clock.budget is None else SHARE * context.clock.budget
    begun, above, asked = time.perf_counter(), ABOVE, list(corners)
    chosen, least = (plan := _plan(members.form(fastest), waves, above)), np.inf
    body = made = _made(members, fastest, plan, seed)
    while True:
        tick = time.perf_counter()
        left = [residual(members.form(each), made.solved(each), seed) for each in asked]
        spent, past = (time.perf_counter() - tick) / len(asked), time.perf_counter() - begun
        asked, found = [asked[int(np.argmax(left))]], max(left)
        gained = found <= GAINED * least
        if gained:
            body, chosen, least = made, plan, found
        settled = found <= max(AIM, context.tol or 0.0) or (not gained and found <= RESOLVED)
        above = max(WIDER * above, above + STEP * float(max(waves)))
        wider = _plan(members.form(fastest), waves, above)
        dear = past + MEMBERS * spent * (wider.width / plan.width) ** 3 > limit  # of dense least squares
        if settled or dear or plan.width * len(made.trials) >= WIDEST:
            return body, _made(members, fastest, chosen.varied(), seed + 1)
        plan, made = wider, _made(members, fastest, wider, seed)


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
