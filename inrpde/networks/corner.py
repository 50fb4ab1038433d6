"""Singular functions at a corner: z^λ and z^n log z, with z the complex coordinate turned so that the cut lies outside.

At a corner of interior angle ω between Dirichlet or Neumann walls the solutions of elliptic equations behave like
r^λ sin(λθ) or r^λ cos(λθ), λ = kπ/ω, or (k - 1/2)π/ω where the kinds differ, with logarithms where λ is whole
(Grisvard 1985, chapter 4). Features that are smooth cannot stand in for them: least squares on the strong residual
would settle on a wrong function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

import numpy as np

from inrpde.networks.trial import Array, Index, Trial


@dataclass(frozen=True)
class Mode:
    """Re(e^{iφ} z^power z̄^bar), times log z where `log`."""

    power: float
    phase: float
    bar: int = 0
    log: bool = False


@dataclass(frozen=True)
class CornerFunctions(Trial):
    """Modes at `point`, with z = ((x + iy) - point) e^{-i axis} / size, `axis` the direction of the bisector."""

    point: tuple[float, float]
    axis: float
    size: float
    modes: tuple[Mode, ...]

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.modes)

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        turn = np.exp(-1j * self.axis) / self.size
        z = ((points[:, 0] - self.point[0]) + 1j * (points[:, 1] - self.point[1])) * turn
        z = np.where(np.abs(z) < 1e-12, 1e-12, z)
        log = np.log(z)
        out = {}
        for index in indices:
            columns = [self._derivative(mode, z, log, index[:2], turn) for mode in self.modes]
            late = any(index[2:])  # constant in whatever comes after the plane
            out[index] = np.stack(columns, axis=1) if not late else np.zeros((len(points), self.width))
        return out

    def _derivative(self, mode: Mode, z: Array, log: Array, index: Index, turn: complex) -> Array:
        """∂x = t∂ + t̄∂̄ and ∂y = i(t∂ - t̄∂̄), for t the turn; ∂ and ∂̄ act on the powers of z and z̄."""
        a, b = index
        total = np.zeros(len(z), dtype=complex)
        for p in range(a + 1):
            for q in range(b + 1):
                bars = p + q
                if bars > mode.bar:
                    continue
                rest = a + b - bars
                factor = comb(a, p) * comb(b, q) * 1j**b * (-1) ** q * turn**rest * np.conj(turn) ** bars
                conjugate = _falling(mode.bar, bars) * np.conj(z) ** (mode.bar - bars)
                total += factor * self._holomorphic(mode, z, log, rest) * conjugate
        return np.real(np.exp(1j * mode.phase) * total)

    def _holomorphic(self, mode: Mode, z: Array, log: Array, order: int) -> Array:
        """d^order/dz^order of z^power (log z)."""
        power = np.exp((mode.power - order) * log)
        if not mode.log:
            return _falling(mode.power, order) * power
        extra = 0.0
        for m in range(order):
            extra = (mode.power - m) * extra + _falling(mode.power, m)
        return (_falling(mode.power, order) * log + extra) * power

    @cached_property
    def _table(self) -> Array:
        return np.array([(m.power, m.phase, m.bar, m.log) for m in self.modes], dtype=float)

    def state(self) -> dict[str, Any]:
        return {"point": np.array(self.point), "axis": self.axis, "size": self.size, "modes": self._table}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CornerFunctions:
        modes = tuple(Mode(float(p), float(f), int(b), bool(g)) for p, f, b, g in np.asarray(state["modes"]))
        x, y = state["point"]
        return cls((float(x), float(y)), float(state["axis"]), float(state["size"]), modes)


def _falling(x: float, n: int) -> float:
    """x (x - 1) … (x - n + 1)."""
    return float(np.prod([x - k for k in range(n)])) if n else 1.0


def pole_modes(count: int) -> tuple[Mode, ...]:
    """Re and Im of z^{-n} with the next term of their series, and log r: what a hole round z = 0 excites."""
    modes = [Mode(0, 0.0, 0, True), Mode(1, 0.0, 1, True)]
    for n in range(1, count + 1):
        modes += [Mode(-n, 0.0), Mode(-n, np.pi / 2), Mode(1 - n, 0.0, 1), Mode(1 - n, np.pi / 2, 1)]
    return tuple(mode for mode in modes if mode.log or mode.power < 0 or mode.bar)


def corner_modes(angle: float, kinds: tuple[str, str], count: int) -> tuple[Mode, ...]:
    """The first `count` exponents between walls of the given kinds ("value" or "slope"), the first wall being the one
    from which the region opens; each with the next term of its own series, and logarithms where the exponent is whole.
    """
    mixed = kinds[0] != kinds[1]
    modes: list[Mode] = []
    for k in range(1, count + 1):
        power = (k - 0.5 * mixed) * np.pi / angle
        phase = power * angle / 2 - (np.pi / 2 if kinds[0] == "value" else 0.0)
        if abs(power - round(power)) < 1e-6:
            if power < 6:  # Re(e^{iφ} z^n log z): what data that do not match at the corner excite
                modes += [Mode(round(power), phase, 0, True), Mode(round(power), phase + np.pi / 2, 0, True)]
        else:
            modes += [Mode(power, phase), Mode(power + 1, phase, 1)]
    return tuple(modes)
