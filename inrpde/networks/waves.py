"""Sine features sin(w·x + b) and their derivatives in closed form, ∂^α sin(w·x + b) = w^α sin(w·x + b + |α|π/2).

All derivatives of a feature come from one sine and one cosine, so a whole differential operator costs one pass over the
(N, F) array of angles, whatever its order. The arrays are worked through in blocks of rows that stay in the cache.
On a tensor grid, exponentials are products of their values along the axes, and a field is a matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce

import numpy as np

Array = np.ndarray
Index = tuple[int, ...]
BLOCK = 2**14
"""Numbers in a block of rows: a few such arrays fit a core's cache, and thin products are too small for BLAS to spread
over threads, which would wait for each other after each of them."""
GRID_BLOCK = 2**19
"""The same on a grid, where products are what takes the time, and are large enough for threads."""


def row_blocks(rows: int, width: int, numbers: int = BLOCK) -> Iterator[slice]:
    """Slices of the rows, each of about so many numbers at this width."""
    step = max(1, numbers // max(width, 1))
    return (slice(start, start + step) for start in range(0, rows, step))


def sine_cosine(angle: Array) -> tuple[Array, Array]:
    """sin and cos of one array, to 4e-16, from t = tan(angle/2): sin = 2t/(1+t²), cos = 2/(1+t²) - 1.

    numpy vectorises the tangent of doubles but not their sine: both in 2.5 ns, where `sin` and `cos` take 33.
    """
    sine = np.tan(0.5 * angle)
    cosine = sine * sine
    cosine += 1.0
    np.divide(2.0, cosine, out=cosine)
    sine *= cosine
    cosine -= 1.0
    return sine, cosine


def sine_features(points: Array, weight: Array, bias: Array, indices: Iterable[Index]) -> dict[Index, Array]:
    """Derivatives of F features at points (N, d), for weights (F, d) and biases (F,): {multi-index: (N, F)}."""
    factors = {index: _factor(weight, index) for index in indices}
    out = {index: np.empty((len(points), len(weight))) for index in factors}
    for rows, waves in _waves(points, weight, bias):
        for index, factor in factors.items():
            np.multiply(waves[sum(index) % 2], factor, out=out[index][rows])
    return out


def sine_operator(points: Array, weight: Array, bias: Array, coefficients: Mapping[Index, float | Array]) -> Array:
    """Σ_α c_α(x) ∂^α of F features at points (N, d), for c_α a number or (N,), real or complex: (N, F).

    The terms of even order multiply the sine, and those of odd order the cosine, by their Σ_α ± c_α(x) w^α.
    """
    symbols = [_symbol(weight, coefficients, parity) for parity in (0, 1)]
    out = np.zeros((len(points), len(weight)), np.result_type(float, *coefficients.values()))
    for rows, waves in _waves(points, weight, bias):
        for wave, (values, factors) in zip(waves, symbols, strict=True):
            if len(factors):
                out[rows] += wave * _product(values[rows] if len(values) > 1 else values, factors)
    return out


def sine_fields(points: Array, weight: Array, bias: Array, head: Array, indices: Iterable[Index]) -> dict[Index, Array]:
    """Derivatives of Σ_f h_f sin(w_f·x + b_f) at points (N, d), for a head h (F,), real or complex: {index: (N,)}."""
    factors = {index: _factor(weight, index) for index in indices}
    sides = [[index for index in factors if sum(index) % 2 == parity] for parity in (0, 1)]
    heads = [np.array([factors[index] * head for index in side]).reshape(-1, len(weight)) for side in sides]
    out = {index: np.empty(len(points), np.result_type(float, head)) for index in factors}
    for rows, waves in _waves(points, weight, bias):
        for wave, side, columns in zip(waves, sides, heads, strict=True):
            for index, values in zip(side, _product(columns, wave.T), strict=True):
                out[index][rows] = values
    return out


def field_on_grid(axes: Sequence[Array], frequencies: Array, phases: Array, head: Array) -> Array:
    """Im Σ_f h_f exp(z_f·x + iφ_f) on the grid of `axes`, for complex frequencies z (F, d), phases φ (F,) and a real or
    complex head (F,): an array of the grid's shape. A complex head multiplies the imaginary parts. The axes are parted
    in two, so that there are as few products of exponentials as can be."""
    waves = [np.exp(np.multiply.outer(axis, z)) for axis, z in zip(axes, frequencies.T, strict=True)]
    lengths = [len(axis) for axis in axes]
    ways = range(max(len(axes) - 1, 1), 0, -1)
    split = min(ways, key=lambda k: math.prod(lengths[:k]) + math.prod(lengths[k:]))
    first, last = (waves[:split], waves[split:]) if len(axes) > 1 else ([np.ones((1, len(phases)))], waves)
    sides = [head.real, head.imag] if np.iscomplexobj(head) else [head]
    parts = [(side * np.exp(1j * phases) * _outer(last, slice(None))).T for side in sides]
    columns = np.hstack([np.vstack([part.imag, part.real]) for part in parts])
    out = np.empty((math.prod(len(wave) for wave in first), columns.shape[1]))
    for rows in row_blocks(len(out), len(phases), GRID_BLOCK):
        factor = _outer(first, rows)
        np.matmul(np.hstack([factor.real, factor.imag]), columns, out=out[rows])
    found = np.hsplit(out, len(sides))
    return (found[0] if len(found) == 1 else found[0] + 1j * found[1]).reshape(lengths)


def _outer(waves: Sequence[Array], rows: slice) -> Array:
    """The products of the waves (n, F) of several axes at some nodes of their grid, (rows, F)."""
    shape = [len(wave) for wave in waves]
    numbers = np.unravel_index(np.arange(math.prod(shape))[rows], shape)
    return reduce(np.multiply, (wave[at] for wave, at in zip(waves, numbers, strict=True)))


def _waves(points: Array, weight: Array, bias: Array) -> Iterator[tuple[slice, tuple[Array, Array]]]:
    """Blocks of rows, and the sine and the cosine of their angles."""
    augmented = np.column_stack([points, np.ones(len(points))])  # one thin product: many times faster than x @ w.T + b
    waves = np.vstack([weight.T, bias])
    for rows in row_blocks(len(points), len(weight)):
        yield rows, sine_cosine(augmented[rows] @ waves)


def _symbol(weight: Array, coefficients: Mapping[Index, float | Array], parity: int) -> tuple[Array, Array]:
    """The c_α (1 or N, K) and the ± w^α (K, F) of the K terms whose order has this parity."""
    terms = {index: np.atleast_1d(c) for index, c in coefficients.items() if sum(index) % 2 == parity}
    if not terms:
        return np.empty((1, 0)), np.empty((0, len(weight)))
    return np.stack(np.broadcast_arrays(*terms.values()), axis=1), np.stack([_factor(weight, index) for index in terms])


def _factor(weight: Array, index: Index) -> Array:
    """w^α with the sign of the wave that the derivative turns into: sin, cos, -sin, -cos."""
    sign = -1.0 if sum(index) % 4 >= 2 else 1.0
    return sign * np.prod(weight ** np.asarray(index), axis=1)


def _product(left: Array, right: Array) -> Array:
    """left @ right, for a left that may be complex and a right that stays real."""
    if np.iscomplexobj(left):
        return left.real @ right + 1j * (left.imag @ right)
    return left @ right
