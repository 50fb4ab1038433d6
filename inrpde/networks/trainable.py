"""Networks whose parameters are trained, as torch modules; `frozen` makes numpy data of one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from math import pi, sqrt

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter, ParameterList
from torch.nn.functional import linear

from inrpde.networks.fused import sine_network
from inrpde.networks.jets import Slot, affine, closure, inputs, propagate
from inrpde.networks.siren import SineBody, half_widths

ONE = {"sine": pi / 2, "tanh": 20.0, "relu": 1.0}
"""An angle at which an activation is 1: with no weights it makes the column that the head's bias multiplies."""

PLAIN = {"sine": torch.sin, "tanh": torch.tanh, "relu": torch.relu}


class Siren(torch.nn.Module):
    """Layers sin(ω (W y + b)) and a linear head with a bias, for y = x scaled from the box (lo, hi) to [-1, 1].

    W and its initial values are those of Sitzmann et al. 2020 (section 3.2, theorem 1.8): U(±1/d) in the first layer,
    of d inputs, and U(±sqrt(6/width)/ω) in the others and the head; multiplying the angle, ω boosts the gradients of W.
    Phases ωb are uniform in the first layer, and zero in the others, so that the variance of the angles has the fixed
    point v = 1 - exp(-2v) through depth.

    With the activations "tanh" and "relu" ω is 1, weights are as of Glorot and Bengio 2010 and He et al. 2015, biases
    U(±1/sqrt(inputs)).

    box: arrays (d,); layers: their number, the first included; first_omega: a number or one for each coordinate.
    """

    centre: Tensor
    frame: Tensor

    def __init__(
        self,
        box: tuple[np.ndarray, np.ndarray],
        width: int,
        layers: int,
        outputs: int = 1,
        *,
        omega: float = 30.0,
        first_omega: float | Sequence[float] | None = None,
        activation: str = "sine",
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float64,
    ):
        super().__init__()
        self.box = (np.asarray(box[0], dtype=float), np.asarray(box[1], dtype=float))
        self.activation = activation
        self.fused = True
        dim = len(self.box[0])
        sizes = [dim, *layers * [width], outputs]
        if activation == "sine":
            first = np.broadcast_to(np.asarray(omega if first_omega is None else first_omega, dtype=float), (dim,))
            self.omegas = (float(first.max()), *(layers - 1) * [omega])
            weight_bounds = [1 / dim, *(layers * [sqrt(6 / width) / omega])]
            bias_bounds = [pi / self.omegas[0], *(layers * [0.0])]
        else:
            first, self.omegas = np.ones(dim), layers * (1.0,)
            weight_bounds = [sqrt(6 / (n + m if activation == "tanh" else n)) for n, m in itertools.pairwise(sizes)]
            bias_bounds = [1 / sqrt(n) for n in sizes[:-1]]

        def uniform(bound: float, *shape: int) -> Parameter:
            return Parameter(torch.empty(shape, dtype=dtype).uniform_(-bound, bound, generator=generator))

        pairs = list(itertools.pairwise(sizes))
        *weights, head = [uniform(bound, m, n) for bound, (n, m) in zip(weight_bounds, pairs, strict=True)]
        *biases, head_bias = [uniform(bound, m) for bound, (_, m) in zip(bias_bounds, pairs, strict=True)]
        self.weights, self.biases = ParameterList(weights), ParameterList(biases)
        self.head, self.head_bias = head, head_bias
        scale = first / half_widths(self.box)
        self.register_buffer("centre", torch.as_tensor(0.5 * (self.box[0] + self.box[1]), dtype=dtype))
        self.register_buffer("frame", torch.as_tensor(np.diag(scale), dtype=dtype))

    def forward(self, points: Tensor) -> Tensor:
        """Values at points (N, d): (N, outputs)."""
        zero = (0,) * points.shape[1]
        return self.jets(points, [zero])[zero]

    def jets(self, points: Tensor, wanted: Iterable[Slot]) -> dict[Slot, Tensor]:
        """Derivatives at points (N, d), for multi-indices and combinations of them: {slot: (N, outputs)}.

        Of a network of sines that is `fused` they can be differentiated once, with respect to the parameters. What
        needs more (second derivatives, `torch.func`) takes `layers` through `inrpde.networks.jets.propagate`.
        """
        wanted = list(wanted)
        angles = self.angles(points)
        zero = (0,) * points.shape[1]
        out: dict[Slot, Tensor]
        if wanted == [zero]:
            out = {zero: self._values(angles)}
        elif self.activation == "sine" and self.fused:
            out = sine_network(angles, self.frame, self.layers(), self.head, wanted)
        else:
            slots = closure(wanted)
            jet = propagate(inputs(angles, self.frame, slots), self.layers(), slots, self.activation)
            out = affine({slot: jet[slot] for slot in wanted}, self.head)
        if zero in out:
            out[zero] = out[zero] + self.head_bias
        return out

    def _values(self, angles: Tensor) -> Tensor:
        """Without derivatives, torch keeps fewer arrays than jets need: (N, outputs)."""
        activation = PLAIN[self.activation]
        for weight, bias in self.layers():
            angles = activation(linear(angles, weight, bias))
        return linear(angles, self.head)

    def angles(self, points: Tensor) -> Tensor:
        """The scaled coordinates times the first layer's ω, whose derivatives are `frame`."""
        return (points - self.centre) @ self.frame

    def layers(self) -> list[tuple[Tensor, Tensor]]:
        """Weights and biases with ω multiplied in, for `angles` as inputs."""
        factors = (1.0, *self.omegas[1:])
        return [
            (factor * weight, omega * bias)
            for factor, omega, weight, bias in zip(factors, self.omegas, self.weights, self.biases, strict=True)
        ]

    @torch.no_grad()
    def frozen(self) -> tuple[SineBody, np.ndarray]:
        """The same function without torch: a body, its last column 1, and the head (width + 1, outputs)."""
        layers = [(w.double().numpy(force=True), b.double().numpy(force=True)) for w, b in self.layers()]
        half = half_widths(self.box)
        layers[0] = (layers[0][0] @ (self.frame.double().numpy(force=True) * half), layers[0][1])
        weight, bias = layers[-1]
        layers[-1] = (np.vstack([weight, np.zeros_like(weight[:1])]), np.append(bias, ONE[self.activation]))
        head = torch.cat([self.head.T, self.head_bias[None]]).double().numpy(force=True)
        return SineBody(self.box, tuple(layers), self.activation), head
