"""Collocation nodes in a step of time, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.polynomial import legendre

Array = np.ndarray
FINE = 1001
"""Points of a step at which the largest error of a polynomial is looked for; chosen."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes (s,) in (0, 1], an odd number of them, so that `matrix` (s, s), which integrates their polynomial from 0 to
    each node, has one real eigenvalue."""

    at: Array

    @property
    def count(self) -> int:
        return len(self.at)

    @cached_property
    def _values(self) -> Array:
        """Legendre coefficients (s, s) of the polynomial that is 1 at a node and 0 at the others, by columns."""
        return np.linalg.inv(legendre.legvander(2 * self.at - 1, self.count - 1))

    def integrated(self, times: int) -> Array:
        """Legendre coefficients (s + times, s) on the step of the polynomials through values at the nodes, integrated
        so many times from 0."""
        found = self._values
        for _ in range(times):
            found = legendre.legint(found, lbnd=-1) / 2
        return found

    @cached_property
    def matrix(self) -> Array:
        return legendre.legvander(2 * self.at - 1, self.count) @ self.integrated(1)

    @cached_property
    def _spectrum(self) -> tuple[Array, Array]:
        return np.linalg.eig(self.matrix)

    @property
    def eigenvalues(self) -> Array:
        return self._spectrum[0]

    @property
    def vectors(self) -> Array:
        """The eigenvectors of the matrix, by columns."""
        return self._spectrum[1]

    @cached_property
    def inverse(self) -> Array:
        return np.linalg.inv(self.vectors)

    @cached_property
    def real(self) -> int:
        """The number of the real eigenvalue."""
        return int(np.argmin(np.abs(np.imag(self.eigenvalues))))

    @cached_property
    def ratios(self) -> Array:
        """What the defect of the polynomial at the step's start makes of the largest error in it, (3,), by the order of
        an unknown in time.

        Where y^(o) is a polynomial of degree s - 1 that is right at the nodes c, it errs by f π(τ), π = Π (τ - c), with
        one f for a short step: by f π(0) at the start, and y by f h^o times π integrated o times. Beside the defect
        times (h γ)^o, for the real eigenvalue γ, the largest is as given here.
        """
        at = np.linspace(0, 1, FINE)
        error = legendre.legfromroots(2 * self.at - 1)
        start, gamma = abs(legendre.legval(-1.0, error)), float(np.real(self.eigenvalues[self.real]))
        found = []
        for order in range(3):
            found.append(np.max(np.abs(legendre.legval(2 * at - 1, error))) / (start * gamma**order))
            error = legendre.legint(error, lbnd=-1) / 2
        return np.array(found)


@lru_cache
def radau(count: int) -> Nodes:
    """Radau IIA: the last node is the end, of order 2s - 1, L-stable (Hairer and Wanner, Solving ODEs II, IV.5)."""
    series = np.zeros(count + 1)
    series[-2:] = -1.0, 1.0
    found = np.sort(np.real(legendre.legroots(series)))
    return Nodes(np.append((found[:-1] + 1) / 2, 1.0))


@lru_cache
def gauss(count: int) -> Nodes:
    """Gauss: of order 2s, without any damping."""
    return Nodes((legendre.leggauss(count)[0] + 1) / 2)
