"""Sine networks side by side: one in each cell, its head zero elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

import numpy as np
from scipy.linalg import svd
from scipy.spatial import cKDTree

from inrpde.networks.trial import CHUNK, Array, Index, Trial
from inrpde.sampling.cells.tessellation import OUTSIDE, Cover

SPARE = 1.6
"""Sines that are drawn for each function of a basis: more leave some that the others nearly give; measured."""
SMALLEST = 1e-6
"""The smallest singular value of the sines that a basis is made of, beside the largest: their frequencies are as high as
that allows, so that the basis keeps the other ten digits."""
FINEST, COARSEST = 1e-3, 64.0
"""Between these half-widths of the band it is looked for; in coordinates where the cell is [-1, 1]^d."""


@dataclass(frozen=True, eq=False)
class Basis:
    """K functions on a reference cell: sines sin(ω·ξ + b) of `frequencies` (d, M) and `phases` (M,), times `mix`
    (M, K), which makes them orthonormal on the cell."""

    frequencies: Array
    phases: Array
    mix: Array

    @property
    def size(self) -> int:
        return self.mix.shape[1]

    def jets(self, local: Array) -> Array:
        """Values and first derivatives at points ξ (N, d): (N, 1 + d, K)."""
        angle = local @ self.frequencies + self.phases
        slopes = np.cos(angle)
        each = [np.sin(angle), *(slopes * frequency for frequency in self.frequencies)]
        return np.stack([part @ self.mix for part in each], axis=1)


def count(degree: int, dim: int) -> int:
    """As many functions as there are polynomials of a degree."""
    return comb(degree + dim, dim)


def basis(size: int, points: Array, weights: Array, seed: int = 0) -> Basis:
    """That of `size` functions on a cell with quadrature points ξ (Q, d) and weights (Q,).

    The span of sines whose frequencies are low is nearly that of polynomials (Driscoll and Fornberg 2002): the band is
    the widest that lets `size` of them differ by `SMALLEST`.
    """
    rng = np.random.default_rng(seed)
    many = round(SPARE * size) + 4
    directions = rng.uniform(-1, 1, (points.shape[1], many))
    phases = rng.uniform(0, 2 * np.pi, many)
    roots = np.sqrt(weights / weights.sum())[:, None]

    def parts(band: float) -> tuple[Array, Array]:
        _, sizes, right = svd(np.sin(band * points @ directions + phases) * roots, full_matrices=False)
        return sizes, right

    low, high = np.log(FINEST), np.log(COARSEST)
    for _ in range(12):
        middle = (low + high) / 2
        sizes, _ = parts(np.exp(middle))
        wide = sizes[size - 1] > SMALLEST * sizes[0]
        low, high = (low, middle) if wide else (middle, high)
    band = np.exp(high)
    sizes, right = parts(band)
    return Basis(band * directions, phases, right[:size].T / sizes[:size])


@dataclass(frozen=True, eq=False)
class Mosaic(Trial):
    """`size` columns in each of the cells that a cover locates points in: `bases` by cell (C,) among those given, whose
    local coordinates are those of the cell's `origin` (C, d) and `axes` (C, d, d)."""

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
        for rows, sines in self._sines(points, cell, indices):
            mix = np.stack([each.mix for each in self.bases])[self.of[cell[rows]]]
            for index in indices:
                out[index][rows, cell[rows]] = np.einsum("nm,nmk->nk", sines[index], mix)
        return {index: block.reshape(len(points), -1) for index, block in out.items()}

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices, cell = list(indices), self.locate(points)
        heads = head.reshape(-1, self.size)
        mixed = np.empty((len(heads), self.bases[0].mix.shape[0]), heads.dtype)
        for number, each in enumerate(self.bases):
            mixed[self.of == number] = heads[self.of == number] @ each.mix.T
        out = {index: np.zeros(len(points), np.result_type(head.dtype, float)) for index in indices}
        for rows, sines in self._sines(points, cell, indices):
            for index in indices:
                out[index][rows] = np.einsum("nm,nm->n", sines[index], mixed[cell[rows]])
        return out

    def _sines(self, points: Array, cell: Array, indices: list[Index]) -> Iterable[tuple[slice, dict[Index, Array]]]:
        """Blocks of rows, and the derivatives of their cells' sines, (rows, M)."""
        frequencies = np.stack([each.frequencies for each in self.bases])
        phases = np.stack([each.phases for each in self.bases])
        step = max(64, int(CHUNK / (frequencies.shape[2] * (points.shape[1] + len(indices)))))
        for start in range(0, len(points), step):
            rows = slice(start, start + step)
            here, of = cell[rows], self.of[cell[rows]]
            local = np.einsum("nij,nj->ni", self._inverse[here], points[rows] - self.origin[here])
            angle = np.einsum("nd,ndm->nm", local, frequencies[of]) + phases[of]
            physical = np.einsum("nij,nim->njm", self._inverse[here], frequencies[of])
            waves = [np.sin(angle), np.cos(angle)]
            waves += [-waves[0], -waves[1]]
            sines = {}
            for index in indices:
                factor = np.prod([physical[:, k] ** n for k, n in enumerate(index) if n], axis=0) if any(index) else 1.0
                sines[index] = factor * waves[sum(index) % 4]
            yield rows, sines

    def state(self) -> dict[str, Any]:
        cover = {f"cover_{key}": getattr(self.cover, key) for key in ("origin", "axes", "cell", "part")}
        bases = {
            key: np.stack([getattr(each, key) for each in self.bases]) for key in ("frequencies", "phases", "mix")
        }
        simplex = int(self.cover.simplex)
        return {"origin": self.origin, "axes": self.axes, "of": self.of, "simplex": simplex, **cover, **bases}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Mosaic:
        where = {key: np.asarray(state[f"cover_{key}"]) for key in ("origin", "axes", "cell", "part")}
        bases = zip(*(np.asarray(state[key]) for key in ("frequencies", "phases", "mix")), strict=True)
        return cls(
            Cover(**where, simplex=bool(state["simplex"])), np.asarray(state["origin"]), np.asarray(state["axes"]),
            tuple(Basis(*each) for each in bases), np.asarray(state["of"]),
        )  # fmt: skip
