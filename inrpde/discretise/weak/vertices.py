"""Points of the plane where sectors of materials meet, all round or between walls, and what is singular there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from inrpde.compiler.flux import FluxEquation, FluxForm
from inrpde.discretise.weak.columns import columns, holding
from inrpde.discretise.weak.faces import Group, groups
from inrpde.discretise.weak.volumes import localised
from inrpde.networks.vertex import Mode, VertexFunctions, Walls, between_walls, vertex_modes
from inrpde.sampling.cells.tessellation import CUT, Cover, Divided, Tessellation

Array = np.ndarray
HIGHEST = 4.0
"""Exponents below this have functions of their own: what bases of degree p leave of r^λ falls like p^(-2λ); chosen."""
JUMP = 1e-3
"""A conductivity that differs by less is the same; chosen."""
CONSTANT = 1e-9
"""What a conductivity varies by, as a share, in a sector in which it is a constant."""
SAME = 1e-7
"""What given values differ by at one point, as a share of all, that is rounding, or how they vary."""
STRAIGHT = 0.2
"""Radians by which a wall, or the interface of two materials, may turn at a vertex without functions for it, as where a
curve is a chain of edges: exponents are within a tenth of 1; chosen."""
INSIDE = 1e-5
"""How far inside a cell its conductivity at a corner is asked for, as a share of the cell: beyond what is near enough
to a region to be in it."""
LEFT = 1e-6
"""What bases leave of a function at least, in amplitude: of the energies in a system that is the root of 1e-12."""
ROUND, TURNED = 1e-9, 1e-7
"""What is left by rounding of lengths, as a share, and of angles."""
MOST = 150
"""Points at most; chosen: each takes 20 ms, and where every cell is of another material there are too many."""
OTHER, VALUE, SLOPE = 0, 1, 2
"""What holds on a face of the boundary: one condition on values, one on the flux, or (the first) anything else."""


@dataclass(frozen=True, eq=False)
class Vertex:
    """A point (2,) round which an unknown's conductivities are constants (S,) between the angles `turns` (S + 1,), and
    the functions there; within the `radius` only rays part materials, and nothing else is a wall. From the first wall
    to the last one the values that are given may `jump`: then the last function has that factor."""

    unknown: int
    point: Array
    radius: float
    turns: Array
    conductivities: Array
    modes: tuple[Mode, ...]
    jump: complex = 0.0


def vertices(flux: FluxForm, divided: Divided) -> tuple[Vertex, ...]:
    """The singular points on the cells to begin with, of linear equations in the plane whose flux is -a ∇u alone and
    which carry nothing along. None where constants are pinned."""
    form = flux.form
    if len(form.space.coords) != 2 or not form.linear or flux.pins or flux.rates:
        return ()
    if not all(form.fixes_constants(k) for k in range(len(form.unknowns))):
        return ()
    tessellation, found = divided.tessellation(2), list[Vertex]()
    for unknown in dict.fromkeys(equation.test for equation in flux.equations):
        conducted = Conducted(flux, unknown)
        if conducted.alone():
            found += _of(conducted, divided.cover, tessellation)
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Conducted:
    """An unknown whose fluxes may be -a ∇u."""

    flux: FluxForm
    unknown: int

    def alone(self) -> bool:
        """Are the fluxes by its gradient alone, is that in no other equation, and does nothing carry it along?"""
        for equation in self.flux.equations:
            fluxes = [jet for row in equation.fluxes for jet in row.jets.values()]
            rest = [jet for jet in equation.rest.jets.values() if any(jet.index)]
            if equation.test != self.unknown:
                if any(jet.unknown == self.unknown for jet in (*fluxes, *rest) if any(jet.index)):
                    return False
            elif rest or not all(jet.unknown == self.unknown and any(jet.index) for jet in fluxes):
                return False
        return True

    def at(self, points: Array) -> Array:
        """The conductivity (N,) at points (N, 2); not a number where it is no positive number, or there is none."""
        out = np.full(len(points), np.nan)
        for equation in self.flux.equations:
            if equation.test == self.unknown:
                rows = np.flatnonzero(equation.region.contains(points) & np.isnan(out))
                out[rows] = self.of(equation, points[rows])
        return out

    def of(self, equation: FluxEquation, points: Array) -> Array:
        """That of one equation, where its flux is nothing else."""
        dim = points.shape[1]
        at = {k: np.zeros((len(points), 1 + dim)) for k in range(len(self.flux.form.unknowns))}
        found = localised(self.flux.form, equation.fluxes, points, None, at)
        none = np.zeros((len(points), 1 + dim))
        tensor = np.stack([-equation.sign * each.slopes.get(self.unknown, none)[:, 1:] for each in found], axis=1)
        a = np.trace(tensor, axis1=1, axis2=2) / dim
        off = np.max(np.abs(tensor - a[:, None, None] * np.eye(dim)), axis=(1, 2))
        good = (np.real(a) > 0) & (np.abs(np.imag(a)) <= ROUND * np.abs(a)) & (off <= ROUND * np.abs(a))
        good &= ~np.any([each.value != 0 for each in found], axis=0)
        return np.where(good, np.real(a), np.nan)

    def kind(self, group: Group) -> int:
        """What holds on faces of the boundary."""
        mine = [row for row, _ in group.rows if self.unknown in row.indices]
        if len(mine) != 1 or len(mine[0].indices) != 1:
            return OTHER
        return SLOPE if any(any(jet.index) for jet in mine[0].jets.values()) else VALUE

    def held(self, group: Group, ends: Array) -> Array:
        """The values (F, 2) that are given at the ends (F, 2, 2) of faces, coming from within."""
        [row] = (row for row, _ in group.rows if self.unknown in row.indices)
        count, dim = len(ends), ends.shape[2]
        at = {k: np.zeros((2 * count, 1 + dim)) for k in range(len(self.flux.form.unknowns))}
        normals = np.repeat(group.sides[0].normals[:, 0], 2, axis=0)
        found = []
        for inside in (1, 2):
            points = ends + inside * INSIDE * (ends[:, ::-1] - ends)
            [local] = localised(self.flux.form, [row], points.reshape(-1, dim), normals, at)
            with np.errstate(divide="ignore", invalid="ignore"):  # a factor that vanishes holds no value
                found.append(-local.value / local.slopes[self.unknown][:, 0])
        return np.asarray(2 * found[0] - found[1]).reshape(count, 2)


@dataclass(frozen=True, eq=False)
class Edges:
    """Faces by their ends (F, 2, 2): those across which conductivities jump; inner ones on which conditions hold, or
    beside which walls cut cells; those on the boundary, with what holds there (F,), and the values that are given at
    their ends (F, 2)."""

    parting: Array
    blocked: Array
    walls: Array
    kinds: Array
    given: Array

    @cached_property
    def large(self) -> float:
        """What is large beside the values that are given."""
        return float(np.max(np.abs(self.given), initial=0.0))


def _of(conducted: Conducted, cover: Cover, tessellation: Tessellation) -> Iterator[Vertex]:
    """The singular points of one unknown."""
    edges, corners, middles = _edges(conducted, tessellation), cover.corners, cover.middles
    cut = np.isin(cover.cell, np.flatnonzero(tessellation.cells.reference == CUT))
    a = conducted.at((corners + INSIDE * (middles[:, None] - corners)).reshape(-1, 2)).reshape(corners.shape[:2])
    candidates = _candidates(corners, a, edges)
    for point in candidates if len(candidates) <= MOST else ():
        _, touching = cover.holding(point[None])
        sectors = None if np.any(cut[touching]) else _sectors(conducted, corners[touching], point, edges)
        if sectors is None:
            continue
        turns, conductivities, walls, jump = sectors
        if walls is None and len(conductivities) == 2 and abs(turns[1] - turns[0] - np.pi) < STRAIGHT:
            continue
        radius = _clear(point, turns, walls, edges)
        modes = tuple(vertex_modes(turns, conductivities, walls, HIGHEST))
        modes += (between_walls(turns, conductivities),) if jump else ()
        if not modes or radius <= ROUND * np.max(np.abs(corners)):
            continue
        near = np.max(np.linalg.norm(corners - point, axis=2), axis=1) <= (1 + ROUND) * radius
        there = conductivities[_sector(turns, middles[near] - point)[0]]
        if np.all(np.abs(a[near] - there[:, None]) <= CONSTANT * there[:, None]):
            yield Vertex(conducted.unknown, point, radius, turns, conductivities, modes, jump)


def _edges(conducted: Conducted, tessellation: Tessellation) -> Edges:
    flux, own = conducted.flux, conducted.unknown
    none = np.empty((0, 2, 2))
    parting, blocked, walls, kinds, given = [none], [none], [none], [np.empty(0, int)], [np.empty((0, 2))]
    lives = columns(flux, tessellation, ()).lives
    cut = tessellation.cells.reference == CUT
    for group in groups(flux, tessellation, lives, holding(flux, tessellation)):
        ends = group.ends
        beside = [(k, side) for side in group.sides for k in side.equations if flux.equations[k].test == own]
        if len(beside) == 1:
            walls.append(ends)
            kind = conducted.kind(group) if len(group.sides) == 1 else OTHER
            kinds.append(np.full(len(ends), kind))
            given.append(conducted.held(group, ends) if kind == VALUE else np.zeros((len(ends), 2)))
        elif len(beside) == 2 and not group.rows:
            blocked.append(ends[cut[group.sides[0].cell] | cut[group.sides[1].cell]])
            left, right = (conducted.of(flux.equations[k], side.points[:, 0]) for k, side in beside)
            parting.append(ends[~(np.abs(left - right) <= JUMP * left)])
        elif beside:
            blocked.append(ends)
    return Edges(*(np.concatenate(each) for each in (parting, blocked, walls, kinds, given)))


def _candidates(corners: Array, a: Array, edges: Edges) -> Array:
    """The points (P, 2) where conductivities at the corners (B, K) of boxes differ, walls turn or conditions change."""
    scale = np.max(np.abs(corners)) * ROUND
    both = np.concatenate([corners.reshape(-1, 2), edges.walls.reshape(-1, 2)])
    _, first, number = np.unique(
        np.round(both / scale).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    number, of_walls = np.split(number.ravel(), [a.size])
    low, high = np.full(len(first), np.inf), np.full(len(first), -np.inf)
    np.fmin.at(low, number, a.ravel())
    np.fmax.at(high, number, a.ravel())
    chosen = high > (1 + JUMP) * low
    along = edges.walls[:, 1] - edges.walls[:, 0]
    along = along / np.linalg.norm(along, axis=1)[:, None]
    away = np.stack([along, -along], axis=1).reshape(-1, 2)
    count = np.bincount(of_walls, minlength=len(first))
    total = np.stack([np.bincount(of_walls, each, minlength=len(first)) for each in away.T], axis=1)
    kinds = np.repeat(edges.kinds, 2)
    least, most = np.full(len(first), SLOPE + 1), np.full(len(first), -1)
    np.minimum.at(least, of_walls, kinds)
    np.maximum.at(most, of_walls, kinds)
    # directions of two walls that go straight on cancel; by an angle of ω they leave 2 sin(ω / 2)
    turned = np.linalg.norm(total, axis=1) > 2 * np.sin(STRAIGHT / 2)
    one = np.zeros(len(first), edges.given.dtype)
    one[of_walls] = edges.given.ravel()
    gap = np.zeros(len(first))
    np.maximum.at(gap, of_walls, np.abs(edges.given.ravel() - one[of_walls]))
    jumps = (least == VALUE) & (most == VALUE) & (gap > SAME * edges.large)
    chosen |= (count == 2) & (turned | (least != most) | jumps) & (least != OTHER)
    return np.asarray(both[first][chosen])


def _sectors(
    conducted: Conducted, corners: Array, point: Array, edges: Edges
) -> tuple[Array, Array, Walls, complex] | None:  # fmt: skip
    """The angles (S + 1,) between which there is one conductivity (S,) round a point, by the corners (B, K, 2) of the
    boxes that hold it, the walls, and what values jump by between them; None where it is neither an inner point nor
    between two walls."""
    away = corners.reshape(-1, 2) - point
    length = np.linalg.norm(away, axis=1)
    size = float(length.max())
    away = away[length > 1e-6 * size]
    angles = np.sort(np.arctan2(away[:, 1], away[:, 0]))
    angles = angles[np.diff(angles, prepend=angles[-1] - 2 * np.pi) > TURNED]
    walls: Walls = None
    jump: complex = 0.0
    outward, kinds, given = _walls_at(point, edges)
    if len(outward):
        if len(outward) != 2 or OTHER in kinds:
            return None
        starts = [int(np.argmin(np.abs(wrapped(angles - each)))) for each in outward]
        if starts[0] == starts[1]:
            if kinds[0] != kinds[1]:
                return None
        elif not _inside(corners, point, size, angles, starts[0]):
            starts, kinds, given = starts[::-1], kinds[::-1], given[::-1]
        angles = np.roll(angles, -starts[0])
        last = (starts[1] - starts[0]) % len(angles) or len(angles)
        angles = np.append(angles, angles[0])[: last + 1]
        walls = (bool(kinds[0] == VALUE), bool(kinds[1] == VALUE))
        jump = given[1] - given[0] if all(walls) and abs(given[1] - given[0]) > SAME * edges.large else 0.0
    else:
        angles = np.append(angles, angles[0])
    angles = angles[0] + np.append(0.0, np.cumsum(np.mod(np.diff(angles), 2 * np.pi)))
    if len(angles) == 2 and angles[1] == angles[0]:
        angles[1] += 2 * np.pi
    between = (angles[1:] + angles[:-1]) / 2
    near = point + INSIDE * size * np.column_stack([np.cos(between), np.sin(between)])
    a = conducted.at(near)
    if not np.all(_held(corners, near)) or not np.all(np.isfinite(a)):
        return None
    begins = np.abs(a - np.roll(a, 1)) > JUMP * a
    if walls is not None:
        begins[0] = True
        return np.append(angles[:-1][begins], angles[-1]), a[begins], walls, jump
    if begins.sum() < 2:
        return None
    turns = angles[:-1][begins]
    return np.append(turns, turns[0] + 2 * np.pi), a[begins], None, jump


def _walls_at(point: Array, edges: Edges) -> tuple[list[float], list[int], list[complex]]:
    """The directions in which walls leave a point, what holds on each, and the value there."""
    directions, kinds, given = [], [], []
    for end in (0, 1):
        other = edges.walls[:, 1 - end] - point
        size = np.linalg.norm(other, axis=1)
        here = np.linalg.norm(edges.walls[:, end] - point, axis=1) <= 1e-6 * size
        directions += np.arctan2(other[here, 1], other[here, 0]).tolist()
        kinds += edges.kinds[here].tolist()
        given += edges.given[here, end].tolist()
    return directions, kinds, given


def _inside(corners: Array, point: Array, size: float, angles: Array, start: int) -> bool:
    """Does the region lie next to a direction, counter-clockwise?"""
    width = np.mod(angles[(start + 1) % len(angles)] - angles[start], 2 * np.pi)
    middle = angles[start] + width / 2
    return bool(_held(corners, point + INSIDE * size * np.array([[np.cos(middle), np.sin(middle)]]))[0])


def wrapped(angle: Array) -> Array:
    """Between -π and π."""
    return np.asarray(np.mod(angle + np.pi, 2 * np.pi) - np.pi)


def _held(corners: Array, points: Array) -> Array:
    """Which points (N, 2) lie in one of convex boxes, by their corners (B, K, 2)."""
    out = np.zeros(len(points), bool)
    for each in corners:
        middle = each.mean(axis=0)
        turn = np.argsort(np.arctan2(*(each - middle).T[::-1]))
        along = np.roll(each[turn], -1, axis=0) - each[turn]
        to = points[:, None] - each[turn]
        out |= np.all(along[:, 0] * to[..., 1] - along[:, 1] * to[..., 0] >= 0, axis=1)
    return out


def _clear(point: Array, turns: Array, walls: Walls, edges: Edges) -> float:
    """How far from a point the nearest face lies that is no part of a ray from it, or of its own walls; no farther than
    these go on."""
    radius = min(_nearest(point, edges.parting, _on_rays(point, edges.parting)), _nearest(point, edges.blocked))
    if walls is None:
        return min(radius, _nearest(point, edges.walls))
    middles = edges.walls.mean(axis=1) - point
    angle, own = np.arctan2(middles[:, 1], middles[:, 0]), np.zeros(len(middles), bool)
    for turn, value in zip(turns[[0, -1]], walls, strict=True):
        mine = _on_rays(point, edges.walls) & (np.abs(wrapped(angle - turn)) < TURNED)
        mine &= edges.kinds == (VALUE if value else SLOPE)
        lengths = np.linalg.norm(edges.walls[mine] - point, axis=2)
        until = 0.0
        for first, last in np.sort(lengths[np.argsort(lengths.min(axis=1))], axis=1):
            until = max(until, last) if first <= (1 + ROUND) * until + ROUND * last else until
        radius, own = min(radius, until), own | mine
    return min(radius, _nearest(point, edges.walls, own))


def _on_rays(point: Array, faces: Array) -> Array:
    """Which faces (F, 2, 2) lie on rays from a point?"""
    one, other = faces[:, 0] - point, faces[:, 1] - point
    across = np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])
    size = np.maximum(np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1))
    return np.asarray(across <= TURNED * size * np.linalg.norm(other - one, axis=1))


def _nearest(point: Array, faces: Array, but: Array | None = None) -> float:
    """The distance of the nearest of faces (F, 2, 2), but for some, bool (F,)."""
    faces = faces if but is None else faces[~but]
    if not len(faces):
        return float("inf")
    one, along = faces[:, 0] - point, faces[:, 1] - faces[:, 0]
    share = np.clip(-np.einsum("fd,fd->f", one, along) / np.einsum("fd,fd->f", along, along), 0, 1)
    return float(np.min(np.linalg.norm(one + share[:, None] * along, axis=1)))


def _sector(turns: Array, away: Array) -> tuple[Array, Array]:
    """The sectors (N,) in which points lie that are so far away (N, 2) from a vertex, and their angles (N,)."""
    angle = turns[0] + np.mod(np.arctan2(away[:, 1], away[:, 0]) - turns[0], 2 * np.pi)
    return np.clip(np.searchsorted(turns, angle, side="right") - 1, 0, len(turns) - 2), angle


@dataclass(frozen=True, eq=False)
class Rounds:
    """For one unknown the cells round its vertices: by cell (C,) the number of its vertex, or -1, its sector there and
    the angle of its middle, and the cells (n,) that ought to be smaller before vertices have a round of cells."""

    vertex: Array
    sector: Array
    turn: Array
    large: Array


def rounds(found: Sequence[Vertex], cover: Cover, tessellation: Tessellation) -> Rounds:
    """The cells round the vertices of one unknown: those within the radius of the nearest. One that has not all cells
    that touch it has none."""
    cells = tessellation.cells
    vertex, sector, turn = np.full(len(cells), -1), np.zeros(len(cells), int), np.zeros(len(cells))
    centres = np.array([each.point for each in found])
    middles, corners = cover.middles, cover.corners
    near = cKDTree(centres).query(middles)[1]
    radius = np.array([each.radius for each in found])[near]
    reach = np.max(np.linalg.norm(corners - centres[near][:, None], axis=2), axis=1)
    single = np.bincount(cover.cell, minlength=len(cells))[cover.cell] == 1
    within = (reach <= (1 + ROUND) * radius) & single & (cells.reference[cover.cell] != CUT)
    large = [np.empty(0, int)]
    numbers, holding = cover.holding(centres)
    for number, each in enumerate(found):
        touching = holding[numbers == number]
        if not np.all(within[touching] & (near[touching] == number)):
            large.append(cover.cell[touching])
            continue
        boxes = np.flatnonzero(within & (near == number))
        at = cover.cell[boxes]
        vertex[at] = number
        sector[at], turn[at] = _sector(each.turns, middles[boxes] - each.point)
    return Rounds(vertex, sector, turn, np.unique(np.concatenate(large)))


def lasting(found: Sequence[Vertex], around: Rounds, cover: Cover, degree: int) -> tuple[Vertex, ...]:
    """Those that have a round of cells, with the functions of which bases of a degree leave something there: of r^λ as
    far as R they leave (h / R p²)^λ in cells of a size h at the point (Babuška and Suri 1987)."""
    out = []
    for number, each in enumerate(found):
        boxes = np.flatnonzero(around.vertex[cover.cell] == number)
        if not len(boxes):
            continue
        away = np.linalg.norm(cover.corners[boxes] - each.point, axis=2)
        size = np.max(away[np.min(away, axis=1) <= ROUND * np.max(away)])
        left = size / np.max(away) / degree**2
        modes = tuple(mode for mode in each.modes if left**mode.power >= LEFT)
        if modes:
            out.append(replace(each, modes=modes))
    return tuple(out)


def vertex_functions(found: Sequence[Vertex], around: Rounds, cover: Cover) -> VertexFunctions:
    """The network of the functions about those that have a round of cells; one has."""
    most = max(len(each.conductivities) for each in found)
    kept, sizes = around.vertex >= 0, np.ones(len(found))
    modes: list[tuple[int, Mode]] = []
    for number, each in enumerate(found):
        boxes = around.vertex[cover.cell] == number
        if np.any(boxes):
            sizes[number] = np.max(np.linalg.norm(cover.corners[boxes] - each.point, axis=2))
            modes += [(number, mode) for mode in each.modes]
    arrays = (
        np.array([np.pad(part, (0, most - len(part))) for part in parts]).reshape(len(modes), most)
        for parts in zip(*((mode.factors, mode.logs, mode.squares) for _, mode in modes), strict=True)
    )
    return VertexFunctions(
        replace(cover, walls=None).taken(kept[cover.cell], np.cumsum(kept) - 1),
        around.vertex[kept], around.sector[kept], around.turn[kept], np.array([each.point for each in found]), sizes,
        np.array([number for number, _ in modes]), np.array([mode.power for _, mode in modes]), *arrays,
    )  # fmt: skip
