"""The simplices of a mesh as cells, each of which can be divided again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np

from inrpde.declaration.regions import Mesh
from inrpde.declaration.regions.mesh_cells import facet_table
from inrpde.declaration.regions.simplices import facet_normals, measures
from inrpde.sampling.cells.reference import simplex_rule
from inrpde.sampling.cells.tessellation import OUTSIDE, Cells, Cover, Faces, Rule, Tessellation

Array = np.ndarray
Facet = tuple[int, ...]
CHILDREN = {
    1: ("00 01", "01 11"),
    2: ("00 01 02", "01 11 12", "02 12 22", "01 12 02"),
    3: (
        "00 01 02 03", "01 11 12 13", "02 12 22 23", "03 13 23 33",
        "01 02 03 13", "01 02 12 13", "02 03 13 23", "02 12 13 23",
    ),
}  # fmt: skip
"""The 2^d parts of a simplex by the midpoints of its edges, "01" that of its vertices 0 and 1 (Bey 1995)."""


@dataclass(frozen=True, eq=False)
class Divided:
    """Simplices `cells` (C, d + 1) of `nodes` (N, d), each of a `part` (C,). Where some were divided `above` gives the
    facet, by its sorted nodes, that each part of a facet came from: facets of cells of two sizes meet there."""

    nodes: Array
    cells: Array
    part: Array
    above: Mapping[Facet, Facet] = field(default_factory=dict)
    middles: Mapping[tuple[int, int], int] = field(default_factory=dict)

    @property
    def vertices(self) -> Array:
        return self.nodes[self.cells]

    @cached_property
    def cover(self) -> Cover:
        """Where the cells lie."""
        origin, axes = self._maps
        return Cover(origin, axes, np.arange(len(self.cells)), self.part, True)

    @cached_property
    def _maps(self) -> tuple[Array, Array]:
        edges = self.vertices[:, 1:] - self.vertices[:, :1]
        return self.vertices[:, 0] + edges.sum(axis=1) / 2, edges.transpose(0, 2, 1) / 2

    def refined(self, marks: Array) -> Divided:
        """With the marked cells, bool (C,), divided into 2^d at the middles of their edges."""
        nodes, middles, above = list(self.nodes), dict(self.middles), dict(self.above)
        children, part = [], []
        plan = [[(int(edge[0]), int(edge[1])) for edge in child.split()] for child in CHILDREN[self.nodes.shape[1]]]
        for cell, owner in zip(self.cells[marks].tolist(), self.part[marks].tolist(), strict=True):
            at = {}
            for a, b in combinations(range(len(cell)), 2):
                edge = (min(cell[a], cell[b]), max(cell[a], cell[b]))
                if edge not in middles:
                    middles[edge] = len(nodes)
                    nodes.append((self.nodes[edge[0]] + self.nodes[edge[1]]) / 2)
                at[a, b] = middles[edge]
            at |= {(a, a): node for a, node in enumerate(cell)}
            children += [[at[each] for each in child] for child in plan]
            part += [owner] * len(plan)
            for missing in range(len(cell)):
                facet = tuple(sorted(node for k, node in enumerate(cell) if k != missing))
                for child in plan:
                    inner = [each for each in child if missing not in each]
                    if len(inner) == len(cell) - 1 > 1:  # a point has no parts
                        above[tuple(sorted(at[each] for each in inner))] = facet
        cells = np.concatenate([self.cells[~marks], np.array(children, int).reshape(-1, self.cells.shape[1])])
        return Divided(np.array(nodes), cells, np.concatenate([self.part[~marks], np.array(part, int)]), above, middles)

    def tessellation(self, order: int) -> Tessellation:
        """Quadrature that is exact for polynomials of degree 2·order - 1."""
        origin, axes = self._maps
        points, weights = simplex_rule(self.nodes.shape[1], order)
        scale = np.abs(np.linalg.det(axes))
        where = origin[:, None] + np.einsum("cij,qj->cqi", axes, points)
        starts = len(weights) * np.arange(len(origin) + 1)
        volume = Rule(where.reshape(-1, origin.shape[1]), np.outer(scale, weights).ravel(), starts)
        return Tessellation(Cells(origin, axes, self.part, np.zeros(len(origin), int)), volume, self._faces(order))

    def _faces(self, order: int) -> Faces:
        facets, cells = self._pairs
        vertices, dim = self.nodes[facets], self.nodes.shape[1]
        normals = facet_normals(vertices)
        away = np.einsum("fd,fd->f", normals, vertices[:, 0] - self.vertices[cells[:, 0]].mean(axis=1))
        normals = normals * np.where(away < 0, -1.0, 1.0)[:, None]
        local, weights = simplex_rule(dim - 1, order)
        edges = (vertices[:, 1:] - vertices[:, :1]) / 2
        points = vertices[:, :1] + np.einsum("qk,fkd->fqd", local + 1, edges)
        scale = measures(vertices) / weights.sum()
        return Faces(
            points.reshape(-1, dim), np.outer(scale, weights).ravel(), len(weights) * np.arange(len(facets) + 1),
            np.repeat(normals, len(weights), axis=0), cells,
        )  # fmt: skip

    @cached_property
    def _pairs(self) -> tuple[Array, Array]:
        """The facets (F, d) between cells, the smaller ones where these have two sizes, and the cells (F, 2) of
        each."""
        facets, owner, _ = facet_table(self.cells)
        order = np.lexsort(facets.T)
        facets, owner = facets[order], owner[order]
        same = np.zeros(len(facets) + 1, bool)
        same[1:-1] = np.all(facets[1:] == facets[:-1], axis=1)
        first = np.flatnonzero(~same[:-1])
        twice = same[first + 1]
        found, cells = facets[first], np.column_stack([owner[first], np.where(twice, owner[first + twice], OUTSIDE)])
        if not self.above:
            return found, cells
        alone = {tuple(facets[number].tolist()): number for number in first[~twice]}
        coarse, right = set(), cells[:, 1].copy()
        for k in np.flatnonzero(~twice):
            facet = tuple(found[k].tolist())
            while facet in self.above:
                facet = self.above[facet]
                if facet in alone:
                    right[k] = owner[alone[facet]]
                    coarse.add(facet)
                    break
        kept = np.array([tuple(facet) not in coarse for facet in found.tolist()])
        return found[kept], np.column_stack([cells[:, 0], right])[kept]


def divide(regions: Sequence[Mesh]) -> Divided:
    """The cells of parts of one mesh; each belongs to the first of the regions that holds it."""
    whole = regions[0].whole
    part = np.full(whole.numbers[-1] + 1, OUTSIDE)
    for number, region in reversed(list(enumerate(regions))):
        part[region.numbers] = number
    part = part[whole.numbers]
    kept = part != OUTSIDE
    return Divided(whole.nodes, whole.cells[kept], part[kept])
