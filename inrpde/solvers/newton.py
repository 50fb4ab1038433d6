"""The method `newton`: nonlinear problems, each step a least-squares solve."""

from __future__ import annotations

from collections.abc import Iterator

from inrpde.solvers.contract.method import Candidate, Context, keys, reads
from inrpde.solvers.contract.options import Body
from inrpde.solvers.contract.strategy import Strategy, asked, bind, select
from inrpde.solvers.fitting import newton
from inrpde.solvers.search.ladder import run
from inrpde.solvers.strategies import cells, initial_values, one_domain, signed_distance, windows

STRATEGIES: tuple[Strategy, ...] = (initial_values, signed_distance, one_domain, cells, windows)
"""In the order in which they are asked."""


@reads(Body)
def solve(context: Context[Body]) -> Iterator[Candidate]:
    """Cells round many labelled points where there are such and the body is not given, else one domain, cells and
    windows in turn."""
    choice = select(asked(context.form, STRATEGIES), context.settings, keys(Body))
    bind(context, choice, "newton")
    yield from run(context, choice, newton.fit, "newton")
