"""Implicit equations R(t, y, y', y'') = 0 in time, by the method of Radau IIA with steps as long as the error allows.

Hairer and Wanner (1996), IV.8: order 5, stiffly accurate, so that it holds algebraic equations exactly. Derivatives of
second order are reduced to values: of each stage equations no larger than a steady problem's are solved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array

from inrpde import deadline
from inrpde.references.factors import Factors
from inrpde.references.reference import Unsupported
from inrpde.references.stretches import Stopped, Stretch

Array = np.ndarray
STAGES = 5
MOST = 8
"""Iterations of Newton's method for a step."""
CONVERGED = 0.03
"""What Newton's method leaves of a step, beside the error that is allowed (Hairer and Wanner)."""
SAFE, SHRINK = 0.9, 0.2
"""A new step beside the one that the error asks for, and beside the last, at least (Hairer and Wanner)."""
GROWTH = 8.0
"""And at most (Hairer and Wanner)."""
DEAR = 20.0
"""Steps that cost as much as the factors of the matrices of another: a step grows when so many might have been saved.
Measured on plane meshes of ten to fifty thousand values."""
FIRST = 1e-4
"""The first step, beside the stretch of time; chosen."""
CAREFUL = 0.5
"""And of a run after another, beside what that found."""
TINY = 1e-12
"""Errors beside the tolerance below which no step grows any more."""
LEAST = 1e-13
"""The shortest step, beside the time that there is."""
FAINT = 1e-10
"""Unknowns that are smaller beside the largest count as rounding."""


class Motion(Protocol):
    """Equations for numbers y (n,), of second order in time at `second` (n,). `levels` are y, y' and, where the `order`
    is 2, y''. They are `fixed` where their tangents never change."""

    order: int
    second: Array
    groups: Sequence[Array]
    """The numbers whose errors count, by unknowns."""

    @property
    def fixed(self) -> bool: ...

    def residual(self, time: float, levels: Sequence[Array]) -> Array:
        """R, (n,)."""

    def tangents(self, time: float, levels: Sequence[Array]) -> list[csr_array]:
        """The derivatives of R by each of the levels."""


@dataclass(frozen=True, eq=False)
class Tableau:
    """The stages `nodes` (s,) of a step of length 1, the inverse of Butcher's matrix and its eigenvalues, the real one
    first, then one of each pair, with their `right` (s, k) and `left` (k, s) vectors; of the second solution, whose
    difference is the error, the weights (s,) of the stages."""

    nodes: Array
    inverse: Array
    values: Array
    right: Array
    left: Array
    error: Array


@lru_cache
def tableau(stages: int) -> Tableau:
    top = np.polynomial.legendre.leg2poly
    lower, upper = (top(np.eye(stages + 1)[k]) for k in (stages - 1, stages))
    nodes = (np.sort(np.polynomial.polynomial.polyroots(np.polynomial.polynomial.polysub(upper, lower))) + 1) / 2
    powers = np.arange(1, stages + 1)
    vandermonde = nodes[:, None] ** (powers - 1)
    matrix = (nodes[:, None] ** powers / powers) @ np.linalg.inv(vandermonde)
    inverse = np.linalg.inv(matrix)
    values, right = np.linalg.eig(inverse)
    left = np.linalg.inv(right)
    kept = np.argsort(np.where(np.abs(values.imag) < 1e-9, -1.0, values.imag), kind="stable")
    kept = kept[values[kept].imag > -1e-9]
    real = values[kept[0]].real
    # the second solution also sees the start, with the weight 1/real, and has the order of the stages
    moments = 1 / powers - (powers == 1) / real
    weights = np.linalg.solve(vandermonde.T, moments) - matrix[-1]
    return Tableau(nodes, inverse, values[kept], right[:, kept], left[kept], weights @ inverse)


@dataclass(frozen=True, eq=False)
class Known:
    """What a run has found: the `sizes` (groups,) of the values, and how long the first step may be."""

    sizes: Array
    first: float


class Run:
    """One way through time. Errors are relative to the sizes of the groups' values, which grow with the solution, as
    far as they are known."""

    def __init__(
        self, motion: Motion, levels: Sequence[Array], tolerance: float, known: Known | None = None,
        watch: Callable[[float], None] = lambda time: None, stages: int = STAGES,
    ):  # fmt: skip
        self.motion, self.tolerance, self.watch = motion, tolerance, watch
        self.levels = [np.array(level) for level in levels]
        self.base = [float(np.mean(levels[0][group].real)) if len(group) else 0.0 for group in motion.groups]
        self.table = tableau(stages)
        self.steps = 0
        self.sizes, self.first = self._measured(self.levels[0]), 0.0
        self.next = 0.0
        if known is not None:
            self.sizes, self.next = np.maximum(self.sizes, known.sizes), CAREFUL * known.first
        self._tangents: list[csr_array] = []
        self._factors: dict[float, list[Factors]] = {}
        self._fresh, self._wasted, self._left = False, 0.0, 1.0

    @property
    def known(self) -> Known:
        return Known(self.sizes, self.first)

    def through(self, stretches: Sequence[Stretch], times: Array) -> list[Array]:
        """y at the times, the first of which is the start. Raises Stopped."""
        found = [self.levels[0]]
        for stretch in stretches:
            self._stretch(stretch, times[(times > stretch.start) & (times <= stretch.end)], found)
        return found

    def _stretch(self, stretch: Stretch, wanted: Array, found: list[Array]) -> None:
        """Go through a stretch, and add y at the times that are wanted there."""
        length = stretch.end - stretch.start
        longest = min(stretch.step, length)
        time, before, rejected = stretch.start, None, False
        step = fitting(min(max(FIRST * length, self.next), longest), length)
        self._renew()
        while time < stretch.end:
            deadline.turn()
            self.watch(time)
            if step < LEAST * max(length, abs(time)):
                what = f"the solution cannot be continued beyond t = {time:.4g}: it blows up, or turns too steep"
                raise Stopped(what)
            left = stretch.end - time
            stages = self._solved(stretch, time, step, before)
            if stages is None:
                step, rejected = fitting(step / 2, left), True
                continue
            if not self.steps:
                self._begin(stages)
            after = self._after(step, stages)
            sizes = np.maximum(self.sizes, self._measured(after[0]))
            error = self._error(stretch, time, step, stages, sizes, rejected or before is None)
            factor = SAFE * max(error, TINY) ** (-1 / (len(self.table.nodes) + 1))
            if error >= 1:
                step, rejected = fitting(step * max(min(factor, SAFE), SHRINK), left), True
                continue
            if not self.steps:
                self.first = step * min(factor, GROWTH)
            self.sizes, self.steps = sizes, self.steps + 1
            last = left - step < 0.5 * step
            until = stretch.end if last else time + step
            shares = (wanted[(wanted > time) & (wanted <= until)] - time) / step
            found += list(self.levels[0] + lagrange(self.table.nodes, shares) @ stages)
            time, before, self.levels = until, (step, stages), after
            grown = min(step * min(factor, GROWTH), longest)
            self._wasted = max(self._wasted + (1 - step / grown if factor < GROWTH else DEAR), 0.0)
            worth = not rejected and self._wasted >= (DEAR if self.motion.fixed else 1)
            if (worth or grown < SAFE * step) and not last:
                step, self._wasted = fitting(grown, stretch.end - time), 0.0
            rejected = False
            self._fresh = self.motion.fixed
        self.next = step

    def _begin(self, stages: Array) -> None:
        """Begin numbers without a rate, of which nothing is given, where the stages of the first step point to."""
        free = np.setdiff1d(np.arange(len(self.levels[0])), np.concatenate([np.empty(0, int), *self.motion.groups]))
        nodes = self.table.nodes
        back = np.linalg.solve(nodes ** np.arange(len(nodes))[:, None], np.eye(len(nodes))[0]) @ stages[:, free]
        self.levels[0][free] += back
        stages[:, free] -= back

    def _renew(self) -> None:
        if not self.motion.fixed:
            self._tangents, self._factors = [], {}
            self._fresh = False

    def _solved(self, stretch: Stretch, time: float, step: float, before: tuple[float, Array] | None) -> Array | None:
        """Z (s, n), the stages less y, or None where Newton's method does not converge."""
        table, motion = self.table, self.motion
        if before is None:
            stages = np.zeros((len(table.nodes), len(self.levels[0])), self.levels[0].dtype)
        else:
            shares = 1 + table.nodes * step / before[0]
            stages = lagrange(table.nodes, shares) @ before[1] - before[1][-1]
        for attempt in range(2):
            if not self._tangents:
                self._tangents = motion.tangents(stretch.inner(time), self._at_start())
                self._fresh, self._factors = True, {}
            solved = self._newton(stretch, time, step, stages)
            if solved is not None or self._fresh or attempt:
                return solved
            self._renew()
        return None

    def _at_start(self) -> list[Array]:
        """The levels at the start of a step, as far as they are known."""
        return [*self.levels, np.zeros_like(self.levels[0])]

    def _newton(self, stretch: Stretch, time: float, step: float, first: Array) -> Array | None:
        table, stages = self.table, first.copy()
        try:
            factors = self._factorised(step)
        except Unsupported:
            if self._fresh and self.motion.fixed and not self.steps:
                raise
            return None
        lengths: list[float] = []
        for _ in range(MOST):
            derived = self._derived(step, stages)
            residuals = np.array([
                self.motion.residual(
                    stretch.inner(time + share * step), [self.levels[0] + stages[i], *(each[i] for each in derived)]
                )
                for i, share in enumerate(table.nodes)
            ])  # fmt: skip
            if not np.all(np.isfinite(residuals)):
                return None
            change = self._solve(factors, -residuals)
            stages = stages + change
            if self.motion.fixed:
                return stages
            sizes = np.maximum(self.sizes, self._measured(self.levels[0] + stages[-1]))
            lengths.append(max(self._norm(part, sizes) for part in change))
            if len(lengths) > 1:
                ratio = lengths[-1] / lengths[-2] if lengths[-2] else 0.0
                if ratio >= 1:
                    return None
                self._left = ratio / (1 - ratio)
                if ratio ** (MOST - len(lengths)) / (1 - ratio) * lengths[-1] > CONVERGED:
                    return None
            else:
                self._left = max(self._left, TINY) ** 0.8  # as Hairer and Wanner's, of the step before
            if self._left * lengths[-1] <= CONVERGED:
                return stages
        return None

    def _derived(self, step: float, stages: Array) -> list[Array]:
        """y' and y'' at the stages, (s, n) each."""
        inverse = self.table.inverse / step
        rates = inverse @ stages
        if self.motion.order == 1:
            return [rates]
        return [rates, inverse @ rates - np.outer(inverse.sum(axis=1), self.levels[1])]

    def _factorised(self, step: float) -> list[Factors]:
        """The factors for each of the eigenvalues."""
        if step not in self._factors:
            values = self.table.values / step
            if np.iscomplexobj(self.levels[0]):
                values = np.concatenate([values, values[1:].conj()])
            matrices = (self._matrix(value if k else value.real) for k, value in enumerate(values))
            self._factors = {step: [Factors(matrix) for matrix in matrices]}
        return self._factors[step]

    def _matrix(self, value: Any) -> csr_array:
        total = self._tangents[0]
        for power, tangent in enumerate(self._tangents[1:], 1):
            total = total + value**power * tangent
        return csr_array(total)

    def _solve(self, factors: Sequence[Factors], right: Array) -> Array:
        """What the linearised equations make of the stages' right-hand sides, (s, n)."""
        table = self.table
        if np.iscomplexobj(self.levels[0]):
            left = np.concatenate([table.left, table.left[1:].conj()])
            vectors = np.concatenate([table.right, table.right[:, 1:].conj()], axis=1)
            parts = [np.outer(vectors[:, k], each.solve(left[k] @ right)) for k, each in enumerate(factors)]
            return np.sum(parts, axis=0)
        total = np.outer(table.right[:, 0].real, factors[0].solve(table.left[0].real @ right))
        for k, each in enumerate(factors[1:], 1):
            total += 2 * np.outer(table.right[:, k], each.solve(table.left[k] @ right)).real
        return total

    def _after(self, step: float, stages: Array) -> list[Array]:
        found = [self.levels[0] + stages[-1]]
        return found if self.motion.order == 1 else [*found, self._derived(step, stages)[0][-1]]

    def _error(self, stretch: Stretch, time: float, step: float, stages: Array, sizes: Array, twice: bool) -> float:
        """The error of a step, relative to the tolerance."""
        motion, table = self.motion, self.table
        factors, value = self._factorised(step)[0], table.values[0].real / step
        rates = -value * (table.error @ stages)
        derived = self._derived(step, stages)
        error = [np.zeros_like(level) for level in self.levels]
        size = 0.0
        for _ in range(2 if twice else 1):
            y, *v = (level + each for level, each in zip(self.levels, error, strict=True))
            if motion.order == 1:
                gap, levels = None, [y, rates]
            else:
                gap = np.where(motion.second, v[0] - rates, 0.0)
                further = -value * (table.error @ (derived[0] - self.levels[1]))
                levels = [y, np.where(motion.second, v[0], rates), further]
            right = -motion.residual(stretch.inner(time), levels)
            if gap is not None:
                right = right + (self._tangents[1] + value * self._tangents[2]) @ gap
            found = factors.solve(right)
            error = [found] if gap is None else [found, value * found - gap]
            size = self._norm(found, sizes)
            if not np.isfinite(size):
                return np.inf
            if size < 1:
                break
        return size

    def _measured(self, y: Array) -> Array:
        """The root mean squares of the groups' values, counted from their base, (groups,)."""
        return np.array([_rms(y[group] - base) for group, base in zip(self.motion.groups, self.base, strict=True)])

    def _norm(self, error: Array, sizes: Array) -> float:
        """The largest error of a group, relative to its size and the tolerance. Of rates that are numbers of their own
        no account is taken: what is rough in space, and small, has large ones."""
        total, least = 0.0, FAINT * float(np.max(sizes, initial=0.0))
        for group, size in zip(self.motion.groups, sizes, strict=True):
            amount = _rms(error[group])
            total = max(total, amount / max(size, least) if amount else 0.0)
        return total / self.tolerance


def fitting(step: float, left: float) -> float:
    """A step that is no longer, of which what is left is a whole number: the last has the factors of the others."""
    return left / np.ceil(left / step * (1 - 1e-12))


def lagrange(nodes: Array, shares: Array) -> Array:
    """What the polynomial through zero at 0 and through numbers at the nodes (s,) takes these to at shares (N,) of the
    step, (N, s)."""
    powers = np.arange(1, len(nodes) + 1)
    found: Array = shares[:, None] ** powers @ np.linalg.inv(nodes[:, None] ** powers)
    return found


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.abs(values) ** 2))) if len(values) else 0.0
