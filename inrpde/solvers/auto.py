"""The method `auto`: the first strategy that claims a form alone, or all that take turns. This list is its policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from inrpde import plugins
from inrpde.compiler.form import Form
from inrpde.solvers.fitting import linear, newton
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.strategies import (
    cells,
    one_domain,
    refinement,
    sample_fit,
    signed_distance,
    training,
    windows,
)
from inrpde.solvers.strategy import Answer, Choice, Claim, Strategy, asked, choose, run

STRATEGIES: tuple[Strategy, ...] = (sample_fit, signed_distance, training, one_domain, cells, windows, refinement)
"""In the order in which they are asked, those of other packages (entry points `inrpde.strategies`) before them."""


def solve(context: Context) -> Iterator[Candidate]:
    """The method `auto`."""
    if context.settings["solver.activation"] != "sine":
        yield from training.solve(context)
        return
    linear_ = context.form.linear
    fit, method = (linear.fit, "least-squares") if linear_ else (newton.fit, "newton")
    yield from run(context, chosen(context.form, context.warn), fit, method)


def chosen(form: Form, warn: Callable[[str], None] = lambda line: None) -> Choice:
    """Which strategies run for a form, of all that are installed; what fails is named to `warn` and passed over."""
    return choose([*_installed(form, warn), *asked(form, STRATEGIES)])


def _installed(form: Form, warn: Callable[[str], None]) -> Iterator[Answer]:
    """The strategies of other packages, and what they say of a form."""
    for plugin in plugins.in_turn("strategies"):
        try:
            strategy = plugin.load()
            answer = strategy.serves(form)
            if not isinstance(answer, Claim | str) or not strategy.NAME:
                raise TypeError(f"serves gave {answer!r:.60}, neither a Claim nor a reason")
            yield strategy, answer
        except Exception as error:
            warn(f"the strategy {plugin.name!r} of {plugin.package} is passed over: {plugins.failed(error)}")
