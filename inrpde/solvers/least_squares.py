"""The method `least-squares`: linear problems, whose heads minimise the loss exactly."""

from __future__ import annotations

from collections.abc import Iterator

from inrpde.errors import ProblemError
from inrpde.solvers.contract.method import Candidate, Context, keys, reads
from inrpde.solvers.contract.options import Body
from inrpde.solvers.contract.strategy import Strategy, asked, bind, select
from inrpde.solvers.fitting import linear
from inrpde.solvers.search.ladder import run
from inrpde.solvers.strategies import cells, initial_values, one_domain, sample_fit, windows

STRATEGIES: tuple[Strategy, ...] = (initial_values, sample_fit, one_domain, cells, windows)
"""In the order in which they are asked."""


@reads(Body)
def solve(context: Context[Body]) -> Iterator[Candidate]:
    """On cells as fine as many samples ask for, where there are such and the body is not given. Raises ProblemError,
    naming the equation, for a nonlinear problem."""
    form = context.form
    if not form.linear:
        nonlinear = next((row.text for row in form.rows if not row.linear), form.rows[0].text)
        raise ProblemError("least-squares needs linear equations", nonlinear, "use --method auto, or newton")
    choice = select(asked(form, STRATEGIES), context.settings, keys(Body))
    bind(context, choice, "least-squares")
    yield from run(context, choice, linear.fit, "least-squares")
