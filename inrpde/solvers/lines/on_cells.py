"""The flux form on cells as a system in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array

from inrpde.discretise.weak.evolving import Evolving, Slopes
from inrpde.solvers.galerkin.sparse import factorised

Array = np.ndarray
SHORT = 1e-8
"""The part of the whole time in which nothing moves by its rate; chosen."""


class OnCells:
    """A `collocation.Semidiscrete`. Its slopes are those of the last state that it was factorised at."""

    def __init__(self, evolving: Evolving):
        self.evolving, frozen = evolving, evolving.frozen
        self.orders = np.array(frozen.orders)[evolving.of]
        self.linear, self.steady = frozen.linear and evolving.affine, frozen.steady
        self._at: Slopes | None = None
        self._where: Array | None = None
        self._load: Array | None = None

    @cached_property
    def _still(self) -> bool:
        """Does nothing that is given vary with time?"""
        frozen = self.evolving.frozen
        rows = (row for equation in frozen.flux.equations for row in equation.rows)
        return not any(map(frozen.varies, (*frozen.flux.boundary, *rows)))

    def residual(self, time: float, y: Array, rate: Array, second: Array) -> Array:
        """G (W,)."""
        first, twice = self.evolving.masses
        moved: Array = first @ rate + twice @ second
        at = self._slopes(time, y)
        if not self.steady:
            return moved + self.evolving.left(time, y, at)
        if self._load is None or not self._still:
            self._load = self.evolving.left(time, np.zeros_like(y), at)
        return moved + at.whole @ y + self._load

    def factorised(self, time: float, y: Array, rate: Array, second: Array, scale: complex) -> Callable[[Array], Array]:
        """See `Semidiscrete`."""
        if not self.steady and self._where is not y:
            self._at, self._where = self.evolving.slopes(time, y, self._at), y
        at, (first, twice) = self._slopes(time, y), self.evolving.masses
        slopes = (at.whole, first, twice)
        parts = [
            slope @ diags_array(np.where(self.orders >= n, scale ** np.maximum(self.orders - n, 0), 0.0))
            for n, slope in enumerate(slopes)
        ]
        matrix = csc_array(sum(parts[1:], parts[0]))
        unused = np.asarray(np.abs(matrix).sum(axis=0)).ravel() == 0
        matrix = csc_array(matrix + diags_array(unused.astype(float)))
        refined = int(np.any(self.orders == 0))  # else Newton's method is enough
        return factorised(matrix, np.ones(len(y), matrix.dtype), refined)

    def consistent(self, time: float, y: Array, length: float) -> Array:
        """The columns nearest to `y` for which the equations without rates hold, as a flow is to be free of divergence:
        those after an implicit step that is short beside a `length`. Projections of data are not such, and where no
        unknown of order 0 makes up for it no step from them is short enough."""
        first, twice = self.evolving.masses
        alone = (np.diff(csr_array(first).indptr) == 0) & (np.diff(csr_array(twice).indptr) == 0)
        if not np.any(alone):
            return y
        still, slopes = np.zeros_like(y), self.evolving.slopes(time, y).whole
        rows, free = diags_array(alone.astype(float)), diags_array((self.orders == 0).astype(float))
        moving, held = slopes - rows @ slopes, rows @ slopes
        matrix = first @ diags_array((self.orders == 1) * 1.0) + twice @ diags_array((self.orders == 2) * 1.0)
        matrix = matrix + moving @ free + (held - held @ free) + held @ free / (SHORT * length)
        right = np.where(alone, -self.residual(time, y, still, still), 0.0)
        return y + np.where(self.orders > 0, factorised(csc_array(matrix), right)(right), 0.0)

    def sizes(self, vector: Array) -> Array:
        """The L2 norms (U,)."""
        squares = np.abs(vector) ** 2 * self.evolving.measures
        return np.sqrt(np.bincount(self.evolving.of, squares, minlength=len(self.evolving.frozen.orders)))

    def _slopes(self, time: float, y: Array) -> Slopes:
        if self._at is None:
            self._at = self.evolving.slopes(time, y)
        return self._at
