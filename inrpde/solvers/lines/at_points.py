"""Linear problems in time in many coordinates: least squares at points in space, and heads that follow the time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.bind import Evolution
from inrpde.compiler.form import PAIR, Form, Row
from inrpde.compiler.frozen import Moving, Start, begins
from inrpde.declaration.regions.section import section
from inrpde.discretise.base import base
from inrpde.discretise.score import score
from inrpde.discretise.state import State
from inrpde.errors import DivergedError
from inrpde.networks.lines import Lines
from inrpde.networks.offset import bare, counted
from inrpde.networks.siren import SineBody
from inrpde.resolution import steps
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import bounds
from inrpde.solvers.contract.levels import FIRST_SHARE, HELD_OUT, SCORED, Comparison, gained, left
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.linear.threads import sized
from inrpde.solvers.lines.collocation import SAFETY, march
from inrpde.solvers.lines.nodes import radau
from inrpde.solvers.lines.on_points import OnPoints

Array = np.ndarray
NAME, OPTIONS = "lines at points", Nothing
FEWEST = 4
"""Coordinates in space from which cells are too many."""
FIRST, RICHER, WIDEST = 250, 1.7, 4000
"""Features of all unknowns together to begin with, how many times as many a level has as the one before, and at most;
chosen."""
NARROW, WIDER, WORTH = 0.25, 2.0, 0.8
"""The least band, in coordinates scaled to [-1, 1], with which sines are hardly more than polynomials; how much wider
one is than the last; and the share of the score to which it must lower that; chosen."""
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
"""In time, level by level; chosen."""
NODES = 5
"""Nodes of a step; measured."""
CUBIC = 3.0
"""The power of the features that a level's time is in proportion to: their factorisation's."""
GROWN = 1e3
"""A score that no solution has whose steps do not grow; chosen."""
POINTS, GOAL = 2000, 1e-9
"""Points at which levels are compared, and the difference below which nothing more is tried; chosen."""


@dataclass(frozen=True, eq=False)
class Parts:
    """A form in space and time, parted: `rows` hold at all times, `orders` are those of the unknowns in time."""

    way: Evolution
    rows: tuple[Row, ...]
    orders: tuple[int, ...]
    starts: tuple[Start, ...]


def parts(form: Form) -> Parts | str:
    """The parts, or in a few words why there are none."""
    way, when = form.evolves, form.space.time
    if way is None or when is None or not form.space.spatial:
        return "there is no evolution of fields in space"
    if form.arithmetic != "real" or form.integrals or any(unknown.learned for unknown in form.unknowns):
        return "an unknown is complex or learned, or an equation holds an integral"
    rows = tuple(row for row in form.rows if not way.begins(row.region))
    if any(row.region.labels or section(row.region) is None for row in rows):
        return "a region changes with time, or is known by points alone"
    if any(jet.site == PAIR for row in rows for jet in row.jets.values()):
        return "it is periodic"
    slopes = ((row, slope) for row in rows for slope in row.tangent.values())
    if any(slope.free_symbols & {when, *row.data, *row.jets} for row, slope in slopes):
        return "equations are not linear, or their coefficients vary with time"
    jets = [jet for row in rows for jet in row.jets.values()]
    orders = tuple(
        max((jet.index[-1] for jet in jets if jet.unknown == k), default=0) for k in range(len(form.unknowns))
    )
    if max(orders) != 1:
        return f"derivatives in time are of order {max(orders)}"
    if not all(_spreads(form, rows, k) for k, order in enumerate(orders) if order):
        return "there is an unknown that nothing spreads"
    try:
        return Parts(way, rows, orders, tuple(begins(form, way, orders)))
    except Moving as why:
        return str(why)


def _spreads(form: Form, rows: Sequence[Row], unknown: int) -> bool:
    """Does an equation that holds in a volume have a second derivative of an unknown in space? Without one such steps
    may grow, as those of second order in time do (measured on a turning disc, and on a damped membrane)."""
    inside = [row for row in rows if row.region.dim == form.space.dim]
    return any(jet.unknown == unknown and sum(jet.index[:-1]) > 1 for row in inside for jet in row.jets.values())


def serves(form: Form) -> Claim | str:
    if len(form.space.spatial) < FEWEST:
        return f"there are fewer than {FEWEST} coordinates in space"
    found = parts(form)
    if isinstance(found, str):
        return found
    return Claim(Role.ALONE, "least squares in space with one network, whose heads follow the time")


@dataclass(frozen=True)
class Plan:
    """Features of each unknown, their band in coordinates scaled to [-1, 1], and the tolerance in time."""

    width: int
    band: float
    tolerance: float

    def __str__(self) -> str:
        return f"{self.width} features, band {self.band:.3g}, {self.tolerance:.0e} in time"


@dataclass(frozen=True, eq=False)
class Level:
    """A solution on a plan's features, its held-out score, its steps, and the seconds that it took."""

    plan: Plan
    state: State
    score: float
    steps: int
    seconds: float

    def candidate(self, again: Again, share: float) -> Candidate:
        reason = f"{self.plan}, {self.steps} steps"
        return Candidate(self.state, self.score, self.score, self.seconds, "lines", reason, again=again, share=share)


def solve(context: Context) -> Iterator[Candidate]:
    """The band is widened on few features as long as that helps; then a candidate a level, each with more features and
    shorter steps. Its error is what it differs by from the one before, times what is left if gains go on. Raises
    Withdrawn where steps do not reach the end, or grow."""
    form, seed = context.form, context.seed
    of = parts(form)
    assert isinstance(of, Parts)
    held_out, apart = draw(form, SCORED, seed + HELD_OUT), Comparison.of(form, POINTS, seed)

    def level(plan: Plan) -> Level:
        begun = time.perf_counter()
        with sized(0.0):
            state, count = fitted(form, of, plan, seed)
        return Level(plan, state, score(form, held_out, state).total, count, time.perf_counter() - begun)

    plan = Plan(max(FIRST // len(form.unknowns), 2), NARROW, TOLERANCES[0])
    try:
        found = level(plan)
    except DivergedError as failed:
        raise Withdrawn(failed.what) from None
    if not found.score < GROWN:
        raise Withdrawn("steps in time grow")
    yield found.candidate(Again(form, of, plan, None, seed), FIRST_SHARE)
    while (wider := level(replace(found.plan, band=WIDER * found.plan.band))).score < WORTH * found.score:
        found = wider
        yield found.candidate(Again(form, of, found.plan, None, seed), FIRST_SHARE)
    error, gaps = found.score, list[float]()
    goal = GOAL if context.tol is None else context.tol / 30
    for tolerance in TOLERANCES[1:]:
        plan = replace(found.plan, width=round(RICHER * found.plan.width), tolerance=tolerance)
        dear = found.seconds * RICHER**CUBIC > left(context, error)
        if error < goal or dear or plan.width * len(form.unknowns) > WIDEST:
            return
        before, found = found, level(plan)
        gaps.append(apart(found.state, before.state))
        share = gained(gaps, alike=SAFETY * tolerance)
        error = share * gaps[-1]
        yield found.candidate(Again(form, of, plan, before.state, seed), share)


def fitted(form: Form, of: Parts, plan: Plan, seed: int) -> tuple[State, int]:
    """The solution on a plan's features, and the number of its steps. Raises DivergedError where these become too
    short."""
    trials = []
    for k, offset in enumerate(base(form)):
        lo, hi = bounds(form, k)
        rng, box = np.random.default_rng([seed, k]), (lo[:-1], hi[:-1])
        trials.append(counted(SineBody.random(plan.width, plan.band, box, rng, distribution="gaussian"), offset))
    system = OnPoints(form, of.rows, of.way, trials, of.orders, seed)
    values = system.begun(of.starts, of.way.start)
    found = march(
        system, of.way.start, of.way.end, values, np.zeros_like(values), plan.tolerance, radau(NODES),
        of.way.stages(steps(form.bound, of.way.axis)),
    )  # fmt: skip
    if found.ended != "end":
        raise DivergedError("the solution cannot be followed to its end", None, "check the initial values")
    degree = found.coefficients.shape[1] - 1
    lines = tuple(counted(Lines(bare(trial), found.times, degree), trial.offset) for trial in trials)
    heads = tuple(system.heads(k, found.coefficients).ravel() for k in range(len(trials)))
    return State(lines, heads), len(found.times) - 1


@dataclass(frozen=True)
class Again:
    """The second solve: the level before, of the first one with fewer features."""

    form: Form
    of: Parts
    plan: Plan
    before: State | None
    seed: int

    def __call__(self, seed: int, lean: Sequence[float]) -> State:
        if self.before is not None:
            return self.before
        fewer = replace(self.plan, width=round(self.plan.width / RICHER), tolerance=10 * self.plan.tolerance)
        return fitted(self.form, self.of, fewer, seed)[0]
