"""The strategy for learned numbers in equations that are not linear in their fields: both follow from equations and
readings together, on cells that become finer by levels and crowd where the fields bend."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.base import base
from inrpde.discretise.fields import field_points, varying
from inrpde.discretise.kept import forgetting, remembering
from inrpde.discretise.score import data, score
from inrpde.discretise.state import State, field_at
from inrpde.errors import DivergedError
from inrpde.sampling.draw import Fractions, draw
from inrpde.sampling.extent import bounds, sampled
from inrpde.sampling.sites import Samples
from inrpde.solvers.bodies.plan import Cells, make_trials
from inrpde.solvers.contract.levels import HELD_OUT, SCORED, left
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.fitting.initial_guess import guess
from inrpde.solvers.fitting.newton import project
from inrpde.solvers.inverse.gauss_newton import Found
from inrpde.solvers.inverse.roles import Roles
from inrpde.solvers.inverse.strategy import Options, differences, doubts, spreads
from inrpde.solvers.joint.components import EQUATIONS, Sizes
from inrpde.solvers.joint.steps import Joint, Reached, descend, likelier
from inrpde.solvers.search.grading import crowded, features, smooth, uniform

Array = np.ndarray
NAME, OPTIONS = "joint", Options
MOST = 2
"""Coordinates at most: cells in three hold hundreds of features each, and many are needed; chosen."""
FILLED = 1.5
"""Readings for each feature of the first level, about; chosen."""
FEWEST = 3
"""Cells a coordinate at least: fewer do not crowd; chosen."""
FINER = 1.7
"""How many times as many cells a level has as the one before; chosen."""
DENSITY = 2.0
"""Points a feature; chosen."""
NOISY = 0.01
"""What readings are taken to be off by at first, beside their size; chosen."""
COMPARED = 1000
"""Points at which levels are compared; chosen."""
STEADY, GOAL = 0.7, 1e-9
"""The share to which a level lowers what the one before is uncertain by, where noise alone is left, and an error below
which no further one is begun; chosen."""
SMALL = 1500
"""Features up to which a level that has more of them than readings asks whether other sizes are likelier; larger ones
begin with those of small ones; chosen."""
POOR = 1e-3
"""An error above which a further level is begun whatever it takes, where there is time at all: numbers are looked for
that are better known; chosen."""
BINS, BENT = 192, 6000
"""Parts of a box along each coordinate, and points, in which bending is measured; chosen."""


def serves(form: Form) -> Claim | str:
    learned = [unknown for unknown in form.unknowns if unknown.learned]
    if not learned:
        return "nothing is learned"
    if not all(unknown.is_number for unknown in learned):
        return "what is learned varies from place to place"
    roles = Roles.of(form)
    if roles.linear:
        return "the equations are linear in the fields, which follow what is learned"
    if not any(row.region.labels for row in roles.readings) or roles.given:
        return "no field is read"
    if not roles.fields or any(sampled(form, k) for k in roles.fields):
        return "a field is given by samples alone"
    if form.space.dim > MOST:
        return f"there are more than {MOST} coordinates"
    return Claim(Role.ALONE, "equations hold as far as cells of features resolve them, and fields follow readings, too")


@dataclass(frozen=True)
class Level:
    """What a level has found, in so many seconds, and the cells that it stood on."""

    found: Found
    reached: Reached
    plan: Cells


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate a level. Its error is its standard deviation, times as many of them as the level before was off by:
    so equations that are off by more than rows tell count, too."""
    form, seed = context.form, context.seed
    roles = Roles.of(form)
    held_out = draw(form, SCORED, seed + HELD_OUT)
    points = [field_points(form, k, COMPARED, seed) for k in range(len(form.unknowns))]
    before: Level | None = None
    plan, fields = plan_of(form, roles, None), len(roles.fields)
    while True:
        try:
            now = level(form, roles, plan, seed, before)
        except DivergedError as failed:
            if before is None:
                raise Withdrawn(failed.what) from None
            return
        uncertain = spreads(now.found, points)
        apart = differences(now.found, before.found if before else None, points)
        off = apart
        if before is not None:
            expected = spreads(before.found, points)
            off = [u * max(1.0, a / max(e, 1e-300)) for u, a, e in zip(uncertain, apart, expected, strict=True)]
        error = max(*uncertain, *off)
        wider = [max(1.0, o / max(u, 1e-300)) for o, u in zip(off, uncertain, strict=True)]
        residual = score(form, held_out, now.found.state).beside(now.found.noise).total
        share = max(o / max(a, 1e-300) for o, a in zip(off, apart, strict=True))
        yield Candidate(
            now.found.state, error, residual, now.found.seconds, NAME, f"{now.plan}, {now.found.steps} steps",
            again=Coarser(before) if before else None, share=min(share, 1.0), doubts=doubts(form, roles, now.found),
            noise=now.found.noise, spread={k: wider[k] * heads for k, heads in now.found.spread.items()},
        )  # fmt: skip
        if error < GOAL or (before and _settled(uncertain, apart, expected)):
            return
        plan = plan_of(form, roles, now)
        dearer = plan.cost(fields, form.space.dim) / now.plan.cost(fields, form.space.dim)
        if error < POOR and dearer * now.found.seconds > left(context, error):
            return
        before = now


def level(form: Form, roles: Roles, plan: Cells, seed: int, before: Level | None) -> Level:
    """Fields and numbers on the cells of a plan, from those of the level before."""
    begun = time.perf_counter()
    samples = draw(form, plan.points, seed, plan.cut)
    derivatives = max(len(set().union(*(row.indices.get(k, set()) for row in form.rows))) for k in roles.fields)
    trials = remembering(make_trials(form, plan, seed), samples, derivatives)
    if before is None:
        state = started(form, roles, project(form, trials, samples, guess(form, samples)))
        sizes = first_sizes(form, roles, samples)
    else:
        state = project(form, trials, samples, before.reached.state)
        sizes = Sizes(before.reached.sizes.of, field_sizes(form, roles, state))
    joint = Joint(form, roles, samples)
    reached = descend(joint, state, sizes, seed)
    spare = before.reached.spare if before else 0.0
    if count(form, roles) < plan.width * len(roles.fields) <= SMALL:
        better, told = likelier(joint, reached, seed)
        spare = max(spare, told)
        reached = descend(joint, reached.state, better, seed) if better else reached
    reached = replace(reached, state=forgetting(reached.state), spare=max(reached.spare, spare))
    return Level(_found(form, roles, reached, time.perf_counter() - begun), reached, plan)


def _found(form: Form, roles: Roles, reached: Reached, seconds: float) -> Found:
    """What is reached, as what is learned is judged."""
    state = reached.state
    cuts = np.cumsum([trial.width for trial in state.trials])[:-1]
    spread = dict(enumerate(np.split(reached.spread, cuts)))
    spread |= {k: reached.root[[at]] for at, k in enumerate(roles.learned)}
    z = np.array([float(state.heads[k][0]) for k in roles.learned])
    noise = {kind: size for kind, size in reached.sizes.of.items() if kind != EQUATIONS}
    read = count(form, roles)
    return Found(state, z, spread, noise, read - reached.spare, reached.spare, reached.open, reached.steps, seconds)


def started(form: Form, roles: Roles, state: State) -> State:
    """A state with the numbers at their initial values."""
    heads = list(state.heads)
    for k in roles.learned:
        known = form.unknowns[k].learned
        assert known is not None
        heads[k] = np.array([float(known.initial)])
    return State(state.trials, tuple(heads))


def first_sizes(form: Form, roles: Roles, samples: Samples) -> Sizes:
    """Those of fields as they are read, and of readings that are hardly noisy: equations need not hold at first."""
    given = dict(zip(form.rows, data(form, samples), strict=True))
    largest = max((given[row] for row in roles.readings), default=0.0) or 1.0
    fields = [0.0] * len(form.unknowns)
    for row in roles.readings:
        for k in row.indices:
            fields[k] = max(fields[k], given[row])
    noise = {row.condition: NOISY * (given[row] or largest) for row in roles.readings}
    return Sizes({EQUATIONS: 1.0} | noise, tuple(size or largest for size in fields))


def field_sizes(form: Form, roles: Roles, state: State) -> tuple[float, ...]:
    """How much the unknowns of a state vary."""
    bases = base(form)
    points = {k: field_points(form, k, COMPARED, 3) for k in roles.fields}
    return tuple(
        (varying(field_at(state, k, points[k]), bases[k]) if k in points else 0.0) or 1.0
        for k in range(len(form.unknowns))
    )


def plan_of(form: Form, roles: Roles, before: Level | None) -> Cells:
    """Even cells with fewer features than readings; or more than the level before had, which share out its bending."""
    dim = form.space.dim
    band = (smooth(dim),) * dim
    each = features(np.array(band))
    if before is None:
        cells = count(form, roles) / (FILLED * each * len(roles.fields))
        breaks: Fractions = (uniform(max(FEWEST, round(cells ** (1 / dim)))),) * dim
    else:
        state = before.reached.state
        breaks = crowded(form, state, shaped(bends(form, state), FINER * before.plan.cells))
    return Cells(breaks, each, band, density=DENSITY)


def count(form: Form, roles: Roles) -> int:
    """How many readings there are."""
    samples = draw(form, 1, 0)
    return sum(len(samples.of(row).points) for row in roles.readings)


def bends(form: Form, state: State) -> Array:
    """How often fields bend along each coordinate, (d,): the mean over it of √|∂²u/∂x²|, in the root mean square over
    the others, of the unknown that does most beside the other coordinates."""
    lo, hi = bounds(form)
    out = np.zeros(form.space.dim)
    for k, unknown in enumerate(form.unknowns):
        if unknown.is_number:
            continue
        points = field_points(form, k, BENT, 11)
        place = ((points - lo) / (hi - lo) * BINS).astype(int).clip(0, BINS - 1)
        along = []
        for axis in range(form.space.dim):
            index = tuple(2 * (i == axis) for i in range(form.space.dim))
            square = np.abs(state.jets(k, points, [index])[index] * (hi[axis] - lo[axis]) ** 2) ** 2
            count = np.bincount(place[:, axis], minlength=BINS)
            total = np.bincount(place[:, axis], square, BINS)
            along.append(float(np.mean((total[count > 0] / count[count > 0]) ** 0.25)))
        out = np.maximum(out, np.array(along) / max(float(np.prod(along)) ** (1 / len(along)), 1e-300))
    return out


def shaped(bends: Array, count: float) -> tuple[int, ...]:
    """The shape of about so many cells, in proportion to what bends along each coordinate."""
    share = bends / np.prod(bends) ** (1 / len(bends))
    return tuple(max(FEWEST, round(float(v))) for v in share * count ** (1 / len(bends)))


def _settled(uncertain: Sequence[float], apart: Sequence[float], expected: Sequence[float]) -> bool:
    """Is a level as near to the one before as that expected, and as uncertain? Noise alone is left then."""
    near = all(a <= e for a, e in zip(apart, expected, strict=True))
    return near and all(u > STEADY * e for u, e in zip(uncertain, expected, strict=True))


@dataclass(frozen=True)
class Coarser:
    """The second solve: the level before."""

    before: Level

    def __call__(self, seed: int, lean: Sequence[float]) -> State:
        return self.before.reached.state
