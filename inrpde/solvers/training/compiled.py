"""The loss and its gradient as one graph that torch compiles, checked against the same without compilation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inrpde.networks.trainable import Siren
from inrpde.solvers.training.objective import Batch, Objective

Array = np.ndarray
AGREES = {torch.float32: 1e-3, torch.float64: 1e-8}
"""Relative differences to which values and gradients agree whatever the order of summation; chosen."""
WITHOUT = "the run goes on without it"


class Compiled:
    """An objective, compiled for batches of the sizes of the first that it is called with.

    What cannot be compiled, or disagrees with the objective on the first batch, is evaluated by the objective itself,
    and `warn` is told so in one line; so are batches of other sizes.
    """

    def __init__(self, objective: Objective, warn: Callable[[str], None]):
        self.objective, self._warn = objective, warn
        self._step: Callable[..., tuple[Tensor, Tensor]] | None = None
        self._key: Any = None
        self._complained = False

    def __call__(self, vector: Tensor | Array, batch: Batch) -> tuple[float, Tensor]:
        """The loss and its gradient at a vector of parameters."""
        tensors, key = _parts(batch)
        if self._key is None:
            self._key = key
            return self._first(vector, batch, tensors)
        if self._step is None or key != self._key:
            if self._step is not None:
                self._complain("points of another number are evaluated without it")
            return self.objective(vector, batch)
        value, gradient = self._step(self._flat(vector), *tensors)
        return float(value), gradient

    def _first(self, vector: Tensor | Array, batch: Batch, tensors: list[Tensor]) -> tuple[float, Tensor]:
        """Compile, and compare with the objective, whose values are returned."""
        value, gradient = self.objective(vector, batch)
        try:
            step = compiled(self.objective, batch, tensors)
            other, other_gradient = step(self._flat(vector), *tensors)
        except Exception as error:  # whatever a compiler may raise
            self._complain(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}; {WITHOUT}")
            return value, gradient
        worst = max(
            abs(float(other) - value) / max(abs(value), 1e-300),
            float((other_gradient - gradient).norm() / gradient.norm().clamp_min(1e-300)),
        )
        if worst <= AGREES[self.objective.dtype]:
            self._step = step
        else:
            self._complain(f"its first step differs by {worst:.1e}; {WITHOUT}")
        return value, gradient

    def _flat(self, vector: Tensor | Array) -> Tensor:
        return torch.as_tensor(vector, dtype=self.objective.dtype, device=self.objective.device)

    def _complain(self, why: str) -> None:
        if not self._complained:
            self._warn(f"solver.compile: {why}")
        self._complained = True


def compiled(objective: Objective, batch: Batch, tensors: list[Tensor]) -> Callable[..., tuple[Tensor, Tensor]]:
    """(vector, tensors of a batch) → loss and gradient, for batches like this one; raises whatever torch does."""
    from torch.fx.experimental.proxy_tensor import make_fx

    loss = _Loss(objective)
    shapes = {name: parameter.shape for name, parameter in loss.named_parameters()}

    def step(vector: Tensor, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        vector = vector.detach().requires_grad_()
        parts = vector.split([shape.numel() for shape in shapes.values()])
        values = {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
        given = iter(tensors)
        value = torch.func.functional_call(loss, values, (batch.mapped(lambda _: next(given)),))
        return value.detach(), torch.autograd.grad(value, vector)[0]

    with _plain(objective):
        graph = make_fx(step)(objective.vector, *tensors)
    return torch.compile(graph)


class _Loss(torch.nn.Module):
    """The loss as a module of the fields, whose parameters may be exchanged."""

    def __init__(self, objective: Objective):
        super().__init__()
        self.fields = objective.fields
        self._loss = objective.loss

    def forward(self, batch: Batch) -> Tensor:
        return self._loss(batch)


@contextmanager
def _plain(objective: Objective) -> Iterator[None]:
    """Within the block jets are made of torch's own operations, which a compiler sees."""
    networks = [module for module in objective.fields.modules() if isinstance(module, Siren)]
    for network in networks:
        network.fused = False
    try:
        yield
    finally:
        for network in networks:
            network.fused = True


def _parts(batch: Batch) -> tuple[list[Tensor], Any]:
    """The tensors of a batch, and all else that a graph depends on."""
    tensors: list[Tensor] = []

    def collect(tensor: Tensor) -> Tensor:
        tensors.append(tensor)
        return tensor

    batch.mapped(collect)
    return tensors, (batch.measures, *(tensor.shape for tensor in tensors))
