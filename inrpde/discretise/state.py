"""What a solver has found: for each unknown a trial and its head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from inrpde.compiler.form import Form, Index
from inrpde.networks.stored import dump_trial, load_trial
from inrpde.networks.trial import Trial

Array = np.ndarray


class Evaluable(Protocol):
    """Whatever gives the jets of every unknown, as a state does, or an exact solution."""

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]: ...


def field_at(state: Evaluable, unknown: int, points: Array) -> Array:
    """The values (N,) of an unknown at points (N, d)."""
    zero = (0,) * points.shape[1]
    return state.jets(unknown, points, [zero])[zero]


def deviation_at(trial: Trial, heads: Array, points: Array) -> Array:
    """The standard deviation (N,) at points of a field whose head is uncertain: the squares of what `heads` (width, n)
    give add up to its variance."""
    zero = (0,) * points.shape[1]
    found: Array = np.linalg.norm(trial.jets(points, [zero])[zero] @ heads, axis=1)
    return found


@dataclass(frozen=True)
class State:
    """Unknown k is `trials[k] @ heads[k]`; unknowns may share one trial object."""

    trials: tuple[Trial, ...]
    heads: tuple[Array, ...]

    @property
    def vector(self) -> Array:
        """All heads, one after the other."""
        return np.concatenate(self.heads)

    @property
    def width(self) -> int:
        return sum(trial.width for trial in self.trials)

    def with_vector(self, vector: Array) -> State:
        cuts = np.cumsum([trial.width for trial in self.trials])[:-1]
        return replace(self, heads=tuple(np.split(vector, cuts)))

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Derivatives of one unknown at points (N, d): {multi-index: (N,)}."""
        return self.trials[unknown].apply(points, self.heads[unknown], indices)


def zero_state(form: Form, trials: tuple[Trial, ...]) -> State:
    """All heads zero; learned coefficients start from zero too (see `guessed` for their initial values)."""
    kind = complex if form.arithmetic == "complex" else float
    return State(trials, tuple(np.zeros(trial.width, dtype=kind) for trial in trials))


def dump_state(state: State) -> dict[str, Any]:
    """A state as nested mappings and lists of arrays, numbers and strings; trials that are shared stay so."""
    distinct = list({id(trial): trial for trial in state.trials}.values())
    places = {id(trial): number for number, trial in enumerate(distinct)}
    return {
        "trials": [dump_trial(trial) for trial in distinct],
        "of": [places[id(trial)] for trial in state.trials],
        "heads": list(state.heads),
    }


def load_state(dumped: Mapping[str, Any]) -> State:
    """The state that `dump_state` stored."""
    trials = [load_trial(each) for each in dumped["trials"]]
    return State(tuple(trials[number] for number in dumped["of"]), tuple(dumped["heads"]))
