"""Cells where the solution is rough: a mesh divided where elements of the next lower degree see least of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.references.fem_mesh import Geometry, finer
from inrpde.references.fem_spaces import Spaces, element

Array = np.ndarray
ROUNDS = 24
"""Meshes that are tried, at most: each halves the cells at a corner once."""
SHARE = 0.6
"""Of the sum of the squares, what the cells make up that are divided (Dörfler 1996)."""
TIME = 0.25
"""Of what is left before the deadline: the meshes that follow take more."""
LEAST = 1e-7
"""The relative roughness, in energy, at which a mesh is fine enough."""


def adapted(
    shape: Geometry, mesh: Any, most: float, solve: Callable[[Any], tuple[Spaces, Array]], seconds: float = np.inf,
    least: float = LEAST,
) -> Any:  # fmt: skip
    """A mesh with up to about `most` cells, found in so many seconds, on which the roughness is at most the `least`.
    `solve` gives the solution on a mesh of straight cells, or solutions (S, size) at several times."""
    ends = time.perf_counter() + min(TIME * deadline.left(), seconds)
    for _ in range(ROUNDS):
        if mesh.nelements >= most or time.perf_counter() > ends:
            break
        rough = roughness(*solve(mesh))
        if np.sum(rough) <= least**2:
            break
        order = np.argsort(rough)[::-1]
        share = int(np.searchsorted(np.cumsum(rough[order]), SHARE * np.sum(rough)))
        count = 1 + min(share, int(most - mesh.nelements) // 2**shape.dim)
        mesh = finer(shape, mesh, np.sort(order[:count]))
    return mesh


def roughness(spaces: Spaces, states: Array) -> Array:
    """The square in each cell (C,) of what elements of the next lower degree miss of the unknowns, in the norm of their
    derivatives, relative to all of that; of several states (S, size) together."""
    states = np.atleast_2d(states)
    total = np.zeros(spaces.mesh.nelements)
    for unknown, (degree, domain) in enumerate(zip(spaces.degrees, spaces.domains, strict=True)):
        if degree < 2:
            continue
        cells = np.flatnonzero(domain)
        local = states[:, spaces.numbers(unknown, cells)]
        sizes = _sizes(spaces.mesh, cells) ** (spaces.dim - 2)
        missed = sizes * np.sum(np.abs(local @ _missed(spaces.dim, degree).T) ** 2, axis=(0, 2))
        varied = sizes * np.sum(np.abs(local - local.mean(axis=2, keepdims=True)) ** 2, axis=(0, 2))
        total[cells] += missed / (np.sum(varied) or 1.0)
    return total


def _sizes(mesh: Any, cells: Array) -> Array:
    vertices = mesh.p[:, mesh.t[: len(mesh.p) + 1, cells]]
    return np.max(np.ptp(vertices, axis=1), axis=0)


@lru_cache
def _missed(dim: int, degree: int) -> Array:
    """The matrix that takes the values of an element to those less its interpolant of the next lower degree."""
    own, lower = element(dim, degree), element(dim, degree - 1)

    def at(which: Any, places: Array) -> Array:
        return np.stack(
            [np.broadcast_to(which.lbasis(places.T, k)[0], len(places)) for k in range(len(which.doflocs))], axis=1
        )

    return np.eye(len(own.doflocs)) - at(lower, own.doflocs) @ at(own, lower.doflocs)
