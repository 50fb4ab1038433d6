"""Incompressible flow in time: the pressure is found at each time from the divergence of the accelerations.

On the staggered grid the discrete equations read M dz/dt + r(z, t) + G p = 0 and C z + c(t) = 0; differentiated, the
second gives a Poisson equation for p, and linear invariants are kept by Runge-Kutta methods.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import SuperLU, splu

from inrpde.references.evolution import Evolution, Rows, inverse_of
from inrpde.references.layout import Flow
from inrpde.references.reference import Unsupported
from inrpde.references.system import Array, System

LARGEST = 4096
"""Values on the boundary whose dependence on one another is written out."""
ROUNDING = 1e-14


class FlowEvolution(Evolution):
    """Velocities between walls on which they are given, or periodic. Raises Unsupported for other conditions."""

    explicit = True

    def __init__(self, system: System, flow: Flow):
        pressure = [entry for entry in system.entries if entry.unknown == flow.pressure and entry.volume]
        others = [entry for entry in system.entries if entry.unknown != flow.pressure]
        super().__init__(system, others)
        self.continuity = Rows(system, pressure)
        self._prepare()

    def _prepare(self) -> None:
        """The matrices of the Poisson equation, which do not change."""
        start = self.system.equations.span[0]
        zero: Array = np.zeros(self.system.grid.width, self.system.dtype)
        rates = self.rates.tangent(zero, start)[self._sorted]
        divergence = self.continuity.tangent(zero, start)
        walls, slots = self.constraints.slots, self.continuity.slots
        response = csr_array((0, len(self.values)))
        self._wall_share = csr_array((len(slots), 0))
        if len(walls):
            closing = self.constraints.tangent(zero, start)
            if not self._closure_is_fixed or closing[:, slots].count_nonzero():
                raise Unsupported("flow in time with conditions on the pressure, or nonlinear ones, on the boundary")
            inverse = _explicit(inverse_of(closing[:, walls]))
            response = inverse @ closing[:, self.values]
            self._wall_share = divergence[:, walls] @ inverse
        self._push = _explicit(self._inverse_mass(rates)) @ rates[:, slots]
        self._divergence = divergence[:, self.values] - divergence[:, walls] @ response
        poisson = csr_array(self._divergence @ self._push)
        if np.max(np.abs(poisson @ np.ones(len(slots)))) > 1e-8 * np.max(np.abs(poisson.data)):
            raise Unsupported("flow in time that is not enclosed")
        # the constant is open: raise one diagonal entry
        pin = csr_array(([poisson[0, 0]], ([0], [0])), shape=poisson.shape)
        self._poisson = splu(csc_array(poisson + pin), "MMD_AT_PLUS_A", 0.0, options={"SymmetricMode": True})

    def __call__(self, time: float, y: Array) -> Array:
        rates, pressure = self._solve(time, y)
        return rates - self._push @ pressure

    def complete(self, time: float, y: Array) -> Array:
        """The state with the pressure, its constant from the condition on it."""
        state, slots = self.state(time, y), self.continuity.slots
        state[slots] = self._solve(time, y)[1]
        low = self._gauge(state, time)
        state[slots] += 1
        slope = self._gauge(state, time) - low
        state[slots] -= 1 + low / slope
        return state

    def _solve(self, time: float, y: Array) -> tuple[Array, Array]:
        """The accelerations without the pressure, and the pressure but for a constant."""
        rates = super().__call__(time, y)
        state, step = self.state(time, y), 1e-5 * (self.system.equations.span[1] - self.system.equations.span[0])
        change = self._by_time(self.continuity, state, time, step)
        if len(self.constraints.slots):
            change = change - self._wall_share @ self._by_time(self.constraints, state, time, step)
        return rates, self._poisson.solve(self._divergence @ rates + change)

    def _by_time(self, rows: Rows, state: Array, time: float, step: float) -> Array:
        """How rows change by explicit time."""
        return (rows.value(state, time + step) - rows.value(state, time - step)) / (2 * step)

    def _gauge(self, state: Array, time: float) -> float:
        """The residual of the condition that fixes the constant of the pressure."""
        system = self.system
        if len(system.gauges) != 1:
            raise Unsupported("flow in time needs one condition that fixes the constant of the pressure")
        filled = state.copy()
        for number, parts in enumerate(system.sums):
            filled[system.grid.extra + number] = sum(
                part.weights @ system.evaluator.value(part.term, part.place, state, time) for part in parts
            )
        return float(system.rows_of(system.gauges, filled, time)[0][0])


def _explicit(inverse: csr_array | SuperLU) -> csr_array:
    """The inverse as a matrix, without what rounding leaves of zero: conditions on a wall couple along it."""
    if isinstance(inverse, csr_array):
        return inverse
    size = inverse.shape[0]
    if size > LARGEST:
        raise Unsupported(f"flow in time with {size} values on the boundary that depend on one another")
    dense = inverse.solve(np.eye(size))
    return csr_array(np.where(np.abs(dense) > ROUNDING * np.max(np.abs(dense)), dense, 0.0))
