"""Poisson's equation in a polygon to many digits: rational functions whose poles crowd at the corners.

A. Gopal and L. N. Trefethen, Solving Laplace problems with corner singularities via rational functions, SIAM J. Numer.
Anal. 57 (2019). The largest error is on the boundary, so that it is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Lightning:
    """-Δu = 1 in a polygon, corners (K, 2) anticlockwise, u = 0 on its boundary."""

    corners: Array
    poles: int = 80
    """At each corner."""
    degree: int = 40

    def sampled(self, count: int) -> tuple[Array, Array, Array]:
        """Points (count, 2) in the polygon, values there, and bounds of their errors."""
        corners = self.corners @ [1, 1j]
        ahead, behind = np.roll(corners, -1), np.roll(corners, 1)
        outwards = (corners - ahead) / np.abs(corners - ahead) + (corners - behind) / np.abs(corners - behind)
        inwards = ((ahead - corners) * np.conj(behind - corners)).imag < 0  # a convex corner
        outwards *= np.where(inwards, 1, -1) / np.abs(outwards)
        near = np.exp(-4 * (np.sqrt(self.poles) - np.sqrt(np.arange(1, self.poles + 1))))
        poles = (corners[:, None] + outwards[:, None] * near).ravel()
        sizes = np.tile(near, len(corners))
        share = np.concatenate([np.logspace(-16, -0.31, 500), 1 - np.logspace(-16, -0.31, 500)])

        def boundary(share: Array) -> Array:
            return (corners[:, None] + (ahead - corners)[:, None] * share).ravel()

        z = boundary(share)
        polynomial = _Arnoldi(z, self.degree)

        def rows(at: Array) -> Array:
            values = np.hstack([sizes / (at[:, None] - poles), polynomial(at)])
            return np.hstack([values.real, values.imag])

        matrix = rows(z)
        scale = np.linalg.norm(matrix, axis=0)
        scale[scale == 0] = 1
        head = np.linalg.lstsq(matrix / scale, np.abs(z) ** 2 / 4, rcond=1e-15)[0] / scale
        finer = boundary(np.concatenate([np.logspace(-12, -0.3, 1777), 1 - np.logspace(-12, -0.3, 1777)]))
        worst = np.abs(rows(finer) @ head - np.abs(finer) ** 2 / 4).max()
        points = self._inside(count)
        at = points @ [1, 1j]
        return points, rows(at) @ head - np.abs(at) ** 2 / 4, np.full(count, worst)

    def _inside(self, count: int) -> Array:
        lo, hi = self.corners.min(axis=0), self.corners.max(axis=0)
        points = np.random.default_rng(0).uniform(lo, hi, (20 * count, 2))
        one, other = self.corners, np.roll(self.corners, -1, axis=0)
        crossed = (one[:, 1] > points[:, [1]]) != (other[:, 1] > points[:, [1]])
        with np.errstate(all="ignore"):
            where = one[:, 0] + (points[:, [1]] - one[:, 1]) / (other[:, 1] - one[:, 1]) * (other[:, 0] - one[:, 0])
        return points[(crossed & (points[:, [0]] < where)).sum(axis=1) % 2 == 1][:count]


class _Arnoldi:
    """Polynomials that are orthonormal on given points."""

    def __init__(self, z: Array, degree: int):
        self.table = np.zeros((degree + 1, degree), complex)
        basis = np.ones((len(z), degree + 1), complex)
        for k in range(degree):
            v = z * basis[:, k]
            for _ in range(2):
                part = basis[:, : k + 1].conj().T @ v / len(z)
                self.table[: k + 1, k] += part
                v = v - basis[:, : k + 1] @ part
            self.table[k + 1, k] = np.linalg.norm(v) / np.sqrt(len(z))
            basis[:, k + 1] = v / self.table[k + 1, k]

    def __call__(self, z: Array) -> Array:
        basis = np.ones((len(z), len(self.table)), complex)
        for k in range(len(self.table) - 1):
            basis[:, k + 1] = (z * basis[:, k] - basis[:, : k + 1] @ self.table[: k + 1, k]) / self.table[k + 1, k]
        return basis
