"""Steady problems of second order by finite elements (scikit-fem): systems, several materials, unknowns on parts.

Unknowns have elements of one degree, those without a flux (a pressure) of the next lower one (Taylor and Hood 1973).
In the plane cells are divided where the solution is rough, before all of them are twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from inrpde import deadline
from inrpde.compiler import Bound
from inrpde.declaration.regions import Mesh, Region
from inrpde.declaration.regions.combine import unit_vectors
from inrpde.declaration.regions.corners import corners
from inrpde.references.cost import afford, factor_seconds
from inrpde.references.equations import Equations, sort_equations
from inrpde.references.fem_adapt import adapted
from inrpde.references.fem_assembly import Forms, forms_of, lives
from inrpde.references.fem_mesh import Geometry, curved, finer, first, geometry
from inrpde.references.fem_spaces import Spaces, middles
from inrpde.references.fem_system import FemSystem
from inrpde.references.fem_walls import Row, rows_of
from inrpde.references.layout import coarsest_axes, domain
from inrpde.references.narrow import places
from inrpde.references.reference import (
    FLOOR,
    CellValues,
    NoReference,
    Reference,
    Refusal,
    Trust,
    Unsupported,
    check_finite,
    norm,
    trust,
)
from inrpde.references.steady import Progress
from inrpde.references.weak_form import Array, Evaluator, State

KIND = "finite-element"
DEFAULT = {2: 96, 3: 20}
"""Cells along the longest side of the grid on which the reference is given."""
ACROSS = 8
"""Cells along the longest side of the coarsest mesh in the plane, where it is free."""
IN_SPACE = 150
"""Cells of the coarsest mesh in space, about, where it is free."""
ADAPTED = {2: (100, 320), 3: (150, 600)}
"""Cells of the coarsest mesh, about, with those where the solution is rough: at least, and at most."""
TIMES = 3
"""How many times the cells of the first mesh there may be, where these are more already."""
ITERATIONS = 1e-4
"""Seconds that a cell in space takes, for each pair of unknowns, where equations are solved by iteration."""
LEVELS = 3
DEGREES = {2: (4, 3, 2), 3: (2,)}
"""Of the elements, the most accurate first."""
NEWTON_STEPS = 4
"""Factorisations that a nonlinear solve takes, for the prediction of its cost."""
AROUND, FILLED = 1e-3, 0.56
"""How far around a node of the boundary is looked, beside the size of a region, and the share of what is there that is
inside at a re-entrant corner: more than walls leave that bend; chosen."""
SHARP = 1.02 * np.pi
"""The angle in radians of a corner that is re-entrant; chosen."""
SECONDS = {2: 2.0, 3: 5.0}
"""What factorisations on the finest mesh may take, as predicted, where fewer cells or a lower degree suffice."""


def supports(bound: Bound) -> str | None:
    """Why finite elements cannot serve, or None when they can."""
    try:
        _check(bound)
    except Unsupported as reason:
        return str(reason)
    return None


def _check(bound: Bound) -> tuple[Forms, tuple[Row, ...], Geometry]:
    if find_spec("skfem") is None:
        raise Unsupported("scikit-fem is not installed")
    if bound.space.time is not None:
        raise Unsupported("the problem has a time")
    equations = sort_equations(bound)
    if equations.periodic:
        raise Unsupported("a periodic condition")
    if not equations.volume:
        raise Unsupported("no equation holds in a volume")
    shape = geometry(equations)
    forms = forms_of(equations)
    return forms, rows_of(forms), shape


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """Solve on three meshes, each of smaller cells; the reference is given at the nodes of a grid of n cells.

    A larger n makes the meshes finer in proportion.

    The estimated error is that of the finest, by the order observed at those nodes (at most that of the elements).
    `budget` is not used: the sizes of the meshes are bounded, and none is begun that would not end in time.
    """
    try:
        forms, rows, shape = _check(bound)
        equations, dim = forms.equations, shape.dim
        axes, points, mask = grid_of(equations, shape, n or DEFAULT[dim])
        more = (n or DEFAULT[dim]) / DEFAULT[dim]
        size = coarse_size(shape, equations) / more
        mesh = first(shape, size)
        degree, most = _effort(forms, shape, mesh.nelements)
        solver, most = _Solver(forms, rows, shape, degree), most * more**dim
        mesh = adapted(shape, mesh, most, lambda mesh: solver.solve(mesh)[:2])
        levels, multipliers, noise = list[list[Array]](), list[Array](), FLOOR
        for level in range(LEVELS):
            begun = time.perf_counter()
            if not level:
                check_seen(shape, equations, mesh, 2.0 ** (LEVELS - 1))
            spaces, state, rounding = solver.solve(mesh)
            noise = max(noise, 2.0 ** (2 * (LEVELS - 1 - level)) * rounding)
            levels.append(on_grid(equations, spaces, state, points, mask))
            multipliers.append(solver.multipliers)
            if progress:
                progress(8.0 ** (level + 1 - LEVELS))
            if level + 1 < LEVELS:
                afford(time.perf_counter() - begun, 2.0, dim)
                mesh = finer(shape, mesh)
        check_multipliers(multipliers)
    except Unsupported as reason:
        return reason.refused
    joined = [equations.joined(level) for level in levels]
    found = _reference(bound, solver.degree + 1.0, axes, mask, joined, noise, _sharp(shape))
    return replace(found, cells=_cell_values(equations, spaces, state)) if shape.own else found


def coarse_size(shape: Geometry, equations: Equations) -> float:
    """That of cells of the coarsest mesh."""
    if shape.dim == 2:
        return max(hi - lo for lo, hi in domain(equations)) / ACROSS
    volume = sum(float(region.measure) for region in shape.regions)
    return float((8.5 * volume / IN_SPACE) ** (1 / 3))  # a regular tetrahedron is an 8.5th of the cube of its side


def _effort(forms: Forms, shape: Geometry, cells: int) -> tuple[int, float]:
    """The degree of elements, the highest with which a mesh of so many cells can be refined twice, and how many cells
    the coarsest mesh may have after some were divided."""
    dim, count = shape.dim, _together(forms, shape)
    seconds = min(SECONDS[dim], deadline.left() / 4) / (1 if forms.linear else NEWTON_STEPS)
    least, most = ADAPTED[dim]
    for degree in DEGREES[dim]:
        if dim == 3:
            affordable = seconds / (ITERATIONS * count**2 * 8.0 ** (LEVELS - 1))
            break
        nodes = 4.0 ** (LEVELS - 1) * degree**2 / 2  # of the finest mesh, for each cell of the coarsest
        one = factor_seconds(round(nodes * 1000), count, dim, forms.equations.complex)
        affordable = 1000 * (seconds / one) ** (2 / 3)
        if affordable > max(cells, least):
            break
    return degree, min(max(affordable, least), max(most, TIMES * cells))


def _together(forms: Forms, shape: Geometry) -> int:
    """How many unknowns live in one place, on average."""
    whole_ = sum(float(region.measure) for region in shape.regions)
    homes = [unknown.region for unknown in forms.equations.unknowns]
    return max(round(sum(1.0 if home is None else float(home.measure) / whole_ for home in homes)), 1)


class _Solver:
    """Solves a problem by elements of a `degree` on one mesh after another; where it is not linear each time from the
    solution before."""

    def __init__(self, forms: Forms, rows: Sequence[Row], shape: Geometry, degree: int):
        self.forms, self.rows, self.shape, self.degree = forms, rows, shape, degree
        self.last: tuple[Spaces, Array] | None = None
        self.multipliers: Array = np.empty(0)

    def solve(self, mesh: Any) -> tuple[Spaces, Array, float]:
        """The solution on a mesh of straight cells, and what rounding leaves in it. Raises
        Unsupported where there is none; of the first mesh, where there are others."""
        equations = self.forms.equations
        mesh = curved(self.shape, mesh)
        count = len(equations.unknowns)
        degrees = tuple(self.degree if unknown in self.forms.second else self.degree - 1 for unknown in range(count))
        inside = middles(mesh, np.arange(mesh.nelements))
        domains = [lives(equations, unknown, inside) for unknown in range(count)]
        spaces = Spaces(mesh, degrees, domains, equations.complex)
        system = FemSystem(self.forms, self.rows, spaces)
        state, rounding = system.solve(None if system.linear else self._start(spaces), check=self.last is None)
        self.last, self.multipliers = (spaces, state), system.multipliers
        return spaces, state, rounding

    def _start(self, spaces: Spaces) -> Array:
        """The solution before on a new mesh, or the problem's guess."""
        start: Array = np.zeros(spaces.size, spaces.dtype)
        for unknown, degree in enumerate(spaces.degrees):
            numbers = np.arange(spaces.offsets[unknown], spaces.offsets[unknown + 1])
            alive = spaces.alive[numbers]
            points = spaces.places[degree][alive]
            if self.last is None:
                start[numbers[alive]] = _guess(self.forms.equations, unknown, points)
            else:
                start[numbers[alive]] = self.last[0].probe(unknown, points) @ self.last[1]
        return start


def _guess(equations: Equations, unknown: int, points: Array) -> Array:
    """The problem's guess of an unknown at points (N, d), or zero. Raises Unsupported where it is not known there."""
    for original in equations.bound.unknowns:
        for number, part in equations.parts_of(original):
            expr = equations.bound.problem.guess.get(original.symbol)
            if number == unknown and expr is not None:
                term = equations.lowering.term(equations.bound.known(expr), f"the guess of {original.name}")
                evaluator = Evaluator(equations.space, equations.fields)
                return part(evaluator(term, "", State(points, {}))[0])
    return np.zeros(len(points))


def on_grid(equations: Equations, spaces: Spaces, state: Array, points: Array, mask: Array) -> list[Array]:
    """The unknowns at the nodes of a grid, NaN where they do not live."""
    found = []
    for unknown in range(len(spaces.degrees)):
        living = lives(equations, unknown, points)
        values: Array = np.full(mask.shape, np.nan, spaces.dtype)
        here = np.flatnonzero(mask)[living]
        values.flat[here] = spaces.probe(unknown, points[living]) @ state
        found.append(values)
    return found


def check_multipliers(levels: Sequence[Array]) -> None:
    """Raise Unsupported if a multiplier does not vanish with the cells: then the data contradict each other."""
    coarse, fine = np.abs(levels[-2]), np.abs(levels[-1])
    if np.any((fine > 0.5 * coarse) & (fine > 1e-8)):
        what = "the data seem to contradict each other: with a value fixed, a source is left over"
        raise Unsupported(what, Refusal.SINGULAR)


def check_seen(shape: Geometry, equations: Equations, mesh: Any, finer: float) -> None:
    """Raise Unsupported where cells of the finest mesh would not see narrow data; this one's are larger by a factor."""
    vertices = mesh.p[:, mesh.t[: len(mesh.p) + 1]]
    lo, hi = vertices.min(axis=1), vertices.max(axis=1)
    for place in places(equations):
        if shape.follows(place.centre[: shape.dim]) or (shape.own and place.mesh is shape.regions[0].whole):
            continue
        ends = [np.array(end[: shape.dim])[:, None] for end in (place.lo, place.hi)]
        met = np.all((lo <= ends[1]) & (hi >= ends[0]), axis=0)
        longest = np.max((hi - lo)[:, met], axis=1, initial=0.0) / finer
        if np.any(longest > 2 * np.array(place.widths[: shape.dim])):
            raise Unsupported(f"{place.text}: the mesh's cells do not see this", Refusal.TOO_DEAR)


def _cell_values(equations: Equations, spaces: Spaces, state: Array) -> CellValues:
    """The solution in the cells of each unknown."""
    mesh = spaces.mesh
    dim, elements = spaces.dim, spaces.elements
    edges = np.array(mesh.refdom.facets if dim == 2 else mesh.refdom.edges)
    corners = mesh.refdom.p.T
    at = np.concatenate([corners, corners[edges].mean(axis=1)]).T
    cells, values = list[Array](), list[Array]()
    for unknown, degree in enumerate(spaces.degrees):
        own: Array = np.flatnonzero(spaces.domains[unknown])
        count = len(elements[degree].doflocs)
        shapes = np.array([np.broadcast_to(elements[degree].lbasis(at, k)[0], at.shape[1]) for k in range(count)])
        cells.append(mesh.t.T[own])
        values.append(state[spaces.numbers(unknown, own)] @ shapes)
    held = {original.name: cells[equations.parts_of(original)[0][0]] for original in equations.bound.unknowns}
    return CellValues(mesh.p.T, held, edges, equations.joined(values))


def grid_of(equations: Equations, shape: Geometry, n: int) -> tuple[list[Array], Array, Array]:
    """The axes of a grid of about n cells (an even number), its nodes in the region, and which they are."""
    boxes = [u if u.region is None or u.region.box is not None else replace(u, region=None) for u in equations.unknowns]
    free = replace(equations, unknowns=tuple(boxes))
    axes = [axis.at(np.arange(axis.end + 1)) for axis in coarsest_axes(free, -(-n // 2))]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    flat = nodes.reshape(-1, len(axes))
    mask = np.any([region.contains(flat) & ~_on_crack(region, flat) for region in shape.regions], axis=0)
    mask &= ~_at_notch(shape, flat)
    mask = mask.reshape(nodes.shape[:-1])
    return axes, nodes[mask], mask


def _sharp(shape: Geometry) -> bool:
    """Has a region in the plane a re-entrant corner?"""
    solids = [] if shape.own or shape.dim != 2 else shape.regions
    return any(corner.angle > SHARP for region in solids for corner in corners(region))


def _at_notch(shape: Geometry, points: Array) -> Array:
    """Which points (N, d) lie on re-entrant corners and edges, where a pressure has no value."""
    on = np.flatnonzero(np.any([region.boundary.contains(points) for region in shape.regions], axis=0))
    around = points[on][:, None] + AROUND * shape.regions[0].size * unit_vectors(shape.dim)
    flat = around.reshape(-1, shape.dim)
    inside = np.any([region.contains(flat) for region in shape.regions], axis=0).reshape(around.shape[:2])
    found = np.zeros(len(points), bool)
    found[on] = (inside.mean(axis=1) > FILLED) & ~np.all(inside, axis=1)  # all of it where parts meet
    return found


def _on_crack(region: Region, points: Array) -> Array:
    """Which points (N, d) lie on a crack, where there are two values."""
    on = np.zeros(len(points), bool)
    for wall in region.walls if isinstance(region, Mesh) else ():
        on |= wall.crack & wall.covers(points, region.tolerance)
    return on


def _reference(
    bound: Bound, order: float, axes: list[Array], mask: Array, levels: Sequence[dict[str, Array]],
    noise: float, sharp: bool,
) -> Reference:  # fmt: skip
    """Where corners are `sharp`, as of a flow, differences fall faster at first than they go on to: what the last two
    meshes differ by is the error."""
    trusted = dict[str, Trust]()
    for unknown in bound.unknowns:
        coarse, middle, fine = (level[unknown.name] for level in levels)
        size = norm(fine, axes) or 1.0
        before, latest = norm(middle - coarse, axes) / size, norm(fine - middle, axes) / size
        found = trust(before, latest, 2.0, order, noise)
        trusted[unknown.name] = replace(found, error=max(found.error, latest)) if sharp else found
    values = levels[-1]
    check_finite(values)
    every_other = (slice(None, None, 2),) * len(axes)
    half = {name: fine[every_other] for name, fine in values.items()}
    errors = {name: each.error for name, each in trusted.items()}
    return Reference(
        KIND, tuple(axes), values, mask, errors, half, tuple(axis[::2] for axis in axes),
        {name: each.order for name, each in trusted.items()},
        tuple(filter(None, (each.doubt(name) for name, each in trusted.items()))),
        extrapolated_error=errors, sound={name: each.sound for name, each in trusted.items()},
    )  # fmt: skip
