"""What reading a region's data has lost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flaw:
    """A region that is not quite what its file says: in words, and the relative error of its shape (0 where there is
    none, infinite where it cannot be told)."""

    text: str
    error: float = 0.0
