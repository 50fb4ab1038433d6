"""The coefficients of rows of first derivatives at points: of each unknown's value and gradient.

Where they depend on the unknowns, these have random values, the same in all rows at as many points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form, Row

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Of an equation at N points, for M unknowns: `second` (M, d, d, N) is ∂F_k/∂(∂_l u), `flux` (M, d, N) is ∂F_k/∂u,
    `first` (M, d, N) and `zeroth` (M, N) are those of the rest."""

    second: Array
    flux: Array
    first: Array
    zeroth: Array

    @property
    def size(self) -> Array:
        """Of the second-order coefficients of each unknown, (M,)."""
        found: Array = np.abs(self.second).sum(axis=(1, 2)).mean(axis=1)
        return found

    @property
    def held(self) -> Array:
        """Which unknowns are in it, bool (M,)."""
        parts = (self.second, self.flux, self.first, self.zeroth)
        return np.any([np.abs(part.reshape(len(part), -1)).max(axis=1) > 0 for part in parts], axis=0)

    def definite(self, unknown: int) -> complex:
        """The trace of its second-order coefficients: below zero where -F·∇v is coercive."""
        return complex(np.trace(self.second[unknown]).mean())


def coefficients(form: Form, rows: tuple[Row, ...], points: Array) -> Coefficients:
    """Those of an equation of rows (F_1, …, F_d, r) at points (N, d)."""
    *fluxes, rest = (slopes(form, row, points) for row in rows)
    outer = np.stack(fluxes, axis=1)
    return Coefficients(outer[:, :, 1:], outer[:, :, 0], rest[:, 1:], rest[:, 0])


def slopes(form: Form, row: Row, points: Array, normals: Array | None = None) -> Array:
    """Of a row at points (N, d), by the value and the gradient of M unknowns (M, 1 + d, N); 0 where it is no number."""
    state = np.random.default_rng(0).standard_normal((len(form.unknowns), 1 + form.space.dim, len(points)))
    env = form.environment(row, points, normals, {})
    env |= {symbol: state[jet.unknown, _place(jet.index)] for symbol, jet in row.jets.items()}
    out = np.zeros(state.shape, complex)
    for symbol, slope in row.tangents(env).items():
        jet = row.jets[symbol]
        out[jet.unknown, _place(jet.index)] += np.nan_to_num(slope, posinf=0.0, neginf=0.0)
    return out


def _place(index: tuple[int, ...]) -> int:
    """Of a derivative of first order at most: 0 for the value."""
    return 1 + index.index(1) if any(index) else 0
