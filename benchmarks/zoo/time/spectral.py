"""Fourier, cosine and Chebyshev series on boxes, and the exponential Runge–Kutta method of order 4 for them.

Cox and Matthews (2002), with the coefficients of Kassam and Trefethen (2005), in bases in which the second
derivative is diagonal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

Array = np.ndarray
CIRCLE = np.exp(2j * np.pi * (np.arange(32) + 0.5) / 32)
"""Points of the contour round each number that the coefficients are means over."""


@dataclass(frozen=True, eq=False)
class Axis:
    """A basis on an interval: `nodes` (n,), `rates` (n,) of its functions under the second derivative, `basis(x, k)`
    their k-th derivatives (N, n)."""

    nodes: Array
    rates: Array
    basis: Callable[[Array, int], Array]

    @cached_property
    def synthesis(self) -> Array:
        return self.basis(self.nodes, 0)

    @cached_property
    def analysis(self) -> Array:
        return np.linalg.inv(self.synthesis)

    @cached_property
    def slope(self) -> Array:
        """The derivative (n, n) of values at the nodes."""
        return self.basis(self.nodes, 1) @ self.analysis


def fourier(lo: float, hi: float, half: int) -> Axis:
    """Periodic, with 2 `half` + 1 functions."""
    wave = 2 * np.pi / (hi - lo) * np.concatenate([np.arange(half + 1), np.arange(1, half + 1)])
    phase = np.where(np.arange(2 * half + 1) > half, np.pi / 2, 0.0)
    return _cosines(lo, lo + (hi - lo) * np.arange(2 * half + 1) / (2 * half + 1), wave, phase)


def cosine(lo: float, hi: float, n: int) -> Axis:
    """No slope at the ends."""
    return _cosines(lo, lo + (hi - lo) * (np.arange(n) + 0.5) / n, np.pi * np.arange(n) / (hi - lo), np.zeros(n))


def _cosines(lo: float, nodes: Array, wave: Array, phase: Array) -> Axis:
    def basis(x: Array, order: int) -> Array:
        return wave**order * np.cos(np.multiply.outer(x - lo, wave) - phase + order * np.pi / 2)

    return Axis(nodes, -(wave**2), basis)


def chebyshev(lo: float, hi: float, n: int) -> Axis:
    """Zero at the ends: the eigenvectors of the second derivative on n + 1 Chebyshev points."""
    x = (lo + hi) / 2 - (hi - lo) / 2 * np.cos(np.pi * np.arange(n + 1) / n)
    weights = (-1.0) ** np.arange(n + 1) * np.where(np.arange(n + 1) % n, 1, 0.5)
    gaps = x[:, None] - x + np.eye(n + 1)
    slope = weights / weights[:, None] / gaps * (1 - np.eye(n + 1))
    slope -= np.diag(slope.sum(axis=1))
    rates, modes = np.linalg.eig((slope @ slope)[1:-1, 1:-1])
    modes = np.vstack([0 * rates, modes, 0 * rates]).real

    def basis(at: Array, order: int) -> Array:
        gap = np.subtract.outer(at, x)
        on = np.abs(gap) < 1e-14 * (hi - lo)
        share = weights / np.where(on, 1, gap)
        share = np.where(on.any(axis=1, keepdims=True), on, share)
        values = share / share.sum(axis=1, keepdims=True)
        return values @ np.linalg.matrix_power(slope, order) @ modes

    return Axis(x[1:-1], rates.real, basis)


def lobatto(lo: float, hi: float, n: int) -> tuple[Array, Array, Array, Callable[[Array], Array]]:
    """n + 1 points of Gauss, Lobatto and Legendre: nodes, weights, the slope (n + 1, n + 1) and values elsewhere."""
    legendre = np.polynomial.legendre.Legendre.basis(n)
    x = np.concatenate([[-1.0], np.sort(legendre.deriv().roots().real), [1.0]])
    ends = np.polynomial.legendre.legvander(x, n)
    slope = np.polynomial.legendre.legval(x, np.polynomial.legendre.legder(np.eye(n + 1))).T @ np.linalg.inv(ends)

    def at(places: Array) -> Array:
        z = (2 * places - lo - hi) / (hi - lo)
        return np.polynomial.legendre.legvander(z, n) @ np.linalg.inv(ends)

    return (lo + hi) / 2 + (hi - lo) / 2 * x, (hi - lo) / (n * (n + 1) * ends[:, -1] ** 2), 2 / (hi - lo) * slope, at


@dataclass(frozen=True, eq=False)
class Box:
    """Fields (F, n, …) on the nodes of a product of axes."""

    axes: Sequence[Axis]

    @cached_property
    def nodes(self) -> list[Array]:
        return np.meshgrid(*(axis.nodes for axis in self.axes), indexing="ij")

    @cached_property
    def laplace(self) -> Array:
        return reduce(np.add.outer, [axis.rates for axis in self.axes])

    def analysed(self, values: Array) -> Array:
        return self._along(values, [axis.analysis for axis in self.axes])

    def synthesised(self, found: Array) -> Array:
        return self._along(found, [axis.synthesis for axis in self.axes])

    def slope(self, values: Array, k: int) -> Array:
        """The derivative along an axis of values at the nodes."""
        return _times(values, self.axes[k].slope, k + 1)

    @staticmethod
    def _along(values: Array, matrices: list[Array]) -> Array:
        for k, matrix in enumerate(matrices):
            values = _times(values, matrix, k + 1)
        return values

    def at(self, found: Array, places: Array) -> Array:
        """Values (F, N) at places (N, d)."""
        bases = [axis.basis(x, 0) for axis, x in zip(self.axes, places.T, strict=True)]
        out = np.einsum("ni,fi...->nf...", bases[0], found)
        for basis in bases[1:]:
            out = np.einsum("ni,nfi...->nf...", basis, out)
        return out.T

    def marched(
        self, linear: Array, rest: Callable[[float, Array], Array], start: Array, times: Array, places: Array,
        step: float,
    ) -> Array:  # fmt: skip
        """u' = linear u + rest(t, u), `linear` (F, n, …) on the basis, `rest` on values at the nodes, as is `start`:
        values (F, K, n) at times (K,) and places (K, n, d), by steps of about `step`."""

        def forced(time: float, found: Array) -> Array:
            return self.analysed(rest(time, self.synthesised(found)))

        found, now, values = self.analysed(start), 0.0, []
        for time, there in zip(times, places, strict=True):
            steps = max(1, int(np.ceil((time - now) / step)))
            h = (time - now) / steps
            found = _exponential(linear, forced, found, now, h, steps)
            now = time
            values.append(self.at(found, there))
        return np.stack(values, axis=1)


def _times(values: Array, matrix: Array, k: int) -> Array:
    return np.moveaxis(np.moveaxis(values, k, -1) @ matrix.T, -1, k)


def _exponential(linear: Array, forced: Callable, found: Array, now: float, h: float, steps: int) -> Array:
    whole, half = np.exp(h * linear), np.exp(h * linear / 2)
    one, two, three, four = (np.zeros(linear.shape) for _ in range(4))
    for r in CIRCLE:
        z = h * linear + r
        e = np.exp(z)
        one += ((np.exp(z / 2) - 1) / z).real
        two += ((-4 - z + e * (4 - 3 * z + z**2)) / z**3).real
        three += ((2 + z + e * (z - 2)) / z**3).real
        four += ((-4 - 3 * z - z**2 + e * (4 - z)) / z**3).real
    one, two, three, four = (h / len(CIRCLE) * each for each in (one, two, three, four))
    for k in range(steps):
        t = now + k * h
        n = forced(t, found)
        a = half * found + one * n
        na = forced(t + h / 2, a)
        b = half * found + one * na
        nb = forced(t + h / 2, b)
        c = half * a + one * (2 * nb - n)
        nc = forced(t + h, c)
        found = whole * found + two * n + 2 * three * (na + nb) + four * nc
    return found
