"""Do the given values agree with one another?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions import Region
from inrpde.errors import ProblemError
from inrpde.solvers.samples import Samples
from inrpde.verification.finding import Finding, name, place

Array = np.ndarray
AGREES = 1e-6
"""Relative difference below which two data agree."""
STEP = 1e-7
"""How far from a point, as a share of a region's extent, its closure is looked for."""


def contradictions(form: Form, samples: Samples) -> list[Finding]:
    """Values that disagree where two conditions meet. Raises ProblemError where that is more than a corner."""
    findings = []
    normals = set(form.space.normal)
    given = [
        (row, u) for row, u in _values_given(form) if not row.region.labels and not normals & row.residual.free_symbols
    ]
    sizes: dict[int, float] = {}
    for row, u in given:
        values = np.nan_to_num(np.abs(_value(form, row, samples.of(row).points)), posinf=0.0)
        sizes[u] = max(sizes.get(u, 1e-300), float(np.max(values)))
    for (a, u), (b, v) in itertools.combinations(given, 2):
        if u == v:
            findings += _compare(form, a, b, u, samples, sizes[u])
    return findings


def _compare(form: Form, a: Row, b: Row, u: int, samples: Samples, size: float) -> list[Finding]:
    shared = samples.of(a).points
    shared = shared[b.region.contains(shared)]
    for points, everywhere in ((shared, True), (_corners(form, a.region, b.region), False)):
        if not len(points):
            continue
        left, right = _value(form, a, points), _value(form, b, points)
        gap = np.nan_to_num(np.abs(left - right))
        worst = int(np.argmax(gap))
        if gap[worst] <= AGREES * size:
            continue
        first, second = (_number(values[worst], size) for values in (left, right))
        where = place(form.space.coords, points[worst])
        text = f"{name(form, u)} is {first} by {a.text} and {second} by {b.text} at {where}"
        if everywhere and (a.region.dim == 0 or len(points) > 0.02 * len(samples.of(a).points) + 1):
            fix = "keep one of the two, or restrict one with .where"
            raise ProblemError(f"contradictory data: {text}", f"{a.text}; {b.text}", fix)
        return [Finding(f"data disagree at a corner: {text}")]
    return []


def _number(value: float | complex, size: float) -> str:
    """A value, 0 where only rounding is left of it."""
    return "0" if abs(value) < 1e-9 * size else f"{value:.6g}"


def _corners(form: Form, a: Region, b: Region) -> Array:
    """Points where the closures of two regions meet: of their boxes, and ends of curves."""
    if form.space.dim > 4:
        return np.zeros((0, form.space.dim))
    points = np.concatenate([lattice(a), lattice(b), _ends(a), _ends(b)])
    return points[_touches(a, points) & _touches(b, points)]


def lattice(region: Region) -> Array:
    """The corners and the centres of edges and faces of a region's box, and of the box itself."""
    lo, hi = region.bounds
    return np.array(list(itertools.product(*zip(lo, (lo + hi) / 2, hi, strict=True))))


def _ends(region: Region) -> Array:
    """The ends of the curves that a region consists of, (N, d)."""
    curves = [part for part in region.parts if part.piece.chart.dim == 1]
    found = [part.piece.chart.at(part.spans.reshape(-1, 1)) for part in curves]
    return np.concatenate(found) if found else np.zeros((0, region.space.dim))


def _touches(region: Region, points: Array) -> Array:
    """Which points lie in the closure of a region: itself, or a step away from them."""
    lo, hi = region.bounds
    found = region.contains(points, 2 * region.tolerance)
    for direction in itertools.product((-1, 0, 1), repeat=points.shape[1]):
        rest = np.flatnonzero(~found)
        found[rest] = region.contains(points[rest] + STEP * (hi - lo) * np.array(direction))
    return found


def _values_given(form: Form) -> Iterator[tuple[Row, int]]:
    """Rows that give the value of one unknown, and that unknown."""
    for row in form.rows:
        jets = list(row.jets.values())
        if row.linear and len(jets) == 1 and not any(jets[0].index) and not row.integrals:
            yield row, jets[0].unknown


def _value(form: Form, row: Row, points: Array) -> Array:
    """The value that such a row gives at points."""
    env = form.environment(row, points, None, {}) | dict.fromkeys(row.jets, 0.0)
    (value,), (slope,) = row.value(env), row.slopes(env)
    with np.errstate(all="ignore"):  # where the slope vanishes, nothing is given
        return np.broadcast_to(0.0 - np.asarray(value) / slope, (len(points),))
