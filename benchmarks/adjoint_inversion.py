"""The classical opponent of the problem `inversion`: finite differences, adjoint states and Gauss and Newton's steps.

    python benchmarks/adjoint_inversion.py [--cells 60 80 100 120] [--seed 0]

The same readings and noise: five-point differences of the scattered fields in a perfectly matched layer, factorised
once for each frequency and step; by adjoint states, one for each receiver and frequency, the slopes of all readings by
the squared slowness at each node of the disk (Pratt, Shin and Hicks 1998). Its deviation from the background is
penalised by its gradient or its bending, with the weight at which what is left of the readings is their noise (Morozov
1966), which is given here, where inrpde estimates it. The table gives the relative L2 error of the squared slowness,
that beside its deviation from the background, and the seconds of processor time, for grids of so many cells along the
disk's diameter.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csc_array, diags_array, eye_array, kron
from scipy.sparse.linalg import splu
from scipy.special import hankel1
from sympy import lambdify

from inrpde.problems import inversion

Array = np.ndarray
STEPS, FALL, WORTH = 12, 0.1, 0.95
"""Gauss and Newton's steps at most; what is left of the readings in squares is to fall to a tenth in each of them, or
to the noise (Hanke 1997); and a step that leaves more than this is the last; chosen."""
FREQUENCIES, DEPTH, STRENGTH = (3, 5, 7), 0.5, 24.0
"""Wavenumbers, those of the problem, and the absorbing layer round the square [-1, 1]²."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Nodes with spacing h over the square and the layer, without the outer boundary."""

    h: float

    @property
    def nodes(self) -> Array:
        """Along one coordinate."""
        count = round((1 + DEPTH) / self.h)
        return self.h * np.arange(1 - count, count)

    @property
    def inner(self) -> Array:
        """The numbers of those in the unit disk."""
        return np.flatnonzero(np.linalg.norm(self.places, axis=-1) < 1)

    @property
    def places(self) -> Array:
        return np.stack(np.meshgrid(self.nodes, self.nodes, indexing="ij"), axis=-1).reshape(-1, 2)

    def read(self, at: Array) -> csc_array:
        """Interpolation by cubics from the nodes to places (N, 2)."""
        count, rows = len(self.nodes), np.arange(len(at))
        first = np.floor((at - self.nodes[0]) / self.h).astype(int) - 1
        share = (at - self.nodes[0]) / self.h - first
        weights = np.ones((4, *at.shape))
        for k in range(4):
            for j in {0, 1, 2, 3} - {k}:
                weights[k] *= (share - j) / (k - j)
        parts = [
            coo_array(
                (weights[i, :, 0] * weights[j, :, 1], (rows, (first[:, 0] + i) * count + first[:, 1] + j)),
                shape=(len(at), count**2),
            )
            for i in range(4)
            for j in range(4)
        ]
        return csc_array(sum(part.tocsc() for part in parts))

    def operator(self, k: float) -> tuple[csc_array, Array]:
        """div((s_y/s_x, s_x/s_y) grad ·), and k² s_x s_y, at all nodes."""
        x, n = self.nodes, len(self.nodes)
        halves = np.append(x, x[-1] + self.h) - self.h / 2

        def stretch(z: Array) -> Array:
            found: Array = 1 + 1j * STRENGTH / k * (np.maximum(np.abs(z) - 1, 0) / DEPTH) ** 3
            return found

        rise = diags_array([np.ones(n), -np.ones(n)], offsets=[0, -1], shape=(n + 1, n)) / self.h
        second = -rise.T @ diags_array(1 / stretch(halves)) @ rise
        along = diags_array(stretch(x))
        return csc_array(kron(second, along) + kron(along, second)), k**2 * np.outer(stretch(x), stretch(x)).ravel()


@dataclass(frozen=True, eq=False)
class Frequency:
    """Readings (sources, receivers) at a wavenumber and their noise, with what is the same for all media."""

    k: float
    readings: Array
    noise: float
    grid: Grid
    heard: csc_array
    incident: Array

    def linearised(self, medium: Array) -> tuple[Array, Array]:
        """What is left of the readings, and their slopes by the medium at inner nodes, over the noise and as real
        numbers."""
        operator, mass = self.grid.operator(self.k)
        inner, whole = self.grid.inner, np.ones(operator.shape[0])
        whole[inner] = medium
        factors = splu(operator + diags_array(mass * whole).tocsc())
        fields = factors.solve(((self.k**2 * (1 - whole))[:, None] * self.incident).astype(complex))
        adjoint = factors.solve(self.heard.T.toarray().astype(complex))  # the matrix is its own transpose
        left = (self.readings - (self.heard @ fields).T).ravel()
        total = (fields + self.incident)[inner]
        slopes = -(self.k**2) * np.einsum("ns,nr->srn", total, adjoint[inner]).reshape(left.size, -1)
        return tuple(np.concatenate([each.real, each.imag]) / self.noise for each in (left, slopes))  # type: ignore[return-value]


def invert(cells: int, order: int, setting: Sequence[tuple[float, Array, float]], ring: Array, sources: Array) -> Array:
    """The squared slowness at the inner nodes of a grid, with derivatives of an order penalised."""
    grid = Grid(2 / cells)
    heard, places = grid.read(ring), grid.places
    apart = np.linalg.norm(places[:, None] - sources, axis=-1)
    near = np.max(np.abs(places), axis=1) < 1
    frequencies = [
        Frequency(k, readings, noise, grid, heard, np.where(near[:, None], 0.25j * hankel1(0, k * apart), 0))
        for k, readings, noise in setting
    ]
    n, inner = len(grid.nodes), grid.inner
    line = diags_array([np.full(n, 2.0), -np.ones(n - 1), -np.ones(n - 1)], offsets=[0, 1, -1]) / grid.h**2
    bent = csc_array(kron(line, eye_array(n)) + kron(eye_array(n), line))[inner][:, inner]
    smooth = splu(bent if order == 1 else csc_array(bent @ bent))
    medium = before = np.ones(len(inner))
    least = np.inf
    for _ in range(STEPS):
        left, slopes = (np.concatenate(each) for each in zip(*(f.linearised(medium) for f in frequencies), strict=True))
        size = float(left @ left)
        if size > WORTH * least:
            return medium if size < least else before
        before, least = medium, size
        spread = smooth.solve(np.ascontiguousarray(slopes.T))
        s, u = np.linalg.eigh(slopes @ spread)
        seen = u.T @ (left + slopes @ (medium - 1))
        weights = s[-1] * 10.0 ** np.arange(-14, 4, 0.1)
        rest = np.sum((weights / (np.maximum(s, 0)[:, None] + weights) * seen[:, None]) ** 2, axis=0)
        weight = max(weights[rest <= max(len(seen), FALL * size)], default=weights[0])
        medium = 1 + spread @ (u @ (seen / (np.maximum(s, 0) + weight)))
    return medium


def measured(seed: int) -> tuple[list[tuple[float, Array, float]], Array, Array]:
    """What the problem reads, by wavenumbers, with a seed of the noise; the places of receivers and of sources."""
    ring, sources = inversion.ring(24, 0.9), inversion.ring(4, 2.0)
    values = inversion.readings(FREQUENCIES, sources, ring, 0.01, seed)
    return [(k, *each) for k, each in zip(FREQUENCIES, values, strict=True)], ring, sources


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, nargs="+", default=[60, 80, 100, 120])
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    arguments = parser.parse_args()
    setting = measured(arguments.seed)
    print("| cells | penalty | error | contrast's | s |\n|---|---|---|---|---|")
    for cells in arguments.cells:
        for order, name in ((1, "gradient"), (2, "bending")):
            begun = time.process_time()
            medium = invert(cells, order, *setting)
            spent = time.process_time() - begun
            grid = Grid(2 / cells)
            true = lambdify(inversion.COORDS, inversion.MEDIUM)(*grid.places[grid.inner].T)
            off = np.linalg.norm(medium - true)
            sizes = np.linalg.norm(true), np.linalg.norm(true - 1)
            print(f"| {cells} | {name} | {off / sizes[0]:.2e} | {off / sizes[1]:.2e} | {spent:.1f} |", flush=True)


if __name__ == "__main__":
    main()
