"""Narrow plateaus: where data that are constant in each cell of a mesh have values of their own on a thin set of cells.

Cells that share a facet and a value are one plateau, as thin as its volume is beside its surface. Thin ones are narrow
data, unless there are so many as strong that points anywhere meet some: then they are a texture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from inrpde.declaration.fields import MeshField
from inrpde.declaration.regions import Mesh
from inrpde.declaration.regions.simplices import measures

Array = np.ndarray
THIN = 0.03
"""The thickness of a narrow plateau beside the region's extent, and the share of a region that points meet."""
SAME = 1e-9
"""A difference of values that is none, beside the largest value."""
AS_STRONG = 0.1
"""The jump round a plateau, beside that round another, that shows as much where points meet it; chosen."""
MOST = 600
"""Boxes along plateaus that are oblique, and plateaus, that are followed, at most: as many have points of their own."""


@dataclass(frozen=True, eq=False)
class Plateau:
    """Cells of one value, or neighbours of several, from `lo` to `hi` (d,) along the mesh's coordinates: how thick
    along each (d,) (inf where it is not narrow), `boxes` (M, 2, d) that cover it, whether they all do, and points
    (N, d) in its cells."""

    lo: Array
    hi: Array
    widths: Array
    boxes: Array
    followed: bool
    inside: Array

    @property
    def oblique(self) -> bool:
        """Is it thin, and its box is not?"""
        return bool(np.all(self.hi - self.lo > self.widths))


def plateaus(field: MeshField, lo: Array, hi: Array) -> list[Plateau]:
    """The narrow ones of data on cells in a box from `lo` to `hi` (d,), which may be flat; the strongest first."""
    mesh, values = field.mesh, field.mesh.by_simplex(field.values)
    assert mesh.volume is not None
    extent = np.where(hi > lo, hi - lo, mesh.bounds[1] - mesh.bounds[0])
    (facets, pairs), nodes = mesh.volume.between, mesh.nodes / extent
    jump = np.abs(values[pairs[:, 0]] - values[pairs[:, 1]])
    level = jump <= SAME * np.abs(values).max()
    if level.all():
        return []
    count, number = _joined(len(values), pairs[level])
    sides, area = number[pairs[~level]], measures(nodes[facets[~level]])
    volume = np.bincount(number, measures(nodes[mesh.cells]), count)
    surface = np.bincount(sides.ravel(), np.repeat(area, 2), count)
    strength = np.bincount(sides.ravel(), np.repeat(area * jump[~level], 2), count) / np.maximum(surface, 1e-300)
    low, high = _boxed(mesh, number, count)
    thick = 2 * volume / np.maximum(surface, 1e-300)  # of a layer that is what it is, of a cube a d-th of its side
    thin = np.minimum(len(extent) * thick, np.min((high - low) / extent, axis=1)) < THIN
    slack = SAME * extent
    thin &= (surface > 0) & np.all((low <= hi + slack) & (high >= lo - slack), axis=1)
    found = _alone(np.flatnonzero(thin), strength, volume)
    chosen = np.zeros(count, bool)
    chosen[found] = True
    _, group = _joined(count, sides[chosen[sides].all(axis=1)])
    order = np.argsort(group[number], kind="stable")
    groups = list(dict.fromkeys(group[found].tolist()))
    ends = np.searchsorted(group[number][order], np.add.outer(groups, [0, 1]))
    deepest = np.full(count, 0.0)
    np.maximum.at(deepest, group, thick)
    return [
        _plateau(mesh.nodes[mesh.cells[order[a:b]]], extent, float(deepest[one]))
        for one, (a, b) in zip(groups[:MOST], ends[:MOST].tolist(), strict=True)
    ]


def _alone(thin: Array, strength: Array, volume: Array) -> Array:
    """Of thin plateaus the strongest first, those beside which few are about as strong: points meet no such."""
    order = thin[np.argsort(-strength[thin], kind="stable")]
    filled = np.concatenate([[0.0], np.cumsum(volume[order])])
    as_strong = np.searchsorted(-strength[order], -AS_STRONG * strength[order], side="right")
    return order[filled[as_strong] < THIN]


def _joined(count: int, pairs: Array) -> tuple[int, Array]:
    graph = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    found: tuple[int, Array] = connected_components(graph, directed=False)
    return found


def _boxed(mesh: Mesh, number: Array, count: int) -> tuple[Array, Array]:
    """The boxes round cells of one number, (count, d) each."""
    low, high = np.full((count, mesh.nodes.shape[1]), np.inf), np.full((count, mesh.nodes.shape[1]), -np.inf)
    vertices = mesh.nodes[mesh.cells]
    np.minimum.at(low, number, vertices.min(axis=1))
    np.maximum.at(high, number, vertices.max(axis=1))
    return low, high


def _plateau(vertices: Array, extent: Array, thick: float) -> Plateau:
    lo, hi = vertices.min(axis=(0, 1)), vertices.max(axis=(0, 1))
    across = hi - lo < THIN * extent
    middles = vertices.mean(axis=1)
    if across.any():
        return Plateau(lo, hi, np.where(across, hi - lo, np.inf), np.array([[lo, hi]]), True, middles)
    boxes, followed = _along(vertices, thick * extent)
    return Plateau(lo, hi, thick * extent, boxes, followed, middles)


def _along(vertices: Array, width: Array) -> tuple[Array, bool]:
    """Boxes as wide (d,) as cells (M, d + 1, d) are thick all over these, and whether there are so few."""
    dim = vertices.shape[2]
    asked = np.ceil(np.max(np.ptp(vertices, axis=1) / width, axis=1)).astype(int)
    parts = np.minimum(asked, max(int((MOST / len(vertices)) ** (1 / max(dim - 1, 1))), 1))
    centres = []
    for count in np.unique(parts):  # of a lattice in each cell the points
        steps = np.stack(np.meshgrid(*[np.arange(count)] * dim, indexing="ij"), -1).reshape(-1, dim)
        steps = np.column_stack([steps, count - 1 - steps.sum(axis=1)])
        shares = (steps[steps[:, -1] >= 0] + 1 / (dim + 1)) / count
        centres.append(np.einsum("sk,mkd->msd", shares, vertices[parts == count]).reshape(-1, dim))
    middles = np.concatenate(centres)
    _, first = np.unique(np.round(middles / width), axis=0, return_index=True)
    middles = middles[np.sort(first)]
    boxes = np.stack([middles - width / 2, middles + width / 2], axis=1)
    return boxes[:MOST], bool(np.all(parts == asked)) and len(boxes) <= MOST
