"""What a strategy is, and which of several serve a form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from inrpde.compiler.form import Form
from inrpde.config import Settings
from inrpde.solvers.contract.method import All, Candidate, Context, keys, of_solvers
from inrpde.solvers.contract.options import check_read, listed

Keys = frozenset[str]
NONE: Keys = frozenset()


class Withdrawn(Exception):
    """In a few words why a strategy that has claimed a form does not serve it after all; others follow."""


class Role(Enum):
    """When a strategy runs: alone, in turn with others of this role, or on what these leave poor."""

    ALONE = "alone"
    IN_TURN = "in turn"
    LAST = "last, where the others leave a poor answer and a budget leaves time"


@dataclass(frozen=True)
class Claim:
    """That a strategy serves a form, when it runs, and what it makes of the form in a few words; `after` names one that
    takes turns, whose answers a strategy that runs alone lets pass before, where it is cheap and has any that are
    resolved."""

    role: Role
    because: str
    after: str | None = None


class Strategy(Protocol):
    """A module, or an object, with a name and, in OPTIONS, the dataclass of the settings that it reads (see `method`).

    What runs ALONE or LAST has `solve(context)`. What runs IN_TURN has `steps(search)` of a `search.Search`, which
    shares the time, and what is known of the form, with others, and `price(search)`, the nominal seconds that it waits
    for the others to have had. Both yield candidates.
    """

    @property
    def NAME(self) -> str: ...

    @property
    def OPTIONS(self) -> type: ...

    def serves(self, form: Form) -> Claim | str:
        """The claim, or in a few words why there is none."""


class Whole(Strategy, Protocol):
    """What runs alone, or last."""

    def solve(self, context: Context) -> Iterator[Candidate]: ...


class Arm(Strategy, Protocol):
    """What takes turns."""

    def steps(self, search: Any) -> Iterator[Candidate]: ...

    def price(self, search: Any) -> float: ...


@dataclass(frozen=True)
class Choice:
    """Strategies that run, with their claims, and the others, with why they do not."""

    runs: tuple[tuple[Any, Claim], ...]
    others: tuple[tuple[Any, str], ...]

    @property
    def main(self) -> list[Any]:
        """The strategies that run, but for those that come last."""
        return self.of(Role.ALONE) + self.of(Role.IN_TURN)

    def of(self, role: Role) -> list[Any]:
        """The strategies that run in a role."""
        return [strategy for strategy, claim in self.runs if claim.role is role]

    def described(self) -> list[dict[str, Any]]:
        """Every strategy's name, when it runs (None: it does not), and why."""
        runs = [{"name": s.NAME, "runs": claim.role.value, "because": claim.because} for s, claim in self.runs]
        return runs + [{"name": s.NAME, "runs": None, "because": why} for s, why in self.others]


Answer = tuple[Strategy, Claim | str]


def asked(form: Form, strategies: Iterable[Strategy]) -> list[Answer]:
    """Strategies, with what they say of a form."""
    return [(strategy, strategy.serves(form)) for strategy in strategies]


def choose(answers: Sequence[Answer], user: Keys = NONE, author: Keys = NONE) -> Choice:
    """Of those that read all that the `user` has set, the first that claims a form alone; else all that take turns, and
    those that come last, of which what the problem's `author` has set and one that takes turns reads binds all."""
    able = [(s, each) for s, each in answers if isinstance(each, Claim) and user <= keys(s.OPTIONS)]
    if not any(claim.role is Role.ALONE for _, claim in able):
        user |= author & known(strategy for strategy, claim in able if claim.role is Role.IN_TURN)
    unread = [user - keys(strategy.OPTIONS) for strategy, _ in answers]
    answers = [
        (strategy, f"it does not read {listed(left)}" if left and isinstance(answer, Claim) else answer)
        for (strategy, answer), left in zip(answers, unread, strict=True)
    ]
    claims = [(strategy, answer) for strategy, answer in answers if isinstance(answer, Claim)]
    alone = [pair for pair in claims if pair[1].role is Role.ALONE][:1]
    runs = alone or claims
    others = [
        (strategy, answer if isinstance(answer, str) else f"{runs[0][0].NAME} solves it alone")
        for strategy, answer in answers
        if all(strategy is not each for each, _ in runs)
    ]
    return Choice(tuple(runs), tuple(others))


def select(answers: Sequence[Answer], settings: Settings, mine: Keys) -> Choice:
    """The choice under those settings that are `mine`; the user's bind nothing where no strategy reads them all."""
    user, author = settings.user & mine, settings.author & mine
    choice = choose(answers, user, author)
    return choice if choice.main else choose(answers, author=author)


def bind(context: Context[Any], choice: Choice, method: str) -> None:
    """Tell which strategies the settings bind, and warn of those of the author that none reads. Raises UsageError, with
    the methods that read it, for what the user has set and none reads. What the method itself does not read is no
    matter of its strategies."""
    names, read = listed(strategy.NAME for strategy in choice.main), known(choice.main)
    elsewhere = NONE if context.declared is All else of_solvers(context.settings) - keys(context.declared)
    check_read(f"{names}, which {method} takes here", read | elsewhere, context.settings, context.warn)
    if bound := context.settings.set & read:
        context.tell(f"{listed(bound)} {'binds' if len(bound) == 1 else 'bind'} {names}")


def known(strategies: Iterable[Strategy]) -> Keys:
    """The settings that strategies read."""
    return NONE.union(*(keys(strategy.OPTIONS) for strategy in strategies))
