"""A region's points: low-discrepancy points of the unit cube through its charts, shared out by measure in coordinates
that compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde import deadline
from inrpde.declaration.regions.pilot import Part
from inrpde.declaration.regions.region import Region
from inrpde.declaration.regions.sequence import lattice, scattered, strata
from inrpde.errors import ProblemError
from inrpde.sampling.quadrature import Quadrature

Array = np.ndarray

MOST = 1e8
"""Numbers that are drawn at once at most, some gigabytes with what is worked out from them."""
FEW = 4
"""How many points every part and every span of a curve gets, however small it is."""


def sample(region: Region, n: int, seed: int = 0) -> Quadrature:
    """About n points of the region, uniform in measure in each of its parts, which share them out by their measures in
    scaled coordinates (`Region.extents`); all of them where it is a set of points.

    The same seed gives the same bytes, another one other points. Raises ProblemError if the region is empty.
    """
    region.check_time()
    found = region.parts
    counts = _shares(region.shares, n)
    for part, count in zip(found, counts, strict=True):
        _check_thin(region, part, count)
    drawn = [
        _draw(part, count, np.random.default_rng([seed, k]))
        for k, (part, count) in enumerate(zip(found, counts, strict=True))
    ]
    points = np.concatenate([d.points for d in drawn])
    normals = [d.normals for d in drawn if d.normals is not None]
    return Quadrature(
        points,
        np.concatenate([d.weights for d in drawn]),
        np.concatenate(normals) if len(normals) == len(drawn) else None,
        {
            symbol: np.concatenate([d.labels.get(symbol, np.full(len(d), np.nan)) for d in drawn])
            for symbol in region.labels
        },
        float(sum(d.measure for d in drawn)),
    )


def _check_thin(region: Region, part: Part, n: int) -> None:
    """Raise ProblemError for a part that is found by trying more points than memory is to hold."""
    if part.piece.chart.dim > 1 and n / part.share * part.piece.chart.dim > MOST:
        raise ProblemError(
            f"the region fills {part.share:.1g} of the shape that it is cut from: no points of it are found by trial",
            region.label,
            "declare it by a shape that is as thin (a Mesh, a box in other coordinates), or make it thicker",
        )


def _shares(measures: Sequence[float], n: int) -> list[int]:
    total = sum(measures)
    return [max(FEW, round(n * measure / total)) for measure in measures]


def _draw(part: Part, n: int, rng: np.random.Generator) -> Quadrature:
    piece, chart = part.piece, part.piece.chart
    if chart.dim == 1:
        unit, weights = _on_spans(part, n, rng)
        points = chart.at(unit)
        return Quadrature(points, weights, piece.normals(points), {}, part.measure)
    points, kept = _accepted(part, n, rng)
    weights = np.full(len(points), part.measure / len(points))
    labels = {symbol: values[kept] for symbol, values in chart.labels.items()}
    return Quadrature(points, weights, piece.normals(points), labels, part.measure)


def _on_spans(part: Part, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    spans = part.spans
    lengths = spans[:, 1] - spans[:, 0]
    offset = rng.uniform(-0.3, 0.3)
    counts = _shares(lengths.tolist(), n)
    unit = np.concatenate(
        [lo + length * strata(k, offset) for (lo, _), length, k in zip(spans, lengths, counts, strict=True)]
    )
    return unit[:, None], np.repeat(part.piece.chart.measure * lengths / counts, counts)


def _accepted(part: Part, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Points that the piece keeps, and which of the drawn ones they are."""
    piece, chart = part.piece, part.piece.chart
    count = int(np.ceil(n / part.share)) if chart.dim else 1
    while True:
        deadline.turn()
        points = chart.at(lattice(count, chart.dim, rng))
        kept = np.flatnonzero(piece.kept(points))
        if chart.dim == 0:
            return points[kept], kept
        if len(kept) >= min(n / 2, FEW):
            order = kept[scattered(len(kept))]
            return points[order], order
        count *= 2
