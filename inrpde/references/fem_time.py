"""Problems in time by finite elements in space and an implicit Runge-Kutta method in time.

At a moment the equations are steady ones whose derivatives in time are given (`frozen`), on the meshes and elements of
`fem`; `radau` goes from moment to moment. The error is that of three meshes, or two, and of two tolerances in time.
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np
from sympy import Add

from inrpde import deadline
from inrpde.compiler import Bound
from inrpde.references.equations import Equations, sort_equations
from inrpde.references.fem import DEFAULT, KIND, check_seen, coarse_size, grid_of
from inrpde.references.fem_adapt import adapted
from inrpde.references.fem_assembly import Forms, forms_of, lives
from inrpde.references.fem_evolution import FemEvolution, Starts
from inrpde.references.fem_mesh import Geometry, curved, finer, first, geometry
from inrpde.references.fem_spaces import Spaces
from inrpde.references.fem_walls import Row, rows_of
from inrpde.references.frozen import frozen
from inrpde.references.layout import time_axis
from inrpde.references.radau import STAGES, Known, Run
from inrpde.references.reference import (
    FLOOR,
    NoReference,
    Reference,
    Refusal,
    Trust,
    Unsupported,
    check_finite,
    every_other,
    norm,
    refusal,
    trust,
)
from inrpde.references.steady import Progress
from inrpde.references.stretches import Late, Stopped, stretches_of
from inrpde.references.weak_form import Array

TIMES = 33
"""Times at which the reference is known, equally spaced, and more where data are narrow in time."""
SECONDS = 20.0
"""Seconds for all meshes, where no budget leaves less."""
ADAPTING = 0.2
"""Of these, for the coarsest mesh."""
TOLERANCE = 1e-4
"""Error of a step in time, relative to what varies. That of the whole is far less: on oscillations, decay and driven
heat between a thirtieth and a thousandth of it."""
SKETCHED = 1e-2
"""That of a run with three stages, which shows where the coarsest mesh has to be finer; chosen."""
LOOSER, DROP = 10.0, 4.0
"""By how much the tolerance of a first run on the coarsest mesh is looser, and its error larger, at least, than the
difference: the method's order alone would make it nine."""
ENOUGH = 1e-6
"""The estimated error at which no third mesh is needed."""
AROUND = {2: 8, 3: 10}
"""Elements round a circle on the coarsest mesh: quadratic sides see it to 1e-4 of its radius, to 1e-5 on the next."""
AFFORDED = {2: 27_000, 3: 10_000}
"""Numbers on the second mesh, about, for which factors and some forty steps take ten seconds."""
DEGREES = {2: (4, 3, 2), 3: (2,)}
"""Of the elements, the most accurate first."""
ADAPTED, ROOM = {2: 320, 3: 200}, 1.25
"""Cells of the coarsest mesh, at most, where those of the first are fewer, or so many times as many as these."""
NEARLY = 1e-2
"""The relative roughness, in energy, at which the coarsest mesh is fine enough: on the next it is below 1e-3 where the
solution is smooth, on the next but one 1e-4."""
GROWTH = {2: (5.0, 6.0), 3: (12.0, 30.0)}
"""How many times as long a run takes on the second mesh and on the third: four times the numbers or eight, and the fill
of factors, which tells where there are many. Measured on up to a hundred thousand."""
AGREEING = 0.5
"""The part of the error of lower elements that is left on the second mesh, at most, where meshes converge."""


def supports(bound: Bound) -> str | None:
    """Why finite elements cannot serve in time, or None when they can."""
    return refusal(_check, bound)


@dataclass(frozen=True, eq=False)
class _Problem:
    """A problem in time: its equations as they were `declared`, and what holds at a moment; `orders` in time."""

    declared: Equations
    forms: Forms
    rows: tuple[Row, ...]
    shape: Geometry
    orders: tuple[int, ...]

    @property
    def equations(self) -> Equations:
        return self.forms.equations

    @property
    def middle(self) -> float:
        return sum(self.declared.span) / 2


def _check(bound: Bound) -> _Problem:
    if find_spec("skfem") is None:
        raise Unsupported("scikit-fem is not installed")
    if bound.space.time is None:
        raise Unsupported("the problem has no time")
    declared = sort_equations(bound)
    if declared.periodic or declared.numbers or declared.points or declared.integrals:
        raise Unsupported("a periodic, integral or pointwise condition in a problem in time")
    if not declared.volume:
        raise Unsupported("no equation holds in a volume")
    equations = frozen(declared)
    shape = geometry(equations, Add(*(equation.expr for equation in equations.initial)))
    forms = forms_of(equations, sum(declared.span) / 2)
    orders = _orders(forms)
    if not equations.initial:
        raise Unsupported("there is no initial condition")
    rows = rows_of(forms)
    for row in rows:
        if row.gives and any(unknown >= len(orders) for unknown in row.term.unknowns):
            raise Unsupported(f"{row.text} gives a derivative in time")
    return _Problem(declared, forms, rows, shape, orders)


def _orders(forms: Forms) -> tuple[int, ...]:
    """The order in time of each unknown. Raises Unsupported where that is more than two, or for what only moves."""
    count = len(forms.equations.unknowns)
    held = frozenset[int]().union(*(form.unknowns for form in forms.forms))
    orders = tuple(max((other // count for other in held if other % count == u), default=0) for u in range(count))
    if not any(orders):
        raise Unsupported("no equation has a derivative in time")
    for form, equation in zip(forms.forms, forms.equations.volume, strict=True):
        if max(orders) > 2:
            raise Unsupported(f"{equation.text} has more than two derivatives in time")
        moves = any(unknown >= count for unknown in form.unknowns)
        if moves and not form.second and any(any(leaf.index) for leaf in form.rest.leaves):
            raise Unsupported(f"{equation.text} is of first order in space and has a derivative in time")
    return orders


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """Solve on two meshes, or three, each of smaller cells; the reference is given at the nodes of a grid of n cells,
    and has time as its last axis. A larger n makes the meshes finer in proportion.

    Without `n` the time is limited (`budget`, in seconds). On two meshes the order is that of elements of a lower
    degree; where their error is not small a third mesh shows the order itself, if there is time for it.
    """
    try:
        problem = _check(bound)
        limit = min(budget or SECONDS, SECONDS, deadline.left()) if n is None else np.inf
        return _Solver(problem, n or DEFAULT[problem.shape.dim], limit).reference(progress or (lambda share: None))
    except Late:
        return NoReference(f"two meshes in time take longer than {limit:.3g} s", Refusal.TOO_DEAR)
    except Stopped as reason:
        return NoReference(str(reason), Refusal.DIVERGED)
    except Unsupported as reason:
        return reason.refused


Values = Mapping[str, Array]
"""The unknowns at the nodes of the grid at all times."""


@dataclass(frozen=True, eq=False)
class _Level:
    """What was found on a mesh, what is known for the next run, and the seconds that it took."""

    mesh: Any
    values: Values
    known: Known
    seconds: float


class _Solver:
    """Solves a problem on one mesh after another, until `limit` seconds from now have passed; the values are those at
    the nodes of a grid of n cells. Raises Late, or Stopped."""

    def __init__(self, problem: _Problem, n: int, limit: float):
        self.problem, self.shape, self.forms = problem, problem.shape, problem.forms
        self.begun, self.limit, dim = clock.perf_counter(), limit, problem.shape.dim
        self.more = n / DEFAULT[dim]
        self.axes, self.points, self.mask = grid_of(problem.equations, self.shape, n)
        self.times = time_axis(problem.declared, TIMES - 1)
        self.stretches = stretches_of(problem.declared)

    def reference(self, progress: Progress) -> Reference:
        """The reference by as many meshes as there is time for."""
        mesh, degree = self._first()
        looser = self._level(mesh, degree, tolerance=LOOSER * TOLERANCE)
        levels = [self._level(mesh, degree, looser)]
        while degree > 2 and not self._fits(levels):
            degree -= 1
            looser = self._level(mesh, degree, looser, LOOSER * TOLERANCE)
            levels = [self._level(mesh, degree, looser)]
        stepping = {
            name: max(self._apart(fine, looser.values[name]) / DROP, FLOOR) for name, fine in levels[0].values.items()
        }
        progress(0.2)
        lower = self._lower(mesh, degree, looser)
        levels.append(self._next(levels, degree))
        progress(0.5)
        trusted = self._trust_two(levels, lower, stepping)
        if not all(found.sound and found.error <= ENOUGH for found in trusted.values()):
            with suppress(Late):
                levels.append(self._next(levels, degree))
                trusted = self._trust_three(levels, degree, stepping)
        progress(1.0)
        return self._reference(levels[-1].values, trusted)

    def _first(self) -> tuple[Any, int]:
        """The coarsest mesh, and the degree of elements."""
        dim = self.shape.dim
        mesh = first(self.shape, coarse_size(self.shape, self.problem.equations) / self.more, AROUND[dim])
        fitting = [degree for degree in DEGREES[dim] if mesh.nelements <= self._afforded(degree)]
        degree = fitting[0] if fitting else DEGREES[dim][-1]
        most = min(max(ADAPTED[dim] * self.more**dim, ROOM * mesh.nelements), self._afforded(degree))
        sketched = max(degree - 1, 2)
        mesh = adapted(self.shape, mesh, most, lambda mesh: self._sketch(mesh, sketched), ADAPTING * self.limit, NEARLY)
        check_seen(self.shape, self.problem.equations, mesh, 2.0)
        return mesh, degree

    def _lower(self, mesh: Any, degree: int, before: _Level) -> list[_Level]:
        """Two meshes by elements of a lower degree, where all unknowns have those of one degree."""
        if not all(order or unknown in self.forms.second for unknown, order in enumerate(self.problem.orders)):
            return []
        return [self._level(each, max(degree - 2, 1), before) for each in (mesh, finer(self.shape, mesh))]

    def _afforded(self, degree: int) -> float:
        """Cells of the coarsest mesh, of which a finer one can be afforded."""
        dim, count = self.shape.dim, len(self.problem.orders)
        each = 4.0 * degree**2 / 2 if dim == 2 else 8.0 * degree**3 / 6
        return AFFORDED[dim] * self.more**dim / (each * count)

    def _next(self, levels: Sequence[_Level], degree: int) -> _Level:
        """That on the next mesh. Raises Late where it would take too long."""
        if not self._fits(levels):
            raise Late
        return self._level(finer(self.shape, levels[-1].mesh), degree, levels[-1])

    def _fits(self, levels: Sequence[_Level]) -> bool:
        """Is there time for the next mesh?"""
        needed = GROWTH[self.shape.dim][len(levels) - 1] * levels[-1].seconds
        return needed <= min(self._left(), deadline.left())

    def _left(self) -> float:
        return self.limit - (clock.perf_counter() - self.begun)

    def _watch(self, _: float) -> None:
        if self._left() < 0:
            raise Late

    def _march(
        self, mesh: Any, degree: int, tolerance: float, known: Known | None = None, stages: int = STAGES
    ) -> tuple[Spaces, list[Array], Known]:
        """The states on a mesh of straight cells at all times, and what is known for the next run."""
        problem, times = self.problem, self.times
        bent = curved(self.shape, mesh, matched=True)
        evolution = FemEvolution(self.forms, problem.rows, bent, degree, problem.orders, problem.middle)
        run = Run(evolution, evolution.initial(times[0]), tolerance, known, self._watch, stages)
        found = run.through(self.stretches, times)
        states = [evolution.state(time, y) for time, y in zip(times, found, strict=True)]
        return evolution.spaces, states, run.known

    def _sketch(self, mesh: Any, degree: int) -> tuple[Spaces, Array]:
        """What is found on a mesh, nearly."""
        spaces, states, _ = self._march(mesh, degree, SKETCHED, stages=3)
        return spaces, np.array(states)

    def _level(self, mesh: Any, degree: int, before: _Level | None = None, tolerance: float = TOLERANCE) -> _Level:
        """What is found on a mesh after another run."""
        begun = clock.perf_counter()
        spaces, states, known = self._march(mesh, degree, tolerance, before.known if before else None)
        equations, start = self.problem.equations, self._start
        found = []
        for unknown in range(len(self.problem.orders)):
            living = lives(equations, unknown, self.points)
            probe = spaces.probe(unknown, self.points[living])
            values: Array = np.full((*self.mask.shape, len(self.times)), np.nan, spaces.dtype)
            here = np.flatnonzero(self.mask)[living]
            values.reshape(-1, len(self.times))[here] = np.stack([probe @ state for state in states], axis=1)
            if unknown in start:  # what is given jumps where it disagrees with the boundary, and is known
                values[..., 0].flat[here] = start[unknown][living]
            found.append(values)
        joined = equations.joined(found)
        check_finite(joined)
        return _Level(mesh, joined, known, clock.perf_counter() - begun)

    @cached_property
    def _start(self) -> dict[int, Array]:
        """The first values on the grid of unknowns with a derivative in time."""
        self.forms.evaluator.time = float(self.times[0])
        given = Starts(self.forms, self.problem.orders).at(self.points)
        return {unknown: values for (unknown, order), values in given.items() if not order}

    # -- errors

    def _apart(self, one: Array, other: Array) -> float:
        """The difference between values on the grid, relative."""
        axes = [*self.axes, self.times]
        return norm(one - other, axes) / (norm(one, axes) or 1.0)

    def _trust_two(
        self, levels: Sequence[_Level], lower: Sequence[_Level], stepping: Mapping[str, float]
    ) -> dict[str, Trust]:
        """The error of the second mesh, where errors become smaller by as much as those of lower elements do."""
        found = {}
        for name, fine in levels[1].values.items():
            apart, noise = self._apart(fine, levels[0].values[name]), stepping[name]
            one, two = (self._apart(fine, each.values[name]) for each in lower or (levels[1], levels[0]))
            part = two / one if one else np.inf
            sound = part <= AGREEING or apart <= noise
            error = max(apart * part / (1 - part), noise) if part <= AGREEING else apart
            found[name] = Trust(float(-np.log2(part)), error + noise, sound)
        return found

    def _trust_three(self, levels: Sequence[_Level], degree: int, stepping: Mapping[str, float]) -> dict[str, Trust]:
        found = {}
        for name, noise in stepping.items():
            one, two, three = (level.values[name] for level in levels)
            each = trust(self._apart(one, two), self._apart(two, three), 2.0, degree + 1.0, noise)
            found[name] = Trust(each.order, each.error + noise, each.sound)
        return found

    def _reference(self, values: Values, trusted: Mapping[str, Trust]) -> Reference:
        errors = {name: each.error for name, each in trusted.items()}
        dim, shape = self.shape.dim, (*self.mask.shape, len(self.times))
        return Reference(
            KIND, (*self.axes, self.times), values, np.broadcast_to(self.mask[..., None], shape), errors,
            {name: every_other(fine, dim) for name, fine in values.items()},
            (*(axis[::2] for axis in self.axes), self.times), {name: each.order for name, each in trusted.items()},
            tuple(filter(None, (each.doubt(name) for name, each in trusted.items()))),
            extrapolated_error=errors, sound={name: each.sound for name, each in trusted.items()},
        )  # fmt: skip
