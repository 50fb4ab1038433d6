"""Linear problems of many samples (pixels, recordings, videos), alone or with priors and equations between them: cells
as fine as the samples, and LSMR.

Sine features of the samples' whole band, somewhat more than there are samples, can take every value; each cell's
columns are made orthonormal, and then a few iterations settle the cells with one another. Absolute values
(`norm=1`) are squares whose weights follow the residual (Holland and Welsch 1977).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.declaration.regions import Region
from inrpde.discretise.jets import no_jets
from inrpde.discretise.score import score
from inrpde.discretise.state import State, zero_state
from inrpde.discretise.system import System, linearise
from inrpde.networks.boxes import Sorted
from inrpde.networks.partition import Window, windows
from inrpde.networks.patchwork import Cell, Patchwork
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Trial
from inrpde.sampling import sample
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import along, bounds, priors, sample_points
from inrpde.sampling.modes import DOMAIN
from inrpde.sampling.sites import Samples
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.linear import RIDGE
from inrpde.solvers.linear.iterative import iterate
from inrpde.solvers.linear.pieces import Orthonormal
from inrpde.solvers.linear.threads import sized
from inrpde.solvers.linear.weights import reweighted
from inrpde.solvers.search.cost import pace
from inrpde.solvers.search.survey import LEFT_OUT

Array = np.ndarray
NAME, OPTIONS = "sample fit", Nothing
ALONE, BESIDE = 3000, 6000
"""Samples from which they are not left to one domain and few cells: with nothing between them, and with equations;
chosen."""
SIDE = {1: 30.0, 2: 8.0, 3: 3.0}
"""Samples along the side of a cell; chosen."""
EACH, RICHER = 20, 3.5
"""Samples of a cell, and features a sample, where something holds between them: it decides what is finer than they;
chosen."""
STIFFNESS, GIVEN = 50.0, 10.0
"""The ridge at the edge of the samples' band, relative to the columns, where values are given, and where slopes are:
it falls with its fourth power, so that of all fields through the samples a smooth one is found; chosen."""
COARSER = 3
"""How many times as long each next level's cells are; chosen."""
COARSE, COARSE_BAND = {1: 8, 2: 24, 3: 48}, 4.0
"""Features of a coarse cell, and their band in coordinates scaled to it; chosen."""
FEWEST, ITERATIONS, MOST = 15, 100, 600
"""Iterations: at least, at most without a budget, at most; chosen."""
ROUNDS, ROUND = 5, 25
"""Rounds of weights where a condition has the norm 1, and iterations in each, at most; chosen."""
EXACT = 1e-14
"""A residual of this share of the samples is rounding."""
HELD_OUT = 15_487_469
"""Added to the seed for the points on which an answer is scored; a prime."""
ENTRIES = 3e8
"""Numbers in the cells' columns that are held at once, at most; chosen."""
RATE, STREAM, OVERHEAD = 1.2e10, 1e9, 1.2e-3
"""Floating-point operations a nominal second of small factorisations; numbers a nominal second of products that do not
fit the cache; nominal seconds for each cell beside them; chosen."""
PATIENCE = 40.0
"""Nominal seconds of a solve without a budget; chosen."""
SHARE, AGAIN = 0.4, 0.6
"""The share of a budget that the solve may take, and the share of what is left then that the second one may take;
chosen."""
SCORED = 20_000
"""Points of a condition on which an answer is scored; chosen."""
SPARSEST = 0.2
"""Features a sample, at least; chosen."""


@dataclass(frozen=True)
class Fine:
    """`shape`: cells a coordinate; `features` a sample; `count` samples; `limit`: the highest wave numbers that samples
    so close hold, in radians per unit length; `equations` a sample, of all unknowns, and `between` them for each
    feature; `iterations` at most in each of the `rounds`."""

    shape: tuple[int, ...]
    features: float
    count: int
    limit: tuple[float, ...]
    equations: float = 1.0
    between: int = 0
    iterations: int = ITERATIONS
    rounds: int = 1

    @property
    def band(self) -> Array:
        """Half-widths of the frequencies: the share of the samples' band that so many features fill."""
        return min(self.features / DOMAIN, 1.0) ** (1 / len(self.shape)) * np.array(self.limit)

    @property
    def width(self) -> int:
        """Features in all."""
        return round(self.features * self.count)

    @property
    def entries(self) -> float:
        """Numbers in all columns: rows of a support times the features of a cell."""
        reach = np.prod([min(n, 2) for n in self.shape])
        rows = self.equations * self.count + self.between * self.width
        return float(rows * reach * self.width / np.prod(self.shape))

    @property
    def cost(self) -> float:
        """Nominal seconds before the first iteration of a round."""
        cells = float(np.prod(self.shape))
        return 4 * self.entries * self.width / cells / RATE + OVERHEAD * cells

    @property
    def step(self) -> float:
        """Nominal seconds of an iteration."""
        return 2 * self.entries / STREAM

    def seconds(self, iterations: int) -> float:
        """Nominal seconds of a fit with so many iterations in each round."""
        return self.rounds * (self.cost + iterations * self.step)

    def __str__(self) -> str:
        shape = "×".join(map(str, self.shape))
        size = f"{self.features:.3g} features a sample, {self.count} samples"
        rounds = f"{self.rounds} rounds of " if self.rounds > 1 else ""
        return f"{shape} cells, {size}, {rounds}{self.iterations} iterations at most"


def serves(form: Form) -> Claim | str:
    if not form.linear:
        return "the equations are not linear"
    if any(unknown.is_number for unknown in form.unknowns):
        return "a number is unknown"
    if form.integrals or any(condition.periodic for condition in form.conditions) or form.space.dim not in SIDE:
        return "it takes no integrals, no periodic conditions, and at most three coordinates"
    count = max(len(sample_points(form, k)) for k in range(len(form.unknowns)))
    most = ALONE if all(row.region.dim == 0 for row in form.rows) else BESIDE
    if not priors(form) and count <= most:
        return f"{count} samples are not the many ({most}) that set the resolution"
    return Claim(Role.ALONE, f"{count} samples set the resolution: cells as fine as they are")


def finest(form: Form) -> Fine:
    """Cells for the unknown with the most samples."""
    points = max((sample_points(form, k) for k in range(len(form.unknowns))), key=len)
    number, dim = along(points), form.space.dim
    lo, hi = bounds(form)
    between = [row for row in form.rows if row.region.dim == dim]
    side = EACH ** (1 / dim) if between else SIDE[dim]
    shape = np.maximum(np.round(number / side), 1).astype(int)
    equations = sum(len(sample(row.region, 1, 0)) for row in form.rows if row.region.dim == 0)
    limit = np.pi * number / (hi - lo)
    return Fine(
        tuple(map(int, shape)), RICHER if between else DOMAIN, len(points), tuple(map(float, limit)),
        equations / len(points), len(between),
        rounds=ROUNDS if any(condition.norm == 1 for condition in form.conditions) else 1,
    )  # fmt: skip


def trials(form: Form, plan: Fine, seed: int) -> tuple[Trial, ...]:
    """A trial for each unknown; unknowns with the same points share one."""
    made: dict[frozenset[Region], Trial] = {}
    out = []
    for unknown in range(len(form.unknowns)):
        key = frozenset(row.region for row in form.rows if unknown in row.indices)
        if key not in made:
            made[key] = _trial(form, unknown, plan, np.random.default_rng([seed, len(made)]))
        out.append(made[key])
    return tuple(out)


def _trial(form: Form, unknown: int, plan: Fine, rng: np.random.Generator) -> Trial:
    """Cells of the plan; where slopes are given, too, which add up over distances, coarser and coarser ones on top."""
    index, box = Sorted(sample_points(form, unknown)), bounds(form, unknown)
    parts: list[Cell] = []
    shape = np.array(plan.shape)
    while True:
        coarse = len(parts) > 0
        for window, support, share in _cells(form, shape, box, index):
            extent = support[1] - support[0]
            width = COARSE[len(shape)] if coarse else max(round(plan.width * share), 4)
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


def fit(
    form: Form, plan: Fine, samples: Samples, seed: int, exact: float = EXACT,
    left: Callable[[], float] = lambda: math.inf,
) -> State:  # fmt: skip
    """The heads that fit the samples best, to a relative residual `exact`, or as well as the seconds `left` allow."""
    state = zero_state(form, trials(form, plan, seed))
    system, ridges = linearise(form, samples, state, no_jets(form)), _ridges(form, state, plan)
    heads = np.zeros(system.width)

    def settled(weighted: System) -> Array:
        """From the last heads, as far as the iterations go."""
        nonlocal heads
        columns, rest = Orthonormal.of(weighted, ridges), weighted.minus(heads).right
        kind = np.result_type(rest, columns.kind)
        step = iterate(columns.times, columns.adjoint, rest, columns.width, kind, plan.iterations, exact, left=left)
        heads = heads + columns.heads(step)
        return heads

    with sized(0):  # the cells are small: threads would only wait for one another
        return state.with_vector(reweighted(system, settled, plan.rounds - 1, lambda: left() <= 0))


def _ridges(form: Form, state: State, plan: Fine) -> list[Array]:
    """A ridge for each column of each cell, by its wave number where nothing else makes the field smooth."""
    trials = [trial for trial in state.trials if isinstance(trial, Patchwork)]
    shares = [cell.waves / np.array(plan.limit) for trial in trials for cell in trial.parts]
    stiffness = GIVEN if form.order else STIFFNESS
    stiffness *= min(plan.iterations / ITERATIONS, 1.0) ** 2  # the stiffer, the more iterations
    return [RIDGE + (0.0 if plan.between else stiffness) * np.mean(share**2, axis=1) ** 2 for share in shares]


def solve(context: Context) -> Iterator[Candidate]:
    """One fit, with as many features and iterations as time and memory allow."""
    form, clock, exact = context.form, context.clock, max(EXACT, context.tol or 0.0)
    start = time.perf_counter()

    def fitted(seed: int, share: float, left: bool = False) -> tuple[Fine, State]:
        """A fit within a share of the time that is left, without a fifth of the samples where they are `left` out."""
        end = clock.spent + share * clock.left
        plan = affordable(form, None if clock.budget is None else share * clock.left / pace())
        samples = draw(form, plan.width, seed)
        samples = samples.left_out(LEFT_OUT, seed) if left else samples
        return plan, fit(form, plan, samples, seed, exact, lambda: end - clock.spent)

    plan, state = fitted(context.seed, SHARE)
    seconds = time.perf_counter() - start
    found = score(form, draw(form, 1000, context.seed + HELD_OUT).thinned(SCORED), state).total

    def again(seed: int, lean: Sequence[float]) -> State:
        return fitted(seed, AGAIN, left=True)[1]

    yield Candidate(state, found, found, seconds, "least-squares", f"samples: {plan}", {"plan": str(plan)}, again)


def affordable(form: Form, seconds: float | None) -> Fine:
    """A plan that fits into memory, and into so many seconds (as is usual, where that is None): with fewer features, if
    need be, and then with fewer iterations."""
    plan = finest(form)
    most = ROUND if plan.rounds > 1 else ITERATIONS if seconds is None else MOST
    seconds = PATIENCE if seconds is None else seconds
    while (plan.entries > ENTRIES or plan.seconds(FEWEST) > seconds) and plan.features > SPARSEST:
        plan = replace(plan, features=0.9 * plan.features)
    iterations = (seconds / plan.rounds - plan.cost) / plan.step
    return replace(plan, iterations=int(np.clip(iterations, min(FEWEST, most), most)))
