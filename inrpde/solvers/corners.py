"""Which corners of a form's regions need singular functions, and which."""

from __future__ import annotations

import numpy as np

from inrpde.compiler.form import Form
from inrpde.networks.corner import CornerFunctions, corner_modes
from inrpde.networks.trial import Trial
from inrpde.solvers.samples import volumes

Array = np.ndarray
EXPONENTS = 8
"""Exponents a corner."""


def corner_trials(form: Form, unknown: int) -> list[Trial]:
    """Singular functions for every corner that matters, of elliptic second-order equations in the plane."""
    if form.space.dim != 2 or form.space.time is not None or form.orders != (2, 2):
        return []
    found: list[Trial] = []
    for region in volumes(form, unknown):
        for corner in region.corners:
            kinds = tuple(_kind(form, unknown, region.size, corner.point, d) for d in (corner.start, corner.start + corner.angle))
            if None in kinds:
                continue
            modes = corner_modes(corner.angle, kinds, EXPONENTS)
            if modes:
                found.append(CornerFunctions(corner.point, corner.start + corner.angle / 2, region.size, modes))
    return found


def _kind(form: Form, unknown: int, size: float, point: tuple[float, float], direction: float) -> str | None:
    """"value" where a condition without derivatives holds on the wall that leaves the corner in this direction, "slope" where
    one with them does, None where there is none."""
    kinds = set()
    for step in (1e-3, 1e-2):
        probe = np.array([[point[0] + step * size * np.cos(direction), point[1] + step * size * np.sin(direction)]])
        for row in form.rows:
            mine = [jet for jet in row.jets.values() if jet.unknown == unknown]
            if row.region.dim == 1 and mine and row.region.contains(probe, 10 * step**2 * size)[0]:
                kinds.add("slope" if any(any(jet.index) for jet in mine) else "value")
        if kinds:
            return "value" if "value" in kinds else "slope"
    return None
