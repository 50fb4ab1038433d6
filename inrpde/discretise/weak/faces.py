"""The faces of a tessellation in groups of the same kind, and the rows that hold on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inrpde.compiler.flux import FluxForm
from inrpde.compiler.form import Row
from inrpde.declaration.regions import Region
from inrpde.sampling.cells.tessellation import OUTSIDE, Tessellation

Array = np.ndarray
INWARD = 1e-10
"""How far inside a cell, as a share of its size, a material is asked for that jumps at its faces: against the normal,
as the middle of a cell that walls cut may lie outside."""
CHUNK = 4e6
"""Points times jets of a group at most, which bounds the memory."""


@dataclass(frozen=True, eq=False)
class Side:
    """One side of F faces: the cells (F,), points of the face a little inside them (F, q, d), the outward normals (F,
    q, d), the numbers of the equations that hold there, and of the unknowns that live there."""

    cell: Array
    points: Array
    normals: Array
    equations: tuple[int, ...]
    unknowns: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Group:
    """F faces with q points each: `points` (F, q, d), `weights` (F, q), one or two sides, and the rows that hold there,
    each with the sign of the left side's normal that is the row's own."""

    points: Array
    weights: Array
    sides: tuple[Side, ...]
    rows: tuple[tuple[Row, int], ...]

    @property
    def ends(self) -> Array:
        """Those (F, 2, d) of straight faces in the plane, whose points are Gauss's."""
        first, last = self.points[:, 0], self.points[:, -1]
        nodes, _ = np.polynomial.legendre.leggauss(self.points.shape[1])
        middle, half = (first + last) / 2, (last - first) / 2 / nodes[-1]
        return np.stack([middle - half, middle + half], axis=1)


def groups(flux: FluxForm, tessellation: Tessellation, lives: Array, holds: Sequence[Array]) -> Iterator[Group]:
    """The faces, those together that have the same unknowns, equations and rows."""
    faces, cells = tessellation.faces, tessellation.cells
    left, right = faces.cells.T
    size = np.linalg.norm(cells.axes, axis=(1, 2))
    inner = right != OUTSIDE
    held = _held(flux, tessellation)
    marks = [faces.counts, inner]
    for each in (*lives, *holds):
        marks += [each[left], inner & each[right]]
    marks += [held[:, k] for k in range(held.shape[1])]
    kinds, of = np.unique(np.column_stack(marks), axis=0, return_inverse=True)
    for kind in range(len(kinds)):
        chosen = np.flatnonzero(of.ravel() == kind)
        count = int(faces.counts[chosen[0]])
        step = max(1, int(CHUNK / (count * 8 * len(lives))))
        for start in range(0, len(chosen), step):
            numbers = chosen[start : start + step]
            at = faces.starts[numbers][:, None] + np.arange(count)
            points, normals = faces.points[at], faces.normals[at]
            both = [(left[numbers], 1.0), (right[numbers], -1.0)] if inner[numbers[0]] else [(left[numbers], 1.0)]
            sides = tuple(
                Side(
                    cell, points - INWARD * size[cell][:, None, None] * sign * normals, sign * normals,
                    tuple(k for k, each in enumerate(holds) if each[cell[0]]),
                    tuple(k for k, each in enumerate(lives) if each[cell[0]]),
                )
                for cell, sign in both
            )  # fmt: skip
            rows = tuple((row, int(sign)) for row, sign in zip(flux.boundary, held[numbers[0]], strict=True) if sign)
            yield Group(points, faces.weights[at], sides, rows)


def _held(flux: FluxForm, tessellation: Tessellation) -> Array:
    """Which rows hold on which faces, (F, rows): 1 or -1 by the normal with which it does, 0 where it does not."""
    faces = tessellation.faces
    middle = faces.starts[:-1] + faces.counts // 2
    points, normals = faces.points[middle], faces.normals[middle]
    out = np.zeros((len(middle), len(flux.boundary)), int)
    inner = faces.cells[:, 1] != OUTSIDE
    known: dict[int, Array] = {}
    for k, row in enumerate(flux.boundary):
        if id(row.region) not in known:
            region, found = row.region, np.zeros(len(middle), int)
            near = np.flatnonzero(region.contains(points))
            near = near[inner[near] | region.bears(points[near], normals[near])]
            found[near] = _turned(region, points[near], normals[near])
            known[id(region)] = found
        out[:, k] = known[id(row.region)]
    return out


def _turned(region: Region, points: Array, normals: Array) -> Array:
    """1 where normals (N, d) at points (N, d) of a region are its own ones, -1 where they are opposite, as those of a
    ball are on the wall of its hole. A crack has its own on either face."""
    sign = np.ones(len(points), int)
    for piece in (each for each in region.pieces if not each.chart.crack):
        here = np.flatnonzero(piece.chart.covers(points, region.tolerance))
        here = here[piece.kept(points[here])]
        own = piece.normals(points[here])
        if own is not None:
            sign[here] = np.where(np.einsum("nd,nd->n", own, normals[here]) < 0, -1, 1)
    return sign
