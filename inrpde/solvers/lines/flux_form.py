"""Problems in time by the method of lines: the flux form on cells in space, and heads that follow the time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from inrpde.compiler.bind import Evolution
from inrpde.compiler.form import Form
from inrpde.compiler.frozen import Frozen, frozen
from inrpde.declaration.regions import Mesh
from inrpde.discretise.fields import field_points
from inrpde.discretise.state import State
from inrpde.discretise.weak.traces import Unfit
from inrpde.errors import DivergedError, ProblemError
from inrpde.resolution import Place, narrow
from inrpde.solvers.contract.levels import Comparison, gained, left
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.galerkin.ground import ground
from inrpde.solvers.galerkin.strategy import Plan, affordable, decay, refusal
from inrpde.solvers.linear.threads import sized
from inrpde.solvers.lines.collocation import SAFETY
from inrpde.solvers.lines.level import Level, level

Array = np.ndarray
NAME, OPTIONS = "lines", Nothing
FIRST, LAST, MORE = 3, {1: 15, 2: 13, 3: 8}, 2
"""Degrees of the bases to begin with, by dimension at most, and by how much they grow; chosen."""
TOLERANCES = (1e-3, 3e-5, 1e-6, 3e-8, 1e-9, 1e-10)
"""In time, level by level; chosen."""
LONGER = 1.7
"""How many times as many steps a level has as the one before; measured: 0.9 to 4, 1.2 in the median."""
POWER = {1: 1.2, 2: 1.6, 3: 1.8}
"""Of the columns, that the time of a step is in proportion to, by dimension; measured: 1.1 to 1.7 in the plane."""
TOLD = 2.0
"""By how much, at most, the time of a level is taken to differ from that law as the one before did; chosen."""
LEAST_SHARE = 0.1
"""The part of the difference to the level before that is the error of a level at least: they gain more than those of
which the degree grows by one; chosen."""
FIRST_SHARE = 0.5
"""The same where there is one level before alone; measured: 0.02 to 0.4 of the difference (`benchmarks/calibration.py`,
problems in time, 20 s)."""
POINTS = 2000
"""Points at which levels are compared; chosen."""
CONTRADICTED = 10.0
"""How far conditions are off where waves leave, beside the estimated error, that is more than the error; chosen."""
HALVES = 24
"""How often the time is halved towards its start; chosen."""
GOAL, FINER = 1e-9, 0.999
"""An estimated error below which nothing more is tried, and the score of a level beside that of the one before, at
most; chosen."""


def serves(form: Form) -> Claim | str:
    parted = frozen(form)
    if isinstance(parted, str):
        return parted
    if len(form.space.spatial) not in LAST:
        return f"there are more than {max(LAST)} coordinates in space"
    meshes = [e.region for e in parted.flux.equations if isinstance(e.region, Mesh)]
    if meshes and (why := refusal(meshes)):
        return why
    because = "Galerkin's method in space with a network in each cell, whose heads follow the time"
    return Claim(Role.ALONE, because, after="one domain")


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate a level. Its score is its estimated error: what it differs by from the one before, times what the
    last gain was. Raises DivergedError where no level goes on beyond the start."""
    form, seed = context.form, context.seed
    parted = frozen(form)
    assert isinstance(parted, Frozen)
    spread = [field_points(form, k, POINTS, seed) for k in range(len(form.unknowns))]
    apart = Comparison(form, *zip(*(graded(each, parted.evolution, seed) for each in spread), strict=True))
    try:
        begun = ground(parted.flux, [each for place in narrow(form.bound) for each in _in_space(place)])
    except ProblemError as refused:
        raise Withdrawn(f"the region cannot be divided into cells ({refused.what})") from None
    plan, number, score = Plan(begun, FIRST), 0, float("inf")
    before: Level | None = None
    gaps: list[float] = []
    expected = told = 1.0
    second = 0.0  # seconds that the second solve of the last level takes: where there is one before, that is it
    while True:
        start = time.perf_counter()
        again = Coarser(parted, plan, number, before, seed)
        try:
            with sized(0.0):
                found = level(
                    parted, plan.ground, plan.degree, TOLERANCES[number], seed,
                    partial(_told, context, str(plan)), partial(_late, context, before is not None, second),
                )  # fmt: skip
        except Unfit as why:
            raise Withdrawn(str(why)) from None
        except (DivergedError, MemoryError):
            if before is None:
                raise
            return
        if found.steps.ended != "end" and (before is not None or len(found.steps.times) < 2):
            if before is None:
                raise DivergedError("the solution cannot be followed from its start", None, "check the initial values")
            return
        until = None if found.steps.ended == "end" else float(found.steps.times[-1])
        if before is not None:
            gaps.append(apart(found.state, before.state))
        spent = time.perf_counter() - start
        alike = SAFETY * TOLERANCES[number] if before is not None and found.steps.repeats(before.steps) else 0.0
        share = max(gained(gaps, LEAST_SHARE, alike, decay(found, before), FIRST_SHARE), plan.left)
        error = share * gaps[-1] if gaps else float(np.sqrt(found.held(0).sum())) + TOLERANCES[number]
        score = min(error, FINER * score)
        yield Candidate(
            found.state, score, error, spent, "lines",
            f"{plan}, {found.width} columns, {len(found.steps.times) - 1} steps",
            again=again, until=until, share=share, weak=True,
            doubts=(*found.ground.missed, *_contradicted(found, error)),
        )  # fmt: skip
        number += 1
        done = error < (GOAL if context.tol is None else context.tol / 30) or until is not None
        if before is not None:
            told = float(np.clip(spent / expected, 1 / TOLD, TOLD))
        second = spent if before is None else 0.0
        times = _seconds(context, error, second) / spent
        after = None if done else following(plan, found, times) or following(plan, found, times / told, (1,))
        if after is None or number == len(TOLERANCES):
            return
        expected = spent * LONGER * (after.size / plan.size) ** POWER[len(form.space.spatial)]
        before, plan = found, after


def _contradicted(found: Level, error: float) -> tuple[str, ...]:
    """What is given where waves leave, and is not what they bring."""
    if found.unmet <= CONTRADICTED * error:
        return ()
    return (f"where waves leave, conditions are off by {found.unmet:.1e}, and nothing that enters meets them",)


def graded(points: Array, way: Evolution, seed: int) -> tuple[Array, Array]:
    """Points (N, d) of a cylinder in time of which every other one is nearer to the start, as likely in each half of
    what is left, and their weights (N,): what begins with a jump errs for a short time, by much."""
    halves = np.random.default_rng(seed).uniform(0, HALVES, len(points))
    share = np.where(
        np.arange(len(points)) % 2, 0.5**halves, np.abs(points[:, -1] - way.start) / abs(way.end - way.start)
    )
    at = np.column_stack([points[:, :-1], way.start + share * (way.end - way.start)])
    near = np.where(share > 0.5**HALVES, 1 / (np.maximum(share, 1e-300) * np.log(2) * HALVES), 0.0)
    return at, 2 / (1 + near)


def following(plan: Plan, found: Level, times: float, growth: Sequence[int] = (MORE, 1)) -> Plan | None:
    """The next level: richer, and finer where the solution is not smooth; or else richer by one of these, as far as it
    takes no more than so many times as long."""
    finer, dim = plan.after(found), len(found.evolving.frozen.whole.space.spatial)
    finer = replace(finer, degree=finer.degree + growth[0] - 1)
    richer = [Plan(plan.ground, plan.degree + more) for more in growth]
    return affordable(plan, (finer, *richer), LAST[dim], POWER[dim], times / LONGER)


def _told(context: Context, what: str, at: float, share: float) -> None:
    context.tell(f"{what}: {share:.0%} of {context.form.space.time}")


def _seconds(context: Context, error: float, second: float) -> float:
    """Those for a further level, beside what a second solve of the last one takes."""
    return left(context, error) if context.clock.budget is None else context.clock.left - second


def _late(context: Context, known: bool, second: float) -> bool:
    """Is there no time left for more, but an answer?"""
    return known and context.clock.left < second


def _in_space(place: Place) -> list[Place]:
    """A narrow place of space and time as one in space, where it is narrow there."""
    if not np.isfinite(min(place.widths[:-1])):
        return []
    boxes = dict.fromkeys((lo[:-1], hi[:-1]) for lo, hi in place.boxes)
    cut = {key: getattr(place, key)[:-1] for key in ("lo", "hi", "centre", "widths")}
    return [replace(place, **cut, boxes=tuple(boxes))]


@dataclass(frozen=True)
class Coarser:
    """The second solve: the level before, of the first one with poorer bases and longer steps."""

    parted: Frozen
    plan: Plan
    number: int
    before: Level | None
    seed: int

    def __call__(self, seed: int, lean: Sequence[float]) -> State:
        if self.before is not None:
            return self.before.state
        with sized(0.0):
            poorer = level(
                self.parted, self.plan.ground, self.plan.degree - 1, 10 * TOLERANCES[self.number], self.seed,
                lambda at, share: None, lambda: False,
            )  # fmt: skip
        return poorer.state
