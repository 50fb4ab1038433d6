"""Implicit collocation in time for G(t, y, y', y'') = 0, with control of the step and polynomials for all times.

The unknowns of a step are the highest derivatives at its nodes. Newton's method is taken apart by the eigenvectors of
the nodes' matrix, so that each of its steps is one system of the size of y for each eigenvalue (Hairer and Wanner,
Solving ODEs II, IV.8, where the tests of convergence are from, too).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.polynomial import legendre

from inrpde import deadline
from inrpde.solvers.lines.nodes import Nodes

Array = np.ndarray
Solver = Callable[[Array], Array]
FIRST, SHORTEST = 10, 48
"""The first step and the shortest, as powers of 1/2 of the whole; chosen."""
GROWTH, SHRINKING = 3, 6
"""Powers of 2 by which a step is longer or shorter than the one before, at most; chosen."""
SAFETY = 0.5
"""The error that a step is to have beside the tolerance; chosen."""
ITERATIONS = 12
"""Newton steps at most; chosen."""
ACCURATE = 0.01
"""What is left of Newton's method beside the tolerance; Hairer and Wanner have 0.01 to 0.1."""
ROUNDING = 1e-14
"""Newton steps so small beside the solution are rounding."""
KEEN = 0.03
"""The rate at which Newton's method converges below which the factors of a step serve the next; chosen."""
SLOW = 0.2
"""A step in which it converges no faster is not followed by a longer one; chosen."""
FORGETTING = 0.8
"""The power of the last rate that is expected in the next step; Hairer and Wanner's."""
WAIT = 4
"""Steps after one that failed before a longer one is tried; chosen."""
KEPT = 3
"""Step sizes whose factors are kept; chosen: each holds several of them."""
LASTING = 10.0
"""So many steps of one length fill the whole time: what lasts for shorter ones counts by the root of their share;
chosen."""
INSIDE = 1e-9
"""The share of a step at which its start is looked at: data may jump there; chosen."""
VANISHING = 1e-9
"""An unknown counts as at least so large beside the largest one; chosen."""


class Semidiscrete(Protocol):
    """A problem G = 0 in time, of W equations for W columns, each of an order in time."""

    @property
    def orders(self) -> Array:
        """(W,), 0, 1 or 2: the derivatives of each column that occur; 0 for one without, as a pressure."""

    @property
    def linear(self) -> bool:
        """Is G affine in y, y' and y''?"""

    @property
    def steady(self) -> bool:
        """Do its derivatives by these depend neither on them nor on the time?"""

    def residual(self, time: float, y: Array, rate: Array, second: Array) -> Array:
        """G (W,); `rate` and `second` are 0 above a column's order."""

    def factorised(self, time: float, y: Array, rate: Array, second: Array, scale: complex) -> Solver:
        """What solves (Σ ∂G/∂y s^o + ∂G/∂y' s^(o-1) + ∂G/∂y'' s^(o-2)) w = right, o the order of a column of w, for a
        scale s, nearly at least."""

    def sizes(self, vector: Array) -> Array:
        """The size (U,) of each unknown of a vector (W,), root mean square or L2."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The solution on steps between times (n + 1,): Σ_m coefficients[:, m] P_m, of Legendre's polynomials on each, for
    coefficients (n, degree + 1, W). `ended` is "end", "stopped", or "underflow" where steps became too short."""

    times: Array
    coefficients: Array
    ended: str

    def __call__(self, time: float, order: int = 0) -> Array:
        """The columns (W,) at a time, or their derivatives."""
        forward = 1.0 if self.times[-1] >= self.times[0] else -1.0
        step = int(np.searchsorted(forward * self.times[1:-1], forward * time))
        length = self.times[step + 1] - self.times[step]
        series = self.coefficients[step]
        if order:
            series = legendre.legder(series, order, 2 / length)
        return legendre.legval(2 * (time - self.times[step]) / length - 1, series)


@dataclass(frozen=True, eq=False)
class Start:
    """Where a step begins: the columns and their derivatives, and what is known of the highest ones from before."""

    time: float
    y: Array
    rate: Array
    second: Array
    before: tuple[float, Array] | None = None
    """The length of the step before, and the Legendre coefficients (s, W) of its highest derivatives."""


def march(
    system: Semidiscrete, start: float, end: float, y: Array, rate: Array, tolerance: float, nodes: Nodes,
    stages: Sequence[tuple[float, float, float]] = (),
    on_step: Callable[[float, float], object] = lambda time, share: None, stop: Callable[[], bool] = lambda: False,
) -> Steps:  # fmt: skip
    """Follow the columns from `y` (W,), and the `rate` (W,) of those of second order, with an error in each step of at
    most `tolerance` beside the largest that an unknown has been. `stages` (from, to, longest step) part the time."""
    stepper = Stepper(system, nodes, tolerance, abs(end - start), y)
    at = Start(start, y, np.where(system.orders == 2, rate, 0.0), np.zeros_like(y))
    times, found, length, wait = [start], [], abs(end - start) / 2**FIRST, 0
    ended = "end"
    for one, two, longest in stages or [(start, end, abs(end - start))]:
        whole = two - one
        level = max(0, int(np.ceil(np.log2(abs(whole) / min(length, longest)) - 1e-9)))
        least, position = max(0, int(np.ceil(np.log2(abs(whole) / longest) - 1e-9))), 0
        while position < 2**SHORTEST:
            deadline.turn()
            if stop():
                ended = "stopped"
                break
            step, change = stepper.step(at, whole / 2**level)
            if step is None:
                level, wait = level - change, WAIT
                if level > SHORTEST:
                    ended = "underflow"
                    break
                continue
            found.append(step.coefficients)
            position += 2 ** (SHORTEST - level)
            at = step.after(two if position == 2**SHORTEST else one + whole * (position / 2**SHORTEST))
            times.append(at.time)
            on_step(at.time, (at.time - start) / (end - start))
            level, wait = level if wait else _aligned(position, max(level - change, least), level), max(wait - 1, 0)
        length = abs(whole) / 2**level
        if ended != "end":
            break
    series = np.array(found).reshape(len(found), stepper.degree + 1, len(y))
    return Steps(np.array(times), series, ended)


def _aligned(position: int, wanted: int, level: int) -> int:
    """The level nearest to the wanted one of which the position is a multiple of a step."""
    while wanted < level and position % 2 ** (SHORTEST - wanted):
        wanted += 1
    return wanted


@dataclass(frozen=True, eq=False)
class Step:
    """A step that was taken: its polynomials, and the highest derivatives (s, W) at its nodes."""

    length: float
    coefficients: Array
    highest: Array
    end: tuple[Array, Array, Array]

    def after(self, time: float) -> Start:
        return Start(time, *self.end, (self.length, self.highest))


class Stepper:
    """Takes steps, and keeps factors and the sizes of the unknowns between them."""

    def __init__(self, system: Semidiscrete, nodes: Nodes, tolerance: float, whole: float, y: Array):
        self.system, self.nodes, self.tolerance, self.whole = system, nodes, tolerance, whole
        self.order = [np.flatnonzero(system.orders == o) for o in range(3)]
        self.degree = nodes.count + (1 if len(self.order[2]) else 0)
        self.largest = system.sizes(y)
        self.kept: OrderedDict[float, list[Solver]] = OrderedDict()
        self.rate = 0.0  # at which Newton's method has last converged
        self.slowness = 1.0  # what is left of a Newton step once it is taken, as it was last

    @cached_property
    def pairs(self) -> tuple[Array, Array]:
        """The numbers of the eigenvalues that are solved for where all is real, and how often each counts."""
        upper = [e for e in range(self.nodes.count) if np.imag(self.nodes.eigenvalues[e]) > 0 and e != self.nodes.real]
        return np.array([self.nodes.real, *upper]), np.array([1.0] + [2.0] * len(upper))

    def step(self, at: Start, length: float) -> tuple[Step | None, int]:
        """The step, None where it is not good enough, and the power of 2 by which the next one is to be longer."""
        solvers, new = self.factors(at, length)
        with np.errstate(all="ignore"):
            highest = self.newton(at, length, solvers)
            if highest is None and not (new or self.system.steady):
                self.kept.clear()
                solvers, _ = self.factors(at, length)
                highest = self.newton(at, length, solvers)
            if highest is None:
                return None, -1
            taken = self.taken(at, length, highest)
            sizes = np.maximum(self.largest, self.system.sizes(taken.end[0]))
            error = self._error(at, taken, solvers, sizes) / self.tolerance
        if not np.isfinite(error):
            return None, -SHRINKING
        power = self.nodes.count + 1 + (len(self.order[2]) > 0)
        change = int(np.floor(np.log2(max(SAFETY / max(error, 1e-300), 1e-300)) / power + 1e-9))
        if error > 1:
            return None, -min(max(-change, 1), SHRINKING)
        self.largest = sizes
        return taken, 0 if self.rate > SLOW else min(max(change, 0), GROWTH)

    def factors(self, at: Start, length: float) -> tuple[list[Solver], bool]:
        """The solvers for a length by eigenvalue, and whether they were made for this step."""
        known = self.kept.get(length)
        if known is not None and (self.system.steady or self.slowness <= KEEN):
            self.kept.move_to_end(length)
            return known, False
        if not self.system.steady:
            self.kept.clear()
        numbers = range(self.nodes.count) if np.iscomplexobj(at.y) else self.pairs[0]
        scales = [complex(length * self.nodes.eigenvalues[e]) for e in numbers]
        made = [
            self.system.factorised(at.time, at.y, at.rate, at.second, s.real if e == self.nodes.real else s)
            for e, s in zip(numbers, scales, strict=True)
        ]
        self.kept[length] = made
        while len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        return made, True

    def newton(self, at: Start, length: float, solvers: Sequence[Solver]) -> Array | None:
        """The highest derivatives (s, W) at the nodes; None where Newton's method does not converge."""
        highest, goal, before = self._guess(at, length), ACCURATE * self.tolerance, 0.0
        if len(self.order[0]):  # what is left of a constraint is in the next step's pressure, over its length
            goal *= float(np.sqrt(abs(length) / self.whole))
        exact = self.system.linear and self.system.steady
        slowness = self.slowness if exact else max(self.slowness, ROUNDING) ** FORGETTING
        for number in range(ITERATIONS):
            found = self._residual(at, length, highest)
            if not np.all(np.isfinite(found)):
                return None
            change = self._solved(solvers, -found)
            highest = highest + change
            size = self._moved(at, length, change, highest)
            rate = size / before if before else 0.0
            if not np.isfinite(size) or (rate >= 1 and size > ROUNDING):
                return None
            slowness = rate / (1 - rate) if number and rate < 1 else slowness
            if size <= ROUNDING or slowness * size <= goal:
                self.slowness, self.rate = slowness, rate
                return highest
            if number and slowness * size * rate ** (ITERATIONS - 2 - number) > goal:
                return None
            before = size
        return None

    def _guess(self, at: Start, length: float) -> Array:
        """The highest derivatives, as the step before goes on where it was not much shorter."""
        if at.before is None:
            guess = np.zeros((self.nodes.count, len(at.y)), at.y.dtype)
            guess[:, self.order[0]] = at.y[self.order[0]]
            return guess
        earlier, series = at.before
        ahead = 2 * length / earlier * self.nodes.at if abs(length) <= 2 * abs(earlier) else np.zeros(self.nodes.count)
        return legendre.legvander(1 + ahead, self.nodes.count - 1) @ series

    def _states(self, at: Start, length: float, highest: Array) -> tuple[Array, Array, Array]:
        """The columns and their derivatives (s, W) at the nodes."""
        first, second, matrix = self.order[1], self.order[2], length * self.nodes.matrix
        y, rate, twice = (np.zeros_like(highest) for _ in range(3))
        y[:, self.order[0]] = highest[:, self.order[0]]
        rate[:, first] = highest[:, first]
        y[:, first] = at.y[first] + matrix @ highest[:, first]
        twice[:, second] = highest[:, second]
        rate[:, second] = at.rate[second] + matrix @ highest[:, second]
        y[:, second] = at.y[second] + matrix @ rate[:, second]
        return y, rate, twice

    def _residual(self, at: Start, length: float, highest: Array) -> Array:
        states = self._states(at, length, highest)
        times = at.time + length * self.nodes.at
        return np.stack([self.system.residual(t, *state) for t, *state in zip(times, *states, strict=True)])

    def _solved(self, solvers: Sequence[Solver], right: Array) -> Array:
        """The Newton step (s, W), in the eigenvectors of the matrix."""
        vectors, inverse = self.nodes.vectors, self.nodes.inverse
        if np.iscomplexobj(right):
            parts = [solver(row) for solver, row in zip(solvers, inverse @ right, strict=True)]
            return vectors @ np.stack(parts)
        numbers, counts = self.pairs
        out = np.zeros_like(right)
        for solver, number, count in zip(solvers, numbers, counts, strict=True):
            if number == self.nodes.real:
                part = solver(inverse[number].real @ right)
                out += np.outer(vectors[:, number].real, part)
            else:
                part = solver(inverse[number] @ right)
                out += count * np.real(np.outer(vectors[:, number], part))
        return out

    def _moved(self, at: Start, length: float, change: Array, highest: Array) -> float:
        """How far a Newton step moves the columns, beside what they are."""
        zero = Start(at.time, np.zeros_like(at.y), np.zeros_like(at.y), np.zeros_like(at.y))
        moved = self._states(zero, length, change)[0]
        now = self.system.sizes(self._states(at, length, highest)[0][-1])
        return max(self._relative(self.system.sizes(row), now) for row in moved)

    def _relative(self, errors: Array, now: Array) -> float:
        sizes = np.maximum(self.largest, now)
        sizes = np.maximum(sizes, VANISHING * np.max(sizes))
        return float(np.max(errors / np.where(sizes > 0, sizes, 1.0)))

    def taken(self, at: Start, length: float, highest: Array) -> Step:
        """The polynomials, which have the highest derivatives at the nodes, and begin where the step does."""
        count = self.nodes.count
        out = np.zeros((self.degree + 1, len(at.y)), highest.dtype)
        for order, these in enumerate(self.order):
            if len(these):
                out[: count + order, these] = length**order * (self.nodes.integrated(order) @ highest[:, these])
        first, second = self.order[1], self.order[2]
        out[0, first] += at.y[first]
        out[0, second] += at.y[second] + length * at.rate[second] / 2  # v t = v h (1 + x) / 2 on the step, x in [-1, 1]
        out[1, second] += length * at.rate[second] / 2
        series = self.nodes.integrated(0) @ highest
        end = series.sum(axis=0)
        y, rate, twice = out.sum(axis=0), np.zeros_like(end), np.zeros_like(end)
        rate[first], twice[second] = end[first], end[second]
        rate[second] = at.rate[second] + length * (self.nodes.integrated(1) @ highest[:, second]).sum(axis=0)
        return Step(length, out, series, (y, rate, twice))

    def _error(self, at: Start, taken: Step, solvers: Sequence[Solver], now: Array) -> float:
        """The largest error in a step, from the defect of its polynomial where it begins, filtered by the factor of the
        real eigenvalue. What that leaves is there for a short time; what passes once more lasts, in columns of first
        order. Those of second order may lose nothing, and a pressure keeps nothing."""
        orders, scale = self.system.orders, taken.length * float(np.real(self.nodes.eigenvalues[self.nodes.real]))
        solve = solvers[self.nodes.real if np.iscomplexobj(at.y) else 0]
        begun = np.where(np.arange(self.nodes.count) % 2, -1.0, 1.0) @ taken.highest
        state = [np.where(orders == 0, begun, at.y), np.where(orders == 1, begun, at.rate), begun * (orders == 2)]
        time = at.time + INSIDE * taken.length
        once = solve(-self.system.residual(time, *state))
        state[0] = state[0] + np.where(orders > 0, scale ** orders.astype(float) * once, 0.0)
        state[1] = state[1] + np.where(orders == 2, scale * once, 0.0)
        twice = solve(-self.system.residual(time, *state))
        ratios = self.nodes.ratios[orders] * scale ** orders.astype(float)
        short = self._relative(self.system.sizes(ratios * once), now)
        lasting = np.choose(orders, [np.zeros_like(once), twice, once])
        share = min(1.0, float(np.sqrt(LASTING * abs(taken.length) / self.whole)))
        return max(share * short, self._relative(self.system.sizes(ratios * lasting), now))
