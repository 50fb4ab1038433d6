"""A point of a sweep by `inrpde solve`, in a process of its own: where it fails, or dies, that is what its row says."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from inrpde import __version__

STATED = 400
"""Characters of what a process said before it died that are kept."""


class Processes:
    """Those that run here, so that a signal reaches them all."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._starting = threading.Lock()
        self._ended = False

    def solved(self, words: Sequence[str], output: str, folder: str) -> dict[str, Any]:
        """The report of `inrpde solve WORDS -o OUTPUT` with `folder` as the current one; with a checkpoint beside the
        output it goes on from that. Of a process that dies, or says nothing, a report with the status "failed"; of one
        that `end` ended, "interrupted".

        Processes begin sessions of their own: a terminal's Ctrl-C reaches the sweep alone, which hands it on once.
        """
        resume = ["--resume"] if Path(f"{output}.checkpoint").exists() else []
        command = [sys.executable, "-m", "inrpde", "solve", *words, "-o", output, "--json", "--quiet", *resume]
        with self._starting:
            if self._ended:
                return failed("the sweep ended before this point")
            process = subprocess.Popen(
                command, cwd=folder, text=True, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            self._running.add(process)
        try:
            told, errors = process.communicate()
        finally:
            self._running.discard(process)
        with suppress(ValueError, TypeError):
            report = json.loads(told)
            if "status" in report:
                return dict(report)
        died = failed(_died(process.returncode, errors))
        # one that was still starting up has no handler yet, and ends by the signal itself
        return died | {"status": "interrupted"} if self._ended and process.returncode < 0 else died

    def end(self, number: int) -> None:
        """Hand a signal on to all processes: they keep what they have, and end. No other begins."""
        with self._starting:
            self._ended = True
            for process in tuple(self._running):
                with suppress(ProcessLookupError):
                    process.send_signal(number)


def solved(words: Sequence[str], output: str, folder: str) -> dict[str, Any]:
    """As `Processes.solved`, where nobody hands on a signal: on a cluster's worker."""
    return Processes().solved(words, output, folder)


def version(folder: str) -> str:
    """Of what solves where this runs; the folder of the outputs must be there. Raises FileNotFoundError."""
    if not Path(folder).is_dir():
        raise FileNotFoundError(folder)
    return __version__


def row(values: Mapping[str, str], report: Mapping[str, Any], output: str) -> dict[str, Any]:
    """What a table says of a point, in plain numbers and texts, in the order of its columns.

    Of all fields together: the largest of the estimated errors, of the errors against what is exact, and of the
    differences from the reference. Then each field's, what was learned and what the problem asks for.
    """
    fields = report.get("fields") or {}
    each: dict[str, Any] = {}
    for name, field in fields.items():
        each[f"{name}.estimated_error"] = field.get("estimated_error")
        each[f"{name}.error"] = (field.get("exact") or {}).get("rel_l2")
        each[f"{name}.reference"] = (field.get("reference") or {}).get("rel_l2")
    for name, found in (report.get("learned") or {}).items():
        if isinstance(found.get("value"), (int, float)):
            each[name], each[f"{name}.std"] = found["value"], found.get("std")
    for asked in report.get("report") or ():
        each[asked["expression"]] = asked["value"]
        each[f"{asked['expression']}.estimated_error"] = asked["estimated_error"]
    error = report.get("error") or {}
    told = ": ".join(filter(None, [error.get("where"), error.get("what")]))
    return {
        "values": dict(values),
        "status": report["status"],
        "verdict": (report.get("verdict") or {}).get("word"),
        **{kind: _worst(each, fields, kind) for kind in ("estimated_error", "error", "reference")},
        "seconds": (report.get("seconds") or {}).get("total"),
        "method": report.get("method"),
        "each": each,
        "file": Path(output).name if report.get("output") else None,
        "message": told or None,
    }


def failed(what: str) -> dict[str, Any]:
    """The report of a point that has none."""
    return {"status": "failed", "error": {"what": what, "where": None, "fix": None}}


def _worst(each: Mapping[str, Any], fields: Mapping[str, Any], kind: str) -> float | None:
    numbers = [each[f"{name}.{kind}"] for name in fields]
    return max((number for number in numbers if number is not None), default=None)


def _died(code: int, errors: str) -> str:
    last = " ".join(errors.strip()[-STATED:].split())
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with the exit status {code}"
    return f"the process ended {how}" + (f": {last}" if last else "")
