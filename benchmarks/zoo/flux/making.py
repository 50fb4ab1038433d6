"""The vocabulary of the flux cases: problems in divergence form, with a formula or with a `Weak` that says the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inrpde.declaration import On, Problem
from zoo.families import Families

Array = np.ndarray
TRUTHS = Path(__file__).with_name("truths")
POINTS = 600


@dataclass(frozen=True)
class Computed:
    """A problem, and what computes its truth: `weak.sampled(count)` are points (N, d), values (N,) or (N, d) and bounds
    of their errors; `fields` makes of points and values those of each unknown."""

    problem: Problem
    weak: Any
    fields: Callable[[Array, Array], dict[str, Array]]

    def truth(self) -> dict[str, Array]:
        """Points, values by unknown, and their accuracy."""
        points, values, doubt = self.weak.sampled(POINTS)
        found, other = self.fields(points, values), self.fields(points, values + doubt)
        shares = [np.linalg.norm(_known(other[k] - found[k])) / np.linalg.norm(_known(found[k])) for k in found]
        return {"points": points, **found, "accuracy": np.array(max(shares))}


def _known(values: Array) -> Array:
    return values[np.isfinite(values)]


flux = Families(TRUTHS)
FLUX, MAKERS = flux.cases, flux.makers


def computed(unknowns: Any, conditions: list[On], weak: Any, fields: Any = None, **more: Any) -> Computed:
    """A problem with one field, or with `fields` of it."""
    unknowns = list(unknowns) if isinstance(unknowns, (list, tuple)) else [unknowns]
    name = unknowns[0].func.__name__
    problem = Problem("flux", unknowns=unknowns, conditions=conditions, **more)
    return Computed(problem, weak, fields or (lambda points, values: {name: values}))
