"""The strategy for learned coefficients that are read: fields follow them, on bodies that become finer by levels."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from inrpde.compiler import compile_problem
from inrpde.compiler.form import Form, Row
from inrpde.declaration import Learned, Problem
from inrpde.discretise.base import base
from inrpde.discretise.fields import field_points, relative_difference, rms
from inrpde.discretise.jets import evaluate_jets, residuals
from inrpde.discretise.kept import forgetting, remembering
from inrpde.discretise.score import data, score
from inrpde.discretise.state import State, deviation_at, field_at, zero_state
from inrpde.errors import DivergedError, InrpdeError
from inrpde.networks.offset import counted
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Trial
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import bounds, measure, sampled
from inrpde.sampling.modes import DOMAIN, modes
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.contract.levels import HELD_OUT, SCORED, left
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.fitting.initial_guess import guess
from inrpde.solvers.fitting.newton import project
from inrpde.solvers.inverse.coordinates import coordinates, nearest
from inrpde.solvers.inverse.gauss_newton import SPARE, Found, descend
from inrpde.solvers.inverse.reduced import Reduced
from inrpde.solvers.inverse.roles import Roles, held
from inrpde.solvers.inverse.starts import best
from inrpde.solvers.search.survey import Survey

Array = np.ndarray
NAME = "inverse"
MARGIN, WIDER = 4.0, 1.35
"""The first band above the wave numbers of the data, and how many times as wide that of a further level is; chosen."""
FIRST = {1: 60.0, 2: 14.0, 3: 5.0}
"""The wave numbers that a first level resolves, in so many coordinates, at most: it is to be cheap; chosen."""
LEARNED = 6.0
"""The first band of learned fields, in coordinates scaled to [-1, 1], where fields are no waves; chosen."""
FEWEST, WIDEST = {1: 60, 2: 300, 3: 600}, 2200
"""Features of a field in so many coordinates at least, and of all that equations couple at most; chosen."""
DENSITY = 3.0
"""Points a feature; chosen."""
COMPARED = 1000
"""Points at which levels are compared; chosen."""
ENOUGH, GOAL = 0.3, 1e-9
"""The share of a standard deviation by which a level differs from the one before, and a relative difference, below
which no further one is begun; chosen."""
LESS = 5.0
"""How many times as uncertain as the one before a level is none: it has more features than readings tell; chosen."""
STEADY = 0.7
"""The share of a standard deviation to which a level does not lower it any more where noise alone is left; chosen."""
FINER = 0.99
"""What the score of a finer level is of the one before at most: what noise makes uncertain is no reason to take that;
chosen."""
GROWTH, AGAIN = 2.0, 3
"""The power of the features that the seconds of a step grow with (measured: 1.7 to 2.4 from 250 to 700 features, slopes
weighing as much as factorisations), and the steps of a level that begins at the one before; chosen."""
SEVERAL, SMALL = 20, 1e-3
"""Readings from which, and the share of their size above which, what is left of them is asked whether it is noise;
chosen."""
ALIKE, CERTAIN = 0.3, 4.0
"""The correlation of neighbours from which it is none, and how many times that of noise, about 1/√n; chosen."""
NEAR = 1e-3
"""How near a number comes to its bound, beside its size, where it ends there; chosen."""
UNKNOWN = 0.5
"""The standard deviation beside its size from which a number is not known; chosen."""


@dataclass(frozen=True)
class Options:
    """No settings."""


OPTIONS = Options


def serves(form: Form) -> Claim | str:
    if not any(unknown.learned for unknown in form.unknowns):
        return "nothing is learned"
    roles = Roles.of(form)
    if not roles.readings:
        return "no field is read"
    if not roles.fields or any(sampled(form, k) for k in roles.fields):
        return "a field is given by samples alone"
    if form.space.dim > max(FEWEST):
        return f"there are more than {max(FEWEST)} coordinates"
    return Claim(Role.ALONE, "the fields follow what is learned, which is as smooth as the readings say")


@dataclass(frozen=True)
class Plan:
    """Bands of fields (one a coordinate) and of learned fields, in coordinates scaled to [-1, 1], and the features that
    resolve them."""

    band: tuple[float, ...]
    learned: float

    def width(self, coupled: int) -> int:
        """The features of each field, of which equations couple so many."""
        least = max(FEWEST[len(self.band)], round(DOMAIN * modes(self.band)))
        return min(least, WIDEST // coupled)

    def wider(self) -> Plan:
        return Plan(tuple(WIDER * w for w in self.band), WIDER * self.learned)

    def __str__(self) -> str:
        return f"band {', '.join(f'{w:.3g}' for w in self.band)}, {self.learned:.3g} of what is learned"


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate a level. Its error is what it differs by from the level before, and beside it the standard deviation
    that the readings' noise makes: the larger of both is its score."""
    form, seed = context.form, context.seed
    roles = Roles.of(form)
    held_out = draw(form, SCORED, seed + HELD_OUT)
    points = [field_points(form, k, COMPARED, seed) for k in range(len(form.unknowns))]
    waves = Survey.of(forward(form), seed).waves
    band = np.minimum(waves, FIRST[form.space.dim]) + MARGIN
    plan = Plan(tuple(map(float, band)), told(form, roles, np.minimum(2 * waves, band)))
    before: Found | None = None
    latest, scored = [np.inf] * len(points), np.inf
    while True:
        begun = time.perf_counter()
        try:
            found = level(form, roles, plan, seed, before)
        except DivergedError as failed:
            if before is None:
                raise Withdrawn(failed.what) from None
            return
        spent = time.perf_counter() - begun
        uncertain, apart = spreads(found, points), differences(found, before, points)
        if max(uncertain) > LESS * max(latest):
            return
        residual = score(form, held_out, found.state).beside(found.noise).total
        error = max(*uncertain, *(apart if before else [residual]))
        scored = min(float(error), FINER * scored)
        yield Candidate(
            found.state, scored, residual, spent, "inverse", f"{plan}, {found.steps} steps",
            again=Coarser(form, roles, plan, before, seed), share=1.0, doubts=doubts(form, roles, found),
            noise=found.noise, spread=found.spread,
        )  # fmt: skip
        sure = all(now > STEADY * then for now, then in zip(uncertain, latest, strict=True))
        settled = sure and all(gap < max(ENOUGH * std, GOAL) for gap, std in zip(apart, uncertain, strict=True))
        latest = uncertain
        after = plan.wider()
        width, wider = (each.width(roles.coupled) for each in (plan, after))
        widest = width == wider == WIDEST // roles.coupled
        seconds = found.seconds * min(1.0, AGAIN / max(found.steps, 1)) * (wider / width) ** GROWTH
        if settled or widest or seconds > left(context, error):
            return
        before, plan = found, after


def told(form: Form, roles: Roles, waves: Array) -> float:
    """The first band of learned fields: readings of waves tell what varies up to twice as fast as these (the limit of
    diffraction), which are given in the coordinates of the whole."""
    lo, hi = bounds(form)
    found = [LEARNED]
    for k in roles.learned:
        if not form.unknowns[k].is_number:
            along = [axis for axis, x in enumerate(form.space.coords) if x in form.unknowns[k].symbol.args]
            mine = np.subtract(*bounds(form, k)[::-1]) / (hi - lo)
            found.append(float(np.max((waves * mine)[along])))
    return max(found)


def forward(form: Form) -> Form:
    """The form with learned quantities at their initial values: what its sources are shows how fields vary."""
    problem = form.bound.problem
    known = {k: v.initial if isinstance(v, Learned) else v for k, v in problem.coefficients.items()}
    holding = dict.fromkeys(
        row.condition for row in form.rows if any(not form.unknowns[k].learned for k in held(form, row))
    )
    conditions = [problem.conditions[number] for number in holding]
    try:
        return compile_problem(Problem(problem.name, problem.unknowns, conditions, known))
    except InrpdeError:
        return form


def level(form: Form, roles: Roles, plan: Plan, seed: int, before: Found | None = None) -> Found:
    """The learned quantities and the fields on the bodies of a plan, from those of the level before."""
    width = plan.width(roles.coupled)
    samples = draw(form, round(DENSITY * width * crowd(form, roles)), seed)
    trials = bodies(form, roles, plan, width, seed)
    derivatives = max(len(set().union(*(row.indices.get(k, set()) for row in form.rows))) for k in roles.fields)
    trials = remembering(trials, samples, derivatives)
    state = zero_state(form, trials)
    plain = Reduced(form, roles, samples, {})
    within = coordinates(form, roles.learned, trials)
    if roles.given:
        system = plain.of_rows(state, roles.learned, roles.given)
        columns = plain.columns(state, roles.learned)
        within = within.within(system.matrix()[:, columns], system.right)
    z = nearest(form, roles.learned, trials, within, before.state if before else None)
    if not roles.linear:
        state = project(form, trials, samples, before.state if before else guess(form, samples))
    state = plain.placed(state, within.heads(z))
    reduced = Reduced.of(form, roles, samples, state)
    if before is None:
        state = best(reduced, state, seed)
        z = nearest(form, roles.learned, trials, within, state)
    found = descend(reduced, within, z, state)
    return replace(found, state=forgetting(found.state))


def crowd(form: Form, roles: Roles) -> float:
    """How many times as large all volumes together are as those in which any one field is sought: points are shared out
    among them all."""
    sizes = {row.region: measure(row.region) for row in roles.equations if row.region.dim == form.space.dim}
    held_in = [{row.region for row in roles.equations if k in held(form, row)} for k in roles.fields]
    each = [sum(size for region, size in sizes.items() if region in mine) for mine in held_in]
    return sum(sizes.values()) / min((size for size in each if size), default=1.0) if sizes else 1.0


def bodies(form: Form, roles: Roles, plan: Plan, width: int, seed: int) -> tuple[Trial, ...]:
    """A trial for each unknown: those of fields as of any problem, those of learned fields narrower, and the same all
    along coordinates that they do not depend on."""
    trials = list(make_trials(form, Global(width, plan.band), seed))
    for k in roles.learned:
        if not form.unknowns[k].is_number:
            along = np.array([x in form.unknowns[k].symbol.args for x in form.space.coords])
            band = plan.learned * along
            features = round(DOMAIN * modes(band[along]))
            body = SineBody.random(features, band, bounds(form, k), np.random.default_rng([seed, 50 + k]))
            trials[k] = counted(body, base(form)[k])
    return tuple(trials)


def spreads(found: Found, points: Sequence[Array]) -> list[float]:
    """The standard deviation of each unknown beside its size."""
    out = []
    for k, at in enumerate(points):
        varied = deviation_at(found.state.trials[k], found.spread[k], at)
        out.append(rms(varied) / (rms(field_at(found.state, k, at)) or 1.0))
    return out


def differences(found: Found, before: Found | None, points: Sequence[Array]) -> list[float]:
    """What each unknown differs by from the level before, beside its size."""
    if before is None:
        return [1.0] * len(points)
    one, other = before.state, found.state
    return [relative_difference(field_at(one, k, at), field_at(other, k, at)) for k, at in enumerate(points)]


def doubts(form: Form, roles: Roles, found: Found) -> tuple[str, ...]:
    """What the readings do not say."""
    vague = [form.unknowns[k].name for k in roles.learned if k in found.open or _vague(form, found, k)]
    texts = [f"{row.text}: {text}" for row in roles.readings if (text := _patterned(form, row, found))]
    if vague:
        texts.append(f"the conditions do not determine {' and '.join(vague)}: other values fit the readings as well")
    if found.spare < SPARE:
        texts.append("there are hardly more readings than what they are to tell: nothing says how noisy they are")
    texts += [
        f"{form.unknowns[k].name} ends at its bound: the readings ask for more"
        for k in roles.learned
        if _ends(form, found, k)
    ]
    return tuple(texts)


def _ends(form: Form, found: Found, unknown: int) -> bool:
    """Is a number at one of its bounds?"""
    known = form.unknowns[unknown].learned
    if known is None or known.bounds is None or not form.unknowns[unknown].is_number:
        return False
    value, (lo, hi) = float(found.state.heads[unknown][0]), known.bounds
    return min(value - lo, hi - value) <= NEAR * max(abs(value), NEAR * (hi - lo))


def _patterned(form: Form, row: Row, found: Found) -> str:
    """That what is left of readings is no noise, which differs from place to place: in a few words, or nothing."""
    samples = draw(form, 1, 0)
    site = samples.of(row)
    n = len(site.points)
    left = residuals(form, samples, evaluate_jets(form, samples, found.state))[form.rows.index(row)]
    if n < SEVERAL or rms(left) <= SMALL * data(form, samples)[form.rows.index(row)]:
        return ""
    lo, hi = site.points.min(axis=0), site.points.max(axis=0)
    scaled = (site.points - lo) / np.where(hi > lo, hi - lo, 1.0)
    near = cKDTree(scaled).query(scaled, k=2)[1][:, 1]
    alike = float(np.real(np.vdot(left, left[near])) / np.vdot(left, left).real)
    if alike <= max(ALIKE, CERTAIN / np.sqrt(n)):
        return ""
    return f"what is left is no noise, as neighbours are off together (correlation {alike:.2f}): the model does not fit"


def _vague(form: Form, found: Found, unknown: int) -> bool:
    """Is the standard deviation of a number as large as it is itself, and as it is expected to be?"""
    known = form.unknowns[unknown].learned
    if known is None or not form.unknowns[unknown].is_number:
        return False
    size = max(abs(float(found.state.heads[unknown][0])), abs(float(known.initial)))
    return float(np.linalg.norm(found.spread[unknown])) > UNKNOWN * size


@dataclass(frozen=True)
class Coarser:
    """The second solve: the level before, of the first one that of a narrower band."""

    form: Form
    roles: Roles
    plan: Plan
    before: Found | None
    seed: int

    def __call__(self, seed: int, lean: Sequence[float]) -> State:
        if self.before is not None:
            return self.before.state
        fewer = replace(self.plan, band=tuple(w / WIDER for w in self.plan.band), learned=self.plan.learned / WIDER)
        return level(self.form, self.roles, fewer, seed).state
