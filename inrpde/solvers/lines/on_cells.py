"""The flux form on cells as a system in time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import block_array, csc_array, csr_array, diags_array

from inrpde.discretise.weak.evolving import Evolving, Slopes
from inrpde.discretise.weak.pins import pins
from inrpde.sampling.cells.tessellation import Cover
from inrpde.solvers.galerkin.sparse import factorised

Array = np.ndarray
SHORT = 1e-6
"""The part of the whole time in which nothing moves by its rate; chosen."""


class OnCells:
    """A `collocation.Semidiscrete`. Its slopes are those of the last state that it was factorised at.

    Behind the columns come multipliers of what pins constants that equations leave open at each time, as of a pressure.
    """

    def __init__(self, evolving: Evolving, cover: Cover):
        self.evolving, self._cover, frozen = evolving, cover, evolving.frozen
        self._pins = self._pinned(frozen.evolution.start)[0]
        self.orders = np.append(np.array(frozen.orders)[evolving.columns.of], np.zeros(self._pins.shape[0], int))
        self.linear, self.steady = frozen.linear and evolving.affine, frozen.steady
        self._at: Slopes | None = None
        self._where: Array | None = None

    def begun(self, values: Array) -> Array:
        """Columns (W,) with multipliers that are zero."""
        return np.append(values, np.zeros(len(self.orders) - len(values)))

    def _pinned(self, time: float) -> tuple[csr_array, Array]:
        it, frozen = self.evolving, self.evolving.frozen
        known = [k for k, order in enumerate(frozen.orders) if order]
        still: Array = np.zeros(it.columns.width, it.kind)
        return pins(frozen.at(time), it.tessellation, self._cover, it.columns, still, known)

    def residuals(self, times: Array, y: Array, rate: Array, second: Array) -> Array:
        """G (s, W)."""
        masses, width, at = self.evolving.masses, self.evolving.columns.width, self._slopes(times[0], y[0])
        y, multipliers = y[:, :width], y[:, width:]
        moved = self.evolving.load(times, at) + (at.whole @ y.T).T if self.steady else self.evolving.left(times, y, at)
        for mass, moving in zip(masses, (rate, second), strict=True):
            if mass.nnz:
                moved += (mass @ moving[:, :width].T).T
        if not multipliers.shape[1]:
            return moved
        pinned = np.array([self._pinned(time)[1] for time in times])
        return np.hstack([moved + (self._pins.T @ multipliers.T).T, (self._pins @ y.T).T + pinned])

    def factorised(self, time: float, y: Array, rate: Array, second: Array, scale: complex) -> Callable[[Array], Array]:
        """See `Semidiscrete`."""
        if not self.steady and self._where is not y:
            self._at, self._where = self.evolving.slopes(time, y[: self.evolving.columns.width], self._at), y
        at, orders = self._slopes(time, y), self.orders[: self.evolving.columns.width]
        parts = [
            slope @ diags_array(np.where(orders >= n, scale ** np.maximum(orders - n, 0), 0.0))
            for n, slope in enumerate((at.whole, *self.evolving.masses))
        ]
        matrix = csc_array(sum(parts[1:], parts[0]))
        unused = np.asarray(np.abs(matrix).sum(axis=0)).ravel() == 0
        matrix = csc_array(matrix + diags_array(unused.astype(float)))
        if len(y) > len(orders):
            bordered = [[matrix, self._pins.T], [self._pins @ diags_array(scale ** orders.astype(float)), None]]
            matrix = csc_array(block_array(bordered, format="csc"))
        refined = int(np.any(self.orders == 0))  # else Newton's method is enough
        return factorised(matrix, np.ones(len(y), matrix.dtype), refined)

    def consistent(self, time: float, y: Array, length: float) -> Array:
        """The columns nearest to `y` for which the equations without rates hold, as a flow is to be free of divergence:
        those after an implicit step that is short beside a `length`. Projections of data are not such, and where no
        unknown of order 0 makes up for it no step from them is short enough."""
        alone = np.ones(len(y), bool)
        for mass in self.evolving.masses:
            alone[: mass.shape[0]] &= np.diff(csr_array(mass).indptr) == 0
        if not np.any(alone):
            return y
        still, scale = np.zeros_like(y), SHORT * length
        solve, by = self.factorised(time, y, still, still, scale), scale ** self.orders.astype(float)
        for _ in range(2):  # once more, for what rounding leaves of the first
            (left,) = self.residuals(np.array([time]), y[None], still[None], still[None])
            right = np.where(alone, -left, 0.0)
            y = y + np.where(self.orders > 0, by * solve(right), 0.0)
        return y

    def sizes(self, vector: Array) -> Array:
        """The L2 norms (U,)."""
        return self.evolving.discrete.sizes(vector[: self.evolving.columns.width])

    def _slopes(self, time: float, y: Array) -> Slopes:
        if self._at is None:
            self._at = self.evolving.slopes(time, y[: self.evolving.columns.width])
        return self._at
