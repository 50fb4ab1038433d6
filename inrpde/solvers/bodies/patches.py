"""Patches of features where data are narrow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inrpde.compiler.form import Form
from inrpde.networks.partition import Ramp, Window, Windowed
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Trial
from inrpde.sampling.localised import localised_sources, nested, width
from inrpde.solvers.bodies.enrichment import Enrichment

Array = np.ndarray


@dataclass(frozen=True)
class Patches(Enrichment):
    """Nested patches of features round the localised sources of an unknown's equations."""

    def beside(self, form: Form, unknown: int, rng: np.random.Generator) -> list[Trial]:
        return [*patches(form, unknown, rng)]


def patches(form: Form, unknown: int, rng: np.random.Generator) -> list[Windowed]:
    """Nested patches of features for an unknown, round the localised sources of its equations."""
    regions = dict.fromkeys(row.region for row in form.rows if unknown in row.indices)
    out = []
    for region in regions:
        for source in localised_sources(form, region):
            for half, band in nested(source, region):
                centre = np.array(source.centre)
                body = SineBody.random(width(band, len(centre)), band, (centre - half, centre + half), rng)
                out.append(Windowed(body, _window(centre, half, max(form.order + 1, 3))))
    return out


def _window(centre: Array, half: float, smoothness: int) -> Window:
    """1 within a third of the patch, 0 from its sides on."""
    rises = tuple(Ramp(float(c - 2 * half / 3), half / 3) for c in centre)
    falls = tuple(Ramp(float(c + 2 * half / 3), half / 3) for c in centre)
    return Window(rises, falls, smoothness)
