"""Boxes carved by curved walls, in columns over patches (Saye 2015, SIAM J. Sci. Comput. 37, A993).

Where one wall meets a box and is a graph along an axis, the box is integrated along lines that the wall cuts, over
patches of its lower end on which it is either met or not. Other boxes are divided; the least of them, at the edges in
which walls meet, are taken by midpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from inrpde.declaration.regions.region import Solid
from inrpde.sampling.cells.sections import NONE, STEEP, Patches, merged, plain, sampled, sections
from inrpde.sampling.cells.surfaces import Surfaces
from inrpde.sampling.cells.tessellation import Array
from inrpde.sampling.cells.walls import part_at
from inrpde.sampling.grid import grid_points

DEPTH = 4
"""How often a box is divided for the sake of quadrature at most."""
SAMPLES = 3
"""Points a coordinate of a box at which walls are looked at."""
COARSE = 99
"""The level of what is taken by midpoints."""
ASIDE = 1e-8
"""How far to step off a patch to see what lies there, as a share of its box."""


@dataclass(frozen=True, eq=False)
class Sheets:
    """N patches with what is below and above: the number `box` (N,) of the box that holds them, how often that was
    divided (`level`), whether the wall `cuts` (N,) the lines across the patch, whether these fill a part of the volume
    (`filled`), and the parts `below` and `above` (N,) the wall; both are one where it does not cut."""

    patches: Patches
    box: Array
    level: Array
    cuts: Array
    filled: Array
    below: Array
    above: Array

    def __len__(self) -> int:
        return len(self.box)

    def __getitem__(self, rows: Array) -> Sheets:
        return Sheets(*(getattr(self, each.name)[rows] for each in fields(self)))


def carved(surfaces: Surfaces, regions: Sequence[Solid], lo: Array, hi: Array) -> Sheets:
    """Boxes from `lo` to `hi` (B, d) in sheets."""
    box, level, near = np.arange(len(lo)), 0, np.ones((len(lo), len(surfaces.solids)), bool)
    found: list[tuple[Patches, Array, int, Array]] = []
    while len(box):
        row, wall = np.nonzero(near)
        met, slopes = sampled(surfaces, wall, lo[row], hi[row], SAMPLES)
        near[row, wall] = met
        steep, chosen = np.zeros((len(box), lo.shape[1])), np.full(len(box), NONE)
        steep[row[met]], chosen[row[met]] = slopes[met], wall[met]
        many, axis = near.sum(axis=1), np.argmax(steep, axis=1)
        clear = np.flatnonzero(many == 0)
        found.append(
            (plain(chosen[clear], axis[clear], lo[clear], hi[clear]), box[clear], level, np.ones(len(clear), bool))
        )
        single = np.flatnonzero((many == 1) & (steep[np.arange(len(box)), axis] > STEEP))
        row, patches, unfit = sections(surfaces, chosen[single], axis[single], lo[single], hi[single])
        found.append((patches, box[single[row]], level, np.ones(len(row), bool)))
        left = many > 0
        left[single[~unfit]] = False
        box, lo, hi, near = box[left], lo[left], hi[left], near[left]
        if level == DEPTH:
            found += _coarse(surfaces, box, lo, hi, near)
            break
        half, corner = (hi - lo) / 2, grid_points([np.arange(2)] * lo.shape[1])
        box, near = np.repeat(box, len(corner)), np.repeat(near, len(corner), axis=0)
        lo = (lo[:, None] + half[:, None] * corner).reshape(-1, lo.shape[1])
        hi = lo + np.repeat(half, len(corner), axis=0)
        level += 1
    patches = merged([each for each, *_ in found])
    box, filled = (np.concatenate([each[k] for each in found]) for k in (1, 3))
    levels = np.concatenate([np.full(len(each), level) for each, _, level, _ in found])
    return _sided(surfaces, regions, patches, box, levels, filled)


def _coarse(
    surfaces: Surfaces, box: Array, lo: Array, hi: Array, near: Array
) -> list[tuple[Patches, Array, int, Array]]:
    """Boxes with one wall in columns over the midpoints of the quarters of a side; with more by the midpoints of their
    halves, and the walls by those of quarters."""
    alone = near.sum(axis=1) == 1
    corner = grid_points([np.arange(2)] * lo.shape[1])
    half = np.repeat((hi - lo) / 2, len(corner), axis=0)
    low = np.repeat(lo, len(corner), axis=0) + half * np.tile(corner, (len(lo), 1))
    several = np.flatnonzero(np.repeat(~alone, len(corner)))
    owner = np.repeat(box, len(corner))[several]
    filled = plain(np.full(len(owner), NONE), np.full(len(owner), 2), low[several], (low + half)[several])
    row, wall = np.nonzero(near)
    slope = np.abs(surfaces.gradient(wall, (lo + hi)[row] / 2))
    axis = np.argmax(slope, axis=1)
    row, wall, axis = (np.repeat(each, 4) for each in (row, wall, axis))
    extent, step = (hi - lo)[row], np.tile(corner[::2, :2], (len(row) // 4, 1))
    each = np.arange(len(row))
    others = np.stack([(axis + 1) % 3, (axis + 2) % 3], axis=1)
    low, high = lo[row].copy(), hi[row].copy()
    for k in range(2):
        at = others[:, k]
        low[each, at] += extent[each, at] / 2 * step[:, k]
        high[each, at] = low[each, at] + extent[each, at] / 2
    return [
        (filled, owner, COARSE, np.ones(len(owner), bool)),
        (plain(wall, axis, low, high), box[row], COARSE, alone[row]),
    ]


def _sided(
    surfaces: Surfaces, regions: Sequence[Solid], patches: Patches, box: Array, level: Array, filled: Array
) -> Sheets:
    """With the parts on both sides of the wall, where it cuts the line in the middle of a patch."""
    middle = patches.on(surfaces, np.array([0.5]))[0]
    low, high = patches.ends(patches.flat)
    each, cuts = np.arange(len(box)), np.zeros(len(box), bool)
    walled = np.flatnonzero(patches.wall != NONE)
    signs = []
    for end in (low, high):
        middle[each, 0, patches.flat] = end[:, 0]
        signs.append(surfaces.value(patches.wall[walled], middle[walled, 0]) < 0)
    cuts[walled] = signs[0] != signs[1]
    cut = np.flatnonzero(cuts)
    root = (low + high) / 2
    root[cut] = surfaces.heights(patches.wall[cut], middle[cut], patches.flat[cut], low[cut], high[cut])
    sides = []
    for end in (low, high):
        # of what fills a volume the middle of the column, of a wall alone what is beside it
        step = np.where(filled[:, None], (end - root) / 2, ASIDE * (end - root)) * cuts[:, None]
        middle[each, 0, patches.flat] = (root + step)[:, 0]
        sides.append(part_at(regions, middle[:, 0]))
    return Sheets(patches, box, level, cuts, filled, *sides)


def faced(surfaces: Surfaces, regions: Sequence[Solid], axis: Array, lo: Array, hi: Array, cut: Array) -> Sheets:
    """Rectangles (F, d), flat across their axes (F,), of which walls may meet those that are `cut` (F,): in sheets with
    the parts on both sides of them."""
    box, level = np.arange(len(axis)), 0
    near = np.repeat(cut[:, None], len(surfaces.solids), axis=1)
    found: list[tuple[Patches, Array, int]] = []
    while len(box):
        row, wall = np.nonzero(near)
        met, _ = sampled(surfaces, wall, lo[row], hi[row], SAMPLES)
        near[row, wall] = met
        chosen = np.full(len(box), NONE)
        chosen[row[met]] = wall[met]
        many = near.sum(axis=1)
        clear, single = np.flatnonzero(many == 0), np.flatnonzero(many == 1)
        row, patches, unfit = sections(surfaces, chosen[single], axis[single], lo[single], hi[single])
        found.append((plain(chosen[clear], axis[clear], lo[clear], hi[clear]), box[clear], level))
        found.append((patches, box[single[row]], level))
        left = many > 0
        left[single[~unfit]] = False
        box, lo, hi, near, axis = box[left], lo[left], hi[left], near[left], axis[left]
        if level == DEPTH + 1:
            found.append((plain(np.full(len(box), NONE), axis, lo, hi), box, COARSE))
            break
        corner = grid_points([np.arange(2)] * 2)
        half, step = (hi - lo) / 2, np.zeros((len(box), len(corner), lo.shape[1]))
        for k in (1, 2):
            step[np.arange(len(box)), :, (axis + k) % 3] = corner[:, k - 1]
        lo = (lo[:, None] + half[:, None] * step).reshape(-1, lo.shape[1])
        box, axis, near, half = (np.repeat(each, len(corner), axis=0) for each in (box, axis, near, half))
        hi = lo + half
        level += 1
    patches, box = merged([each for each, *_ in found]), np.concatenate([each[1] for each in found])
    levels = np.concatenate([np.full(len(each), level) for each, _, level in found])
    middle = patches.on(surfaces, np.array([0.5]))[0][:, 0]
    step = np.zeros_like(middle)
    step[np.arange(len(box)), patches.flat] = ASIDE * np.max(patches.hi - patches.lo, axis=1)
    sides = part_at(regions, middle - step), part_at(regions, middle + step)
    return Sheets(patches, box, levels, np.zeros(len(box), bool), np.zeros(len(box), bool), *sides)
