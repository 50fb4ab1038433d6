"""From the solutions of some members to a reduced basis, and the rows of the problem on it as polynomials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.discretise.family import Table
from inrpde.discretise.fields import fixed, relative_difference, rms
from inrpde.discretise.state import State
from inrpde.discretise.system import System
from inrpde.networks.combined import Combined
from inrpde.networks.offset import bare, counted
from inrpde.networks.trial import Trial
from inrpde.solvers.family.members import Body, remembered

Array = np.ndarray
DISTINCT = 1e-11
"""The share of the largest singular value of the members' fields from which a combination of them is one of its own:
above what the members are wrong by, mostly; chosen."""


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Members that were solved in full on one body: values (n, p) of the parameters, and the state of each."""

    body: Body
    values: Array
    states: tuple[State, ...]

    def number(self, values: Array) -> int | None:
        """The number of the member of values (p,), if it was solved."""
        same = np.flatnonzero(np.all(np.isclose(self.values, values, rtol=1e-12, atol=0), axis=1))
        return int(same[0]) if len(same) else None

    def completed(self, values: Array) -> Snapshots:
        """With the members of values (n, p), each begun at the nearest."""
        found = self
        for each in values:
            if found.number(each) is None:
                found = found.and_member(each, found.body.solved(each, found.nearest(each)))
        return found

    def and_member(self, values: Array, state: State) -> Snapshots:
        """With one more."""
        return Snapshots(self.body, np.vstack([self.values, values[None]]), (*self.states, state))

    def nearest(self, values: Array) -> State | None:
        """The member whose parameters are closest."""
        if not self.states:
            return None
        apart = (self.values - values) / (self.body.members.hi - self.body.members.lo)
        return self.states[int(np.argmin(np.linalg.norm(apart, axis=1)))]


@dataclass(frozen=True, eq=False)
class Reduction:
    """`weights` are by unknown the combinations (width, r) of the columns of `trials`, `table` the rows [A | b] on
    these, whose least-squares solution is the head (r,) of a member, the same for all unknowns."""

    trials: tuple[Trial, ...]
    weights: tuple[Array, ...]
    table: Table

    @classmethod
    def of(cls, snapshots: Snapshots, nodes: Sequence[int]) -> Reduction:
        """That of some snapshots; those whose numbers are `nodes` determine the polynomials."""
        body, plain, members = snapshots.body, snapshots.states[0].trials, snapshots.body.members
        weights, heads = _basis(snapshots)
        made = [
            counted(Combined(bare(trial), each), trial.offset)
            for trial, each in zip(body.trials, weights, strict=True)
        ]  # fmt: skip
        reduced = remembered(members.form(members.middle), made, body.samples)
        scales = [block.scale for block in body.system(members.middle, body.zero(members.middle)).blocks]
        rows = []
        for n in nodes:
            system = body.system(snapshots.values[n], State(reduced, (heads[:, n],) * len(plain)))
            rows.append(_joint(system, scales, len(plain)))
        table = Table.through(members.lo, members.hi, snapshots.values[list(nodes)], rows).compressed()
        return cls(plain, weights, table)

    @property
    def width(self) -> int:
        return int(self.weights[0].shape[1])

    def state(self, head: Array) -> State:
        """The state of a head (r,), on the whole body."""
        return State(self.trials, tuple(each @ head for each in self.weights))


def apart(body: Body, one: State, other: State) -> float:
    """By how much two states differ beside their size, of all unknowns the most; free constants are no difference."""
    form = body.members.form(body.members.middle)
    pairs = [
        fixed(form, [field[:, 0] + trial.offset for field, trial in zip(body.fields([each]), one.trials, strict=True)])
        for each in (one, other)
    ]
    return max(relative_difference(a, b) for a, b in zip(*pairs, strict=True))


def _basis(snapshots: Snapshots) -> tuple[tuple[Array, ...], Array]:
    """By unknown combinations (width, r) of the body's columns, the principal components of the snapshots' fields, and
    the heads (r, n) of these in them."""
    values = [each / (rms(each.ravel()) or 1.0) for each in snapshots.body.fields(snapshots.states)]
    _, s, vt = np.linalg.svd(np.concatenate(values), full_matrices=False)
    used = s > DISTINCT * s[0]
    turned = vt[used].conj().T / s[used]
    fields = range(len(values))
    heads = [np.stack([each.heads[k] for each in snapshots.states], axis=1) for k in fields]
    return tuple(each @ turned for each in heads), s[used, None] * vt[used]


def _joint(system: System, scales: Sequence[float], unknowns: int) -> Array:
    """The rows [A | b] on columns that all unknowns share, (rows, r + 1), from those on the columns of each."""
    pairs = zip(system.blocks, scales, strict=True)
    scaled = System(tuple(replace(block, scale=scale) for block, scale in pairs), system.pieces)
    added = sum(np.split(scaled.matrix(), unknowns, axis=1))
    return np.column_stack([added, scaled.right])
