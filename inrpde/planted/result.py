"""What a verification has found, as data and laid out for reading."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 100


@dataclass(frozen=True)
class Check:
    """One thing that was tried: whether it `holds` (None: it could not be tried), why, and the numbers in `rows`."""

    name: str
    holds: bool | None
    because: str
    rows: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"holds": self.holds, "because": self.because, "rows": [dict(row) for row in self.rows]}

    def __str__(self) -> str:
        word = {True: "holds", False: "DOES NOT HOLD", None: "not tried"}[self.holds]
        head = textwrap.fill(f"{self.name}: {word}: {self.because}", WIDTH, subsequent_indent="     ")
        return "\n".join([head, *_table(self.rows)])


@dataclass(frozen=True)
class Verification:
    """`inrpde.verify`: the manufactured `solution` (text by unknown), the checks, `seconds` by check."""

    problem: str
    seed: int
    solution: Mapping[str, str]
    checks: tuple[Check, ...]
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]

    @property
    def holds(self) -> bool:
        """Was something tried, and did all of it hold?"""
        tried = [check.holds for check in self.checks if check.holds is not None]
        return bool(tried) and all(tried)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of `inrpde verify`."""
        return {
            "problem": self.problem, "status": "ok" if self.holds else "refuted", "seed": self.seed,
            "solution": dict(self.solution), "checks": {check.name: check.as_dict() for check in self.checks},
            "warnings": list(self.warnings), "seconds": dict(self.seconds),
        }  # fmt: skip

    def __str__(self) -> str:
        failed = [check.name for check in self.checks if check.holds is False]
        said = f"what does not hold: {', '.join(failed)}" if failed else "all that was tried holds"
        said = said if failed or self.holds else "nothing could be tried"
        solutions = [_wrap(f"{name} = {text}") for name, text in self.solution.items()]
        head = f"{self.problem}: {said} ({sum(self.seconds.values()):.1f} s)"
        return "\n\n".join([head, *(["\n".join(solutions)] if solutions else []), *map(str, self.checks)])


def _wrap(text: str) -> str:
    return textwrap.shorten(text, 2 * WIDTH, placeholder=" …")


def _table(rows: tuple[Mapping[str, Any], ...]) -> list[str]:
    """The rows under their keys, numbers to the right."""
    if not rows:
        return []
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    numbers = [not isinstance(value, str) for value in rows[0].values()]
    sides = [">" if number else "<" for number in numbers]
    return [
        "  " + "  ".join(f"{cell:{side}{n}}" for cell, side, n in zip(line, sides, widths, strict=True)).rstrip()
        for line in cells
    ]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:.1e}" if value and not 0.01 <= abs(value) < 100 else f"{value:.3g}"
    return textwrap.shorten(str(value), 60, placeholder=" …")
