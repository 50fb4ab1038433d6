"""Steady problems by finite differences in flux form, with Richardson's estimate from three grids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.compiler import Bound
from inrpde.references.boxes import box_system
from inrpde.references.cost import afford, available_bytes, factor_bytes, factor_seconds
from inrpde.references.cut_cells import cut_region, cut_system
from inrpde.references.equations import Equations, sort_equations
from inrpde.references.layout import coarsest_axes, domain, is_box, least_cells
from inrpde.references.narrow import refuse_narrow
from inrpde.references.reference import NoReference, Reference, Refusal, Unsupported, refusal
from inrpde.references.steady import Build, Progress, solve_steady, wave_number
from inrpde.references.stencils import Axis

KIND = "finite-difference"
DEFAULT = {1: 2000, 2: 256, 3: 32}
"""Cells on the longest side."""
MOST = {1: 16_000, 2: 512, 3: 64}
"""And of a problem that oscillates."""
SECONDS = {1: 2.0, 2: 8.0, 3: 8.0}
"""Predicted seconds of the finest solve, where no budget leaves less."""
SIGHTS = (1.0, 2.0)
"""How much longer cells in narrow places may be, in turn, where the time does not suffice."""
NEWTON_STEPS = 4
"""Factorisations that a nonlinear solve takes on the finest grid, for the prediction of its cost."""


def supports(bound: Bound) -> str | None:
    """Why finite differences cannot serve, or None when they can."""
    return refusal(_check, bound)


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """Solve on grids of n/4, n/2 and n cells along the longest side (n rounded up to a multiple of four).

    Without `n` it is chosen by the dimension, and larger for a problem that oscillates. `budget` (seconds) and the
    memory at hand bound it; `progress` is called with the share that is done.
    """
    try:
        equations, build = _check(bound)
        axes, dim = _choose(equations, build, n, budget), bound.space.dim
        more = min(budget or SECONDS[dim], SECONDS[dim]) if n is None else 0.0
        return solve_steady(KIND, build, equations, axes, progress, more)
    except Unsupported as reason:
        return reason.refused


def _check(bound: Bound) -> tuple[Equations, Build]:
    if bound.space.time is not None:
        raise Unsupported("the problem has a time")
    if bound.evolves is not None:
        raise Unsupported("all conditions hold at one end: the solution is followed from there")
    equations = sort_equations(bound)
    return equations, check_equations(equations)


def check_equations(equations: Equations) -> Build:
    """What makes the system on a grid, of a problem without a time. Raises Unsupported where nothing does."""
    if equations.space.dim > 3:
        raise Unsupported(f"a grid in {equations.space.dim} dimensions has too many points")
    domain(equations)
    if is_box(equations):
        return box_system
    cut_region(equations)
    return cut_system


def _choose(equations: Equations, build: Build, n: int | None, budget: float | None) -> tuple[Axis, ...]:
    """The axes of the coarsest grid. Raises Unsupported when the grid that was asked for does not fit, or one that sees
    what is narrow."""
    dim = len(equations.space.spatial)
    if n is not None:
        axes = coarsest_axes(equations, -(-n // 4))
        _, size = _cost(equations, axes)
        if size > 0.8 * available_bytes():
            raise Unsupported(f"n = {n} needs about {size / 1e9:.1f} GB for the factors", Refusal.TOO_DEAR)
        return axes
    wanted = DEFAULT[dim] // 4
    waves = wave_number(build(equations, coarsest_axes(equations, wanted // 2, np.inf)))
    longest = max(hi - lo for lo, hi in domain(equations))
    # the phase error of a wave over the length L is k L (k h)^2 / 24: bring it to three in a hundred, and extrapolate
    most = min(max(wanted, int(0.3 * (waves * longest) ** 1.5)), MOST[dim] // 4)
    for sight in SIGHTS:
        wanted = most
        while True:
            axes = coarsest_axes(equations, wanted, sight)
            seconds, size = _cost(equations, axes)
            if size < 0.5 * available_bytes() and seconds < min(budget or SECONDS[dim], SECONDS[dim]):
                return axes
            if wanted <= least_cells(equations):
                break
            wanted = int(0.85 * wanted)
    if any(axis.narrow for axis in axes):
        refuse_narrow(equations, f"{seconds:.2g} s and {size / 1e9:.2g} GB")
    afford(seconds, 1, dim)
    return axes


def _cost(equations: Equations, axes: Sequence[Axis]) -> tuple[float, float]:
    """Predicted seconds and bytes of the solve on the finest grid."""
    nodes, count, dim = int(np.prod([4.0 * axis.cells for axis in axes])), len(equations.unknowns), len(axes)
    steps = 1 if all(term.linear for term in equations.volume_terms) else NEWTON_STEPS
    seconds = 1.3 * steps * factor_seconds(nodes, count, dim, equations.complex)
    return seconds, factor_bytes(nodes, count, dim, equations.complex)
