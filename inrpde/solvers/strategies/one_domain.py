"""The arm of the search on one domain: bands are tuned, then features added, while the held-out score says it pays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.sampling.extent import bounds
from inrpde.sampling.modes import CELL, DOMAIN, ENDS, modes
from inrpde.solvers.bodies.plan import Global
from inrpde.solvers.bodies.singular import Poles
from inrpde.solvers.bodies.trefftz import Waves, solves
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Body
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.search.cost import CHEAP, nominal
from inrpde.solvers.search.grading import SPARE
from inrpde.solvers.search.search import BLIND, RESOLVED, Search

NAME, OPTIONS = "one domain", Body
HIGH = 4
"""Coordinates from which frequencies are drawn from a Gaussian: a box would be mostly corners, and was measured to be
worse in 5 and in 10."""
WIDEST = 4500
"""Features that one dense factorisation is given at most; chosen."""
FEWEST = 60
"""Features of a first answer where a budget does not hold more; chosen."""
MOST_WAVES = 2500
"""Exponentials of the equation at most; chosen."""
FEW = 1000
"""Samples, where they alone give the unknowns, above which one domain is tried only where a budget holds no cells;
chosen."""
WORTH = 0.8
"""The share of the score to which another band must lower it to be followed; chosen."""


def serves(form: Form) -> Claim | str:
    return Claim(Role.IN_TURN, "sine features on the whole box, the band tuned and then features added")


def price(search: Search[Global]) -> float:
    """Where samples are for cells, it waits until these have ended."""
    return math.inf if _for_cells(search) else 0.0


def steps(search: Search[Global]) -> Iterator[Candidate]:
    """From the declared wave numbers upwards: tune the band while the solution is unresolved, then add features."""
    options = search.context.options
    if _for_cells(search) and any(arm.best for arm in search.arms):
        return
    budgeted = search.context.clock.budget is not None
    wavy = wavy_plan(search)
    waits = wavy is not None and budgeted and not search.affords(wavy)
    if wavy is not None and not waits:
        yield search.attempt(wavy, "exponentials of the equation")
    if search.done:
        return
    first = first_plan(search)
    yield search.attempt(first, "first")
    if wavy is not None and waits and not search.done and search.affords(wavy):
        yield search.attempt(wavy, "exponentials of the equation")
    if search.survey.has_holes and not search.done:
        yield search.attempt(first.enriched(Poles()), "first, with multipoles in the holes")
    if search.plan.waves is not None:
        yield from further(search)
    fixed_band = options.band is not None
    misses = 0
    while not search.done and misses < 2:
        before = search.score
        if search.score > RESOLVED and not fixed_band:
            yield from tune(search)
        if options.width is not None or search.done:
            return
        widest = max(plan.width for plan in search.tried if plan.reach == search.plan.reach)
        bigger = replace(search.plan, width=round(1.7 * widest))
        if bigger.width > WIDEST or not search.affords(bigger):
            return
        yield search.attempt(bigger, "more features")
        if search.score > 0.3 * before and not fixed_band and not search.done and search.affords(bigger):
            stretch = 1.7 ** (1 / len(search.survey.waves))
            band = tuple(k + (w - k) * stretch for w, k in zip(bigger.reach, search.survey.waves, strict=True))
            yield search.attempt(bigger.reaching(band), "more features, wider band")
        misses = 0 if search.score < 0.3 * before else misses + 1


def fixed(context: Context[Body]) -> bool:
    """Has the user chosen the body?"""
    options = context.options
    return any(value is not None for value in (options.width, options.band, options.layers))


def _for_cells(search: Search[Global]) -> bool:
    return search.survey.given_points > FEW and not fixed(search.context)


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
    options, d, waves = search.context.options, search.context.form.space.dim, search.survey.waves
    many = d >= HIGH
    above = 3.0 if d < 3 else 1.5  # the more coordinates, the fewer features there are for each
    band = np.maximum(0.5 * waves.max(), 6.0 / d) * np.ones(d) if many else np.minimum(waves, 150) + above
    if options.band is not None:
        band = np.full(d, float(options.band))
    resolves = DOMAIN * modes(band)
    if options.width is None:
        while resolves > 300 and not search.affords(Global(int(min(resolves, 2200)), tuple(band))):
            resolves = 0.8 * min(resolves, 2200)
    least = {1: 60, 2: 300, 3: 700}.get(d, 1000)
    if search.survey.given_points:
        least = max(least, round(SPARE * search.survey.given_points))
    sampled = search.survey.given_points and options.band is None
    width = options.width or int(np.clip(resolves, least, max(least, 1000 if many else 2200)))
    kind = "gaussian" if many else "box"

    def sized(width: int) -> Global:
        """So many features; where samples ask for them, of the band that so many resolve."""
        reach = np.maximum(band, ((width / DOMAIN) ** (1 / d) - ENDS) * np.pi / 2) if sampled else band
        return Global(width, tuple(float(w) for w in reach), layers=options.layers or 1, distribution=kind)

    plan = sized(width)
    if options.width is None and search.context.clock.budget is not None:
        while plan.width > FEWEST and not search.affords(plan):
            plan = sized(round(0.8 * plan.width))
    return plan


def wavy_plan(search: Search[Global], stretch: float = 1.0) -> Global | None:
    """Exponentials of the equation as many as its characteristic set, of one dimension less, asks for, and features for
    what its sources drive, up to the declared wave numbers times `stretch`; None where the equation has none, the user
    has chosen the body, or higher frequencies ask for too many."""
    form = search.context.form
    d = form.space.dim
    if d >= HIGH or fixed(search.context):
        return None
    reach = stretch * (search.survey.waves + 3.0)
    band = 3.0 + (0.0 if any(search.survey.narrow) else stretch) * search.survey.driven
    if not all(solves(form, k, reach, bounds(form)) for k, u in enumerate(form.unknowns) if not u.is_number):
        return None
    across = np.array([modes([each]) for each in reach])
    fewest, each = {1: (12, 1), 2: (150, 13), 3: (400, 8)}[d]
    wanted = each * np.mean(np.prod(across) / across)
    if stretch > 1 and wanted > MOST_WAVES:
        return None
    count = int(np.clip(wanted, fewest, MOST_WAVES))
    beside = int(np.clip(CELL * modes(band), FEWEST, 1000))
    waves = Waves(count / (count + beside), tuple(float(w) for w in reach))
    return Global(count + beside, tuple(float(w) for w in band)).enriched(waves)


def tune(search: Search[Global]) -> Iterator[Candidate]:
    """Climb in what the band has above the wave numbers: all coordinates together, then one by one."""
    d = len(search.survey.waves)
    waves = search.survey.waves if d < HIGH else np.zeros(d)
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
