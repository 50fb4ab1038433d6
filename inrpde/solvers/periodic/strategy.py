"""Evolutions that are periodic in all coordinates of a box: Fourier modes whose heads follow the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions.box import Box
from inrpde.discretise.state import State
from inrpde.errors import DivergedError
from inrpde.sampling.extent import bounds, measure, times
from inrpde.solvers.contract.levels import MARGIN, Comparison, gained, left
from inrpde.solvers.contract.method import Candidate, Context
from inrpde.solvers.contract.options import Nothing
from inrpde.solvers.contract.strategy import Claim, Role, Withdrawn
from inrpde.solvers.periodic.course import Course, first_modes, follow
from inrpde.solvers.periodic.exponents import exponentials
from inrpde.solvers.periodic.initial import Initial
from inrpde.solvers.periodic.modes import Modes
from inrpde.solvers.periodic.spectral import Equations
from inrpde.solvers.periodic.stored import state

NAME, OPTIONS = "periodic", Nothing
FIRST, FINER, LAST = {1: 1e-4, 2: 1e-2, 3: 1e-2}, {1: 30.0, 2: 10.0, 3: 10.0}, 1e-10
"""The tolerance of a step to begin with, by dimension, by how much that of each level is smaller, and the smallest;
chosen."""
DEARER, LEAST = (2.5, 5.0), 3.0
"""How many times as long a level takes as the one before, at least and at most; measured. Where there is less time its
tolerance is smaller by less, by so much at least; chosen."""
OVERRUN, BEGINNING = 1.5, 0.75
"""How many times as long a level may take as there is time for it, before it is given up, and a first one, before
others are left to try; chosen."""
EXACT = 1e4
"""By how much the tolerance of a level of exponentials is smaller than that of the one before; chosen."""
POINTS = 2000
"""Points at which levels are compared; chosen."""
GOAL = 1e-9
"""An estimated error below which nothing more is tried; chosen."""
FINER_SCORE = 0.999
"""The score of a level beside that of the one before, at most."""
WHOLE = 1e-3
"""Measures that differ by no more are those of the whole start."""
TOLD = 0.5
"""Seconds between two notes on how far a level is; chosen."""


def serves(form: Form) -> Claim | str:
    refused = refusal(form)
    return refused or Claim(Role.ALONE, "an evolution that is periodic in space: Fourier modes that follow the time")


def refusal(form: Form) -> str:
    """Why a form is no evolution that is periodic in all of space, or nothing."""
    space = form.space
    if form.evolves is None or space.dim == 1:
        return "there is no evolution of fields in space"
    if form.integrals or any(unknown.learned or unknown.is_number for unknown in form.unknowns):
        return "there are integrals, or coefficients to learn"
    if form.jumps:
        return "a coefficient under a derivative jumps"
    inside, start = parted(form)
    region = next((row.region for row in inside), None)
    if not isinstance(region, Box) or any(row.region is not region for row in inside):
        return "the equations do not hold in one box"
    equations = Equations.of(form)
    if len(equations.parts) != len(form.unknowns):
        return "there are not as many equations as unknowns"
    periods = [condition.periodic for condition in form.conditions if condition.periodic]
    tied = {(period.unknown, period.coordinate) for period in periods}
    every = {(unknown.symbol, x) for unknown in form.bound.unknowns for x in space.spatial}
    if tied != every:
        return "not all unknowns are periodic in all coordinates"
    others = [row for row in form.rows if not form.conditions[row.condition].periodic and row not in (*inside, *start)]
    if others:
        return "there are conditions beside equations, periods and initial values"
    if max(equations.orders) not in (1, 2):
        return "the equations are not of first or second order in time"
    return initial(equations).refusal()


def parted(form: Form) -> tuple[list[Row], list[Row]]:
    """The equations in the volume, and those on all of its start."""
    inside = [row for row in form.rows if row.region.dim == form.space.dim and not row.region.labels]
    lo, hi = bounds(form)
    start = []
    for row in form.rows:
        flat = row.region.dim == form.space.dim - 1 and not form.conditions[row.condition].periodic
        if flat and form.evolves is not None and form.evolves.begins(row.region):
            whole = np.isclose(measure(row.region), np.prod((hi - lo)[:-1]), rtol=WHOLE)
            start += [row] if whole else []
    return inside, start


def initial(equations: Equations) -> Initial:
    return Initial(equations.form, tuple(parted(equations.form)[1]), equations.orders, equations.base)


@dataclass(frozen=True, eq=False)
class Level:
    """A solution to a tolerance in each step, the share that it has `missed`, where modes were too many, and `until` a
    time, where it could not be followed to the end."""

    state: State
    text: str
    missed: float = 0.0
    course: Course | None = None
    until: float | None = None
    doubts: tuple[str, ...] = ()


def level(
    equations: Equations, tolerance: float, before: Level | None = None,
    tell: Callable[[float, Modes], object] = lambda time, modes: None,
) -> Level | None:  # fmt: skip
    """Where modes are sums of exponentials, these, and None where these are more than there may be beside those of the
    level `before`; else what follows them, on more modes."""
    begun = initial(equations)
    modes = first_modes(equations, begun, tolerance)
    values, rates = begun.exact(modes, tolerance)
    found = exponentials(equations, modes, values, rates, tolerance)
    if found is not None:
        return Level(found, f"{found.width} exponentials")
    if before is not None and before.course is None:
        return None
    course = follow(equations, begun, tolerance, None if before is None else before.course, tell)
    if len(course.times) < 2:
        raise DivergedError(
            "the solution cannot be followed in time from its start", None, "look at the initial values"
        )
    end = times(equations.form)[1]
    until = None if course.times[-1] == end else float(course.times[-1])
    most = max((piece.modes for piece in course.pieces), key=lambda modes: modes.size)
    where = f"{equations.form.space.coords[-1]} = {course.poor:.4g}"
    text = (
        f"from {where} on the solution varies on shorter lengths than its modes, which leave {course.missed:.0e} of it"
    )
    doubts = (text,) if course.missed > tolerance else ()
    text = f"{_grid(most)} modes, {len(course.times) - 1} steps to {tolerance:.0e} each"
    made, left_out = state(course, equations)
    return Level(made, text, max(left_out, course.missed), course, until, doubts)


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate a level: its error is what it differs by from the one before, times what is left if the gains go
    on."""
    form, equations = context.form, Equations.of(context.form)
    apart = Comparison.of(form, POINTS, context.seed)
    tolerance, finer = FIRST[form.space.dim - 1], FINER[form.space.dim - 1]
    score, error, factor = float("inf"), float("inf"), finer
    before: Level | None = None
    gaps, last = list[float](), 0.0
    while True:
        begun, found = time.perf_counter(), None
        with deadline.within(left(context, error) * (BEGINNING if before is None else OVERRUN)) as scope:
            found = level(equations, tolerance, before, _note(context))
        if found is None and before is None and scope.expired and deadline.left() > 0:
            raise Withdrawn("modes that hold the solution are too many to follow in the time")
        if found is None or found.missed > error:
            return
        if before is not None:
            gaps.append(apart(found.state, before.state))
        share = max(
            gained([factor * gaps[0], *gaps] if gaps else [finer, 1.0], decay=1 / factor), MARGIN / (factor - 1)
        )
        error = max(gaps[-1] * share if gaps else finer * tolerance, found.missed)
        score = min(error, FINER_SCORE * score)
        spent = time.perf_counter() - begun
        yield Candidate(
            found.state, score, error, spent, "periodic", found.text, until=found.until, share=share,
            again=Coarser(equations, finer * tolerance, before), doubts=found.doubts,
        )  # fmt: skip
        goal = GOAL if context.tol is None else context.tol / 30
        dearer = float(np.clip(spent / last, *DEARER)) if last else DEARER[0]
        room = np.log(max(left(context, error) / spent, 1.0)) / np.log(dearer)
        factor = EXACT if found.course is None else finer ** min(room, 1.0)
        tolerance, before, last = tolerance / factor, found, spent
        if error < goal or found.until is not None or factor < LEAST or (found.course and tolerance < LAST):
            return


def _note(context: Context) -> Callable[[float, Modes], None]:
    """Tells from time to time how far a level is."""
    said = [time.perf_counter()]

    def tell(at: float, modes: Modes) -> None:
        if time.perf_counter() - said[0] > TOLD:
            said[0] = time.perf_counter()
            context.tell(f"{context.form.space.coords[-1]} = {at:.4g}, {_grid(modes)} modes")

    return tell


def _grid(modes: Modes) -> str:
    return "×".join(str(2 * n + 1) for n in modes.most)


@dataclass(frozen=True)
class Coarser:
    """The second solve: the level before, of the first one with longer steps."""

    equations: Equations
    tolerance: float
    before: Level | None

    def __call__(self, seed: int, lean: Sequence[float]) -> State:
        if self.before is not None:
            return self.before.state
        found = level(self.equations, self.tolerance)
        assert found is not None
        return found.state
