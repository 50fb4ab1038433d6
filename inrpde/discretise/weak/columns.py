"""The columns of the flux form: in each cell a basis for every unknown that lives there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inrpde.compiler.flux import FluxForm
from inrpde.networks.mosaic import Basis, Mosaic
from inrpde.sampling.cells.tessellation import CUT, Cells, Cover, Tessellation

Array = np.ndarray
FINE = 2.0**40
"""Points are alike that differ by less than such a part of a cell."""


@dataclass(frozen=True, eq=False)
class Family:
    """The bases of an unknown: that of cell c is bases[of[c]], all of one size."""

    bases: tuple[Basis, ...]
    of: Array

    @property
    def size(self) -> int:
        return self.bases[0].size

    def jets(self, cell: Array, local: Array) -> Array:
        """Values and derivatives by ξ at points ξ (N, q, d) in cells (N,): (N, q, 1 + d, K). Points that lie alike in
        cells of one basis are taken once."""
        keys = np.column_stack([self.of[cell], np.round(local.reshape(len(local), -1) * FINE).astype(np.int64)])
        _, first, alike = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        number, points = self.of[cell[first]], local[first]
        out = np.empty((*points.shape[:2], 1 + points.shape[2], self.size))
        for k in np.unique(number):
            here = number == k
            out[here] = self.bases[k].jets(points[here].reshape(-1, points.shape[2])).reshape(-1, *out.shape[1:])
        return out[alike.ravel()]


@dataclass(frozen=True, eq=False)
class Columns:
    """Where unknown u lives, `lives` (U, C), and its `families` of bases; heads lie one unknown after the other, cell
    by cell."""

    cells: Cells
    families: tuple[Family, ...]
    lives: Array

    @cached_property
    def starts(self) -> Array:
        """The first column (U, C) of an unknown in a cell; meaningless where it does not live."""
        counts = self.lives.sum(axis=1) * [family.size for family in self.families]
        first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        sizes = np.array([family.size for family in self.families])
        return first[:, None] + (np.cumsum(self.lives, axis=1) - 1) * sizes[:, None]

    @property
    def width(self) -> int:
        return len(self.of)

    @cached_property
    def of(self) -> Array:
        """The unknown (W,) of each column."""
        return np.repeat(np.arange(len(self.lives)), self.lives.sum(axis=1) * [family.size for family in self.families])

    def jets(self, unknown: int, cell: Array, points: Array) -> Array:
        """Values and derivatives of the columns of an unknown at points (N, …, d) in cells (N,): (N, …, 1 + d, K)."""
        dim, back = points.shape[-1], np.swapaxes(self.cells.inverse[cell], 1, 2)
        local = (points.reshape(len(points), -1, dim) - self.cells.origin[cell][:, None]) @ back
        jets = self.families[unknown].jets(cell, local)
        jets[:, :, 1:] = back[:, None] @ jets[:, :, 1:]
        return jets.reshape(*points.shape[:-1], 1 + dim, -1)

    def heads(self, unknown: int, vector: Array) -> Array:
        """Those of an unknown (…, C, K), of vectors (…, W) of all; zero where it does not live."""
        size, lives = self.families[unknown].size, self.lives[unknown]
        found = vector[..., self.starts[unknown][lives][:, None] + np.arange(size)]
        if lives.all():
            return found
        out = np.zeros((*vector.shape[:-1], len(lives), size), vector.dtype)
        out[..., lives, :] = found
        return out

    def trial(self, unknown: int, cover: Cover) -> Mosaic:
        """The network of an unknown, whose head is its part of the vector."""
        lives = self.lives[unknown]
        number = np.cumsum(lives) - 1
        kept = lives[cover.cell]
        inner = cover.taken(kept, number)
        family = self.families[unknown]
        used, of = np.unique(family.of[lives], return_inverse=True)
        bases = tuple(family.bases[k] for k in used)
        return Mosaic(inner, self.cells.origin[lives], self.cells.axes[lives], bases, of)


def columns(flux: FluxForm, tessellation: Tessellation, families: Sequence[Family]) -> Columns:
    """The columns on a tessellation: an unknown lives where an equation that holds it does."""
    cells = tessellation.cells
    lives = np.zeros((len(flux.form.unknowns), len(cells)), bool)
    for equation, holds in zip(flux.equations, holding(flux, tessellation), strict=True):
        for row in equation.rows:
            for jet in row.jets.values():
                lives[jet.unknown] |= holds
    for number, unknown in enumerate(flux.form.unknowns):
        if unknown.region is not None:
            lives[number] &= unknown.region.contains(inner_points(tessellation))
    return Columns(cells, tuple(families), lives)


def inner_points(tessellation: Tessellation) -> Array:
    """A point (C, d) inside each cell."""
    volume = tessellation.volume
    middle = volume.starts[:-1] + volume.counts // 2
    return volume.points[middle]


def holding(flux: FluxForm, tessellation: Tessellation) -> list[Array]:
    """For each equation the cells, bool (C,), on which it holds."""
    inside = inner_points(tessellation)
    known: dict[int, Array] = {}
    for equation in flux.equations:
        region = equation.region
        if id(region) not in known:
            known[id(region)] = region.contains(inside)
    return [known[id(equation.region)] for equation in flux.equations]


def batches(cells: Cells, numbers: Array) -> Iterable[Array]:
    """The cells of these numbers in groups that are images of one reference cell; each cut cell is a group."""
    whole = numbers[cells.reference[numbers] != CUT]
    for key in np.unique(cells.reference[whole]):
        yield whole[cells.reference[whole] == key]
    for number in numbers[cells.reference[numbers] == CUT]:
        yield np.array([number])
