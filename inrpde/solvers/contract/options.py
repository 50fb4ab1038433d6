"""Options that several methods share, and what becomes of settings that a method does not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from inrpde import plugins
from inrpde.config import Settings
from inrpde.errors import InrpdeError, UsageError
from inrpde.solvers.contract.method import Reading, keys, of_solvers, read


@dataclass(frozen=True)
class Body:
    """The frozen body on one domain: features a layer, the half-width of their frequencies' band, sine layers."""

    width: int | None
    band: float | None
    layers: int | None


@dataclass(frozen=True)
class Training:
    """A network that is trained, and the points of its loss."""

    width: int | None
    layers: int | None
    omega: float | None
    activation: str
    points: int | None
    batch: int | None
    steps: int | None
    compile: bool


@dataclass(frozen=True)
class Nothing:
    """The problem alone says how it is solved."""


def check_read(name: str, reads: frozenset[str], settings: Settings, warn: Callable[[str], None]) -> None:
    """Raise UsageError, with the methods that read it, for what the user has set and `name`, which reads those keys,
    does not read.

    The author of a problem does not know who solves it by what, so that a file may have settings for several methods:
    `warn` is told of those that are not read.
    """
    if unread := of_solvers(settings.user) - reads:
        where = ", ".join(f"--set {key}" for key in sorted(unread))
        raise UsageError(f"{_are(unread)} not read by {name}", where, _instead(unread))
    if unread := of_solvers(settings.author) - reads:
        warn(f"{_are(unread)} set by the problem and not read by {name}; {_instead(unread)}")


def readers(key: str) -> list[str]:
    """The installed methods that declare that they read a setting."""
    return [
        name
        for name, plugin in plugins.available("methods").items()
        if isinstance(method := _loaded(plugin), Reading) and key in read(method)
    ]


def guests(key: str) -> list[str]:
    """The strategies of other packages that read a setting."""
    loaded = [_loaded(plugin) for plugin in plugins.in_turn("strategies")]
    return [each.NAME for each in loaded if each is not None and key in keys(each.OPTIONS)]


def listed(words: Iterable[str]) -> str:
    """Words sorted, with commas and an "and"."""
    *others, last = sorted(words)
    return f"{', '.join(others)} and {last}" if others else last


def _loaded(plugin: plugins.Plugin) -> Any:
    """The method, None where it cannot be loaded."""
    try:
        return plugin.load()
    except InrpdeError:
        return None


def _are(keys: frozenset[str]) -> str:
    return f"{listed(keys)} {'is' if len(keys) == 1 else 'are'}"


def _instead(keys: frozenset[str]) -> str:
    """The methods that read the settings."""
    by_readers: dict[tuple[str, ...], list[str]] = {}
    for key in sorted(keys):
        by_readers.setdefault(tuple(readers(key)), []).append(key)
    told = []
    for names, those in by_readers.items():
        what = listed(those) if len(by_readers) > 1 else "it" if len(those) == 1 else "them"
        verb = "reads" if len(names) == 1 else "read"
        if names:
            told.append(f"{listed(names)} {verb} {what}: --method {names[0]}")
        elif theirs := sorted({name for key in those for name in guests(key)}):
            told.append(f"of auto's strategies {listed(theirs)} may, where a problem is one for it")
        else:
            told.append(f"no method reads {what}")
    return "; ".join(told)
