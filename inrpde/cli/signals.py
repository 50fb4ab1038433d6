"""Signals that ask for the end do it through an exception, so that answers and checkpoints are saved on the way out."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from inrpde.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted on the first signal within the block; a second one ends the process at once. The alarm of
    `limit` is as SIGTERM."""
    handled = [each for each in SIGNALS if not _wanted_ignored(each)]

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in handled:
            signal.signal(each, signal.SIG_DFL)
        raise Interrupted(signal.SIGTERM if number == signal.SIGALRM else number)

    before = {each: signal.signal(each, interrupt) for each in handled}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each, handler in before.items():
            signal.signal(each, handler)


def limit(seconds: float) -> None:
    """Interrupt what runs in `interruptible` after so many seconds."""
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))  # zero would stop the clock


def _wanted_ignored(number: int) -> bool:
    """Has whoever started the process (nohup) asked that it outlives its terminal?"""
    return number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
