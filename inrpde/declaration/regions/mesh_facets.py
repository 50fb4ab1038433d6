"""Facets of a mesh of simplices as they lie to one another: on each other at a crack, side by side on a surface."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

Array = np.ndarray


def torn(points: Array, facets: Array, normals: Array, near: float) -> Array:
    """Which facets (F, d), each with a cell beyond it that does not own it, are faces of a crack: bool (F,).

    In a crack every place (nodes within `near` of one another) is a vertex of facets that look both ways, and some are
    places of two nodes. The faces need not be divided alike into facets; where a facet meets smaller ones, or a cell
    was left out, some place is a vertex on one side alone.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if not len(facets):
        return np.zeros(0, bool)
    nodes, number = np.unique(facets, return_inverse=True)
    tree: Any = cKDTree(points[nodes])
    count, place = connected_components(tree.sparse_distance_matrix(tree, near), directed=False)
    doubled = np.bincount(place) > 1
    at = place[number.ravel()]
    owner = np.repeat(np.arange(len(facets)), facets.shape[1])
    first = np.zeros(count, int)
    first[at] = owner
    opposed = np.zeros(count, bool)
    opposed[at[np.einsum("nd,nd->n", normals[owner], normals[first[at]]) < 0]] = True
    ends = at.reshape(facets.shape)
    graph = coo_array((np.ones(ends.size), (np.repeat(ends[:, 0], facets.shape[1]), at)), shape=(count, count))
    parts, part = connected_components(graph, directed=False)
    crack = (np.bincount(part, ~opposed, parts) == 0) & (np.bincount(part, doubled, parts) > 0)
    return crack[part[ends[:, 0]]]


def sheets(normals: Array, cracked: Array) -> list[Array]:
    """The numbers (K,) of facets in sets none of which holds both faces of a crack, so that a point on one of them has
    one normal: those on no crack, and the faces that look either way along a line that no facet follows."""
    towards = normals @ np.sqrt([2.0, 3.0, 5.0])[: normals.shape[1]] > 0
    sets = (np.flatnonzero(each) for each in (~cracked, cracked & towards, cracked & ~towards))
    return [each for each in sets if len(each)]


def oriented(facets: Array) -> Array:
    """Which facets (F, d) of node numbers to turn, bool (F,), so that neighbours look to the same side.

    Each connected part looks as most of its facets do by the order of their nodes; where it branches, each branch is a
    part. What has one side only (a Möbius strip) stays as it is.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count, corners = facets.shape
    if corners == 1 or not count:
        return np.zeros(count, bool)
    ridges = np.stack([np.delete(facets, k, axis=1) for k in range(corners)], axis=1).reshape(count * corners, -1)
    sign = np.tile((-1.0) ** np.arange(corners), count) * _parity(ridges)
    owner, ridges = np.repeat(np.arange(count), corners), np.sort(ridges, axis=1)
    _, which, shared = np.unique(ridges, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(which, kind="stable")
    pairs = order[(shared == 2)[which.ravel()[order]]].reshape(-1, 2)
    one, other = owner[pairs].T
    # facets that look to the same side run through their ridge in opposite directions; number f + count is f turned
    turned = np.where(sign[pairs[:, 0]] == sign[pairs[:, 1]], count, 0)
    rows, columns = np.concatenate([one, one + count]), np.concatenate([other + turned, other + count - turned])
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(2 * count, 2 * count))
    part = connected_components(graph, directed=False)[1]
    kept, reverse = part[:count], part[count:]
    votes = np.bincount(kept, minlength=2 * count)
    rank = np.empty(count, int)
    rank[np.lexsort(np.sort(facets, axis=1).T[::-1])] = np.arange(count)
    first = np.full(2 * count, count)
    np.minimum.at(first, kept, rank)
    tied = votes[kept] == votes[reverse]
    return (votes[kept] < votes[reverse]) | (tied & (first[kept] > first[reverse]))


def _parity(rows: Array) -> Array:
    """±1 (N,): whether sorting each row takes an even number of swaps."""
    sign = np.ones(len(rows))
    for i, j in combinations(range(rows.shape[1]), 2):
        sign[rows[:, i] > rows[:, j]] *= -1
    return sign
