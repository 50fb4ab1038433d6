"""The loss L = Σ_m weight_m ∫ |C_m|^norm / measure_m over samples, and its gradient, for what trains all parameters.

As in `system`, each equation is divided by the size of its operator on the columns of the initial network, so that
terms of different units and orders weigh the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from inrpde.compiler.form import HERE, Form, Row
from inrpde.discretise.jets import environment, evaluate_jets
from inrpde.discretise.state import State
from inrpde.discretise.system import linearise
from inrpde.sampling.sites import Samples, Site
from inrpde.solvers.training.tensors import TensorRow, Value, as_value
from inrpde.solvers.training.trained import Fields, Request

Array = np.ndarray
PILOT = 400
"""Points of a condition on which its operator's size is taken; chosen."""


@dataclass(frozen=True)
class Collocation:
    """The points of a site (N, d), the opposite ones, and their shares of its measure (N,), which sum to one."""

    points: Tensor
    pairs: Tensor
    share: Tensor

    def take(self, rows: Tensor) -> Collocation:
        share = self.share[rows]
        pairs = self.pairs[rows] if self.pairs is not self.points else None
        points = self.points[rows]
        return Collocation(points, points if pairs is None else pairs, share / share.sum())

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Collocation:
        points = change(self.points)
        return Collocation(points, points if self.pairs is self.points else change(self.pairs), change(self.share))


@dataclass(frozen=True)
class LossTerm:
    """One equation or integral at a place, the values of what is known there, and what it takes of the networks."""

    row: Row
    residual: TensorRow
    place: int
    known: dict

    def take(self, rows: Tensor) -> LossTerm:
        return self.mapped(lambda values: values[rows])

    def mapped(self, change: Callable[[Tensor], Tensor]) -> LossTerm:
        return replace(self, known={s: change(v) if isinstance(v, Tensor) else v for s, v in self.known.items()})


@dataclass(frozen=True)
class Batch:
    """Samples as tensors: the equations' terms, and the integrals', on shared places; `measures` are the integrals'."""

    places: tuple[Collocation, ...]
    terms: tuple[LossTerm, ...]
    integrals: tuple[LossTerm, ...]
    measures: tuple[float, ...]

    @property
    def sizes(self) -> list[int]:
        """Points in each place of an equation."""
        return [len(self.places[k].points) for k in range(max(term.place for term in self.terms) + 1)]

    def take(self, rows: Sequence[Array | None]) -> Batch:
        """Some of the points of each of the equations' places (all where None)."""
        chosen = [None if r is None else torch.as_tensor(r, device=self.places[0].points.device) for r in rows]
        chosen += [None] * (len(self.places) - len(chosen))
        places = tuple(p if r is None else p.take(r) for p, r in zip(self.places, chosen, strict=True))
        terms = tuple(t if (r := chosen[t.place]) is None else t.take(r) for t in self.terms)
        return Batch(places, terms, self.integrals, self.measures)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """The same with another tensor for each, in an order that is always the same."""
        places = tuple(place.mapped(change) for place in self.places)
        terms, integrals = (tuple(term.mapped(change) for term in each) for each in (self.terms, self.integrals))
        return Batch(places, terms, integrals, self.measures)


class Objective:
    """The loss of a form as a function of one vector of all parameters.

    `samples` are those on which the equations' operators are measured. Numbers are of the type of the fields'. Raises
    ProblemError for an equation that torch cannot differentiate.
    """

    def __init__(self, form: Form, fields: Fields, samples: Samples, device: torch.device):
        self.form, self.device, self.dtype = form, device, fields.dtype
        self.factors = _factors(form, samples, fields.state())
        self._residuals = [TensorRow(row) for row in form.rows]
        self._integrands = [TensorRow(term.row) for term in form.integrals]
        self.fields = fields.to(device)
        self._parameters = list(self.fields.parameters())
        self._flat = parameters_to_vector(self._parameters).detach().clone()
        vector_to_parameters(self._flat, self._parameters)  # the parameters are views of it from here on

    @property
    def vector(self) -> Tensor:
        """All parameters, one after the other."""
        return self._flat.clone()

    def state(self, vector: Tensor | Array) -> State:
        """The unknowns with these parameters."""
        self._set(vector)
        return self.fields.state()

    def batch(self, samples: Samples) -> Batch:
        """The samples as tensors, with what is known there."""
        sites = (*samples.sites, *samples.integrals)

        def term(row: Row, residual: TensorRow, number: int) -> LossTerm:
            site = sites[number]
            known = residual.coefficients(environment(self.form, row, site))
            values = {s: as_value(_whole(v, site), self.device, self.dtype) for s, v in known.items()}
            return LossTerm(row, residual, number, values)

        rows = zip(self.form.rows, self._residuals, strict=True)
        terms = tuple(term(row, residual, samples.number(row)) for row, residual in rows)
        within = enumerate(zip(self.form.integrals, self._integrands, strict=True), len(samples.sites))
        integrals = tuple(term(each.row, residual, number) for number, (each, residual) in within)
        places = tuple(map(self._place, sites))
        return Batch(places, terms, integrals, tuple(float(site.weights.sum()) for site in samples.integrals))

    def loss(self, batch: Batch) -> Tensor:
        """The loss of the present parameters."""
        jets = self._jets(batch)
        values: list[Value] = []
        for term, declared in zip(batch.integrals, self.form.integrals, strict=True):
            place = batch.places[term.place]
            value = self._value(term, jets, values)
            total = (value * place.share).sum()
            values.append(total if declared.mean else total * batch.measures[len(values)])
        total = torch.zeros((), dtype=self.dtype, device=self.device)
        for term, factor in zip(batch.terms, self.factors, strict=True):
            condition = self.form.conditions[term.row.condition]
            residual = factor * self._value(term, jets, values)
            size = residual.abs() if condition.norm == 1 else (residual * residual.conj()).real
            total = total + condition.weight * (size * batch.places[term.place].share).sum()
        return total

    def __call__(self, vector: Tensor | Array, batch: Batch) -> tuple[float, Tensor]:
        """The loss and its gradient at a vector of parameters."""
        self._set(vector)
        loss = self.loss(batch)
        gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True)
        pairs = zip(gradients, self._parameters, strict=True)
        flat = [(torch.zeros_like(p) if g is None else g).reshape(-1) for g, p in pairs]
        return float(loss.detach()), torch.cat(flat)

    # -- inside

    def _set(self, vector: Tensor | Array) -> None:
        self._flat.copy_(torch.as_tensor(vector))

    def _place(self, site: Site) -> Collocation:
        points = self._tensor(site.points)
        pairs = points if site.pairs is None else self._tensor(site.pairs)
        return Collocation(points, pairs, self._tensor(site.weights / site.weights.sum()))

    def _tensor(self, array: Array) -> Tensor:
        return torch.as_tensor(array, dtype=self.dtype, device=self.device)

    def _jets(self, batch: Batch) -> dict:
        requests: dict[Hashable, Request] = {}
        for term in (*batch.terms, *batch.integrals):
            place = batch.places[term.place]
            for (network, where), indices in self.fields.indices(term.row.jets.values()).items():
                points = place.points if where == HERE else place.pairs
                key = (network, term.place, where)
                before = requests[key].indices if key in requests else frozenset()
                requests[key] = Request(network, points, before | indices)
        return self.fields.jets(requests)

    def _value(self, term: LossTerm, jets: dict, integrals: list[Value]) -> Tensor:
        env = dict(term.known)
        for symbol, jet in term.row.jets.items():
            home = self.fields.homes[jet.unknown]
            env[symbol] = self.fields.value(jet, {} if home is None else jets[home[0], term.place, jet.site])
        env |= {symbol: integrals[k] for symbol, k in term.row.integrals.items()}
        return term.residual(env)


def _whole(values: Array, site: Site) -> Array:
    return values if values.ndim == 0 else np.broadcast_to(values, (len(site.points),))


def _factors(form: Form, samples: Samples, state: State) -> list[float]:
    """One over the size of each equation's operator on the columns of the network."""
    few = samples.thinned(PILOT)
    system = linearise(form, few, state, evaluate_jets(form, few, state))
    scales = {block.row: block.scale for block in system.blocks}
    return [1 / scale if np.isfinite(scale := scales.get(row, 1.0)) and scale > 0 else 1.0 for row in form.rows]
