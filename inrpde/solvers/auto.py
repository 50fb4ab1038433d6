"""The method that fits the problem, and the next one where the held-out score says that it pays."""

from __future__ import annotations

import math
from collections.abc import Iterator

from inrpde.compiler.form import Form
from inrpde.errors import DivergedError
from inrpde.sampling.extent import sample_points
from inrpde.solvers import adam, fine, gauss_newton, least_squares, newton, relinearised
from inrpde.solvers.method import Candidate, Context, Strategy, read
from inrpde.solvers.options import check_read, listed

MANY = 6000
"""Labelled points that are too many for the ladder."""
POOR = 1e-3
"""A score above which an answer is not left at that, where no tolerance says so."""
RESERVE = 0.2
"""The share of a budget that is left for the second solve and the checks."""


def solve(context: Context) -> Iterator[Candidate]:
    """The method `auto`; where the ladder leaves a poor answer and time, Gauss–Newton comes last.

    It declares no options: settings bind what it chooses. Raises UsageError, with the methods that read it, for what
    the user has set and nothing that fits the form reads."""
    name, method = chosen(context)
    check_read(f"{name}, which auto takes here", method, context.settings, context.warn)
    bound, best = (context.settings.user | context.settings.author) & read(method), math.inf
    ladder = method in (least_squares.solve, newton.solve)
    if bound:
        alone = "; cells and windows of time are not tried" if ladder else ""
        context.tell(f"{listed(bound)} {'binds' if len(bound) == 1 else 'bind'} {name}{alone}")
    for candidate in method(context):
        best = min(best, candidate.score)
        yield candidate
    if ladder and bound <= read(gauss_newton.solve) and best > (context.tol or POOR):
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


def chosen(context: Context) -> tuple[str, Strategy]:
    """The first method that fits the form and reads all that the user has set, by its name; the last that fits, where
    none does. Only what is trained has another activation than the sine."""
    other = context.settings["solver.activation"] != "sine"
    strategies = [("adam", adam.solve)] if other else list(fitting(context.form))
    asked = context.settings.user & read(solve)
    return next((each for each in strategies if asked <= read(each[1])), strategies[-1])


def fitting(form: Form) -> Iterator[tuple[str, Strategy]]:
    """The methods that fit a form, the best first: the ladder of frozen bodies, unless there are many samples or what
    it cannot do."""
    if fine.serves(form):
        yield "least-squares on cells as fine as the samples", fine.solve
    if relinearised.serves(form):
        yield "newton on cells round the labelled points", relinearised.solve
    alone = all(condition.region.dim == 0 for condition in form.conditions)
    if (len(sample_points(form)) > MANY and alone) or (not form.linear and any(c.norm == 1 for c in form.conditions)):
        yield "adam", adam.solve
    elif form.linear:
        yield "least-squares", least_squares.solve
    else:
        yield "newton", newton.solve
