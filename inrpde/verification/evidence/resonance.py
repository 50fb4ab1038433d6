"""Equations whose terms may cancel one another on a wave."""

from __future__ import annotations

import numpy as np

from inrpde.compiler.form import Form, Row
from inrpde.discretise.operators import coefficients
from inrpde.sampling import sample

Array = np.ndarray
POINTS = 200
"""Points on which an equation's coefficients are looked at."""


def rings(form: Form, row: Row) -> bool:
    """Does a volume's equation hold a term of lower order that may cancel those of the highest, as k² u does Δu, and a
    beam's load its stiffness? On a wave ∂^2m is (-1)^m times a positive number. An evolution does not: what rings there
    takes time to grow."""
    evolves = form.space.time is not None and any(jet.index[-1] for jet in row.jets.values())
    if row.region.dim < form.space.dim or not row.linear or evolves:
        return False
    slopes = coefficients(form, row, sample(row.region, POINTS, 3).points)
    signed: dict[tuple[int, int], Array] = {}
    for symbol, jet in row.jets.items():
        if symbol in slopes and not any(order % 2 for order in jet.index):
            key = jet.unknown, sum(jet.index)
            signed[key] = signed.get(key, np.zeros(1)) + (-1) ** (key[1] // 2) * np.real(slopes[symbol])
    highest = {unknown: max(order for each, order in signed if each == unknown) for unknown, _ in signed}
    return any(bool(np.any(term * signed[unknown, highest[unknown]] < 0)) for (unknown, _), term in signed.items())
