"""`--log`: what happens in a run, one JSON object a line, for programs that watch it or read of it later."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from inrpde.cli.render import plain
from inrpde.errors import OutputError


class Journal:
    """Appends `{"event": …, "seconds": …}` and what is told to a file.

    Events are "start" (the words of the command line), "replaces", "progress", "warning" and "result", whose `report`
    is what `--json` prints. Every line reaches the system at once; a disk that is full costs lines, not the run.
    Raises OutputError where the file cannot be opened."""

    def __init__(self, path: Path, words: Sequence[str]):
        self._path, self._start = path.absolute(), time.monotonic()
        try:
            self._append("start", time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), words=list(words))
        except OSError as error:
            fix = "name a file in a folder that is there and yours to write: --log run.jsonl"
            raise OutputError(f"the log cannot be written: {error.strerror}", str(path), fix) from None

    def __call__(self, event: str, **facts: Any) -> None:
        with suppress(OSError):
            self._append(event, **facts)

    def _append(self, event: str, **facts: Any) -> None:
        line = plain({"event": event, "seconds": round(time.monotonic() - self._start, 3), **facts})
        with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
