"""The method that fits the problem, and the next one where the held-out score says that it pays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from inrpde.errors import DivergedError
from inrpde.sampling.extent import sample_points
from inrpde.solvers import adam, fine, gauss_newton, least_squares, newton, relinearised
from inrpde.solvers.method import Candidate, Context

MANY = 6000
"""Labelled points that are too many for the ladder."""
POOR = 1e-3
"""A score above which an answer is not left at that, where no tolerance says so."""
RESERVE = 0.2
"""The share of a budget that is left for the second solve and the checks."""


def solve(context: Context) -> Iterator[Candidate]:
    """The method `auto`; where the ladder leaves a poor answer and time, Gauss–Newton comes last."""
    method, best = chosen(context), math.inf
    for candidate in method(context):
        best = min(best, candidate.score)
        yield candidate
    if method in (least_squares.solve, newton.solve) and best > (context.tol or POOR) and not fine.serves(context.form):
        yield from last(context)


def last(context: Context) -> Iterator[Candidate]:
    """Gauss–Newton steps for what a budget leaves but a reserve for the checks; the loop keeps the best of all."""
    reserve = RESERVE * (context.clock.budget or 0.0)
    if not reserve or context.clock.left < 2 * reserve:
        return
    try:
        for candidate in gauss_newton.solve(context):
            yield candidate
            if context.clock.left < reserve:
                return
    except DivergedError:  # there is an answer already
        return


def chosen(context: Context) -> Callable[[Context], Iterator[Candidate]]:
    """The method for a form: the ladder of frozen bodies, unless there are many samples or what it cannot do."""
    form = context.form
    if context.settings["solver.activation"] != "sine":
        return adam.solve
    if fine.serves(form):
        return least_squares.solve
    if relinearised.serves(form):
        return relinearised.solve
    alone = all(condition.region.dim == 0 for condition in form.conditions)
    if (len(sample_points(form)) > MANY and alone) or (not form.linear and any(c.norm == 1 for c in form.conditions)):
        return adam.solve
    return least_squares.solve if form.linear else newton.solve
