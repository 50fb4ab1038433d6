"""A region divided into cells: quadrature in each, and on the faces between them. Plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Protocol

import numpy as np
from numpy.polynomial.legendre import legvander

from inrpde.declaration.regions.mesh_search import BoxSearch, best
from inrpde.sampling.grid import grid_points

Array = np.ndarray
CUT = -1
"""The reference of a cell that is no affine image of another."""
OUTSIDE = -1
"""The cell beyond a face on the boundary, and that of a point outside."""
FITTED = 12
"""Polynomials a coordinate that a curve is fitted by in a box."""
SLACK = 1e-9
"""How far beyond a cell, as a share of it, a point may lie that is rounded."""


@dataclass(frozen=True, eq=False)
class Cells:
    """C cells in d coordinates, of one material each.

    `origin` (C, d), `axes` (C, d, d): x = origin + axes @ ξ maps [-1, 1]^d round the cell. `part` (C,): the number of
    the region that holds it, of those that were divided. `reference` (C,): cells of one number are affine images of one
    another, with their quadrature; `CUT` where that is none. A simplex is the half of the cube next to (-1, …, -1).
    """

    origin: Array
    axes: Array
    part: Array
    reference: Array

    def __len__(self) -> int:
        return len(self.origin)

    @cached_property
    def inverse(self) -> Array:
        """The slopes ∂ξ/∂x (C, d, d)."""
        return np.linalg.inv(self.axes)

    def local(self, numbers: Array, points: Array) -> Array:
        """The coordinates ξ of points (N, d) in the cells of these numbers (N,)."""
        return np.einsum("nij,nj->ni", self.inverse[numbers], points - self.origin[numbers])


@dataclass(frozen=True, eq=False)
class Rule:
    """Quadrature points (Q, d) and weights (Q,): those of the k-th cell, or face, are starts[k] : starts[k + 1]."""

    points: Array
    weights: Array
    starts: Array

    @property
    def counts(self) -> Array:
        return np.diff(self.starts)

    @property
    def owners(self) -> Array:
        """The number of the cell, or face, that each point belongs to, (Q,)."""
        return np.repeat(np.arange(len(self.starts) - 1), self.counts)


@dataclass(frozen=True, eq=False)
class Faces(Rule):
    """Quadrature on F faces: `normals` (P, d) point out of the left of the two `cells` (F, 2); the right one is
    `OUTSIDE` on the boundary."""

    normals: Array
    cells: Array


@dataclass(frozen=True, eq=False)
class Tessellation:
    """The cells, the quadrature in them, and that on the faces."""

    cells: Cells
    volume: Rule
    faces: Faces


@dataclass(frozen=True, eq=False)
class Walls:
    """Functions that are positive on what a box holds of a cell, and change their sign in the box: the number (R,) of
    the `box` of each, and its `coefficients` (R, n^d) in the products of Legendre's polynomials of its coordinates
    ξ."""

    box: Array
    coefficients: Array

    def depth(self, box: Array, local: Array) -> Array:
        """The least of those of each point (N, d) of boxes (N,), infinite where a box has none."""
        out = np.full(len(box), np.inf)
        order = np.argsort(box, kind="stable")
        first, last = (np.searchsorted(box[order], self.box, side=side) for side in ("left", "right"))
        for start, stop, coefficients in zip(first, last, self.coefficients, strict=True):
            rows = order[start:stop]
            if len(rows):
                out[rows] = np.minimum(out[rows], _products(local[rows]) @ coefficients.ravel())
        return out


@dataclass(frozen=True, eq=False)
class Cover:
    """B boxes, or simplices (the corner halves of boxes), that cover the cells: `origin` (B, d) and `axes` (B, d, d) as
    in `Cells`, the number (B,) of the `cell` each belongs to, and its `part` (B,)."""

    origin: Array
    axes: Array
    cell: Array
    part: Array
    simplex: bool
    walls: Walls | None = None

    @cached_property
    def _search(self) -> BoxSearch:
        reach = (1 + SLACK) * np.abs(self.axes).sum(axis=2)
        return BoxSearch(self.origin - reach, self.origin + reach)

    @cached_property
    def _inverse(self) -> Array:
        return np.linalg.inv(self.axes)

    def _near(self, points: Array) -> tuple[Array, Array, Array]:
        """All pairs of a point and a box that holds it, with how deep it lies, in the box's own coordinates."""
        number, box = self._search.pairs(points)
        local = np.einsum("nij,nj->ni", self._inverse[box], points[number] - self.origin[box])
        depth = (1 + local if self.simplex else 1 - np.abs(local)).min(axis=1)
        if self.simplex:
            depth = np.minimum(depth, 2 - local.shape[1] - local.sum(axis=1))
        if self.walls is not None:
            depth = np.minimum(depth, self.walls.depth(box, local))
        inside = depth >= -SLACK
        return number[inside], box[inside], depth[inside]

    def walled(self, functions: Sequence[Callable[[Array], Array]], inside: Array) -> Cover:
        """With what tells cells in one box apart: functions (N, d) → (N,) that change their signs between cells, which
        have these points (C, d) `inside`."""
        if not functions:
            return self
        nodes, _ = np.polynomial.legendre.leggauss(FITTED)
        local = grid_points([nodes] * self.origin.shape[1])
        along = np.linalg.inv(legvander(nodes, FITTED - 1))
        back = reduce(np.kron, [along] * self.origin.shape[1])
        boxes, found = [], []
        for value in functions:
            here = np.stack(
                [value(origin + local @ axes.T) for origin, axes in zip(self.origin, self.axes, strict=True)]
            )
            cut = np.flatnonzero((here.min(axis=1) < 0) & (here.max(axis=1) > 0))
            sign = np.sign(value(inside[self.cell[cut]])) / np.max(np.abs(here[cut]), axis=1)
            boxes.append(cut)
            found.append((here[cut] * sign[:, None]) @ back.T)
        if not sum(map(len, boxes)):
            return self
        coefficients = np.concatenate(found)
        return replace(self, walls=Walls(np.concatenate(boxes), coefficients))

    def taken(self, kept: Array, number: Array) -> Cover:
        """Of some boxes, bool (B,), their cells numbered anew (C,)."""
        walls = self.walls
        if walls is not None:
            those = kept[walls.box]
            walls = Walls((np.cumsum(kept) - 1)[walls.box[those]], walls.coefficients[those])
        return Cover(self.origin[kept], self.axes[kept], number[self.cell[kept]], self.part[kept], self.simplex, walls)

    def holding(self, points: Array) -> tuple[Array, Array]:
        """All pairs of a point of (N, d) and a box that holds it, on its boundary too: the numbers of both."""
        return self._near(points)[:2]

    def touching(self, points: Array) -> Array:
        """The cells that hold one of the points (N, d), on their boundary too."""
        return np.unique(self.cell[self.holding(points)[1]])

    @cached_property
    def middles(self) -> Array:
        """Those (B, d) of the corners."""
        return np.asarray(self.corners.mean(axis=1))

    @cached_property
    def corners(self) -> Array:
        """Those of each box, or simplex: (B, K, d)."""
        dim = self.origin.shape[1]
        unit = grid_points([np.array([-1.0, 1.0])] * dim)
        if self.simplex:
            unit = unit[(unit > 0).sum(axis=1) < 2]
        return self.origin[:, None] + np.einsum("bij,kj->bki", self.axes, unit)

    def locate(self, points: Array, parts: Array | None = None) -> Array:
        """The cell (N,) that holds each point (N, d), `OUTSIDE` where none does; of several the one in which it lies
        deepest. With `parts` (N,) only cells of each point's own part are asked."""
        number, box, depth = self._near(points)
        kept = np.arange(len(number)) if parts is None else np.flatnonzero(parts[number] == self.part[box])
        chosen = kept[best(number[kept], depth[kept])]
        found = np.full(len(points), OUTSIDE)
        found[number[chosen]] = self.cell[box[chosen]]
        return found


def _products(local: Array) -> Array:
    """The products of Legendre's polynomials up to a degree along each coordinate at points (N, d): (N, n^d)."""
    out = np.ones((len(local), 1))
    for x in local.T:
        out = (out[:, :, None] * legvander(x, FITTED - 1)[:, None]).reshape(len(local), -1)
    return out


class Divided(Protocol):
    """What divides regions into cells, and can divide some of these again."""

    def tessellation(self, order: int) -> Tessellation:
        """Quadrature that is exact for polynomials of degree 2·order - 1 on straight cells."""

    def refined(self, marks: Array) -> Divided:
        """With the marked cells, bool (C,), divided."""

    @property
    def cover(self) -> Cover:
        """Where the cells lie."""
