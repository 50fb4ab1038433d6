"""Fragments, and the cells that they belong to, as a tessellation."""

from __future__ import annotations

import numpy as np

from inrpde.sampling.cells.cut import Fragments
from inrpde.sampling.cells.halves import CONE
from inrpde.sampling.cells.rules import on_arcs, on_boxes, on_rays, on_sides
from inrpde.sampling.cells.tessellation import CUT, OUTSIDE, Array, Cells, Faces, Rule, Tessellation


def assembled(found: Fragments, cell: Array, order: int) -> Tessellation:
    """The tessellation of this order, given the number (K,) of the cell that each fragment belongs to."""
    walls = _walls(found, order)
    return Tessellation(_cells(found, cell), _volume(found, cell, walls, order), _faces(walls, cell))


def _cells(found: Fragments, cell: Array) -> Cells:
    count, dim = int(cell.max()) + 1, found.lo.shape[1]
    lo, hi = np.full((count, dim), np.inf), np.full((count, dim), -np.inf)
    np.minimum.at(lo, cell, found.lo)
    np.maximum.at(hi, cell, found.hi)
    part, reference = np.empty(count, int), np.where(np.bincount(cell) > 1, CUT, 0)
    part[cell] = found.part
    reference[cell[found.cut]] = CUT
    axes = np.zeros((count, dim, dim))
    axes[:, range(dim), range(dim)] = (hi - lo) / 2
    return Cells((lo + hi) / 2, axes, part, reference)


def _walls(found: Fragments, order: int) -> Faces:
    """All sides and arcs as faces between fragments, below and above, behind and ahead."""
    sides, arcs = found.sides, found.arcs
    straight, weights = on_sides(sides.lo, sides.hi, sides.axis, order)
    normals = np.zeros_like(straight)
    normals[np.arange(len(normals)), :, sides.axis] = 1.0
    curved = on_arcs(arcs, order + 1)
    counts = np.concatenate([np.full(len(each), each.shape[1]) for each in (weights, curved[1])])
    dim = found.lo.shape[1]
    return Faces(
        np.concatenate([straight.reshape(-1, dim), curved[0].reshape(-1, dim)]),
        np.concatenate([weights.ravel(), curved[1].ravel()]),
        np.concatenate([[0], np.cumsum(counts)]),
        np.concatenate([normals.reshape(-1, dim), curved[2].reshape(-1, dim)]),
        np.concatenate([sides.beside, arcs.beside]),
    )


def _volume(found: Fragments, cell: Array, walls: Faces, order: int) -> Rule:
    """Tensor rules in whole boxes; in cut ones rays to their boundaries."""
    dim = found.lo.shape[1]
    whole, cut = np.flatnonzero(~found.cut), np.append(found.cut, False)
    points, weights = on_boxes(found.lo[whole], found.hi[whole], order)
    rules = [(np.repeat(cell[whole], weights.shape[1]), points.reshape(-1, dim), weights.ravel())]
    for side, sign in ((0, 1.0), (1, -1.0)):
        fragment = walls.cells[walls.owners, side]
        here = np.flatnonzero(cut[fragment])
        fragment, ends = fragment[here], walls.points[here]
        axis = found.axis[fragment][:, None]
        feet = np.where((axis == CONE) | (axis == np.arange(dim)), found.foot[fragment], ends)
        fluxes = sign * walls.weights[here] * np.sum((ends - feet) * walls.normals[here], axis=1)
        for power, those in ((dim - 1, axis[:, 0] == CONE), (0, axis[:, 0] != CONE)):
            seen = those & (fluxes != 0)
            points, weights = on_rays(feet[seen], ends[seen], fluxes[seen], order, power)
            rules.append((np.repeat(cell[fragment[seen]], order), points.reshape(-1, dim), weights.ravel()))
    owner, points, weights = (np.concatenate(each) for each in zip(*rules, strict=True))
    by_cell = np.argsort(owner, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=int(cell.max()) + 1))])
    return Rule(points[by_cell], weights[by_cell], starts)


def _faces(walls: Faces, cell: Array) -> Faces:
    """Those between two cells, and between a cell, then on the left, and what is outside."""
    cells = np.append(cell, OUTSIDE)[walls.cells]
    real = cells[:, 0] != cells[:, 1]
    turned = cells[:, 0] == OUTSIDE
    cells = np.where(turned[:, None], cells[:, ::-1], cells)[real]
    points = real[walls.owners]
    normals = np.where(turned[walls.owners][:, None], -walls.normals, walls.normals)[points]
    starts = np.concatenate([[0], np.cumsum(walls.counts[real])])
    return Faces(walls.points[points], walls.weights[points], starts, normals, cells)
