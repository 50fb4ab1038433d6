"""One deadline for all that runs, and long calls that can be left.

`within(seconds)` bounds a block. What may take long inside it takes its turn: `turn()` raises `TimeUp` once the time is
up, and the block ends there, with what it has. Blocks nest; the earliest deadline holds. A call into a library that
takes seconds goes through `patiently`, so that neither a deadline nor a signal waits for it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")
WATCHED = 0.05
"""Seconds between two looks at the clock and at signals, while a call runs."""

_ends: ContextVar[float] = ContextVar("ends", default=math.inf)
_left: list[threading.Thread] = []


class TimeUp(BaseException):
    """The deadline has passed. As with KeyboardInterrupt, no `except Exception` swallows it; `within` does."""


@dataclass
class Scope:
    """A bounded block: when it ends (of the performance counter), and whether it had to."""

    ends: float
    expired: bool = False


@contextmanager
def within(seconds: float) -> Iterator[Scope]:
    """Leave the block where `turn` or `patiently` is called after so many seconds, or after an outer deadline."""
    scope = Scope(min(time.perf_counter() + seconds, _ends.get()))
    token = _ends.set(scope.ends)
    try:
        yield scope
    except TimeUp:
        scope.expired = True
    finally:
        _ends.reset(token)


def left() -> float:
    """Seconds until the deadline, inf where there is none."""
    return _ends.get() - time.perf_counter()


def turn() -> None:
    """Raise TimeUp once the deadline has passed."""
    if time.perf_counter() > _ends.get():
        raise TimeUp


def patiently(call: Callable[..., Result], *args: Any, **options: Any) -> Result:
    """The result of a call that lets other threads run, as LAPACK's do. Raises TimeUp at the deadline, or what a signal
    raises: the call then runs on by itself, and what it finds is lost."""
    turn()
    found: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(call(*args, **options))
        except BaseException as error:  # raised again where the result is waited for
            failed.append(error)

    thread = threading.Thread(target=run)  # not a daemon: LAPACK may crash where the interpreter ends under it
    thread.start()
    try:
        while thread.is_alive():
            thread.join(min(WATCHED, max(left(), 0.0)))
            if thread.is_alive():
                turn()
    except BaseException:
        _left.append(thread)
        raise
    if failed:
        raise failed[0]
    return found[0]


def running() -> bool:
    """Does a call that was left still run? The interpreter waits for it when it ends; `os._exit` does not."""
    return any(thread.is_alive() for thread in _left)
