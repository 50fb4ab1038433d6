"""Data paths in a problem file are relative to the folder of that file; what is read is recorded for hashing."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

opened: list[Path] = []
"""The data files read so far, as absolute paths in the order of reading."""

_base: ContextVar[Path | None] = ContextVar("base", default=None)


def base() -> Path:
    """The folder that relative paths start from: the problem file's, or else the current one."""
    return _base.get() or Path.cwd()


@contextmanager
def at(folder: Path) -> Iterator[None]:
    """Let relative paths start from `folder` within the block."""
    token = _base.set(folder.absolute())
    try:
        yield
    finally:
        _base.reset(token)


def resolve(path: str | Path) -> Path:
    """Where the data file `path` lies; it is recorded in `opened`."""
    found = base() / path
    opened.append(found)
    return found
