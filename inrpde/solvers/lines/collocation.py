"""Implicit collocation in time for G(t, y, y', y'') = 0, with control of the step and polynomials for all times.

The unknowns of a step are the highest derivatives at its nodes. Newton's method is taken apart by the eigenvectors of
the nodes' matrix, so that each of its steps is one system of the size of y for each eigenvalue (Hairer and Wanner,
Solving ODEs II, IV.8, where the tests of convergence are from, too).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.polynomial import legendre

from inrpde import deadline
from inrpde.solvers.lines.nodes import Nodes

Array = np.ndarray
Solver = Callable[[Array], Array]
Stage = tuple[float, float, float]
FIRST, SHORTEST = 10, 48
"""The first step and the shortest, as powers of 1/2 of the whole; chosen."""
GROWTH, SHRINKING = 3, 6
"""Powers of 2 by which a step is longer or shorter than the one before, at most; chosen."""
SAFETY = 0.5
"""The error that a step is to have beside the tolerance; chosen."""
SAME = 1e-9
"""Times that differ by less, beside the longest step, are the same."""
ITERATIONS, OVER, DIVERGED = 25, 3, 10.0
"""Newton steps at most, over how many it is seen how fast they shrink, and how much larger than the first they are
where they do not converge; chosen."""
ACCURATE = 0.01
"""What is left of Newton's method beside the tolerance; Hairer and Wanner have 0.01 to 0.1."""
RESTING = 0.7
"""Newton steps that shrink no faster and are a tenth of the tolerance are rounding, too; chosen."""
ROUNDING = 1e-14
"""Newton steps so small beside the solution are rounding."""
KEEN, STALE = 0.03, 1.5
"""The rate at which Newton's method converges below which the factors of a step serve the next, and how much slower
than when they were made it may be otherwise; chosen."""
SLOW = 0.5
"""A step in which it converges no faster is not followed by a longer one; chosen."""
FORGETTING = 0.8
"""The power of the last rate that is expected in the next step; Hairer and Wanner's."""
WAIT = 4
"""Steps after one that failed before a longer one is tried; chosen."""
DEPTH = 5
"""Newton steps, beside the last one, that are combined with it; chosen."""
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

    def residuals(self, times: Array, y: Array, rate: Array, second: Array) -> Array:
        """G (s, W) at times (s,), for (s, W) each; `rate` and `second` are 0 above a column's order."""

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

    def repeats(self, other: Steps) -> bool:
        """Is there a step that the other took, too, at as many nodes? Then both err alike in it."""
        if self.coefficients.shape[1] != other.coefficients.shape[1]:
            return False
        size = SAME * np.max(np.abs(np.diff(self.times)))
        ends = (np.column_stack([times[:-1], times[1:]]) for times in (self.times, other.times))
        mine, theirs = ({*map(tuple, np.round(each / size).tolist())} for each in ends)
        return not mine.isdisjoint(theirs)


@dataclass(frozen=True, eq=False)
class Start:
    """Where a step begins: the columns and their derivatives, and what is known of the highest ones from before."""

    time: float
    y: Array
    rate: Array
    second: Array
    before: tuple[float, Array] | None = None
    """The length of the step before, and the Legendre coefficients (s, W) of its highest derivatives."""
    largest: Array | None = None
    """The largest that each unknown has been, (U,), where that is known."""

    @classmethod
    def of(cls, system: Semidiscrete, time: float, y: Array, rate: Array) -> Start:
        """From the columns (W,), and the rates (W,) of those of second order."""
        return cls(time, y, np.where(system.orders == 2, rate, 0.0), np.zeros_like(y))


def march(
    system: Semidiscrete, start: float, end: float, y: Array, rate: Array, tolerance: float, nodes: Nodes,
    stages: Sequence[Stage] = (), on_step: Callable[[float, float], object] = lambda time, share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Steps:  # fmt: skip
    """All steps of a walk from `y` (W,) and the `rate` (W,) of columns of second order, or those before `stop` says
    that there are enough; `on_step` is told the time, and its share of the whole."""
    times, found, ended = [start], [], "underflow"
    for step in walk(system, Start.of(system, start, y, rate), end, tolerance, nodes, stages):
        times.append(step.end.time)
        found.append(step.coefficients)
        on_step(step.end.time, (step.end.time - start) / (end - start))
        if stop():
            ended = "stopped"
            break
    ended = "end" if times[-1] == end else ended
    degree = nodes.count + (1 if np.any(system.orders == 2) else 0)
    return Steps(np.array(times), np.array(found).reshape(len(found), degree + 1, len(y)), ended)


def walk(
    system: Semidiscrete, at: Start, end: float, tolerance: float, nodes: Nodes, stages: Sequence[Stage] = (),
    first: float | None = None, limit: Callable[[float], float] = lambda time: np.inf,
) -> Iterator[Step]:  # fmt: skip
    """Steps from where columns `at` a time are to an end, with an error in each of at most `tolerance` beside the
    largest that an unknown has been. `stages` (from, to, longest step) part the time, `first` is the length of the
    first step, and `limit` the longest one at a time. The steps end early where they become too short."""
    start = at.time
    stepper = Stepper(system, nodes, tolerance, abs(end - start), at)
    length, wait = abs(end - start) / 2**FIRST if first is None else first, 0
    for one, two, longest in stages or [(start, end, abs(end - start))]:
        whole = two - one
        if one != start:
            stepper.foresee(at, whole, two)
        level = max(0, int(np.ceil(np.log2(abs(whole) / min(length, longest)) - 1e-9)))
        least, position = max(0, int(np.ceil(np.log2(abs(whole) / longest) - 1e-9))), 0
        while position < 2**SHORTEST:
            deadline.turn()
            while abs(whole) / 2**level > limit(at.time) and level < SHORTEST:
                level += 1
            after = position + 2 ** (SHORTEST - level)
            until = two if after == 2**SHORTEST else one + whole * (after / 2**SHORTEST)
            step, change = stepper.step(at, whole / 2**level, until)
            if step is None:
                level, wait = level - change, WAIT
                if level > SHORTEST:
                    return
                continue
            yield step
            position, at = after, step.end
            level, wait = level if wait else _aligned(position, max(level - change, least), level), max(wait - 1, 0)
        length = abs(whole) / 2**level


def _aligned(position: int, wanted: int, level: int) -> int:
    """The level nearest to the wanted one of which the position is a multiple of a step."""
    while wanted < level and position % 2 ** (SHORTEST - wanted):
        wanted += 1
    return wanted


@dataclass(frozen=True, eq=False)
class Step:
    """A step that was taken: its length, its polynomials (degree + 1, W) and those of the highest derivatives (s, W),
    by Legendre, and where it ends."""

    length: float
    coefficients: Array
    highest: Array
    end: Start


class Mixing:
    """Where Newton's method goes from some states, each with its step: to the combination of them for which the step is
    the smallest (Anderson 1965). Of linear equations that is GMRES."""

    def __init__(self) -> None:
        self.steps, self.aims = deque[Array](maxlen=DEPTH), deque[Array](maxlen=DEPTH)
        self.last: tuple[Array, Array] | None = None

    def after(self, state: Array, step: Array) -> Array:
        aim = state + step
        if self.last is not None:
            self.steps.append((step - self.last[0]).ravel())
            self.aims.append((aim - self.last[1]).ravel())
        self.last = step, aim
        if not self.steps:
            return aim
        gram = np.array([[np.vdot(one, two) for two in self.steps] for one in self.steps])
        right = np.array([np.vdot(one, step.ravel()) for one in self.steps])
        lengths = np.sqrt(np.abs(np.diag(gram))) + 1e-300
        found = np.linalg.lstsq(gram / lengths / lengths[:, None], right / lengths, rcond=1e-12)[0] / lengths
        mixed = aim.ravel().copy()
        for weight, moved in zip(found, self.aims, strict=True):
            mixed -= weight * moved
        return mixed.reshape(state.shape)


def _places(chosen: Array) -> Any:
    """An index of the chosen columns, as a slice where they lie together."""
    at = np.flatnonzero(chosen)
    return slice(at[0], at[-1] + 1) if len(at) and at[-1] - at[0] == len(at) - 1 else at


class Stepper:
    """Takes steps, and keeps factors and the sizes of the unknowns between them."""

    def __init__(self, system: Semidiscrete, nodes: Nodes, tolerance: float, whole: float, at: Start):
        self.system, self.nodes, self.tolerance, self.whole = system, nodes, tolerance, whole
        self.order = [_places(system.orders == o) for o in range(3)]
        self.some = [bool(np.any(system.orders == o)) for o in range(3)]
        self.degree = nodes.count + self.some[2]
        self.largest = system.sizes(at.y) if at.largest is None else at.largest
        self.kept: OrderedDict[float, list[Solver]] = OrderedDict()
        self.zeros: Array | None = None
        self.rate = 0.0  # at which Newton's method has last converged
        self.slowness = 1.0  # what is left of a Newton step once it is taken, as it was last
        self.fresh = 0.0  # the same with factors that had just been made

    @cached_property
    def pairs(self) -> tuple[Array, Array]:
        """The numbers of the eigenvalues that are solved for where all is real, and how often each counts."""
        upper = [e for e in range(self.nodes.count) if np.imag(self.nodes.eigenvalues[e]) > 0 and e != self.nodes.real]
        return np.array([self.nodes.real, *upper]), np.array([1.0] + [2.0] * len(upper))

    def step(self, at: Start, length: float, until: float) -> tuple[Step | None, int]:
        """The step, None where it is not good enough, and the power of 2 by which the next one is to be longer."""
        solvers, new = self.factors(at, length)
        with np.errstate(all="ignore"):
            highest = self.newton(at, length, solvers)
            if highest is None and not (new or self.system.steady):
                self.kept.clear()
                solvers, new = self.factors(at, length)
                highest = self.newton(at, length, solvers)
            if highest is None:
                return None, -1
            self.fresh = self.slowness if new else self.fresh
            taken = self.taken(at, length, highest, until)
            sizes = np.maximum(self.largest, self.system.sizes(taken.end.y))
            error = self._error(at, taken, solvers, sizes) / self.tolerance
        if not np.isfinite(error):
            return None, -SHRINKING
        power = self.nodes.count + 1 + self.some[2]
        change = int(np.floor(np.log2(max(SAFETY / max(error, 1e-300), 1e-300)) / power + 1e-9))
        if error > 1:
            return None, -min(max(-change, 1), SHRINKING)
        self.largest = sizes
        taken = replace(taken, end=replace(taken.end, largest=sizes))
        return taken, 0 if self.rate > SLOW else min(max(change, 0), GROWTH)

    def foresee(self, at: Start, length: float, until: float) -> None:
        """Where data jump in time, an unknown that has been nothing so far counts as large as one step over what
        follows makes it: beside itself it begins with an error as large as it is, however short a step."""
        if np.all(self.largest > 0):
            return
        solvers, _ = self.factors(at, length)
        with np.errstate(all="ignore"):
            highest = self.newton(at, length, solvers)
            if highest is not None:
                sizes = self.system.sizes(self.taken(at, length, highest, until).end.y)
                self.largest = np.where((self.largest > 0) | ~np.isfinite(sizes), self.largest, sizes)

    def factors(self, at: Start, length: float) -> tuple[list[Solver], bool]:
        """The solvers for a length by eigenvalue, and whether they were made for this step."""
        known = self.kept.get(length)
        if known is not None and (self.system.steady or self.slowness <= max(KEEN, STALE * self.fresh)):
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
        highest, goal = self._guess(at, length), ACCURATE * self.tolerance
        if self.some[0]:  # what is left of a constraint is in the next step's pressure, over its length
            goal *= float(np.sqrt(abs(length) / self.whole))
        exact = self.system.linear and self.system.steady
        slowness = self.slowness if exact else max(self.slowness, ROUNDING) ** FORGETTING
        mixing, sizes = Mixing(), list[float]()
        for number in range(ITERATIONS):
            states = self._states(at, length, highest)
            found = self.system.residuals(at.time + length * self.nodes.at, *states)
            if not np.all(np.isfinite(found)):
                return None
            change = self._solved(solvers, found)
            size = self._moved(length, change, states[0][-1])
            sizes.append(size)
            over = min(number, OVER)
            rate = float(max((size / sizes[-1 - k]) ** (1 / k) for k in (1, over))) if over else 0.0
            if not np.isfinite(size) or size > DIVERGED * sizes[0]:
                return None
            if number:
                slowness = rate / (1 - rate) if rate < 1 else np.inf
            resting = over == OVER and rate > RESTING and size <= 10 * goal
            if size <= ROUNDING or slowness * size <= goal or resting:
                self.slowness, self.rate = min(slowness, 1.0), rate
                return highest + change
            if over == OVER and size * rate ** (ITERATIONS - 2 - number) > goal:
                return None
            highest = mixing.after(highest, change)
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
        none, first, second = self.order
        if self.some == [False, True, False]:
            return at.y + length * (self.nodes.matrix @ highest), highest, self._nothing(highest)
        y, rate, twice = (np.zeros_like(highest) for _ in range(3))
        if self.some[0]:
            y[:, none] = highest[:, none]
        if self.some[1]:
            rate[:, first] = highest[:, first]
            y[:, first] = at.y[first] + length * (self.nodes.matrix @ highest[:, first])
        if self.some[2]:
            twice[:, second] = highest[:, second]
            rate[:, second] = at.rate[second] + length * (self.nodes.matrix @ highest[:, second])
            y[:, second] = at.y[second] + length * (self.nodes.matrix @ rate[:, second])
        return y, rate, twice

    def _nothing(self, like: Array) -> Array:
        """Zeros, made once."""
        if self.zeros is None:
            self.zeros = np.zeros_like(like)
        return self.zeros

    def _solved(self, solvers: Sequence[Solver], residual: Array) -> Array:
        """The Newton step (s, W), in the eigenvectors of the matrix."""
        vectors, inverse = self.nodes.vectors, -self.nodes.inverse
        if np.iscomplexobj(residual):
            parts = [solver(row) for solver, row in zip(solvers, inverse @ residual, strict=True)]
            return vectors @ np.stack(parts)
        rows, columns = [], []
        for solver, number, count in zip(solvers, *self.pairs, strict=True):
            if number == self.nodes.real:
                rows.append(solver(inverse[number].real @ residual))
                columns.append(vectors[:, number].real)
            else:
                part = solver(inverse[number].real @ residual + 1j * (inverse[number].imag @ residual))
                rows += [part.real, part.imag]
                columns += [count * vectors[:, number].real, -count * vectors[:, number].imag]
        return np.stack(columns, axis=1) @ np.stack(rows)

    def _moved(self, length: float, change: Array, now: Array) -> float:
        """How far a Newton step moves the columns, beside what they are."""
        none, first, second = self.order
        moved = np.empty_like(change)
        if self.some[0]:
            moved[:, none] = change[:, none]
        if self.some[1]:
            moved[:, first] = length * (self.nodes.matrix @ change[:, first])
        if self.some[2]:
            moved[:, second] = length**2 * (self.nodes.matrix @ self.nodes.matrix @ change[:, second])
        sizes = self.system.sizes(now)
        return max(self._relative(self.system.sizes(row), sizes) for row in moved)

    def _relative(self, errors: Array, now: Array) -> float:
        sizes = np.maximum(self.largest, now)
        sizes = np.maximum(sizes, VANISHING * np.max(sizes))
        return float(np.max(errors / np.where(sizes > 0, sizes, 1.0)))

    def taken(self, at: Start, length: float, highest: Array, until: float) -> Step:
        """The polynomials, which have the highest derivatives at the nodes, and begin where the step does."""
        count = self.nodes.count
        out = np.zeros((self.degree + 1, len(at.y)), highest.dtype)
        for order, these in enumerate(self.order):
            if self.some[order]:
                out[: count + order, these] = length**order * (self.nodes.integrated(order) @ highest[:, these])
        _, first, second = self.order
        series = self.nodes.integrated(0) @ highest
        end = series.sum(axis=0)
        rate, twice = np.zeros_like(end), np.zeros_like(end)
        if self.some[1]:
            out[0, first] += at.y[first]
            rate[first] = end[first]
        if self.some[2]:
            out[:2, second] += length * at.rate[second] / 2  # v t = v h (1 + x) / 2 on the step, x in [-1, 1]
            out[0, second] += at.y[second]
            rate[second] = at.rate[second] + length * (self.nodes.integrated(1) @ highest[:, second]).sum(axis=0)
            twice[second] = end[second]
        return Step(length, out, series, Start(until, out.sum(axis=0), rate, twice, (length, series)))

    def _error(self, at: Start, taken: Step, solvers: Sequence[Solver], now: Array) -> float:
        """The largest error in a step, from the defect of its polynomial where it begins, filtered by the factor of the
        real eigenvalue. What that leaves is there for a short time; what passes once more lasts, in columns of first
        order. Those of second order may lose nothing, and a pressure keeps nothing."""
        orders, scale = self.system.orders, taken.length * float(np.real(self.nodes.eigenvalues[self.nodes.real]))
        solve = solvers[self.nodes.real if np.iscomplexobj(at.y) else 0]
        begun = np.where(np.arange(self.nodes.count) % 2, -1.0, 1.0) @ taken.highest
        state = [np.where(orders == 0, begun, at.y), np.where(orders == 1, begun, at.rate), begun * (orders == 2)]
        time = at.time + INSIDE * taken.length
        left = np.zeros_like(at.y)
        if self.some[0] and at.before is not None and self.nodes.at[-1] == 1:
            # what Newton's method has left of a constraint, over the length, is no error of this step
            left = self._residual(at.time - INSIDE * taken.length, at.y, at.rate, at.second)
        once = solve(left - self._residual(time, *state))
        state[0] = state[0] + np.where(orders > 0, scale ** orders.astype(float) * once, 0.0)
        state[1] = state[1] + np.where(orders == 2, scale * once, 0.0)
        twice = solve(left - self._residual(time, *state))
        ratios = self.nodes.ratios[orders] * scale ** orders.astype(float)
        short = self._relative(self.system.sizes(ratios * once), now)
        lasting = np.choose(orders, [np.zeros_like(once), twice, once])
        share = min(1.0, float(np.sqrt(LASTING * abs(taken.length) / self.whole)))
        return max(share * short, self._relative(self.system.sizes(ratios * lasting), now))

    def _residual(self, time: float, *state: Array) -> Array:
        return self.system.residuals(np.array([time]), *(each[None] for each in state))[0]
