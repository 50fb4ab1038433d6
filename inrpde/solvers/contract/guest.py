"""A strategy of another package, held to its word: what breaks in it is told with its name, and ends its turn alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from inrpde import plugins
from inrpde.compiler.form import Form
from inrpde.discretise.state import State
from inrpde.networks.trial import Trial
from inrpde.solvers.contract.method import Candidate, Context, beats, strange
from inrpde.solvers.contract.strategy import Claim, Role

NEEDS = {Role.ALONE: ("solve",), Role.LAST: ("solve",), Role.IN_TURN: ("steps", "price")}
"""What a strategy has, by when it runs."""


@dataclass(eq=False)
class Guest:
    """What an entry point names, as a `Strategy` whose failures `warn` is told of, and end it alone."""

    strategy: Any
    plugin: plugins.Plugin
    warn: Callable[[str], None]
    failed: bool = False

    @property
    def NAME(self) -> str:
        return self.strategy.NAME

    @property
    def OPTIONS(self) -> type:
        return self.strategy.OPTIONS

    def serves(self, form: Form) -> Claim | str:
        """The claim, or why there is none. Raises TypeError, and whatever the strategy raises, for one that is none."""
        if not isinstance(self.NAME, str) or not self.NAME:
            raise TypeError(f"NAME is {self.NAME!r:.60}, and no text")
        if unknown := strange(self.OPTIONS):
            raise TypeError(f"OPTIONS has fields that are no settings: {', '.join(unknown)}")
        answer = self.strategy.serves(form)
        if isinstance(answer, str):
            return answer
        if not isinstance(answer, Claim) or not isinstance(answer.role, Role):
            raise TypeError(f"serves gave {answer!r:.60}, neither a Claim nor a reason")
        if lacks := [name for name in NEEDS[answer.role] if not callable(getattr(self.strategy, name, None))]:
            raise TypeError(f"it runs {answer.role.value}, and has no {lacks[0]}")
        return answer

    def solve(self, context: Context[Any]) -> Iterator[Candidate]:
        """Its candidates up to where it fails; to find no finite answer is to fail, too."""
        found = False
        for candidate in self._held(lambda: self.strategy.solve(context), context.form):
            found = found or bool(np.isfinite(candidate.score))
            yield candidate
        if not found and not self.failed:
            self.fail("it found no finite answer")

    def steps(self, search: Any) -> Iterator[Candidate]:
        """The same; what it has not made by `search.attempt` counts in its search all the same."""
        if self.failed:
            return
        begun, spent = time.perf_counter(), search.spent
        for candidate in self._held(lambda: self.strategy.steps(search), search.context.form):
            if search.spent == spent:
                search.spent += (time.perf_counter() - begun) / search.busy
            if beats(candidate.score, search.best):
                search.best = candidate
            spent = search.spent
            yield candidate
            begun = time.perf_counter()

    def price(self, search: Any) -> float:
        try:
            return float(self.strategy.price(search))
        except (Exception, SystemExit) as error:
            self.fail(plugins.failed(error))
            return 0.0

    def fail(self, why: str) -> None:
        """It is passed over from now on."""
        self.failed = True
        self.warn(f"the strategy {self.plugin.name!r} of {self.plugin.package} is passed over: {why}")

    def _held(self, begin: Callable[[], Iterator[Any]], form: Form) -> Iterator[Candidate]:
        try:
            for given in begin():
                yield checked(given, form)
        except (Exception, SystemExit) as error:
            self.fail(plugins.failed(error))


def checked(given: Any, form: Form) -> Candidate:
    """A candidate that can be evaluated. Raises TypeError for anything else."""
    if not isinstance(given, Candidate):
        raise TypeError(f"it yields {given!r:.60}, which is no Candidate")
    if not all(isinstance(number, float | int | np.number) for number in (given.score, given.fitted, given.cost)):
        raise TypeError(
            f"its candidate has the score {given.score!r:.60}, fitted {given.fitted!r:.60}, cost {given.cost!r:.60}"
        )
    state = given.state
    if not isinstance(state, State) or not all(isinstance(trial, Trial) for trial in state.trials):
        raise TypeError(f"its candidate has the state {state!r:.60}, which is no State of Trials")
    shapes = [np.shape(head) for head in state.heads]
    if len(shapes) != len(form.unknowns) or shapes != [(trial.width,) for trial in state.trials]:
        raise TypeError(f"its state has heads of the shapes {shapes}, which do not fit its trials, one an unknown")
    return given
