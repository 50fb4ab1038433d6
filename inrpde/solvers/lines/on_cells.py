"""The flux form on cells as a system in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array, diags_array

from inrpde.discretise.weak.evolving import Evolving, Slopes
from inrpde.solvers.galerkin.sparse import factorised

Array = np.ndarray


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

    def sizes(self, vector: Array) -> Array:
        """The L2 norms (U,)."""
        squares = np.abs(vector) ** 2 * self.evolving.measures
        return np.sqrt(np.bincount(self.evolving.of, squares, minlength=len(self.evolving.frozen.orders)))

    def _slopes(self, time: float, y: Array) -> Slopes:
        if self._at is None:
            self._at = self.evolving.slopes(time, y)
        return self._at
