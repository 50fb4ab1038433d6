"""The jets of a whole sine network and their gradient, block of points by block of points.

Done by single torch operations, a network's jets are bound by memory: every product is a fresh array of N × width
numbers, and most are kept for the way back. Here a block of points goes through all layers while it is in the cache,
and only the jets z of the angles are kept. On the way back sines and cosines are made again, and the cotangent of sin z
is pulled back to z by δ sin z = cos z · δz, a product of jets.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from inrpde.networks.jets import Product, Slot, affine, chain, closure, inputs, leibniz, slopes

BLOCK_BYTES = 2**18
"""Size of one array of a block (n, width): a core's cache holds those of an operation."""

Layers = Sequence[tuple[Tensor, Tensor]]
Result = TypeVar("Result")


def sine_network(
    points: Tensor, frame: Tensor, layers: Layers, head: Tensor, wanted: Sequence[Slot]
) -> dict[Slot, Tensor]:
    """Jets of head · sin(W_L … sin(W_1 y + b_1) … + b_L), where y is affine in x.

    points: y (N, k); frame: ∂y/∂x (d, k); layers: W (width, k or width) and b (width,); head (m, width).
    Returns {slot: (N, m)} for the `wanted` slots, once differentiable with respect to layers and head.
    """
    parameters = [head, *(tensor for layer in layers for tensor in layer)]
    keep = torch.is_grad_enabled() and any(parameter.requires_grad for parameter in parameters)
    return dict(zip(wanted, _SineNetwork.apply(tuple(wanted), keep, points, frame, *parameters), strict=True))


class _SineNetwork(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, wanted: tuple[Slot, ...], keep: bool, points: Tensor, frame: Tensor, *parameters: Tensor
    ) -> Any:
        slots = closure(wanted)
        head, layers = _unpack(parameters)
        first = _First(points, frame, layers[0], slots)
        shares, size = _shares(points, head, slots)
        kept = _reserve(head, len(layers) - 1, len(slots) * len(points), head.shape[1]) if keep else None
        out = head.new_empty(len(wanted), len(points), len(head))

        def work(blocks: Sequence[slice]) -> None:
            s_, c_, z_ = (head.new_empty(size, head.shape[1]) for _ in range(3))
            for block in blocks:
                s, c = _Stack(s_, slots, block), _Stack(c_, slots, block)
                _sine(slots, slopes(slots), first.angle(block), s.at, c.at)
                for k, (weight, bias) in enumerate(layers[1:]):
                    z = _Stack(z_, slots, block) if kept is None else _Stack(kept[k], slots, block, block.start)
                    torch.mm(s.flat, weight.T, out=z.flat)
                    z.at[slots[0]].add_(bias)
                    _sine(slots, slopes(slots), z.at, s.at, c.at)
                for k, slot in enumerate(wanted):
                    torch.mm(s.at[slot], head.T, out=out[k, block])

        _on_threads(work, shares)
        ctx.save_for_backward(points, frame, *parameters)
        ctx.wanted, ctx.slots, ctx.kept, ctx.shares, ctx.size = wanted, slots, kept, shares, size
        ctx.set_materialize_grads(False)
        return tuple(out)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *cotangents: Tensor | None) -> Any:
        points, frame, *parameters = ctx.saved_tensors
        slots, kept = ctx.slots, ctx.kept
        zero = slots[0]
        head, layers = _unpack(parameters)
        first = _First(points, frame, layers[0], slots)
        given = {slot: g for slot, g in zip(ctx.wanted, cotangents, strict=True) if g is not None}
        pulls = [_adjoint(slots, slots, first.slots), *(len(layers) - 2) * [_adjoint(slots, slots, slots)]]
        pulls.append(_adjoint(slots, tuple(given), slots if len(layers) > 1 else first.slots))
        pulls = pulls[-len(layers) :]

        def work(blocks: Sequence[slice]) -> list[Tensor]:
            gradients = [torch.zeros_like(parameter) for parameter in parameters]
            to_head, to_layers = _unpack(gradients)
            s_, c_, g_, y_ = (head.new_empty(ctx.size, head.shape[1]) for _ in range(4))
            for block in blocks:
                s, c, g, y = (_Stack(buffer, slots, block) for buffer in (s_, c_, g_, y_))
                for k in reversed(range(len(layers))):
                    z = _Stack(kept[k - 1], slots, block, block.start).at if k else first.angle(block)
                    _sine(slots, pulls[k].slopes, z, s.at, c.at)
                    if k == len(layers) - 1:
                        for slot, cotangent in given.items():
                            to_head.addmm_(cotangent[block].T, s.at[slot])
                            torch.mm(cotangent[block], head, out=g.at[slot])
                    else:
                        to_layers[k + 1][0].addmm_(y.flat.T, s.flat)
                        torch.mm(y.flat, layers[k + 1][0], out=g.flat)
                    pulls[k](g.at, c.at, y.at)
                    to_layers[k][1].add_(y.at[zero].sum(0))
                to_layers[0][0].addmm_(y.at[zero].T, points[block])
                for slot, row in first.rows.items():
                    to_layers[0][0].addmm_(y.at[slot].sum(0)[:, None], row)
            return gradients

        totals = _on_threads(work, ctx.shares)
        return None, None, None, None, *(sum(parts[1:], parts[0]) for parts in zip(*totals, strict=True))


class _Stack:
    """The jets of a block in the rows of a buffer from slots · `start`.

    `flat`: all, (slots · n, width); `at`: each slot, (n, width).
    """

    def __init__(self, buffer: Tensor, slots: tuple[Slot, ...], block: slice, start: int = 0):
        n = block.stop - block.start
        self.flat = buffer[start * len(slots) : (start + n) * len(slots)]
        self.at = dict(zip(slots, self.flat.view(len(slots), n, buffer.shape[1]).unbind(0), strict=True))


class _First:
    """The angles of the first layer, which are affine in x: all but the value are the same at every point."""

    def __init__(self, points: Tensor, frame: Tensor, layer: tuple[Tensor, Tensor], slots: tuple[Slot, ...]):
        self.points, (self.weight, self.bias), self.zero = points, layer, slots[0]
        self.rows = {slot: row for slot, row in inputs(points[:1], frame, slots).items() if slot != self.zero}
        self.constants = affine(self.rows, self.weight)
        self.slots = (self.zero, *self.rows)

    def angle(self, block: slice) -> dict[Slot, Tensor]:
        return {self.zero: torch.addmm(self.bias, self.points[block], self.weight.T), **self.constants}


def _shares(points: Tensor, head: Tensor, slots: tuple[Slot, ...]) -> tuple[list[list[slice]], int]:
    """Blocks of points for each thread, and the rows that a buffer for a block's jets needs.

    Which block goes where depends on nothing but sizes, so that sums come out the same each time.
    """
    rows = most = max(len(points), 1)
    threads = 1
    if head.is_cpu:
        most = max(BLOCK_BYTES // (head.shape[1] * head.element_size()), 1)
        threads = min(torch.get_num_threads(), math.ceil(rows / most))
    count = math.ceil(rows / (most * threads)) * threads
    edges = [len(points) * k // count for k in range(count + 1)]
    blocks = [slice(*pair) for pair in itertools.pairwise(edges)]
    return [blocks[k::threads] for k in range(threads)], len(slots) * math.ceil(len(points) / count)


def _on_threads(work: Callable[[Sequence[slice]], Result], shares: Sequence[Sequence[slice]]) -> list[Result]:
    """The results of `work` on each share, on a thread each, torch itself using one in each.

    Threads that meet after every operation, as torch's own do, wait for the slowest of them thousands of times a step.
    """
    if len(shares) < 2:
        return [work(share) for share in shares]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return list(_pool(len(shares)).map(torch.no_grad()(work), shares))
    finally:
        torch.set_num_threads(threads)


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def _reserve(like: Tensor, *shape: int) -> Tensor:
    """An uninitialised tensor; on a processor in memory of numpy's, which asks for large pages."""
    if not like.is_cpu:
        return like.new_empty(shape)
    return torch.from_numpy(np.empty(shape, like.detach()[:0].numpy().dtype))


def _unpack(tensors: Sequence[Tensor]) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    head, *rest = tensors
    return head, list(zip(rest[::2], rest[1::2], strict=True))


def _sine(
    slots: tuple[Slot, ...],
    needed: frozenset[Slot],
    z: Mapping[Slot, Tensor],
    s: Mapping[Slot, Tensor],
    c: Mapping[Slot, Tensor],
) -> None:
    """sin z into s at all slots, and cos z into c at those needed."""
    zero, *rest = slots
    torch.sin(z[zero], out=s[zero])
    torch.cos(z[zero], out=c[zero])
    for slot in rest:
        _total(chain(slot), z, c, s[slot])
        if slot in needed:
            _total(chain(slot), z, s, c[slot]).neg_()


@dataclass(frozen=True)
class _Pull:
    """The transpose of δs = c · δz: the terms (coefficient, slot of s, slot of c) for each slot of z."""

    terms: Mapping[Slot, tuple[Product, ...]]
    slopes: frozenset[Slot]

    def __call__(self, s: Mapping[Slot, Tensor], c: Mapping[Slot, Tensor], z: Mapping[Slot, Tensor]) -> None:
        for slot, terms in self.terms.items():
            _total(terms, s, c, z[slot])


@lru_cache(maxsize=256)
def _adjoint(slots: tuple[Slot, ...], given: tuple[Slot, ...], needed: tuple[Slot, ...]) -> _Pull:
    """From cotangents of the given slots of s to those needed of z."""
    terms: dict[Slot, list[Product]] = {slot: [] for slot in needed}
    for slot in given:
        for coefficient, left, right in leibniz(slot):
            if left in terms:
                terms[left].append(Product(coefficient, slot, right))
    used = frozenset(term.right for group in terms.values() for term in group)
    return _Pull({slot: tuple(group) for slot, group in terms.items()}, used | slopes(slots))


def _total(
    terms: tuple[Product, ...], left: Mapping[Slot, Tensor], right: Mapping[Slot, Tensor], out: Tensor
) -> Tensor:
    """Σ coefficient · left · right into out; what `left` lacks is zero."""
    present = [term for term in terms if term.left in left]
    if not present:
        return out.zero_()
    coefficient, a, b = present[0]
    torch.mul(left[a], right[b], out=out)
    if coefficient != 1:
        out.mul_(coefficient)
    for coefficient, a, b in present[1:]:
        out.addcmul_(left[a], right[b], value=coefficient)
    return out
