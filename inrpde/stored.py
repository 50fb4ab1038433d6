"""Solutions, and the files that hold them: two are compared, and one is told on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inrpde.arguments import as_path
from inrpde.export import Dataset, read
from inrpde.export.atomic import replacing
from inrpde.export.report import html
from inrpde.restore import restored
from inrpde.solution import Solution
from inrpde.storage import dataset
from inrpde.verification.evidence.compare import compare as errors


def compare(first: Solution | str | Path, second: Solution | str | Path) -> dict[str, dict[str, Any]]:
    """The errors of the first of two solutions, or of two files of such, against the second, at the nodes of the first.

    For each field that they share `rel_l2` and `max`, `nodes`: how many were compared, and `interpolated`: whether the
    second has other nodes. Raises OutputError where they have no coordinates, field or node in common."""
    return errors(*(_stored(each, "compare(first, second)") for each in (first, second)))


def report(solution: Solution | str | Path, path: str | Path | None = None) -> Path:
    """Write one HTML page about a solution, or about a file of one: pictures, errors, how it was made.

    Returns its path: by default that of the file, or the problem's name in the current folder, ending in .html. Raises
    OutputError where it cannot be written."""
    stored = _stored(solution, "report(solution)")
    told = solution.report if isinstance(solution, Solution) else restored(stored, Path(solution)).report
    if path is None:
        written = told.get("output") if isinstance(solution, Solution) else solution
        name = str(told.get("problem", "solution")).replace("/", "_")
        path = Path(f"{name}.html") if written is None else Path(written).with_suffix(".html")
    path = as_path(path, "report(solution, path)")
    page = html(stored, told)
    with replacing(path) as beside:
        beside.write_text(page, encoding="utf-8")
    return path


def _stored(given: Solution | str | Path, where: str) -> Dataset:
    return dataset(given) if isinstance(given, Solution) else read(as_path(given, where))
