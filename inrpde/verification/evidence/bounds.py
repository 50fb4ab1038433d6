"""A bound on the error by the maximum principle, where one holds.

For L u = a_ij ∂_ij u + b_i ∂_i u + c u with a_ij positive definite and c ≤ 0, and u given on the whole boundary (of a
parabolic equation, L u - ρ ∂_t u with ρ > 0, on the walls and at the start), the error e of an answer obeys

    max |e| ≤ max over the boundary |e| + C max |L e|,   C = max w for any w ≥ 0 with L w ≤ -1

(Protter and Weinberger, Maximum Principles in Differential Equations, 1967, sections 2.6 and 3.3). Both maxima are of
residuals, and those are seen; w is a function of one coordinate alone, the time for one."""

from __future__ import annotations

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.operators import coefficients
from inrpde.discretise.score import Score
from inrpde.errors import ProblemError
from inrpde.sampling import sample
from inrpde.sampling.extent import bounds

Array = np.ndarray
POINTS = 1000
"""Points at which coefficients are looked at, and whether the boundary is covered."""
STEEPEST = 30.0
"""The exponent of a comparison function at most: beyond e^30 no bound is of use."""


def bound(form: Form, scored: Score) -> float | None:
    """A bound on the largest error in units of the solution's root mean square, by residuals on points that were not
    fitted; None where no maximum principle is known to hold."""
    inside = [row for row in form.rows if row.region.dim == form.space.dim]
    others = [row for row in form.rows if row.region.dim < form.space.dim]
    if form.arithmetic != "real" or len(form.unknowns) > 1 or form.integrals or len(inside) != 1 or not form.linear:
        return None
    (row,) = inside
    stretch, given = _stretch(form, row), all(other.gives_value and not other.region.labels for other in others)
    if stretch is None or not given or not _closed(form, row, others):
        return None
    worst = dict(zip(form.rows, scored.rows, strict=True))
    least = [_least_slope(form, other) for other in others]
    size = scored.sizes[0]
    if min(least) == 0 or size == 0:
        return None
    walls = [worst[other].max / slope for other, slope in zip(others, least, strict=True)]
    return float((max(walls) + stretch * worst[row].max) / size)


def _stretch(form: Form, row: Row) -> float | None:
    """The constant C, or None where the equation has no maximum principle."""
    points = sample(row.region, POINTS, 3).points
    slopes = _slopes(form, row, points)
    d, zero = len(form.space.spatial), (0,) * form.space.dim
    second = np.zeros((len(points), d, d))
    first = np.zeros((len(points), d))
    rest, moving = np.zeros((2, len(points)))
    for index, slope in slopes.items():
        space, time = index[:d], sum(index[d:])
        if time:
            if sum(index) > 1:
                return None
            moving = slope
        elif index == zero:
            rest = slope
        elif sum(space) == 1:
            first[:, space.index(1)] = slope
        elif sum(space) == 2:
            i, j = (k for k, n in enumerate(space) for _ in range(n))
            second[:, i, j] += slope / 2
            second[:, j, i] += slope / 2
        else:
            return None
    sign = np.sign(np.trace(second, axis1=1, axis2=2).mean())
    definite = np.linalg.eigvalsh(sign * second).min() > 0 if d else False
    if not definite or np.any(sign * rest > 0) or np.any(sign * moving > 0):
        return None
    lo, hi = bounds(form)
    found = [_comparison(sign * second[:, k, k], first[:, k], hi[k] - lo[k]) for k in range(d)]
    slowest = np.abs(moving).min()
    return min([*found, (hi[-1] - lo[-1]) / slowest] if slowest > 0 else found)


def _comparison(a: Array, b: Array, length: float) -> float:
    """The largest value of w ≥ 0 along one coordinate with a w'' + b w' ≤ -1: a parabola where b vanishes, else
    w = (e^{αL} - e^{αx}) / β with β = min (a α² + b α), α = 2 max |b| / min a."""
    least, drift = a.min(), np.abs(b).max()
    if drift * length <= 1e-9 * least:
        return float(length**2 / (8 * least))
    steep = 2 * drift / least
    if steep * length > STEEPEST:
        return float("inf")
    return float(np.expm1(steep * length) / (least * steep**2 - drift * steep))


def _slopes(form: Form, row: Row, points: Array) -> dict[tuple[int, ...], Array]:
    """The real coefficient (N,) of each derivative at points."""
    found = coefficients(form, row, points).items()
    return {row.jets[s].index: np.broadcast_to(np.real(c), (len(points),)) for s, c in found}


def _least_slope(form: Form, row: Row) -> float:
    """How much of the unknown an equation that gives its value holds, at least."""
    (slope,) = _slopes(form, row, sample(row.region, POINTS, 3).points).values()
    return float(np.abs(slope).min())


def _closed(form: Form, row: Row, others: list[Row]) -> bool:
    """Is the unknown given all round, and at the start?"""
    try:
        sets = [row.region.boundary, *([row.region.initial] if form.space.time is not None else [])]
    except ProblemError:
        return False
    points = np.concatenate([sample(region, POINTS, 3).points for region in sets])
    return bool(others) and bool(np.all(np.any([other.region.contains(points) for other in others], axis=0)))
