"""The axes of a grid, and where on it each unknown has its values:

At the nodes, or staggered for incompressible flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inrpde.references.equations import Box, Equations, box_of
from inrpde.references.grid import Lattice
from inrpde.references.matching import match_volume
from inrpde.references.stencils import Axis, Positions
from inrpde.references.terms import Term, Unsupported


@dataclass(frozen=True)
class Flow:
    """The structure of incompressible flow: the pressure, the velocity along each axis, and the equation of each.

    `equations` {unknown: number of its volume equation} pairs the pressure with the divergence.
    """

    pressure: int
    velocities: tuple[int, ...]
    equations: dict[int, int]


def domain(equations: Equations) -> Box:
    """The box round all volume conditions. Raises Unsupported where one of them is not on a box."""
    dim = len(equations.space.spatial)
    boxes = []
    for equation in equations.volume:
        box = box_of(equation.region)
        if box is None:
            raise Unsupported(f"{equation.region.label} is not a box")
        boxes.append(box[:dim])
    if not boxes:
        raise Unsupported("no equation holds in a volume")
    return tuple((min(box[k][0] for box in boxes), max(box[k][1] for box in boxes)) for k in range(dim))


def home(equations: Equations, unknown: int) -> Box:
    """The box on which an unknown lives."""
    region = equations.unknowns[unknown].region
    if region is None:
        return domain(equations)
    if region.box is None:
        raise Unsupported(f"the unknown {equations.unknowns[unknown].name} lives on {region.label}, which is not a box")
    return region.box[: len(equations.space.spatial)]


def coarsest_cells(equations: Equations, longest: int) -> tuple[int, ...]:
    """Cells on each axis of the coarsest grid, `longest` on the longest: every box starts and ends at nodes."""
    box = domain(equations)
    lengths = [hi - lo for lo, hi in box]
    least = least_cells(equations)
    boxes = [home(equations, k) for k in range(len(equations.unknowns))]
    boxes += [b for e in equations.volume if (b := box_of(e.region)) is not None]
    cells = []
    for k, (lo, hi) in enumerate(box):
        wanted = max(round(longest * lengths[k] / max(lengths)), least)
        breaks = {end for b in boxes for end in b[k]}
        for count in range(wanted, 4 * wanted):
            axis = Axis(lo, hi, count)
            if all(axis.node(x) is not None for x in breaks):
                cells.append(count)
                break
        else:
            raise Unsupported(f"the parts of the region share no grid in {equations.space.spatial[k]}")
    return tuple(cells)


def least_cells(equations: Equations) -> int:
    """Fewest cells on an axis of the coarsest grid, such that the one-sided stencils of the equations fit."""
    return 2 + max(2, *(term.order(u) for term in equations.volume_terms for u in term.unknowns))


def axes_of(equations: Equations, cells: Sequence[int]) -> tuple[Axis, ...]:
    return tuple(
        Axis(lo, hi, n, k in equations.periodic)
        for k, ((lo, hi), n) in enumerate(zip(domain(equations), cells, strict=True))
    )


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
    """{unknown:

    Number of its volume equation}, among the given terms and unknowns. Raises Unsupported as `match_volume`.
    """
    if flow is not None and set(flow.equations) <= set(unknowns):
        rest = [u for u in unknowns if u not in flow.equations]
        numbers = [n for n in range(len(terms)) if n not in flow.equations.values()]
        return flow.equations | {u: numbers[n] for u, n in match_volume([terms[n] for n in numbers], rest).items()}
    return match_volume(terms, unknowns)
