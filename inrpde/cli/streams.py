"""The streams of the process: what goes to stderr never raises; what stdout does not take is an error that says so."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from inrpde.errors import OutputError

FAILS = (OSError, ValueError)
"""What a stream raises that is full, gone or closed."""


class Forgiving:
    """A stream whose writes are lost in silence once it has failed: nobody reads it any more."""

    def __init__(self, stream: Any):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._attempt(lambda: self._stream.flush())

    def isatty(self) -> bool:
        with suppress(*FAILS, AttributeError):
            return bool(self._stream.isatty())
        return False

    def _attempt(self, action: Any) -> None:
        try:
            action()
        except AttributeError:  # there is no stream
            return
        except FAILS:
            _silence(self._stream)


@contextmanager
def streams() -> Iterator[None]:
    """Within the block stdout and stderr are there, escape what their encodings lack, and stderr is forgiving."""
    _open()
    before = sys.stderr
    with _escaping(sys.stdout), _escaping(sys.stderr):
        sys.stderr = Forgiving(sys.stderr)
        try:
            yield
        finally:
            sys.stderr.flush()
            sys.stderr = before


def put(text: str, kept: str | None = None) -> None:
    """Print a result; `kept` says where else it is. Raises OutputError where stdout does not take it, and
    BrokenPipeError where its reader has gone."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _silence(sys.stdout)
        raise
    except FAILS as error:
        _silence(sys.stdout)
        reason = getattr(error, "strerror", None) or str(error)
        saved = f"the answer is in {kept}; " if kept else ""
        fix = f"{saved}send stdout to a file or a terminal that takes it"
        raise OutputError(f"the result could not be printed: {reason}", "standard output", fix) from None


def unicode_json() -> bool:
    """Does stdout take any character? Where it does not, JSON has escapes of its own."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"


def _open() -> None:
    """Descriptors that the process was started without lead nowhere, before a file of ours takes their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))


@contextmanager
def _escaping(stream: Any) -> Iterator[None]:
    """Within the block characters that the stream's encoding lacks are written as escapes."""
    if not hasattr(stream, "reconfigure"):
        yield
        return
    before = stream.errors
    stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        with suppress(*FAILS):
            stream.reconfigure(errors=before)


def _silence(stream: Any) -> None:
    """Let a stream lead nowhere, so that what is left in its buffer does not fail when the process ends."""
    with suppress(*FAILS, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
