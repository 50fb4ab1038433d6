"""The strategy for problems with parameters: some members are solved in full, the others as combinations of these."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inrpde.compiler.form import Form
from inrpde.discretise.family import Family, between, nodes
from inrpde.discretise.state import State
from inrpde.networks.combined import Combined
from inrpde.networks.offset import bare, counted
from inrpde.networks.trial import Trial
from inrpde.solvers.contract.method import Candidate, Context, Kin
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.family.bodies import bodies, residual
from inrpde.solvers.family.data import Data
from inrpde.solvers.family.members import Body, Members
from inrpde.solvers.family.reduction import Reduction, Snapshots, apart

Array = np.ndarray
NAME = "family"
LEVELS, SEVERAL = 6, 10
"""Levels of nodes at most, of one parameter (257 of them) and of several, whose nodes grow slowly; chosen."""
SCANNED, DOUBTED, OTHERS = 300, 2, 1
"""Members that are asked how doubtful they are, and of these the most doubtful, and others, that are then solved in
full; chosen."""
SAME, GOAL = 0.1, 1e-9
"""The share of what the body itself leaves of a member by which the reduced basis may miss it, and the relative
difference below which it is none; chosen."""
GAINED = 0.5
"""The share of what it missed them by before from which further members tell nothing; chosen."""
DEAR, PATIENCE = 2.5, 90.0
"""The seconds of a further level beside those of the last, as it has twice as many nodes; and those of all without a
budget, as these are many solves; chosen."""


@dataclass(frozen=True)
class Options:
    """No settings."""


OPTIONS = Options


def serves(form: Form) -> Claim | str:
    family = form.bound.problem.family
    if family is None:
        return "the problem has no parameters"
    if any(unknown.learned for unknown in form.unknowns):
        return "something is learned"
    if any(condition.norm == 1 for condition in form.conditions):
        return "a condition has the norm 1"
    return Claim(Role.ALONE, "members for all parameters are combinations of some that are solved")


def solve(context: Context) -> Iterator[Candidate]:
    """A candidate a level of nodes, the member in the middle of all ranges, with its kin. Its score is that of its
    residual, or the difference of members to full solutions that the basis has not seen, whichever is larger."""
    problem = context.form.bound.problem.family
    assert problem is not None
    members = Members.of(problem)
    first, second = bodies(context, members)
    snapshots = Snapshots(first, np.zeros((0, len(members.lo))), ())
    last = np.inf
    for level in range(LEVELS if len(members.lo) == 1 else SEVERAL):
        begun = time.perf_counter()
        at = nodes(members.lo, members.hi, level)
        snapshots = snapshots.completed(at)
        reduction = Reduction.of(snapshots, [number for each in at if (number := snapshots.number(each)) is not None])
        missed, gap, floor = Data.of(members, at, context.seed + level).missed(len(at)), 0.0, 0.0
        for values in doubtful(reduction, snapshots, missed, context.seed + level):
            full = first.solved(values, snapshots.nearest(values))
            gap = max(gap, apart(first, reduction.state(reduction.table.solved(values)[0]), full))
            floor = max(floor, residual(members.form(values), full, context.seed))
            snapshots = snapshots.and_member(values, full)
        relatives = Relatives(context, reduction, snapshots, second, missed)
        found = relatives.candidate(members.middle)
        score, spent = max(found.score, gap), time.perf_counter() - begun
        width = sum(trial.width for trial in first.trials)
        reason = f"{reduction.width} combined of {len(snapshots.states)} members on {width} features"
        yield replace(found, score=score, cost=spent, reason=reason, kin=relatives.kin())
        searching = context.clock.searching if context.clock.budget is not None else PATIENCE - context.clock.spent
        settled = gap <= max(SAME * floor, GOAL) or floor >= gap > GAINED * last
        if settled or DEAR * spent > searching:
            return
        last = gap


def doubtful(reduction: Reduction, snapshots: Snapshots, missed: Array | None, seed: int) -> Array:
    """Values (n, p) of members: those that were not solved of which the reduced problem says least, and the one whose
    data are `missed` most, or others."""
    lo, hi = reduction.table.lo, reduction.table.hi
    scanned = between(lo, hi, SCANNED, seed)
    scanned = scanned[[snapshots.number(each) is None for each in scanned]]
    doubts = np.array([reduction.table.solved(each)[1] for each in scanned])
    worst = np.argsort(-doubts)
    taken = [worst[0]]
    for number in worst[1:]:  # another peak, not the neighbour of the first
        distances = np.linalg.norm((scanned[taken] - scanned[number]) / (hi - lo), axis=1)
        if len(taken) < DOUBTED and np.all(distances > 1 / np.sqrt(SCANNED)):
            taken.append(number)
    others = np.setdiff1d(np.arange(len(scanned)), taken)[:OTHERS]
    return np.vstack([scanned[taken], scanned[others] if missed is None else missed])


@dataclass(frozen=True, eq=False)
class Relatives:
    """The members of a reduction."""

    context: Context
    reduction: Reduction
    snapshots: Snapshots
    second: Body
    missed: Array | None

    def kin(self) -> Kin:
        """As a candidate has them."""
        table, members = self.reduction.table, self.second.members
        checks = doubtful(self.reduction, self.snapshots, self.missed, self.context.seed + SEVERAL)
        family = Family(members.names, table, self.bases())
        return Kin(family, tuple(map(members.named, checks)), self.member)

    def bases(self) -> dict[str, Trial]:
        """By declared unknown the trial that its members' head is one of."""
        form, found, trials = self.context.form, dict[str, Trial](), self.reduction.trials
        for unknown in form.bound.unknowns:
            k, *pair = form.parts(unknown.name)
            weights, offset = self.reduction.weights[k], trials[k].offset
            if pair:
                weights, offset = weights + 1j * self.reduction.weights[pair[0]], offset + 1j * trials[pair[0]].offset
            found[unknown.name] = counted(Combined(bare(trials[k]), weights), offset)
        return found

    def member(self, given: Mapping[str, float]) -> tuple[Form, Candidate]:
        """The form and the candidate of a member."""
        values = np.array([given[name] for name in self.second.members.names])
        return self.second.members.form(values), self.candidate(values)

    def candidate(self, values: Array) -> Candidate:
        """What the reduced problem gives of a member."""
        state = self.reduction.state(self.reduction.table.solved(values)[0])
        scored = residual(self.second.members.form(values), state, self.context.seed)

        def again(seed: int, lean: Sequence[float]) -> State:
            return self.second.solved(values, state, lean, seed)

        return Candidate(state, scored, scored, 0.0, NAME, "", again=again)
