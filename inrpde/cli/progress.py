"""Progress on stderr: one line that is redrawn on a terminal, a plain line now and then elsewhere."""

import shutil
import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

from inrpde.cli.streams import Forgiving

_BAR = "━┄"
"""What is done and what is left."""
TICK = 1.0
"""Seconds after which a terminal's clock has moved, whatever the solve is at."""


class Progress:
    """Called by the stages of a solve with what they are at: `progress("solve", 0.4, "score 3e-7: 800 features")`.

    `done` is the fraction of the stage in [0, 1], or None where nobody knows. A terminal's line is redrawn at most ten
    times a second, and every second, so that its clock moves between two calls; elsewhere a line is written for every
    new stage, and every five seconds within one. Without a stream nothing is shown. `log` is told ten times a second at
    most. A stream that fails costs the lines, not the solve.
    """

    def __init__(self, stream: TextIO | None, log: Callable[..., None] = lambda event, **facts: None):
        self._stream = None if stream is None else Forgiving(stream)
        self._terminal = self._stream is not None and self._stream.isatty()
        self._bar = _BAR if _takes(stream, _BAR) else "#-"
        self._log = log
        self._interval = 0.1 if self._terminal else 5.0
        self._start = time.monotonic()
        self._stage, self._line = "", ""
        self._next = self._next_log = 0.0
        self._writing, self._ended = threading.Lock(), threading.Event()
        self._clock: threading.Thread | None = None

    def __call__(self, stage: str, done: float | None = None, note: str = "") -> None:
        now, fresh = time.monotonic(), stage != self._stage
        self._stage = stage
        if fresh or now >= self._next_log:
            self._next_log = now + 0.1
            self._log("progress", stage=stage, done=done, note=note)
        if self._stream is None or not (fresh or now >= self._next):
            return
        self._next = now + self._interval
        bar = _bar(done, self._bar) if self._terminal else "" if done is None else f"{done:.0%}"
        self._line = "  ".join(filter(None, [stage, bar, note]))
        self._draw()
        if self._terminal and self._clock is None:
            self._clock = threading.Thread(target=self._tick, daemon=True)
            self._clock.start()

    def close(self) -> None:
        """Leave the terminal's line empty for what follows."""
        self._ended.set()
        if self._clock is not None:
            self._clock.join()
            with self._writing:
                self._write("\r\x1b[2K")

    def _tick(self) -> None:
        while not self._ended.wait(TICK):
            self._draw()

    def _draw(self) -> None:
        with self._writing:
            line = f"{time.monotonic() - self._start:6.1f} s  {self._line}"
            columns = shutil.get_terminal_size().columns
            self._write(f"\r\x1b[2K{line[: columns - 1]}" if self._terminal else f"{line}\n")

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()


def _bar(done: float | None, marks: str, width: int = 24) -> str:
    if done is None:
        return ""
    filled = round(width * min(max(done, 0.0), 1.0))
    return marks[0] * filled + marks[1] * (width - filled)


def _takes(stream: Any, text: str) -> bool:
    """Has the stream's encoding these characters?"""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
