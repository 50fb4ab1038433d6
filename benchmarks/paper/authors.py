"""The authors' recipe (Sitzmann et al. 2020, section 3.2 and supplement), in plain torch: a sine network of 256
neurons and three hidden layers, ω₀ = 30, Adam at 1e-4 on all samples at once."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear

Array = np.ndarray
Network = Callable[[Tensor], Tensor]
Loss = Callable[[Network, Tensor], Tensor]
WIDTH, HIDDEN, OMEGA, RATE = 256, 3, 30.0, 1e-4
ACTIVATIONS = {"sine": lambda z: torch.sin(OMEGA * z), "relu": torch.relu, "tanh": torch.tanh}


class Layers(torch.nn.Module):
    """Values (N,) of a network at points (N, d) in [-1, 1]^d."""

    def __init__(self, dim: int, activation: str = "sine", first_omega: float = OMEGA):
        super().__init__()
        self.activation, self.stretch = ACTIVATIONS[activation], first_omega / OMEGA
        sizes = [dim, *[WIDTH] * (HIDDEN + 1), 1]
        self.linears = torch.nn.ModuleList(torch.nn.Linear(n, m) for n, m in itertools.pairwise(sizes))
        if activation == "sine":
            for k, layer in enumerate(self.linears):
                n = layer.in_features
                bound = 1 / n if k == 0 else math.sqrt(6 / n) / OMEGA
                torch.nn.init.uniform_(layer.weight, -bound, bound)

    def forward(self, points: Tensor) -> Tensor:
        *hidden, head = self.linears
        first, *rest = hidden
        z = self.activation(linear(self.stretch * points, first.weight, first.bias))
        for layer in rest:
            z = self.activation(layer(z))
        return head(z)[:, 0]


def train(
    points: Array, loss: Loss, seconds: float, activation: str = "sine", first_omega: float = OMEGA, seed: int = 0
) -> Callable[[Array], Array]:
    """A network trained for so many seconds on samples (N, d), as a function of points (N, d) in the same box.

    `loss(network, points)` takes points scaled to [-1, 1]^d.
    """
    torch.manual_seed(seed)
    lo, hi = points.min(axis=0), points.max(axis=0)

    def scaled(at: Array) -> Tensor:
        return torch.as_tensor(2 * (at - lo) / (hi - lo) - 1, dtype=torch.float32)

    network, here = Layers(points.shape[1], activation, first_omega), scaled(points)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        optimiser.zero_grad()
        loss(network, here).backward()
        optimiser.step()

    def evaluate(at: Array) -> Array:
        with torch.no_grad():
            return network(scaled(at)).double().numpy()

    return evaluate


def gradient(network: Network, points: Tensor) -> Tensor:
    """(N, d), in scaled coordinates."""
    points = points.detach().requires_grad_()
    return torch.autograd.grad(network(points).sum(), points, create_graph=True)[0]


def laplacian(network: Network, points: Tensor) -> Tensor:
    """(N,), in scaled coordinates."""
    points = points.detach().requires_grad_()
    slopes = torch.autograd.grad(network(points).sum(), points, create_graph=True)[0]
    return sum(
        torch.autograd.grad(slopes[:, k].sum(), points, create_graph=True)[0][:, k] for k in range(points.shape[1])
    )
