"""Residual-adaptive points: drawn from a larger pool the more often, the larger the residual is there.

Wu, Zhu, Tan, Kartha and Lu 2023 (Comput. Methods Appl. Mech. Engrg. 403, 115671), "RAD" with k = 1 and c = 1. There
the loss is a mean over the points drawn; here each counts by what its probability lacks, so that it stays the integral.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.solvers.objective import Batch, Weighted

Array = np.ndarray
POOL = 10
"""Points of the pool for each that is drawn."""


@dataclass(frozen=True)
class Pool:
    """Points to draw from: the shares of the measure and the probabilities (N,) in each place, None where all points
    are always taken."""

    batch: Batch
    shares: tuple[Array | None, ...]
    chances: tuple[Array | None, ...]

    @classmethod
    def of(cls, batch: Batch, residuals: list[Array], share: float, drawn: list[bool]) -> Pool:
        """From the sizes of the residuals (N,) in each place. A `share` of the points follows these, the rest the
        pool; `drawn` tells the places in which points are drawn."""
        places = [place.share.double().numpy(force=True) for place in batch.places[: len(drawn)]]
        shares = [each / each.sum() if wanted else None for each, wanted in zip(places, drawn, strict=True)]
        pairs = zip(shares, residuals, strict=True)
        chances = [None if each is None else chance(size, share) for each, size in pairs]
        return cls(batch, tuple(shares), tuple(chances))

    def draw(self, counts: list[int], rng: np.random.Generator) -> Batch:
        """So many points of each place."""
        rows: list[Weighted | None] = []
        places = self.batch.places[: len(counts)]
        for place, shares, chances, count in zip(places, self.shares, self.chances, counts, strict=True):
            if shares is None or chances is None:
                rows.append(None)
                continue
            order = along(place.points.double().numpy(force=True))
            chosen = order[systematic(chances[order], count, rng)]
            rows.append((chosen, shares[chosen] / (count * chances[chosen])))
        return self.batch.weighted(rows)


def chance(residual: Array, share: float) -> Array:
    """Probabilities of a pool's points (N,), which may crowd already, from the sizes of their residuals."""
    size = np.where(np.isfinite(residual), residual, 0.0)
    mean = size.mean()
    found = 1 - share + share * (size / mean + 1) / 2 if mean > 0 else np.ones(len(size))
    return found / found.sum()


def systematic(chances: Array, count: int, rng: np.random.Generator) -> Array:
    """Numbers of `count` points, each expected count × its probability times; with one random number for all, which
    varies the least (Kitagawa 1996)."""
    edges = np.cumsum(chances)
    return np.minimum(np.searchsorted(edges, (np.arange(count) + rng.random()) / count * edges[-1]), len(edges) - 1)


def along(points: Array) -> Array:
    """The order of points (N, d) along a curve that fills their box (Morton 1966): points that follow one another lie
    close together, so that equal steps along it spread over the region."""
    d = points.shape[1]
    bits = min(10, 62 // d)
    extent = np.ptp(points, axis=0)
    cells = ((points - points.min(axis=0)) / np.where(extent > 0, extent, 1.0) * (2**bits - 1)).astype(np.int64)
    code = np.zeros(len(points), dtype=np.int64)
    for bit in range(bits):
        for axis in range(d):
            code |= ((cells[:, axis] >> bit) & 1) << (bit * d + axis)
    return np.argsort(code, kind="stable")
