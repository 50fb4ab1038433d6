"""Progress on stderr: one line that is redrawn on a terminal, a plain line now and then elsewhere."""

import shutil
import time
from typing import TextIO

from inrpde.cli.streams import Forgiving

_BAR = "━┄"
"""What is done and what is left."""


class Progress:
    """Called by the stages of a solve with what they are at: `progress("solve", 0.4, "800 features, score 3e-7")`.

    `done` is the fraction of the stage in [0, 1], or None where nobody knows. A terminal's line is redrawn at most ten
    times a second; elsewhere a line is written for every new stage, and every five seconds within one. A stream that
    fails costs the lines, not the solve.
    """

    def __init__(self, stream: TextIO):
        self._stream = Forgiving(stream)
        self._terminal = self._stream.isatty()
        self._bar = _BAR if _takes(stream, _BAR) else "#-"
        self._interval = 0.1 if self._terminal else 5.0
        self._start = time.monotonic()
        self._stage = ""
        self._next = 0.0

    def __call__(self, stage: str, done: float | None = None, note: str = "") -> None:
        now = time.monotonic()
        if stage == self._stage and now < self._next:
            return
        self._stage, self._next = stage, now + self._interval
        bar = _bar(done, self._bar) if self._terminal else "" if done is None else f"{done:.0%}"
        line = "  ".join(filter(None, [f"{now - self._start:6.1f} s", stage, bar, note]))
        if self._terminal:
            columns = shutil.get_terminal_size().columns
            self._stream.write(f"\r\x1b[2K{line[: columns - 1]}")
            self._stream.flush()
        else:
            print(line, file=self._stream, flush=True)

    def close(self) -> None:
        """Leave the terminal's line empty for what follows."""
        if self._terminal and self._stage:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()


def _bar(done: float | None, marks: str, width: int = 24) -> str:
    if done is None:
        return ""
    filled = round(width * min(max(done, 0.0), 1.0))
    return marks[0] * filled + marks[1] * (width - filled)


def _takes(stream: TextIO, text: str) -> bool:
    """Has the stream's encoding these characters?"""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
