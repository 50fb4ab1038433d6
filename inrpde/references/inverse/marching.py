"""A problem in time as a function of what is sought: implicit steps, with the sensitivities of each by its factors.

TR-BDF2 (Bank et al. 1985; Hosea and Shampine 1996), of second order and L-stable: both stages have one matrix, and rows
without a derivative in time hold at each. Derivatives of second order are differences of those of first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

from inrpde import deadline
from inrpde.references.equations import Equations
from inrpde.references.evaluate import Array
from inrpde.references.evolution import Evolution, is_fixed
from inrpde.references.factors import Factors
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.readings import Reading, observed
from inrpde.references.inverse.scheme import system_of
from inrpde.references.inverse.steady import Fit, real
from inrpde.references.method_of_lines import initial_equations
from inrpde.references.newton import Diverged
from inrpde.references.reference import Unsupported
from inrpde.references.stencils import Axis
from inrpde.references.terms import Leaf

GAMMA = 2 - 2**0.5
"""Where in a step the first stage ends, for which both stages have one matrix (Hosea and Shampine 1996)."""
KEPT = 32
"""Steps between the times at which fields are kept, of all (chosen: as `method_of_lines.TIMES`)."""
MOST = 12
"""Newton's steps in a stage (chosen)."""
CLOSE = 1e-9
"""Newton's last step, relative (chosen: far below what steps in time leave)."""


@dataclass(frozen=True, eq=False)
class Moment:
    """Values and derivatives in time of the first and second order, (3, size), and how they change along directions,
    (3, size, k)."""

    time: float
    state: Array
    slopes: Array


class Marching:
    """The problem on a grid of these axes, in so many steps of equal length."""

    def __init__(
        self,
        equations: Equations,
        axes: Sequence[Axis],
        steps: int,
        parameters: Parameters,
        readings: Sequence[Reading],
    ) -> None:
        self.equations, self.parameters, self.readings = equations, parameters, readings
        self.system = system_of(equations, axes, parameters, time_order=2)
        self.evolution = Evolution(self.system)
        self.size, self.steps = self.system.grid.size, steps
        self.start, self.end = equations.span
        self.step = (self.end - self.start) / steps
        terms = [entry.term for entry in self.system.entries]
        self._linear = self.system.linear
        moving = any(len(equations.space.spatial) in part.axes for part in parameters.parts)
        self._is_fixed = self._linear and not moving and all(is_fixed(term, self.system) for term in terms)
        self._loads_are_known = not any(term.load_is_sought for term in terms)
        self._loads: dict[float, Array] = {}
        self._kept: _Kept | None = None
        self._looks = _Looks.of(self)
        self._latest: tuple[Array, Array, list[Array]] | None = None

    def fit(self, theta: Array) -> Fit:
        """Raises Diverged, or Unsupported, where there is no solution."""
        jets = self._marched(theta)[1]
        left = [self._left(k, jets, theta)[0] for k in range(len(self.readings))]
        return Fit(theta, tuple(left), np.zeros(0))

    def slopes(self, theta: Array) -> tuple[list[Array], Array]:
        """Those of what is left of each equation's readings (M, count), and of what must vanish."""
        directions = np.eye(self.parameters.count)
        jets, along, states = self._looks.seen(self._moments(theta, directions))
        self._latest = theta.copy(), jets, states
        found = []
        for k, reading in enumerate(self.readings):
            _, slopes, total = self._left(k, jets, theta)
            for symbol, slope in slopes.items():
                total = total + slope[:, None] * along[self._looks.rows[k, symbol]]
            found.append(real(reading, total))
        return found, np.zeros((0, self.parameters.count))

    def fields(self, theta: Array) -> dict[str, Array]:
        """The unknowns at all nodes and at the times that are kept."""
        return self._on_nodes(self._marched(theta)[2])

    def responses(self, theta: Array, directions: Array) -> list[Mapping[str, Array]]:
        """How the unknowns at all nodes and times change along each of the directions (count, k)."""
        every = self.steps // KEPT
        kept = [m.slopes[0] for n, m in enumerate(self._moments(theta, directions)) if n % every == 0]
        return [self._on_nodes([each[:, k] for each in kept]) for k in range(directions.shape[1])]

    @property
    def times(self) -> Array:
        return np.linspace(self.start, self.end, KEPT + 1)

    def _on_nodes(self, states: Sequence[Array]) -> dict[str, Array]:
        grid, count = self.system.grid, len(self.equations.unknowns)
        steps = [self.equations.joined([grid.at_nodes(k, state) for k in range(count)]) for state in states]
        return {name: np.stack([step[name] for step in steps], axis=-1) for name in steps[0]}

    def _marched(self, theta: Array) -> tuple[Array, Array, list[Array]]:
        if self._latest is None or not np.array_equal(self._latest[0], theta):
            jets, _, states = self._looks.seen(self._moments(theta, np.zeros((self.parameters.count, 0))))
            self._latest = theta.copy(), jets, states
        return self._latest

    def _left(self, k: int, jets: Array, theta: Array) -> tuple[Array, dict, Array]:
        reading = self.readings[k]
        values = {symbol: jets[self._looks.rows[k, symbol]] for symbol, _ in reading.leaves}
        value, slopes, own = reading.residual(values, self.parameters, theta)
        return real(reading, value), slopes, own

    # -- from moment to moment

    def _moments(self, theta: Array, directions: Array) -> Iterator[Moment]:
        """The start and the end of each step."""
        self._kept = None
        now = self._first(theta, directions)
        yield now
        alpha = 2 / (GAMMA * self.step)
        for n in range(self.steps):
            deadline.turn()
            begin = self.start + n * self.step
            middle = self._stage(begin + GAMMA * self.step, alpha, _trapezoidal(now, alpha), now, theta, directions)
            end = self.end if n == self.steps - 1 else begin + self.step
            now = self._stage(end, alpha, _differences(now, middle, alpha), middle, theta, directions)
            yield now

    def _first(self, theta: Array, directions: Array) -> Moment:
        """The start: values and velocities from the initial conditions, what walls say, and the rates."""
        size, system, evolution, start = self.size, self.system, self.evolution, self.start
        state = np.concatenate([np.zeros(3 * size, system.dtype), theta])
        slopes: Array = np.zeros((3 * size, directions.shape[1]), system.dtype)
        factors, values, _ = initial_equations(system, evolution, state)
        state[: 2 * size] = factors.solve(-values)
        by = initial_equations(system, evolution, state)[2][:, 3 * size :]
        slopes[: 2 * size] = factors.solve(-(by @ directions).astype(system.dtype))
        self._settle(state, slopes, evolution.constraints.slots, evolution.constraints.slots, directions)
        highest = np.where(np.isin(evolution.values, evolution.first), size, 2 * size) + evolution.values
        self._settle(state, slopes, evolution.values, highest, directions)
        if not np.all(np.isfinite(state)):
            raise Diverged
        return Moment(start, state[: 3 * size].reshape(3, size), slopes.reshape(3, size, -1))

    def _settle(self, state: Array, slopes: Array, rows: Array, columns: Array, directions: Array) -> None:
        """Solve some rows at the start for some numbers of the state, in place."""
        if not len(rows):
            return
        for _ in range(1 if self._linear else MOST):
            residual, jacobian = self.system.tangent(state, self.start)
            try:
                factors = splu(csc_array(jacobian[rows][:, columns]))
            except RuntimeError:
                raise Unsupported("the values or the rates at the start are not determined") from None
            state[columns] -= factors.solve(residual[rows])
        jacobian = self.system.tangent(state, self.start)[1][rows]
        slopes[columns] = 0
        made = jacobian[:, : 3 * self.size] @ slopes + jacobian[:, 3 * self.size :] @ directions
        slopes[columns] = -factors.solve(np.ascontiguousarray(made))

    def _stage(
        self, time: float, alpha: float, history: tuple[Array, Array], before: Moment, theta: Array, directions: Array
    ) -> Moment:
        """Values z with the derivatives αz + h and α(αz + h) + g, of which `history` has h and g, and their slopes."""
        (h, g), (h_along, g_along) = history
        size, z = self.size, before.state[0]
        for count in range(MOST):
            state = _with(z, alpha, h, g)
            factors, residual = self._factors(np.concatenate([state.ravel(), theta]), time, alpha)
            step = factors.solve(residual)
            z = z - step
            if self._linear or np.linalg.norm(step) <= CLOSE * np.linalg.norm(z):
                break
            if count == MOST - 1 or not np.all(np.isfinite(z)):
                raise Diverged
        state = _with(z, alpha, h, g)
        if not directions.shape[1]:
            return Moment(time, state, np.zeros((3, size, 0)))
        full = np.concatenate([state.ravel(), theta])
        rates = self._kept.jacobian if self._is_fixed and self._kept else self.system.tangent(full, time)[1]
        fixed = rates[:, size : 2 * size] @ h_along + rates[:, 2 * size : 3 * size] @ (alpha * h_along + g_along)
        along = -factors.responses(fixed + self.system.along(full, directions, time))
        return Moment(time, state, _with(along, alpha, h_along, g_along))

    def _factors(self, full: Array, time: float, alpha: float) -> tuple[Factors, Array]:
        """The factors of a stage's matrix, and what is left of its equations; fixed ones are kept for all of a
        march."""
        size, kept = self.size, self._kept
        if self._is_fixed and kept is not None:
            return kept.factors, kept.jacobian @ full[: 3 * size] + self._load(full, time)
        residual, jacobian = self.system.tangent(full, time)
        matrix = jacobian[:, :size] + alpha * jacobian[:, size : 2 * size]
        matrix = csr_array(matrix + alpha**2 * jacobian[:, 2 * size : 3 * size])
        if kept is None or not np.array_equal(kept.data, matrix.data):
            factors = Factors(matrix.astype(self.system.dtype), self.system.grid.extra)
            kept = self._kept = _Kept(matrix.data, csr_array(jacobian[:, : 3 * size]), factors)
        return kept.factors, residual

    def _load(self, full: Array, time: float) -> Array:
        """What is left of the equations at a time where all unknowns vanish; kept where nothing in it is sought."""
        if not self._loads_are_known or time not in self._loads:
            empty = full.copy()
            empty[: 3 * self.size] = 0
            self._loads[time] = self.system.value(empty, time)
        return self._loads[time]


@dataclass(frozen=True, eq=False)
class _Kept:
    """The numbers of a stage's matrix with its factors, and the slopes of the equations (size, 3 size)."""

    data: Array
    jacobian: csr_array
    factors: Factors


def _with(z: Array, alpha: float, h: Array, g: Array) -> Array:
    """Values with their derivatives."""
    rate = alpha * z + h
    return np.stack([z, rate, alpha * rate + g])


def _trapezoidal(now: Moment, alpha: float) -> tuple[Array, Array]:
    """What the derivatives of the first stage hold of the moment before, and the same of their slopes."""
    return tuple(np.stack([-alpha * each[k] - each[k + 1] for k in (0, 1)]) for each in (now.state, now.slopes))  # type: ignore[return-value]


def _differences(now: Moment, middle: Moment, alpha: float) -> tuple[Array, Array]:
    """The same for the second stage: backward differences on unequal steps."""
    a, b = 1 / (GAMMA * (2 - GAMMA)), (1 - GAMMA) ** 2 / (GAMMA * (2 - GAMMA))
    pairs = (now.state, middle.state), (now.slopes, middle.slopes)
    return tuple(np.stack([alpha * (b * one[k] - a * two[k]) for k in (0, 1)]) for one, two in pairs)  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class _Look:
    """Of the readings `rows` the `weights` of the derivative in time of an order (or the value) at a moment, by a
    `matrix` that acts on that."""

    rows: Array
    matrix: csr_array
    order: int
    weights: Array


@dataclass(frozen=True, eq=False)
class _Looks:
    """What readings need of each of the `moments`: of a step's values Hermite's cubics in time, of their derivatives
    lines; `rows` says which of all `count` values belong to a reading's symbol. Every so many states are kept."""

    moments: tuple[tuple[_Look, ...], ...]
    count: int
    rows: Mapping[tuple, slice]
    every: int

    @classmethod
    def of(cls, model: Marching) -> _Looks:
        grid, dim = model.system.grid, len(model.equations.space.spatial)
        moments: list[list[_Look]] = [[] for _ in range(model.steps + 1)]
        rows, count = {}, 0
        for k, reading in enumerate(model.readings):
            share = (reading.points[:, dim] - model.start) / model.step
            interval = np.clip(share.astype(int), 0, model.steps - 1)
            for symbol, leaf in reading.leaves:
                if not isinstance(leaf, Leaf) or leaf.time > 2:
                    raise Unsupported(f"{reading.equation.text} reads an integral, or a third derivative in time")
                matrix = observed(grid, leaf, reading.points[:, :dim])
                for step in np.unique(interval):
                    here = np.flatnonzero(interval == step)
                    for order, side, weights in _weights(leaf.time, share[here] - step, model.step):
                        moments[step + side].append(_Look(count + here, matrix[here], order, weights))
                rows[k, symbol] = slice(count, count + len(reading.points))
                count += len(reading.points)
        return cls(tuple(map(tuple, moments)), count, rows, model.steps // KEPT)

    def seen(self, moments: Iterator[Moment]) -> tuple[Array, Array, list[Array]]:
        """The values (R,), their slopes (R, k), and the states that are kept."""
        jets = along = None
        kept = []
        for n, (moment, looks) in enumerate(zip(moments, self.moments, strict=True)):
            if n % self.every == 0:
                kept.append(moment.state[0])
            if jets is None or along is None:
                jets = np.zeros(self.count, moment.state.dtype)
                along = np.zeros((self.count, moment.slopes.shape[2]), moment.slopes.dtype)
            for look in looks:
                jets[look.rows] += look.weights * (look.matrix @ moment.state[look.order])
                if along.shape[1]:
                    along[look.rows] += look.weights[:, None] * (look.matrix @ moment.slopes[look.order])
        assert jets is not None
        assert along is not None
        return jets, along, kept


def _weights(order: int, share: Array, step: float) -> list[tuple[int, int, Array]]:
    """At shares of a step: by which derivatives at its start (0) or its end (1), and by how much."""
    if order:
        return [(order, 0, 1 - share), (order, 1, share)]
    found = []
    for side, s, sign in ((0, share, 1.0), (1, 1 - share, -1.0)):
        found += [(0, side, (1 + 2 * s) * (1 - s) ** 2), (1, side, sign * step * s * (1 - s) ** 2)]
    return found
