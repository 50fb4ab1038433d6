"""The arm of the search that marches: window by window to an aim, then to lower ones while that pays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inrpde.solvers.features import Cells
from inrpde.solvers.march import March
from inrpde.solvers.method import Candidate
from inrpde.solvers.samples import bounds
from inrpde.solvers.shapes import first_cells, uniform

if TYPE_CHECKING:
    from inrpde.solvers.search import Search

AIMS = (1e-4, 1e-6, 1e-8)
"""The scores that windows are to meet, one march after another."""
BAND = {2: (4.0, 1.8), 3: (3.5, 1.8), 4: (3.0, 1.5)}
"""The band of a cell's features in space and in time, by the number of coordinates: narrow, as cells and windows are
made so small that the solution is smooth in each."""
FEATURES = {2: 75, 3: 220, 4: 450}
"""Features a cell, for the first aim; half as many more for each of the next."""


def windows(search: Search[March]) -> Iterator[Candidate]:
    """March to one aim after another."""
    form = search.context.form
    tol = search.context.tol
    aims = AIMS if tol is None else [aim for aim in AIMS if aim > tol / 2] + [tol / 4]
    inner = first_window(search)
    for number, aim in enumerate(aims):
        rich = replace(inner, each=round(FEATURES.get(form.space.dim, 600) * 1.4**number))
        plan = March(rich, aim, search.patience, min(arm.score for arm in search.arms))
        if search.done or not search.affords(plan):
            return
        yield search.attempt(plan, "windows")


def first_window(search: Search[March]) -> Cells:
    """Cells that the initial values ask for, in a window in which they change a little."""
    form = search.context.form
    lo, hi = bounds(form)
    d = form.space.dim
    shape = np.array([len(b) - 1 for b in first_cells(search, hi - lo).breaks])
    space, time = BAND.get(d, (3.0, 1.5))
    waves = 2 * search.waves / space
    shape = np.maximum(2 * shape if d < 3 else shape, np.ceil(waves).astype(int))[:-1]
    return Cells(
        (*(uniform(n) for n in shape), uniform(1)), FEATURES.get(d, 600), (*[space] * (d - 1), time), span=(0.0, 0.125)
    )
