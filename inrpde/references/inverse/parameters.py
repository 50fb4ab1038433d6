"""What is sought as a vector of numbers: learned numbers as they are, learned fields as tensor products of splines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from scipy.interpolate import BSpline
from scipy.sparse import csr_array

from inrpde.compiler.bind import Unknown
from inrpde.references.equations import Equations
from inrpde.references.layout import domain
from inrpde.references.terms import Sought

Array = np.ndarray
DEGREE = 3
"""Of the splines: cubic, whose second derivatives are continuous, as what is smooth asks for (chosen)."""
LEAST = 1e-6
"""The least value of what is declared positive without bounds, beside its initial value (chosen)."""


@dataclass(frozen=True, eq=False)
class Line:
    """Cubic splines along one coordinate on equal cells from `lo` to `hi`."""

    lo: float
    hi: float
    cells: int

    @property
    def count(self) -> int:
        return self.cells + DEGREE

    @cached_property
    def knots(self) -> Array:
        inner = np.linspace(self.lo, self.hi, self.cells + 1)
        return np.concatenate([np.full(DEGREE, self.lo), inner, np.full(DEGREE, self.hi)])

    @cached_property
    def middles(self) -> tuple[Array, Array]:
        """Gauss's points (N,) in the cells, four in each, and their weights (N,): exact for squares of the splines."""
        nodes, weights = np.polynomial.legendre.leggauss(DEGREE + 1)
        ends = np.linspace(self.lo, self.hi, self.cells + 1)
        half = np.diff(ends)[:, None] / 2
        return (ends[:-1, None] + half * (nodes + 1)).ravel(), (half * weights).ravel()

    def basis(self, x: Array, order: int) -> tuple[Array, Array]:
        """The derivatives (N, 4) at x of the splines that do not vanish there, and their numbers (N, 4)."""
        x = np.clip(x, self.lo, self.hi)
        cell = np.clip(((x - self.lo) / (self.hi - self.lo) * self.cells).astype(int), 0, self.cells - 1)
        numbers = cell[:, None] + np.arange(DEGREE + 1)
        if order > DEGREE:
            return np.zeros(numbers.shape), numbers
        slopes = np.eye(self.count)
        knots = self.knots
        for k in range(DEGREE, DEGREE - order, -1):  # the coefficients of the derivative (de Boor 1978, chapter X)
            n = len(knots) - k - 1
            slopes = k * np.diff(slopes, axis=0) / (knots[k + 1 : k + n] - knots[1:n])[:, None]
            knots = knots[1:-1]
        dense = BSpline.design_matrix(x, knots, DEGREE - order).toarray() @ slopes
        return np.take_along_axis(dense, numbers, axis=1), numbers


@dataclass(frozen=True, eq=False)
class Part:
    """One learned quantity: of the coordinates `axes` (by number) on as many `lines`; a number has none."""

    unknown: Unknown
    axes: tuple[int, ...]
    lines: tuple[Line, ...]

    @cached_property
    def count(self) -> int:
        return int(np.prod([line.count for line in self.lines], dtype=int))

    @property
    def initial(self) -> float:
        assert self.unknown.learned is not None
        return float(self.unknown.learned.initial)

    @property
    def bounds(self) -> tuple[float, float]:
        """Those that are declared; splines keep to bounds that their coefficients keep to."""
        assert self.unknown.learned is not None
        if self.unknown.learned.bounds is not None:
            lo, hi = self.unknown.learned.bounds
            return float(lo), float(hi)
        return (LEAST * abs(self.initial) if self.unknown.symbol.is_positive else -np.inf), np.inf

    def values(self, points: Array, index: Sequence[int]) -> tuple[Array, Array]:
        """A derivative at points (N, d): weights (N, k) of the coefficients with the numbers (N, k)."""
        weights, numbers = np.ones((len(points), 1)), np.zeros((len(points), 1), int)
        if any(order and k not in self.axes for k, order in enumerate(index)):
            return 0 * weights, numbers
        for axis, line in zip(self.axes, self.lines, strict=True):
            along, places = line.basis(points[:, axis], index[axis])
            weights = (weights[:, :, None] * along[:, None, :]).reshape(len(points), -1)
            numbers = (numbers[:, :, None] * line.count + places[:, None, :]).reshape(len(points), -1)
        return weights, numbers

    def roughness(self, order: int) -> Array:
        """The matrix (N, count) whose squares sum to the mean over the domain of the squared derivatives of an order,
        each coordinate in units of its length."""
        each = [line.middles for line in self.lines]
        points = np.stack(np.meshgrid(*(x for x, _ in each), indexing="ij"), axis=-1).reshape(-1, len(each))
        shares = np.prod(np.meshgrid(*(w for _, w in each), indexing="ij"), axis=0).ravel()
        shares = shares / shares.sum()
        whole = np.zeros((len(points), max(self.axes) + 1))
        whole[:, list(self.axes)] = points
        total = np.zeros((self.count, self.count))
        for choice in product(range(len(self.lines)), repeat=order):  # |∇…∇a|², mixed derivatives as often as they are
            index = [0] * whole.shape[1]
            for k in choice:
                index[self.axes[k]] += 1
            size = float(np.prod([(self.lines[k].hi - self.lines[k].lo) for k in choice]))
            matrix = dense(*self.values(whole, index), self.count) * (size * np.sqrt(shares))[:, None]
            total += matrix.T @ matrix
        values, vectors = np.linalg.eigh(total)
        kept = values > 1e-13 * values[-1]
        root: Array = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
        return root


class Parameters:
    """All that is sought, as one vector (count,) at the end of a state."""

    def __init__(self, equations: Equations, cells: Mapping[int, int]):
        """`cells` along each coordinate of a learned field of so many coordinates."""
        ends = domain(equations)
        self._timed = equations.space.time is not None
        if self._timed:
            ends = (*ends, equations.span)
        self.parts = []
        for unknown in equations.sought:
            args = () if unknown.is_number else unknown.symbol.args
            axes = tuple(equations.space.coords.index(x) for x in args)
            self.parts.append(Part(unknown, axes, tuple(Line(*ends[k], cells[len(axes)]) for k in axes)))
        self.starts = np.concatenate([[0], np.cumsum([part.count for part in self.parts])]).astype(int)
        self._known: dict[Any, csr_array] = {}

    @property
    def count(self) -> int:
        return int(self.starts[-1])

    @property
    def fields(self) -> list[int]:
        """The numbers of the parts that are fields."""
        return [k for k, part in enumerate(self.parts) if part.lines]

    def block(self, number: int) -> slice:
        return slice(int(self.starts[number]), int(self.starts[number + 1]))

    @property
    def initial(self) -> Array:
        return np.concatenate([np.full(part.count, part.initial) for part in self.parts])

    @property
    def bounds(self) -> tuple[Array, Array]:
        pairs = [np.tile(part.bounds, (part.count, 1)) for part in self.parts]
        low, high = np.concatenate(pairs).T
        return low, high

    def at(self, sought: Sought, points: Array) -> csr_array:
        """The matrix (N, count) of a derivative of what is sought at points (N, d) of the problem."""
        weights, numbers = self.parts[sought.number].values(points, sought.index)
        rows = np.arange(0, weights.size + 1, weights.shape[1])
        start = self.starts[sought.number]
        return csr_array((weights.ravel(), numbers.ravel() + start, rows), shape=(len(points), self.count))

    def matrix(self, sought: Sought, points: Array, key: Any, time: float, width: int) -> csr_array:
        """The same at points (N, axes) in space, acting on a state of so many numbers (see `evaluate.Parameters`)."""
        known = self._known.get((sought, key, width))
        if known is not None:
            return known
        moving = self._timed and points.shape[1] in self.parts[sought.number].axes
        if self._timed:
            points = np.column_stack([points, np.full(len(points), time)])
        own = self.at(sought, points)
        shape = (len(points), width)
        found = csr_array((own.data, own.indices + width - self.count, own.indptr), shape=shape)
        if not moving:
            self._known[sought, key, width] = found
        return found

    def carried(self, theta: Array, finer: Parameters) -> Array:
        """What is sought by a vector of these parameters, by those of other cells: a fit at Gauss's points."""
        found = finer.initial
        for number, (mine, theirs) in enumerate(zip(self.parts, finer.parts, strict=True)):
            part = theta[self.block(number)]
            if mine.lines:
                axes = [line.middles[0] for line in theirs.lines]
                points = np.zeros((int(np.prod([len(x) for x in axes])), max(theirs.axes) + 1))
                points[:, list(theirs.axes)] = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(
                    -1, len(axes)
                )
                zero = (0,) * points.shape[1]
                values = dense(*mine.values(points, zero), mine.count) @ part
                part = np.linalg.lstsq(dense(*theirs.values(points, zero), theirs.count), values, rcond=None)[0]
            found[finer.block(number)] = np.clip(part, *theirs.bounds)
        return found


def dense(weights: Array, numbers: Array, count: int) -> Array:
    """Weights (N, k) of numbers (N, k) as a matrix (N, count)."""
    found = np.zeros((len(weights), count))
    np.add.at(found, (np.arange(len(weights))[:, None], numbers), weights)
    return found
