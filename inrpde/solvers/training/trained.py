"""What is trained: a sine network for the unknowns of each box, and the learned numbers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from inrpde.compiler.form import Form, Index, Jet
from inrpde.declaration.fields import Learned
from inrpde.discretise.state import State
from inrpde.networks.trainable import Siren
from inrpde.networks.trial import Constant, Trial
from inrpde.sampling.extent import bounds, volumes

Array = np.ndarray
INSIDE = 1e-3
"""A number that starts on one of its bounds is moved in by this share of their distance, where it has a gradient;
chosen."""


@dataclass(frozen=True)
class Shape:
    """Neurons a layer, layers, ω of the first layer a scaled coordinate, ω of the others, and the activation."""

    width: int
    layers: int
    first_omega: tuple[float, ...]
    omega: float
    activation: str = "sine"


class Number(torch.nn.Module):
    """A learned number: its parameter is of the size of one, and its bounds are never reached."""

    def __init__(self, learned: Learned | None, dtype: torch.dtype = torch.float64):
        super().__init__()
        learned = learned or Learned(0.0)
        self.bounds = learned.bounds
        if self.bounds is None:
            self.size = abs(learned.initial) or 1.0
            start = learned.initial / self.size
        else:
            lo, hi = self.bounds
            share = np.clip((learned.initial - lo) / (hi - lo), INSIDE, 1 - INSIDE) if hi > lo else 0.5
            start = float(np.log(share / (1 - share)))
        self.parameter = torch.nn.Parameter(torch.tensor(start, dtype=dtype))

    def forward(self) -> Tensor:
        if self.bounds is None:
            return self.size * self.parameter
        lo, hi = self.bounds
        return lo + (hi - lo) * torch.sigmoid(self.parameter)


@dataclass(frozen=True)
class Request:
    """Derivatives of an unknown (any of those that share its network) that are needed at points."""

    network: int
    points: Tensor
    indices: frozenset[Index]


class Fields(torch.nn.Module):
    """All unknowns of a form: unknowns that live in the same box are the outputs of one network, of which a complex one
    takes two. `homes[k]` is the number of unknown k's network and its outputs there, or None where it is a number."""

    def __init__(self, form: Form, shape: Shape, seed: int, dtype: torch.dtype = torch.float64):
        super().__init__()
        self.dtype = dtype
        groups: dict[tuple, list[int]] = {}
        for number, unknown in enumerate(form.unknowns):
            if not unknown.is_number:
                lo, hi = bounds(form, number)
                regions = frozenset(volumes(form, number))
                groups.setdefault((*lo, *hi, regions, unknown.learned is None), []).append(number)
        self.networks = torch.nn.ModuleList()
        self.numbers = torch.nn.ModuleDict(
            {str(k): Number(unknown.learned, dtype) for k, unknown in enumerate(form.unknowns) if unknown.is_number}
        )
        self.homes: list[tuple[int, tuple[int, ...]] | None] = [None] * len(form.unknowns)
        self._complex = form.arithmetic == "complex"
        outputs = 2 if self._complex else 1
        for network, members in enumerate(groups.values()):
            for position, number in enumerate(members):
                self.homes[number] = network, tuple(range(outputs * position, outputs * (position + 1)))
            self.networks.append(
                Siren(
                    bounds(form, members[0]), shape.width, shape.layers, outputs * len(members), omega=shape.omega,
                    first_omega=shape.first_omega, activation=shape.activation, dtype=dtype,
                    generator=torch.Generator().manual_seed(1000 * seed + network),
                )
            )  # fmt: skip

    def _network(self, number: int) -> Siren:
        network = self.networks[number]
        assert isinstance(network, Siren)
        return network

    def jets(self, requests: Mapping[Hashable, Request]) -> dict[Hashable, dict[Index, Tensor]]:
        """For each request, by its key, {index: (N, outputs)}; points that ask the same go at once."""
        groups: dict[tuple[int, frozenset[Index]], list[Hashable]] = {}
        for key, request in requests.items():
            groups.setdefault((request.network, request.indices), []).append(key)
        out: dict[Hashable, dict[Index, Tensor]] = {}
        for (network, indices), keys in groups.items():
            points = [requests[key].points for key in keys]
            found = self._network(network).jets(torch.cat(points) if len(points) > 1 else points[0], sorted(indices))
            parts = {index: found[index].split([len(p) for p in points]) for index in sorted(indices)}
            out |= {key: {index: split[k] for index, split in parts.items()} for k, key in enumerate(keys)}
        return out

    def value(self, jet: Jet, found: Mapping[Index, Tensor]) -> Tensor:
        """A jet of an unknown from those of its network: (N,); of a number: ()."""
        home = self.homes[jet.unknown]
        if home is None:
            value = self.numbers[str(jet.unknown)]()
            return value * 0 if any(jet.index) else value
        columns = [found[jet.index][:, column] for column in home[1]]
        return torch.complex(*columns) if self._complex else columns[0]

    def state(self) -> State:
        """The same unknowns without torch."""
        frozen = [self._network(k).frozen() for k in range(len(self.networks))]
        trials: list[Trial] = []
        heads: list[Array] = []
        for number, home in enumerate(self.homes):
            if home is None:
                trials.append(Constant())
                heads.append(np.array([self.numbers[str(number)]().item()]))
            else:
                body, head = frozen[home[0]]
                parts = [head[:, column] for column in home[1]]
                trials.append(body)
                heads.append(parts[0] + 1j * parts[1] if self._complex else parts[0].copy())
        return State(tuple(trials), tuple(heads))

    @torch.no_grad()
    def start_from(self, heads: Sequence[Array | None]) -> None:
        """Take heads (width + 1,), as of `state`, where they are given."""
        for home, head in zip(self.homes, heads, strict=True):
            if home is None or head is None:
                continue
            network = self._network(home[0])
            for column, part in zip(home[1], (np.real(head), np.imag(head)), strict=False):
                network.head[column] = torch.as_tensor(part[:-1].copy())
                network.head_bias[column] = float(part[-1])

    def indices(self, jets: Iterable[Jet]) -> dict[tuple[int, str], set[Index]]:
        """What the jets need of each network at each place: {(network, place): indices}."""
        needed: dict[tuple[int, str], set[Index]] = {}
        for jet in jets:
            home = self.homes[jet.unknown]
            if home is not None:
                needed.setdefault((home[0], jet.site), set()).add(jet.index)
        return needed
