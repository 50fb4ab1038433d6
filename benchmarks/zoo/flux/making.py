"""The vocabulary of the flux cases: problems in divergence form, with a formula or with a `Weak` that says the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from inrpde.declaration import On, Problem
from zoo.traps.known import Known, Trap

Array = np.ndarray
TRUTHS = Path(__file__).with_name("truths")
POINTS = 600
MOST = 25_000
"""Cells of a truth's mesh."""


@dataclass(frozen=True)
class Elements:
    """A problem, and how its truth is found: by elements on two meshes; `fields` makes of values (N,) or (N, d)
    at points (N, d) those of each unknown."""

    problem: Problem
    weak: Any
    fields: Callable[[Array, Array], dict[str, Array]]

    def truth(self) -> dict[str, Array]:
        """Points, values by unknown, and their accuracy: what they differ by from those on cells twice as large, over
        2⁴ - 1, as they are at least of fourth order there."""
        times = self.weak.times(MOST)
        found, coarser = self.weak.solved(times), self.weak.solved(times - 1)
        points = found.drawn(POINTS)
        values, others = (self.fields(points, each(points)) for each in (found, coarser))
        gaps = [np.linalg.norm(_known(values[k] - others[k])) / np.linalg.norm(_known(values[k])) for k in values]
        return {"points": points, **values, "accuracy": np.array(max(gaps) / 15)}


def _known(values: Array) -> Array:
    return values[np.isfinite(values)]


FLUX: dict[str, Trap] = {}
MAKERS: dict[str, Callable[[], Known | Elements]] = {}


def flux(kind: str, variants: Mapping[str, tuple] = {"": ()}) -> Callable:
    """Registers a family: for each of its variants, by name, the arguments."""

    def register(family: Callable[..., Known | Elements]) -> Callable[..., Known | Elements]:
        for variant, arguments in variants.items():
            name = f"{family.__name__}_{variant}".rstrip("_")
            MAKERS[name] = partial(family, *arguments)
            FLUX[name] = Trap(name, kind, False, partial(_known_of, name))
        return family

    return register


def _known_of(name: str) -> Known:
    made = MAKERS[name]()
    if isinstance(made, Known):
        return made
    with np.load(TRUTHS / f"{name}.npz") as file:
        samples = {key: file[key] for key in file.files}
    return Known(made.problem, (), float(samples.pop("accuracy")), samples=samples)


def by_elements(unknowns: Any, conditions: list[On], weak: Any, fields: Any = None, **more: Any) -> Elements:
    """A problem with one field, or with `fields` of it."""
    unknowns = list(unknowns) if isinstance(unknowns, (list, tuple)) else [unknowns]
    name = unknowns[0].func.__name__
    problem = Problem("flux", unknowns=unknowns, conditions=conditions, **more)
    return Elements(problem, weak, fields or (lambda points, values: {name: values}))
