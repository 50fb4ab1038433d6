"""The learned quantities on one grid: least squares for a weight of the penalty, and the weight by what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import least_squares

from inrpde import deadline
from inrpde.references.equations import Equations
from inrpde.references.evaluate import Array
from inrpde.references.inverse import prior
from inrpde.references.inverse.parameters import Parameters
from inrpde.references.inverse.readings import Reading
from inrpde.references.inverse.regularise import Choice, choose
from inrpde.references.inverse.steady import Fit
from inrpde.references.newton import Diverged

ROUNDS, STEPS = 6, 12
"""Weights that are tried one after the other at most, and steps for each (chosen)."""
SAME = 2.0
"""A factor by which a weight may change that is found again (chosen)."""
STILL = 0.03
"""How little an answer moves what is read at the end, in deviations of the noise, a reading (chosen)."""
FIRM = 1e3
"""The weight of what holds exactly, beside that of all readings together (chosen: it holds to a thousandth of their
noise)."""
QUIET = 1e-9
"""The least noise of readings beside their size, which solves leave by rounding (chosen)."""
TRIED = {1: 40, 2: 120}
"""Starts of so many learned numbers with bounds; of more as of two (chosen)."""
FOLLOWED = 2
"""Starts from which the best is sought (chosen)."""
DECADES = 30.0
"""Bounds further apart by this factor are divided by their logarithm (chosen)."""


class Model(Protocol):
    """A problem as a function of what is sought (see `Steady`)."""

    def fit(self, theta: Array) -> Fit: ...
    def slopes(self, theta: Array) -> tuple[list[Array], Array]: ...


@dataclass(frozen=True, eq=False)
class Found:
    """What is sought on one grid, its covariance at `choice`, and what is left of each equation's readings, in
    deviations of their noise."""

    theta: Array
    choice: Choice
    left: tuple[Array, ...]
    noise: tuple[float, ...]


class Descent:
    """On one grid."""

    def __init__(self, equations: Equations, model: Model, parameters: Parameters, readings: Sequence[Reading]):
        self.model, self.parameters, self.readings = model, parameters, readings
        self.matrix, self.right = prior.given(equations, parameters)
        self.penalties = prior.penalties(equations, parameters)
        self.low, self.high = parameters.bounds
        self._known: tuple[Array, list[Array], Array] | None = None

    def first(self) -> Found:
        """From the best of some starts all over the bounds of learned numbers."""
        found, failed = list[Found](), None
        for theta in self._starts():
            try:
                found.append(self.from_here(theta))
            except Diverged as error:
                failed = error
        if not found:
            raise failed or Diverged
        return min(found, key=lambda each: float(np.sum(np.square(each.noise))))

    def from_here(self, theta: Array) -> Found:
        """The rounds of a weight and its least squares. Raises Diverged where the problem has no solution there."""
        noise = self._sizes()
        before: Choice | None = None
        for _ in range(ROUNDS):
            fit = self.model.fit(theta)
            if before is None:
                noise = np.maximum([_rms(left) for left in fit.left], QUIET * self._sizes())
                noise = np.full(len(noise), noise.max()) if self.parameters.fields else noise
            chosen = self._chosen(fit, noise)
            if before is not None:
                changed = max(chosen.weight / before.weight, before.weight / chosen.weight)
                if changed < SAME and chosen.penalty is before.penalty and self._still(fit, chosen, noise):
                    break
            theta = self._least(theta, chosen, noise)
            fit = self.model.fit(theta)
            noise = self._noise(fit, chosen, noise)
            before = chosen
            if not self.parameters.fields and len(self.readings) == 1:
                break  # no weight changes
        fit = self.model.fit(theta)
        chosen = self._chosen(fit, noise)
        left = tuple(each / n for each, n in zip(fit.left, noise, strict=True))
        return Found(theta, chosen, left, tuple(noise.tolist()))

    def _sizes(self) -> Array:
        return np.array([reading.size for reading in self.readings])

    def _still(self, fit: Fit, chosen: Choice, noise: Array) -> bool:
        """Does another step change what is read by less than its noise?"""
        slopes, _ = self._slopes(fit.theta)
        moved = [m @ (chosen.theta - fit.theta) / n for m, n in zip(slopes, noise, strict=True)]
        return _rms(np.concatenate(moved)) < STILL * chosen.noise

    def _noise(self, fit: Fit, chosen: Choice, noise: Array) -> Array:
        """That of each equation's readings, by what is left of them less what the answer takes up."""
        count = sum(len(each) for each in fit.left)
        share = max(1 - chosen.taken / count, 0.0)
        if share * count < 2:
            return noise
        return np.maximum([_rms(left) / np.sqrt(share) for left in fit.left], QUIET * self._sizes())

    def _chosen(self, fit: Fit, noise: Array) -> Choice:
        slopes, must = self._slopes(fit.theta)
        left = np.concatenate([each / n for each, n in zip(fit.left, noise, strict=True)])
        matrix = np.concatenate([each / n for each, n in zip(slopes, noise, strict=True)])
        exact = np.concatenate([self.matrix, must])
        rest = np.concatenate([self.matrix @ fit.theta - self.right, fit.must])
        size = _rms(self._sizes() / noise)
        return choose(fit.theta, left, matrix, self.penalties, (exact, rest), size)

    def _slopes(self, theta: Array) -> tuple[list[Array], Array]:
        if self._known is None or not np.array_equal(self._known[0], theta):
            self._known = (theta.copy(), *self.model.slopes(theta))
        return self._known[1:]

    def _least(self, theta: Array, chosen: Choice, noise: Array) -> Array:
        """The least squares with the penalty that was chosen, within the bounds."""
        root = np.sqrt(chosen.weight) if chosen.penalty.matrix.size else 0.0
        count = sum(len(each) for each in self.model.fit(theta).left)
        firm = FIRM * np.sqrt(count / max(len(self.right), 1)) / (_rms(self.right) or 1.0)
        held = FIRM * np.sqrt(count)
        fixed = [firm * self.matrix, root * chosen.penalty.matrix]
        sides = [firm * self.right, root * chosen.penalty.right]

        def value(z: Array) -> Array:
            deadline.turn()
            try:
                fit = self.model.fit(z)
            except Diverged:
                return np.full(count + len(held_rows) + sum(map(len, sides)), np.inf)
            rows = [each / n for each, n in zip(fit.left, noise, strict=True)]
            return np.concatenate(
                [*rows, held * fit.must, *(m @ z - r for m, r in zip(fixed, sides, strict=True))]
            )  # fmt: skip

        def slopes(z: Array) -> Array:
            rows, must = self._slopes(z)
            return np.concatenate([*(m / n for m, n in zip(rows, noise, strict=True)), held * must, *fixed])

        held_rows = self.model.fit(theta).must
        start = np.clip(theta, *_inner(self.low, self.high))
        found = least_squares(
            value, start, slopes, (self.low, self.high), x_scale="jac", max_nfev=STEPS, ftol=1e-6, xtol=1e-9, gtol=1e-12
        )
        return np.asarray(found.x)

    def _starts(self) -> list[Array]:
        """Vectors to begin from, the likeliest first: learned numbers with bounds at places all over these."""
        parts = self.parameters.parts
        free = [k for k, part in enumerate(parts) if not part.lines and np.all(np.isfinite(part.bounds))]
        initial = self.parameters.initial
        if not free:
            return [initial]
        count = TRIED[min(len(free), 2)]
        powers = np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0])  # a sequence of Weyl's
        places = (np.arange(1, count + 1)[:, None] * np.resize(powers, len(free)) + 0.5) % 1
        tried = [(np.inf, initial)]
        for place in [None, *places]:
            theta = initial.copy()
            for k, share in zip(free, place if place is not None else (), strict=False):
                theta[self.parameters.block(k)] = _between(*parts[k].bounds, float(share))
            try:
                left = self.model.fit(theta).left
            except Diverged:
                continue
            sizes = self._sizes()
            tried.append((float(sum(np.sum((a / n) ** 2) for a, n in zip(left, sizes, strict=True))), theta))
        tried.sort(key=lambda pair: pair[0])
        return [theta for _, theta in tried[:FOLLOWED]]


def _between(low: float, high: float, share: float) -> float:
    if low > 0 and high / low > DECADES:
        return float(low * (high / low) ** share)
    return low + share * (high - low)


def _inner(low: Array, high: Array) -> tuple[Array, Array]:
    """Bounds a little inside: least squares begin strictly between."""
    margin = np.where(np.isfinite(high - low), 1e-6 * (high - low), 1e-9 * np.abs(np.where(np.isfinite(low), low, 0)))
    return low + margin, high - margin


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else 0.0
