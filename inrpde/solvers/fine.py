"""Problems that are samples alone (pixels, recordings, videos): cells as fine as the samples, and conjugate gradients.

Sine features of the samples' whole band, somewhat more than there are samples, can take every value; each cell's
columns are made orthonormal, and then a few conjugate gradients settle the cells with one another.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.declaration.regions.points import PointSet
from inrpde.networks.boxes import Sorted
from inrpde.networks.partition import Window, windows
from inrpde.networks.patchwork import Cell, Patchwork
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Trial
from inrpde.sampling import sample
from inrpde.solvers.blocks import EXACT, factored, iterate
from inrpde.solvers.linear import RIDGE
from inrpde.solvers.method import Candidate, Context
from inrpde.solvers.samples import Samples, bounds, draw, left_out
from inrpde.solvers.score import score
from inrpde.solvers.state import State, zero_state
from inrpde.solvers.survey import LEFT_OUT
from inrpde.solvers.system import linearise, no_jets
from inrpde.solvers.threads import sized

Array = np.ndarray
MANY = 3000
"""Samples from which they are not left to one domain and few cells."""
SIDE = {1: 30.0, 2: 8.0, 3: 3.0}
"""Samples along the side of a cell."""
FULL = 2.2
"""Features a sample of a body that takes every value."""
STIFFNESS = 20.0
"""The ridge at the edge of the samples' band, relative to the columns; it falls with its fourth power, so
that of all fields through the samples a smooth one is found."""
COARSER = 3
"""How many times as long each next level's cells are."""
COARSE, COARSE_BAND = {1: 8, 2: 24, 3: 48}, 4.0
"""Features of a coarse cell, and their band in coordinates scaled to it."""
FEWEST, ITERATIONS, MOST = 15, 60, 200
"""Conjugate gradients: at least, at most without a budget, at most."""
ENTRIES = 3e8
"""Numbers in the cells' columns that are held at once, at most."""
RATE, STREAM, OVERHEAD = 1.2e10, 1e9, 1.5e-3
"""Floating-point operations a nominal second of small factorisations; numbers a nominal second of products that do not
fit the cache; nominal seconds for each cell beside them."""
PATIENCE = 20.0
"""Nominal seconds of a solve without a budget."""
SHARE = 0.4
"""The share of a budget that the solve may take: the second one and the checks take the rest."""
SPARSEST = 0.2
"""Features a sample, at least."""


@dataclass(frozen=True)
class Fine:
    """`shape`: cells a coordinate; `features` a sample; `count` samples; `limit`: the highest wave numbers that samples
    so close hold, in radians per unit length; `iterations` at most; `equations` a sample, of all unknowns."""

    shape: tuple[int, ...]
    features: float
    count: int
    limit: tuple[float, ...]
    iterations: int = ITERATIONS
    equations: float = 1.0

    @property
    def band(self) -> Array:
        """Half-widths of the frequencies: the share of the samples' band that so many features fill."""
        return min(self.features / FULL, 1.0) ** (1 / len(self.shape)) * np.array(self.limit)

    @property
    def entries(self) -> float:
        """Numbers in all columns: samples of a support times the features of a cell."""
        reach = np.prod([min(n, 2) for n in self.shape])
        return self.equations * self.count * reach * self.features * self.count / np.prod(self.shape)

    @property
    def cost(self) -> float:
        """Nominal seconds before the first iteration."""
        cells = float(np.prod(self.shape))
        return 4 * self.entries * self.features * self.count / cells / RATE + OVERHEAD * cells

    @property
    def step(self) -> float:
        """Nominal seconds of an iteration."""
        return 2 * self.entries / STREAM

    def __str__(self) -> str:
        shape = "×".join(map(str, self.shape))
        size = f"{self.features:.3g} features a sample, {self.count} samples"
        return f"{shape} cells, {size}, {self.iterations} iterations at most"


def serves(form: Form) -> bool:
    """Is a form linear, and are its conditions many samples and nothing else?"""
    regions = [condition.region for condition in form.conditions]
    fields = all(not unknown.is_number for unknown in form.unknowns)
    squares = all(condition.norm == 2 for condition in form.conditions)
    if not (form.linear and fields and squares and all(isinstance(r, PointSet) for r in regions)):
        return False
    return form.space.dim in SIDE and max(len(cloud(form, k)) for k in range(len(form.unknowns))) > MANY


def cloud(form: Form, unknown: int) -> Array:
    """The points at which an unknown has conditions, (N, d); each once for every region."""
    regions = {id(row.region): row.region for row in form.rows if unknown in row.indices}
    found = [region.coordinates for region in regions.values() if isinstance(region, PointSet)]
    return np.concatenate(found) if found else np.zeros((0, form.space.dim))


def resolution(points: Array) -> Array:
    """About how many samples there are along each coordinate, (d,): those of the grid that they lie on, fewer in
    proportion where they fill a part of it."""
    kinds = np.array([len(np.unique(column)) for column in points.T], dtype=float)
    return np.maximum(kinds * (len(points) / np.prod(kinds)) ** (1 / len(kinds)), 1.0)


def finest(form: Form, features: float) -> Fine:
    """Cells for the unknown with the most samples."""
    points = max((cloud(form, k) for k in range(len(form.unknowns))), key=len)
    along = resolution(points)
    lo, hi = bounds(form)
    shape = np.maximum(np.round(along / SIDE[len(along)]), 1).astype(int)
    rows = sum(len(sample(row.region, 1, 0)) for row in form.rows)
    limit = np.pi * along / (hi - lo)
    return Fine(tuple(map(int, shape)), features, len(points), tuple(map(float, limit)), equations=rows / len(points))


def trials(form: Form, plan: Fine, seed: int) -> tuple[Trial, ...]:
    """A trial for each unknown; unknowns with the same points share one."""
    made: dict[tuple, Trial] = {}
    out = []
    for unknown in range(len(form.unknowns)):
        key = tuple(sorted(id(row.region) for row in form.rows if unknown in row.indices))
        if key not in made:
            made[key] = _trial(form, unknown, plan, np.random.default_rng([seed, len(made)]))
        out.append(made[key])
    return tuple(out)


def _trial(form: Form, unknown: int, plan: Fine, rng: np.random.Generator) -> Trial:
    """Cells of the plan; where slopes are given, too, which add up over distances, coarser and coarser ones on top."""
    index, box = Sorted(cloud(form, unknown)), bounds(form, unknown)
    parts: list[Cell] = []
    shape = np.array(plan.shape)
    while True:
        coarse = len(parts) > 0
        for window, support, share in _cells(form, shape, box, index):
            extent = support[1] - support[0]
            width = COARSE[len(shape)] if coarse else max(round(plan.features * plan.count * share), 4)
            band = COARSE_BAND if coarse else 0.5 * extent * plan.band
            parts.append(Cell(SineBody.random(width, band, support, rng), window))
        if not form.order or shape.max() == 1:
            return Patchwork(tuple(parts))
        shape = np.maximum(shape // COARSER, 1)


def _cells(
    form: Form, shape: Array, box: tuple[Array, Array], index: Sorted
) -> Iterator[tuple[Window, tuple[Array, Array], float]]:
    """The windows that hold samples, their supports within the box, and their shares of all samples."""
    lo, hi = box
    edges = [np.linspace(a, b, n + 1) for a, b, n in zip(lo, hi, shape, strict=True)]
    for window in windows(edges, smoothness=max(form.order + 1, 3)):
        support = np.maximum(window.lo, lo), np.minimum(window.hi, hi)
        samples = len(index.inside(window.lo, window.hi))
        if samples:
            part = np.prod((hi - lo) / shape / (support[1] - support[0]))
            yield window, support, samples * part / len(index)


def fit(form: Form, plan: Fine, samples: Samples, seed: int, exact: float = EXACT) -> State:
    """The heads that fit the samples best, or to a relative residual `exact`."""
    state = zero_state(form, trials(form, plan, seed))
    system = linearise(form, samples, state, no_jets(form))
    factors = system.factors(lambda row: 1.0)
    right = np.concatenate([block.right * factor for block, factor in zip(system.blocks, factors, strict=True)])
    with sized(0):  # the cells are small: threads would only wait for one another
        pieces = factored(system, factors, _ridges(state, plan))
        kind = np.result_type(right.dtype, *(piece.q.dtype for piece in pieces))
        return state.with_vector(iterate(pieces, right, system.width, kind, lambda g: g, plan.iterations, exact))


def _ridges(state: State, plan: Fine) -> list[Array]:
    """A ridge for each column of each cell, by its wave number."""
    trials = [trial for trial in state.trials if isinstance(trial, Patchwork)]
    shares = [cell.waves / np.array(plan.limit) for trial in trials for cell in trial.parts]
    stiffness = STIFFNESS * min(plan.iterations / ITERATIONS, 1.0) ** 2  # the stiffer, the more iterations
    return [RIDGE + stiffness * np.mean(share**2, axis=1) ** 2 for share in shares]


def solve(context: Context) -> Iterator[Candidate]:
    """One fit, with as many features and iterations as time and memory allow."""
    form, exact = context.form, max(EXACT, context.tol or 0.0)
    start = time.perf_counter()
    plan = affordable(form, context.clock.budget and SHARE * context.clock.left)
    samples = draw(form, 1, context.seed)
    state = fit(form, plan, samples, context.seed, exact)
    found = score(form, samples, state).total

    def again(seed: int, lean: Sequence[float]) -> State:
        return fit(form, plan, left_out(samples, LEFT_OUT, seed), seed, exact)

    seconds, memory = time.perf_counter() - start, {"plan": str(plan)}
    yield Candidate(state, found, found, seconds, "least-squares", f"samples: {plan}", memory, again)


def affordable(form: Form, seconds: float | None) -> Fine:
    """A plan that fits into memory, and into so many seconds (as is usual, where that is None): with fewer features, if
    need be, and then with fewer iterations."""
    most = ITERATIONS if seconds is None else MOST
    seconds = PATIENCE if seconds is None else seconds
    plan = finest(form, FULL)
    while (plan.entries > ENTRIES or plan.cost + FEWEST * plan.step > seconds) and plan.features > SPARSEST:
        plan = replace(plan, features=0.9 * plan.features)
    return replace(plan, iterations=int(np.clip((seconds - plan.cost) / plan.step, FEWEST, most)))
