"""The arm of the search that marches: windows in time, more of them, and finer cells in each, while that pays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inrpde.solvers.features import Cells
from inrpde.solvers.march import March
from inrpde.solvers.method import Candidate
from inrpde.solvers.samples import bounds
from inrpde.solvers.shapes import cell_plan, first_cells, steep, uniform

if TYPE_CHECKING:
    from inrpde.solvers.search import Search


def windows(search: Search[March]) -> Iterator[Candidate]:
    """More windows, and more cells in each, while that pays."""
    form = search.context.form
    lo, hi = bounds(form)
    shape = [len(b) - 1 for b in first_cells(search, hi - lo).breaks]
    for factor in (2, 1):
        plan = March(4, _window_cells(search, [*(factor * n for n in shape[:-1]), 1], 4))
        if search.affords(plan):
            yield search.attempt(plan, "windows")
            break
    else:
        return
    misses = 0
    while not search.done and misses < 2:
        before, best = search.score, search.plan
        n = [len(b) - 1 for b in best.inner.breaks]
        finer = _window_cells(search, [int(np.ceil(1.6 * m)) for m in n[:-1]] + n[-1:], best.windows)
        moves = [replace(best, inner=finer, graded=True), replace(best, inner=richer(best.inner))]
        moves.append(_halved(search, best))
        if not steep(form, search.state):
            moves.insert(0, replace(best, inner=finer))
        for plan in moves:
            if plan in search.tried or not search.affords(plan):
                continue
            yield search.attempt(plan, "windows")
            if search.done or search.score < before / 3:
                break
        misses = 0 if search.score < 0.6 * before else misses + 1


def _halved(search: Search[March], plan: March) -> March:
    """Twice as many windows."""
    shape = [len(b) - 1 for b in plan.inner.breaks]
    return replace(plan, windows=2 * plan.windows, inner=_window_cells(search, shape, 2 * plan.windows))


def richer(plan: Cells) -> Cells:
    """Twice the features a cell, of a third wider band, on half as many points again for each."""
    return replace(plan, each=2 * plan.each, band=tuple(1.3 * w for w in plan.band), density=max(plan.density, 3.0))


def _window_cells(search: Search[March], shape: list[int], count: int) -> Cells:
    """Cells for one of `count` windows: the declared waves in time are shared out among them."""
    plan = cell_plan(search, tuple(uniform(n) for n in shape))
    d = len(shape)
    in_time = plan.band[-1] - search.waves[-1] * (1 - 1 / count) if shape[-1] == 1 else plan.band[-1]
    band = (*plan.band[:-1], float(in_time))
    each = np.clip(1.6 * np.prod([2 * w / np.pi + 3 for w in band]), 16, 500 if d > 1 else 100)
    return replace(plan, band=band, each=int(each))
