"""The progress of a solve in Python: a bar by tqdm, in a notebook its widget; without tqdm the command line's."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from inrpde.cli.progress import Progress

LAYOUT = "{desc} |{bar}| {elapsed}{postfix}"


class Shown(Protocol):
    """What shows progress until it is closed."""

    def __call__(self, stage: str, done: float | None = None, note: str = "") -> None: ...

    def close(self) -> None: ...


def bar() -> Shown:
    """A new bar. Where tqdm is missing there are the command line's lines on stderr: no solve fails for its bar."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return Progress(sys.stderr)
    return Bar(tqdm(total=1.0, bar_format=LAYOUT, leave=False))


class Bar:
    """Called by the stages of a solve with what they are at: the stage, the fraction done (None: unknown), a note."""

    def __init__(self, shown: Any):
        self._shown = shown

    def __call__(self, stage: str, done: float | None = None, note: str = "") -> None:
        self._shown.set_description_str(stage, refresh=False)
        self._shown.set_postfix_str(note, refresh=False)
        self._shown.n = 0.0 if done is None else min(max(done, 0.0), 1.0)
        self._shown.refresh()

    def close(self) -> None:
        self._shown.close()
