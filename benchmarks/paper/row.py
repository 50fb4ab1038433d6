"""A row of the table: a problem, the seconds both sides have, what is measured, and who is compared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inrpde import Solution, load

Array = np.ndarray
Found = Callable[[Array], Array]
"""Values of a field at points (N, d): (N,)."""


@dataclass(frozen=True)
class Row:
    """`measure` turns a field into figures by name; `theirs(seconds)` trains by the authors' recipe, `classical()` is
    another way to an answer. `pictures(folder, fields)` draws the fields that were found, by whom."""

    name: str
    problem: str
    seconds: float
    measure: Callable[[Found], Mapping[str, float]]
    theirs: Callable[[float], Found] | None = None
    classical: Mapping[str, Callable[[], Found]] = field(default_factory=dict)
    pictures: Callable[[Path, Mapping[str, Found]], None] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unknown: str = "u"

    def run(self, folder: Path, share: float = 1.0) -> dict[str, Mapping[str, float]]:
        """The figures of everyone, by name; files and pictures lie in the folder. `share` shortens all runs."""
        seconds = share * self.seconds
        solution, report = solved(self.problem, folder / f"{self.name}.h5", seconds, self.parameters)
        everyone: dict[str, Found] = {"ours": lambda points: solution(points)[self.unknown]}
        if self.theirs is not None:
            everyone["authors"] = self.theirs(seconds)
        everyone |= {name: answer() for name, answer in self.classical.items()}
        if self.pictures is not None:
            self.pictures(folder, everyone)
        figures = {who: dict(self.measure(found)) for who, found in everyone.items()}
        figures["ours"]["s"] = report["seconds"]["total"]
        return figures


def solved(problem: str, output: Path, seconds: float, parameters: Mapping[str, Any]) -> tuple[Solution, dict]:
    """The solution that the command line writes, and its report."""
    words = [sys.executable, "-m", "inrpde", "solve", problem, "-o", str(output), "--json", "--budget", f"{seconds:g}"]
    for key, value in parameters.items():
        words += ["--param", f"{key}={value}"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    report = json.loads(done.stdout)
    if "error" in report:
        sys.exit(f"{problem}: {report['error']['what']}")
    return load(output), report
