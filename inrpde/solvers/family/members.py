"""Members of a family on one frozen body: each is a fit of the heads, its parameters given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from inrpde.compiler import compile_problem
from inrpde.compiler.form import Form
from inrpde.declaration import Problem
from inrpde.discretise.fields import field_points
from inrpde.discretise.jets import evaluate_jets
from inrpde.discretise.kept import forgetting, remembering
from inrpde.discretise.state import State, zero_state
from inrpde.discretise.system import System, linearise
from inrpde.networks.trial import Trial
from inrpde.sampling.sites import Samples
from inrpde.solvers.fitting.initial_guess import guess
from inrpde.solvers.fitting.linear import leaning
from inrpde.solvers.fitting.newton import descended, project
from inrpde.solvers.linear.solve import solved

Array = np.ndarray
COMPARED = 1500
"""Points at which members are compared; chosen."""


@dataclass(frozen=True, eq=False)
class Members:
    """A problem with parameters, by their `names` between `lo` and `hi` (p,), and the forms of its members, which
    differ in numbers alone."""

    problem: Problem
    names: tuple[str, ...]
    lo: Array
    hi: Array
    known: dict[tuple[float, ...], Form] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, problem: Problem) -> Members:
        found = problem.parameters
        lo, hi = np.array([each.low for each in found]), np.array([each.high for each in found])
        return cls(problem, tuple(each.name for each in found), lo, hi)

    @property
    def middle(self) -> Array:
        return (self.lo + self.hi) / 2

    def named(self, values: Array) -> dict[str, float]:
        """The values (p,) of the parameters by their names."""
        return dict(zip(self.names, map(float, values), strict=True))

    def form(self, values: Array) -> Form:
        """The form of a member."""
        key = tuple(map(float, values))
        if key not in self.known:
            self.known[key] = compile_problem(self.problem.member(**self.named(values)))
        return self.known[key]


@dataclass(frozen=True, eq=False)
class Body:
    """A frozen body, with the samples that members are fitted on."""

    members: Members
    trials: tuple[Trial, ...]
    samples: Samples

    def solved(self, values: Array, near: State | None = None, lean: Sequence[float] = (), seed: int = 0) -> State:
        """The member of values (p,), begun at another one, which may have other trials, where it is nonlinear; `lean`
        as for a fit."""
        form, state = self.members.form(values), self.zero(values)
        towards = leaning(state, lean, seed)
        if form.linear:
            return forgetting(state.with_vector(solved(self.system(values, state), towards)))
        if near is not None and near.trials == forgetting(state).trials:
            start = State(self.trials, near.heads)
        else:
            start = project(form, self.trials, self.samples, guess(form, self.samples) if near is None else near)
        return forgetting(descended(form, self.samples, start, towards))

    @cached_property
    def columns(self) -> tuple[Array, ...]:
        """By unknown its columns (N, width) at points where members are compared, the same for all."""
        form = self.members.form(self.members.middle)
        zero, made = (0,) * form.space.dim, dict[tuple[int, int], Array]()
        out = []
        for k, trial in enumerate(self.trials):
            at = field_points(form, k, COMPARED, 8)
            key = (id(trial), len(at))
            if key not in made:
                made[key] = trial.jets(at, [zero])[zero]
            out.append(made[key])
        return tuple(out)

    def fields(self, states: Sequence[State]) -> list[Array]:
        """By unknown the fields (N, n) of states, without their offsets, at points where members are compared."""
        heads = (np.stack([each.heads[k] for each in states], axis=1) for k in range(len(self.trials)))
        return [columns @ head for columns, head in zip(self.columns, heads, strict=True)]

    def zero(self, values: Array) -> State:
        """The state whose heads vanish."""
        return zero_state(self.members.form(values), self.trials)

    def system(self, values: Array, state: State) -> System:
        """The rows of a member, linearised at a state."""
        form = self.members.form(values)
        return linearise(form, self.samples, state, evaluate_jets(form, self.samples, state))


def remembered(form: Form, trials: Sequence[Trial], samples: Samples) -> tuple[Trial, ...]:
    """Trials that remember their columns at samples."""
    each = (len(set().union(*(row.indices.get(k, set()) for row in form.rows))) for k in range(len(form.unknowns)))
    return remembering(tuple(trials), samples, max(each))
