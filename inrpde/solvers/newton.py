"""The method `newton`: nonlinear problems, each step a least-squares solve."""

from __future__ import annotations

from collections.abc import Iterator

from inrpde.solvers.fitting import newton
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.strategies import cells, one_domain, signed_distance, windows
from inrpde.solvers.strategy import Strategy, asked, choose, run

STRATEGIES: tuple[Strategy, ...] = (signed_distance, one_domain, cells, windows)


def solve(context: Context) -> Iterator[Candidate]:
    """Cells round many labelled points where there are such, else one domain, cells and windows in turn."""
    yield from run(context, choose(asked(context.form, STRATEGIES)), newton.fit, "newton")
