"""What a method is: a generator of candidates, each better informed than the last. The loop owns everything else.

A method says in one line which settings it reads, each a field with the name and the type of `solver.NAME`:

    @dataclass(frozen=True)
    class Options:
        width: int | None
        rate: float | None

    @reads(Options)
    def solve(context: Context[Options]) -> Iterator[Candidate]:
        width = context.options.width or 64

What the user sets and the method does not read is then refused, with the methods that read it, and what the problem's
author sets is a warning. A method that declares nothing is given all settings, and none of them is refused. Fields that
are a `setting` are of the method's own package (`inrpde.setting`)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass, replace
from functools import cached_property, update_wrapper
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

from inrpde.compiler.form import Form
from inrpde.config import SETTINGS, Settings
from inrpde.discretise.family import Family
from inrpde.discretise.state import State
from inrpde.setting import own

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Array = np.ndarray
Declared = TypeVar("Declared", bound="DataclassInstance", covariant=True)
PREFIX = "solver."
"""What the keys of methods' settings begin with."""
All: Any = make_dataclass("All", [key.removeprefix(PREFIX) for key in SETTINGS if key.startswith(PREFIX)], frozen=True)
"""The options of a method that declares none."""
RESERVE, LEAST = 0.25, 2.0
"""The share of a budget that is kept for the reference, the report and the file, and the least of it in seconds, where
that is no more than a third of the budget; chosen."""
SEARCH = 0.8
"""The share of the rest after which the search is stopped, so that a second solve can tell how wrong its answer is;
chosen."""
CHECKS, CHECKED = 30.0, 0.2
"""Seconds for the checks of the declaration where there is no budget, and the share of one that compiling and they may
take; chosen."""
SCORING = 0.05
"""The share of what is left of a budget that one score of the checks may take; chosen."""
REPORT = 0.4
"""The share of the reserve that is for the report and the file alone; chosen."""
SECOND, REFERENCE = 60.0, 60.0
"""Seconds for the second solve and for a reference where there is no budget, at most: most plan for less; chosen."""
PATIENCE, TOLERANT = 120.0, 4.0
"""Seconds after which a search without a budget is stopped, and how many times as many where a tolerance is given;
chosen."""


@dataclass(frozen=True)
class Clock:
    """Wall-clock time since the start, and the budget (seconds, or None)."""

    budget: float | None
    start: float = field(default_factory=lambda: time.perf_counter())

    @property
    def spent(self) -> float:
        return time.perf_counter() - self.start

    @property
    def left(self) -> float:
        """Seconds left for the search and the second solve."""
        return float("inf") if self.budget is None else self.budget - self.reserve - self.spent

    @property
    def reserve(self) -> float:
        """Seconds of a budget for what comes after them."""
        return 0.0 if self.budget is None else max(RESERVE * self.budget, min(LEAST, self.budget / 3))

    @property
    def checking(self) -> float:
        """Seconds left for the checks of the declaration."""
        return CHECKS if self.budget is None else max(CHECKED * self.budget - self.spent, 0.0)

    @property
    def second(self) -> float:
        """Seconds left for the second solve."""
        return SECOND if self.budget is None else self.left

    @property
    def scoring(self) -> float:
        """Seconds for each score of the checks."""
        return float("inf") if self.budget is None else SCORING * (self.budget - self.spent)

    @property
    def referring(self) -> float:
        """Seconds left for the reference, of what is kept for it."""
        if self.budget is None:
            return REFERENCE
        return self.budget - REPORT * self.reserve - self.spent

    @property
    def searching(self) -> float:
        """Seconds left for the search alone."""
        return float("inf") if self.budget is None else SEARCH * (self.budget - self.reserve) - self.spent

    def fits(self, cost: float) -> bool:
        """Does a step of this predicted cost (seconds) fit into what is left?"""
        return cost <= self.left


@dataclass(frozen=True)
class Context(Generic[Declared]):
    """All that a method may know. `tol` bounds the score; `memory` is what a checkpoint kept of this method."""

    form: Form
    settings: Settings
    seed: int
    clock: Clock
    tol: float | None = None
    device: str = "cpu"
    memory: Mapping[str, Any] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda message: None
    warn: Callable[[str], None] = lambda message: None
    """Takes a line for the report's warnings."""
    keep: Callable[[Callable[[], Mapping[str, Any]]], None] = lambda memory: None
    """Takes what gives the memory between two candidates; the loop's."""
    declared: type[Declared] = All
    """The dataclass of the settings that the method reads."""

    @cached_property
    def options(self) -> Declared:
        """The values of what the method reads."""
        mine = own(self.declared)
        theirs = {name: self.settings.get(each.key, each.default) for name, each in mine.items()}
        names = (each.name for each in fields(self.declared) if each.name not in mine)
        return self.declared(**theirs, **{name: self.settings[PREFIX + name] for name in names})

    def afresh(self) -> Context[Declared]:
        """The same for a second, short run: from its beginning, and not worth compiling."""
        return replace(self, memory={}, settings=self.settings | {"solver.compile": False})


@dataclass(frozen=True)
class Candidate:
    """A state with its held-out score, what it cost (seconds), and why it was tried.

    `fitted` is the score on the fitted points; `memory` is what a checkpoint needs to continue; `again` makes a second,
    different solve of the same kind, for the error estimate: from a seed, and a size for each unknown of the random
    field towards which it leans where the conditions leave the solution open. `settled`: an earlier run, which is
    resumed, has seen this candidate and gone on. `until`: the time after which the answer could not be continued.
    `share`: the part of what the second solve differs by that is the error of this one, where more than the residuals
    says so. `weak`: it solves the flux form, so that residuals at points say nothing, and its score is an error.
    `doubts`: what it knows that it may have missed, in words. `noise`: by condition the standard deviation of readings;
    `spread`: of each unknown heads (width, n) whose squares add up to its variance at a point, as far as the readings'
    noise makes it uncertain. `kin`: the family of solutions that this is the one of.
    """

    state: State
    score: float
    fitted: float
    cost: float
    method: str
    reason: str
    memory: Mapping[str, Any] = field(default_factory=dict)
    again: Callable[[int, Sequence[float]], State] | None = None
    settled: bool = False
    until: float | None = None
    share: float | None = None
    weak: bool = False
    doubts: tuple[str, ...] = ()
    noise: Mapping[int, float] = field(default_factory=dict)
    spread: Mapping[int, Array] = field(default_factory=dict)
    kin: Kin | None = None


@dataclass(frozen=True, eq=False)
class Kin:
    """The members of a family that a candidate is one of: `checks` are the values of the parameters, by name, at which
    they are to be looked at, and `member` gives the form and the candidate of any values."""

    family: Family
    checks: tuple[Mapping[str, float], ...]
    member: Callable[[Mapping[str, float]], tuple[Form, Candidate]]


def beats(score: float, best: Candidate | None) -> bool:
    """Is a score lower than that of the best so far? Any is, where that is not a number."""
    return best is None or score < best.score or math.isnan(best.score)


class Method(Protocol):
    """Yields candidates; may stop by itself, and is stopped by the loop at the tolerance or the end of the budget."""

    def __call__(self, context: Context) -> Iterator[Candidate]: ...


def candidates(method: Method, context: Context) -> Generator[Candidate, None, None]:
    """What a method yields, whatever it returns: as something that can be closed."""
    yield from method(context)


class Reading(Generic[Declared]):
    """A method that has declared its options; it is called as any other. Raises TypeError for a field of `options` that
    is no setting."""

    def __init__(self, options: type[Declared], method: Callable[[Context[Declared]], Iterator[Candidate]]):
        if unknown := strange(options):
            raise TypeError(f"{options.__qualname__} has fields that are no settings: {', '.join(unknown)}")
        update_wrapper(self, method)
        self.options, self._method = options, method

    def __call__(self, context: Context[Any]) -> Iterator[Candidate]:
        return self._method(replace(context, declared=self.options))


def reads(options: type[Declared]) -> Callable[[Callable[[Context[Declared]], Iterator[Candidate]]], Reading[Declared]]:
    """Declares a method's options; see above."""
    return lambda method: Reading(options, method)


def read(method: Callable[[Context[Any]], Iterator[Candidate]], known: Iterable[str] = SETTINGS) -> frozenset[str]:
    """The keys of the settings that a method reads: of the `known` all that are of methods, where it declares none."""
    return keys(method.options) if isinstance(method, Reading) else of_solvers(known)


def keys(options: type[DataclassInstance]) -> frozenset[str]:
    """The keys of the settings of an options class."""
    mine = own(options)
    return frozenset(mine[each.name].key if each.name in mine else PREFIX + each.name for each in fields(options))


def strange(options: type[DataclassInstance]) -> list[str]:
    """The fields of an options class that are no settings."""
    return sorted({each.name for each in fields(options)} - {each.name for each in fields(All)} - own(options).keys())


def of_solvers(keys: Iterable[str]) -> frozenset[str]:
    """Those of the keys that are of methods, not of other stages: all of other packages are."""
    return frozenset(key for key in keys if key.startswith(PREFIX) or key not in SETTINGS)
