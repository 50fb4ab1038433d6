"""A problem in time as a system of ordinary differential equations: the method of lines.

Each row of the discrete equations is of some order in time of its own unknown: 0 (boundary conditions without
a time derivative, constraints), 1 or 2. Rows of order 0 are solved for their values; the others give the highest
derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import SuperLU, splu

from inrpde import deadline
from inrpde.references.reference import Unsupported
from inrpde.references.system import Array, Entry, System
from inrpde.references.terms import Datum, Difference, Leaf, Sought, Term

LARGEST_BLOCK = 64
"""Matrices that fall into blocks of at most that size are inverted, others are factorised."""


class Evolution:
    """dy/dt = f(t, y) with y = (values of order 1, values of order 2, velocities of order 2).

    Raises Unsupported for derivatives in space and time at once, and for more than two derivatives in time.
    """

    explicit = False
    """Whether only an explicit method serves."""

    def __init__(self, system: System, entries: Sequence[Entry] | None = None):
        self.system = system
        entries = system.entries if entries is None else entries
        self.rates = Rows(system, [entry for entry in entries if _time_order(entry)])
        self.constraints = Rows(system, [entry for entry in entries if not _time_order(entry)])
        order = np.zeros(system.grid.size, int)
        for entry in self.rates.entries:
            order[entry.slots] = _time_order(entry)
        self.first, self.second = np.flatnonzero(order == 1), np.flatnonzero(order == 2)
        self.values = np.concatenate([self.first, self.second])
        if not len(self.values):
            raise Unsupported("no equation has a derivative in time")
        self.velocities = self.second + system.grid.size
        self._highest = np.concatenate([self.first + system.grid.size, self.second + 2 * system.grid.size])
        self._sorted = np.argsort(np.argsort(self.values))
        self._slope_is_fixed = all(entry.term.linear and is_fixed(entry.term, system) for entry in entries)
        self._mass_is_fixed = all(is_fixed(entry.term, system, rates_only=True) for entry in self.rates.entries)
        self._closure_is_fixed = all(
            entry.term.linear and is_fixed(entry.term, system) for entry in self.constraints.entries
        )
        self._is_constant = self._slope_is_fixed and not any(_knows_time(entry.term, system) for entry in entries)
        self._start: Array | None = None
        self._mass: csr_array | SuperLU | None = None
        self._closure: csr_array | SuperLU | None = None
        self._slope: csc_array | None = None
        self._held: Array = np.zeros(system.grid.width, system.dtype)

    def pack(self, state: Array) -> Array:
        """y of a state."""
        return np.concatenate([state[self.values], state[self.velocities]])

    def state(self, time: float, y: Array) -> Array:
        """The state with the values of order 0 found from their rows; the highest derivatives are zero."""
        deadline.turn()
        state = self._held.copy()
        state[self.values], state[self.velocities] = np.split(y, [len(self.values)])
        if len(self.constraints.slots):
            self._close(time, state)
            self._held[self.constraints.slots] = state[self.constraints.slots]
        return state

    def complete(self, time: float, y: Array) -> Array:
        """The state with all values of the unknowns."""
        return self.state(time, y)

    def __call__(self, time: float, y: Array) -> Array:
        """f(t, y)."""
        deadline.turn()
        if self._is_constant:
            if self._start is None:
                self._start = self._evaluate(time, np.zeros_like(y))
            return self._start + self.jacobian(time, y) @ y
        return self._evaluate(time, y)

    def _evaluate(self, time: float, y: Array) -> Array:
        state = self.state(time, y)
        residual = self.rates.value(state, time)[self._sorted]
        if self._mass is None or not self._mass_is_fixed:
            self._mass = self._inverse_mass(self.rates.tangent(state, time)[self._sorted])
        return self._stack(-_apply(self._mass, residual), y[len(self.values) :])

    def jacobian(self, time: float, y: Array) -> csc_array:
        """∂f/∂y, without the change of the mass matrix, and without the response of constraints that couple the whole
        volume (elliptic ones: their response is smooth, and Newton's method in time converges without it).
        """
        if self._slope is not None:
            return self._slope
        state = self.state(time, y)
        rates = self.rates.tangent(state, time)[self._sorted]
        by_values = rates[:, self.values]
        if len(self.constraints.slots):
            closing = self.constraints.tangent(state, time)
            inverse = inverse_of(closing[:, self.constraints.slots])
            if isinstance(inverse, csr_array):
                by_values = by_values - rates[:, self.constraints.slots] @ (inverse @ closing[:, self.values])
        mass = self._inverse_mass(rates)
        assert isinstance(mass, csr_array)
        highest = -(mass @ sparse.hstack([by_values, rates[:, self.velocities]], format="csr"))
        split, twos = len(self.first), len(self.second)
        moving = sparse.hstack([csr_array((twos, len(self.values))), sparse.eye_array(twos)], format="csr")
        slope = csc_array(sparse.vstack([highest[:split], moving, highest[split:]]))
        if self._slope_is_fixed:
            self._slope = slope
        return slope

    def _stack(self, highest: Array, velocities: Array) -> Array:
        rates, accelerations = np.split(highest, [len(self.first)])
        return np.concatenate([rates, velocities, accelerations])

    def _inverse_mass(self, rates: csr_array) -> csr_array | SuperLU:
        size = self.system.grid.size
        others = np.setdiff1d(np.arange(size, self.system.grid.width), [*self._highest, *self.velocities])
        if rates[:, others].count_nonzero():
            raise Unsupported("a time derivative of an unknown stands in equations that do not determine it")
        return inverse_of(rates[:, self._highest])

    def _close(self, time: float, state: Array) -> None:
        """Solve the rows of order 0 for their values, in place: Newton with a Jacobian that is kept while it serves."""
        slots = self.constraints.slots
        before = np.inf
        for _ in range(30):
            residual = self.constraints.value(state, time)
            if self._closure is None:
                self._closure = inverse_of(self.constraints.tangent(state, time)[:, slots])
            step = _apply(self._closure, residual)
            state[slots] -= step
            length = float(np.linalg.norm(step))
            if self._closure_is_fixed or not length > 1e-12 * np.linalg.norm(state[slots]):
                return
            if length > 0.1 * before:
                self._closure = None
            before = length


class Rows:
    """Some entries of a system, together."""

    def __init__(self, system: System, entries: Sequence[Entry]):
        self.system, self.entries = system, entries
        unsorted = np.concatenate([np.empty(0, int), *(entry.slots for entry in entries)])
        self._order = np.argsort(unsorted)
        self.slots = unsorted[self._order]

    def value(self, state: Array, time: float) -> Array:
        return np.concatenate(self.system.rows_of(self.entries, state, time))[self._order]

    def tangent(self, state: Array, time: float) -> csr_array:
        rows = [self.system.entry_tangent(entry, state, time)[1] for entry in self.entries]
        return csr_array(sparse.vstack(rows, format="csr")[self._order])


def _time_order(entry: Entry) -> int:
    """The order in time of an entry's own unknown. Raises Unsupported for what is not of this form."""
    for leaf in entry.term.leaves:
        if leaf.time and any(leaf.index):
            raise Unsupported(f"{entry.term.text} has a derivative in space and time at once")
        if leaf.time > 2:
            raise Unsupported(f"{entry.term.text} has more than two derivatives in time")
    return entry.term.time_order(entry.unknown)


def is_fixed(term: Term, system: System, rates_only: bool = False) -> bool:
    """Whether the slopes of a term (by time derivatives only) by the unknowns depend neither on these nor on time nor
    on data; what is sought is given."""
    given = {symbol for symbol, atom in term.atoms.items() if isinstance(atom, Sought)}
    moving = {symbol for symbol, atom in term.atoms.items() if isinstance(atom, Datum)} | set(term.slopes) - given
    moving.add(system.equations.space.time)
    for symbol, slope in term.slopes.items():
        atom = term.atoms[symbol]
        if symbol in given or (rates_only and not (isinstance(atom, Leaf) and atom.time)):
            continue
        if slope.free_symbols & moving or (isinstance(atom, Difference) and not is_fixed(atom.term, system)):
            return False
    return True


def _knows_time(term: Term, system: System) -> bool:
    """Whether a term depends on time explicitly, or on data that may."""
    return term.expr.has(system.equations.space.time) or any(
        isinstance(atom, Datum) or (isinstance(atom, Difference) and _knows_time(atom.term, system))
        for atom in term.atoms.values()
    )


def inverse_of(matrix: csr_array) -> csr_array | SuperLU:
    """The inverse of a matrix that falls into small blocks, or else its factors."""
    pattern = csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    count, block = connected_components(pattern, directed=False)
    sizes = np.bincount(block, minlength=count)
    try:
        if sizes.max(initial=0) > LARGEST_BLOCK:
            return splu(csc_array(matrix))
        order = np.argsort(block, kind="stable")
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        rows, columns, data = [], [], []
        for size in np.unique(sizes):
            members = order[starts[sizes == size][:, None] + np.arange(size)]
            row, column = np.repeat(members, size, axis=1).ravel(), np.tile(members, (1, size)).ravel()
            dense = np.asarray(matrix[row, column]).reshape(-1, size, size)
            rows.append(row)
            columns.append(column)
            data.append(np.linalg.inv(dense).ravel())
        return csr_array((np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=matrix.shape)
    except (RuntimeError, np.linalg.LinAlgError):
        raise Unsupported("the time derivatives, or the values on the boundary, are not determined") from None


def _apply(inverse: csr_array | SuperLU, rhs: Array) -> Array:
    return inverse @ rhs if isinstance(inverse, csr_array) else inverse.solve(rhs)
