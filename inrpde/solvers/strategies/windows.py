"""The arm of the search that marches: window by window to an aim, then to lower ones while that pays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.solvers.bodies.plan import Cells
from inrpde.solvers.contract.method import Candidate
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.marching.initial import marches
from inrpde.solvers.marching.march import March
from inrpde.solvers.search.cost import nominal
from inrpde.solvers.search.grading import first_cells, uniform
from inrpde.solvers.search.search import Search

NAME, OPTIONS = "windows of time", Nothing
AIMS = (1e-4, 1e-6, 1e-8)
"""The scores that windows are to meet, one march after another; chosen."""
BAND = {2: (4.0, 1.8), 3: (3.5, 1.8), 4: (3.0, 1.5)}
"""The band of a cell's features in space and in time, by the number of coordinates: narrow, as cells and windows are
made so small that the solution is smooth in each; chosen."""
FEATURES = {2: 75, 3: 220, 4: 450}
"""Features a cell for equations of the second order, by the number of coordinates; more for higher orders; chosen."""
RICHER = 1.4
"""How many times as many features a cell has for each further aim; chosen."""
MARCH = 15.0
"""Nominal seconds that a march may take where neither budget nor tolerance is given, and its error is not `SMALL`;
chosen."""
SMALL = 3e-6
"""An error below which a march may take what any step is worth, and no more; chosen."""
MISSED = 10.0
"""A march whose score is so many times its aim could not afford it, and will not afford a lower one; chosen."""
BUDGET_SHARE = 0.6
"""The share of what is left of a budget that one march may take; chosen."""


def serves(form: Form) -> Claim | str:
    if form.evolves is None or form.space.dim == 1:
        return "there is no evolution of fields in space"
    if not marches(form):
        return "not every condition holds at all times, or at the start of an evolution"
    return Claim(Role.IN_TURN, "cells in windows of time, one after the other, as long as the solution allows")


def steps(search: Search[March]) -> Iterator[Candidate]:
    """March to one aim after another."""
    tol = search.context.tol
    aims = AIMS if tol is None else [aim for aim in AIMS if aim > tol / 2] + [tol / 4]
    inner = first_window(search)
    error = min(arm.error for arm in search.arms)
    for number, aim in enumerate(aims):
        plan = March(
            replace(inner, each=round(inner.each * RICHER**number)), aim, _allowance(search, error), _best(search)
        )
        if search.done or nominal(search.context.form, plan) > plan.allowance:
            return
        if aim >= plan.hopeless:
            continue
        before = search.score
        yield search.attempt(plan, "windows")
        if search.until is not None or search.score > MISSED * aim:
            return
        # what two marches differ by is the error of the first, which falls like the score
        error = search.change * min(search.score / before, 1.0) if np.isfinite(before) else search.change


def price(search: Search[March]) -> float:
    """The nominal seconds that the first march would take if all windows were as the first; 0 for nonlinear problems,
    of which windows are the cheapest way to know anything."""
    form = search.context.form
    return nominal(form, March(first_window(search), AIMS[0], MARCH)) if form.linear else 0.0


def _best(search: Search[March]) -> float:
    return min(arm.score for arm in search.arms)


def _allowance(search: Search[March], error: float) -> float:
    """Nominal seconds that a march may take; of a budget, what leaves time for the second solve."""
    clock = search.context.clock
    if search.context.tol is not None or clock.budget is not None:
        return min(search.worth(error), BUDGET_SHARE * clock.left / max(search.slowness, 1.0))
    return MARCH if error > SMALL else search.worth(error)


def first_window(search: Search[March]) -> Cells:
    """Cells that the initial values ask for, in a window in which they change a little."""
    form = search.context.form
    d = form.space.dim
    shape = np.array(first_cells(form, search.survey).shape)
    space, time = BAND.get(d, (3.0, 1.5))
    waves = 2 * search.survey.waves / space
    shape = np.maximum(2 * shape if d < 3 else shape, np.ceil(waves).astype(int))[:-1]
    each = round(FEATURES.get(d, 600) * max(form.order, 2) / 2)
    return Cells((*(uniform(n) for n in shape), uniform(1)), each, (*[space] * (d - 1), time), span=(0.0, 0.125))
