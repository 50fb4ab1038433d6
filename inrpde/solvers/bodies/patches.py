"""Patches of features where data are narrow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form
from inrpde.networks.partition import Ramp, Window, Windowed
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Trial
from inrpde.sampling.extent import bounds
from inrpde.sampling.localised import patches
from inrpde.solvers.bodies.enrichment import Enrichment

Array = np.ndarray


@dataclass(frozen=True)
class Patches(Enrichment):
    """Nested patches of features round the narrow data of a problem."""

    def beside(self, form: Form, unknown: int, rng: np.random.Generator) -> list[Trial]:
        return [*windowed(form, unknown, rng)]


def windowed(form: Form, unknown: int, rng: np.random.Generator) -> list[Windowed]:
    """The patches of the problem's narrow data that lie where an unknown does."""
    lo, hi = bounds(form, unknown)
    out = []
    for patch in patches(form.bound):
        centre, half = np.array(patch.centre), np.array(patch.half)
        if np.all(centre + half > lo) and np.all(centre - half < hi):
            box = np.maximum(centre - half, lo), np.minimum(centre + half, hi)
            body = SineBody.random(patch.width, np.array(patch.band), box, rng)
            # between what the equations make of a patch's features, and what the boundary data are
            height = float(np.min(half / (hi - lo)) ** (form.order / 2))
            out.append(Windowed(body, _window(centre, half, max(form.order + 1, 3), height)))
    return out


def _window(centre: Array, half: Array, smoothness: int, height: float) -> Window:
    """1 within a third of the patch, 0 from its sides on."""
    at = np.where(np.isfinite(half), 2 / 3 * half, 0.0)
    rises, falls = (
        tuple(Ramp(float(c), float(h / 3)) for c, h in zip(centre + side * at, half, strict=True)) for side in (-1, 1)
    )
    return Window(rises, falls, smoothness, height)
