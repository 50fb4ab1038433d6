"""The discrete equations R(z) = 0 of a problem on one grid, with their sparse Jacobian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csr_array

from inrpde.references.equations import IMAGINARY, REAL, Equations
from inrpde.references.evaluate import Array, Evaluator, Place, Scheme
from inrpde.references.factors import Factors
from inrpde.references.terms import Term


@dataclass(frozen=True, eq=False)
class Entry:
    """A term that is to vanish at the points `picks` of a place; it stands in the rows `slots` of the system.

    `unknown` is the one that it determines, `volume` says whether it is an equation of the volume.
    """

    term: Term
    place: Place
    picks: Array
    slots: Array
    part: str
    unknown: int
    volume: bool


@dataclass(frozen=True, eq=False)
class WeightedSum:
    """A part of an integral: the integrand at the points of a place, times weights."""

    term: Term
    place: Place
    weights: Array


class System:
    """Rows for each of the first `size` numbers of a state (see `Scheme`).

    `sums` define the integrals, the first of the extra numbers. `gauges` are conditions that fix a number or a point;
    each has a multiplier among the extra numbers, which is added to the volume equations of the unknown concerned,
    and vanishes with the step where the problem has a solution.
    """

    def __init__(
        self,
        equations: Equations,
        grid: Scheme,
        entries: Sequence[Entry],
        sums: Sequence[Sequence[WeightedSum]] = (),
        gauges: Sequence[Entry] = (),
    ):
        self.equations, self.grid, self.sums, self.gauges = equations, grid, sums, gauges
        self.entries = [*entries, *gauges]
        self.evaluator = Evaluator(grid, equations.space, equations.fields)
        integrals = grid.extra + np.arange(len(sums))
        self._order = np.argsort(np.concatenate([*(entry.slots for entry in self.entries), integrals]))
        self._multipliers = self._multiplier_columns()

    @property
    def dtype(self) -> type:
        return complex if self.equations.complex else float

    @property
    def linear(self) -> bool:
        terms = [entry.term for entry in self.entries] + [part.term for parts in self.sums for part in parts]
        return all(term.linear for term in terms)

    def value(self, state: Array, time: float = 0.0) -> Array:
        """R(z), shape (size,)."""
        values = self.rows_of(self.entries, state, time)
        for number, parts in enumerate(self.sums):
            total = sum(s.weights @ self.evaluator.value(s.term, s.place, state, time) for s in parts)
            values.append(self._part(np.atleast_1d(state[self.grid.extra + number] - total), ""))
        return np.concatenate(values)[self._order] + self._multipliers @ state

    def rows_of(self, entries: Sequence[Entry], state: Array, time: float = 0.0) -> list[Array]:
        """The rows of entries, in the order of their slots. Parts of one complex equation are evaluated together."""
        known: dict[tuple, Array] = {}
        rows = []
        for entry in entries:
            key = (id(entry.term), entry.place.key, entry.volume)
            if key not in known:
                known[key] = self.evaluator.value(entry.term, entry.place, state, time, not entry.volume)
            rows.append(self._part(known[key][entry.picks], entry.part))
        return rows

    def entry_tangent(self, entry: Entry, state: Array, time: float = 0.0) -> tuple[Array, csr_array]:
        """The rows of one entry, and their Jacobian by the state."""
        value, jacobian = self.evaluator.tangent(entry.term, entry.place, state, time, not entry.volume)
        return self._part(value[entry.picks], entry.part), self._part(jacobian[entry.picks], entry.part)

    def tangent(self, state: Array, time: float = 0.0) -> tuple[Array, csr_array]:
        """R(z), (size,), and its Jacobian, (size, width)."""
        values, rows = map(list, zip(*(self.entry_tangent(entry, state, time) for entry in self.entries), strict=True))
        for number, parts in enumerate(self.sums):
            total, jacobian = state[self.grid.extra + number], self.grid.unit(self.grid.extra + number, 1)
            for s in parts:
                value, inner = self.evaluator.tangent(s.term, s.place, state, time)
                total = total - s.weights @ value
                jacobian = jacobian - csr_array((s.weights @ inner)[None, :])
            values.append(self._part(np.atleast_1d(total), ""))
            rows.append(self._part(jacobian, ""))
        matrix = sparse.vstack(rows, format="csr")[self._order]
        return np.concatenate(values)[self._order] + self._multipliers @ state, csr_array(matrix + self._multipliers)

    def along(self, state: Array, directions: Array, time: float = 0.0) -> Array:
        """How R(z) changes along directions (count, k) of the parameters, (size, k)."""
        first = self.grid.width - len(directions)
        made: Array = np.zeros((self.grid.size, directions.shape[1]), self.dtype)
        for entry in self.entries:
            if entry.term.sought:
                jacobian = self.evaluator.tangent(
                    entry.term, entry.place, state, time, not entry.volume, by_sought=True
                )[1]  # fmt: skip
                made[entry.slots] += self._part((jacobian[:, first:] @ directions)[entry.picks], entry.part)
        for number, parts in enumerate(self.sums):
            for s in parts:
                if s.term.sought:
                    inner = self.evaluator.tangent(s.term, s.place, state, time, by_sought=True)[1]
                    made[self.grid.extra + number] -= s.weights @ (inner[:, first:] @ directions)
        return made

    def factorise(self, state: Array) -> tuple[Array, Factors]:
        """R(z) and the factors of its Jacobian by the values."""
        residual, jacobian = self.tangent(state)
        pins = [self._volume_slots(gauge.unknown)[0] for gauge in self.gauges]
        return residual, Factors(jacobian[:, : self.grid.size].astype(self.dtype), self.grid.extra, pins)

    def multipliers(self, state: Array) -> Array:
        """The multipliers of the gauges."""
        return state[[int(gauge.slots[0]) for gauge in self.gauges]]

    def _part(self, values: Array | csr_array, part: str) -> Array | csr_array:
        if part == IMAGINARY:
            return values.imag
        return values.real if part == REAL or not self.equations.complex else values

    def _volume_slots(self, unknown: int) -> Array:
        return np.concatenate([entry.slots for entry in self.entries if entry.volume and entry.unknown == unknown])

    def _multiplier_columns(self) -> csr_array:
        rows = [self._volume_slots(gauge.unknown) for gauge in self.gauges]
        columns = [np.full(len(slots), gauge.slots[0]) for slots, gauge in zip(rows, self.gauges, strict=True)]
        row, column = (np.concatenate([np.empty(0, int), *each]) for each in (rows, columns))
        return csr_array((np.ones(len(row)), (row, column)), shape=(self.grid.size, self.grid.width))
