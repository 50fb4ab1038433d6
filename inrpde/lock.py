"""One run at a time on an output: a lock that the system frees when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inrpde.errors import OutputError

ATTEMPTS = 100
"""How often a lock is tried whose file its last holder has just taken away."""


@contextmanager
def held(output: Path | None) -> Iterator[None]:
    """Hold the lock of an output within the block. Raises OutputError, naming its holder, where another run has it.

    Where the folder or its file system has no locks, the block runs all the same.
    """
    if output is None:
        yield
        return
    target = Path(os.path.realpath(output))
    path = target.with_name(f".{target.name}.lock")
    handle = _taken(path, output)
    try:
        yield
    finally:
        if handle is not None:
            with suppress(OSError):
                path.unlink()  # while it is ours: whoever has opened it meanwhile sees that it has gone
            os.close(handle)


def _taken(path: Path, output: Path) -> int | None:
    """The open file that holds the lock, or None where there can be none."""
    for _ in range(ATTEMPTS):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 300, 0).decode(errors="replace") or "its name is not known"
            os.close(handle)
            raise _busy(output, holder) from None
        except OSError:
            os.close(handle)
            return None
        if _still(path, handle):
            with suppress(OSError):
                os.truncate(handle, 0)
                os.pwrite(handle, _holder().encode(), 0)
            return handle
        os.close(handle)
    return None


def _still(path: Path, handle: int) -> bool:
    """Is the locked file the one that lies there, and not one that its last holder has taken away?"""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"


def _busy(output: Path, holder: str) -> OutputError:
    return OutputError(
        f"another run is writing this file: {holder}", str(output),
        "wait until it ends, or stop it, or give this one another place with -o",
    )  # fmt: skip
