"""Nonlinear conditions in volumes round many labelled points, as on the distance from a scan: Newton's method on cells.

Cells are the finer, the more the labelled slopes turn (`hierarchy`). The first step linearises the conditions at an
expansion round the labelled points (`expansion`), every further one at the last answer. Each is a linear least-squares
problem for LSMR (`orthonormal`), together with a weak prior of little bending, and its answer stays near
where it was linearised (Levenberg 1944). Conditions of the norm 1 are reweighted at every step (Holland and Welsch
1977).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form, Index, Row
from inrpde.discretise.jets import environment
from inrpde.discretise.score import score
from inrpde.discretise.state import State
from inrpde.networks.boxes import Sorted
from inrpde.networks.patchwork import Patchwork, Stack
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import SOME, bounds, sample_points
from inrpde.sampling.sites import Samples
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.linear.threads import sized
from inrpde.solvers.scattered.expansion import Expansion, expansion
from inrpde.solvers.scattered.hierarchy import DEEPEST, EVERYWHERE, Generation, hierarchy, patchwork
from inrpde.solvers.scattered.orthonormal import CellSystem, Columns, Equation
from inrpde.solvers.search.survey import LEFT_OUT

Array = np.ndarray
Jets = Mapping[int, Mapping[Index, Array]]
"""The jets of a field at samples, by the number of a site and the index."""
NAME, OPTIONS = "signed distance", Nothing
FEATURES, BAND = 16, 3.0
"""Features of a cell, and their band in coordinates scaled to it."""
VOLUME, EACH = 15_000, 4
"""Points in the volumes, and beside them in each of the finer cells' boxes."""
BENDING = 3e-3
"""The weight of the prior, the root mean square of second derivatives."""
NEAR = 10.0
"""The weight with which a step stays near the values where it was linearised, the same at all points of the volumes."""
SMALLEST = 0.03
"""A residual of a condition of norm 1 counts as at least so large, beside their root mean square."""
EXACT = 1e-6
"""Residuals below this are rounding: they do not weigh their equations."""
STEPS, MOST = 2, 8
"""Newton steps, and at most where a tolerance or a budget asks for more."""
ITERATIONS, AGAIN, COARSER = 40, 20, 2
"""Iterations a step, and in the second solve of the estimate, whose cells are halved so many times less."""
GAIN = 0.98
"""A step that lowers the score by less is the last."""
SHARE, SECOND = 0.4, 0.6
"""The share of a budget that the first step may take, and what the second solve takes beside it."""
COARSEST = 4
"""Halvings that a budget leaves at least."""
BUILD, ITERATE, CELL = 2.5e-8, 1.8e-9, 4e-4
"""Nominal seconds for each number in the columns: once a step, and in every iteration; and for each cell."""
HELD_OUT = 15_487_469
"""Added to the seed for the points on which steps are scored; a prime."""


@dataclass(frozen=True)
class Fineness:
    """Times that cells are halved, and iterations a step."""

    deepest: int = DEEPEST
    iterations: int = ITERATIONS


def serves(form: Form) -> Claim | str:
    field = len(form.unknowns) == 1 and not form.unknowns[0].is_number and form.arithmetic == "real"
    if not field or form.space.dim > 3 or form.integrals or any(condition.periodic for condition in form.conditions):
        return "it takes one real field of at most three coordinates, no integrals and no periodic conditions"
    curved = [row for row in form.rows if not row.linear]
    if not curved:
        return "the equations are linear"
    if any(row.region.dim < form.space.dim for row in curved):
        return "an equation on less than a volume is not linear"
    if any(sum(jet.index) > 1 for row in curved for jet in row.jets.values()):
        return "an equation that is not linear holds more than slopes"
    if (count := len(sample_points(form))) <= SOME:
        return f"{count} labelled points are not the many ({SOME}) that set the resolution"
    return Claim(Role.ALONE, f"cells follow the slopes at {count} labelled points")


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate after every Newton step. For forms that it `serves`.

    With a budget cells are as fine as the first step can afford; with a budget or a tolerance there are further steps
    as long as they pay. Where a budget does not hold the second solve of the estimate, there is none.
    """
    form, seed, clock = context.form, context.seed, context.clock
    begun = time.perf_counter()
    samples, held_out = draw(form, VOLUME, seed), draw(form, 1000, seed + HELD_OUT)
    plan = affordable(form, samples, seed, clock.budget and SHARE * clock.left)

    def again(other: int, lean: Sequence[float]) -> State:
        fewer = draw(form, VOLUME, other).left_out(LEFT_OUT, other)
        return next(steps(form, fewer, other, Fineness(max(plan.deepest - COARSER, COARSEST), AGAIN)))

    best, last = np.inf, STEPS if clock.budget is None and context.tol is None else MOST
    for number, state in enumerate(steps(form, samples, seed, plan), 1):
        found, spent = score(form, held_out, state).total, time.perf_counter() - begun
        reason = f"{len(state.trials[0].pieces)} cells of {FEATURES} features, step {number}"
        second = again if clock.fits(SECOND * spent) else None
        yield Candidate(state, found, found, spent, "newton", reason, {}, second)
        if number == last or found > GAIN * best or not clock.fits((1 + SECOND) * spent):
            return
        best, begun = found, time.perf_counter()


def steps(form: Form, samples: Samples, seed: int, plan: Fineness) -> Iterator[State]:
    """The answers after Newton steps from an expansion round the labelled points, without end."""
    rng = np.random.default_rng(seed)
    known = expansion(form, samples)
    made = cells(form, known, seed, plan)
    with sized(0):  # the cells are small: threads would only wait for one another
        body = patchwork(made)
        equations = Equations.of(form, crowded(form, samples, made, rng), body)
        jets: Jets = {key: known.jets(0, each.points, each.jets) for key, each in equations.columns.items()}
        heads = np.zeros_like(equations.prior)
    while True:
        with sized(0):
            heads = equations.linearised(jets).solve(heads, plan.iterations)
        yield State((body,), (heads.ravel(),))
        jets = {key: each.times(heads) for key, each in equations.columns.items()}


def cells(form: Form, known: Expansion, seed: int, plan: Fineness) -> tuple[Generation, ...]:
    """The levels of a plan's cells for the slopes of an expansion."""
    smoothness, rng = max(form.order + 1, 3), np.random.default_rng(seed)
    made = hierarchy(known.points, known.slopes, bounds(form), (FEATURES, BAND), smoothness, rng)
    return tuple(level for level in made if max(level.halvings) <= plan.deepest)


def affordable(form: Form, samples: Samples, seed: int, seconds: float | None) -> Fineness:
    """The finest plan whose first step takes no more than so many nominal seconds, or any where that is None."""
    if seconds is None:
        return Fineness()
    known = expansion(form, samples)
    made, index = cells(form, known, seed, Fineness()), Sorted(known.points)
    inside = {level.halvings: sum(len(index.inside(*cell.reach)) for cell in level.cells()) for level in made}
    for deepest in range(DEEPEST, COARSEST, -1):
        taken = [level for level in made if max(level.halvings) <= deepest]
        count, pairs = sum(len(level.numbers) for level in taken), sum(inside[level.halvings] for level in taken)
        if cost(form, count, pairs, len(known.points)) <= seconds:
            return Fineness(deepest)
    return Fineness(COARSEST, AGAIN)


def cost(form: Form, count: int, pairs: int, points: int) -> float:
    """Nominal seconds of a step with so many cells, in which labelled points lie in so many `pairs`: those between them
    lie in as many cells each."""
    labelled = sum(row.region.dim < form.space.dim for row in form.rows) * pairs
    between = 2 * (VOLUME + EACH * count) * pairs / points
    return CELL * count + FEATURES * (labelled + between) * (BUILD + ITERATIONS * ITERATE)


def crowded(form: Form, samples: Samples, made: Sequence[Generation], rng: np.random.Generator) -> Samples:
    """Samples with more points in the volumes where cells are small, weighted by what they stand for."""
    fine = [level for level in made if sum(level.halvings) > EVERYWHERE * form.space.dim]
    sites = list(samples.sites)
    for number, site in enumerate(samples.sites):
        region = form.conditions[samples.numbers.index(number)].region
        if region.dim < form.space.dim or site.labels:
            continue
        shares = [rng.uniform(size=(len(level.numbers), EACH, form.space.dim)) for level in fine]
        more = [level.lo[:, None] + level.side * share for level, share in zip(fine, shares, strict=True)]
        points = np.concatenate([site.points, *(each.reshape(-1, form.space.dim) for each in more)])
        points = points[region.contains(points)]
        density = np.full(len(points), len(site.points) / site.measure)
        index = Sorted(points)
        for level in fine:
            for corner in level.lo:
                density[index.inside(corner, corner + level.side)] += EACH / np.prod(level.side)
        weights = site.measure / density / np.sum(1 / density)
        sites[number] = replace(site, points=points, weights=weights)
    return replace(samples, sites=tuple(sites))


@dataclass(frozen=True)
class Equations:
    """A form on samples and cells whose jets are taken once, by the number of a site. `prior` (cells, width) are the
    weights of the heads in the prior."""

    form: Form
    samples: Samples
    columns: Mapping[int, Columns]
    prior: Array

    @classmethod
    def of(cls, form: Form, samples: Samples, body: Patchwork) -> Equations:
        wanted: list[set[Index]] = [{_value(form)} for _ in samples.sites]
        for row in form.rows:
            wanted[samples.number(row)] |= {jet.index for jet in row.jets.values()}
        pairs = enumerate(zip(samples.sites, wanted, strict=True))
        columns = {number: Columns.of(body, site.points, indices) for number, (site, indices) in pairs}
        stack, extent = Stack.of(body.parts), np.subtract(*bounds(form)[::-1])
        share = np.sqrt(np.prod((stack.boxes[1] - stack.boxes[0]) / extent, axis=1))
        return cls(form, samples, columns, BENDING * share[:, None] * np.sum(stack.waves**2, axis=2))

    def linearised(self, at: Jets) -> CellSystem:
        """The problem for the next heads, at the jets of a field."""
        value = _value(self.form)
        found: dict[int, list[tuple[dict[Index, Array], Array]]] = {key: [] for key in self.columns}
        volumes = {}
        for row in self.form.rows:
            number, site = self.samples.number(row), self.samples.of(row)
            jets = {symbol: at[number][jet.index] for symbol, jet in row.jets.items()}
            found[number].append(self._equation(row, jets))
            if row.region.dim == self.form.space.dim and not site.labels:
                volumes[number] = site
        for key, site in volumes.items():
            n = len(site.points)
            found[key].append(self._scaled(key, {value: np.ones(n)}, at[key][value], np.full(n, NEAR / n)))
        equations = [
            Equation(self.columns[key], slopes, right)
            for key, several in found.items()
            for slopes, right in _merged(several)
        ]
        return CellSystem.of(equations, self.prior)

    def _equation(self, row: Row, jets: dict) -> tuple[dict[Index, Array], Array]:
        """The coefficients of the jets, and the right-hand side, both scaled; zero where there is no tangent."""
        number, condition = self.samples.number(row), self.form.conditions[row.condition]
        site = self.samples.sites[number]
        n = len(site.points)
        env = environment(self.form, row, site) | jets
        with np.errstate(all="ignore"):
            (value,), tangent = row.value(env), row.tangents(env)
        value = np.broadcast_to(value, (n,))
        right = sum((slope * jets[s] for s, slope in tangent.items()), -value)
        size, there = np.abs(value), np.isfinite(right)
        weight = condition.weight * site.weights / site.weights.sum()
        level = np.sqrt(np.mean(size[there] ** 2)) if there.any() else 0.0
        if condition.norm == 1 and level > EXACT:
            weight = weight * level / np.maximum(size, SMALLEST * level)
        slopes = {row.jets[s].index: np.where(there, slope, 0.0) for s, slope in tangent.items()}
        return self._scaled(number, slopes, np.where(there, right, 0.0), np.where(there, weight, 0.0))

    def _scaled(
        self, site: int, slopes: Mapping[Index, Array], right: Array, weight: Array
    ) -> tuple[dict[Index, Array], Array]:
        """An equation on a site, divided by the size of its operator and multiplied by the roots of weights."""
        operator = self.columns[site].combined(slopes)
        size = np.sqrt(float(np.vdot(operator, operator)) / max(operator.size, 1))
        factor = np.sqrt(weight) / (size or 1.0)
        return {index: factor * slope for index, slope in slopes.items()}, factor * right


def _merged(equations: Sequence[tuple[dict[Index, Array], Array]]) -> list[tuple[dict[Index, Array], Array]]:
    """Equations at the same points that hold the same jet and no other are one: their squares add up."""
    out = [each for each in equations if len(each[0]) > 1]
    alone: dict[Index, list[tuple[Array, Array]]] = {}
    for slopes, right in equations:
        if len(slopes) == 1:
            ((index, slope),) = slopes.items()
            alone.setdefault(index, []).append((slope, right))
    for index, several in alone.items():
        size = np.sqrt(sum(slope**2 for slope, _ in several))
        right = sum(slope * right for slope, right in several) / np.where(size > 0, size, 1.0)
        out.append(({index: size}, right))
    return out


def _value(form: Form) -> Index:
    return (0,) * form.space.dim
