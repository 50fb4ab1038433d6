"""Gauss and Newton's method on the reduced problem, its regularisation chosen anew at each step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form
from inrpde.discretise.fields import field_points
from inrpde.discretise.state import State, field_at
from inrpde.solvers.inverse.coordinates import Coordinates, Penalty
from inrpde.solvers.inverse.reduced import Linearised, Reduced
from inrpde.solvers.inverse.regularise import Chosen, averaged, choose
from inrpde.solvers.linear.weights import weights

Array = np.ndarray
STEPS, CHANGING = 30, 8
"""Steps at most, and those after which the penalty is the last one's: two that are as likely would take turns;
chosen."""
SETTLED = 1e-2
"""By how many times the noise's variance the last step lowers what is least, at most: learned quantities then move by a
tenth of their standard deviation, the root of this; chosen."""
SHORTEST = 2.0**-6
"""The shortest step; chosen."""
INSIDE, CHECKED = 0.9, 2000
"""The part of the way to a bound that a step may go, and the points at which a field's bounds are looked at; chosen."""
BLIND, SHARE = 1e-6, 0.1
"""The effect of a combination of numbers on the readings beside the largest below which they do not tell it, rounding
of a factorisation being larger, and the part of it that a number is, at least; chosen."""
SPARE, WORST = 2.0, 0.1
"""Readings beside those that the answer takes up from which these tell their noise, and what it is taken for else, in
the units of the rows: a tenth of the readings; chosen."""
HINDERED, SMALL = 1.3, 1e-3
"""How many times as much is left of readings, at least, where equations count as where they do not, if these are not
resolved; and the share of readings below which nothing is left of them; chosen."""
ROUNDS, SAME = 4, 1.5
"""How many times the noise of each condition is taken anew, at most, where several are read, and the ratio to the one
before of which it is the same; chosen."""


@dataclass(frozen=True, eq=False)
class Found:
    """Learned quantities and the fields that follow them. The squares of `spread[k]` (width, n), heads of unknown k,
    add up to its variance at a point; `noise` is by condition the readings' standard deviation, in their own units;
    `degrees` is how many numbers the readings tell, `spare` how many more readings there are, `open` are the unknown
    numbers of which they tell combinations alone; it took so many `seconds`."""

    state: State
    z: Array
    spread: Mapping[int, Array]
    noise: Mapping[int, float]
    degrees: float
    spare: float
    open: tuple[int, ...]
    steps: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Point:
    """Coordinates of what is learned, and what is left there, of all equations or of the readings `alone`; `within` has
    the penalties as they are there, of which any is chosen, or the one of a number."""

    z: Array
    at: Linearised
    reduced: Reduced
    within: Coordinates
    alone: bool = False
    number: int | None = None

    @classmethod
    def of(
        cls,
        reduced: Reduced,
        within: Coordinates,
        z: Array,
        near: State,
        alone: bool = False,
        number: int | None = None,
    ) -> Point:
        """That of coordinates, with fields that follow from a state near by."""
        state, fields = reduced.followed(reduced.placed(near, within.heads(z)))
        at = reduced.linearised(state, fields, within)
        return cls(z, at.read if alone else at, reduced, within, alone, number)

    def moved(self, z: Array) -> Point:
        """That of other coordinates, near by."""
        return Point.of(self.reduced, self.within, z, self.at.state, self.alone, self.number)

    def freed(self, least: float) -> Point:
        """The same of the readings alone, where what is left of equations keeps these from being met, as far as they
        differ from the size `least`: it is no knowledge then, but what the features do not resolve."""
        if self.alone or self.reduced.norms:
            return self
        free = replace(self, at=self.at.read, alone=True)
        bound, loose = (free.expected(point.chosen.z) for point in (self, free))
        return free if bound > HINDERED * max(loose, least) else self

    def held(self) -> Point:
        """The same with the penalty that is the likeliest here."""
        return replace(self, number=self.within.penalties.index(self.chosen.penalty))

    def expected(self, z: Array) -> float:
        """What is left, root of the sum of squares, at coordinates near by as far as slopes tell."""
        return float(np.linalg.norm(self.at.left - self.at.slopes @ (z - self.z)))

    def renormed(self) -> Point:
        """The same with the weights that conditions of the norm 1 have here."""
        reduced = self.reduced.renormed(self.at.state)
        within = penalised(reduced, self.within, self.at.state)
        if reduced is self.reduced and within is self.within:
            return self
        return Point.of(reduced, within, self.z, self.at.state, self.alone, self.number)

    @cached_property
    def chosen(self) -> Chosen:
        """The likeliest of the linearised problem."""
        slopes, data, penalties, count = self.linear
        return choose(slopes, data, penalties if self.number is None else penalties[self.number :][:1], count)

    @property
    def linear(self) -> tuple[Array, Array, tuple[Penalty, ...], int]:
        """The linearised problem: slopes and data of the rows, penalties, and how many rows are readings."""
        at = self.at
        return at.slopes, at.left + at.slopes @ self.z, self.within.penalties, int(at.noisy.sum())

    def merit(self, chosen: Chosen) -> float:
        """What is least at the likeliest."""
        return float(self.at.left @ self.at.left) + chosen.weight * chosen.penalty.of(self.z)


def penalised(reduced: Reduced, within: Coordinates, state: State) -> Coordinates:
    """Coordinates with the penalties that the problem declares, if any."""
    roles = reduced.roles
    if not roles.penalties:
        return within
    system = reduced.of_rows(state, roles.learned, roles.penalties)
    system = system.weighted(weights(system.minus(state.vector)))
    return within.penalised(system.matrix()[:, reduced.columns(state, roles.learned)], system.right)


def descend(reduced: Reduced, within: Coordinates, z: Array, near: State) -> Found:
    """From coordinates, and a state near by, to where the loss is least."""
    begun, limits, steps = time.perf_counter(), Limits.of(reduced.form, reduced), 0
    alone = False
    for _ in range(ROUNDS):
        begin = Point.of(reduced, within, z, near, alone).renormed()
        here, chosen, taken = _steps(begin, limits, SMALL * reduced.size)
        alone = here.alone
        z, near, steps = here.z, here.at.state, steps + taken
        noise = _noise(here, chosen)
        before = {row.condition: chosen.noise / reduced.scales[row] for row in reduced.roles.readings}
        if len(noise) < 2 or all(1 / SAME < noise[k] / before[k] < SAME for k in noise):
            break
        reduced = reduced.weighed(near, noise)
    mean, root = averaged(*here.linear)
    measured = any(row.region.labels for row in reduced.roles.readings)  # integrals alone are exact
    spare = int(here.at.noisy.sum()) - chosen.degrees if measured else np.inf
    if spare < SPARE:  # nothing is left to tell the noise by
        root = root * (max(chosen.noise, WORST) / max(chosen.noise, 1e-300))
    step = limits.towards(here, mean)
    here = here.moved(here.z + limits.length(here, step) * step)
    return Found(
        here.at.state,
        here.z,
        _spread(here, root),
        noise,
        chosen.degrees,
        spare,
        Unseen.of(here).open,
        steps,
        time.perf_counter() - begun,
    )


def _steps(here: Point, limits: Limits, least: float) -> tuple[Point, Chosen, int]:
    """Steps until what is least hardly falls, or none helps."""
    for number in range(STEPS):
        here = here.freed(least) if number < CHANGING else here.held()
        chosen = here.chosen
        step, enough = limits.towards(here, chosen.z), SETTLED * chosen.noise**2
        length, before = limits.length(here, step), here.merit(chosen)
        gain = before - here.expected(here.z + step) ** 2 - chosen.weight * chosen.penalty.of(here.z + step)
        while length >= SHORTEST and (length == 1 or length * gain > enough):
            deadline.turn()
            there = here.moved(here.z + length * step)
            if there.merit(chosen) <= before:
                break
            length /= 2
        else:
            return here, chosen, number
        settled = before - there.merit(chosen) <= enough
        here = there.renormed()
        if settled:
            return here, here.chosen, number + 1
    return here, here.chosen, STEPS


def _noise(here: Point, chosen: Chosen) -> dict[int, float]:
    """The standard deviation of the readings of each condition, in their own units."""
    out = {}
    left = here.at.left / np.concatenate(here.reduced.norms) if here.reduced.norms else here.at.left  # outliers, too
    for row in here.reduced.roles.readings:
        mine = here.at.conditions == row.condition
        count = max(float(np.sum(1 - chosen.trusted[mine])), 1.0)
        out[row.condition] = float(np.linalg.norm(left[mine]) / np.sqrt(count)) / here.reduced.scales[row]
    return out


@dataclass(frozen=True, eq=False)
class Unseen:
    """Combinations of the learned `numbers` (unknowns) that may change without a change of any reading: `directions`
    (k, numbers) of those over their `sizes`; the coordinates (n, numbers) that change each number alone."""

    numbers: tuple[int, ...]
    directions: Array
    sizes: Array
    alone: Array
    own: Array
    """The numbers (numbers, n) of coordinates."""

    @classmethod
    def of(cls, here: Point) -> Unseen:
        reduced, state = here.reduced, here.at.state
        numbers = tuple(k for k in reduced.roles.learned if reduced.form.unknowns[k].is_number)
        columns = [reduced.columns(state, (k,)) for k in numbers]
        mine = np.isin(reduced.columns(state, reduced.roles.learned), np.concatenate([*columns, np.zeros(0, int)]))
        sizes = np.array([abs(float(state.heads[k][0])) or 1.0 for k in numbers])
        alone = np.linalg.pinv(here.within.basis)[:, mine]
        _, s, vt = np.linalg.svd(here.at.slopes @ alone * sizes, full_matrices=False)
        return cls(numbers, vt[s <= BLIND * max(s.max(initial=0.0), 1e-300)], sizes, alone, here.within.basis[mine])

    @property
    def open(self) -> tuple[int, ...]:
        """The numbers that take part."""
        shares = zip(self.numbers, self.directions.T, strict=True)
        return tuple(k for k, column in shares if np.any(np.abs(column) > SHARE))

    def without(self, step: Array) -> Array:
        """A step that leaves these combinations as they are: rounding alone would move them, and far."""
        blind = self.directions.T @ (self.directions @ (self.own @ step / self.sizes))
        return step - self.alone @ (self.sizes * blind)


def _spread(here: Point, root: Array) -> dict[int, Array]:
    """Heads whose squares add up to the variance, by unknown, from the root (n, n) of the coordinates' covariance."""
    reduced, state = here.reduced, here.at.state
    heads = here.at.follow @ root
    heads[reduced.columns(state, reduced.roles.learned)] = here.within.basis @ root
    return {k: heads[reduced.columns(state, (k,))] for k in range(len(state.trials))}


@dataclass(frozen=True, eq=False)
class Limits:
    """The bounds of learned quantities: `numbers` by unknown; `fields` by unknown, with the points at which they are
    looked at."""

    numbers: Mapping[int, tuple[float, float]]
    fields: Mapping[int, tuple[float, float, Array]]

    @classmethod
    def of(cls, form: Form, reduced: Reduced) -> Limits:
        numbers, fields = {}, {}
        for k in reduced.roles.learned:
            unknown = form.unknowns[k]
            if unknown.limits is not None and unknown.is_number:
                numbers[k] = unknown.limits
            elif unknown.limits is not None:
                fields[k] = (*unknown.limits, field_points(form, k, CHECKED, 6))
        return cls(numbers, fields)

    def towards(self, here: Point, z: Array) -> Array:
        """The step to coordinates by which no number leaves its bounds, nor moves where no reading tells it."""
        return self.clipped(here, here.z + Unseen.of(here).without(z - here.z)) - here.z

    def clipped(self, here: Point, z: Array) -> Array:
        """Coordinates whose numbers are within their bounds."""
        heads, at = here.within.heads(z), 0
        for k in here.reduced.roles.learned:
            if k in self.numbers:
                now, (lo, hi) = here.at.state.heads[k], self.numbers[k]
                aim = np.clip(heads[at], now[0] - INSIDE * (now[0] - lo), now[0] + INSIDE * (hi - now[0]))
                z = z + np.linalg.lstsq(here.within.basis, _unit(len(heads), at) * (aim - heads[at]), rcond=1e-12)[0]
            at += here.at.state.trials[k].width
        return self._pressed(here, z)

    def _pressed(self, here: Point, z: Array) -> Array:
        """Coordinates whose fields are those of z, but for what lies beyond their bounds."""
        target, at = here.reduced.placed(here.at.state, here.within.heads(z)), 0
        for k in here.reduced.roles.learned:
            trial = here.at.state.trials[k]
            if k in self.fields:
                lo, hi, points = self.fields[k]
                now, then = (field_at(state, k, points) for state in (here.at.state, target))
                beyond = np.clip(then, now - INSIDE * (now - lo), now + INSIDE * (hi - now)) - then
                if np.any(beyond):
                    zero = (0,) * points.shape[1]
                    made = trial.jets(points, [zero])[zero] @ here.within.basis[at : at + trial.width]
                    z = z + np.linalg.lstsq(made, beyond, rcond=1e-10)[0]
            at += trial.width
        return z

    def length(self, here: Point, step: Array) -> float:
        """The longest step, at most 1, within the fields' bounds."""
        length = 1.0
        target = here.reduced.placed(here.at.state, here.within.heads(here.z + step))
        for k, (lo, hi, points) in self.fields.items():
            now, then = (field_at(state, k, points) for state in (here.at.state, target))
            room = np.where(then < now, now - lo, hi - now)
            with np.errstate(divide="ignore", invalid="ignore"):
                longest = np.where(then == now, np.inf, INSIDE * room / np.abs(then - now))
            length = min(length, max(float(np.min(longest)), 0.0))
        return length


def _unit(count: int, at: int) -> Array:
    out = np.zeros(count)
    out[at] = 1.0
    return out
