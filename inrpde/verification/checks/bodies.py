"""The bodies of which regions consist: what hangs together, and in which of them points lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from sympy import Symbol

from inrpde.declaration.regions import Mesh, Region
from inrpde.declaration.regions.mesh_cells import facet_table
from inrpde.errors import ProblemError
from inrpde.sampling import sample

Array = np.ndarray
SPREAD = 1000, 15000
"""Points of a region between which ways are looked for, and where they lead to some only, again."""
NEIGHBOURS = 10
ALONG = np.linspace(0, 1, 7)[1:-1]
"""Where on the way between two neighbours it is asked whether it leaves the region."""
INWARDS = 0.3
"""How far from the boundary its points are moved, as shares of their distances: thin necks have walls."""
FEW = 6
"""Points, at least, that are a body by themselves: fewer were cut off by chance."""
BESIDE = 1e-6
"""How far beside a wall it is asked which body bears it, as a share of a region's size."""


@dataclass(frozen=True, eq=False)
class Bodies:
    """`points` (N, d) within a region, or the middles of a mesh's cells, and the number of the body of each (N,)."""

    region: Region
    points: Array
    numbers: Array

    @property
    def count(self) -> int:
        return int(self.numbers.max()) + 1

    def of(self, points: Array, normals: Array | None) -> Array:
        """The number of the body at each point, (N,), of which walls have outward normals; -1 outside of the region."""
        inwards = 0.0 if normals is None else BESIDE * self.region.size * normals
        beside = points - inwards
        if isinstance(self.region, Mesh) and self.region.volume is not None:
            cell = self.region.locate(beside)
            return np.where(cell >= 0, self.numbers[cell], -1)
        held = self.region.contains(beside, 2 * BESIDE * self.region.size)
        if self.count == 1:
            return np.where(held, 0, -1)
        _, nearest = cKDTree(self.points / self.region.extents).query(beside / self.region.extents)
        return np.where(held, self.numbers[nearest], -1)

    def place(self, number: int, whole: str, coords: Sequence[Symbol]) -> str:
        """A body in words, as a part of what is called `whole`."""
        try:
            wall = sample(self.region.boundary, SPREAD[0], 11)
            mine = wall.points[self.of(wall.points, wall.normals) == number]
        except ProblemError:  # a part of a region has none
            mine = self.points[self.numbers == number]
        lo, hi = mine.min(axis=0), mine.max(axis=0)
        ranges = (f"{x} in {a + 0.0:.3g} … {b + 0.0:.3g}" for x, a, b in zip(coords, lo, hi, strict=False))
        return f"the part of {whole} with {', '.join(ranges)}"


@lru_cache(maxsize=64)
def bodies(region: Region) -> Bodies:
    """A mesh's cells hang together by their facets, the points of other regions by straight ways between neighbours."""
    if isinstance(region, Mesh) and region.volume is not None:
        middles = region.nodes[region.cells].mean(axis=1)
        return Bodies(region, middles, _by_facets(region))
    if region.box is not None:
        points = sample(region, 1, 11).points
        return Bodies(region, points, np.zeros(len(points), int))
    for count in SPREAD:
        points = _spread(region, count)
        found = Bodies(region, points, _by_ways(region, points))
        if found.count == 1:
            break
    return found


def _by_facets(mesh: Mesh) -> Array:
    facets, owner, _ = facet_table(mesh.cells)
    order = np.lexsort(facets.T)
    same = np.flatnonzero(np.all(facets[order][1:] == facets[order][:-1], axis=1))
    one, other = owner[order[same]], owner[order[same + 1]]
    if connected_components(_graph(len(mesh.cells), one, other), directed=False)[0] > 1:
        # a facet that meets several smaller ones, of no crack: what lies beyond it hangs on it
        assert mesh.volume is not None
        edge = {tuple(facet) for facet in mesh.volume.facets[0].tolist()}
        paired = np.zeros(len(facets), bool)
        paired[order[same]] = paired[order[same + 1]] = True
        inner = [k for k in np.flatnonzero(~paired) if tuple(facets[k].tolist()) not in edge]
        middles = mesh.nodes[facets[inner]].mean(axis=1)
        beyond = mesh.locate(middles + BESIDE * (middles - mesh.nodes[mesh.cells[owner[inner]]].mean(axis=1)))
        one, other = np.append(one, owner[inner][beyond >= 0]), np.append(other, beyond[beyond >= 0])
    return connected_components(_graph(len(mesh.cells), one, other), directed=False)[1]


def _graph(count: int, one: Array, other: Array) -> coo_array:
    return coo_array((np.ones(len(one)), (one, other)), shape=(count, count))


def _spread(region: Region, count: int) -> Array:
    """Points inside, and along the walls."""
    inside = sample(region, count, 11).points
    try:
        wall = sample(region.boundary, count, 11)
    except ProblemError:  # a part of a region has none
        return inside
    assert wall.normals is not None
    apart, _ = cKDTree(wall.points).query(wall.points, 2)
    moved = wall.points - INWARDS * apart[:, 1:] * wall.normals
    return np.concatenate([inside, moved[region.contains(moved)]])


def _by_ways(region: Region, points: Array) -> Array:
    scaled = points / region.extents
    _, near = cKDTree(scaled).query(scaled, min(NEIGHBOURS, len(points)))
    one, other = np.repeat(np.arange(len(points)), near.shape[1] - 1), near[:, 1:].ravel()
    some = one < other
    one, other = one[some], other[some]
    ways = points[one][:, None] + ALONG[:, None] * (points[other] - points[one])[:, None]
    free = region.contains(ways.reshape(-1, points.shape[1])).reshape(len(one), -1).all(axis=1)
    count, numbers = connected_components(_graph(len(points), one[free], other[free]), directed=False)
    large = np.bincount(numbers) >= FEW
    if count > 1 and large.any():
        kept = large[numbers]
        numbers[~kept] = numbers[kept][cKDTree(scaled[kept]).query(scaled[~kept])[1]]
    return np.unique(numbers, return_inverse=True)[1]


def joined(regions: Sequence[Region]) -> Array:
    """Numbers of the bodies of several regions that one unknown lives on, one after the other: those that touch are
    one."""
    found = [bodies(region) for region in regions]
    starts = np.cumsum([0, *(each.count for each in found)])
    links: list[tuple[int, int]] = []
    for k, region in enumerate(regions if len(regions) > 1 else ()):
        try:
            wall = sample(region.boundary, SPREAD[0], 11)
        except ProblemError:
            continue
        assert wall.normals is not None
        mine = found[k].of(wall.points, wall.normals)
        for other in range(len(regions)):
            theirs = found[other].of(wall.points, -wall.normals) if other != k else np.full(len(mine), -1)
            met = (mine >= 0) & (theirs >= 0)
            links += [*{*zip((starts[k] + mine[met]).tolist(), (starts[other] + theirs[met]).tolist(), strict=True)}]
    pairs = np.array(links, int).reshape(-1, 2)
    return connected_components(_graph(int(starts[-1]), pairs[:, 0], pairs[:, 1]), directed=False)[1]
