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
        measure; `drawn` tells the places in which points are drawn."""
        places = [place.share.double().numpy(force=True) for place in batch.places[: len(drawn)]]
        shares = [each / each.sum() if wanted else None for each, wanted in zip(places, drawn, strict=True)]
        pairs = zip(shares, residuals, strict=True)
        chances = [None if each is None else chance(each, size, share) for each, size in pairs]
        return cls(batch, tuple(shares), tuple(chances))

    def draw(self, counts: list[int], rng: np.random.Generator) -> Batch:
        """So many points of each place."""
        rows: list[Weighted | None] = []
        for shares, chances, count in zip(self.shares, self.chances, counts, strict=True):
            if shares is None or chances is None:
                rows.append(None)
                continue
            chosen = systematic(chances, count, rng)
            rows.append((chosen, shares[chosen] / (count * chances[chosen])))
        return self.batch.weighted(rows)


def chance(shares: Array, residual: Array, share: float) -> Array:
    """Probabilities of points (N,) from their shares of the measure and the sizes of their residuals."""
    size = np.where(np.isfinite(residual), residual, 0.0)
    mean = float(shares @ size)
    if not mean > 0:
        return shares
    found = shares * (1 - share + share * (size / mean + 1) / 2)
    return found / found.sum()


def systematic(chances: Array, count: int, rng: np.random.Generator) -> Array:
    """Numbers of `count` points, each expected count × its probability times; with one random number for all, which
    varies the least (Kitagawa 1996)."""
    edges = np.cumsum(chances)
    return np.minimum(np.searchsorted(edges, (np.arange(count) + rng.random()) / count * edges[-1]), len(edges) - 1)
