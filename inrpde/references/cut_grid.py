"""Grids on regions with curved walls: the nodes inside, and the points where grid lines cross the boundary.

Values at the crossings are unknowns like those at the nodes, found from the conditions there; next to the boundary the
stencils have unequal arms (Shortley and Weller 1938).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from inrpde.references.reference import Unsupported
from inrpde.references.stencils import Axis
from inrpde.references.terms import Index

Array = np.ndarray
Contains = Callable[..., Array]
"""Which points (N, axes) lie in a set, to within a tolerance that may follow: bool (N,)."""
NONE = -1


@dataclass(frozen=True, eq=False)
class Sites:
    """Some of the sites of a grid, by number."""

    numbers: Array

    @property
    def size(self) -> int:
        return len(self.numbers)

    @cached_property
    def key(self) -> tuple[bytes, ...]:
        return (self.numbers.tobytes(),)


@dataclass(frozen=True, eq=False)
class Middles:
    """The middles between neighbouring sites `lower` and `upper` on lines along an axis."""

    axis: int
    lower: Array
    upper: Array

    @property
    def size(self) -> int:
        return len(self.lower)

    @cached_property
    def key(self) -> tuple[bytes, ...]:
        return bytes([self.axis]), self.lower.tobytes(), self.upper.tobytes()


class CutGrid:
    """The nodes of `axes` in a closed set, numbered, and after them the crossings of grid lines with its boundary.

    `coordinates` (M, d) are those of all sites; the first `nodes` of them lie at the positions `index` of the nodes'
    array. `neighbours[side][axis]` numbers the next site downward (0) or upward (1) on the line along an axis, NONE
    where there is none; `inside` marks the nodes that do not lie on the boundary.
    """

    parameters = None

    def __init__(
        self, axes: Sequence[Axis], contains: Contains, on_boundary: Contains, unknowns: int, time_order: int = 0
    ):
        self.axes = tuple(axes)
        self._contains = contains
        lines = [axis.nodes for axis in axes]
        lattice = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
        self.mask = contains(lattice.reshape(-1, len(axes))).reshape(lattice.shape[:-1])
        self.index = np.nonzero(self.mask)
        nodes = lattice[self.mask]
        self.nodes = len(nodes)
        self.inside = ~on_boundary(nodes)
        number = np.full(self.mask.shape, NONE)
        number[self.mask] = np.arange(self.nodes)
        self._connect(nodes, number)
        self.extra = self.size = unknowns * len(self.coordinates)
        self.width = self.size * (1 + time_order)
        self._leaves: dict[tuple, csr_array] = {}
        self._differences: dict[tuple, tuple[csr_array, Sites | Middles]] = {}

    def _connect(self, nodes: Array, number: Array) -> None:
        """Find every node's neighbours, and the crossings on the way to those that are not there."""
        sites, count = [nodes], self.nodes
        self.neighbours = [[np.full(self.nodes, NONE) for _ in self.axes] for _ in (0, 1)]
        back: list[tuple[int, int, Array, Array]] = []
        for side in (0, 1):
            for axis, line in enumerate(self.axes):
                towards = np.zeros(nodes.shape)
                towards[:, axis] = _arms(line, 2 * side - 1)[self.index[axis]]
                beyond = _shifted(number, axis, 2 * side - 1)[self.index]
                linked = beyond != NONE
                linked[linked] = self._contains(nodes[linked] + towards[linked] / 2)
                cut = np.flatnonzero(~linked & self.inside)
                reach = np.where(beyond[cut] == NONE, 1.0, 0.5)
                crossing = nodes[cut] + towards[cut] * self._crossing(nodes[cut], towards[cut], reach)[:, None]
                found = self.neighbours[side][axis]
                found[linked] = beyond[linked]
                found[cut] = count + np.arange(len(cut))
                back.append((side, axis, found[cut], cut))
                sites.append(crossing)
                count += len(cut)
        self.coordinates = np.concatenate(sites)
        more = count - self.nodes
        for per_axis in self.neighbours:
            per_axis[:] = [np.concatenate([each, np.full(more, NONE)]) for each in per_axis]
        for side, axis, crossings, cut in back:
            self.neighbours[1 - side][axis][crossings] = cut

    def _crossing(self, start: Array, towards: Array, reach: Array) -> Array:
        """How far from `start` (N, d) along `towards` (N, d) the boundary lies, (N,), by bisection to rounding."""
        low, high = np.zeros(len(start)), reach
        for _ in range(48):
            middle = (low + high) / 2
            stays = self._contains(start + middle[:, None] * towards, 0.0)
            low, high = np.where(stays, middle, low), np.where(stays, high, middle)
        return (low + high) / 2

    # -- what an evaluation needs

    def points(self, place: Sites | Middles) -> Array:
        if isinstance(place, Sites):
            return self.coordinates[place.numbers]
        return (self.coordinates[place.lower] + self.coordinates[place.upper]) / 2

    def around(self, place: Sites | Middles, offset: Sequence[float]) -> tuple[Array, Array]:
        """Points (N, d) beside those of a place, up to half of the way to the next, and the measures (N,) of the parts
        of the cells in which they lie; sites on the boundary stay."""
        if isinstance(place, Middles):
            across = [0.0 if axis == place.axis else by for axis, by in enumerate(offset)]
            lower, upper = (self.around(Sites(ends), across) for ends in (place.lower, place.upper))
            points = (lower[0] + upper[0]) / 2
            arms = self.coordinates[place.upper, place.axis] - self.coordinates[place.lower, place.axis]
            points[:, place.axis] += offset[place.axis] * arms / 2
            return points, (lower[1] + upper[1]) / 2
        points, free = self.coordinates[place.numbers].copy(), np.zeros(len(self.coordinates), bool)
        sizes = np.ones(len(points))
        free[: self.nodes] = self.inside
        for axis, by in enumerate(offset):
            following = self.neighbours[int(by > 0)][axis][place.numbers]
            moved = free[place.numbers] & (following != NONE) & (by != 0)
            way = self.coordinates[following[moved], axis] - points[moved, axis]
            points[moved, axis] += abs(by) / 2 * way
            sizes[moved] *= np.abs(way)
        return points, sizes

    def block(self, unknown: int) -> slice:
        return slice(unknown * len(self.coordinates), (unknown + 1) * len(self.coordinates))

    def everywhere(self, unknown: int) -> Sites:
        return Sites(np.arange(len(self.coordinates)))

    def at_nodes(self, unknown: int, state: Array) -> Array:
        values = np.full(self.mask.shape, np.nan, state.dtype)
        values[self.index] = state[self.block(unknown)][: self.nodes]
        return values

    def unit(self, column: int, count: int) -> csr_array:
        raise Unsupported("an integral over a region with curved walls")

    def leaf(self, unknown: int, index: Index, time: int, place: Sites | Middles) -> csr_array:
        """The matrix (N, width) of a derivative of an unknown, acting on the state."""
        key = (unknown, index, time, place.key)
        if key not in self._leaves:
            own = self._stencil(index, place)
            start = unknown * len(self.coordinates) + time * self.size
            self._leaves[key] = csr_array((own.data, own.indices + start, own.indptr), shape=(own.shape[0], self.width))
        return self._leaves[key]

    def difference(
        self, axis: int, unknowns: frozenset[int], place: Sites | Middles
    ) -> tuple[csr_array, Sites | Middles]:
        """The derivative along an axis from values half a step to either side.

        The matrix (N, K), and where it takes the K values.
        """
        key = (axis, place.key)
        if key not in self._differences:
            self._differences[key] = self._staggered(axis, place)
        return self._differences[key]

    def _stencil(self, index: Index, place: Sites | Middles) -> csr_array:
        along = [axis for axis, order in enumerate(index) if order]
        if isinstance(place, Middles) and place.axis not in along:
            if not along:
                return self._average(place)
            chosen, ends = self._ends(place, along[0])
            return csr_array(chosen @ self._stencil(index, ends))
        if isinstance(place, Sites) and len(along) == 0:
            return _matrix(
                np.arange(place.size), place.numbers, np.ones(place.size), (place.size, len(self.coordinates))
            )
        if isinstance(place, Sites) and len(along) == 1 and index[along[0]] <= 2:
            return self._line_stencil(along[0], index[along[0]], place.numbers)
        axis = place.axis if isinstance(place, Middles) else along[0]
        lower = tuple(order - (k == axis) for k, order in enumerate(index))
        matrix, inner = self.difference(axis, frozenset(), place)
        return csr_array(matrix @ self._stencil(lower, inner))

    def _average(self, place: Middles) -> csr_array:
        rows = np.tile(np.arange(place.size), 2)
        shape = (place.size, len(self.coordinates))
        return _matrix(rows, np.concatenate([place.lower, place.upper]), np.full(len(rows), 0.5), shape)

    def _ends(self, place: Middles, axis: int) -> tuple[csr_array, Sites]:
        """Middles as averages of those of their ends that have neighbours along another axis."""
        ends = np.concatenate([place.lower, place.upper])
        has = (self.neighbours[0][axis][ends] != NONE) | (self.neighbours[1][axis][ends] != NONE)
        rows = np.tile(np.arange(place.size), 2)[has]
        shares = np.bincount(rows, minlength=place.size)
        if np.any(shares == 0):
            raise Unsupported("a derivative along a curved wall")
        columns = np.arange(len(rows))
        return _matrix(rows, columns, 1 / shares[rows], (place.size, len(rows))), Sites(ends[has])

    def _chains(self, axis: int, numbers: Array) -> Array:
        """The sites (N, 4) that serve each site on its line: itself between two neighbours, or with up to three inward.

        NONE where there are fewer.
        """
        down, up = self.neighbours[0][axis][numbers], self.neighbours[1][axis][numbers]
        chains = np.stack([down, numbers, up, np.full(len(numbers), NONE)], axis=1)
        for side in (0, 1):
            ended = (self.neighbours[1 - side][axis][numbers] == NONE) & (self.neighbours[side][axis][numbers] != NONE)
            here = numbers[ended]
            chain = [here]
            for _ in range(3):
                here = np.where(here == NONE, NONE, self.neighbours[side][axis][here])
                chain.append(here)
            chains[ended] = np.stack(chain, axis=1)
        return chains

    def _line_stencil(self, axis: int, order: int, numbers: Array) -> csr_array:
        chains = self._chains(axis, numbers)
        x = np.where(chains == NONE, np.nan, self.coordinates[chains, axis])
        return self._weighted(order, x - self.coordinates[numbers, axis][:, None], chains, len(self.coordinates))

    def _staggered(self, axis: int, place: Sites | Middles) -> tuple[csr_array, Sites | Middles]:
        if isinstance(place, Middles):
            if place.axis != axis:
                chosen, ends = self._ends(place, axis)
                matrix, inner = self.difference(axis, frozenset(), ends)
                return csr_array(chosen @ matrix), inner
            ends = Sites(np.concatenate([place.lower, place.upper]))
            arms = self.coordinates[place.upper, axis] - self.coordinates[place.lower, axis]
            rows, columns = np.tile(np.arange(place.size), 2), np.arange(2 * place.size)
            return _matrix(rows, columns, np.concatenate([-1 / arms, 1 / arms]), (place.size, 2 * place.size)), ends
        chains = self._chains(axis, place.numbers)
        lower, upper = chains[:, :-1], chains[:, 1:]
        there = (lower != NONE) & (upper != NONE)
        numbers = np.where(there, np.cumsum(there).reshape(there.shape) - 1, NONE)
        swap = self.coordinates[lower, axis] > self.coordinates[upper, axis]
        lower, upper = np.where(swap, upper, lower)[there], np.where(swap, lower, upper)[there]
        middles = Middles(axis, lower, upper)
        x = np.full(there.shape, np.nan)
        x[there] = self.points(middles)[:, axis]
        offsets = x - self.coordinates[place.numbers, axis][:, None]
        return self._weighted(1, offsets, numbers, middles.size), middles

    def _weighted(self, order: int, offsets: Array, columns: Array, width: int) -> csr_array:
        """Rows of weights of the derivative at 0 from values at offsets (N, W), NaN where there is none."""
        counts = np.sum(np.isfinite(offsets), axis=1)
        if np.any(counts <= order):
            raise Unsupported("a derivative across or along a curved wall")
        data = np.zeros(offsets.shape)
        for count in np.unique(counts):
            rows = np.flatnonzero(counts == count)
            known = np.argsort(~np.isfinite(offsets[rows]), axis=1, kind="stable")[:, :count]
            near = np.take_along_axis(offsets[rows], known, axis=1)
            scale = np.max(np.abs(near), axis=1)
            powers = (near / scale[:, None])[:, None, :] ** np.arange(count)[None, :, None]
            rhs = np.zeros((len(rows), count, 1))
            rhs[:, order, 0] = (1, 1, 2)[order]
            found = np.linalg.solve(powers, rhs)[:, :, 0] / scale[:, None] ** order
            data[rows[:, None], known] = found
        row, column = np.nonzero(np.isfinite(offsets))
        return _matrix(row, columns[row, column], data[row, column], (len(offsets), width))


def _arms(line: Axis, by: int) -> Array:
    """The way from each node of an axis to the next, downward (-1) or upward (1); beyond an end a cell is as long as
    the last."""
    cells = np.diff(line.nodes)
    return cells[np.r_[: line.cells, -1]] if by > 0 else -cells[np.r_[0, : line.cells]]


def _shifted(number: Array, axis: int, by: int) -> Array:
    """The numbers of the neighbours along an axis: NONE beyond the end."""
    shifted = np.full_like(number, NONE)
    here, there = [slice(None)] * number.ndim, [slice(None)] * number.ndim
    here[axis], there[axis] = (slice(None, -1), slice(1, None)) if by > 0 else (slice(1, None), slice(None, -1))
    shifted[tuple(here)] = number[tuple(there)]
    return shifted


def _matrix(rows: Array, columns: Array, data: Array, shape: tuple[int, int]) -> csr_array:
    matrix = csr_array((data, (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix
