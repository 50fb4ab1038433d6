"""Steady problems by finite differences in flux form, with Richardson's estimate from three grids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.compiler import Bound
from inrpde.references.boxes import box_system
from inrpde.references.cost import afford, available_bytes, factor_bytes, factor_seconds
from inrpde.references.cut_cells import cut_region, cut_system
from inrpde.references.equations import Equations, sort_equations
from inrpde.references.layout import coarsest_cells, domain, is_box, least_cells
from inrpde.references.reference import NoReference, Reference, Refusal, Unsupported
from inrpde.references.steady import Build, Progress, solve_steady, wave_number

KIND = "finite-difference"
DEFAULT = {1: 2000, 2: 256, 3: 32}
"""Cells on the longest side."""
MOST = {1: 16_000, 2: 512, 3: 64}
"""And of a problem that oscillates."""
SECONDS = {1: 2.0, 2: 8.0, 3: 8.0}
"""Predicted seconds of the finest solve, where no budget leaves less."""
NEWTON_STEPS = 4
"""Factorisations that a nonlinear solve takes on the finest grid, for the prediction of its cost."""


def supports(bound: Bound) -> str | None:
    """Why finite differences cannot serve, or None when they can."""
    try:
        _check(bound)
    except Unsupported as reason:
        return str(reason)
    return None


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """Solve on grids of n/4, n/2 and n cells along the longest side (n rounded up to a multiple of four).

    Without `n` it is chosen by the dimension, and larger for a problem that oscillates. `budget` (seconds) and the
    memory at hand bound it; `progress` is called with the share that is done.
    """
    try:
        equations, build = _check(bound)
        cells = _choose(equations, build, n, budget)
        return solve_steady(KIND, build, equations, cells, progress)
    except Unsupported as reason:
        return reason.refused


def _check(bound: Bound) -> tuple[Equations, Build]:
    if bound.space.time is not None:
        raise Unsupported("the problem has a time")
    if bound.evolves is not None:
        raise Unsupported("all conditions hold at one end: the solution is followed from there")
    if bound.space.dim > 3:
        raise Unsupported(f"a grid in {bound.space.dim} dimensions has too many points")
    equations = sort_equations(bound)
    domain(equations)
    if is_box(equations):
        return equations, box_system
    cut_region(equations)
    return equations, cut_system


def _choose(equations: Equations, build: Build, n: int | None, budget: float | None) -> tuple[int, ...]:
    """Cells of the coarsest grid. Raises Unsupported when the grid that was asked for does not fit."""
    dim = len(equations.space.spatial)
    if n is not None:
        cells = coarsest_cells(equations, -(-n // 4))
        _, size = _cost(equations, cells)
        if size > 0.8 * available_bytes():
            raise Unsupported(f"n = {n} needs about {size / 1e9:.1f} GB for the factors", Refusal.TOO_DEAR)
        return cells
    wanted = DEFAULT[dim] // 4
    waves = wave_number(build(equations, coarsest_cells(equations, wanted // 2)))
    longest = max(hi - lo for lo, hi in domain(equations))
    # the phase error of a wave over the length L is k L (k h)^2 / 24: bring it to three in a hundred, and extrapolate
    wanted = min(max(wanted, int(0.3 * (waves * longest) ** 1.5)), MOST[dim] // 4)
    while True:
        cells = coarsest_cells(equations, wanted)
        seconds, size = _cost(equations, cells)
        fits = size < 0.5 * available_bytes() and seconds < min(budget or SECONDS[dim], SECONDS[dim])
        if fits:
            return cells
        if wanted <= least_cells(equations):
            afford(seconds, 1, dim)
            return cells
        wanted = int(0.85 * wanted)


def _cost(equations: Equations, cells: Sequence[int]) -> tuple[float, float]:
    """Predicted seconds and bytes of the solve on the finest grid."""
    nodes, count, dim = int(np.prod([4.0 * n for n in cells])), len(equations.unknowns), len(cells)
    steps = 1 if all(term.linear for term in equations.volume_terms) else NEWTON_STEPS
    seconds = 1.3 * steps * factor_seconds(nodes, count, dim, equations.complex)
    return seconds, factor_bytes(nodes, count, dim, equations.complex)
