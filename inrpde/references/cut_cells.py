"""The system of a problem on a region with curved walls.

Conditions without derivatives hold on any wall, others on walls along grid lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from sympy import Integer

from inrpde.declaration.regions import Region
from inrpde.declaration.regions.where import Where
from inrpde.references.arrange import distinct, likeliest
from inrpde.references.cut_grid import NONE, CutGrid, Sites
from inrpde.references.equations import Equation, Equations, check_determined, spread
from inrpde.references.evaluate import Array
from inrpde.references.layout import find_flow, pair_volume
from inrpde.references.matching import match_faces
from inrpde.references.reference import Unsupported
from inrpde.references.stencils import Axis
from inrpde.references.system import Entry, System
from inrpde.references.terms import Term


@dataclass(frozen=True, eq=False)
class WallCondition:
    """A condition at some sites of the boundary, with the normal put in."""

    equation: Equation
    term: Term
    axis: int
    on: Array


def cut_region(equations: Equations) -> Region:
    """The one region on which all volume conditions hold.

    Raises Unsupported where they hold on several, or it is none of use.
    """
    regions = dict.fromkeys(whole(equation.region) for equation in equations.volume)
    if len(regions) != 1 or any(unknown.region is not None for unknown in equations.unknowns):
        raise Unsupported("the equations hold on several regions with curved walls")
    if equations.periodic or equations.numbers or equations.points or equations.integrals:
        raise Unsupported("a periodic, integral or pointwise condition on a region with curved walls")
    if any(term.order(unknown) > 2 for term in equations.volume_terms for unknown in term.unknowns):
        raise Unsupported("derivatives of more than second order on a region with curved walls")
    if find_flow(equations.volume_terms, len(equations.space.spatial), len(equations.unknowns)):
        raise Unsupported("incompressible flow on a region with curved walls needs a staggered grid that follows them")
    (region,) = regions
    if any(wall.crack for primitive in getattr(region, "primitives", ()) for wall in primitive.walls):
        raise Unsupported("the region is cracked: a grid's values go on across a crack")
    for equation in equations.faces:
        points = spread(equation.region)
        if not np.all(region.boundary.contains(points, 10 * region.tolerance)):
            raise Unsupported(f"{equation.text} holds inside the region, where the grid has no wall")
    check_determined(equations.faces, [sorted(equations.term(equation).unknowns) for equation in equations.faces])
    return region


def whole(region: Region) -> Region:
    """The region of which `where` selects a part."""
    return whole(region.region) if isinstance(region, Where) else region


def cut_system(equations: Equations, axes: Sequence[Axis], time_order: int = 0) -> System:
    """The system on a grid of these axes. Raises Unsupported where the conditions do not fit it."""
    count = len(equations.unknowns)
    region = cut_region(equations)
    boundary = region.boundary

    def contains(points: Array, tol: float | None = None) -> Array:
        return region.contains(equations.lifted(points), tol)

    def on_boundary(points: Array) -> Array:
        return boundary.contains(equations.lifted(points))

    grid = CutGrid(axes, contains, on_boundary, count, time_order)
    return System(
        equations, grid, [*_volume_entries(equations, grid, count), *_boundary_entries(equations, grid, count)]
    )


def _volume_entries(equations: Equations, grid: CutGrid, count: int) -> list[Entry]:
    sites = np.flatnonzero(grid.inside)
    active = np.array(
        [equation.region.contains(equations.lifted(grid.coordinates[sites])) for equation in equations.volume]
    )
    for equation, holds in zip(equations.volume, active, strict=True):
        if not np.any(holds):
            raise Unsupported(f"{equation.text} holds at no node of the grid")
    signatures, kinds = distinct(active)
    entries = []
    for number, signature in enumerate(signatures.T):
        here, holding = sites[kinds == number], np.flatnonzero(signature)
        pairs = pair_volume([equations.volume_terms[n] for n in holding], range(count), None)
        for unknown, n in pairs.items():
            equation = equations.volume[holding[n]]
            entries.append(_entry(grid, equations.volume_terms[holding[n]], here, equation, unknown, True))
    return entries


def _entry(grid: CutGrid, term: Term, sites: Array, equation: Equation, unknown: int, volume: bool) -> Entry:
    slots = sites + unknown * len(grid.coordinates)
    return Entry(term, Sites(sites), np.arange(len(sites)), slots, equation.part, unknown, volume)


def _boundary_entries(equations: Equations, grid: CutGrid, count: int) -> list[Entry]:
    """Conditions without derivatives first; every unknown must have one at every site of the boundary."""
    sites = np.concatenate([np.flatnonzero(~grid.inside), np.arange(grid.nodes, len(grid.coordinates))])
    candidates = [c for equation in equations.faces for c in _candidates(equations, grid, equation, sites)]
    candidates.sort(key=lambda candidate: any(any(leaf.index) for leaf in candidate.term.leaves))
    if not candidates:
        raise Unsupported("no condition holds on the boundary")
    signatures, kinds = distinct(np.array([candidate.on for candidate in candidates]))
    entries = []
    for number, signature in enumerate(signatures.T):
        here, conditions = sites[kinds == number], [candidates[c] for c in np.flatnonzero(signature)]
        owner = match_faces([likeliest(candidate.term, candidate.axis) for candidate in conditions])
        for unknown in range(count):
            if unknown not in owner:
                where = ", ".join(f"{x:.3g}" for x in grid.coordinates[here[0]])
                name = equations.unknowns[unknown].name
                raise Unsupported(f"no condition that a grid can use fixes {name} at ({where}) on the boundary")
            chosen = conditions[owner[unknown]]
            entries.append(_entry(grid, chosen.term, here, chosen.equation, unknown, False))
    return entries


def _candidates(equations: Equations, grid: CutGrid, equation: Equation, sites: Array) -> list[WallCondition]:
    """A condition without derivatives and normal wherever it holds; another on the walls along grid lines."""
    points = grid.coordinates[sites]
    on = equation.region.contains(equations.lifted(points), 10 * equation.region.tolerance)
    if not np.any(on):
        raise Unsupported(f"{equation.text} holds where no line of the grid meets the boundary")
    if not equation.expr.has(*equations.space.normal):
        term = equations.term(equation)
        if not any(any(leaf.index) for leaf in term.leaves):
            return [WallCondition(equation, term, 0, on)]
    found, missed = [], on.copy()
    for axis in range(len(grid.axes)):
        for sign in (-1, 1):
            flat = on & (sites < grid.nodes) & _faces(equations, equation.region, grid, sites, axis, sign)
            if np.any(flat):
                normal = {n: Integer(sign if k == axis else 0) for k, n in enumerate(equations.space.normal)}
                found.append(WallCondition(equation, equations.term(equation, normal), axis, flat))
                missed &= ~flat
    if np.any(missed):
        raise Unsupported(f"{equation.text} has a derivative on a curved wall, or on one that is not along the grid")
    return found


def _faces(equations: Equations, region: Region, grid: CutGrid, nodes: Array, axis: int, sign: int) -> Array:
    """At which nodes a surface is a wall that ends the grid in a direction.

    It contains points a little to the side, too, and the nodes have no neighbour beyond it.
    """
    points = grid.coordinates[nodes]
    beside = np.zeros(len(nodes), bool)
    for signs in product((-1, 1), repeat=len(grid.axes) - 1):
        shift = 1e-6 * region.size * np.insert(np.array(signs, float), axis, 0.0)
        beside |= region.contains(equations.lifted(points + shift), 10 * region.tolerance)
    return beside & (grid.neighbours[(sign + 1) // 2][axis][nodes] == NONE)
