"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from sympy import Symbol

from inrpde.compiler.form import Form


@dataclass(frozen=True)
class Finding:
    """Something suspicious about a problem; where it may leave the solution undetermined, `at_most` is the best word
    that the verdict may be, whatever solves agree: of answers whose estimated error is below `error`."""

    text: str
    at_most: str | None = None
    error: float = inf


def name(form: Form, unknown: int) -> str:
    """An unknown's declared name, of a complex one that was split too."""
    return form.unknowns[unknown].declared


def place(coords: tuple[Symbol, ...], point: np.ndarray) -> str:
    """A point in words: x = 0.5, y = 1."""
    return ", ".join(f"{x} = {value + 0.0:.4g}" for x, value in zip(coords, point, strict=True))
