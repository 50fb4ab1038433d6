"""The system of a problem on a box: its grid, what holds where on it, integrals and conditions that fix a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inrpde.declaration.integral import RegionIntegral
from inrpde.references.arrange import Arrangement
from inrpde.references.equations import Equation, Equations
from inrpde.references.evaluate import Array
from inrpde.references.grid import Grid, Lattice
from inrpde.references.layout import find_flow, lattices_of
from inrpde.references.reference import Unsupported
from inrpde.references.stencils import Axis
from inrpde.references.system import Entry, System, WeightedSum
from inrpde.references.terms import Term


def box_system(equations: Equations, axes: Sequence[Axis], time_order: int = 0) -> System:
    """The system on a grid of these axes. Raises Unsupported where the conditions do not fit it."""
    flow = find_flow(equations.volume_terms, len(equations.space.spatial), len(equations.unknowns))
    fixed = (*equations.numbers, *equations.points)
    integrals = tuple(equations.integrals)
    grid = Grid(axes, lattices_of(equations, axes, flow), len(integrals) + len(fixed), time_order)
    arrangement = Arrangement(equations, grid, flow)
    sums = [_sums(equations, arrangement, integral) for integral in integrals]
    first = grid.extra + len(integrals)
    gauges = [_gauge(equations, grid, first + k, equation) for k, equation in enumerate(fixed)]
    return System(equations, grid, arrangement.entries(), sums, gauges)


def _sums(equations: Equations, arrangement: Arrangement, integral: RegionIntegral) -> list[WeightedSum]:
    """The midpoint rule, on the cells in a region or on the sides of cells on a surface."""
    region, grid = integral.region, arrangement.grid
    missing = equations.space.dim - region.dim
    if missing not in (0, 1):
        raise Unsupported(f"an integral over a set of {region.dim} dimensions ({region.label})")
    sums = []
    for axis, position in [(None, 0)] if missing == 0 else arrangement.planes():
        middles = Lattice(
            tuple(np.array([position]) if k == axis else np.arange(1, line.end, 2) for k, line in enumerate(grid.axes))
        )
        inside = region.contains(arrangement.coordinates(middles.table))
        if np.any(inside):
            normal = arrangement.normal(axis, 1 if position else -1) if axis is not None else {}
            term = equations.lowering.term(integral.integrand.xreplace(normal), str(integral))
            sums.append(_weighted(term, middles.table[inside], _sizes(grid, middles.table[inside], axis)))
    total = sum(part.weights.sum() for part in sums)
    if not total:
        raise Unsupported(f"the grid has no cell in {region.label}, over which an integral is taken")
    return [WeightedSum(s.term, s.place, s.weights / total) for s in sums] if integral.mean else sums


def _sizes(grid: Grid, chosen: Array, flat: int | None) -> Array:
    """The measures (N,) of the cells round middles (N, axes), of their sides normal to the axis `flat`."""
    ends = [(line.at(chosen[:, k] - 1), line.at(chosen[:, k] + 1)) for k, line in enumerate(grid.axes) if k != flat]
    return np.prod([hi - lo for lo, hi in ends], axis=0) * np.ones(len(chosen))


def _weighted(term: Term, chosen: Array, sizes: Array) -> WeightedSum:
    place = Lattice(tuple(np.unique(column) for column in chosen.T))
    weights = np.zeros(place.size)
    weights[place.find(chosen)] = sizes
    return WeightedSum(term, place, weights)


def _gauge(equations: Equations, grid: Grid, slot: int, equation: Equation) -> Entry:
    """A condition at one point, or on numbers alone (then evaluated anywhere)."""
    term = equations.term(equation)
    at = np.array([axis.lo for axis in grid.axes])
    if term.leaves:
        lo, hi = (end[: len(at)] for end in equation.region.bounds)
        if np.any(hi > lo):
            raise Unsupported(f"{equation.text} holds at several points inside")
        at = lo
    place = Lattice(tuple(np.array([axis.near(x)]) for axis, x in zip(grid.axes, at, strict=True)))
    integrands = (equations.lowering.term(equations.integrals[n].integrand, equation.text) for n in term.integrals)
    fixed = term.unknowns.union(*(integrand.unknowns for integrand in integrands))
    return Entry(term, place, np.array([0]), np.array([slot]), equation.part, min(fixed), False)
