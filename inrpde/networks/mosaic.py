"""Sine networks side by side: one in each cell, its head zero elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from itertools import product
from math import comb
from typing import Any

import numpy as np
from numpy.polynomial.legendre import legvander
from scipy.linalg import lstsq
from scipy.spatial import cKDTree

from inrpde.networks.trial import CHUNK, Array, Index, Trial
from inrpde.networks.waves import row_blocks
from inrpde.sampling.cells.reference import cube_rule, simplex_rule
from inrpde.sampling.cells.tessellation import OUTSIDE, Cover, Walls

SPARE = 4
"""Sines of one coordinate for each function of it: with fewer no band gives polynomials to more than some digits."""
BANDS = tuple(float(band) for band in 2.0 ** np.arange(-5, 5.1, 0.5))
"""Half-widths of their frequencies that are tried, in coordinates where the cell is [-1, 1]^d."""
ROUNDING = 1e-16
"""What an amplitude costs beside an error."""
MIXED = 2**20
"""Numbers of heads that are gathered at once; chosen: a few such arrays fit the memory next to a core."""
VANISHING = 1e-7
"""The size beside what it was below which a function vanishes in a cell that is cut off."""


@dataclass(frozen=True, eq=False)
class Basis:
    """K functions on a reference cell: products over the coordinates of sines sin(ω ξ_k + b), which are sums of sines
    of the sums and differences of their angles.

    `frequencies` and `phases` (M,) are those along any coordinate, and `along` (M, n) makes n functions of these;
    `indices` (K, d) says which of them each product takes; `mix` (K, K) makes the products orthonormal on the cell.
    """

    frequencies: Array
    phases: Array
    along: Array
    indices: Array
    mix: Array

    @property
    def size(self) -> int:
        return self.mix.shape[1]

    def derivatives(self, local: Array, orders: Iterable[Index]) -> dict[Index, Array]:
        """The products before they are mixed, and their derivatives by ξ, at points ξ (N, d): (N, K) each."""
        orders = list(orders)
        highest = max((n for order in orders for n in order), default=0)
        angle = local[:, :, None] * self.frequencies + self.phases
        waves = [np.sin(angle), np.cos(angle)] if highest else [np.sin(angle)]
        sign = (1, 1, -1, -1)
        scaled = [sign[n % 4] * self.frequencies[:, None] ** n * self.along for n in range(highest + 1)]
        along = [waves[n % 2] @ each for n, each in enumerate(scaled)]
        pairs = {pair for order in orders for pair in enumerate(order)}
        factors = {(k, n): along[n][:, k, self.indices[:, k]] for k, n in pairs}
        return {order: reduce(np.multiply, (factors[pair] for pair in enumerate(order))) for order in orders}

    def jets(self, local: Array) -> Array:
        """Values and first derivatives by ξ at points ξ (N, d): (N, 1 + d, K)."""
        dim = local.shape[1]
        orders = [(0,) * dim, *(tuple(int(i == k) for i in range(dim)) for k in range(dim))]
        found = self.derivatives(local, orders)
        return np.stack([found[order] for order in orders], axis=1) @ self.mix

    def on(self, local: Array, weights: Array) -> Basis:
        """The same made orthonormal on a cell with quadrature points ξ (Q, d) and weights (Q,), those of low degree
        first; functions that vanish there but for what those before them are, are zero."""
        values = self.jets(local)[:, 0]
        gram = values.T @ (values * (weights / weights.sum())[:, None])
        mix = np.zeros_like(gram)
        for k in range(self.size):
            column = np.eye(self.size)[k]
            for _ in range(2):  # once more, for what rounding leaves of the first
                column = column - mix @ (mix.T @ (gram @ column))
            square = column @ gram @ column
            if square > VANISHING**2 * gram[k, k]:
                mix[:, k] = column / np.sqrt(square)
        return replace(self, mix=self.mix @ mix)


def count(degree: int, dim: int) -> int:
    """As many functions as there are polynomials of a degree."""
    return comb(degree + dim, dim)


@lru_cache
def basis(degree: int, dim: int, simplex: bool, seed: int = 0) -> Basis:
    """Functions that are orthonormal on the reference cell, those of low degree first.

    The span of sines of low frequencies is nearly that of polynomials (Driscoll and Fornberg 2002): along a coordinate
    each function is the combination of sines that comes nearest to a polynomial of Legendre. Of some bands the one is
    taken that loses the fewest digits, by its distance and by its amplitudes."""
    many = SPARE * (degree + 1) + 4
    (points, weights), rng = cube_rule(1, 2 * many), np.random.default_rng(seed)
    directions, phases = rng.uniform(-1, 1, many), rng.uniform(0, 2 * np.pi, many)
    roots, wanted = np.sqrt(weights)[:, None], legvander(points[:, 0], degree)
    best, least = (directions, np.zeros((many, degree + 1))), np.inf
    for band in BANDS:
        sines = np.sin(band * points * directions + phases)
        along = lstsq(sines * roots, wanted * roots, cond=1e-15)[0]
        cost = np.max(np.abs(sines @ along - wanted)) + ROUNDING * np.max(np.abs(along))
        if cost < least:
            best, least = (band * directions, along), cost
    indices = np.array(sorted((i for i in product(range(degree + 1), repeat=dim) if sum(i) <= degree), key=sum))
    plain = Basis(best[0], phases, best[1], indices, np.eye(len(indices)))
    return plain.on(*(simplex_rule if simplex else cube_rule)(dim, degree + 1))


@dataclass(frozen=True, eq=False)
class Mosaic(Trial):
    """`size` columns in each of the cells that a cover locates points in. The basis of cell c is bases[of[c]], in the
    local coordinates of its `origin` (C, d) and `axes` (C, d, d); bases differ by how they are mixed alone."""

    cover: Cover
    origin: Array
    axes: Array
    bases: tuple[Basis, ...]
    of: Array

    @property
    def size(self) -> int:
        return self.bases[0].size

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.origin) * self.size

    @cached_property
    def _inverse(self) -> Array:
        return np.linalg.inv(self.axes)

    @cached_property
    def _centres(self) -> cKDTree:
        return cKDTree(self.origin)

    def locate(self, points: Array) -> Array:
        """The cell (N,) of each point, the nearest where none holds it."""
        cell = self.cover.locate(points)
        lost = np.flatnonzero(cell == OUTSIDE)
        if len(lost):
            cell[lost] = self._centres.query(points[lost])[1]
        return cell

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices, cell = list(indices), self.locate(points)
        out = {index: np.zeros((len(points), len(self.origin), self.size)) for index in indices}
        for rows, found in self._columns(points, cell, indices):
            for index in indices:
                out[index][rows, cell[rows]] = found[index]
        return {index: block.reshape(len(points), -1) for index, block in out.items()}

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices, cell = list(indices), self.locate(points)
        heads = head.reshape(-1, self.size)
        out = {index: np.zeros(len(points), np.result_type(head.dtype, float)) for index in indices}
        for rows, found in self._columns(points, cell, indices):
            for index in indices:
                out[index][rows] = np.einsum("nk,nk->n", found[index], heads[cell[rows]])
        return out

    def mixed(
        self, points: Array, heads: Array, group: Array, weights: Array, indices: Iterable[Index]
    ) -> dict[Index, Array]:
        indices, cell = list(indices), self.locate(points)
        heads = heads.reshape(*heads.shape[:2], -1, self.size)
        out = {index: np.zeros(weights.shape[:2], np.result_type(heads.dtype, float)) for index in indices}
        for every, found in self._columns(points, cell, indices):
            for part in row_blocks(len(every), heads.shape[1] * self.size, MIXED):
                rows = every[part]
                own = np.einsum("jnm,nmk->jnk", weights[:, rows], heads[group[rows], :, cell[rows]])
                for index in indices:
                    out[index][:, rows] = np.einsum("nk,jnk->jn", found[index][part], own)
        return out

    def _columns(
        self, points: Array, cell: Array, indices: Sequence[Index]
    ) -> Iterator[tuple[Array, dict[Index, Array]]]:
        """Rows (N,) of points of one basis, and the derivatives by x of their cells' columns, (N, K)."""
        of = self.of[cell]
        step = max(64, int(CHUNK / (self.size * points.shape[1] * 4 ** max((sum(i) for i in indices), default=0))))
        for number in np.unique(of):
            every = np.flatnonzero(of == number)
            for rows in (every[start : start + step] for start in range(0, len(every), step)):
                inverse = self._inverse[cell[rows]]
                local = np.einsum("nij,nj->ni", inverse, points[rows] - self.origin[cell[rows]])
                plans = {index: chained(index, inverse) for index in indices}
                known = self.bases[number].derivatives(local, {order for plan in plans.values() for order in plan})
                yield (
                    rows,
                    {
                        index: sum(c[:, None] * known[order] for order, c in plan.items()) @ self.bases[number].mix
                        for index, plan in plans.items()
                    },
                )

    def state(self) -> dict[str, Any]:
        cover = {f"cover_{key}": getattr(self.cover, key) for key in ("origin", "axes", "cell", "part")}
        one = self.bases[0]
        shared = {key: getattr(one, key) for key in ("frequencies", "phases", "along", "indices")}
        walls = self.cover.walls or Walls(np.empty(0, int), np.empty((0, 1)))
        return {
            "origin": self.origin, "axes": self.axes, "of": self.of, "simplex": int(self.cover.simplex),
            "mixes": np.stack([each.mix for each in self.bases]), **cover, **shared,
            "wall_box": walls.box, "wall_coefficients": walls.coefficients,
        }  # fmt: skip

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Mosaic:
        where = {key: np.asarray(state[f"cover_{key}"]) for key in ("origin", "axes", "cell", "part")}
        walls = Walls(np.asarray(state["wall_box"]), np.asarray(state["wall_coefficients"]))
        frequencies, phases, along, indices = (
            np.asarray(state[key]) for key in ("frequencies", "phases", "along", "indices")
        )
        bases = tuple(Basis(frequencies, phases, along, indices, mix) for mix in np.asarray(state["mixes"]))
        cover = Cover(**where, simplex=bool(state["simplex"]), walls=walls if len(walls.box) else None)
        return cls(cover, np.asarray(state["origin"]), np.asarray(state["axes"]), bases, np.asarray(state["of"]))


def chained(index: Index, inverse: Array) -> dict[Index, Array]:
    """A derivative by x in those by ξ, whose slopes ∂ξ/∂x are `inverse` (N, d, d): {multi-index: (N,)}."""
    plan = {(0,) * len(index): np.ones(len(inverse))}
    for axis, times in enumerate(index):
        for _ in range(times):
            further: dict[Index, Array] = {}
            for order, c in plan.items():
                for m in range(len(index)):
                    above = tuple(n + (i == m) for i, n in enumerate(order))
                    further[above] = further.get(above, 0.0) + c * inverse[:, m, axis]
            plan = further
    return plan
