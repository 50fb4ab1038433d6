"""The arm of the search on cells: of a shape that follows the declaration, then refined where that pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from inrpde.compiler.form import Form
from inrpde.sampling.draw import Fractions
from inrpde.sampling.extent import bounds
from inrpde.solvers.bodies.plan import Cells
from inrpde.solvers.bodies.singular import Poles
from inrpde.solvers.bodies.trefftz import Waves, solves
from inrpde.solvers.contract.method import Candidate
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.search.cost import CHEAP, nominal
from inrpde.solvers.search.grading import SPARE, cell_plan, crowded, first_cells, narrowed, spaced, uniform
from inrpde.solvers.search.search import Search

NAME, OPTIONS = "cells", Nothing
DEAR = 5.0
"""Nominal seconds that the first cells of a nonlinear problem may take with the waves that its data declare;
chosen."""
SHARES = (0.9, 0.8, 0.7, 0.6)
"""Shares of the declared waves, of which the first that can be afforded is taken: where data have narrow parts, they
are more than the solution has almost everywhere; chosen."""
HALF = 0.5
"""The share of a cell's features that are waves of the equation, where there are such; chosen."""


def serves(form: Form) -> Claim | str:
    return Claim(Role.IN_TURN, "sine features on overlapping cells, refined where that pays")


def price(search: Search[Cells]) -> float:
    return 0.0


def steps(search: Search[Cells]) -> Iterator[Candidate]:
    """Cells of a shape that follows the box and the wave numbers; then whatever refinement lowers the score most."""
    form = search.context.form
    first = first_cells(form, search.survey)
    first = first.enriched(Poles()) if search.survey.has_holes else first
    if not form.linear and nominal(form, first) > DEAR:
        # narrow parts of the data ask for waves everywhere: where features are dear, cells crowd there instead
        search.survey = replace(search.survey, waves=np.zeros(form.space.dim))
        first = with_breaks(search, first.breaks)
    sourced = crowded_by_sources(search, first)
    while first.width < SPARE * search.survey.given_points:
        first = with_breaks(search, tuple(uniform(len(b)) for b in first.breaks))
    shares = iter(SHARES)
    while not search.affords(first) and (share := next(shares, None)):
        first = narrowed(first, tuple(share * search.survey.waves / first.shape))
    if search.affords(first):
        yield search.attempt(first, "cells")
    if sourced is not None and search.affords(sourced) and not search.done:
        yield search.attempt(sourced, "cells, crowded where the sources are")
    if not search.tried:
        return
    if not search.done and any(solves(form, k, first.band, bounds(form)) for k in range(len(form.unknowns))):
        best = search.plan
        yield search.attempt(best.enriched(Waves(HALF, best.band)), "cells, with exponentials of the equation")
    axes = [partial(refined, axis=k) for k in range(form.space.dim)] if form.space.dim > 1 else []
    moves: list[Callable[[Search[Cells]], Cells]] = [refined, graded, *axes]
    misses = 0
    while not search.done and misses < (2 if search.score > 1e-3 else 1):
        before = search.score
        for move in moves:
            plan = move(search)
            if plan in search.tried or not search.affords(plan):
                continue
            if move in axes and search.score < 0.1 and nominal(search.context.form, plan) > CHEAP:
                break  # what a refinement along all axes hardly improves, one along a single axis rarely does
            yield search.attempt(plan, "cells")
            if search.done or search.score < before / 3:
                break
        misses = 0 if search.score < 0.6 * before else misses + 1


def with_breaks(search: Search[Cells], breaks: Fractions) -> Cells:
    """Cells of these breaks, with the features that the declaration asks for."""
    return cell_plan(search.context.form, search.survey, breaks)


def refined(search: Search[Cells], axis: int | None = None) -> Cells:
    """A third more cells along every axis (or along one, twice as many), in the proportions that they have."""
    breaks = []
    for k, old in enumerate(search.plan.breaks):
        n = len(old) - 1
        more = int(np.ceil(1.34 * n)) if axis is None else 2 * n if axis == k else n
        breaks.append(tuple(float(v) for v in np.interp(np.linspace(0, n, more + 1), np.arange(n + 1), old)))
    return like(search.plan, with_breaks(search, tuple(breaks)))


def graded(search: Search[Cells]) -> Cells:
    """A third more cells along every axis, crowded where the solution bends."""
    more = tuple(int(np.ceil(1.34 * (len(old) - 1))) for old in search.plan.breaks)
    return like(search.plan, with_breaks(search, crowded(search.context.form, search.state, more)))


def crowded_by_sources(search: Search[Cells], even: Cells) -> Cells | None:
    """Cells that crowd where narrow sources are, at least as many as the even ones; None where these are wide."""
    narrow = search.survey.narrow
    if not any(narrow):
        return None
    many = 8 if len(narrow) < 3 else 5
    counts = [max(many, n) if crowd else n for crowd, n in zip(narrow, even.shape, strict=True)]
    return with_breaks(search, tuple(spaced(*each) for each in zip(search.survey.sources, counts, strict=True)))


def like(old: Cells, new: Cells) -> Cells:
    """New cells, enriched as the old ones."""
    same = replace(new, enrichments=old.enrichments)
    return same if old.waves is None else same.enriched(Waves(HALF, new.band))
