"""A field from values and slopes at labelled points alone: how far from them, and on which side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from inrpde.compiler.form import Form, Index
from inrpde.discretise.jets import environment
from inrpde.sampling.sites import Samples

Array = np.ndarray
TINY = 1e-12
"""What keeps divisors from zero."""
BALL, SPHERE = (1.0, 2.0, np.pi), (1.0, 2.0, 2 * np.pi, 4 * np.pi)
"""The volume of the unit ball in 0, 1 and 2 coordinates, and the area of the unit sphere in 0 to 3."""
DISC = 4
"""The neighbour of a labelled point whose distance is twice the radius of the disc that it stands for."""
ALIKE, FAIR = 24, 0.5
"""Neighbours from which the area is found that a point stands for, those whose slopes point the same way to so much."""
CLOSED = 0.2
"""Labelled points go round a volume if their areas, as vectors, sum up to less than this share of the whole."""
CLUSTERS, BEYOND = 16, 2.0
"""Boxes along the longest side in which points act as one, on what is farther away than so many sides."""


@dataclass(frozen=True)
class Expansion:
    """A field from `values` (N,) and `slopes` (N, d) at points: it rises or falls away from the nearest as steeply as
    there, or rather from a disc round it, across its slope, of a radius (N,).

    On which side of them a point lies, where they go round a volume, is said by their winding number, the sum of the
    solid angles under which they are seen (Barill et al. 2018): however thin the volume, and across small holes.
    Otherwise it is the side of the nearest one's disc.
    """

    tree: cKDTree
    values: Array
    slopes: Array
    radii: Array

    @property
    def points(self) -> Array:
        return self.tree.data

    @classmethod
    def of(cls, points: Array, values: Array, slopes: Array) -> Expansion:
        tree = cKDTree(points)
        apart = tree.query(points, min(DISC + 1, len(points)))[0]
        return cls(tree, values, slopes, apart.reshape(len(points), -1)[:, -1] / 2)

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Values and slopes at points (M, d): {multi-index: (M,)}; zero for what is of higher order."""
        near = self.tree.query(points)[1]
        steepness = np.linalg.norm(self.slopes[near], axis=1)
        normal = self.slopes[near] / np.maximum(steepness, TINY)[:, None]
        away = points - self.tree.data[near]
        height = np.sum(away * normal, axis=1)
        across = away - height[:, None] * normal
        beside = np.linalg.norm(across, axis=1)
        beyond = np.maximum(beside - self.radii[near], 0)
        distance = np.hypot(height, beyond)
        side, far = np.where(height >= 0, 1.0, -1.0), beyond > 0
        if self.closed:
            side[far] = np.where(self.winding(points[far]) < 0.5, 1.0, -1.0)
        direction = height[:, None] * normal + across * (beyond / np.maximum(beside, TINY))[:, None]
        direction *= (side / np.maximum(distance, TINY))[:, None]
        direction[distance <= TINY] = normal[distance <= TINY]
        out = {}
        for index in indices:
            if not any(index):
                out[index] = self.values[near] + side * distance * steepness
            elif sum(index) == 1:
                out[index] = steepness * direction[:, index.index(1)]
            else:
                out[index] = np.zeros(len(points))
        return out

    @cached_property
    def areas(self) -> Array:
        """What each point stands for, as a vector along its slope, (N, d): of the ball that holds its neighbours, the
        part in a hyperplane over the number of those that look the same way."""
        count, dim = self.tree.data.shape
        unit = self.slopes / np.maximum(np.linalg.norm(self.slopes, axis=1), TINY)[:, None]
        apart, rows = self.tree.query(self.tree.data, min(ALIKE, count))
        apart, rows = apart.reshape(count, -1), rows.reshape(count, -1)
        alike = np.sum(np.einsum("nkd,nd->nk", unit[rows], unit) > FAIR, axis=1)
        return unit * (BALL[dim - 1] * apart[:, -1] ** (dim - 1) / alike)[:, None]

    @cached_property
    def closed(self) -> bool:
        """Do the points go round a volume, all with the same value?"""
        total = np.linalg.norm(np.sum(self.areas, axis=0))
        return bool(np.ptp(self.values) == 0 and total < CLOSED * np.sum(np.linalg.norm(self.areas, axis=1)))

    def winding(self, points: Array) -> Array:
        """About 1 inside and 0 outside, (M,)."""
        known, dim = self.tree.data, points.shape[1]
        lo, side = known.min(axis=0), np.max(np.ptp(known, axis=0)) / CLUSTERS
        _, cluster = np.unique(np.floor((known - lo) / side).astype(int), axis=0, return_inverse=True)
        order = np.argsort(cluster.ravel(), kind="stable")
        out = np.zeros(len(points))
        for rows in np.split(order, np.flatnonzero(np.diff(cluster.ravel()[order])) + 1):
            share = np.linalg.norm(self.areas[rows], axis=1)
            centre = share @ known[rows] / share.sum()
            away = centre - points
            apart = np.linalg.norm(away, axis=1)
            far = apart > BEYOND * side
            out += np.where(far, away @ self.areas[rows].sum(axis=0) / np.maximum(apart, TINY) ** dim, 0.0)
            close = np.flatnonzero(~far)
            apart = np.maximum(cdist(points[close], known[rows]), TINY)
            rise = np.sum(known[rows] * self.areas[rows], axis=1) - points[close] @ self.areas[rows].T
            out[close] += np.sum(rise / apart**dim, axis=1)
        return out / SPHERE[dim]


def expansion(form: Form, samples: Samples) -> Expansion:
    """What linear conditions on labelled points say of value and slopes there; zero where they leave them open."""
    d = form.space.dim
    indices = [(0,) * d, *(tuple(int(i == k) for i in range(d)) for k in range(d))]
    sites = dict.fromkeys(samples.of(row) for row in form.rows if row.region.dim == 0)
    found = []
    for site in sites:
        n = len(site.points)
        rows = [row for row in form.rows if samples.of(row) is site and row.linear]
        matrix, right = np.zeros((n, len(rows), d + 1)), np.zeros((n, len(rows)))
        for k, row in enumerate(rows):
            env = environment(form, row, site) | dict.fromkeys(row.jets, 0.0)
            right[:, k] = -np.broadcast_to(row.value(env)[0], (n,))
            for symbol, slope in row.tangents(env).items():
                if row.jets[symbol].index in indices:
                    matrix[:, k, indices.index(row.jets[symbol].index)] = slope
        found.append(np.einsum("nij,nj->ni", np.linalg.pinv(matrix), right))
    jets = np.concatenate(found)
    return Expansion.of(np.concatenate([site.points for site in sites]), jets[:, 0], jets[:, 1:])
