"""A region divided into cells: quadrature in each, and on the faces between them. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

Array = np.ndarray
CUT = -1
"""The reference of a cell that is no affine image of another."""
OUTSIDE = -1
"""The cell beyond a face on the boundary, and that of a point outside."""


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

    def local(self, numbers: Array, points: Array) -> Array:
        """The coordinates ξ of points (N, d) in the cells of these numbers (N,)."""
        inverse = np.linalg.inv(self.axes)
        return np.einsum("nij,nj->ni", inverse[numbers], points - self.origin[numbers])


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


class Divided(Protocol):
    """What divides regions into cells, and can divide some of these again."""

    def tessellation(self, order: int) -> Tessellation:
        """Quadrature that is exact for polynomials of degree 2·order - 1 on straight cells."""

    def refined(self, marks: Array) -> Divided:
        """With the marked cells, bool (C,), divided."""

    def locate(self, points: Array) -> Array:
        """The number of the cell that holds each point (N, d), `OUTSIDE` where none does."""
