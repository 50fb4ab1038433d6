"""The axes of a grid, and where on it each unknown has its values: at nodes, or staggered for incompressible flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from inrpde.references.equations import Box, Equations, box_of
from inrpde.references.grid import Lattice
from inrpde.references.matching import match_volume
from inrpde.references.narrow import ACROSS, jumps, narrow
from inrpde.references.reference import Unsupported
from inrpde.references.stencils import Axis, Grading, Narrow, Positions
from inrpde.references.terms import Term

FELT = 0.4
"""Cells of a narrow place that are not shorter than the others by this factor ask for no grading."""


@dataclass(frozen=True)
class Flow:
    """The structure of incompressible flow: the pressure, the velocity along each axis, and the equation of each.

    `equations` {unknown: number of its volume equation} pairs the pressure with the divergence.
    """

    pressure: int
    velocities: tuple[int, ...]
    equations: dict[int, int]


def domain(equations: Equations) -> Box:
    """The box round all volume conditions, in space."""
    bounds = [equation.region.bounds for equation in equations.volume]
    if not bounds:
        raise Unsupported("no equation holds in a volume")
    lo, hi = np.min([lo for lo, _ in bounds], axis=0), np.max([hi for _, hi in bounds], axis=0)
    return tuple(zip(lo.tolist(), hi.tolist(), strict=True))[: len(equations.space.spatial)]


def is_box(equations: Equations) -> bool:
    """Whether all volume conditions hold on boxes or on parts of them."""
    return all(box_of(equation.region) is not None for equation in equations.volume)


def home(equations: Equations, unknown: int) -> Box:
    """The box on which an unknown lives."""
    region = equations.unknowns[unknown].region
    if region is None:
        return domain(equations)
    if region.box is None:
        raise Unsupported(f"the unknown {equations.unknowns[unknown].name} lives on {region.label}, which is not a box")
    return region.box[: len(equations.space.spatial)]


def coarsest_axes(equations: Equations, longest: int, sight: float = 1.0) -> tuple[Axis, ...]:
    """The axes of the coarsest grid, with `longest` cells on the longest where nothing is narrow.

    The boxes of unknowns and equations start and end at nodes, and so do the jumps of data along an axis; those that a
    region is made of do as far as they can. Cells are equal where that is so on a grid of equal cells, and nothing is
    narrower than they are; else graded. Cells in narrow places are longer by a factor `sight`.
    """
    box = domain(equations)
    size = max(hi - lo for lo, hi in box)
    return tuple(_axis(equations, k, round(longest * (hi - lo) / size), sight) for k, (lo, hi) in enumerate(box))


def _axis(equations: Equations, k: int, longest: int, sight: float) -> Axis:
    lo, hi = domain(equations)[k]
    wanted, periodic = max(longest, least_cells(equations)), k in equations.periodic
    bulk = (hi - lo) / wanted
    boxes = [home(equations, unknown) for unknown in range(len(equations.unknowns))]
    boxes += [found for equation in equations.volume if (found := box_of(equation.region)) is not None]
    parts = [p.box for e in equations.volume for p in getattr(e.region, "primitives", ()) if p.box is not None]
    jumping = jumps(equations, k, lo, hi)
    needed = _within(lo, hi, [*(end for each in boxes for end in each[k]), *jumping])
    wished = _within(lo, hi, [*needed, *(end for each in parts for end in each[k])])
    places = _felt(equations, k, bulk, sight)
    places += [Narrow(a, b, (b - a) / ACROSS) for a, b in pairwise(needed) if b - a < ACROSS * bulk / 4]
    if not places:
        for ends, most in (wished, 1.25), (needed, 1.25 if jumping else 4):
            for count in range(wanted, int(most * wanted) + 1):
                if all(Axis(lo, hi, count).node(end) is not None for end in ends):
                    return Axis(lo, hi, count, periodic)
    if periodic:
        places += [Narrow(p.lo + by, p.hi + by, p.step) for p in places for by in (lo - hi, hi - lo)]
    grading = Grading.of(needed, bulk, tuple(dict.fromkeys(places)))
    return Axis(lo, hi, sum(grading.counts), periodic, grading)


def time_axis(equations: Equations, cells: int) -> Positions:
    """Times from the start to the end, with so many cells between them, and more where data are narrow in time."""
    lo, hi = equations.span
    k, bulk = len(equations.space.coords) - 1, (hi - lo) / cells
    knots, places = _within(lo, hi, jumps(equations, k, lo, hi)), _felt(equations, k, bulk)
    if len(knots) == 2 and not places:
        return np.linspace(lo, hi, cells + 1)
    grading = Grading.of(knots, bulk, tuple(places))
    return Axis(lo, hi, sum(grading.counts), grading=grading).nodes


def _felt(equations: Equations, k: int, bulk: float, sight: float = 1.0) -> list[Narrow]:
    """The places along a coordinate that cells of length `bulk` do not see, with cells longer by a factor `sight`."""
    places = (replace(place, step=sight * place.step) for place in narrow(equations, k))
    return [place for place in places if place.step < FELT * bulk]


def _within(lo: float, hi: float, ends: Sequence[float]) -> tuple[float, ...]:
    """The ends in an interval, in order, each once."""
    inside = sorted({lo, hi, *(end for end in ends if lo < end < hi)})
    kept = [lo, *(b for a, b in pairwise(inside) if b - a > 1e-9 * (hi - lo))]
    return (*kept[:-1], hi) if len(kept) > 1 else (lo, hi)


def least_cells(equations: Equations) -> int:
    """Fewest cells on an axis of the coarsest grid, such that the one-sided stencils of the equations fit."""
    return 2 + max(2, *(term.order(u) for term in equations.volume_terms for u in term.unknowns))


def find_flow(terms: Sequence[Term], dim: int, count: int) -> Flow | None:
    """The structure of incompressible flow in the volume equations, if they have it.

    An equation of first order (the divergence) has each velocity's derivative along its own axis and not the
    pressure, whose gradient stands in the velocities' equations, which have second derivatives.
    """
    for number, term in enumerate(terms):
        along: dict[int, int] = {}
        for leaf in term.leaves:
            if sum(leaf.index) == 1 and term.order(leaf.unknown) == 1:
                along[leaf.index.index(1)] = leaf.unknown
        if len(set(along.values())) != dim or len(term.unknowns) != dim or dim == 1:
            continue
        velocities = tuple(along[k] for k in range(dim))
        for pressure in set(range(count)) - set(velocities):
            order = max(other.order(pressure) for other in terms)
            found = {
                axis: [
                    n
                    for n, other in enumerate(terms)
                    if other.order(pressure, axis) == 1 and other.order(velocity) == 2
                ]
                for axis, velocity in enumerate(velocities)
            }
            if order == 1 and all(len(set(numbers)) == 1 for numbers in found.values()):
                equations = {velocities[axis]: numbers[0] for axis, numbers in found.items()} | {pressure: number}
                if len(set(equations.values())) == dim + 1:
                    return Flow(pressure, velocities, equations)
    return None


def lattices_of(equations: Equations, axes: Sequence[Axis], flow: Flow | None) -> list[Lattice]:
    """The lattice of each unknown: the nodes of its box; with flow, the arrangement of Harlow and Welch (1965).

    Velocities then lie on the faces of the cells and, along the walls, on the walls; the pressure in the cells'
    centres.
    """
    lattices = []
    for unknown in range(len(equations.unknowns)):
        positions: list[Positions] = []
        for k, (axis, (lo, hi)) in enumerate(zip(axes, home(equations, unknown), strict=True)):
            start, end = axis.node(lo), axis.node(hi)
            assert start is not None
            assert end is not None
            nodes = np.arange(start, end + (not axis.periodic), 2)
            middles = np.arange(start + 1, end, 2)
            if (
                flow is None
                or unknown not in flow.equations
                or (unknown != flow.pressure and flow.velocities[k] == unknown)
            ):
                positions.append(nodes)
            elif unknown == flow.pressure or axis.periodic:
                positions.append(middles)
            else:
                positions.append(np.concatenate([[start], middles, [end]]))
        lattices.append(Lattice(tuple(positions)))
    return lattices


def pair_volume(terms: Sequence[Term], unknowns: Sequence[int], flow: Flow | None) -> dict[int, int]:
    """{unknown: number of its volume equation} among the given terms. Raises Unsupported as `match_volume`."""
    if flow is not None and set(flow.equations) <= set(unknowns):
        rest = [u for u in unknowns if u not in flow.equations]
        numbers = [n for n in range(len(terms)) if n not in flow.equations.values()]
        return flow.equations | {u: numbers[n] for u, n in match_volume([terms[n] for n in numbers], rest).items()}
    return match_volume(terms, unknowns)
