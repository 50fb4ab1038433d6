"""The method that fits the problem, and the next one where the held-out score says that it pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from inrpde.solvers import adam, conjugate, fine, least_squares, newton
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.resolution import sample_points

MANY, SOME = 6000, 300
"""Labelled points that are too many for the ladder, and those that are enough to resolve a field where all else that is
asked of it weighs less than 1, as a prior does."""


def solve(context: Context) -> Iterator[Candidate]:
    """The method `auto`."""
    yield from chosen(context)(context)


def chosen(context: Context) -> Callable[[Context], Iterator[Candidate]]:
    """The method for a form: the ladder of frozen bodies, unless there are many samples or what it cannot do."""
    form = context.form
    if context.settings["solver.activation"] != "sine":
        return adam.solve
    if fine.serves(form):
        return least_squares.solve
    wishes = all(condition.weight < 1 for condition in form.conditions if condition.region.dim > 0)
    many = len(sample_points(form)) > (SOME if wishes else MANY)
    if many and conjugate.supports(form):
        return conjugate.solve
    only_samples = all(condition.region.dim == 0 for condition in form.conditions)
    if (many and only_samples) or (not form.linear and any(c.norm == 1 for c in form.conditions)):
        return adam.solve
    return least_squares.solve if form.linear else newton.solve
