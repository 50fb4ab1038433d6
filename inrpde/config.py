"""The settings: every key that `--set`, `solve(settings=)` and `Problem(settings=)` know. A new one is one line."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from inrpde.errors import InrpdeError, ProblemError, UsageError

Parse = Callable[[Any], Any]


def whole(low: int = 1, most: int = 10**9) -> Parse:
    """A whole number of at least `low` and at most `most`, from a number or from text."""

    def parse(value: Any) -> int:
        number = float(value)
        if isinstance(value, bool) or number != math.floor(number) or not low <= number <= most:
            raise ValueError
        return int(number)

    parse.__doc__ = f"a whole number of at least {low} and at most {most}"
    return parse


def positive(value: Any) -> float:
    """a positive number of at most a million"""
    number = float(value)
    if isinstance(value, bool) or not 0 < number <= 1e6:
        raise ValueError
    return number


def switch(value: Any) -> bool:
    """true or false"""
    known = {"true": True, "false": False}
    if str(value).lower() not in known:
        raise ValueError
    return known[str(value).lower()]


def one_of(*words: str) -> Parse:
    """One of some words."""

    def parse(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    parse.__doc__ = f"one of {', '.join(words)}"
    return parse


def optional(parse: Parse) -> Parse:
    """What `parse` takes, or none."""

    def wider(value: Any) -> Any:
        return None if value is None or str(value).lower() == "none" else parse(value)

    wider.__doc__ = f"{parse.__doc__}, or none"
    return wider


@dataclass(frozen=True)
class Setting:
    """One key: its default, the function that parses a value (its docstring says what it takes) and a line of help."""

    key: str
    default: Any
    parse: Parse
    help: str


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        setting.key: setting
        for setting in (
            Setting("solver.width", None, optional(whole(most=10**5)), "features, or neurons a layer; none: chosen"),
            Setting("solver.layers", None, optional(whole(most=100)), "sine layers of the body; none: chosen"),
            Setting("solver.band", None, optional(positive), "half-width of the frequencies' band; none: scanned"),
            Setting("solver.points", None, optional(whole(most=10**8)), "points that are fitted; none: by the width"),
            Setting("solver.omega", None, optional(positive), "the paper's ω₀, training by gradients; none: chosen"),
            Setting("solver.activation", "sine", one_of("sine", "tanh", "relu"), "of a network that is trained"),
            Setting("solver.rate", None, optional(positive), "learning rate, when training by Adam; none: chosen"),
            Setting("solver.steps", None, optional(whole()), "steps, when training by gradients; none: chosen"),
            Setting("solver.batch", None, optional(whole()), "points a step, when training by gradients; none: chosen"),
            Setting("solver.compile", False, switch, "compile the loss by torch, when training by gradients"),
            Setting(
                "reference.n",
                None,
                optional(whole(4, 10**6)),
                "the reference's cells, longest side; none: chosen",
            ),
            Setting("check.points", 10_000, whole(most=10**7), "points on which an exact solution is compared"),
        )
    }
)


class Settings(Mapping[str, Any]):
    """A frozen mapping from every key to its value; `user` and `author` are the keys that each has changed: a default
    that is asked for is what happens anyway."""

    def __init__(self, values: Mapping[str, Any], author: Iterable[str] = (), user: Iterable[str] = ()):
        self._values = MappingProxyType(dict(values))
        self.author, self.user = frozenset(author), frozenset(user)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    @property
    def set(self) -> frozenset[str]:
        """The keys that the author or the user has changed."""
        return self.author | self.user

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __or__(self, values: Mapping[str, Any]) -> "Settings":
        return Settings({**self._values, **values}, self.author, self.user)

    def __repr__(self) -> str:
        return f"Settings({dict(self._values)})"


def resolve(author: Mapping[str, Any], user: Mapping[str, Any]) -> Settings:
    """The defaults, under the problem's own settings, under the user's.

    Values may be typed or text. A wrong key or value raises ProblemError where it is the author's, UsageError where it
    is the user's.
    """
    defaults = {key: setting.default for key, setting in SETTINGS.items()}
    authors, users = _parsed(author, "Problem(settings=…)", ProblemError), _parsed(user, "--set", UsageError)
    values = defaults | authors | users
    changed = {key for key in values if values[key] != defaults[key]}
    return Settings(values, changed & authors.keys() - users.keys(), changed & users.keys())


def _parsed(given: Mapping[str, Any], where: str, error: type[InrpdeError]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise error(f"settings must be a dict, not {given!r:.60}", where, 'settings={"solver.width": 64}')
    return {key: _parse(key, value, where, error) for key, value in given.items()}


def _parse(key: str, value: Any, where: str, error: type[InrpdeError]) -> Any:
    if not isinstance(key, str):
        raise error(f"the key {key!r} is no string", where, 'settings={"solver.width": 64}')
    setting = SETTINGS.get(key)
    if setting is None:
        nearest = get_close_matches(key, SETTINGS, n=1, cutoff=0)[0]
        fix = f"did you mean {nearest}? All of them: {', '.join(SETTINGS)}"
        raise error(f"there is no setting {key!r}", where, fix)
    try:
        return setting.parse(value)
    except (TypeError, ValueError, OverflowError):
        taken = f"{key} takes {setting.parse.__doc__} ({setting.help})"
        raise error(f"{key} cannot be {value!r}", where, taken) from None
