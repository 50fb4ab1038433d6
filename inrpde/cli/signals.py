"""SIGINT and SIGTERM end the program through an exception, so that checkpoints are saved on the way out."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from inrpde.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted on the first signal within the block; a second one ends the process at once."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        raise Interrupted(number)

    before = {each: signal.signal(each, interrupt) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
