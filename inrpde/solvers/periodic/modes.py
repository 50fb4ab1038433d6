"""Fourier modes in a box, and their values on a grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np
from scipy import fft
from threadpoolctl import threadpool_info

from inrpde.sampling import grid_points

Array = np.ndarray
Index = tuple[int, ...]
PADDING = 1.25
"""The grid's nodes beside the modes. With 3/2 products of two fields put nothing where it does not belong (Orszag
1971); with this only products of modes beyond 3/4 of the highest do, which are small where that is."""
WORTHWHILE = 2**15
"""Nodes of a grid from which threads pay; chosen."""


@dataclass(frozen=True, eq=False)
class Modes:
    """exp(i k·(x - lo)) in a box of the extent `length` (d,), for whole numbers up to `most` (d,) along each
    coordinate, from 0 and then from -most; of real fields those that are not negative along the last one."""

    lo: Array
    length: Array
    most: tuple[int, ...]
    real: bool

    @cached_property
    def numbers(self) -> list[Array]:
        """The whole numbers along each coordinate."""
        found = [np.concatenate([np.arange(n + 1), np.arange(-n, 0)]) for n in self.most]
        return [*found[:-1], np.arange(self.most[-1] + 1)] if self.real else found

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(map(len, self.numbers))

    @property
    def size(self) -> int:
        return prod(self.shape)

    @cached_property
    def frequencies(self) -> list[Array]:
        """The wave numbers along each coordinate, so that they spread over the shape."""
        dim = len(self.most)
        found = zip(self.numbers, self.length, strict=True)
        return [(2 * np.pi / length * n).reshape([-1 if i == k else 1 for i in range(dim)])
                for k, (n, length) in enumerate(found)]  # fmt: skip

    def factor(self, index: Index) -> Array:
        """What a derivative multiplies each mode by, of a shape that spreads over the modes'."""
        out = np.ones((1,) * len(index), complex)
        for k, order in zip(self.frequencies, index, strict=True):
            out = out * (1j * k) ** order if order else out
        return out

    @cached_property
    def weights(self) -> Array:
        """How many modes of a field each stands for."""
        last = np.where(self.numbers[-1] > 0, 2.0, 1.0) if self.real else np.ones(self.shape[-1])
        return np.broadcast_to(last, self.shape)

    def sizes(self, spectra: Array) -> Array:
        """The root mean square (U,) of fields."""
        squares = np.abs(spectra) ** 2 * self.weights
        return np.sqrt(squares.reshape(len(spectra), -1).sum(axis=1))

    def symmetric(self, spectra: Array) -> Array:
        """Those of real fields: of the modes that are there with their negatives, the part that is conjugate to
        them."""
        if not self.real:
            return spectra
        plane = spectra[..., 0]
        mirror = plane
        for axis in range(1, len(self.shape)):
            mirror = np.roll(np.flip(mirror, -axis), 1, -axis)
        spectra[..., 0] = (plane + mirror.conj()) / 2
        return spectra

    @cached_property
    def grid(self) -> tuple[int, ...]:
        """Nodes along each coordinate."""
        return tuple(fft.next_fast_len(int(np.ceil(PADDING * (2 * n + 1))), real=self.real) for n in self.most)

    @cached_property
    def axes(self) -> list[Array]:
        return [lo + length * np.arange(n) / n for lo, length, n in zip(self.lo, self.length, self.grid, strict=True)]

    @property
    def points(self) -> Array:
        """The nodes (P, d)."""
        return grid_points(self.axes)

    def values(self, spectra: Array) -> Array:
        """The fields (..., *grid) of spectra (..., *shape)."""
        shape = (*self.grid[:-1], self.grid[-1] // 2 + 1) if self.real else self.grid
        padded = np.zeros((*spectra.shape[: -len(shape)], *shape), complex)
        for here, there in self._blocks(shape):
            padded[there] = spectra[here]
        over = tuple(range(-len(shape), 0))
        if self.real:
            return fft.irfftn(padded, self.grid, over, norm="forward", overwrite_x=True, workers=self._workers)
        return fft.ifftn(padded, axes=over, norm="forward", overwrite_x=True, workers=self._workers)

    def spectra(self, values: Array) -> Array:
        """The spectra (..., *shape) of fields (..., *grid)."""
        over = tuple(range(-len(self.shape), 0))
        transform = fft.rfftn if self.real else fft.fftn
        found = transform(values, axes=over, norm="forward", workers=self._workers)
        out = np.empty((*values.shape[: -len(self.shape)], *self.shape), complex)
        for here, there in self._blocks(found.shape[-len(self.shape) :]):
            out[here] = found[there]
        return out

    def moved(self, spectra: Array, other: Modes) -> Array:
        """The spectra (..., *shape) on other modes of the same box: those that both have."""
        out = np.zeros((*spectra.shape[: -len(self.shape)], *other.shape), complex)
        both = [np.intersect1d(mine, theirs) for mine, theirs in zip(self.numbers, other.numbers, strict=True)]
        out[other._at(both)] = spectra[self._at(both)]
        return out

    def tails(self, spectra: Array, share: float) -> Array:
        """The root mean square (d, U) of what lies beyond a share of the numbers along each coordinate."""
        pairs = zip(self._beyond(spectra), self.most, strict=True)
        return np.array([beyond[:, min(int(share * most) + 1, most + 1)] for beyond, most in pairs])

    def needed(self, spectra: Array, limits: Array) -> Array:
        """The whole numbers (d,) along each coordinate beyond which no more than limits (U,) lies."""
        return np.array(
            [np.max(np.sum(beyond > limits[:, None], axis=1), initial=1) - 1 for beyond in self._beyond(spectra)]
        )

    def _beyond(self, spectra: Array) -> Iterator[Array]:
        """Of each coordinate the root mean square (U, most + 2) of what has a number n or a larger one, for every n."""
        squares, dim = np.abs(spectra) ** 2 * self.weights, len(self.shape)
        for k, (numbers, most) in enumerate(zip(self.numbers, self.most, strict=True)):
            along = squares.sum(axis=tuple(1 + i for i in range(dim) if i != k))
            sums = np.zeros((len(along), most + 2))
            np.add.at(sums.T, np.abs(numbers), along.T)
            yield np.sqrt(np.cumsum(sums[:, ::-1], axis=1)[:, ::-1])

    @cached_property
    def _workers(self) -> int:
        """Threads for a transform: as many as linear algebra has, where they pay."""
        if prod(self.grid) < WORTHWHILE:
            return 1
        return max([each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"], default=1)

    def _at(self, numbers: Sequence[Array]) -> Any:
        """Where modes of all products of whole numbers lie."""
        places = (each % len(own) for each, own in zip(numbers, self.numbers, strict=True))
        return (..., *np.ix_(*places))

    def _blocks(self, padded: Sequence[int]) -> Iterator[tuple[Any, Any]]:
        """Where the modes lie in their own shape, and in a larger one."""
        along = []
        for mine, n, whole in zip(self.numbers, self.most, padded, strict=True):
            first = (slice(0, n + 1), slice(0, n + 1))
            rest = (slice(n + 1, 2 * n + 1), slice(whole - n, whole))
            along.append([first, rest] if mine[-1] < 0 else [first])
        for choice in product(*along):
            yield (..., *(a for a, _ in choice)), (..., *(b for _, b in choice))


def leading(numbers: Array) -> Array:
    """The sign of the last of whole numbers (M, d) that is not 0: of k and -k it is positive for one."""
    first = np.zeros(len(numbers), int)
    for column in numbers.T:
        first = np.where(column != 0, np.sign(column), first)
    return first
