"""The vocabulary of the cases in space and time: a formula, or a classical method at two resolutions, for a truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Eq, Expr, Interval

from inrpde.declaration import On, Problem, Region, Space
from zoo.families import Families
from zoo.traps.known import Known, closed

Array = np.ndarray
TRUTHS = Path(__file__).with_name("truths")
TIMES, PLACES = 12, 60
"""Of a truth; chosen."""
Solver = Callable[[int, Array, Array], Mapping[str, Array]]
"""From a resolution (0 or 1), times (K,) and places (K, n, d) to values (K, n) by unknown."""


@dataclass(frozen=True)
class Computed:
    """A problem, and what computes its truth, at places that are `clear`."""

    problem: Problem
    solver: Solver
    order: int = 0
    clear: Callable[[Array], Array] = lambda points: np.full(len(points), True)

    def truth(self) -> dict[str, Array]:
        """Points, values by unknown, and their accuracy: how far the lower resolution is from the higher one, so much
        as the order says of it."""
        points = drawn(self.problem.conditions[0].region, self.clear)
        times, places = points[:, 0, -1], points[:, :, :-1]
        coarse, fine = (self.solver(level, times, places) for level in (0, 1))
        gaps = [np.linalg.norm(fine[name] - coarse[name]) / np.linalg.norm(fine[name]) for name in fine]
        values = {name: found.ravel() for name, found in fine.items()}
        return {
            "points": points.reshape(-1, points.shape[2]),
            **values,
            "accuracy": np.array(max(gaps) / max(1, 2**self.order - 1)),
        }


def drawn(region: Region, clear: Callable[[Array], Array]) -> Array:
    """Points (TIMES, PLACES, d + 1): a random time in each twelfth of the span, of which the last is the end, and as
    many random places at each."""
    rng = np.random.default_rng(0)
    lo, hi = region.bounds
    times = lo[-1] + (hi[-1] - lo[-1]) * (np.arange(TIMES) + rng.uniform(0, 1, TIMES)) / TIMES
    times[-1] = hi[-1]
    points = np.empty((TIMES, PLACES, len(lo)))
    for row, time in zip(points, times, strict=True):
        tried = rng.uniform(lo, hi, (40 * PLACES, len(lo)))
        tried[:, -1] = time
        row[:] = tried[region.contains(tried) & clear(tried)][:PLACES]
    return points


timed = Families(TRUTHS)
TIMED, MAKERS = timed.cases, timed.makers


def computed(
    unknowns: Any, conditions: list[On], solver: Solver, order: int = 0, clear: Callable | None = None, **more: Any
) -> Computed:
    unknowns = list(unknowns) if isinstance(unknowns, (list, tuple)) else [unknowns]
    problem = Problem("time", unknowns=unknowns, conditions=conditions, **more)
    return Computed(problem, solver, order, *([clear] if clear else []))


def begun(omega: Region, *values: tuple[Expr, Any]) -> list[On]:
    """What is given at the start."""
    return [On(omega.initial, Eq(u, value)) for u, value in values]


def solved_by(
    omega: Region, u: Expr, operator: Callable[[Expr], Any], solution: Expr, *walls: On,
    source: Expr | None = None, swift: bool = False, **more: Any,
) -> Known:  # fmt: skip
    """operator(u) = source, or operator(solution), in a cylinder; the solution on its boundary, or `walls`; and what is
    given at the start, speeds too if it is `swift`."""
    space, t = omega.space, omega.space.time
    conditions = [On(omega, Eq(operator(u), operator(solution).doit() if source is None else source))]
    conditions += walls or [On(omega.boundary, Eq(u, solution))]
    start = float(omega.bounds[0][-1])
    conditions += begun(omega, (u, solution.subs(t, start)))
    if swift:
        conditions += begun(omega, (space.dt(u), solution.diff(t).subs(t, start)))
    return closed(u, conditions, {u: solution}, **more)


def plane(sides: Any, end: Any, names: str = "u", coords: str = "x y", **more: bool) -> tuple:
    """(space, x, y, t, region over (0, end), unknowns …)."""
    space = Space(coords, time="t")
    omega = Region(space, sides).over(Interval(0, end))
    return space, *space.coords, omega, *space.unknowns(names, **more)


def line(side: Any, end: Any, names: str = "u", coord: str = "x") -> tuple:
    """(space, x, t, region over (0, end), unknowns …)."""
    return plane(side, end, names, coord)
