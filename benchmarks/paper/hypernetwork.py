"""A prior over a family of signals (Sitzmann et al. 2020, section 4.4 and supplement): a hypernetwork turns a code into
all weights of a sine network. It is trained on whole signals; a signal of which samples alone are known is sought among
its outputs.

Codes are given, and not learned: a training signal's are its principal scores, so that a normal distribution is the
prior of codes. The rows of the last layer that make the sine network's head are begun by linear least squares, for the
other rows as they are at the start; then all are trained."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray
WIDTH, LAYERS, HIDDEN, CODES = 48, 2, 96, 48
"""Neurons of the sine network in so many sine layers, of the hypernetwork, and a code's numbers; chosen, the paper has
256 of each."""
OMEGA, FIRST_OMEGA = 30.0, 8.0
"""The paper's ω₀ for pictures, in the layers that are hidden; in the first, of 5 to 30, as good as the best at
representing principal components of windows of 32 pixels; measured."""
SIZE = 0.01
"""The standard deviation of a code: outputs vary little at the start, as the paper asks for (Park et al. 2019)."""
TAMED = 1e-2
"""What Kaiming's weights of the last layer are multiplied by in the authors' code."""
PART, BATCH = 128, 32
"""Pixels of each signal that are trained on, and signals at once; chosen."""
STEPS, MEMORY = 60, 20
"""Iterations of L-BFGS, and pairs that it keeps; chosen."""
FITTING, DAMPING = 4, 1e-3
"""Levenberg and Marquardt's steps of a code, and their first damping; chosen."""


class Sines:
    """The sine network: `shapes` of its weights, each followed by as many biases as it has rows."""

    def __init__(self, dim: int):
        self.shapes = [(m, n) for n, m in itertools.pairwise([dim, *[WIDTH] * LAYERS, 1])]
        self.size = sum(m * n + m for m, n in self.shapes)

    def initial(self, generator: torch.Generator) -> Tensor:
        """The paper's distribution (theorem 1.8), as `inrpde.networks.trainable.Siren` has it: (size,)."""
        parts = []
        for k, (m, n) in enumerate(self.shapes):
            bound = math.sqrt(6 / n) / OMEGA if k else 1 / n
            phase = 0.0 if k else math.pi / FIRST_OMEGA
            parts += [torch.empty(m * n).uniform_(-bound, bound, generator=generator)]
            parts += [torch.empty(m).uniform_(-phase, phase, generator=generator)]
        return torch.cat(parts)

    def angles(self, weights: Tensor, points: Tensor) -> list[Tensor]:
        """For weights (B, size) and points (B, N, d) what every sine is of, (B, N, width), and the values (B, N, 1)."""
        out, start, here = [], 0, points
        for k, (m, n) in enumerate(self.shapes):
            matrix = weights[:, start : start + m * n].view(-1, m, n)
            bias = weights[:, start + m * n : start + m * n + m]
            start += m * n + m
            angle = torch.baddbmm(bias[:, None], here, matrix.transpose(1, 2))
            factor = 1.0 if k == LAYERS else OMEGA if k else FIRST_OMEGA
            out.append(factor * angle)
            here = torch.sin(out[-1])
        return out

    def __call__(self, weights: Tensor, points: Tensor) -> Tensor:
        """(B, N)."""
        return self.angles(weights, points)[-1][..., 0]


class Hypernetwork(torch.nn.Module):
    """Codes (B, CODES) to weights (B, size) of a sine network: one hidden layer, of relu.

    The last layer's weights are Kaiming's over a hundred, and its biases one draw of the sine network's own initial
    weights, so that with small codes every output has the paper's distribution. Each hidden neuron has one beside it
    with the opposite weights: their difference is linear in the code.
    """

    def __init__(self, sines: Sines, seed: int = 0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        half = math.sqrt(2 / CODES) * torch.randn(HIDDEN // 2, CODES, generator=generator)
        self.first = torch.nn.Parameter(torch.cat([half, -half]))
        self.shift = torch.nn.Parameter(torch.zeros(HIDDEN))
        self.last = torch.nn.Parameter(
            TAMED * math.sqrt(2 / HIDDEN) * torch.randn(sines.size, HIDDEN, generator=generator)
        )
        self.bias = torch.nn.Parameter(sines.initial(generator))

    def forward(self, codes: Tensor) -> Tensor:
        return torch.relu(codes @ self.first.T + self.shift) @ self.last.T + self.bias


@dataclass
class Family:
    """Signals (K, P), at the same points (P, d) of [-1, 1]^d, by their mean and principal components: `spread` (CODES,)
    are the standard deviations of the scores along `axes` (P, CODES)."""

    points: Array
    signals: Array

    def __post_init__(self) -> None:
        self.mean = self.signals.mean(axis=0)
        off = self.signals - self.mean
        values, vectors = np.linalg.eigh(off.T @ off / len(off))
        self.spread, self.axes = np.sqrt(values[: -CODES - 1 : -1]), vectors[:, : -CODES - 1 : -1]
        self.codes = SIZE * off @ self.axes / self.spread


class Prior:
    """A hypernetwork that is trained on a family, by so many iterations."""

    def __init__(self, family: Family, steps: int = STEPS, seed: int = 0):
        self.sines = Sines(family.points.shape[1])
        self.network = Hypernetwork(self.sines, seed)
        self.points = _single(family.points)
        self._mean, self._modes = family.mean, family.axes * family.spread
        self._begin(family)
        self._train(family, steps, torch.Generator().manual_seed(seed))
        self.network.requires_grad_(False)
        decoded = [self.decode(codes) for codes in _single(family.codes).split(BATCH)]
        self.variance = float(((torch.cat(decoded) - _single(family.signals)) ** 2).mean())

    def decode(self, codes: Tensor, points: Tensor | None = None) -> Tensor:
        """Signals (B, N) at points (B, N, d), or at those of the family."""
        at = self.points.expand(len(codes), -1, -1) if points is None else points
        return self.sines(self.network(codes), at)

    @torch.no_grad()
    def _begin(self, family: Family) -> None:
        """The head's rows by least squares: mean and components in the sines of the network at code zero."""
        network, tail = self.network, self.sines.shapes[-1][1] + 1
        features = torch.sin(self.sines.angles(network.bias[None], self.points[None])[-2])[0].double().numpy()
        features = np.column_stack([features, np.ones(len(features))])
        wanted = np.column_stack([family.axes * family.spread / SIZE, family.mean])
        heads = np.linalg.lstsq(features, wanted, rcond=None)[0]
        half = network.first[: HIDDEN // 2].double().numpy()
        rows = np.linalg.lstsq(half.T, heads[:, :-1].T, rcond=None)[0].T
        network.last[-tail:] = _single(np.column_stack([rows, -rows]))
        network.bias[-tail:] = _single(heads[:, -1])

    def _train(self, family: Family, steps: int, generator: torch.Generator) -> None:
        """Least squares of a part of the pixels of all signals, drawn once, by L-BFGS: from there Adam loses at
        once more than it regains in twelve seconds."""
        signals, codes = _single(family.signals), _single(family.codes)
        batches = []
        for signal, code in zip(signals.split(BATCH), codes.split(BATCH), strict=True):
            some = torch.randperm(signals.shape[1], generator=generator)[:PART]
            batches.append((code, self.points[some].expand(len(code), -1, -1), signal[:, some]))
        count = sum(known.numel() for _, _, known in batches)
        optimiser = torch.optim.LBFGS(
            self.network.parameters(), max_iter=steps, history_size=MEMORY, line_search_fn="strong_wolfe",
            tolerance_grad=0.0, tolerance_change=0.0,
        )  # fmt: skip

        def loss() -> Tensor:
            optimiser.zero_grad()
            total = torch.zeros(())
            for code, points, known in batches:
                part = ((self.decode(code, points) - known) ** 2).sum() / count
                part.backward()
                total += part.detach()
            return total

        if steps:
            optimiser.step(loss)

    def inpaint(self, pixels: Array, values: Array) -> Array:
        """Signals (B, P) at the family's points, each from its values (B, N) at those of the numbers (B, N).

        The code is the likeliest: samples are off by what training left, in the mean, and codes are normal. It is
        sought from that of the principal components: at code zero every relu has its kink.
        """
        at, known = self.points[torch.as_tensor(pixels)], _single(values)

        def fields(scaled: Tensor, here: Tensor) -> Tensor:
            return self.decode(SIZE * scaled, here)

        def one(scaled: Tensor, here: Tensor) -> Tensor:
            return fields(scaled[None], here[None])[0]

        def cost(scaled: Tensor) -> Tensor:
            return ((fields(scaled, at) - known) ** 2).sum(1) / self.variance + (scaled**2).sum(1)

        slopes = torch.func.vmap(torch.func.jacfwd(one))
        codes = _single(np.array([self._linear(*each) for each in zip(pixels, values, strict=True)]))
        damping = torch.full((len(at), 1, 1), DAMPING)
        best = cost(codes)
        for _ in range(FITTING):
            jacobian = torch.cat([slopes(*pair) for pair in zip(codes.split(4), at.split(4), strict=True)])
            towards = jacobian.transpose(1, 2) / self.variance
            normal = towards @ jacobian + torch.eye(CODES)
            steepest = (towards @ (fields(codes, at) - known)[..., None])[..., 0] + codes
            damped = normal + damping * torch.diag_embed(normal.diagonal(dim1=1, dim2=2))
            moved = codes - torch.linalg.solve(damped, steepest)
            reached = cost(moved)
            better = reached < best
            codes, best = torch.where(better[:, None], moved, codes), torch.where(better, reached, best)
            damping = torch.where(better[:, None, None], damping / 5, damping * 5)
        return self.decode(SIZE * codes).double().numpy()

    def _linear(self, pixels: Array, values: Array) -> Array:
        """The likeliest code (CODES,), in standard deviations, were a signal linear in it."""
        modes = self._modes[pixels]
        normal = modes.T @ modes + self.variance * np.eye(CODES)
        return np.linalg.solve(normal, modes.T @ (values - self._mean[pixels]))


def _single(values: Array) -> Tensor:
    return torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32)
