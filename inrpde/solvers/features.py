"""Frozen sine bodies for a form: one for all unknowns that share a box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Constant, Trial
from inrpde.solvers.samples import bounds

Array = np.ndarray


@dataclass(frozen=True)
class Plan:
    """A frozen body: `width` features an unknown, `band` half-widths of the frequencies a coordinate (in coordinates
    scaled to [-1, 1]), `balance` the boundary's share, `density` points a feature, `layers` sine layers."""

    width: int
    band: tuple[float, ...]
    balance: float = 1.0
    density: float = 2.0
    layers: int = 1
    distribution: str = "box"

    def __str__(self) -> str:
        return f"{self.width} features, band {', '.join(f'{w:.3g}' for w in self.band)}, boundary × {self.balance:g}"

    @property
    def points(self) -> int:
        return round(self.density * self.width)


def global_trials(form: Form, plan: Plan, seed: int) -> tuple[Trial, ...]:
    """A trial for each unknown."""
    made: dict[tuple, Trial] = {}
    trials: list[Trial] = []
    for number, unknown in enumerate(form.unknowns):
        if unknown.is_number:
            trials.append(Constant())
            continue
        lo, hi = bounds(form, number)
        key = (*lo, *hi)
        if key not in made:
            rng = np.random.default_rng([seed, len(made)])
            made[key] = SineBody.random(
                plan.width, np.array(plan.band), (lo, hi), rng, layers=plan.layers, distribution=plan.distribution
            )
        trials.append(made[key])
    return tuple(trials)
