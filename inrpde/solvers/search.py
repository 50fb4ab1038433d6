"""The search for a frozen body: bands are tuned, features and cells grow while the held-out score says that it pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from inrpde.compiler.form import Form
from inrpde.solvers.cells import cells
from inrpde.solvers.characteristics import solves
from inrpde.solvers.cost import CHEAP, nominal
from inrpde.solvers.features import Cells, Global, Plan, Waves
from inrpde.solvers.fields import field_points, relative_difference
from inrpde.solvers.initial import jumps, marches, squeeze
from inrpde.solvers.march import March, march
from inrpde.solvers.method import Candidate, Context, beats
from inrpde.solvers.record import Attempt, Record, named
from inrpde.solvers.resolution import sample_points
from inrpde.solvers.samples import Samples, bounds, draw, holes, left_out, sampled, volumes
from inrpde.solvers.score import score
from inrpde.solvers.shapes import NARROW, SPARE, sources
from inrpde.solvers.spectrum import spectrum
from inrpde.solvers.state import State
from inrpde.solvers.windows import windows

Array = np.ndarray
Kind = TypeVar("Kind", bound=Global | Cells | March)
HELD_OUT = 104_729
"""Added to the seed for the points that are never fitted."""
ENOUGH = 3e-12
"""A score below which rounding is all that is left."""
RESOLVED = 1e-4
"""A score below which more features are a better use of time than another band."""
BLIND = 0.3
"""A score above which the bands that were tried tell nothing."""
WIDEST = 4500
"""Features that one dense factorisation is given at most."""
PATIENCE = 20.0
"""Nominal seconds that a step may be predicted to take where neither budget nor tolerance is given and nothing is known
yet; the better the answer, the less a step may take."""
HIGH = 4
"""Coordinates from which frequencies are drawn from a Gaussian: a box would be mostly corners."""
HOPELESS = 1e3
"""An arm so many times behind a resolved solution is given up."""
BEHIND, FAIR = 10.0, 5
"""An arm so many times behind, after so many tries, the last of which did not help, is given up."""
PRECISE = 1e-8
"""A score below which no other kind of body is tried."""
ENDURANCE = 40.0
"""Nominal seconds that all steps together may take without a budget, four times as many with a tolerance."""
STALLED = 1.5
"""Nominal seconds without progress after which a search without a budget ends, once they are half of all."""
UNRESOLVED = 12.0
"""The same while the best score says that nothing is resolved."""
VAIN = 5
"""Steps in vain before that: one that was dear tells little."""
FEW = 1000
"""Samples, where they alone give the unknowns, up to which one domain is tried."""
LEFT_OUT = 0.2
"""The share of labelled points that a solve does not see: the second, and the first where there are equations too."""
HEADROOM, AGAIN = 1.2, 0.6
"""Costs are predicted with so much to spare, and so much for the second solve."""
WORTH = 0.8
"""The share of the score to which another band must lower it to be followed."""


class Fit(Protocol):
    """Finds the heads for one body: from a form, a plan, samples, a seed, and a state to start from (nonlinear forms).

    With `lean`, a size for each unknown, what the conditions leave open is random and of that size instead of zero.
    """

    def __call__(
        self, form: Form, plan: Plan, samples: Samples, seed: int, start: State | None, lean: Sequence[float] = ()
    ) -> State: ...


@dataclass
class Search(Generic[Kind]):
    """One kind of body: the plans tried so far, and the best of them."""

    context: Context
    fit: Fit
    method: str
    arms: list[Search[Any]] = field(default_factory=list)
    """All searches of the run, this one included."""
    record: Record = field(default_factory=Record)
    """What the run has tried."""
    best: Candidate | None = None
    best_plan: Kind | None = None
    spent: float = 0.0
    """Nominal seconds."""
    change: float = 1.0
    """The relative difference between the best and the best before it."""
    tried: dict[Kind, float] = field(default_factory=dict)
    costs: dict[Kind, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.arms.append(self)
        self.values: list[Array] = []
        self.until: float | None = None
        """The time after which the last march could not be continued."""
        self.held_out = draw(self.context.form, 1000, self.context.seed + HELD_OUT)
        lo, hi = bounds(self.context.form)
        found, half = spectrum(self.context.form, self.held_out), (hi - lo) / 2
        self.ringing, self.driven, given = found.ringing * half, found.driven * half, found.given * half
        self.sources = sources(self.context.form)
        self.narrow = any(density.max() > NARROW * density.mean() for density in self.sources)
        self.waves = np.maximum(np.maximum(self.ringing, given), 0.0 if self.narrow else self.driven)
        """The declared wave numbers in coordinates scaled to [-1, 1]: those that go everywhere, those of the sources,
        and those to be resolved everywhere; narrow sources are left to cells that crowd there."""
        form = self.context.form
        alone = all(sampled(form, k) for k in range(len(form.unknowns)))
        self.given_points = len(sample_points(form)) if alone else 0
        """Samples, where they alone give the unknowns."""
        if not alone:  # beside equations, samples may be noisy: some are kept back to be predicted
            self.held_out = left_out(self.held_out, LEFT_OUT, self.context.seed, kept=False)
        self.has_holes = any(holes(r) for k in range(len(form.unknowns)) for r in volumes(form, k))

    @property
    def done(self) -> bool:
        return min(arm.score for arm in self.arms) < max(ENOUGH, self.context.tol or 0.0)

    @property
    def score(self) -> float:
        return self.best.score if self.best else float("inf")

    @property
    def plan(self) -> Kind:
        """That of the best; only where something was attempted."""
        assert self.best_plan is not None
        return self.best_plan

    @property
    def state(self) -> State:
        """The best one; only where something was attempted."""
        assert self.best is not None
        return self.best.state

    def affords(self, plan: Kind) -> bool:
        """Does the predicted cost of a plan fit into the budget, or into what the next step is worth without one?"""
        cost = nominal(self.context.form, plan)
        if self.context.clock.budget is not None:
            return cost < self.patience and self.context.clock.fits((HEADROOM + AGAIN) * cost * self.slowness)
        spent = sum(nominal(self.context.form, tried) for arm in self.arms for tried in arm.tried)
        return cost < self.patience and spent + cost < ENDURANCE * (1 if self.context.tol is None else 4)

    @property
    def slowness(self) -> float:
        """Seconds a nominal second, as measured on the costliest plan so far."""
        if not self.costs:
            return 1.0
        costliest = max(self.costs, key=lambda plan: nominal(self.context.form, plan))
        return self.costs[costliest] / nominal(self.context.form, costliest)

    @property
    def patience(self) -> float:
        """Nominal seconds that the next step is worth."""
        return self.worth(min(arm.error for arm in self.arms))

    def worth(self, error: float) -> float:
        """Nominal seconds that a step is worth: the fewer, the better the best answer already is."""
        if self.context.tol is not None:
            return 4 * PATIENCE
        share = (np.log(np.clip(error, ENOUGH, 1.0) / ENOUGH) / np.log(1 / ENOUGH)) ** 4
        return max(share * max(PATIENCE, self.context.clock.budget or 0.0), CHEAP)

    @property
    def error(self) -> float:
        """A first guess at the error of the best: between its score and the last change."""
        return float(np.sqrt(self.score * self.change)) if self.best else 1.0

    def attempt(self, plan: Kind, reason: str) -> Candidate:
        """Fit a plan and score it, or take the outcome from the record; remembers the best.

        What the record tells of a plan that was not the best of its kind is without its state; the best's stands in.
        """
        form = self.context.form
        done = self.record.taken(plan, self.best) or self._tried(plan)
        better = beats(done.score, self.best)
        self.record.made.append(done if better else replace(done, state=None))
        self.until = done.until
        self.tried[plan], self.costs[plan] = done.score, done.cost
        self.spent += nominal(form, plan)
        state = done.state or self.state
        memory = self.record.memory() | ({} if done.until is None else {"last_good_time": done.until})
        candidate = Candidate(
            state, done.score, done.fitted, done.cost, self.method, f"{reason}: {plan}", memory,
            self._again(plan, state), self.record.settled,
        )  # fmt: skip
        if better:
            values = self._values(state)
            self.change = max(map(relative_difference, self.values, values), default=min(done.score, 1.0))
            self.best, self.best_plan, self.values = candidate, plan, values
        return candidate

    def _tried(self, plan: Kind) -> Attempt:
        start = time.perf_counter()
        form, seed, held_out = self.context.form, self.context.seed, self.held_out
        samples = draw(form, plan.points, seed, plan.cut)
        if not self.given_points:
            samples = left_out(samples, LEFT_OUT, seed)
        state, until = self._solve(plan, samples, seed, self.best.state if self.best else None)
        if until is not None:  # what is left of an answer that ends early is scored as far as it goes
            held_out = squeeze(form, held_out, bounds(form)[0][-1], until)
        scored = score(form, held_out, state).total
        if isinstance(plan, March):
            scored += jumps(form, state)
        fitted = score(form, samples, state).total
        return Attempt(named(plan), scored, fitted, time.perf_counter() - start, until, state)

    def _values(self, state: State) -> list[Array]:
        zero = (0,) * self.context.form.space.dim
        points = [field_points(self.context.form, k, 400, 7) for k in range(len(self.context.form.unknowns))]
        return [state.jets(k, at, [zero])[zero] for k, at in enumerate(points)]

    def _again(self, plan: Kind, state: State) -> Callable[[int, Sequence[float]], State]:
        other = plan.varied()

        def again(seed: int, lean: Sequence[float]) -> State:
            samples = left_out(draw(self.context.form, other.points, seed, other.cut), LEFT_OUT, seed)
            return self._solve(other, samples, seed, state, lean)[0]

        return again

    def _solve(
        self, plan: Global | Cells | March, samples: Samples, seed: int, start: State | None, lean: Sequence[float] = ()
    ) -> tuple[State, float | None]:
        """A state, and the time after which it could not be continued."""
        fit = partial(self.fit, lean=lean)
        if isinstance(plan, March):
            return march(self.context.form, plan, seed, fit)
        return fit(self.context.form, plan, samples, seed, start), None


@dataclass
class Arm:
    """A walk through plans of one kind."""

    search: Search[Any]
    steps: Iterator[Candidate]
    improving: bool = False
    """Has the last step lowered the score threefold?"""

    def claim(self, best: float) -> float:
        """The time that it has had, counted the more the further its score lies behind the best."""
        return self.search.spent * float(np.sqrt(max(self.search.score / best, 1.0))) if self.search.best else 0.0


def climb(context: Context, fit: Fit, method: str) -> Iterator[Candidate]:
    """One domain, cells and windows in turns, those that lie behind with less time; what converges is left to it."""
    together: list[Search[Any]] = []
    record = Record.recalled(method, context.tol, context.memory)
    walks: list[Callable[[Search[Any]], Iterator[Candidate]]] = [one_domain]
    if not fixed(context):
        walks += [cells, windows] if marches(context.form) else [cells]
    arms: list[Arm] = []
    for walk in walks:
        search: Search[Any] = Search(context, fit, method, together, record)
        arms.append(Arm(search, walk(search)))
    progress = Progress()
    while arms:
        best = min(search.score for search in together)
        if context.clock.budget is None and context.tol is None and progress.stalled(best, together):
            return
        if best <= RESOLVED:
            arms = [arm for arm in arms if arm.search.best is None or arm.search.score < HOPELESS * best]
        arms = [
            arm for arm in arms if arm.improving or len(arm.search.tried) < FAIR or arm.search.score < BEHIND * best
        ]
        if not arms or (best < PRECISE and all(arm.search.best is None for arm in arms)):
            return
        ahead = min(arms, key=lambda a: a.search.score)
        converging = ahead.improving and ahead.search.score < RESOLVED
        arm = ahead if converging else min(arms, key=lambda a: a.claim(max(best, ENOUGH)))
        before = arm.search.score
        candidate = next(arm.steps, None)
        if candidate is None:
            arms.remove(arm)
            continue
        arm.improving = arm.search.score < before / 3
        yield candidate


@dataclass
class Progress:
    """When the score was last halved."""

    score: float = float("inf")
    at: float = 0.0
    tries: int = 0

    def stalled(self, best: float, searches: Sequence[Search[Any]]) -> bool:
        spent, tries = sum(search.spent for search in searches), sum(len(search.tried) for search in searches)
        if best < 0.5 * self.score:
            self.score, self.at, self.tries = best, spent, tries
        enough = max(STALLED, self.at) if best < BLIND else UNRESOLVED
        return spent - self.at > enough and tries - self.tries >= VAIN


def fixed(context: Context) -> bool:
    """Has the user chosen the body?"""
    return any(context.settings[key] is not None for key in ("solver.width", "solver.band"))


def one_domain(search: Search[Global]) -> Iterator[Candidate]:
    """From the declared wave numbers upwards: tune the band while the solution is unresolved, then add features."""
    settings = search.context.settings
    if search.given_points > FEW:
        return
    wavy = wavy_plan(search)
    if wavy is not None:
        yield search.attempt(wavy, "exponentials of the equation")
    if search.done:
        return
    before = search.score
    first = first_plan(search)
    yield search.attempt(first, "first")
    if search.has_holes and not search.done:
        yield search.attempt(replace(first, poles=True), "first, with multipoles in the holes")
    if wavy is not None and search.score == before:
        yield from further(search)
    fixed_band = settings["solver.band"] is not None
    misses = 0
    while not search.done and misses < 2:
        before = search.score
        if search.score > RESOLVED and not fixed_band:
            yield from tune(search)
        if settings["solver.width"] is not None or search.done:
            return
        widest = max(plan.width for plan in search.tried if plan.reach == search.plan.reach)
        bigger = replace(search.plan, width=round(1.7 * widest))
        if bigger.width > WIDEST or not search.affords(bigger):
            return
        yield search.attempt(bigger, "more features")
        if search.score > 0.3 * before and not fixed_band and not search.done and search.affords(bigger):
            stretch = 1.7 ** (1 / len(search.waves))
            band = tuple(k + (w - k) * stretch for w, k in zip(bigger.reach, search.waves, strict=True))
            yield search.attempt(bigger.reaching(band), "more features, wider band")
        misses = 0 if search.score < 0.3 * before else misses + 1


def further(search: Search[Global]) -> Iterator[Candidate]:
    """Exponentials that solve the equation, up to higher and higher frequencies while that pays."""
    stretch = 1.6
    while (plan := wavy_plan(search, stretch)) is not None and not search.done and search.affords(plan):
        before = search.score
        yield search.attempt(plan, "exponentials of the equation")
        if RESOLVED > search.score > 0.3 * before or (search.score > 0.6 * before and stretch > 3):
            return
        stretch *= 1.6


def first_plan(search: Search[Global]) -> Global:
    """A little above the wave numbers in each coordinate, and features enough to resolve that."""
    settings, d = search.context.settings, search.context.form.space.dim
    many = d >= HIGH
    above = 3.0 if d < 3 else 1.5  # the more coordinates, the fewer features there are for each
    band = np.maximum(0.5 * search.waves.max(), 6.0 / d) * np.ones(d) if many else np.minimum(search.waves, 150) + above
    if settings["solver.band"] is not None:
        band = np.full(d, float(settings["solver.band"]))
    resolves = 2.2 * np.prod(2 * band / np.pi + 3)
    if settings["solver.width"] is None:
        while resolves > 300 and not search.affords(Global(int(min(resolves, 2200)), tuple(band))):
            resolves = 0.8 * min(resolves, 2200)
    least = {1: 60, 2: 300, 3: 700}.get(d, 1000)
    if search.given_points:
        least = max(least, round(SPARE * search.given_points))
        if settings["solver.band"] is None:
            band = np.maximum(band, ((least / 2.2) ** (1 / d) - 3) * np.pi / 2)
    width = settings["solver.width"] or int(np.clip(resolves, least, max(least, 1000 if many else 2200)))
    kind = "gaussian" if many else "box"
    return Global(width, tuple(float(w) for w in band), layers=settings["solver.layers"] or 1, distribution=kind)


def wavy_plan(search: Search[Global], stretch: float = 1.0) -> Global | None:
    """Exponentials of the equation as many as its characteristic set, of one dimension less, asks for, and features for
    what its sources drive, up to the declared wave numbers times `stretch`; None where the equation has none or the
    user has chosen the body."""
    form = search.context.form
    d = form.space.dim
    if d >= HIGH or fixed(search.context) or (search.context.settings["solver.layers"] or 1) > 1:
        return None
    reach = stretch * (search.waves + 3.0)
    band = 3.0 + (0.0 if search.narrow else stretch) * search.driven
    if not all(solves(form, k, reach, bounds(form)) for k, u in enumerate(form.unknowns) if not u.is_number):
        return None
    across = 2 * reach / np.pi + 3
    fewest, each = {1: (12, 1), 2: (150, 13), 3: (400, 8)}[d]
    count = int(np.clip(each * np.mean(np.prod(across) / across), fewest, 2500))
    beside = int(np.clip(1.6 * np.prod(2 * band / np.pi + 3), 60, 1000))
    waves = Waves(count / (count + beside), tuple(float(w) for w in reach))
    return Global(count + beside, tuple(float(w) for w in band), waves=waves)


def tune(search: Search[Global]) -> Iterator[Candidate]:
    """Climb in what the band has above the wave numbers: all coordinates together, then one by one."""
    d = len(search.waves)
    waves = search.waves if d < HIGH else np.zeros(d)
    directions = [tuple(range(d))] + ([(k,) for k in range(d)] if 1 < d < HIGH and search.score < BLIND else [])
    for axes in directions:
        for step in (1.5, 1 / 1.5):
            while search.score > RESOLVED and search.affords(search.plan):
                current, before = search.plan, search.score
                excess = [max(w - k, 0.3) for w, k in zip(current.reach, waves, strict=True)]
                excess = [e * step if i in axes else e for i, e in enumerate(excess)]
                trial = current.reaching(tuple(k + e for k, e in zip(waves, excess, strict=True)))
                if not all(0.3 <= e <= 300 for e in excess) or trial in search.tried:
                    break
                if len(axes) < d and nominal(search.context.form, trial) > CHEAP:
                    break  # more features are a better use of that time
                yield search.attempt(trial, "band")
                if search.score > WORTH * before:
                    break
