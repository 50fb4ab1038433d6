"""What methods that train all parameters share: the network and its first values, points for every step, candidates.

All that is random is a function of the seed and the number of the step, so that a run that is resumed from a
checkpoint sees what it would have seen."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np
import torch
from sympy import Integer
from torch import Tensor

from inrpde.compiler.form import Form
from inrpde.discretise.expressions import guessed
from inrpde.discretise.score import score
from inrpde.errors import UsageError
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import bounds, only_samples
from inrpde.sampling.sites import Samples
from inrpde.solvers.contract.method import Context
from inrpde.solvers.contract.options import Training
from inrpde.solvers.fitting.newton import project
from inrpde.solvers.linear.threads import sized
from inrpde.solvers.search.scales import scales
from inrpde.solvers.training.compiled import Compiled
from inrpde.solvers.training.objective import Batch, Objective
from inrpde.solvers.training.trained import Fields, Shape

Array = np.ndarray
Run = TypeVar("Run", bound=Any)
WIDTH, LAYERS = 64, 2
"""Neurons a layer, and layers, where neither settings nor methods say so."""
PAPER_WIDTH, PAPER_LAYERS = 256, 4
"""Where there are only samples, and many of them."""
PAPER_OMEGA, LOW_OMEGA = 30.0, 5.0
"""ω₀ of networks that hold many waves, as the paper's, and of others."""
LOWEST = 2.0
"""The least half-width of the first layer's band, in radians a half extent of the box."""
SHARE = 0.5
"""The first layer's band beside the declared waves: layers that follow add harmonics."""
POINTS, MANY_POINTS = {1: 200}, 1500
"""Points inside, in one coordinate and in more."""
LARGE, BATCH = 6000, 2048
"""More points than the first are taken in minibatches, of the second where none is chosen. Their noise is above the
rounding of single precision, in which they are worked out where a method takes another batch at every step."""
RATES, OVERHEAD = {torch.float32: 6e10, torch.float64: 2.5e10}, 5e-4
"""Floating-point operations a nominal second, and nominal seconds of a step beside them."""
FEWEST = 32
"""Points of a condition in a minibatch, where it has as many."""
HELD_OUT = 7_368_787
"""Added to the seed for the points on which candidates are scored; a prime."""
SCORED = 1000
"""Points of a condition on which candidates are scored."""
RESAMPLED = 104_729
"""Added to the seed each time that points are drawn anew; a prime."""


class Trainer:
    """A network for a form, and the loss of its parameters at every step.

    `resample`: steps after which points of regions with a measure are drawn anew (None: never, and no minibatches but
    the first). Raises UsageError for a device that is not there.
    """

    def __init__(self, context: Context[Training], seed: int, resample: int | None = None, width: int | None = None):
        self.form, self.seed = context.form, seed
        options = context.options
        dim = self.form.space.dim
        batch = options.batch
        self.points = options.points or max(POINTS.get(dim, MANY_POINTS), 4 * (batch or 0))
        self.resample = None if only_samples(self.form) else resample
        samples = draw(self.form, self.points, seed)
        self.batch_size = batch or (BATCH if samples.count > LARGE else None)
        single = self.batch_size is not None and resample is not None
        network = shape(self.form, options, samples, width)
        self.cost = step_cost(self.form, network, self.batch_size or samples.count, single)
        self.omega = network.omega
        fields = Fields(self.form, network, seed, torch.float32 if single else torch.float64)
        started(self.form, fields, samples.thinned(SCORED))
        self.objective = Objective(self.form, fields, samples, device(context.device))
        self._evaluate = Compiled(self.objective, context.warn) if options.compile else self.objective
        self._pool = (0, self.objective.batch(samples))

    @property
    def vector(self) -> Tensor:
        """The initial parameters (of the state that was asked for last)."""
        return self.objective.vector

    def loss(self, vector: Tensor | Array, step: int) -> tuple[float, Tensor]:
        """The loss and its gradient on the points of a step."""
        return self._evaluate(vector, self.batch(step))

    def tensor(self, array: Array) -> Tensor:
        """A vector of parameters that was kept as an array."""
        return torch.as_tensor(array, dtype=self.objective.dtype, device=self.objective.device)

    def batch(self, step: int) -> Batch:
        """The points of a step."""
        number = step // self.resample if self.resample else 0
        if number != self._pool[0]:
            self._pool = number, self.objective.batch(draw(self.form, self.points, self.seed + RESAMPLED * number))
        pool = self._pool[1]
        if self.batch_size is None:
            return pool
        total = sum(pool.sizes)
        share = [min(size, max(round(self.batch_size * size / total), FEWEST)) for size in pool.sizes]
        return pool.take(
            [_slice(self.seed, k, size, n, step) for k, (size, n) in enumerate(zip(pool.sizes, share, strict=True))]
        )

    def judged(self, at: Run) -> Run:
        """A run (a dataclass) that remembers its `vector` as `best`, with its scores, if it is the best so far."""
        score = self.score(at.vector)
        return replace(at, best=at.vector, score=score, fitted=self.fitted(at.vector)) if score < at.score else at

    def score(self, vector: Tensor | Array) -> float:
        """The held-out score (inf where it is not finite)."""
        return self._scored(vector, self._held_out)

    def fitted(self, vector: Tensor | Array) -> float:
        """The score on points of the first steps."""
        return self._scored(vector, self._fitted)

    @cached_property
    def _held_out(self) -> Samples:
        return self._few(self.seed + HELD_OUT)

    @cached_property
    def _fitted(self) -> Samples:
        return self._few(self.seed)

    def _few(self, seed: int) -> Samples:
        return draw(self.form, min(self.points, SCORED), seed).thinned(SCORED)

    def _scored(self, vector: Tensor | Array, samples: Samples) -> float:
        with sized(0):
            return score(self.form, samples, self.objective.state(vector)).total


def _slice(seed: int, place: int, size: int, count: int, step: int) -> Array | None:
    """The rows of a step: every row once an epoch, in an order of the epoch's own."""
    if count >= size:
        return None
    rounds = size // count
    order = _order(seed, place, size, step // rounds)
    start = step % rounds * count
    return order[start : start + count]


@lru_cache(maxsize=64)
def _order(seed: int, place: int, size: int, epoch: int) -> Array:
    return np.random.default_rng([seed, place, epoch]).permutation(size)


def step_cost(form: Form, network: Shape, points: int, single: bool) -> float:
    """Nominal seconds of a loss and its gradient on so many points: of the products of layers with jets."""
    jets = {(jet.unknown, jet.index) for row in form.rows for jet in row.jets.values()}
    slots = max(len({index for _, index in jets}), 1)
    products = network.layers * network.width**2 if network.layers > 1 else network.width * form.space.dim
    operations = 6 * points * slots * products
    return operations / RATES[torch.float32 if single else torch.float64] + OVERHEAD


def shape(form: Form, options: Training, samples: Samples, width: int | None = None) -> Shape:
    """The network that the options ask for; where they leave it open, its band is that of the declared waves, and the
    paper's where there are only data to fit."""
    omega = options.omega
    if omega is not None:
        first = np.full(form.space.dim, omega)
    elif only_samples(form):
        first = np.full(form.space.dim, PAPER_OMEGA)
    else:
        lo, hi = bounds(form)
        waves = scales(form, samples).all * (hi - lo) / 2
        first = form.space.dim * np.maximum(SHARE * waves, LOWEST)
    hidden = min(omega or PAPER_OMEGA, PAPER_OMEGA) if first.max() >= PAPER_OMEGA or omega else LOW_OMEGA
    default = (PAPER_WIDTH, PAPER_LAYERS) if only_samples(form) and samples.count > LARGE else (WIDTH, LAYERS)
    return Shape(
        options.width or width or default[0], options.layers or default[1], tuple(first), hidden,
        options.activation,
    )  # fmt: skip


def started(form: Form, fields: Fields, samples: Samples) -> None:
    """Let the unknowns that have a guess, and learned fields, start from it."""
    named = {key.func.__name__ for key in form.bound.problem.guess}
    wanted = [unknown.learned is not None or unknown.declared in named for unknown in form.unknowns]
    if any(wanted):
        heads = project(form, fields.state().trials, samples, guessed(form, Integer(0))).heads
        fields.start_from([head if want else None for head, want in zip(heads, wanted, strict=True)])


def device(name: str) -> torch.device:
    """The device of that name. Raises UsageError where it is not there, or has no double precision."""
    try:
        found = torch.device(name)
        torch.zeros(1, dtype=torch.float64, device=found)
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise UsageError(
            f"the device '{name}' cannot be used: {str(error).splitlines()[0]}", "--device", "use --device cpu"
        ) from None
    return found
