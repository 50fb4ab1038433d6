"""Steady problems on boxes by finite differences in flux form, with Richardson's estimate from three grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from inrpde.compiler import Bound
from inrpde.compiler.evaluate import evaluate
from inrpde.references.cost import available_bytes, factor_bytes, factor_seconds
from inrpde.references.equations import Equations, sort_equations
from inrpde.references.grid import Lattice
from inrpde.references.layout import coarsest_cells, domain, least_cells
from inrpde.references.newton import Diverged, continued, newton
from inrpde.references.reference import NoReference, Reference, from_levels
from inrpde.references.stencils import stencils
from inrpde.references.system import Array, System
from inrpde.references.terms import Unsupported

KIND = "finite-difference"
DEFAULT = {1: 2000, 2: 256, 3: 32}
"""Cells on the longest side."""
MOST = {1: 16_000, 2: 512, 3: 64}
"""And of a problem that oscillates."""
SECONDS = {1: 2.0, 2: 8.0, 3: 8.0}
"""Predicted seconds of the finest solve, where no budget is given."""
SINGULAR = 1e14
"""A coarse system with rows of size 1 and a larger condition number counts as singular."""
NEWTON_STEPS = 4
"""Factorisations that a nonlinear solve takes on the finest grid, for the prediction of its cost."""

Progress = Callable[[float], None]


def supports(bound: Bound) -> str | None:
    """Why finite differences cannot serve, or None when they can."""
    try:
        _check(bound)
    except Unsupported as reason:
        return str(reason)
    return None


def _check(bound: Bound) -> Equations:
    if bound.space.time is not None:
        raise Unsupported("the problem has a time")
    if bound.space.dim > 3:
        raise Unsupported(f"a grid in {bound.space.dim} dimensions has too many points")
    equations = sort_equations(bound)
    domain(equations)
    return equations


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """Solve on grids of n/4, n/2 and n cells along the longest side (n rounded up to a multiple of four).

    Without `n` it is chosen by the dimension, and larger for a problem that oscillates. `budget` (seconds) and the
    memory at hand bound it; `progress` is called with the share that is done.
    """
    try:
        equations = _check(bound)
        cells = _choose(equations, n, budget)
        systems: list[System] = []
        states: list[Array] = []
        for level in range(3):
            system = System(equations, [count * 2**level for count in cells])
            start = prolonged(systems[-1], system, states[-1]) if systems else guess(system)
            states.append(solve_steady(system, start, check=not systems))
            systems.append(system)
            if progress:
                progress(8.0 ** (level - 2))
        _check_multipliers(systems, states)
    except Unsupported as reason:
        return NoReference(str(reason))
    except Diverged:
        return NoReference("Newton's method does not converge on the grid, neither directly nor by continuation")
    levels = [on_nodes(system, state) for system, state in zip(systems, states, strict=True)]
    return from_levels(KIND, node_axes(systems[-1]), levels)


def _choose(equations: Equations, n: int | None, budget: float | None) -> tuple[int, ...]:
    """Cells of the coarsest grid. Raises Unsupported when the grid that was asked for does not fit."""
    dim = len(equations.space.spatial)
    if n is not None:
        cells = coarsest_cells(equations, -(-n // 4))
        _, size = _cost(equations, cells)
        if size > 0.8 * available_bytes():
            raise Unsupported(f"n = {n} needs about {size / 1e9:.1f} GB for the factors")
        return cells
    wanted = DEFAULT[dim] // 4
    waves = wave_number(System(equations, coarsest_cells(equations, wanted // 2)))
    longest = max(hi - lo for lo, hi in domain(equations))
    # the phase error of a wave over the length L is k L (k h)^2 / 24: bring it to three in a hundred, and extrapolate
    wanted = min(max(wanted, int(0.3 * (waves * longest) ** 1.5)), MOST[dim] // 4)
    while True:
        cells = coarsest_cells(equations, wanted)
        seconds, size = _cost(equations, cells)
        if wanted <= least_cells(equations) or (size < 0.5 * available_bytes() and seconds < (budget or SECONDS[dim])):
            return cells
        wanted = int(0.85 * wanted)


def _cost(equations: Equations, cells: Sequence[int]) -> tuple[float, float]:
    """Predicted seconds and bytes of the solve on the finest grid."""
    nodes, count, dim = int(np.prod([4.0 * n for n in cells])), len(equations.unknowns), len(cells)
    steps = 1 if all(term.linear for term in equations.volume_terms) else NEWTON_STEPS
    seconds = 1.3 * steps * factor_seconds(nodes, count, dim, equations.complex)
    return seconds, factor_bytes(nodes, count, dim, equations.complex)


def wave_number(system: System) -> float:
    """The largest wave number of the linearised equations: the root of the zero-order part over the second-order part.

    The sum of a row is its zero-order part c; its diagonal less that is a Σ 2/h², for a term -a ∂².
    """
    _, jacobian = system.tangent(guess(system))
    inverse = sum(2 / axis.step**2 for axis in system.grid.axes)
    largest = 0.0
    for entry in system.entries:
        if entry.volume:
            own = jacobian[entry.slots][:, system.grid.block(entry.unknown)]
            total = own.sum(axis=1)
            second = jacobian.diagonal()[entry.slots] - total
            ratio = np.divide(total, second, out=np.zeros_like(total), where=second != 0)
            largest = max(largest, float(np.max(-ratio.real, initial=0.0)))
    return float(np.sqrt(largest * inverse))


def guess(system: System) -> Array:
    """The problem's guess on the grid, or zero."""
    state = np.zeros(system.grid.width, system.dtype)
    equations = system.equations
    for original in equations.bound.unknowns:
        expr = equations.bound.problem.guess.get(original.symbol)
        if expr is None:
            continue
        known = equations.bound.known(expr)
        for number, part in equations.parts_of(original):
            points = system.arrangement.coordinates(system.grid.lattices[number].table)
            fields = {field.func.__name__: data.jets for field, data in equations.fields.items()}
            values = evaluate(known, equations.space.coords, points, fields)
            state[system.grid.block(number)] = part(values)
    return state


def prolonged(coarse: System, fine: System, state: Array) -> Array:
    """A state on the grid of half the step, by linear interpolation."""
    longer = np.zeros(fine.grid.width, fine.dtype)
    for unknown, (own, wanted) in enumerate(zip(coarse.grid.lattices, fine.grid.lattices, strict=True)):
        values = state[coarse.grid.block(unknown)].reshape(own.shape)
        for k, axis in enumerate(fine.grid.axes):
            period = axis.end if axis.periodic else None
            matrix = stencils(2 * own.positions[k], wanted.positions[k], 0, axis.step, period)
            lines = np.moveaxis(values, k, 0)
            values = np.moveaxis((matrix @ lines.reshape(len(lines), -1)).reshape(-1, *lines.shape[1:]), 0, k)
        longer[fine.grid.block(unknown)] = values.ravel()
    longer[fine.grid.extra : fine.grid.size] = state[coarse.grid.extra : coarse.grid.size]
    return longer


def solve_steady(system: System, start: Array, check: bool) -> Array:
    """The state with R = 0. Raises Unsupported where it is singular (looked for only with `check`), Diverged."""
    if check:
        _, factors = system.factorise(start)
        if factors.condition() > SINGULAR:
            raise Unsupported(
                "the discrete equations are singular: something is fixed only up to a constant, or k is a resonance"
            )
    try:
        return newton(system.value, system.factorise, start, system.linear)
    except Diverged:
        return continued(system.value, system.factorise, start)


def node_axes(system: System) -> list[Array]:
    """The coordinates of the nodes, the closing ones of periodic axes included."""
    return [axis.at(np.arange(0, axis.end + 1, 2)) for axis in system.grid.axes]


def on_nodes(system: System, state: Array) -> dict[str, Array]:
    """The unknowns at all nodes, NaN where they do not live."""
    grid = system.grid
    shape = tuple(axis.cells + 1 for axis in grid.axes)
    values = []
    for unknown, lattice in enumerate(grid.lattices):
        nodes = []
        for axis, own in zip(grid.axes, lattice.positions, strict=True):
            margin = own[0] % 2
            nodes.append(
                np.arange(0, axis.end, 2) if axis.periodic else np.arange(own[0] - margin, own[-1] + margin + 1, 2)
            )
        matrix = grid.interpolation(unknown, (0,) * len(shape), Lattice(tuple(nodes)))
        inner = (matrix @ state[grid.block(unknown)]).reshape([len(n) for n in nodes])
        inner = np.pad(inner, [(0, int(axis.periodic)) for axis in grid.axes], mode="wrap")
        whole = np.full(shape, np.nan, system.dtype)
        starts = [int(n[0]) // 2 for n in nodes]
        whole[tuple(slice(start, start + size) for start, size in zip(starts, inner.shape, strict=True))] = inner
        values.append(whole)
    return system.equations.joined(values)


def _check_multipliers(systems: Sequence[System], states: Sequence[Array]) -> None:
    """Raise Unsupported if a multiplier does not vanish with the step: then the data contradict each other."""
    first = systems[0].first_multiplier
    for k in range(systems[0].grid.size - first):
        coarse, fine = (
            abs(state[system.first_multiplier + k]) for system, state in zip(systems[1:], states[1:], strict=True)
        )
        residual = systems[-1].value(np.zeros_like(states[-1]))
        if fine > 0.5 * coarse and fine > 1e-8 * np.max(np.abs(residual)):
            raise Unsupported("the data contradict each other: no solution takes the value that a condition fixes")
