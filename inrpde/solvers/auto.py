"""The method `auto`: the first strategy that claims a form alone, or all that take turns. This list is its policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from inrpde import plugins
from inrpde.compiler.form import Form
from inrpde.config import Settings
from inrpde.solvers.contract.guest import Guest
from inrpde.solvers.contract.method import Candidate, Context, of_solvers
from inrpde.solvers.contract.strategy import Answer, Choice, Claim, Role, Strategy, Withdrawn, asked, bind, select
from inrpde.solvers.family import strategy as family
from inrpde.solvers.fitting import fit_for
from inrpde.solvers.galerkin import strategy as flux_form
from inrpde.solvers.inverse import strategy as inverse
from inrpde.solvers.joint import strategy as joint
from inrpde.solvers.lines import at_points
from inrpde.solvers.lines import flux_form as lines
from inrpde.solvers.periodic import strategy as periodic
from inrpde.solvers.search.ladder import run
from inrpde.solvers.strategies import (
    cells,
    initial_values,
    one_domain,
    refinement,
    sample_fit,
    signed_distance,
    training,
    windows,
)

STRATEGIES: tuple[Strategy, ...] = (
    family,
    initial_values,
    sample_fit,
    signed_distance,
    joint,
    inverse,
    training,
    periodic,
    flux_form,
    lines,
    at_points,
    one_domain,
    cells,
    windows,
    refinement,
)
"""In the order in which they are asked, those of other packages (entry points `inrpde.strategies`) before them."""


def solve(context: Context) -> Iterator[Candidate]:
    """The method `auto`. It declares no options: settings bind the strategies that read them. Raises UsageError, with
    the methods that read it, for what the user has set and nothing that serves the form reads. Where a strategy of
    another package runs alone and fails, the others follow."""
    answers = _answers(context.form, context.settings, context.warn)
    fit, method = fit_for(context.form)
    while True:
        choice = select(answers, context.settings, of_solvers(context.settings))
        bind(context, choice, "auto")
        failed: dict[Any, str] = {}
        try:
            yield from run(context, choice, fit, method)
        except Withdrawn as why:
            failed = {each: str(why) for each in choice.of(Role.ALONE)}
            context.tell(str(why))
        failed |= {each: "it has failed" for each in choice.of(Role.ALONE) if isinstance(each, Guest) and each.failed}
        if not failed:
            return
        answers = [(strategy, failed.get(strategy, answer)) for strategy, answer in answers]


def chosen(form: Form, settings: Settings, warn: Callable[[str], None] = lambda line: None) -> Choice:
    """Which strategies run for a form, of all that are installed and read what the user has set (all, where none does).
    What fails is named to `warn` and passed over."""
    return select(_answers(form, settings, warn), settings, of_solvers(settings))


def _answers(form: Form, settings: Settings, warn: Callable[[str], None]) -> list[Answer]:
    """All strategies, and what they say of a form."""
    answers = [*_installed(form, warn), *asked(form, STRATEGIES)]
    if settings["solver.activation"] != "sine":
        claim = Claim(Role.ALONE, "only what is trained has another activation than the sine")
        answers = [(strategy, claim if strategy is training else answer) for strategy, answer in answers]
    return answers


def _installed(form: Form, warn: Callable[[str], None]) -> Iterator[Answer]:
    """The strategies of other packages, and what they say of a form."""
    for plugin in plugins.in_turn("strategies"):
        try:
            guest = Guest(plugin.load(), plugin, warn)
            yield guest, guest.serves(form)
        except (Exception, SystemExit) as error:
            warn(f"the strategy {plugin.name!r} of {plugin.package} is passed over: {plugins.failed(error)}")
