"""The reduced problem: the fields follow what is learned, and only that is sought (variable projection).

The equations are to hold and the readings are noisy, so that equations weigh by far more: the fields are those of least
squares over both, and what is left of the readings is a function of the learned quantities alone. Its slopes take one
factorisation of the fields' columns, that which the fields themselves take (Kaufman 1975)."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form, Row
from inrpde.discretise.jets import evaluate_jets
from inrpde.discretise.score import score
from inrpde.discretise.state import State
from inrpde.discretise.system import Block, System, linearise
from inrpde.sampling.sites import Samples
from inrpde.solvers.inverse.coordinates import Coordinates
from inrpde.solvers.inverse.roles import Roles
from inrpde.solvers.linear import RIDGE
from inrpde.solvers.linear.solve import Factorisation, factorise
from inrpde.solvers.linear.weights import weights

Array = np.ndarray
STIFF = 30.0
"""How much more it costs to change a field by breaking an equation than all readings gain by it: they are then fitted
by what is learned, and noise by nothing; chosen."""
NEWTON, ALIKE, SHORTEST = 25, 1e-10, 2.0**-6
"""Newton's steps for the fields at most, the relative change of the loss after which they follow, and the shortest
step; chosen."""


@dataclass(frozen=True, eq=False)
class Fields:
    """The fields' system at a state, factorised by parts that nothing couples."""

    system: System
    parts: tuple[tuple[Array, Array, Factorisation], ...]
    """Of each part the numbers of its columns and of its rows."""

    @classmethod
    def of(cls, system: System) -> Fields:
        stops = np.cumsum([len(block.right) for block in system.blocks])
        parts = []
        for columns, numbers, part in system.independent():
            rows = [np.arange(stops[k] - len(system.blocks[k].right), stops[k]) for k in numbers]
            parts.append((columns, np.concatenate(rows), factorise(part, RIDGE)))
        return cls(system, tuple(parts))

    def solve(self, right: Array, roughly: bool = False) -> Array:
        """The heads (width,) or (width, k) of right-hand sides (rows,) or (rows, k); of several `roughly`, faster."""
        out = np.zeros((self.system.width, *right.shape[1:]))
        for columns, rows, factors in self.parts:
            deadline.turn()
            out[columns] = (factors.roughly if roughly else factors.solve)(right[rows])
        return out

    @property
    def volume(self) -> float:
        """The logarithm of the square root of the determinant of the normal matrix."""
        return sum(factors.volume for _, _, factors in self.parts)

    def times(self, heads: Array) -> Array:
        """The rows (rows,) or (rows, k) of heads."""
        return times(self.system, heads)


def times(system: System, heads: Array) -> Array:
    """All rows of a system times heads (width,) or (width, k)."""
    found = []
    for block, factor in zip(system.blocks, system.factors, strict=True):
        made = block.times(heads, system.pieces)
        found.append(made * (factor if made.ndim == 1 else factor[:, None]))
    return np.concatenate(found)


@dataclass(frozen=True, eq=False)
class Linearised:
    """At learned quantities: the state with fields that follow; what is left of all rows (rows,), and its slopes
    (rows, n) by the coordinates of what is learned; the heads by which the fields follow these (width, n); `noisy`
    (rows,) are those that are readings, and `conditions` (rows,) the number of each row's condition."""

    state: State
    left: Array
    slopes: Array
    follow: Array
    noisy: Array
    conditions: Array


@dataclass(frozen=True, eq=False)
class Reduced:
    """An inverse problem on samples. `scales` are by row the roots of their weights; `norms` multiply the rows of each
    block where a condition has the norm 1."""

    form: Form
    roles: Roles
    samples: Samples
    scales: Mapping[Row, float]
    norms: tuple[Array, ...] = ()

    @classmethod
    def of(cls, form: Form, roles: Roles, samples: Samples, about: State) -> Reduced:
        """With rows that weigh as at a state whose fields follow initial values."""
        plain = cls(form, roles, samples, {})
        for _ in range(2):  # what equations make of fields is known where these are
            about = plain.followed(about)[0]
            plain = plain.weighed(about)
        return plain

    def weighed(self, state: State, noise: Mapping[int, float] | None = None) -> Reduced:
        """With rows that weigh as at a state: readings by the noise of their condition, or their size, and equations
        as errors of fields, `STIFF` times as much as all readings together."""
        scored = score(self.form, self.samples, state)
        counts = {row: len(self.samples.of(row).points) if row.jets else 1 for row in self.roles.readings}
        found: dict[Row, float] = {}
        for row, each in zip(self.form.rows, scored.rows, strict=True):
            if row in counts:
                found[row] = 1 / max((noise or {}).get(row.condition, each.scale), 1e-300)
        precise = max((found[row] * scored.rows[self.form.rows.index(row)].scale for row in counts), default=1.0)
        stiff = STIFF * np.sqrt(max(sum(counts.values()), 1)) * precise
        for row, each in zip(self.form.rows, scored.rows, strict=True):
            if row not in counts:
                weight = np.sqrt(self.form.conditions[row.condition].weight)
                found[row] = stiff * weight / (each.scale or 1.0)
        return replace(self, scales=found)

    def system(self, state: State, only: tuple[int, ...]) -> System:
        """The rows of equations and readings on the columns of some unknowns, weighted."""
        system = self.of_rows(state, only, {*self.roles.equations, *self.roles.readings})
        scaled = replace(system, blocks=tuple(map(self._scaled, system.blocks)))
        return scaled.weighted(self.norms) if self.norms else scaled

    def of_rows(self, state: State, only: tuple[int, ...], rows: Container[Row]) -> System:
        """Some rows on the columns of some unknowns, with the weights that they have in any problem."""
        jets = evaluate_jets(self.form, self.samples, state)
        made = linearise(self.form, self.samples, state, jets, only)
        return replace(made, blocks=tuple(block for block in made.blocks if block.row in rows))

    def renormed(self, state: State) -> Reduced:
        """With the weights of conditions of the norm 1 as they are at a state."""
        if all(self.form.conditions[row.condition].norm == 2 for row in (*self.roles.equations, *self.roles.readings)):
            return self
        return replace(self, norms=tuple(weights(replace(self, norms=()).system(state, ()))))

    def _scaled(self, block: Block) -> Block:
        assert block.row is not None
        scale = self.scales.get(block.row)
        if scale is None:
            return block
        site = self.samples.of(block.row)
        noisy = block.row in self.roles.readings
        root = np.ones(len(block.right)) if noisy or len(block.right) != len(site.weights) else site.roots
        return replace(block, scale=1.0, root=scale * root)

    def followed(self, state: State) -> tuple[State, Fields]:
        """The state whose fields are those of its learned quantities, and the fields' system there."""
        loss = np.inf
        for _ in range(1 if self.roles.linear else NEWTON):
            fields = Fields.of(self.system(state, self.roles.fields))
            target = self._with(state, fields.solve(fields.system.right))
            if self.roles.linear:
                return target, fields
            moved, reached = self._searched(state, target)
            if moved is None:
                break
            state = moved
            if abs(loss - reached) <= ALIKE * reached:
                break
            loss = reached
        return state, fields

    def _searched(self, state: State, target: State) -> tuple[State | None, float]:
        """The state on the way to a target where the loss falls, and the loss there."""
        before, length = self.loss(state), 1.0
        while length >= SHORTEST:
            moved = state.with_vector(state.vector + length * (target.vector - state.vector))
            reached = self.loss(moved)
            if reached < before:
                return moved, reached
            length /= 2
        return None, before

    def loss(self, state: State) -> float:
        """The sum of squares of all rows at a state."""
        left = self.system(state, ()).right
        return float(left @ left)

    def _with(self, state: State, heads: Array) -> State:
        """A state with the fields' heads of a vector."""
        split = state.with_vector(heads).heads
        kept = [split[k] if k in self.roles.fields else head for k, head in enumerate(state.heads)]
        return State(state.trials, tuple(kept))

    def placed(self, state: State, heads: Array) -> State:
        """A state with other heads (width,) of what is learned."""
        cuts = np.cumsum([state.trials[k].width for k in self.roles.learned])[:-1]
        mine = dict(zip(self.roles.learned, np.split(heads, cuts), strict=True))
        return State(state.trials, tuple(mine.get(k, head) for k, head in enumerate(state.heads)))

    def linearised(self, state: State, fields: Fields, within: Coordinates) -> Linearised:
        """What is left where the fields have followed, and its slopes."""
        system = self.system(state, self.roles.learned)
        columns = self.columns(state, self.roles.learned)
        heads = np.zeros((state.width, within.count))
        heads[columns] = within.basis
        moved = times(system, heads)
        follow = -fields.solve(moved)
        slopes = moved + fields.times(follow)
        at = system.minus(state.vector * np.isin(np.arange(state.width), columns)).right
        noisy = np.concatenate([np.full(len(b.right), b.row in self.roles.readings) for b in system.blocks])
        numbers = np.concatenate([np.full(len(b.right), b.row.condition if b.row else -1) for b in system.blocks])
        return Linearised(state, at, slopes, follow, noisy, numbers)

    def columns(self, state: State, unknowns: tuple[int, ...]) -> Array:
        """The numbers of some unknowns' columns in the vector of all heads."""
        stops = np.cumsum([trial.width for trial in state.trials])
        return np.concatenate([np.arange(stops[k] - state.trials[k].width, stops[k]) for k in unknowns])
