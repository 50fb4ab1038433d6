"""Jets: a function's value together with its derivatives, carried forward through a network.

A jet is a dict from *slots* to arrays of shape (N, width). A slot is a multi-index α, for ∂^α, or a `Combination` of
several: one array in place of many. A slot that is missing is zero, and an array with N = 1 is the same at every
point, so that the first layer, whose input is x, costs next to nothing. The functions take numpy arrays and torch
tensors alike; what they do with tensors can be differentiated in every way that torch knows.

With s = f(z), f' = f'(z) and α = γ + e_i, the Leibniz rule for ∂_i s = f' ∂_i z is

    ∂^α s = Σ_{β ≤ γ} C(γ, β) ∂^{α-β} z · ∂^β f',

each derivative of s from lower ones of f', which follow in turn from those of s (Griewank and Walther, Evaluating
Derivatives, 2008, chapter 13). Which products these are depends on the slot alone and is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import comb, prod
from typing import Any, NamedTuple

import numpy as np

from inrpde.networks.waves import sine_cosine

Array = Any  # numpy.ndarray or torch.Tensor
Index = tuple[int, ...]


@dataclass(frozen=True)
class Combination:
    """The operator Σ coefficient · ∂^index, for `terms` (index, coefficient): no index zero, coefficients numbers.

    A Laplacian in d dimensions takes one array where its terms take d.
    """

    terms: tuple[tuple[Index, float], ...]


Slot = Index | Combination
Jet = Mapping[Slot, Array]


class Product(NamedTuple):
    """coefficient · left[slot] · right[slot]."""

    coefficient: float
    left: Slot
    right: Slot


# -- which slots and which products


def closure(wanted: Iterable[Slot]) -> tuple[Slot, ...]:
    """The slots that `wanted` needs: down-closed, zero first, by total order and then lexicographic, combinations last.

    A combination needs what lies strictly below its terms, not the terms.
    """
    indices: set[Index] = set()
    combinations: dict[Combination, None] = {}
    for slot in wanted:
        if isinstance(slot, Combination):
            combinations[slot] = None
            for index, _ in slot.terms:
                indices |= set(_below(index)) - {index}
        else:
            indices |= set(_below(slot))
    return (*sorted(indices, key=lambda index: (sum(index), index)), *combinations)


@lru_cache(maxsize=4096)
def chain(slot: Slot) -> tuple[Product, ...]:
    """The terms of `slot` of f(z), for left the jet of z and right that of f'(z)."""
    if isinstance(slot, Combination):
        return _combined(slot, chain)
    axis = min((k for k, order in enumerate(slot) if order), key=slot.__getitem__)  # the fewest terms
    return _products(tuple(order - (k == axis) for k, order in enumerate(slot)), slot)


@lru_cache(maxsize=4096)
def leibniz(slot: Slot) -> tuple[Product, ...]:
    """The terms of `slot` of the product of left and right."""
    if isinstance(slot, Combination):
        return (*_combined(slot, leibniz), Product(1, _zero(slot), slot))
    return _products(slot, slot)


@lru_cache(maxsize=256)
def slopes(slots: tuple[Slot, ...]) -> frozenset[Slot]:
    """The slots of f'(z) from which all `slots` of f(z) follow."""
    return frozenset(term.right for slot in slots[1:] for term in chain(slot))


def _products(upper: Index, slot: Index) -> tuple[Product, ...]:
    """Σ_{β ≤ upper} C(upper, β) left^{slot-β} right^β."""
    return tuple(Product(prod(map(comb, upper, lower)), _minus(slot, lower), lower) for lower in _below(upper))


def _combined(slot: Combination, rule: Callable[[Index], tuple[Product, ...]]) -> tuple[Product, ...]:
    """The terms of a combination but for those with the value of the left: all with the value of the right are one."""
    terms: dict[tuple[Slot, Slot], float] = {}
    for index, coefficient in slot.terms:
        for weight, left, right in rule(index):
            if left != _zero(slot) != right:
                terms[left, right] = terms.get((left, right), 0) + coefficient * weight
    return (Product(1, slot, _zero(slot)), *(Product(weight, *pair) for pair, weight in terms.items()))


def _zero(slot: Combination) -> Index:
    return (0,) * len(slot.terms[0][0])


def _below(index: Index) -> Iterable[Index]:
    return product(*(range(order + 1) for order in index))


def _minus(left: Index, right: Index) -> Index:
    return tuple(a - b for a, b in zip(left, right, strict=True))


# -- what a jet goes through


def inputs(points: Array, frame: Array, slots: Sequence[Slot]) -> dict[Slot, Array]:
    """The jet of an affine function of x, from its values at points (N, k) and its derivatives `frame` (d, k)."""
    jet = {slots[0]: points}
    for slot in slots[1:]:
        terms = slot.terms if isinstance(slot, Combination) else ((slot, 1),)
        rows = [coefficient * frame[index.index(1)] for index, coefficient in terms if sum(index) == 1]
        if rows:
            jet[slot] = sum(rows[1:], rows[0])[None]
    return jet


def affine(jet: Jet, weight: Array, bias: Array | None = None) -> dict[Slot, Array]:
    """The jet of weight·z + bias, for weight (width, k) and bias (width,). The first slot of a jet is the value."""
    out = {slot: array @ weight.T for slot, array in jet.items()}
    if bias is not None:
        out[next(iter(out))] += bias
    return out


def sine(jet: Jet, slots: tuple[Slot, ...]) -> dict[Slot, Array]:
    """The given slots, as of `closure`, of sin z."""
    zero, *rest = slots
    value, slope = sine_cosine(jet[zero]) if isinstance(jet[zero], np.ndarray) else (jet[zero].sin(), jet[zero].cos())
    values, slopes_ = {zero: value}, {zero: slope}
    for slot in rest:
        values[slot] = _total(chain(slot), jet, slopes_)
        if slot in slopes(slots):
            slopes_[slot] = -_total(chain(slot), jet, values)
    return values


def tanh(jet: Jet, slots: tuple[Slot, ...]) -> dict[Slot, Array]:
    """The given slots, as of `closure`, of tanh z, whose slope is 1 - tanh² z."""
    zero, *rest = slots
    value = np.tanh(jet[zero]) if isinstance(jet[zero], np.ndarray) else jet[zero].tanh()
    values, slopes_ = {zero: value}, {zero: 1 - value * value}
    for slot in rest:
        values[slot] = _total(chain(slot), jet, slopes_)
        if slot in slopes(slots):
            slopes_[slot] = -_total(leibniz(slot), values, values)
    return values


def relu(jet: Jet, slots: tuple[Slot, ...]) -> dict[Slot, Array]:
    """The given slots, as of `closure`, of max(z, 0), whose slope is a step (0 at 0)."""
    value = jet[slots[0]]
    return {slot: (value > 0) * jet[slot] if slot in jet else 0.0 * value for slot in slots}


ACTIVATIONS: Mapping[str, Callable[[Jet, tuple[Slot, ...]], dict[Slot, Array]]] = {
    "sine": sine,
    "tanh": tanh,
    "relu": relu,
}


def propagate(
    jet: Jet, layers: Iterable[tuple[Array, Array]], slots: tuple[Slot, ...], activation: str = "sine"
) -> Jet:
    """A jet taken through layers (weight (width, k), bias (width,)), each an affine map and an activation."""
    for weight, bias in layers:
        jet = ACTIVATIONS[activation](affine(jet, weight, bias), slots)
    return jet


def _total(terms: tuple[Product, ...], left: Jet, right: Jet) -> Array:
    total = None
    for coefficient, a, b in terms:
        if a in left and b in right:
            term = left[a] * right[b]
            if coefficient != 1:
                term = coefficient * term
            total = term if total is None else total + term
    return total
