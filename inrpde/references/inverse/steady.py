"""A steady problem as a function of what is sought: one factorisation gives the solution, and the slopes of all that is
read, by adjoints or by sensitivities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from inrpde.references.equations import IMAGINARY, REAL, Equations
from inrpde.references.evaluate import Array
from inrpde.references.factors import Factors
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.readings import Reading, observed
from inrpde.references.inverse.scheme import system_of
from inrpde.references.newton import Diverged, continued, newton
from inrpde.references.stencils import Axis


@dataclass(frozen=True, eq=False)
class Fit:
    """What a vector of what is sought makes: what is `left` of each equation's readings (real numbers), and what
    `must` vanish (see `open_constants`)."""

    theta: Array
    left: tuple[Array, ...]
    must: Array


class Steady:
    """The problem on a grid of these axes."""

    def __init__(
        self, equations: Equations, axes: Sequence[Axis], parameters: Parameters, readings: Sequence[Reading]
    ) -> None:
        self.equations, self.parameters, self.readings = equations, parameters, readings
        self.system = system_of(equations, axes, parameters)
        self.size = self.system.grid.size
        dim = len(equations.space.spatial)
        self._seen = [
            {symbol: observed(self.system.grid, leaf, reading.points[:, :dim]) for symbol, leaf in reading.leaves}
            for reading in readings
        ]
        self._linear = self.system.linear
        self._latest: tuple[Array, Array, Factors] | None = None

    def fit(self, theta: Array) -> Fit:
        """Raises Diverged, or Unsupported, where there is no solution."""
        state = self._solved(theta)[1]
        left = [self._left(k, state, theta)[0] for k in range(len(self.readings))]
        return Fit(theta, tuple(left), np.real(self.system.multipliers(state)))

    def slopes(self, theta: Array) -> tuple[list[Array], Array]:
        """Those of what is left of each equation's readings (M, count), and of what must vanish."""
        _, state, factors = self._solved(theta)
        by = self._along(state, theta, np.eye(self.parameters.count))
        looks, direct = [], []
        for k in range(len(self.readings)):
            _, slopes, own = self._left(k, state, theta)
            looks.append(slopes)
            direct.append(own)
        rows = csr_array(np.eye(self.size)[[int(gauge.slots[0]) for gauge in self.system.gauges]])
        every = [*looks, rows]
        counts = np.cumsum([each.shape[0] for each in every])[:-1]
        look = stacked(every)
        if look.shape[0] < self.parameters.count:
            made = -(factors.responses(look.toarray().conj().T, adjoint=True).conj().T @ by)
        else:
            made = -(look @ factors.responses(by))
        *found, must = np.split(np.asarray(made), counts)
        parts = [
            real(reading, slopes + own)
            for reading, slopes, own in zip(self.readings, found, direct, strict=True)
        ]  # fmt: skip
        return parts, np.real(must)

    def fields(self, theta: Array) -> dict[str, Array]:
        """The unknowns at all nodes."""
        state = self._solved(theta)[1]
        return self._on_nodes(state)

    def responses(self, theta: Array, directions: Array) -> list[Mapping[str, Array]]:
        """How the unknowns at all nodes change along each of the directions (count, k)."""
        _, state, factors = self._solved(theta)
        made = -factors.responses(self._along(state, theta, directions))
        return [self._on_nodes(each) for each in made.T]

    def _on_nodes(self, state: Array) -> dict[str, Array]:
        grid = self.system.grid
        return self.equations.joined([grid.at_nodes(k, state) for k in range(len(self.equations.unknowns))])

    def _left(self, k: int, state: Array, theta: Array) -> tuple[Array, csr_array, Array]:
        """What is left of the readings of an equation, real, and its slopes by the state and by what is sought."""
        reading, seen = self.readings[k], self._seen[k]
        jets = {symbol: matrix @ state for symbol, matrix in seen.items()}
        value, slopes, own = reading.residual(jets, self.parameters, theta)
        total = csr_array((len(value), self.size))
        for symbol, slope in slopes.items():
            total = total + csr_array(seen[symbol].multiply(slope[:, None]))
        return real(reading, value), total, own

    def _along(self, state: Array, theta: Array, directions: Array) -> Array:
        return self.system.along(np.concatenate([state, theta]), directions)

    def _solved(self, theta: Array) -> tuple[Array, Array, Factors]:
        """The state for a vector of what is sought, with the factors there; the latest is kept, and begun from."""
        if self._latest is not None and np.array_equal(self._latest[0], theta):
            return self._latest

        def value(z: Array) -> Array:
            return self.system.value(np.concatenate([z, theta]))

        def factorise(z: Array) -> tuple[Array, Factors]:
            return self.system.factorise(np.concatenate([z, theta]))

        state: Array = np.zeros(self.size, self.system.dtype) if self._latest is None else self._latest[1]
        if self._linear:
            residual, factors = factorise(state)
            state = state - factors.solve(residual)
        else:
            try:
                state = newton(value, factorise, state)
            except Diverged:
                state = continued(value, factorise, state)
            factors = factorise(state)[1]
        if not np.all(np.isfinite(state)):
            raise Diverged
        self._latest = theta.copy(), state, factors
        return self._latest


def real(reading: Reading, values: Array) -> Array:
    """Of one part of a complex equation that part; of a complex equation both, one after the other."""
    part = reading.equation.part
    if part == IMAGINARY:
        return values.imag
    if part == REAL or not np.iscomplexobj(values):
        return values.real
    return np.concatenate([values.real, values.imag])


def stacked(parts: Sequence[csr_array]) -> csr_array:
    from scipy.sparse import vstack

    return csr_array(vstack(parts, format="csr"))
