"""A fibre of eight sides in a cube, to four digits: bricks that crowd at its skin and ends, in an eighth of it.

The cube's cross-section is symmetric to its axes and diagonals; an eighth of it is a wedge that has one side of the
fibre. There (s, t) are coordinates: s from the axis over the skin (s = 1) to the cube's wall (s = 2), t along it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from skfem import Basis, BilinearForm, ElementHex2, LinearForm, MeshHex
from skfem.helpers import dot, grad

from zoo.flux.weak import eliminated

Array = np.ndarray
A, B = np.array([0.2, 0]), 0.2 * np.array([np.cos(np.pi / 4), np.sin(np.pi / 4)])
"""Corners of the fibre in the wedge, from its axis."""


@dataclass(frozen=True, eq=False)
class Fibre:
    """-div(a grad u) = source in the unit cube, u = x at both ends of x, insulated otherwise; a = `contrast` in the
    fibre, which reaches from one of its `ends` to the other."""

    contrast: float
    ends: tuple[float, float]
    source: float

    def sampled(self, count: int) -> tuple[Array, Array, Array]:
        """Points, values, and half of what these differ by from those of coarser bricks."""
        points = np.random.default_rng(0).uniform(0, 1, (count, 3))
        values, coarser = self.values(points, 8, 0.4, 5), self.values(points, 6, 0.35, 4)
        return points, values, (values - coarser) / 2

    def values(self, points: Array, layers: int, ratio: float, parts: int) -> Array:
        """By so many `layers` of bricks on each side of what is sharp, each `ratio` as thick as the last, and none
        thicker than so many `parts` of the way make them."""
        x, s, t = self._lines(layers, ratio, parts)
        shape = len(x) - 1, len(s) - 1, len(t) - 1
        mesh = MeshHex.init_tensor(x, s, t)
        places = np.stack([mesh.p[0], *_wedge(mesh.p[1], mesh.p[2])])
        middle = mesh.p[:, mesh.t].mean(axis=1)
        inside = (middle[1] < 1) & (middle[0] > self.ends[0]) & (middle[0] < self.ends[1])
        corner = np.floor(_rank(middle[0], x)), np.floor(_rank(middle[1], s)), np.floor(_rank(middle[2], t))
        number = np.empty(shape, int)
        number[tuple(np.array(corner, int))] = np.arange(middle.shape[1])
        basis = Basis(MeshHex(places, mesh.t), ElementHex2(), intorder=6)
        a = np.repeat(np.where(inside, self.contrast, 1.0)[:, None], basis.dx.shape[1], axis=1)
        matrix = BilinearForm(lambda u, v, w: w.a * dot(grad(u), grad(v))).assemble(basis, a=a)
        right = LinearForm(lambda v, w: self.source * v).assemble(basis)
        known = np.flatnonzero(np.abs(basis.doflocs[0] - 0.5) > 0.5 - 1e-12)
        found = np.zeros(basis.N)
        found[known] = basis.doflocs[0, known]
        found = eliminated(matrix, right, known, found)
        asked = np.stack([points[:, 0], *_unwedged(points[:, 1:] - 0.5)])
        rank = [_rank(each, line) for each, line in zip(asked, (x, s, t), strict=True)]
        cell = [np.minimum(np.floor(r).astype(int), n - 1) for r, n in zip(rank, shape, strict=True)]
        cells = number[tuple(cell)]
        first, *others = (mesh.p[:, mesh.t[k, cells]] for k in (0, 3, 2, 1))  # (1, 1, 1) and its neighbours
        ways = [(other - first) / ((other - first) ** 2).sum(axis=0) for other in others]
        local = np.stack([1 - (way * (asked - first)).sum(axis=0) for way in ways])
        shapes = [basis.elem.gbasis(basis.mapping, local[:, :, None], k, tind=cells)[0] for k in range(basis.Nbfun)]
        values = np.array([np.asarray(each)[..., 0] for each in shapes])
        return np.sum(values * found[basis.element_dofs[:, cells]], axis=0)

    def _lines(self, layers: int, ratio: float, parts: int) -> tuple[Array, Array, Array]:
        up = np.union1d(np.round(ratio ** np.arange(layers), 14), np.linspace(0, 1, parts + 1))
        sharp, pieces = sorted({0.0, *self.ends, 1.0}), []
        for lo, hi in pairwise(sharp):
            half, plain = (hi - lo) / 2, np.linspace(0, 1, parts + 1)
            pieces += [lo + half * (up if lo > 0 else plain), hi - half * (up if hi < 1 else plain)]
        x, s = (np.unique(np.round(np.concatenate(each), 14)) for each in (pieces, [1 - up, 1 + up]))
        few = np.union1d(np.round(ratio ** np.arange(layers // 2), 14), [0, 1])
        return x, s, np.unique(np.round(np.concatenate([few / 2, 1 - few / 2]), 14))


def _rank(x: Array, line: Array) -> Array:
    return np.interp(x, line, np.arange(len(line)))


def _wedge(s: Array, t: Array) -> tuple[Array, Array]:
    """Places in the cross-section."""
    skin = A[:, None] + t * (B - A)[:, None]
    wall = np.stack([np.full_like(t, 0.5), 0.5 * t])
    y, z = np.where(s <= 1, s * skin, skin + (s - 1) * (wall - skin))
    return y + 0.5, z + 0.5


def _unwedged(points: Array) -> tuple[Array, Array]:
    """The coordinates (s, t) of places (N, 2), from the axis, folded into the wedge."""
    p = np.sort(np.abs(points), axis=1)[:, ::-1]
    middle = np.array([np.cos(np.pi / 8), np.sin(np.pi / 8)])
    s = p @ middle / (0.2 * np.cos(np.pi / 8))
    t = (p / np.maximum(s, 1e-300)[:, None] - A) @ (B - A) / ((B - A) @ (B - A))
    lo, hi = np.zeros(len(p)), np.ones(len(p))
    for _ in range(60):
        between = (lo + hi) / 2
        along = p[:, 1] / (B[1] + between * (0.5 - B[1]))
        reach = A[0] + along * (B - A)[0] + between * (0.5 - A[0] - along * (B - A)[0])
        lo, hi = np.where(reach < p[:, 0], between, lo), np.where(reach < p[:, 0], hi, between)
    outside = s > 1
    return np.where(outside, 1 + lo, s), np.where(outside, p[:, 1] / (B[1] + lo * (0.5 - B[1])), t)
