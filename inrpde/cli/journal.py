"""`--log`: what happens in a run, one JSON object a line, for programs that watch it or read of it later."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inrpde.cli.render import plain
from inrpde.cli.streams import Forgiving
from inrpde.errors import OutputError


class Journal:
    """Appends `{"event": …, "seconds": …}` and what is told to the file at `path`; without one nothing is kept.

    Events are "start" (the words of the command line), "replaces", "progress", "warning" and "result", whose `report`
    is what `--json` prints. Every line reaches the system at once; a disk that is full costs the lines, not the run.
    Raises OutputError where the file cannot be opened."""

    def __init__(self, path: Path | None = None, words: Sequence[str] = ()):
        self._start, self._file = time.monotonic(), None
        if path is None:
            return
        try:
            self._file = Forgiving(path.open("a", encoding="utf-8"))
        except OSError as error:
            fix = "name a file in a folder that is there and yours to write: --log run.jsonl"
            raise OutputError(f"the log cannot be written: {error.strerror}", str(path), fix) from None
        self("start", time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), words=list(words))

    def __call__(self, event: str, **facts: Any) -> None:
        if self._file is None:
            return
        seconds = round(time.monotonic() - self._start, 3)
        self._file.write(json.dumps(plain({"event": event, "seconds": seconds, **facts}), ensure_ascii=False) + "\n")
        self._file.flush()
