"""Steady problems: the discrete equations solved on three nested grids, each starting from the one before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from inrpde.declaration.integral import RegionIntegral
from inrpde.references.cost import afford
from inrpde.references.equations import Equations
from inrpde.references.factors import Factors, ignores
from inrpde.references.newton import Diverged, Factorise, continued, newton
from inrpde.references.reference import Reference, Refusal, Unsupported, from_levels
from inrpde.references.stencils import Axis
from inrpde.references.system import Array, System

Progress = Callable[[float], None]
Build = Callable[[Equations, Sequence[Axis]], System]
"""The system on a grid of these axes."""

MOST = 5
"""Grids, at most."""
SINGULAR = 1e14
"""A coarse system with rows of size 1 and a larger condition number counts as singular."""


def solve_steady(
    kind: str,
    build: Build,
    equations: Equations,
    axes: Sequence[Axis],
    progress: Progress | None,
    more: float = 0.0,
) -> Reference:
    """Solve on a grid of these axes, and with cells of half and a quarter the size; and of an eighth or less where the
    orders make no sense and that takes no longer than `more` seconds.

    Raises Unsupported where there is no such solution.
    """
    systems: list[System] = []
    states: list[Array] = []
    spent, noise, found = 0.0, 0.0, None
    for level in range(MOST):
        if level < 3:
            afford(spent, 2, len(axes))
        elif found is None or all(found.sound.values()) or spent * 2.0 ** (1 + len(axes)) > more:
            break
        begun = time.perf_counter()
        system = build(equations, [axis.refined(2**level) for axis in axes])
        start = start_from(systems[-1], system, states[-1]) if systems else guess(system)
        factorise = system.factorise if systems else _once(system.factorise)
        if not systems:
            _check_regular(system, start, factorise)
        try:
            states.append(_solve(system, start, factorise))
        except Diverged:
            what = "Newton's method does not converge, neither directly nor by continuation"
            raise Unsupported(what, Refusal.DIVERGED) from None
        if not systems:
            order = max(term.order(unknown) for term in equations.volume_terms for unknown in term.unknowns)
            _, factors = factorise(start if system.linear else states[0])
            noise = 4.0**order * factors.rounding(states[0])
        systems.append(system)
        if level >= 2:
            levels = [on_nodes(s, state) for s, state in zip(systems[-3:], states[-3:], strict=True)]
            found = from_levels(kind, node_axes(system), levels, system.grid.mask, noise=noise)
        spent = time.perf_counter() - begun
        if progress:
            progress(min(8.0 ** (level - 2), 1.0))
    _check_multipliers(systems[:3], states[:3])
    assert found is not None
    return found


def _once(factorise: Factorise) -> Factorise:
    """The same; where it is asked for the same state again, what it has found for it."""
    latest: list[tuple[Array, tuple[Array, Factors]]] = []

    def found(state: Array) -> tuple[Array, Factors]:
        if not latest or latest[0][0] is not state:
            latest[:] = [(state, factorise(state))]
        return latest[0][1]

    return found


def _solve(system: System, start: Array, factorise: Factorise) -> Array:
    try:
        return newton(system.value, factorise, start, system.linear)
    except Diverged:
        return continued(system.value, factorise, start)


def guess(system: System) -> Array:
    """The problem's guess on the grid, or zero. Raises Unsupported where it is not known point by point."""
    state: Array = np.zeros(system.grid.width, system.dtype)
    equations = system.equations
    for original in equations.bound.unknowns:
        expr = equations.bound.problem.guess.get(original.symbol)
        if expr is not None:
            known, text = equations.bound.known(expr), f"the guess of {original.name}"
            if known.has(RegionIntegral):
                raise Unsupported(f"{text} has an integral over a region")
            term = equations.lowering.term(known, text)
            for number, part in equations.parts_of(original):
                values = system.evaluator.value(term, system.grid.everywhere(number), np.zeros_like(state))
                state[system.grid.block(number)] = part(values)
    return state


def start_from(coarse: System, fine: System, state: Array) -> Array:
    """A state of a coarser grid on a finer one, by linear interpolation between the nodes."""
    from scipy.interpolate import RegularGridInterpolator
    from scipy.ndimage import distance_transform_edt

    start: Array = np.zeros(fine.grid.width, fine.dtype)
    axes = node_axes(coarse)
    for unknown in range(len(fine.equations.unknowns)):
        nodal = coarse.grid.at_nodes(unknown, state)
        nearest = distance_transform_edt(np.isnan(nodal), return_distances=False, return_indices=True)
        interpolate = RegularGridInterpolator(axes, nodal[tuple(nearest)])
        start[fine.grid.block(unknown)] = interpolate(fine.grid.points(fine.grid.everywhere(unknown)))
    start[fine.grid.extra : fine.grid.size] = state[coarse.grid.extra : coarse.grid.size]
    return start


def node_axes(system: System) -> list[Array]:
    """The coordinates of the nodes, the closing ones of periodic axes included."""
    return [axis.nodes for axis in system.grid.axes]


def on_nodes(system: System, state: Array) -> dict[str, Array]:
    """The unknowns of the problem at all nodes, NaN where they do not live."""
    count = len(system.equations.unknowns)
    return system.equations.joined([system.grid.at_nodes(unknown, state) for unknown in range(count)])


def wave_number(system: System) -> float:
    """The largest wave number of the linearised equations: the root of the zero-order part over the second-order part.

    The sum of a row is its zero-order part c; its diagonal less that is a Σ 2/h², for a term -a ∂².
    """
    _, jacobian = system.tangent(guess(system))
    nodes = node_axes(system)
    largest = 0.0
    for entry in system.entries:
        if entry.volume:
            own = jacobian[entry.slots][:, system.grid.block(entry.unknown)]
            total = own.sum(axis=1)
            second = jacobian.diagonal()[entry.slots] - total
            ratio = np.divide(total, second, out=np.zeros_like(total), where=second != 0)
            points = system.grid.points(entry.place)[entry.picks]
            steps = [np.interp(x, line, np.gradient(line)) for x, line in zip(points.T, nodes, strict=True)]
            inverse = sum(2 / step**2 for step in steps)
            largest = max(largest, float(np.max(-ratio.real * inverse, initial=0.0)))
    return float(np.sqrt(largest))


def _check_regular(system: System, state: Array, factorise: Factorise) -> None:
    residual, factors = factorise(state)
    if not np.all(np.isfinite(residual)):
        raise Unsupported("the data, or the equations at the first guess, are not finite on the grid")
    if factors.condition() > SINGULAR:
        raise Unsupported(f"the discrete equations are singular: {_left_open(system, state)}", Refusal.SINGULAR)


def _left_open(system: System, state: Array) -> str:
    """Why equations are singular: a constant that they do not feel, or what may be the reason."""
    jacobian = system.tangent(state)[1]
    for number, unknown in enumerate(system.equations.unknowns):
        constant: Array = np.zeros(system.grid.width)
        constant[system.grid.block(number)] = 1.0
        if ignores(jacobian, constant):
            return f"{unknown.declared} is fixed only up to a constant"
    if wave_number(system) > 0:
        return "the conditions leave something open, or a term of lower order is at a resonance"
    return "the conditions leave something open, or coefficients differ by too many orders of magnitude"


def _check_multipliers(systems: Sequence[System], states: Sequence[Array]) -> None:
    """Raise Unsupported if a multiplier does not vanish with the step: then the data contradict each other."""
    if not systems[0].gauges:
        return
    _, coarse, fine = (np.abs(system.multipliers(state)) for system, state in zip(systems, states, strict=True))
    data = np.max(np.abs(systems[-1].value(np.zeros_like(states[-1]))))
    if np.any((fine > 0.5 * coarse) & (fine > 1e-8 * data)):
        what = "the data seem to contradict each other: with a value fixed, a source is left over"
        raise Unsupported(what, Refusal.SINGULAR)
