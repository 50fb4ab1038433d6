"""The ladder: the method that fits the problem, and the next one where the held-out score says that it pays."""

from __future__ import annotations

from collections.abc import Iterator

from inrpde.solvers import least_squares, newton
from inrpde.solvers.method import Candidate, Context


def solve(context: Context) -> Iterator[Candidate]:
    """The method `auto`."""
    yield from (least_squares if context.form.linear else newton).solve(context)
