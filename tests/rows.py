"""The rows of the documentation's gallery, beside which the tests put the errors that they find."""

import json
from pathlib import Path

ROWS = json.loads((Path(__file__).parents[1] / "docs" / "gallery" / "rows.json").read_text(encoding="utf-8"))
FACTOR = 10
"""How far an error may be from its row's: other versions of the libraries, and other processors, round otherwise."""
ROUNDING = 1e-11
"""Errors below are alike: they are sums of rounding."""


def alike(found: float, stored: float) -> bool:
    """Whether two errors are the same for a reader of the gallery."""
    low, high = sorted(max(error, ROUNDING) for error in (found, stored))
    return high <= FACTOR * low


def assert_as_stored(name: str, errors: dict[str, float]) -> None:
    """The errors of a problem's unknowns are those of its row."""
    stored = {field: values["error"] for field, values in ROWS[name]["fields"].items()}
    assert errors.keys() == stored.keys()
    assert all(alike(error, stored[field]) for field, error in errors.items()), (errors, stored)
