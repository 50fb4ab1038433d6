"""How wrong is the answer? From the held-out score and a second, different solve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form
from inrpde.errors import DivergedError
from inrpde.solvers.fields import field_points, relative_difference
from inrpde.solvers.method import Candidate
from inrpde.solvers.samples import draw
from inrpde.solvers.score import score
from inrpde.solvers.state import State

Array = np.ndarray
FLOOR = 1e-12
"""Below this an estimate is rounding."""
CEILING = 2.0


@dataclass(frozen=True)
class Estimate:
    """Estimated relative L2 errors by unknown; `score` is the held-out score, `second` the difference of two solves."""

    fields: dict[str, float]
    score: float
    second: dict[str, float]

    @property
    def worst(self) -> float:
        return max(self.fields.values(), default=CEILING)


def estimate(form: Form, candidate: Candidate, seed: int) -> Estimate:
    """min(1.5·√(E1·E3), 2), E1 the held-out score and E3 the difference to a second solve; 10·E1 without one."""
    sizes = score(form, draw(form, 1000, seed + 31), candidate.state).sizes
    second = _second(candidate, seed + 1, sizes)
    differences, fields = {}, {}
    for number, unknown in enumerate(form.unknowns):
        points = field_points(form, number, 2000, seed + 31)
        if second is None:
            differences[unknown.name] = float("nan")
            fields[unknown.name] = float(np.clip(10 * candidate.score, FLOOR, CEILING))
            continue
        ours, theirs = (_values(form, state, number, points) for state in (candidate.state, second))
        difference = relative_difference(ours, theirs, sizes[number])
        differences[unknown.name] = difference
        fields[unknown.name] = float(np.clip(1.5 * np.sqrt(candidate.score * difference), FLOOR, CEILING))
    return Estimate(fields, candidate.score, differences)


def _second(candidate: Candidate, seed: int, sizes: Sequence[float]) -> State | None:
    if candidate.again is None:
        return None
    try:
        return candidate.again(seed, sizes)
    except DivergedError:
        return None


def _values(form: Form, state: State, unknown: int, points: Array) -> Array:
    zero = (0,) * form.space.dim
    return state.jets(unknown, points, [zero])[zero]
