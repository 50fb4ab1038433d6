"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf

import numpy as np
from sympy import Symbol

from inrpde.compiler.form import Form


class Kind(StrEnum):
    """What a finding is about."""

    DATA = "data"
    """Given values that disagree, repeat one another, or were seen nowhere."""
    COVERAGE = "coverage"
    """Conditions that are missing: on a boundary, at the start, on a constant."""
    PLACES = "places"
    """Conditions where their unknown does not live."""
    BALANCE = "balance"
    """Sources and fluxes that do not match."""
    GEOMETRY = "geometry"
    """Regions that are not what was meant."""
    LEARNED = "learned"
    """Learned coefficients that nothing identifies."""
    TRIVIAL = "trivial"
    """Zero solves it."""
    UNCHECKED = "unchecked"
    """Checks that did not end."""
    RESIDUAL = "residual"
    """Equations that the answer leaves unsatisfied."""
    ILL_POSED = "ill-posed"
    """Data that are amplified."""
    FAMILY = "family"
    """Other members of a family, of which less is known."""
    REFERENCE = "reference"
    """No reference, and what that says."""


@dataclass(frozen=True)
class Finding:
    """Something suspicious about a problem or its answer; where it may leave the solution undetermined, `at_most` is
    the best word that the verdict may be, whatever solves agree: of answers whose estimated error is below `error`;
    `fix` is what would help, where the text does not say it.

    `cost` is about the relative error of an unknown (`of`, as it is declared) that is left because of it, though two
    solves that smooth the same over do not differ by it."""

    kind: Kind
    text: str
    at_most: str | None = None
    error: float = inf
    fix: str | None = None
    of: str | None = None
    cost: float = 0.0
    strong: bool = False
    """Is it so of the strong form alone, which holds at points?"""
    edge: bool = False
    """Do values jump there, which a grid moves to its nodes?"""

    def as_dict(self) -> dict[str, str | None]:
        """As the JSON has it."""
        return {"kind": str(self.kind), "text": self.text, "at_most": self.at_most}


def name(form: Form, unknown: int) -> str:
    """An unknown's declared name, of a complex one that was split too."""
    return form.unknowns[unknown].declared


def place(coords: tuple[Symbol, ...], point: np.ndarray) -> str:
    """A point in words: x = 0.5, y = 1."""
    return ", ".join(f"{x} = {value + 0.0:.4g}" for x, value in zip(coords, point, strict=True))
