"""What is left of each piece of a region after its predicates: measured once a region, before it is sampled."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from sympy import Eq

from inrpde.declaration.regions.chart import Array, Piece
from inrpde.declaration.regions.sequence import lattice, strata
from inrpde.errors import ProblemError

if TYPE_CHECKING:
    from inrpde.declaration.regions.region import Region

CURVE, SURFACE, MEASURE = 1 << 12, 1 << 12, 1 << 16
"""How many points find out whether a curve, or a set of higher dimension, is met; and how many measure the latter."""

GAUSS = 1 << 10
"""How many points the smooth parts of a curve share for an integral along it, two at least each."""

TANGENTS, BESIDE = 1 << 6, 1e-6
"""How many points find out how a surface lies to the coordinates, and the steps that they look about, in the chart."""

LONGER, LONGEST = 8, 256
"""How many times more points look again where other pieces were met, and where none was."""


@dataclass(frozen=True, eq=False)
class Part:
    """A piece of which something is left: its measure, its share of the chart, and a curve's kept spans (K, 2).

    Measures are exact to rounding on curves, in plane solids that curves bound, and where there is no predicate; those
    of other pieces come from the share of a low-discrepancy sequence, accurate to about 1e-4.
    """

    piece: Piece
    measure: float
    share: float
    spans: Array = field(default_factory=lambda: np.empty((0, 2)))

    def within(self, extents: Array) -> float:
        """Its measure in coordinates that are divided by `extents` (d,); of a set of points what it is."""
        dim, at = self.piece.chart.dim, self.piece.chart.at
        if dim == len(extents) or np.ptp(extents) == 0:
            return self.measure / float(np.prod(extents[:dim]))
        if dim == 0:
            return self.measure
        unit = 0.01 + 0.98 * lattice(TANGENTS, dim, np.random.default_rng(TANGENTS))
        tangents = np.stack([at(unit + step) - at(unit - step) for step in BESIDE * np.eye(dim)], axis=2)
        raw, scaled = (_volumes(each) for each in (tangents, tangents / extents[:, None]))
        return self.measure * float(np.median(scaled[raw > 0] / raw[raw > 0]))


def _volumes(tangents: Array) -> Array:
    """Those of the parallelotopes of k vectors, (N, d, k): (N,)."""
    return np.abs(np.prod(np.diagonal(np.linalg.qr(tangents, mode="r"), axis1=1, axis2=2), axis=1))


def parts_of(region: Region) -> tuple[Part, ...]:
    """The pieces of which something is left. Raises ProblemError if that is none."""
    found = [_part(piece, 1) for piece in region.pieces]
    again = LONGER if any(found) else LONGEST
    found = [part or _part(piece, again) for part, piece in zip(found, region.pieces, strict=True)]
    left = tuple(part for part in found if part)
    if not left:
        raise _empty(region)
    volume = _volume(region) if any(part.piece.keeps for part in left) else None
    if volume is None:
        return left
    factor = volume / sum(part.measure for part in left)
    return tuple(replace(part, measure=factor * part.measure) for part in left)


def _volume(region: Region) -> float | None:
    """The measure of a solid of d dimensions from the boundary that encloses it, which is known better: ∮ x·n / d."""
    if region._enclosure is None:
        return None
    flux = 0.0
    for part in region._enclosure.parts:
        points, weights = _spread(part)
        flux += float(weights @ np.sum(points * part.piece.normals(points), axis=1))
    return flux / region.dim


def _spread(part: Part) -> tuple[Array, Array]:
    """Many points (N, d) of a part, and their weights (N,); on curves the Gauss rule of order 4."""
    if part.piece.chart.dim > 1:
        points = _drawn(part.piece, MEASURE)
        points = points[part.piece.kept(points)]
        return points, np.full(len(points), part.measure / len(points))
    breaks = part.piece.chart.breaks
    smooth = [np.concatenate([[lo], breaks[(breaks > lo) & (breaks < hi)], [hi]]) for lo, hi in part.spans]
    starts = np.concatenate([cuts[:-1] for cuts in smooth])
    lengths = np.concatenate([np.diff(cuts) for cuts in smooth])
    count = max(2, GAUSS // len(lengths))
    unit = starts[:, None] + lengths[:, None] * strata(count, 0.5 - 3**-0.5)
    return part.piece.chart.at(unit.reshape(-1, 1)), np.repeat(part.piece.chart.measure * lengths / count, count)


def pilot_points(part: Part, count: int = 256) -> Array:
    """Some points (N, d) of a part, at least one."""
    points = np.empty((0, 0))
    count = count if part.piece.chart.dim else 1  # a chart of points holds all of them, whatever is asked
    while not len(points):
        points = _drawn(part.piece, count)
        points = points[part.piece.kept(points)]
        count *= 4
    return points


def _drawn(piece: Piece, count: int) -> Array:
    return piece.chart.at(lattice(count, piece.chart.dim, np.random.default_rng(count)))


def _part(piece: Piece, effort: int) -> Part | None:
    chart = piece.chart
    whole = np.array([[0.0, 1.0]] if chart.dim == 1 else np.empty((0, 2)))
    if not piece.keeps:
        return Part(piece, chart.measure, 1.0, whole)
    if chart.dim == 0:
        return Part(piece, chart.measure, 1.0) if piece.kept(_drawn(piece, 1)).any() else None
    if chart.dim == 1:
        spans = _spans(piece, CURVE * effort)
        share = float(np.sum(spans[:, 1] - spans[:, 0]))
        return Part(piece, chart.measure * share, share, spans) if len(spans) else None
    met = piece.kept(_drawn(piece, SURFACE * effort))
    if not met.any():
        return None
    if met.all():  # what a hole between so many points takes away is no more than the error of a measured share
        return Part(piece, chart.measure, 1.0)
    share = float(np.mean(piece.kept(_drawn(piece, max(MEASURE, SURFACE * effort)))))
    return Part(piece, chart.measure * share, share)


def _spans(piece: Piece, count: int) -> Array:
    """The intervals (K, 2) of a curve's parameter on which the predicates hold, their ends found by bisection."""

    def kept(parameters: Array) -> Array:
        return piece.kept(piece.chart.at(parameters[:, None]))

    grid = np.concatenate([[1e-7], (np.arange(count) + 0.382) / count, [1 - 1e-7]])
    on = kept(grid)
    change = np.flatnonzero(on[1:] != on[:-1])
    lo, hi, rising = grid[change], grid[change + 1], on[change + 1]
    for _ in range(40 if len(change) else 0):
        middle = (lo + hi) / 2
        left = kept(middle) == rising
        lo, hi = np.where(left, lo, middle), np.where(left, middle, hi)
    ends = (lo + hi) / 2
    starts, stops = ends[rising], ends[~rising]
    return np.column_stack([
        np.concatenate([[0.0], starts]) if on[0] else starts,
        np.concatenate([stops, [1.0]]) if on[-1] else stops,
    ])  # fmt: skip


def _empty(region: Region) -> ProblemError:
    for parent in region.parents:
        if parent.has_time == region.has_time:
            try:
                parent.check()
            except ProblemError as error:
                return error
    relation = getattr(region, "relation", None)
    if relation is None:
        fix = "check what is taken away from it, or what it is cut with"
        return ProblemError("the region is empty, or too thin to be found", region.label, fix)
    lo, hi = region.bounds
    fix = "its coordinates run over " + ", ".join(
        f"{x}: {a:g} … {b:g}" for x, a, b in zip(region.coords, lo, hi, strict=True)
    )
    if region.dim == len(region.coords) and relation.has(Eq):
        fix += "; an equation selects parts of a boundary: omega.boundary.where(…)"
    return ProblemError(f"the relation {relation} selects nothing of {region.parents[0].label}", region.label, fix)
