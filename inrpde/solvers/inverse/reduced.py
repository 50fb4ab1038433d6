"""The reduced problem: the fields follow what is learned, and only that is sought (variable projection).

The equations are to hold and the readings are noisy, so that equations weigh by far more: the fields are those of least
squares over both, and what is left of the readings is a function of the learned quantities alone. Its slopes take one
factorisation of the fields' columns, that which the fields themselves take (Kaufman 1975)."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, repeat

import numpy as np

from inrpde import deadline
from inrpde.compiler.form import Form, Row
from inrpde.discretise.jets import evaluate_jets
from inrpde.discretise.score import data, score
from inrpde.discretise.state import State
from inrpde.discretise.system import Block, System, linearise
from inrpde.sampling.sites import Samples
from inrpde.solvers.inverse.coordinates import Coordinates
from inrpde.solvers.inverse.roles import Coupled, Roles, families
from inrpde.solvers.linear import RIDGE
from inrpde.solvers.linear.parts import times
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
class Shared:
    """One factorisation for fields whose columns are the same: the `system` of the first of them, and of each the
    numbers of its `columns` and of its `rows`, (1, n), or of the real and of the imaginary ones, (2, n), of which a
    complex system is made."""

    system: System
    factors: Factorisation
    columns: tuple[Array, ...]
    rows: tuple[Array, ...]

    @classmethod
    def of(cls, whole: System, family: Sequence[Coupled], columns: Sequence[Array]) -> Shared:
        """That of a family in a system that has the columns of its first member alone (of the first part of a complex
        one); `columns` are the numbers of each member's."""
        stops = np.cumsum([0, *(len(block.right) for block in whole.blocks)])
        ranges = [np.arange(start, stop) for start, stop in pairwise(stops)]
        numbers = [[k for k, block in enumerate(whole.blocks) if block.row in each.rows] for each in family]
        blocks = [whole.blocks[k] for k in numbers[0]]
        parts = 2 if family[0].folded else 1
        rows = [[np.concatenate([ranges[k] for k in each[j::parts]]) for j in range(parts)] for each in numbers]
        if family[0].folded:
            blocks = [_folded(*pair) for pair in zip(blocks[::2], blocks[1::2], strict=True)]
        mine = columns[0][: len(columns[0]) // parts]
        system = whole.part([k for k, piece in enumerate(whole.pieces) if piece.start in mine], blocks)
        split = tuple(each.reshape(parts, -1) for each in columns)
        return cls(system, factorise(system, RIDGE), split, tuple(map(np.stack, rows)))

    def solve(self, right: Array, out: Array) -> None:
        """Put the heads (width, k) of right-hand sides (rows, k) in their place."""
        heads = self.factors.solve(np.concatenate([_together(right, rows) for rows in self.rows], axis=1))
        for each, columns in zip(np.split(heads, len(self.columns), axis=1), self.columns, strict=True):
            _apart(each, columns, out)

    def times(self, heads: Array, out: Array) -> None:
        """Put the rows (rows, k) of heads (width, k) in their place."""
        made = times(self.system, np.concatenate([_together(heads, columns) for columns in self.columns], axis=1))
        for each, rows in zip(np.split(made, len(self.rows), axis=1), self.rows, strict=True):
            _apart(each, rows, out)


def _folded(real: Block, imaginary: Block) -> Block:
    """The complex rows of both sides of an equation."""
    pairs = zip(real.parts, imaginary.parts, strict=True)
    parts = tuple(replace(one, matrix=one.matrix + 1j * other.matrix) for one, other in pairs)
    return replace(real, parts=parts, right=real.right + 1j * imaginary.right)


def _together(values: Array, numbers: Array) -> Array:
    """Some of the values (m, k), complex where there are numbers of both parts."""
    return values[numbers[0]] if len(numbers) == 1 else values[numbers[0]] + 1j * values[numbers[1]]


def _apart(values: Array, numbers: Array, out: Array) -> None:
    """The same backwards."""
    for each, part in zip(numbers, (values.real, values.imag), strict=False):
        out[each] = part


@dataclass(frozen=True, eq=False)
class Fields:
    """The fields' system at a state, factorised by parts that nothing couples, and once for those that are alike;
    `right` (rows,) are its right-hand sides."""

    right: Array
    width: int
    parts: tuple[Shared, ...]

    def solve(self, right: Array) -> Array:
        """The heads (width,) or (width, k) of right-hand sides (rows,) or (rows, k)."""
        out = np.zeros((self.width, *right.shape[1:]))
        for part in self.parts:
            deadline.turn()
            part.solve(right.reshape(len(right), -1), out.reshape(self.width, -1))
        return out

    def times(self, heads: Array) -> Array:
        """The rows (rows,) or (rows, k) of heads."""
        out = np.zeros((len(self.right), *heads.shape[1:]))
        for part in self.parts:
            part.times(heads.reshape(self.width, -1), out.reshape(len(self.right), -1))
        return out


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

    @property
    def read(self) -> Linearised:
        """The same of the readings alone."""
        mine = self.noisy
        each = (self.left, self.slopes, self.noisy, self.conditions)
        left, slopes, noisy, conditions = (values[mine] for values in each)
        return Linearised(self.state, left, slopes, self.follow, noisy, conditions)


@dataclass(frozen=True, eq=False)
class Reduced:
    """An inverse problem on samples. `scales` are by row the roots of their weights, and `shared` those by which the
    fields follow, the same in all of a family; `norms` multiply the rows of each block where a condition has the norm
    1."""

    form: Form
    roles: Roles
    samples: Samples
    scales: Mapping[Row, float]
    shared: Mapping[Row, float] = field(default_factory=dict)
    families: tuple[tuple[Coupled, ...], ...] = ()
    norms: tuple[Array, ...] = ()

    @classmethod
    def of(cls, form: Form, roles: Roles, samples: Samples, about: State) -> Reduced:
        """With rows that weigh as at a state whose fields follow initial values."""
        plain = cls(form, roles, samples, {}, families=families(form, roles, samples, about.trials))
        for _ in range(2):  # what equations make of fields is known where these are
            about = plain.followed(about)[0]
            plain = plain.weighed(about)
        return plain

    def weighed(self, state: State, noise: Mapping[int, float] | None = None) -> Reduced:
        """With rows that weigh as at a state: readings by the noise of their condition, or their size, and equations
        as errors of fields, `STIFF` times as much as all readings together."""
        rows = dict(zip(self.form.rows, score(self.form, self.samples, state).rows, strict=True))
        counts, sizes = self._counts, {row: each.scale for row, each in rows.items()}
        for group in (each for family in self.families for each in family):
            lacking = max((rows[row].rms / max(sizes[row], 1e-300) for row in group.rows if row in counts), default=1.0)
            sizes |= {row: sizes[row] * max(lacking, 1.0) for row in group.rows}  # at least what readings say they lack
        found = {row: 1 / max((noise or {}).get(row.condition, sizes[row]), 1e-300) for row in counts}
        precise = max((found[row] * sizes[row] for row in counts), default=1.0)
        stiff = STIFF * np.sqrt(max(sum(counts.values()), 1)) * precise
        for row in rows.keys() - counts.keys():
            found[row] = stiff * np.sqrt(self.form.conditions[row.condition].weight) / (sizes[row] or 1.0)
        shared = dict(found)
        for alike in (each for family in self.families for each in zip(*(c.rows for c in family), strict=True)):
            if len(alike) > 1:
                shared |= dict.fromkeys(alike, float(np.exp(np.mean(np.log([found[row] for row in alike])))))
        alone = {row: found[row] for row in counts} if noise else {}
        return replace(self, scales=shared | alone, shared=shared)

    @property
    def size(self) -> float:
        """How large all readings are as they weigh, root of the sum of squares."""
        sizes = dict(zip(self.form.rows, data(self.form, self.samples), strict=True))
        return float(np.linalg.norm([sizes[row] * self.scales[row] * n**0.5 for row, n in self._counts.items()]))

    @property
    def _counts(self) -> dict[Row, int]:
        """How many readings there are of each kind."""
        return {row: len(self.samples.of(row).points) if row.jets else 1 for row in self.roles.readings}

    def system(self, state: State, only: tuple[int, ...]) -> System:
        """The rows of equations and readings on the columns of some unknowns, weighted."""
        system = self.of_rows(state, only, {*self.roles.equations, *self.roles.readings})
        scaled = replace(system, blocks=tuple(map(self._scaled, system.blocks)))
        return scaled.weighted(self.norms) if self.norms else scaled

    def of_rows(self, state: State, only: tuple[int, ...], rows: Container[Row]) -> System:
        """Some rows on the columns of some unknowns, with the weights that they have in any problem."""
        jets = evaluate_jets(self.form, self.samples, state)
        return linearise(self.form, self.samples, state, jets, only, rows)

    def renormed(self, state: State) -> Reduced:
        """With the weights of conditions of the norm 1 as they are at a state."""
        if all(self.form.conditions[row.condition].norm == 2 for row in (*self.roles.equations, *self.roles.readings)):
            return self
        return replace(self, norms=tuple(weights(replace(self, norms=()).system(state, ()))))

    def _scaled(self, block: Block) -> Block:
        assert block.row is not None
        scale = self.shared.get(block.row)
        if scale is None:
            return block
        site = self.samples.of(block.row)
        noisy = block.row in self.roles.readings
        root = np.ones(len(block.right)) if noisy or len(block.right) != len(site.weights) else site.roots
        return replace(block, scale=1.0, root=scale * root)

    def fields(self, state: State) -> Fields:
        """The fields' system at a state."""
        firsts = [family[0] for family in self.families]
        only = [k for each in firsts for k in (each.fields[:1] if each.folded else each.fields)]
        system = self.system(state, tuple(only))
        columns = ([self.columns(state, each.fields) for each in family] for family in self.families)
        parts = map(Shared.of, repeat(system), self.families, columns)
        return Fields(system.right, state.width, tuple(parts))

    def followed(self, state: State) -> tuple[State, Fields]:
        """The state whose fields are those of its learned quantities, and the fields' system there."""
        loss = np.inf
        if self.roles.linear:  # from nothing, so that what fields make of equations need not be known
            state = self._with(state, np.zeros(state.width))
        for _ in range(1 if self.roles.linear else NEWTON):
            fields = self.fields(state)
            target = self._with(state, fields.solve(fields.right))
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
        trust = np.concatenate([np.full(len(b.right), self._trusted(b)) for b in system.blocks])
        at, slopes = trust * at, trust[:, None] * slopes
        noisy = np.concatenate([np.full(len(b.right), b.row in self.roles.readings) for b in system.blocks])
        numbers = np.concatenate([np.full(len(b.right), b.row.condition if b.row else -1) for b in system.blocks])
        return Linearised(state, at, slopes, follow, noisy, numbers)

    def _trusted(self, block: Block) -> float:
        """What the rows of a condition weigh beside those of its family."""
        assert block.row is not None
        return self.scales.get(block.row, 1.0) / self.shared.get(block.row, 1.0)

    def columns(self, state: State, unknowns: tuple[int, ...]) -> Array:
        """The numbers of some unknowns' columns in the vector of all heads."""
        stops = np.cumsum([trial.width for trial in state.trials])
        return np.concatenate([np.arange(stops[k] - state.trials[k].width, stops[k]) for k in unknowns])
