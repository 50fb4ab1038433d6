"""Tensor grids: where the values of each unknown lie, and the sparse matrices of the stencils on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csr_array

from inrpde.references.stencils import Axis, Positions, stencils
from inrpde.references.terms import Index

REACH = np.array([-7, -5, -3, -1, 1, 3, 5, 7])
"""How far midpoints may lie that serve the difference at a node, one-sided ones included, in half steps."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """The product of sorted positions (half steps), one array an axis; its points are numbered in C order."""

    positions: tuple[Positions, ...]

    @cached_property
    def key(self) -> tuple[bytes, ...]:
        return tuple(p.tobytes() for p in self.positions)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(p) for p in self.positions)

    @cached_property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def replace(self, axis: int, positions: Positions) -> Lattice:
        return Lattice((*self.positions[:axis], positions, *self.positions[axis + 1 :]))

    @cached_property
    def table(self) -> np.ndarray:
        """The positions of all points: integers (N, axes)."""
        return np.stack(np.meshgrid(*self.positions, indexing="ij"), axis=-1).reshape(-1, len(self.positions))

    def find(self, table: np.ndarray) -> np.ndarray:
        """The numbers of the points at the given positions (M, axes); -1 where there is none."""
        numbers = np.zeros(len(table), int)
        there = np.ones(len(table), bool)
        for k, own in enumerate(self.positions):
            near = np.minimum(np.searchsorted(own, table[:, k]), len(own) - 1)
            there &= own[near] == table[:, k]
            numbers = numbers * len(own) + near
        return np.where(there, numbers, -1)


class Grid:
    """Axes, and a lattice for each unknown; all values together are one state vector.

    The state holds the unknowns' values, `extra` further numbers, and then as often the same of each time derivative
    up to `time_order`: `size` numbers each.
    """

    mask: np.ndarray | None = None
    parameters = None

    def __init__(self, axes: Sequence[Axis], lattices: Sequence[Lattice], extra: int = 0, time_order: int = 0):
        self.axes, self.lattices = tuple(axes), tuple(lattices)
        ends = np.cumsum([lattice.size for lattice in lattices])
        self.offsets = (0, *ends[:-1].tolist())
        self.extra = int(ends[-1])
        self.size = self.extra + extra
        self.width = self.size * (1 + time_order)
        self._leaves: dict[tuple, csr_array] = {}
        self._differences: dict[tuple, tuple[csr_array, Lattice]] = {}
        self._points: dict[tuple, np.ndarray] = {}

    def points(self, lattice: Lattice) -> np.ndarray:
        """Coordinates (N, axes) of the points of a lattice."""
        if lattice.key not in self._points:
            each = [axis.at(p) for axis, p in zip(self.axes, lattice.positions, strict=True)]
            self._points[lattice.key] = np.stack(np.meshgrid(*each, indexing="ij"), axis=-1).reshape(-1, len(each))
        return self._points[lattice.key]

    def around(self, lattice: Lattice, offset: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, axes) beside those of a lattice, within a half step along the axes on which it is no plane, and
        the measures (N,) of the parts of the cells in which they lie."""
        moved, sizes = [], []
        for axis, own, by in zip(self.axes, lattice.positions, offset, strict=True):
            if len(own) == 1:
                moved.append(axis.at(own))
                sizes.append(np.ones(1))
                continue
            ends = [np.clip(own + end, 0, axis.end) for end in (by, 0, np.sign(by))]
            point, here, there = (axis.at(end) for end in ends)
            moved.append(point)
            sizes.append(np.abs(there - here))
        points = np.stack(np.meshgrid(*moved, indexing="ij"), axis=-1).reshape(-1, len(moved))
        return points, np.prod(np.meshgrid(*sizes, indexing="ij"), axis=0).ravel()

    def block(self, unknown: int) -> slice:
        """Where the values of an unknown lie in the state."""
        return slice(self.offsets[unknown], self.offsets[unknown] + self.lattices[unknown].size)

    def everywhere(self, unknown: int) -> Lattice:
        """Where the values of an unknown lie."""
        return self.lattices[unknown]

    def at_nodes(self, unknown: int, state: np.ndarray) -> np.ndarray:
        """The values of an unknown at all nodes, closing ones of periodic axes included; NaN where it does not live."""
        nodes = []
        for axis, own in zip(self.axes, self.lattices[unknown].positions, strict=True):
            margin = own[0] % 2
            lo, hi = (0, axis.end - 1) if axis.periodic else (own[0] - margin, own[-1] + margin)
            nodes.append(np.arange(lo, hi + 1, 2))
        matrix = self.interpolation(unknown, (0,) * len(nodes), Lattice(tuple(nodes)))
        values = (matrix @ state[self.block(unknown)]).reshape([len(n) for n in nodes])
        values = np.pad(values, [(0, int(axis.periodic)) for axis in self.axes], mode="wrap")
        whole = np.full([axis.cells + 1 for axis in self.axes], np.nan, state.dtype)
        starts = [n[0] // 2 for n in nodes]
        whole[tuple(slice(start, start + size) for start, size in zip(starts, values.shape, strict=True))] = values
        return whole

    def interpolation(self, unknown: int, index: Index, lattice: Lattice) -> csr_array:
        """The matrix (N, values of the unknown) of a derivative of an unknown at the points of a lattice."""
        factors = []
        for axis, own, wanted, order in zip(
            self.axes, self.lattices[unknown].positions, lattice.positions, index, strict=True
        ):
            factors.append(stencils(axis, own, wanted, order))
        return _kron(factors)

    def leaf(self, unknown: int, index: Index, time: int, lattice: Lattice) -> csr_array:
        """The matrix (N, width) of a derivative of an unknown, acting on the state."""
        key = (unknown, index, time, lattice.key)
        if key not in self._leaves:
            own = self.interpolation(unknown, index, lattice)
            start = self.offsets[unknown] + time * self.size
            self._leaves[key] = csr_array((own.data, own.indices + start, own.indptr), shape=(own.shape[0], self.width))
        return self._leaves[key]

    def unit(self, column: int, count: int) -> csr_array:
        """A matrix (count, width) that reads one number of the state everywhere."""
        return csr_array((np.ones(count), np.full(count, column), np.arange(count + 1)), shape=(count, self.width))

    def difference(self, axis: int, unknowns: frozenset[int], lattice: Lattice) -> tuple[csr_array, Lattice]:
        """The staggered derivative along an axis: the matrix (N, M), and the lattice of the M values that it takes."""
        key = (axis, unknowns, lattice.key)
        if key not in self._differences:
            line, wanted = self.axes[axis], lattice.positions[axis]
            near = np.unique(wanted[:, None] + REACH)
            if line.periodic:
                near = np.unique(near % line.end)
            else:
                ends = [self.lattices[u].positions[axis][[0, -1]] for u in unknowns]
                near = near[(near >= max(lo for lo, _ in ends)) & (near <= min(hi for _, hi in ends))]
            matrix = stencils(line, near, wanted, 1, staggered=True)
            used = np.unique(matrix.indices)
            identity = [sparse.eye_array(n, format="csr") for n in lattice.shape]
            identity[axis] = matrix[:, used]
            self._differences[key] = _kron(identity), lattice.replace(axis, near[used])
        return self._differences[key]


def _kron(factors: Sequence[csr_array]) -> csr_array:
    product = factors[0]
    for factor in factors[1:]:
        product = sparse.kron(product, factor, format="csr")
    return csr_array(product)
