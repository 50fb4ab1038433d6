"""Trial functions: column blocks whose derivatives a solver can ask for. A field is a trial times a head."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, prod
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.networks.boxes import Sorted
from inrpde.sampling import grid_points

Array = np.ndarray
Index = tuple[int, ...]
CHUNK = 2e7
"""Numbers in a block of jets that is evaluated at once, so that memory stays small."""
MANY = 64
"""Pieces from which points are sorted to find those that lie in each."""


class Trial(ABC):
    """`width` columns φ_j(x). A subclass gives `jets`; `operator` and `apply` follow, and may be given faster."""

    width: int
    offset: complex | float = 0.0
    """What a field of the trial is counted from, a constant that is no column."""

    @abstractmethod
    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Derivatives at points (N, d): {multi-index: (N, width)}."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Arrays, numbers, strings and trials from which `from_state` of the same class makes it again."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, Any]) -> Trial:
        """The trial whose `state` this is."""

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        """Σ_α c_α(x) ∂^α φ_j(x), shape (N, width); each c_α a number or (N,)."""
        jets = self.jets(points, coefficients)
        return sum(np.reshape(c, (-1, 1)) * jets[index] for index, c in coefficients.items())

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """The field φ·head and its derivatives: {multi-index: (N,)}."""
        indices = list(indices)
        step = max(64, int(CHUNK / max(self.width * len(indices), 1)))
        parts = []
        for i in range(0, max(len(points), 1), step):
            deadline.turn()
            blocks = self.jets(points[i : i + step], indices)
            parts.append({index: block @ head for index, block in blocks.items()})
        return {index: np.concatenate([part[index] for part in parts]) for index in indices}

    def mixed(
        self, points: Array, heads: Array, group: Array, weights: Array, indices: Iterable[Index]
    ) -> dict[Index, Array]:
        """Fields whose heads differ from point to point: Σ_m w_jm φ·heads[g, m], for heads (G, M, width), the number g
        of each point's group (N,) and J mixtures w (J, N, M), and their derivatives: {multi-index: (J, N)}."""
        indices = list(indices)
        out = {index: np.zeros(weights.shape[:2], np.result_type(float, heads)) for index in indices}
        step = max(64, int(CHUNK / max(self.width * len(indices), 1)))
        for number in np.unique(group):
            rows = np.flatnonzero(group == number)
            for part in (rows[i : i + step] for i in range(0, len(rows), step)):
                deadline.turn()
                for index, block in self.jets(points[part], indices).items():
                    out[index][:, part] = np.einsum("nm,jnm->jn", block @ heads[number].T, weights[:, part])
        return out

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        """The field φ·head at the nodes of a tensor grid, in the grid's shape."""
        zero = (0,) * len(axes)
        return self.apply(grid_points(axes), head, [zero])[zero].reshape([len(axis) for axis in axes])

    def span(self, axes: Sequence[Array]) -> tuple[slice, ...]:
        """The part of a grid outside of which the columns vanish."""
        if self.reach is None:
            return (slice(None),) * len(axes)
        ends = zip(axes, *self.reach, strict=True)
        return tuple(slice(*np.searchsorted(axis, [lo, hi], side="left")) for axis, lo, hi in ends)

    @property
    def pieces(self) -> tuple[Trial, ...]:
        """The column blocks, in order."""
        return (self,)

    @property
    def amplitudes(self) -> Array:
        """How large each column's coefficient is in a smooth field, (width,): the faster it varies, the smaller."""
        return np.ones(self.width)

    def support(self, points: Array) -> Array | None:
        """The numbers of the points where the columns do not vanish; None for all."""
        return None

    @property
    def reach(self) -> tuple[Array, Array] | None:
        """The box outside of which the columns vanish, where they do so."""
        return None


@dataclass(frozen=True)
class Constant(Trial):
    """One column that is 1 everywhere: the trial of an unknown number."""

    width: int = 1

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return {index: np.full((len(points), 1), 0.0 if any(index) else 1.0) for index in indices}

    def state(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Constant:
        return cls()


@dataclass(frozen=True)
class Around(Trial):
    """What has the columns of another trial."""

    inner: Trial

    @property
    def width(self) -> int:  # type: ignore[override]
        return self.inner.width

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return self.inner.jets(points, indices)

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        return self.inner.operator(points, coefficients)

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return self.inner.apply(points, head, indices)

    def mixed(
        self, points: Array, heads: Array, group: Array, weights: Array, indices: Iterable[Index]
    ) -> dict[Index, Array]:
        return self.inner.mixed(points, heads, group, weights, indices)

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        return self.inner.on_grid(axes, head)


@dataclass(frozen=True)
class Sum(Trial):
    """Several trials side by side: the columns of each, one after the other."""

    parts: tuple[Trial, ...]

    @cached_property
    def width(self) -> int:  # type: ignore[override]
        return sum(part.width for part in self.parts)

    @cached_property
    def pieces(self) -> tuple[Trial, ...]:
        return tuple(piece for part in self.parts for piece in part.pieces)

    @property
    def amplitudes(self) -> Array:
        return np.concatenate([part.amplitudes for part in self.parts])

    def jets(self, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        indices = list(indices)
        out = {index: np.zeros((len(points), self.width)) for index in indices}
        start = 0
        for piece, rows in zip(self.pieces, supports(self.pieces, points), strict=True):
            at = slice(None) if rows is None else rows
            for index, block in piece.jets(points[at], indices).items():
                out[index][at, start : start + piece.width] = block
            start += piece.width
        return out

    def operator(self, points: Array, coefficients: Mapping[Index, float | Array]) -> Array:
        kind = np.result_type(float, *(np.asarray(c).dtype for c in coefficients.values()))
        out = np.zeros((len(points), self.width), dtype=kind)
        start = 0
        for piece, rows in zip(self.pieces, supports(self.pieces, points), strict=True):
            at = slice(None) if rows is None else rows
            out[at, start : start + piece.width] = piece.operator(points[at], restrict(coefficients, rows))
            start += piece.width
        return out

    def apply(self, points: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        return self._added(points, head, list(indices), supports(self.pieces, points))

    def _added(
        self, points: Array, head: Array, indices: Sequence[Index], found: Iterable[Array | None]
    ) -> dict[Index, Array]:
        """The field, from the numbers of the points in each piece's support."""
        out = {index: np.zeros(len(points), dtype=np.result_type(head.dtype, float)) for index in indices}
        start = 0
        for piece, rows in zip(self.pieces, found, strict=True):
            at = slice(None) if rows is None else rows
            if rows is None or len(rows):  # of very many cells most hold none of a few points
                for index, values in piece.apply(points[at], head[start : start + piece.width], indices).items():
                    out[index][at] += values
            start += piece.width
        return out

    def on_grid(self, axes: Sequence[Array], head: Array) -> Array:
        out = np.zeros([len(axis) for axis in axes], np.result_type(head.dtype, float))
        start = 0
        for piece in self.pieces:
            at = piece.span(axes)
            part = [axis[cut] for axis, cut in zip(axes, at, strict=True)]
            if all(map(len, part)):
                out[at] += piece.on_grid(part, head[start : start + piece.width])
            start += piece.width
        return out

    def state(self) -> dict[str, Any]:
        return {f"part{k}": part for k, part in enumerate(self.parts)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Sum:
        keys = sorted((key for key in state if key.startswith("part")), key=lambda key: int(key[4:]))
        return cls(tuple(state[key] for key in keys))


def supports(pieces: Sequence[Trial], points: Array) -> Iterator[Array | None]:
    """The support of each piece among the points; those of many boxes are found together."""
    index: Sorted | None = None
    for piece in pieces:
        if piece.reach is None or len(pieces) < MANY:
            yield piece.support(points)
        else:
            index = Sorted(points) if index is None else index
            yield index.inside(*piece.reach)


def restrict(coefficients: Mapping[Index, Any], rows: Array | None) -> Mapping[Index, Any]:
    """Coefficients at some of the points; numbers stay numbers."""
    if rows is None:
        return coefficients
    return {index: c[rows] if np.ndim(c) else c for index, c in coefficients.items()}


def below(index: Index) -> Iterable[Index]:
    """All multi-indices β ≤ α."""
    return itertools.product(*(range(order + 1) for order in index))


def leibniz(coefficients: Mapping[Index, Any], factor: Mapping[Index, Array]) -> dict[Index, Any]:
    """The coefficients of Σ_α c_α ∂^α(ψ φ) as an operator on φ: d_β = Σ_{α ≥ β} c_α C(α, β) ∂^{α-β}ψ."""
    out: dict[Index, Any] = {}
    for index, c in coefficients.items():
        for lower in below(index):
            rest = tuple(a - b for a, b in zip(index, lower, strict=True))
            out[lower] = out.get(lower, 0.0) + c * prod(map(comb, index, lower)) * factor[rest]
    return out


def multiplied(
    indices: Iterable[Index], factor: Mapping[Index, Array], inner: Mapping[Index, Array]
) -> dict[Index, Array]:
    """The jets of a product ψ φ from those of its factors, which hold all multi-indices below."""
    return {index: sum(c * inner[low] for low, c in leibniz({index: 1.0}, factor).items()) for index in indices}


def down_closed(indices: Iterable[Index]) -> set[Index]:
    """All multi-indices below any of those given."""
    return {lower for index in indices for lower in below(index)}
