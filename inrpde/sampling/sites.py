"""The collocation points of all conditions of a form: conditions that hold on the same points share one site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import HERE, Row
from inrpde.sampling.quadrature import Quadrature

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Site:
    """Points (N, d) with quadrature weights (N,) that sum to the region's measure; `pairs` are the opposite points.

    `lengths` (N,), where not None, are those on which data vary near the points, beside the region's extent: what a
    residual does to a solution is in proportion to its integral, so that its square counts the less the narrower."""

    points: Array
    weights: Array
    normals: Array | None
    labels: Mapping
    measure: float
    pairs: Array | None = None
    lengths: Array | None = None

    @classmethod
    def of(cls, q: Quadrature) -> Site:
        return cls(q.points, q.weights, q.normals, q.labels, q.measure)

    @property
    def roots(self) -> Array:
        """The roots of the weights' shares of their sum, (N,), times those of the lengths."""
        shares = self.weights / self.weights.sum()
        return np.sqrt(shares if self.lengths is None else shares * self.lengths)

    def at(self, place: str) -> Array:
        """The points where jets of a place ("here" or "pair") are taken; a point without an opposite is its own."""
        return self.points if place == HERE or self.pairs is None else self.pairs

    def squeezed(self, whole: tuple[float, float], a: float, b: float) -> Site:
        """The points of a `whole` time moved into [a, b]; what lies at the start is moved to a."""
        start, end = whole

        def moved(points: Array) -> Array:
            out = points.copy()
            out[:, -1] = a + (out[:, -1] - start) * ((b - a) / (end - start))
            return out

        return replace(self, points=moved(self.points), pairs=None if self.pairs is None else moved(self.pairs))

    def taken(self, rows: Array) -> Site:
        """Some of the points."""
        return replace(
            self, points=self.points[rows], weights=self.weights[rows],
            normals=None if self.normals is None else self.normals[rows],
            labels={s: values[rows] for s, values in self.labels.items()},
            pairs=None if self.pairs is None else self.pairs[rows],
            lengths=None if self.lengths is None else self.lengths[rows],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Samples:
    """`sites`, the number among them of each condition's (`numbers`), and one more for each integral."""

    sites: tuple[Site, ...]
    numbers: tuple[int, ...]
    integrals: tuple[Site, ...]

    @property
    def conditions(self) -> list[Site]:
        """The site of each condition, in their order."""
        return [self.sites[number] for number in self.numbers]

    def number(self, row: Row) -> int:
        """The number of the site of an equation."""
        return self.numbers[row.condition]

    def of(self, row: Row) -> Site:
        """The site of an equation."""
        return self.sites[self.number(row)]

    @property
    def count(self) -> int:
        """The points of all conditions; those that several share count once."""
        return sum(len(site.points) for site in self.sites)

    def mapped(self, change: Callable[[Site], Site]) -> Samples:
        """Another site for each of the conditions'."""
        return replace(self, sites=tuple(map(change, self.sites)))

    def left_out(self, share: float, seed: int, kept: bool = True) -> Samples:
        """Without a share of each set of labelled points, for a solve that must predict them; or that share alone,
        where not `kept`."""

        def without(site: Site) -> Site:
            n = len(site.points)
            first = round(share * n)
            if not site.labels or not first:
                return site
            order = np.random.default_rng([seed, n]).permutation(n)
            return site.taken(np.sort(order[first:] if kept else order[:first]))

        return self.mapped(without)

    def thinned(self, most: int) -> Samples:
        """At most so many points of each condition, chosen at random."""

        def few(site: Site) -> Site:
            n = len(site.points)
            return site if n <= most else site.taken(np.sort(np.random.default_rng(0).permutation(n)[:most]))

        return self.mapped(few)

    def evened(self, most: int) -> Samples:
        """At most so many points of each condition, as often by their weights: spread as if none followed narrow
        data."""

        def even(site: Site) -> Site:
            n = len(site.points)
            if n <= most:
                return site
            shares = site.weights / site.weights.sum()
            rows = np.random.default_rng(0).choice(n, most, replace=False, p=shares)
            return replace(site.taken(np.sort(rows)), weights=np.full(most, site.weights.sum() / most), lengths=None)

        return self.mapped(even)

    def squeezed(self, whole: tuple[float, float], a: float, b: float) -> Samples:
        """Those of a `whole` time moved into [a, b]; what lies at the start is moved to a."""
        return self.mapped(lambda site: site.squeezed(whole, a, b))
