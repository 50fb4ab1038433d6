"""Data paths in a problem file are relative to the folder of that file; what is read is recorded for hashing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType

opened: list[Path] = []
"""The data files read so far, as absolute paths in the order of reading."""

_base: ContextVar[Path | None] = ContextVar("base", default=None)


def base() -> Path:
    """The folder that relative paths start from: the problem file's, or else the current one."""
    return _base.get() or Path.cwd()


def _folder_of_caller() -> Path | None:
    """The folder of the file whose code asked for the data: of a problem file that another program imports."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith(__package__):
        frame = frame.f_back
    file = frame.f_globals.get("__file__") if frame is not None else None
    return Path(file).absolute().parent if file else None


@contextmanager
def at(folder: Path) -> Iterator[None]:
    """Let relative paths start from `folder` within the block."""
    token = _base.set(folder.absolute())
    try:
        yield
    finally:
        _base.reset(token)


def find(path: str | Path) -> Path:
    """Where the data file `path` lies, if it is there."""
    beside = _folder_of_caller() if _base.get() is None else None
    return beside / path if beside is not None and (beside / path).exists() else base() / path


def resolve(path: str | Path) -> Path:
    """Where the data file `path` lies; it is recorded in `opened`."""
    found = find(path)
    opened.append(found)
    return found
