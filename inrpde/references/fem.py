"""Steady linear problems of second order by quadratic finite elements (scikit-fem).

One unknown, or several that live on regions of their own and meet with equal values and fluxes: then they are one
field on all of them.
"""

from __future__ import annotations

import time
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from sympy import Derivative, S

from inrpde.compiler import Bound
from inrpde.declaration.regions import Mesh, Region
from inrpde.references.cost import afford
from inrpde.references.cut_cells import whole
from inrpde.references.equations import Equation, Equations, sort_equations
from inrpde.references.factors import Factors, ignores
from inrpde.references.fem_assembly import Assembly, Interface, probe
from inrpde.references.fem_mesh import check_meshable, meshes, ratio
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
from inrpde.references.steady import SINGULAR, Progress
from inrpde.references.terms import Lowering, Term
from inrpde.references.weak_form import Array, check_first_order, weak_form

KIND = "finite-element"
DEFAULT = {2: 96, 3: 20}
"""Cells along the longest side of the grid on which the reference is given."""
CELLS = {2: 24, 3: 5}
"""Cells along the longest side of the coarsest mesh, where it is free."""
LEVELS = 3
ORDER = 3.0
"""Of the error of quadratic elements in L2."""


def supports(bound: Bound) -> str | None:
    """Why finite elements cannot serve, or None when they can."""
    try:
        _check(bound)
    except Unsupported as reason:
        return str(reason)
    return None


def _check(bound: Bound) -> tuple[Equations, list[Interface]]:
    if find_spec("skfem") is None:
        raise Unsupported("scikit-fem is not installed")
    if bound.space.time is not None:
        raise Unsupported("the problem has a time")
    problem = sort_equations(bound)
    if problem.periodic or problem.numbers or problem.points or problem.integrals:
        raise Unsupported("a periodic, integral or pointwise condition")
    if not problem.volume or len(problem.unknowns) != len(bound.unknowns):
        raise Unsupported("no equation holds in a volume, or one is not complex-differentiable")
    equations, interfaces = _merged(problem)
    check_meshable(_regions(equations))
    for equation in equations.volume:
        weak_form(equation.expr, equation.text, equations.lowering, equations.space)
    for equation in equations.faces:
        check_first_order(equations.term(equation))
    return equations, interfaces


def _merged(problem: Equations) -> tuple[Equations, list[Interface]]:
    """The problem in one field that stands for every unknown on its own region, and the conditions where they meet."""
    homes = {unknown.symbol: unknown.region for unknown in problem.unknowns}
    field = problem.unknowns[0].symbol
    if len(homes) > 1 and not all(homes[u] is whole(e.region) for e in problem.volume for u in homes if e.expr.has(u)):
        raise Unsupported("several unknowns in one region")
    lowering = Lowering(problem.space, (field,), frozenset(problem.fields))
    faces: list[Equation] = []
    interfaces: list[Interface] = []
    for equation in problem.faces:
        met = [u for u in homes if equation.expr.has(u)]
        merged = equation.expr.xreplace(dict.fromkeys(met, field))
        if len(met) == 1:
            faces.append(replace(equation, expr=merged))
        elif not equation.expr.has(Derivative) and merged == 0:
            interfaces.append(Interface(equation, ()))
        elif equation.expr.has(Derivative):
            sides: list[tuple[Region, Term]] = []
            for u in met:
                alone = equation.expr.xreplace({other: S.Zero for other in met if other != u}).doit()
                home = homes[u]
                assert home is not None
                sides.append((home, lowering.term(alone.xreplace({u: field}), equation.text)))
            interfaces.append(Interface(equation, tuple(sides)))
        else:
            raise Unsupported(f"{equation.text} is a jump between unknowns")
    volume = [replace(e, expr=e.expr.xreplace(dict.fromkeys(homes, field))) for e in problem.volume]
    one = (replace(problem.unknowns[0], region=None),)
    return replace(problem, unknowns=one, volume=tuple(volume), faces=tuple(faces), lowering=lowering), interfaces


def _regions(equations: Equations) -> list[Region]:
    """The regions on which the equations hold, or of which they take a part."""
    return list(dict.fromkeys(whole(e.region) for e in equations.volume))


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """Solve on three meshes, each of smaller cells; the reference is given at the nodes of a grid of n cells.

    A larger n makes the meshes finer in proportion.

    The estimated error is that of the finest, by the order observed at those nodes (at most that of the elements).
    `budget` is not used: the sizes of the meshes are bounded, and none is begun that would not end in time.
    """
    try:
        equations, interfaces = _check(bound)
        dim = len(bound.space.spatial)
        region = _regions(equations)[0]
        axes, points, mask = _grid(equations, n or DEFAULT[dim])
        size = max(hi - lo for lo, hi in domain(equations)) / CELLS[dim] * DEFAULT[dim] / (n or DEFAULT[dim])
        levels, noise = list[Array](), FLOOR
        finer, begun = ratio(_regions(equations)), time.perf_counter()
        for mesh in meshes(_regions(equations), size):
            assembly = Assembly(equations, mesh)
            if not levels:
                _check_seen(equations, mesh, finer ** (LEVELS - 1))
            if len(bound.unknowns) > 1:
                assembly.check_interfaces(interfaces)
            values = np.full(mask.shape, np.nan, assembly.dtype)
            solution, rounding = _solve_on(assembly, check=not levels)
            noise = max(noise, finer ** (2 * (LEVELS - 1 - len(levels))) * rounding)
            values[mask] = probe(assembly.basis, points) @ solution
            levels.append(values)
            if progress:
                progress(8.0 ** (len(levels) - 3))
            if len(levels) < LEVELS:
                afford(time.perf_counter() - begun, finer, dim)
            begun = time.perf_counter()
    except Unsupported as reason:
        return reason.refused
    found = _reference(bound, finer, axes, mask, levels, noise)
    return replace(found, cells=_cell_values(bound, assembly, solution)) if isinstance(region, Mesh) else found


def _check_seen(equations: Equations, mesh: Any, finer: float) -> None:
    """Raise Unsupported where cells of the finest mesh would not see narrow data; this one's are larger by a factor."""
    vertices = mesh.p[:, mesh.t[: len(mesh.p) + 1]]
    lo, hi = vertices.min(axis=1), vertices.max(axis=1)
    for place in places(equations):
        met = np.all((lo <= np.array(place.hi)[:, None]) & (hi >= np.array(place.lo)[:, None]), axis=0)
        longest = np.max((hi - lo)[:, met], axis=1, initial=0.0) / finer
        if np.any(longest > 2 * np.array(place.widths)):
            raise Unsupported(f"{place.text}: the mesh's cells do not see this", Refusal.TOO_DEAR)


def _cell_values(bound: Bound, assembly: Assembly, solution: Array) -> CellValues:
    """The solution in the cells of each unknown."""
    mesh, basis = assembly.mesh, assembly.basis
    edges = np.array(mesh.refdom.facets if mesh.p.shape[0] == 2 else mesh.refdom.edges)
    own = {
        unknown.name: np.any(
            [
                held
                for equation, held in zip(assembly.equations.volume, assembly.owned, strict=True)
                if unknown.region is None or unknown.region is whole(equation.region)
            ],
            axis=0,
        )
        for unknown in bound.unknowns
    }
    local = solution[basis.element_dofs].T
    return CellValues(
        mesh.p.T, {name: mesh.t.T[held] for name, held in own.items()}, edges,
        {name: local[held] for name, held in own.items()},
    )  # fmt: skip


def _grid(equations: Equations, n: int) -> tuple[list[Array], Array, Array]:
    """The axes of a grid of about n cells (an even number), its nodes in the region, and which they are."""
    axes = [axis.at(np.arange(axis.end + 1)) for axis in coarsest_axes(equations, -(-n // 2))]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    flat = nodes.reshape(-1, len(axes))
    mask = np.any([region.contains(flat) & ~_on_crack(region, flat) for region in _regions(equations)], axis=0)
    mask = mask.reshape(nodes.shape[:-1])
    return axes, nodes[mask], mask


def _on_crack(region: Region, points: Array) -> Array:
    """Which points (N, d) lie on a crack, where there are two values."""
    on = np.zeros(len(points), bool)
    for wall in region.walls if isinstance(region, Mesh) else ():
        on |= wall.crack & wall.covers(points, region.tolerance)
    return on


def _reference(
    bound: Bound, finer: float, axes: list[Array], mask: Array, levels: list[Array], noise: float
) -> Reference:
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values, trusted = {}, dict[str, Trust]()
    for unknown in bound.unknowns:
        lives = np.ones(mask.shape, bool)
        if unknown.region is not None:
            lives = unknown.region.contains(nodes.reshape(-1, len(axes))).reshape(mask.shape)
        coarse, middle, fine = (np.where(lives, level, np.nan) for level in levels)
        size = norm(fine, axes) or 1.0
        before, latest = norm(middle - coarse, axes) / size, norm(fine - middle, axes) / size
        values[unknown.name] = fine
        trusted[unknown.name] = trust(before, latest, finer, ORDER, noise)
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


def _solve_on(assembly: Assembly, check: bool) -> tuple[Array, float]:
    """The values of the basis, and the relative error that rounding leaves in them.

    With `check` Unsupported is raised for a singular matrix.
    """
    matrix, rhs = assembly.volume()
    matrix, rhs, fixed, known = assembly.boundary(matrix, rhs)
    solution = np.zeros(len(rhs), assembly.dtype)
    solution[fixed] = known
    free = np.setdiff1d(np.arange(len(rhs)), fixed)
    factors = Factors(csr_array(csr_array(matrix)[free][:, free]))
    if check and factors.condition() > SINGULAR:
        constant = not len(fixed) and ignores(csr_array(matrix), np.ones(len(rhs)))
        why = "the solution is fixed only up to a constant" if constant else "the conditions leave something open"
        raise Unsupported(f"the discrete equations are singular: {why}", Refusal.SINGULAR)
    solution[free] = factors.solve((rhs - matrix @ solution)[free])
    return solution, factors.rounding(solution[free])
