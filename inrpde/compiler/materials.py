"""Where the data of a flux form jump, or their slopes do: what cells must not lie across.

What jumps along a coordinate gives breaks, positions on its axis. What jumps elsewhere parts the regions. On
boundaries, the ends of a condition and the jumps of what it gives are points, and breaks through these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from sympy import Expr, Integer, Poly, Symbol, lambdify

from inrpde.compiler.flux import FluxEquation, FluxForm
from inrpde.compiler.form import Form, Row
from inrpde.compiler.rough import steps
from inrpde.compiler.switches import switches
from inrpde.declaration.fields import MeshField
from inrpde.declaration.regions import Ball, Implicit, Mesh, Region
from inrpde.declaration.regions.combine import Selected, combine
from inrpde.declaration.regions.level import Level
from inrpde.declaration.regions.pilot import Part, pilot_points
from inrpde.declaration.regions.region import Solid
from inrpde.declaration.regions.sequence import lattice
from inrpde.declaration.regions.where import Where

Array = np.ndarray
SAMPLES = 4096
"""Places on an axis, a curve or a wall between which changes of sign are looked for."""
HALVINGS = 60
BEYOND = 0.05
"""How far beyond a region the walls of its parts are made, as a share of its size."""
BESIDE = 1e-6
"""The step along a curve at whose end it is asked whether a boundary goes on, as a share of its parameter."""
ASIDE, JUMPS, BENDS, WAYS, SIZED = 1e-4, 1e-2, 0.3, 8, 64
"""A step on a way across a change of sign, as a share of the way; the jump, and the change of slope over all of the
way, that are an edge beside the largest value on it; ways that are tried, and places where values are taken; chosen."""
SAME = 1e-8
"""What is one place, or one function, as a share of the size (ten times a region's tolerance), or of its values."""


@dataclass(frozen=True, eq=False)
class Materials:
    """`parts` have disjoint interiors, and cover what the equations' regions do. Inside of a part and between the
    `breaks` (positions on the axis of each coordinate, inside of the regions) all data are smooth, and so they are on
    boundaries in the plane between the `points` (P, d)."""

    parts: tuple[Solid, ...]
    breaks: tuple[tuple[float, ...], ...]
    points: Array
    walls: tuple[Callable[[Array], Array], ...] = ()
    """Smooth functions (N, d) → (N,) that change their signs where curves and surfaces part the regions."""


def materials(flux: FluxForm) -> Materials:
    """What the flux form's equations, and its conditions on boundaries, ask of cells."""
    parts = _apart([_bounded(region) for region in dict.fromkeys(equation.region for equation in flux.equations)])
    found = _Found([[] for _ in flux.form.space.coords])
    for equation in flux.equations:
        found.inside(flux.form, equation, parts)
    for row in flux.boundary:
        found.on(flux.form, row, parts)
    for wall in dict.fromkeys(found.walls):
        parts = [piece for part in parts for piece in _parted(part, wall)]
    lo = np.min([part.bounds[0] for part in parts], axis=0)
    hi = np.max([part.bounds[1] for part in parts], axis=0)
    breaks = tuple(_settled(each, a, b) for each, a, b in zip(found.breaks, lo, hi, strict=True))
    points = np.array(found.points).reshape(-1, len(lo))
    walls = tuple(wall.value for wall in dict.fromkeys(found.walls) if isinstance(wall, Ball | Level))
    return Materials(tuple(parts), breaks, points[_first(points, SAME * float(np.max(hi - lo)))], walls)


def rough(flux: FluxForm) -> bool:
    """Do known functions jump or bend inside of the equations' regions, or along boundaries, or data on grids jump
    between nodes, or between cells? The solution is not smooth there, though the equations hold at all points
    beside."""
    rows = [(row, equation.region) for equation in flux.equations for row in equation.rows]
    rows += [(row, row.region) for row in flux.boundary]
    names = {key.func.__name__ for key, data in flux.form.bound.fields.items() if steps(data)}
    if any(jet.name in names for row, _ in rows for jet in row.data.values()):
        return True
    return any(_edged(row, g, region) for row, region in rows for g in switches(row.residual, region.coords))


def _edged(row: Row, g: Expr, region: Region) -> bool:
    """Does a row jump or bend where a function changes its sign? An angle that a `Piecewise` carries on beyond the cut
    of atan2 does not. Unknowns, and what is not a function of the coordinates, are numbers."""
    value, coords = _function(g, region.coords), region.coords
    others = sorted(row.residual.free_symbols - set(coords), key=str)
    known = _function(row.residual.xreplace({each: Integer(k + 2) / (k + 3) for k, each in enumerate(others)}), coords)
    return any(
        _uneven(partial(_composed, known, path), crossing, lo, hi)
        for part in region.parts
        for path, lo, hi in _paths(part, value)
        for crossing in _changes(partial(_composed, value, path), lo, hi)
        if lo + 2 * ASIDE * (hi - lo) < crossing < hi - 2 * ASIDE * (hi - lo)
    )


def _uneven(known: Callable[[Array], Array], at: float, lo: float, hi: float) -> bool:
    """Does a function of a parameter (N, 1) jump, or does its slope, beside its size between two ends?"""
    size = float(np.max(np.abs(known(np.linspace(lo, hi, SIZED)[:, None])))) or 1.0
    far, near, after, beyond = known(at + (hi - lo) * ASIDE * np.array([[-2.0], [-1.0], [1.0], [2.0]]))
    jump, bend = (2 * after - beyond) - (2 * near - far), ((beyond - after) - (near - far)) / ASIDE
    return bool(abs(jump) > JUMPS * size or abs(bend) > BENDS * size)


def _paths(part: Part, value: Callable[[Array], Array]) -> Iterator[tuple[Callable[[Array], Array], float, float]]:
    """Ways on which a function may change its sign: a curve by its own parameter, elsewhere straight ones between
    places with either sign."""
    if part.piece.chart.dim == 1:
        yield from ((part.piece.chart.at, lo, hi) for lo, hi in part.spans)
    elif part.piece.chart.dim:
        points = pilot_points(part)
        above = value(points) > 0
        pairs = zip(points[above][:WAYS], points[~above][:WAYS], strict=False)
        yield from ((partial(_straight, one, other), 0.0, 1.0) for one, other in pairs)


def _straight(one: Array, other: Array, unit: Array) -> Array:
    return one + unit * (other - one)


@dataclass(frozen=True, eq=False)
class _Found:
    """Breaks by coordinate, solids whose walls part the regions, and points."""

    breaks: list[list[float]]
    walls: list[Solid] = field(default_factory=list)
    points: list[Array] = field(default_factory=list)

    def inside(self, form: Form, equation: FluxEquation, parts: Sequence[Solid]) -> None:
        """Of an equation in a volume; on a mesh alone what its cells do not follow."""
        rows, coords = equation.rows, form.space.coords
        meshes = [part for part in parts if isinstance(part, Mesh)]
        for mine, more in zip(self.breaks, _between_nodes(form, rows, bool(meshes)), strict=True):
            mine += more
        every = dict.fromkeys(g for row in rows for g in switches(row.residual, coords))
        for g in _distinct(every, coords, equation.region):
            if len(meshes) == len(parts) and not any(_cuts_cells(g, coords, mesh) for mesh in meshes):
                continue
            if len(g.free_symbols) == 1:
                self._along(g, coords, equation.region)
            else:
                self.walls.extend(_solids(g, equation.region))

    def on(self, form: Form, row: Row, parts: Sequence[Solid]) -> None:
        """Of a condition on a boundary, or on a curve or a surface inside."""
        coords, region = form.space.coords, row.region
        lines = [row.residual, *(each.relation for each in _ancestors(region) if hasattr(each, "relation"))]
        for g in dict.fromkeys(g for line in lines for g in switches(line, coords)):
            if len(g.free_symbols) == 1:
                self._along(g, coords, region)
        inner = _inner(region, parts)
        for axis, point in (*_ends(region, parts, inner), *_jumps(row, coords)):
            self.points.append(point)
            self.breaks[axis].append(float(point[axis]))
        plane = _plane(region)
        if inner and plane:
            self.breaks[plane[0]].append(plane[1])
        elif inner:
            self.walls.extend([each for each in _ancestors(region) if isinstance(each, Solid)][:1])

    def _along(self, g: Expr, coords: Sequence[Symbol], region: Region) -> None:
        (x,) = g.free_symbols
        k = coords.index(x)
        lo, hi = region.bounds
        self.breaks[k] += _roots(g, x, float(lo[k]), float(hi[k]))


# -- along coordinates


def _between_nodes(form: Form, rows: Iterable[Row], meshed: bool) -> list[list[float]]:
    """Where fields on grids in rows jump, or bend, between nodes or at them, on the axis of each coordinate, and fields
    on the cells of meshes, if cells are no mesh's, where that is on few planes."""
    names = {jet.name for row in rows for jet in row.data.values()}
    found: list[list[float]] = [[] for _ in form.space.coords]
    for key, data in form.bound.fields.items():
        if key.func.__name__ not in names:
            continue
        if isinstance(data, MeshField):
            for k, more in enumerate(() if meshed else data.planes or ()):
                found[k] += more
            continue
        if data.method == "cubic":
            continue
        for k, (axis, jumps) in enumerate(zip(data.axes, data.planes, strict=True)):
            found[k] += jumps
            if not steps(data):
                values = np.moveaxis(data.values, k, 0).reshape(len(axis), -1)
                slopes = np.diff(values, axis=0) / np.diff(axis)[:, None]
                bends = np.abs(np.diff(slopes, axis=0)).max(axis=1) > SAME * np.abs(slopes).max(initial=0.0)
                found[k] += axis[1:-1][bends].tolist()
    return found


def _roots(g: Expr, x: Symbol, lo: float, hi: float) -> list[float]:
    """Where a function of one coordinate changes its sign between two ends, or at them."""
    if g.is_polynomial(x) and Poly(g, x).degree() == 1:
        slope, rest = Poly(g, x).all_coeffs()
        return [root] if lo <= (root := float(-rest / slope)) <= hi else []
    return _changes(_function(g, (x,)), lo, hi).tolist()


def _changes(value: Callable[[Array], Array], lo: float, hi: float) -> Array:
    """Where a function of (N, 1) changes its sign between two ends."""
    grid = lo + (hi - lo) * np.concatenate([[0.0], (np.arange(SAMPLES) + 0.382) / SAMPLES, [1.0]])
    above = value(grid[:, None]) > 0
    change = np.flatnonzero(above[1:] != above[:-1])
    a, b, after = grid[change], grid[change + 1], above[change + 1]
    for _ in range(HALVINGS if len(change) else 0):
        middle = (a + b) / 2
        there = (value(middle[:, None]) > 0) == after
        a, b = np.where(there, a, middle), np.where(there, middle, b)
    return (a + b) / 2


def _settled(values: Sequence[float], lo: float, hi: float) -> tuple[float, ...]:
    """In order, those alone that lie inside; of several that are one the first."""
    near, kept = SAME * (hi - lo), list[float]()
    for value in values:
        if lo + near < value < hi - near and all(abs(value - other) > near for other in kept):
            kept.append(value)
    return tuple(sorted(kept))


# -- elsewhere


def _distinct(functions: Iterable[Expr], coords: Sequence[Symbol], region: Region) -> list[Expr]:
    """Each once, whatever its sign and factor."""
    points = np.concatenate([pilot_points(part, 16) for part in region.parts])
    kept: dict[tuple, Expr] = {}
    for g in functions:
        values = _function(g, coords)(points)
        largest = values[np.argmax(np.abs(values))] or 1.0
        kept.setdefault(tuple(np.round(values / largest, 9) + 0.0), g)
    return list(kept.values())


def _function(g: Expr, coords: Sequence[Symbol]) -> Callable[[Array], Array]:
    """(N, d) → (N,); 0 where it is no real number."""
    plain = lambdify(coords, g, modules=["numpy", "scipy"], cse=True, docstring_limit=0)

    def value(points: Array) -> Array:
        with np.errstate(all="ignore"):
            found = np.asarray(plain(*points.T))
        real = np.where(np.isfinite(found) & (np.imag(found) == 0), np.real(found), 0.0)
        return np.array(np.broadcast_to(real, len(points)), float)

    return value


def _cuts_cells(g: Expr, coords: Sequence[Symbol], mesh: Mesh) -> bool:
    """Does a function change its sign inside a cell of a mesh?"""
    values = _function(g, coords)(mesh.nodes)
    values[np.abs(values) <= SAME * np.max(np.abs(values))] = 0.0
    corners = values[mesh.cells]
    return bool(np.any((corners.min(axis=1) < 0) & (corners.max(axis=1) > 0)))


def _solids(g: Expr, region: Region) -> list[Solid]:
    """Where g ≤ 0, or g ≥ 0 if that is a ball; nothing for a ball without a radius."""
    coords = region.coords
    if g.is_polynomial(*coords) and Poly(g, *coords).total_degree() == 2:
        form = Poly(g, *coords)
        squares = {form.coeff_monomial(x**2) for x in coords}
        mixed = any(form.coeff_monomial(x * y) for k, x in enumerate(coords) for y in coords[:k])
        if len(squares) == 1 and not mixed:
            (square,) = squares
            centre = [-form.coeff_monomial(x) / (2 * square) for x in coords]
            radius = sum(c**2 for c in centre) - form.coeff_monomial(1) / square
            return [Ball(region.space, centre, radius**0.5)] if radius > 0 else []
    lo, hi = region.bounds
    more = BEYOND * region.size
    return [Level(region.space, g, lo - more, hi + more)]


def _bounded(region: Region) -> Solid:
    """A selection of the inside of a region as one with a boundary of its own."""
    if isinstance(region, Where):
        return Implicit(region.space, region.relation, within=_bounded(region.region))
    if isinstance(region, Selected):
        return combine(region.sign, _bounded(region.left), _bounded(region.right))  # type: ignore[return-value]
    assert isinstance(region, Solid)
    return region


def _apart(regions: Sequence[Solid]) -> list[Solid]:
    """Parts of regions that have no interior in common, and together cover these."""
    parts: list[Solid] = []
    for region in regions:
        left: Region | None = region
        split: list[Solid] = []
        for part in parts:
            held, holds = _share(part, region), _share(region, part)
            if 0 < held < 1:
                split += [part & region, part - region]  # type: ignore[list-item]
            else:
                split.append(part)
            if holds == 1:
                left = None
            elif holds > 0 and left is not None:
                left = left - part
        parts = [*split, *([left] if left is not None else [])]  # type: ignore[list-item]
    return parts


def _share(region: Region, other: Region) -> float:
    """Of the places of a region those in another."""
    points = np.concatenate([pilot_points(part) for part in region.parts])
    return float(np.mean(other.contains(points)))


def _parted(part: Solid, wall: Solid) -> list[Solid]:
    """A part in two, if the wall of another solid lies in it; an enclosed ball is itself one of them."""
    inside = [part.side(_on(chart.dim, chart.at), part.tolerance) > 0 for chart in wall.walls]
    if not any(each.any() for each in inside):
        return [part]
    enclosed = isinstance(wall, Ball) and all(each.all() for each in inside) and _share(wall, part) == 1
    return [wall if enclosed else part & wall, part - wall]  # type: ignore[list-item]


def _on(dim: int, at: Callable[[Array], Array]) -> Array:
    """Places all over a chart."""
    return at(lattice(SAMPLES, dim, np.random.default_rng(0)) if dim else np.zeros((1, 0)))


# -- on boundaries


def _inner(region: Region, parts: Sequence[Solid]) -> bool:
    """Does a curve or a surface lie inside a part?"""
    points = np.concatenate([pilot_points(part) for part in region.parts])
    return any(float(np.mean(part.side(points, part.tolerance) > 0)) > 0.5 for part in parts)


def _plane(region: Region) -> tuple[int, float] | None:
    """The axis across which a region is flat, and where on it, if there is one."""
    points = np.concatenate([pilot_points(part) for part in region.parts])
    flat = np.flatnonzero(np.ptp(points, axis=0) <= SAME * region.size)
    return (int(flat[0]), float(np.median(points[:, flat[0]]))) if len(flat) else None


def _ends(region: Region, parts: Sequence[Solid], inner: bool) -> Iterator[tuple[int, Array]]:
    """The ends of a curve where what bears it goes on, or which lie inside, with the axis along which it runs."""
    for part in region.parts if len(region.coords) == 2 else ():
        at, ends = part.piece.chart.at, part.spans.ravel()
        first, last = at(np.array([[0.0], [1.0]]))
        closed = bool(np.linalg.norm(last - first) <= region.tolerance)
        if closed and 0.0 in ends and 1.0 in ends:
            ends = ends[(ends > 0) & (ends < 1)]
        for end in ends:
            steps = end + BESIDE * np.array([[-1.0], [1.0]])
            beside = at(steps % 1.0 if closed else np.clip(steps, 0.0, 1.0))
            goes_on = (closed or 0 < end < 1) and any(np.all(e.side(beside, e.tolerance) == 0) for e in parts)
            if inner or goes_on:
                yield _axis(beside), at(np.array([[end]]))[0]


def _jumps(row: Row, coords: Sequence[Symbol]) -> Iterator[tuple[int, Array]]:
    """Where what is given on a curve jumps, with the axis along which it runs."""
    every = switches(row.residual, coords) if len(coords) == 2 else []
    for part in row.region.parts if every else ():
        at = part.piece.chart.at
        for g in every:
            value = _function(g, coords)
            for lo, hi in part.spans:
                for parameter in _changes(partial(_composed, value, at), lo, hi):
                    beside = at(parameter + BESIDE * np.array([[-1.0], [1.0]]))
                    axis = coords.index(*g.free_symbols) if len(g.free_symbols) == 1 else _axis(beside)
                    yield axis, at(np.array([[parameter]]))[0]


def _composed(value: Callable[[Array], Array], at: Callable[[Array], Array], unit: Array) -> Array:
    return value(at(unit))


def _axis(beside: Array) -> int:
    """The axis along which a curve runs, by two points of it."""
    return int(np.argmax(np.abs(beside[1] - beside[0])))


def _first(points: Array, near: float) -> Array:
    """The numbers of the points (N, d) that no earlier one is near to."""
    apart = np.linalg.norm(points[:, None] - points, axis=2) > near
    return np.flatnonzero([apart[k, :k].all() for k in range(len(points))])


def _ancestors(region: Region) -> Iterator[Region]:
    yield region
    for parent in region.parents:
        yield from _ancestors(parent)
