"""The flux form on cells: where materials jump, on meshes, and where corners are sharp."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from inrpde.compiler.flux import FluxEquation, FluxForm, flux_form
from inrpde.compiler.form import Form
from inrpde.compiler.materials import rough
from inrpde.declaration.regions import Mesh
from inrpde.declaration.regions.edges import re_entrant
from inrpde.declaration.regions.region import Solid
from inrpde.discretise.state import State
from inrpde.discretise.weak.traces import Unfit
from inrpde.errors import DivergedError, ProblemError
from inrpde.resolution import narrow
from inrpde.solvers.contract.levels import Comparison, gained, left, remaining
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.galerkin.ground import Ground, ground, singular
from inrpde.solvers.galerkin.level import Level, carried, level

NAME, OPTIONS = "flux form", Nothing
FIRST, RICHER, LAST = 2, 3, {1: 16, 2: 13, 3: 6}
"""Degrees of the bases to begin with, where Newton's method has to find its way or a pressure is one lower, and by
dimension at most; chosen."""
AFRESH = 4
"""How many times as many systems Newton's method solves where it has no level to begin from; measured: 12 and 3."""
FAILURES = 2
"""Levels on which Newton's method may fail, as they are too coarse; chosen."""
POWER = {1: 1.6, 2: 1.6, 3: 1.2}
"""Of the columns, that the time of a level is in proportion to, by dimension; measured: by factors in the plane, by
conjugate gradients in space."""
POINTS = 2000
"""Points at which levels are compared; chosen."""
BULK, FEW = 0.9, 0.5
"""Cells that hold this share of what is unresolved may be divided, where they are no more than such a share of all;
else all bases grow; chosen."""
ROUGH = 0.45
"""What the functions of one degree hold beside those of the degree before, in amplitude, where a solution is not
smooth: in a cell at a singular point the next degree would leave nearly as much; chosen."""
TOWARDS, PEAKED = {1: 2, 2: 2, 3: 0}, 2.0
"""Further divisions towards a corner, by dimension (in space edges are many cells long), and how much more of what is
not smooth lies round it than round others; chosen."""
GOAL = 1e-9
"""An estimated error below which nothing more is tried; chosen."""
FINER = 0.999
"""The score of a level beside that of the one before, at most."""


def serves(form: Form) -> Claim | str:
    flux = flux_form(form)
    if isinstance(flux, str):
        return flux
    regions = list(dict.fromkeys(equation.region for equation in flux.equations))
    meshes = [region for region in regions if isinstance(region, Mesh)]
    if len(meshes) == len(regions):
        return refusal(meshes) or Claim(Role.ALONE, "Galerkin's method with a network in each cell of the mesh")
    if form.jumps:
        return Claim(Role.ALONE, "materials jump: Galerkin's method with a network in each cell")
    if any(_coupled(equation) for equation in flux.equations):
        return Claim(Role.ALONE, "fluxes couple unknowns: Galerkin's method with a network in each cell")
    if _held(flux):
        because = "a pressure holds a flow free of divergence: Galerkin's method with a network in each cell"
        return Claim(Role.ALONE, because, after="one domain")
    if len(form.space.coords) in LAST and rough(flux):
        return Claim(Role.ALONE, "data jump or bend: Galerkin's method with a network in each cell between")
    if len(form.space.coords) == 3 and any(isinstance(each, Solid) and re_entrant(each) for each in regions):
        return Claim(Role.ALONE, "an edge is re-entrant: Galerkin's method with a network in each cell")
    return "the equations hold at points as they stand"


def _held(flux: FluxForm) -> bool:
    """Is there an unknown without a flux of its own, as a pressure is?"""
    return any(equation.test not in carried(flux) for equation in flux.equations)


def _coupled(equation: FluxEquation) -> bool:
    """Do the fluxes of an equation hold derivatives of other unknowns, as stresses do?"""
    jets = [jet for flux in equation.fluxes for jet in flux.jets.values() if any(jet.index)]
    return len({jet.unknown for jet in jets}) > 1


def refusal(regions: Sequence[Mesh]) -> str:
    """Why parts of meshes cannot be divided into cells, or nothing."""
    if any(mesh.volume is None for mesh in regions):
        return "the mesh has no cells inside"
    return "the equations hold on several meshes" if any(each.whole is not regions[0].whole for each in regions) else ""


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate a level. Its score is its estimated error: of the second level on what it differs by from the one
    before, times what the last gain was; a finer level is better all the same where the estimate of one before was too
    low."""
    form, seed = context.form, context.seed
    flux = flux_form(form)
    assert isinstance(flux, FluxForm)
    apart = Comparison.of(form, POINTS, seed)
    try:
        begun = singular(flux, ground(flux, narrow(form.bound)))
    except ProblemError as refused:
        raise Withdrawn(f"the region cannot be divided into cells ({refused.what})") from None
    plan = Plan(begun, FIRST if form.linear and not _held(flux) else RICHER)
    before: Level | None = None
    gaps: list[float] = []
    score, failures = float("inf"), 0
    while True:
        start = time.perf_counter()
        try:
            found = level(flux, plan.ground, plan.degree, seed, before)
        except Unfit as why:
            raise Withdrawn(str(why)) from None
        except (DivergedError, MemoryError) as failed:
            failures += 1
            if not form.linear and isinstance(failed, DivergedError) and failures <= FAILURES:
                plan = plan.finer()
                continue
            if before is None:
                raise
            return
        if before is not None:
            gaps.append(apart(found.state, before.state))
        spent, share = time.perf_counter() - start, max(gained(gaps, decay=decay(found, before)), plan.left)
        error = share * gaps[-1] if gaps else float(np.sqrt(found.held(0).sum()))
        score = min(error, FINER * score)
        yield Candidate(
            found.state, score, error, spent, "galerkin", f"{plan}, {found.columns.width} columns",
            again=Coarser(flux, plan, before, seed), share=share, weak=True, doubts=doubts(form, found),
        )  # fmt: skip
        if error < (GOAL if context.tol is None else context.tol / 30):
            return
        each = spent / (1 if form.linear or before else AFRESH)
        after = following(plan, found, left(context, error) / each)
        if after is None:
            return
        before, plan = found, after


def following(plan: Plan, found: Level, times: float) -> Plan | None:
    """The next level: richer, and finer where the solution is not smooth; or else richer alone, as far as it takes no
    more than so many times as long."""
    dim = found.tessellation.cells.origin.shape[1]
    richer = Plan(plan.ground, plan.degree + 1)
    return affordable(plan, (plan.after(found), richer), LAST[dim], POWER[dim], times)


def affordable(plan: Plan, plans: Sequence[Plan], last: int, power: float, times: float) -> Plan | None:
    """The first of plans, of a degree that is not above the last, that takes no more than so many times as long as the
    one before, by a power of the columns. The first of all is as it ought to be; others leave cells undivided."""
    fitting = (after for after in plans if after.degree <= last and (after.size / plan.size) ** power <= times)
    after = next(fitting, None)
    if after is None or after is plans[0]:
        return after
    return replace(after, rough=plans[0].rough ** (after.degree - plan.degree), divided=False)


def doubts(form: Form, found: Level) -> tuple[str, ...]:
    """What a level does not know."""
    lacking = found.assembled.lacking
    if not len(lacking):
        return found.ground.missed
    where = ", ".join(f"{x} = {value:.4g}" for x, value in zip(form.space.coords, lacking[0], strict=True))
    return (
        f"at {where} the boundary has fewer conditions than unknowns: it is taken that nothing goes through",
        *found.ground.missed,
    )


class Held(Protocol):
    """A solution that knows where it is not yet resolved."""

    @property
    def degrees(self) -> Sequence[int]:
        """Those of the bases, by unknown."""

    def held(self, below: int) -> np.ndarray:
        """The energy (C,) of what the functions of the degree so far `below` the highest hold in each cell, as a share
        of all there is."""


def decay(found: Held, before: Held | None) -> float:
    """By what factor a level ought to be better than the one before: what the functions of its highest degree hold
    beside those of the degree below, in amplitude, or these beside the next ones, whichever is more (one of two may
    vanish by symmetry), for each degree that it has more; 1 where nothing says so."""
    if before is None:
        return 1.0
    last, second, third = (float(np.sqrt(found.held(below).sum())) for below in range(3))
    if not 0 < last < second < third:
        return 1.0
    return max(last / second, second / third) ** (found.degrees[0] - before.degrees[0])


@dataclass(frozen=True)
class Plan:
    """Cells, and the degree of their bases. `rough`: what the functions of one degree hold beside those of the degree
    before, in amplitude, where cells ought to be divided, and whether they were."""

    ground: Ground
    degree: int
    rough: float = 0.0
    divided: bool = True

    @property
    def size(self) -> float:
        """About as many columns an unknown, but for a factor."""
        dim = self.ground.divided.cover.origin.shape[1]
        return self.ground.cells * (self.degree + 1.0) ** dim

    @property
    def left(self) -> float:
        """The part of the difference to the level before that is the error, at least: richer bases gain little where
        cells ought to have been divided, and levels hardly differ for it."""
        return 0.0 if self.divided else remaining(self.rough)

    def after(self, found: Held) -> Plan:
        """Richer, and finer where what is unresolved is not smooth.

        Of the cells that hold most of it, those are divided in which the energy of one degree is not much less than
        that of the one before (Mavriplis 1994); where they share a corner, again and again towards it. Both at once, so
        that two levels differ by all that either leaves."""
        last, before = found.held(0), found.held(1)
        order = np.argsort(-last)
        sums = np.cumsum(last[order])
        marked = order[: int(np.searchsorted(sums, BULK * sums[-1])) + 1]
        rough = marked[last[marked] > ROUGH**2 * before[marked]]
        if not len(rough) or len(rough) > FEW * self.ground.cells:
            return Plan(self.ground, self.degree + 1)
        marks = np.zeros(self.ground.cells, bool)
        marks[rough] = True
        points = self._shared(rough, last)
        ground = self.ground.refined(marks)
        for _ in range(TOWARDS[points.shape[1]] if len(points) else 0):
            marks = np.zeros(ground.cells, bool)
            marks[ground.divided.cover.touching(points)] = True
            ground = ground.refined(marks)
        return Plan(ground, self.degree + 1, float(np.sqrt(last[rough].sum() / before[rough].sum())))

    def finer(self) -> Plan:
        """Richer, and finer everywhere."""
        return Plan(self.ground.refined(np.ones(self.ground.cells, bool)), self.degree + 1)

    def _shared(self, rough: np.ndarray, held: np.ndarray) -> np.ndarray:
        """The corners (N, d) that those cells share which hold most of what is not smooth: one a cell, the one round
        which there is most."""
        cover = self.ground.divided.cover
        box = np.flatnonzero(np.isin(cover.cell, rough))
        corners = cover.corners[box]
        scale = np.max(np.abs(corners)) * 1e-10
        keys = np.round(corners.reshape(-1, corners.shape[2]) / scale).astype(np.int64)
        _, number = np.unique(keys, axis=0, return_inverse=True)
        round_ = np.bincount(number.ravel(), np.repeat(held[cover.cell[box]], corners.shape[1]))
        around = round_[number.reshape(corners.shape[:2])]
        largest = np.argmax(around, axis=1)
        sharp = around.max(axis=1) > PEAKED * np.median(around, axis=1)
        chosen = corners[np.arange(len(box)), largest][sharp]
        return np.unique(chosen, axis=0)

    def __str__(self) -> str:
        return f"{self.ground.cells} cells, degree {self.degree}"


@dataclass(frozen=True)
class Coarser:
    """The second solve: the level before, of the first one with poorer bases."""

    flux: FluxForm
    plan: Plan
    before: Level | None
    seed: int

    def __call__(self, seed: int, lean: Sequence[float]) -> State:
        if self.before is not None:
            return self.before.state
        return level(self.flux, self.plan.ground, self.plan.degree - 1, self.seed).state
