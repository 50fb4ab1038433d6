"""How wrong is the answer? From the held-out score and a second, different solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form
from inrpde.sampling import sample
from inrpde.solvers.method import Candidate
from inrpde.solvers.state import State

Array = np.ndarray
FLOOR = 1e-12
"""Below this an estimate is rounding."""
CEILING = 2.0


@dataclass(frozen=True)
class Estimate:
    """Estimated relative L2 errors by unknown; `score` is the held-out score, `second` the difference between the solves."""

    fields: dict[str, float]
    score: float
    second: dict[str, float]

    @property
    def worst(self) -> float:
        return max(self.fields.values(), default=CEILING)


def field_points(form: Form, unknown: int, n: int, seed: int) -> Array:
    """Points where an unknown lives: of the volumes of its equations (of whatever it appears in, if there is none)."""
    rows = [row for row in form.rows if any(jet.unknown == unknown for jet in row.jets.values())]
    full = [row.region for row in rows if row.region.dim == form.space.dim]
    regions = list({id(r): r for r in full or [row.region for row in rows] or [row.region for row in form.rows]}.values())
    points = np.concatenate([sample(region, n, seed) .points for region in regions])
    if len(points) > n:
        points = points[np.random.default_rng(seed).permutation(len(points))[:n]]
    domain = form.unknowns[unknown].region
    return points[domain.contains(points)] if domain is not None and np.any(domain.contains(points)) else points


def relative_difference(values: Array, reference: Array) -> float:
    """‖values - reference‖ / ‖reference‖ in the root mean square (absolute where the reference vanishes)."""
    size = float(np.linalg.norm(reference))
    return float(np.linalg.norm(values - reference)) / (size if size > 0 else np.sqrt(max(len(reference), 1)))


def estimate(form: Form, candidate: Candidate, seed: int) -> Estimate:
    """min(1.5·√(E1·E3), 2), with E1 the held-out score and E3 the difference to a second solve."""
    second = candidate.again(seed + 1) if candidate.again else None
    differences, fields = {}, {}
    for number, unknown in enumerate(form.unknowns):
        points = field_points(form, number, 2000, seed + 31)
        if second is None:
            differences[unknown.name] = float("nan")
            fields[unknown.name] = float(np.clip(10 * candidate.score, FLOOR, CEILING))
            continue
        difference = relative_difference(_values(form, candidate.state, number, points), _values(form, second, number, points))
        differences[unknown.name] = difference
        fields[unknown.name] = float(np.clip(1.5 * np.sqrt(candidate.score * difference), FLOOR, CEILING))
    return Estimate(fields, candidate.score, differences)


def _values(form: Form, state: State, unknown: int, points: Array) -> Array:
    zero = (0,) * form.space.dim
    return state.jets(unknown, points, [zero])[zero]
