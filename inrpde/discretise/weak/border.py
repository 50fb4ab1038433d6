"""The functions about singular points in the system of the flux form: rows and columns beside those of the cells.

A function s has no jumps in the cells round its point, and neither has its flux a ∇s, whose divergence vanishes in
each, or is a constant. So ∫ a ∇s·∇v over these cells, with what Nitsche's method has on the faces between them and on
walls that leave the point, is ∮ (a ∇s·n) v over the outermost faces, where s is smooth, and what constants give:
nothing is integrated where it is singular, whatever its exponent. Beyond these faces s is zero, which they see as they
see any jump between cells. What is left are terms of lower order and data, by rules that are graded towards the point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

import numpy as np
from scipy.sparse import coo_array, csc_array, diags_array

from inrpde.compiler.flux import FluxEquation
from inrpde.discretise.weak.assembly import Assembled, Discrete, standing
from inrpde.discretise.weak.faces import INWARD, Group
from inrpde.discretise.weak.traces import Facing, Terms, conditions, facing, traces
from inrpde.discretise.weak.vertices import Rounds, Vertex, lasting, rounds, vertex_functions, wrapped
from inrpde.discretise.weak.volumes import localised
from inrpde.networks.vertex import VertexFunctions
from inrpde.sampling.cells.tessellation import Cover

Array = np.ndarray
GRADED = 3
"""r = t^3 on the way from a point: what is like r^λ is smooth enough for Gauss's rule in t."""
FIRM = 1e-14
"""By how much more the energy of these functions counts in factors: rich bases in small cells hold some of them as
well, and leave systems singular (an answer was wrong by a sixth). Refinement takes it off again where they do not."""
JETS = ((0, 0), (1, 0), (0, 1))
Functions = tuple[Array, Array, bool]
"""In C cells the numbers (C, K) of functions, -1 for none, their jets (C, q, 3, K), and are they about a point?"""


@dataclass(frozen=True, eq=False)
class Fan:
    """The functions of one unknown about its singular points: the cells round these, the network, and the first of
    their columns, which follow one another, in the whole system."""

    unknown: int
    found: tuple[Vertex, ...]
    around: Rounds
    trial: VertexFunctions
    start: int

    @cached_property
    def _of(self) -> Array:
        """The columns (P, K) about each point; -1 where it has fewer."""
        own = [np.flatnonzero(self.trial.of == number) for number in range(len(self.found))]
        most = max(map(len, own))
        return np.array([np.pad(each, (0, most - len(each)), constant_values=-1) for each in own])

    def numbers(self, cell: Array) -> Array:
        """The columns (N, K) of the whole system that cells (N,) hold; -1 for none."""
        own = self.own(cell)
        return np.where(own >= 0, own + self.start, -1)

    def own(self, cell: Array) -> Array:
        """The same of the network."""
        vertex = self.around.vertex[cell]
        return np.where(vertex[:, None] >= 0, self._of[vertex], -1)

    def jets(self, cell: Array, points: Array) -> Array:
        """Values and first derivatives (N, q, 3, K) at points (N, q, 2) in cells (N,)."""
        out = np.zeros((*points.shape[:2], 3, self._of.shape[1]))
        vertex, inner = self.around.vertex[cell], np.cumsum(self.around.vertex >= 0) - 1
        for number in np.unique(vertex[vertex >= 0]):
            rows, own = np.flatnonzero(vertex == number), self._of[number]
            own = own[own >= 0]
            flat = np.repeat(inner[cell[rows]], points.shape[1])
            for place, index in enumerate(JETS):
                found = self.trial.at(points[rows].reshape(-1, 2), flat, own, index)
                out[rows, :, place, : len(own)] = found.reshape(len(rows), points.shape[1], -1)
        return out

    def conductivity(self, cell: Array) -> Array:
        """That (N,) for which the functions in cells (N,) have no divergence; 0 where there are none."""
        vertex, sector = self.around.vertex[cell], self.around.sector[cell]
        most = max(len(each.conductivities) for each in self.found)
        table = np.array([np.pad(each.conductivities, (0, most - len(each.conductivities))) for each in self.found])
        return np.where(vertex >= 0, table[vertex, sector], 0.0)

    @cached_property
    def _driven(self) -> tuple[Array, Array]:
        """-div(a ∇s) of the columns of the network (J, S), and their fluxes a ∂s/∂n through walls (J, 2)."""
        most = max(len(each.conductivities) for each in self.found)
        sources, influx = [], []
        for number in np.unique(self.trial.of):
            for mode in self.found[number].modes:
                sources.append(np.pad(mode.sources, (0, most - len(mode.sources))) / self.trial.sizes[number] ** 2)
                influx.append(mode.influx / self.trial.sizes[number])
        return np.array(sources), np.array(influx)

    def sources(self, cell: Array) -> Array:
        """-div(a ∇s) (N, K) in cells (N,)."""
        numbers = self.own(cell)
        return np.where(numbers >= 0, self._driven[0][numbers, self.around.sector[cell][:, None]], 0.0)

    @cached_property
    def jumps(self) -> Array:
        """By how much given values jump at each point (P,)."""
        return np.array([each.jump for each in self.found])

    @cached_property
    def fixed(self) -> Array:
        """Which columns of the network (J,) are known: those of jumps."""
        return self.trial.powers == 0

    def last(self, cell: Array, points: Array) -> Array:
        """Whether walls of cells (N,) at points (N, 2) are the last ones, not the first."""
        turn, away = self.around.turn[cell], points - self.points(cell)
        angle = turn + wrapped(np.arctan2(away[:, 1], away[:, 0]) - turn)
        middles = np.array([(each.turns[0] + each.turns[-1]) / 2 for each in self.found])
        return np.asarray(angle > middles[self.around.vertex[cell]])

    def influx(self, cell: Array, points: Array) -> Array:
        """a ∂s/∂n (N, K) on walls of cells (N,) at points (N, 2)."""
        numbers, wall = self.own(cell), self.last(cell, points).astype(int)
        return np.where(numbers >= 0, self._driven[1][numbers, wall[:, None]], 0.0)

    def points(self, cell: Array) -> Array:
        """The singular points (N, 2) that cells (N,) are round; infinitely far where there are none."""
        centres = np.array([each.point for each in self.found])
        vertex = self.around.vertex[cell]
        return np.where(vertex[:, None] >= 0, centres[vertex], np.inf)


def fans(found: Sequence[Vertex], discrete: Discrete, cover: Cover) -> tuple[Fan, ...]:
    """Those on the cells of a form, by unknown."""
    out, start, degree = list[Fan](), discrete.columns.width, _degree(discrete)
    for unknown in dict.fromkeys(each.unknown for each in found):
        whole = [each for each in found if each.unknown == unknown]
        kept = lasting(whole, rounds(whole, cover, discrete.tessellation), cover, degree)
        if kept:
            around = rounds(kept, cover, discrete.tessellation)
            out.append(Fan(unknown, kept, around, vertex_functions(kept, around, cover), start))
            start += out[-1].trial.width
    return tuple(out)


@dataclass(frozen=True, eq=False)
class Border:
    """What functions about singular points add to the system of a linear form."""

    discrete: Discrete
    cover: Cover
    fans: tuple[Fan, ...]
    _parts: list[tuple[Array, Array, Array]] = field(default_factory=list, init=False)
    """Rows, columns and values."""

    @property
    def width(self) -> int:
        """Of the whole system."""
        return self.discrete.columns.width + sum(fan.trial.width for fan in self.fans)

    def assembled(self, vector: Array) -> Assembled:
        """The system at heads (W,) that are all zero: of the cells, with these functions beside them."""
        inside = self.discrete.assembled(vector[: self.discrete.columns.width])
        load = np.zeros(self.width, inside.residual.dtype)
        load[: len(inside.residual)] = inside.residual
        self._parts.clear()
        for each in self.discrete.facings:
            if len(each.group.sides) == 2:
                self._on_outermost(each, inside)
            else:
                self._on_walls(each, inside, load)
        for equation, holds in zip(self.discrete.flux.equations, self.discrete.holds, strict=True):
            self._in_cells(equation, holds, load)
        inner = coo_array(inside.matrix)
        rows, columns, values = (
            np.concatenate(each) for each in zip((inner.row, inner.col, inner.data), *self._parts, strict=True)
        )
        matrix = csc_array(coo_array((values, (rows, columns)), shape=(self.width, self.width)))
        matrix, load = self._known(matrix, load)
        firm = np.where(np.arange(self.width) < self.discrete.columns.width, 0.0, FIRM)
        return replace(inside, matrix=matrix, residual=load, firm=firm)

    def _known(self, matrix: csc_array, load: Array) -> tuple[csc_array, Array]:
        """The system in which the functions of jumps have the factors that are known."""
        value = np.zeros(self.width, np.result_type(load, *(fan.jumps for fan in self.fans)))
        free = np.ones(self.width)
        for fan in self.fans:
            at = fan.start + np.flatnonzero(fan.fixed)
            value[at], free[at] = fan.jumps[fan.trial.of[fan.fixed]], 0.0
        kept = diags_array(free)
        load = np.where(free == 0, -value, load + matrix @ value)
        return csc_array(kept @ matrix @ kept + diags_array(1 - free)), load

    def _add(self, rows: Array, columns: Array, values: Array) -> None:
        """Blocks (N, K, L) at rows (N, K) and columns (N, L), but for those of -1."""
        at = np.broadcast_arrays(rows[:, :, None], columns[:, None])
        kept = (at[0] >= 0) & (at[1] >= 0)
        self._parts.append((at[0][kept], at[1][kept], values[kept]))

    def _tested(self, tests: Iterable[Functions], slopes: Array, functions: Sequence[Functions]) -> None:
        """Adds, for slopes (C, q, 3, 3) with their weights, what is not of cells alone."""
        for rows, left, about in tests:
            for columns, right, too in functions:
                if about or too:
                    block = np.einsum("cqmk,cqmn,cqnl->ckl", left, slopes, right, optimize=True)
                    self._add(rows, columns, block)

    def _functions(self, unknown: int, cell: Array, points: Array, jets: Array | None = None) -> list[Functions]:
        """Of an unknown at points (C, q, 2) in cells (C,): those of its bases, and those about singular points."""
        columns, out = self.discrete.columns, list[Functions]()
        if np.all(columns.lives[unknown, cell]):
            own = columns.starts[unknown][cell][:, None] + np.arange(columns.families[unknown].size)
            out.append((own, columns.jets(unknown, cell, points) if jets is None else jets, False))
        out.extend((fan.numbers(cell), fan.jets(cell, points), True) for fan in self.fans if fan.unknown == unknown)
        return out

    def _on_outermost(self, every: Facing, inside: Assembled) -> None:
        """Faces between two cells that are not round the same point."""
        left, right = (side.cell for side in every.group.sides)
        outer = np.any([fan.around.vertex[left] != fan.around.vertex[right] for fan in self.fans], axis=0)
        if not np.any(outer):
            return
        part = _taken(every, np.flatnonzero(outer))
        group = part.group
        slopes = self._terms(part, inside).slopes * group.weights[..., None, None]
        functions = {
            key: self._functions(key[1], group.sides[key[0]].cell, group.points, part.jets[key]) for key in part.slots
        }
        for one, a in part.slots.items():
            for other, b in part.slots.items():
                self._tested(functions[one], slopes[..., a : a + 3, b : b + 3], functions[other])
        for fan in self.fans:
            for number, side in enumerate(group.sides):
                if (number, fan.unknown) in functions:
                    # ∮ (a ∇s·n) v, for ∫ a ∇s·∇v over the cells inside
                    outward = fan.conductivity(side.cell)[:, None, None] * group.weights[..., None] * side.normals
                    self._through(fan, side.cell, outward, functions[number, fan.unknown])

    def _through(self, fan: Fan, cell: Array, outward: Array, functions: Sequence[Functions]) -> None:
        """Adds ∮ (a ∇s·n) v for all functions v, and for v the functions s in turn."""
        for rows, left, about in functions:
            for columns, right, too in functions:
                if too:
                    block = np.einsum("fqk,fqd,fqdl->fkl", left[:, :, 0], outward, right[:, :, 1:], optimize=True)
                    self._add(rows, columns, block)
                    if not about:
                        self._add(columns, rows, np.swapaxes(block, 1, 2))

    def _constant(self, columns: Array, driven: Array, functions: Sequence[Functions]) -> None:
        """Adds what sources, or fluxes (C, q, K) with their weights, give for all functions, and these in turn."""
        for rows, left, about in functions:
            block = np.einsum("cqk,cql->ckl", left[:, :, 0], driven)
            self._add(rows, columns, block)
            if not about:
                self._add(columns, rows, np.swapaxes(block, 1, 2))

    def _on_walls(self, every: Facing, inside: Assembled, load: Array) -> None:
        """Faces on walls that leave a point: a condition on the value says what (a ∇s·n) is multiplied by, and one on
        the flux what s is."""
        flux, columns = self.discrete.flux, self.discrete.columns
        side = every.group.sides[0]
        for fan in self.fans:
            near = np.flatnonzero(fan.around.vertex[side.cell] >= 0)
            if (0, fan.unknown) not in every.slots or not len(near):
                continue
            group, ends = _graded_faces(every.group, near, fan.points(side.cell[near]), self.discrete)
            some = facing(group, columns)
            found = traces(flux, some, columns, np.zeros(columns.width, load.dtype))
            held, place = conditions(flux, found), [each.unknown for each in found.traces].index(fan.unknown)
            cell = group.sides[0].cell
            numbers, jets = fan.numbers(cell), fan.jets(cell, group.points)
            fast, given = held.fast[..., place], held.given[..., place]
            if np.any(fast):
                row = int(np.argmax(np.abs(fast).max(axis=(0, 1))))
                value = -held.fast_left[..., row] / fast[..., row]
                jump = np.where(fan.last(cell, group.points[:, 0]), fan.jumps[fan.around.vertex[cell]], 0.0)
                self._load(load, numbers, self._lifted(fan, group, jets, value - jump[:, None], ends))
                if np.any(jump):
                    self._jumped(_taken(every, near[jump != 0]), fan.unknown, jump[jump != 0], inside, load)
            elif np.any(given):
                row = int(np.argmax(np.abs(given).max(axis=(0, 1))))
                share = group.weights / given[..., row]
                self._load(load, numbers, -np.einsum("fq,fqk->fk", share * held.given_left[..., row], jets[:, :, 0]))
                start = some.slots[0, fan.unknown]
                slopes = np.zeros((*share.shape, 3, 3), held.given_slopes.dtype)
                slopes[..., 0, 0] = -share * held.given_slopes[..., row, start]
                functions = self._functions(fan.unknown, cell, group.points)
                if np.any(slopes):
                    self._tested(functions, slopes, functions)
                into = fan.influx(cell, group.points[:, 0])
                if np.any(into):
                    self._constant(numbers, into[:, None] * group.weights[..., None], functions)

    def _jumped(self, every: Facing, unknown: int, jump: Array, inside: Assembled, load: Array) -> None:
        """What functions of cells get on walls (F,) on which the known function of a jump (F,) is that."""
        columns, group = self.discrete.columns, every.group
        terms = self._terms(every, inside)
        share = group.weights * jump[:, None]
        for (side, test), a in every.slots.items():
            slopes = terms.slopes[..., a : a + 3, every.slots[0, unknown]] * share[..., None]
            rows = columns.starts[test][group.sides[side].cell][:, None] + np.arange(columns.families[test].size)
            self._load(load, rows, np.einsum("fqm,fqmk->fk", slopes, every.jets[side, test]))

    def _terms(self, every: Facing, inside: Assembled) -> Terms:
        """What holds on faces of a state that is zero."""
        flux, columns = self.discrete.flux, self.discrete.columns
        found = traces(flux, every, columns, np.zeros(columns.width, inside.residual.dtype))
        return standing(flux, found, inside.constants)

    def _lifted(self, fan: Fan, group: Group, jets: Array, value: Array, ends: Array) -> Array:
        """∮ (a ∇s·n) g (F, K) for g (F, q). Where a face begins at the point, g is taken there apart: (a ∇s·n) is like
        r^(λ - 1)."""
        side = group.sides[0]
        outward = fan.conductivity(side.cell)[:, None, None] * side.normals
        through = np.einsum("fqd,fqdk->fqk", outward, jets[:, :, 1:])
        first = np.where(np.isfinite(ends[:, 0, 0]), value[:, 0], 0.0)
        rest = np.einsum("fq,fqk->fk", group.weights * (value - first[:, None]), through)
        if not np.any(first):
            return np.asarray(rest)
        # r^(λ - 1) (α log r + β) up to r = L is L^λ / λ (α log L + β - α / λ)
        last = np.where(np.isfinite(ends), ends, group.points[:, -1:])[:, 1]
        numbers, away = fan.own(side.cell), last - fan.points(side.cell)
        powers = np.where((numbers >= 0) & ~fan.fixed[numbers], fan.trial.powers[numbers], 1.0)
        at_end, nearer = (
            np.einsum("fd,fdk->fk", outward[:, 0], fan.jets(side.cell, (last - part * away)[:, None])[:, 0, 1:])
            for part in (0.0, 1 - np.exp(-1))
        )
        alpha = at_end - nearer * np.exp(powers - 1)
        lengths = np.linalg.norm(away, axis=1)
        return np.asarray(rest + (first * lengths)[:, None] * (at_end - alpha / powers) / powers)

    @staticmethod
    def _load(load: Array, numbers: Array, values: Array) -> None:
        kept = numbers >= 0
        np.add.at(load, numbers[kept], values[kept])

    def _in_cells(self, equation: FluxEquation, holds: Array, load: Array) -> None:
        """Terms of lower order, and what drives the equation."""
        felt = sorted({jet.unknown for jet in equation.rest.jets.values()} | {equation.test})
        theirs = [fan for fan in self.fans if fan.unknown in felt]
        if not theirs:
            return
        held = holds & np.any([fan.around.vertex >= 0 for fan in theirs], axis=0)
        for cell, points, weights in self._rules(theirs, np.flatnonzero(held)):
            at = {k: np.zeros((weights.size, 3), load.dtype) for k in felt}
            [rest] = localised(self.discrete.flux.form, [equation.rest], points.reshape(-1, 2), None, at)
            driven = equation.sign * weights * rest.value.reshape(weights.shape)
            for fan in theirs:
                if fan.unknown == equation.test:
                    values = fan.jets(cell, points)[:, :, 0]
                    self._load(load, fan.numbers(cell), np.einsum("cq,cqk->ck", driven, values))
                    sources = fan.sources(cell)
                    if np.any(sources):
                        functions = self._functions(fan.unknown, cell, points)
                        self._constant(fan.numbers(cell), sources[:, None] * weights[..., None], functions)
            for unknown, by in rest.slopes.items():
                if np.any(by[:, 0]):
                    slopes = np.zeros((*weights.shape, 3, 3), by.dtype)
                    slopes[..., 0, 0] = equation.sign * weights * by[:, 0].reshape(weights.shape)
                    functions = self._functions(unknown, cell, points)
                    self._tested(self._functions(equation.test, cell, points), slopes, functions)

    def _rules(self, theirs: Sequence[Fan], numbers: Array) -> Iterator[tuple[Array, Array, Array]]:
        """The quadrature in cells of these numbers, those together (C,) that have as many points (C, q, 2), with
        weights (C, q): graded where they touch a singular point."""
        volume, degree = self.discrete.tessellation.volume, _degree(self.discrete)
        box = np.full(len(self.discrete.tessellation.cells), -1)
        box[self.cover.cell] = np.arange(len(self.cover.cell))
        corners = self.cover.corners
        found: dict[int, list[tuple[int, Array, Array]]] = {}
        for number in numbers:
            cell = np.array([number])
            points = np.concatenate([fan.points(cell) for fan in theirs])
            point = points[np.isfinite(points[:, 0])][0]
            rule = _graded_cell(corners[box[number]], point, degree)
            if rule is None:
                at = slice(*volume.starts[number : number + 2])
                rule = volume.points[at], volume.weights[at]
            found.setdefault(len(rule[1]), []).append((int(number), *rule))
        for each in found.values():
            cells, points_, weights = zip(*each, strict=True)
            yield np.array(cells), np.stack(points_), np.stack(weights)


def _degree(discrete: Discrete) -> int:
    """The highest of bases."""
    size = max(family.size for family in discrete.columns.families)
    return int(np.ceil((np.sqrt(8 * size + 1) - 3) / 2))


def _taken(every: Facing, kept: Array) -> Facing:
    """Some of the faces, by their numbers."""
    group = every.group
    sides = tuple(
        replace(each, cell=each.cell[kept], points=each.points[kept], normals=each.normals[kept])
        for each in group.sides
    )
    some = replace(group, points=group.points[kept], weights=group.weights[kept], sides=sides)
    return Facing(some, every.slots, {key: jets[kept] for key, jets in every.jets.items()})


@cache
def _gauss(degree: int) -> tuple[Array, Array, Array, Array]:
    """Shares r and weights along a way from a point, so that they are dense there, and others across it, of [0, 1]."""
    t, along = np.polynomial.legendre.leggauss(GRADED * (degree + 4) // 2 + 6)
    s, across = np.polynomial.legendre.leggauss(degree + 4)
    t = (1 + t) / 2
    return t**GRADED, GRADED * t ** (GRADED - 1) * along / 2, (1 + s) / 2, across / 2


def _graded_cell(corners: Array, point: Array, degree: int) -> tuple[Array, Array] | None:
    """A rule on a convex cell with corners (K, 2), in triangles from a point on its boundary, dense there; None where
    the point is not on it."""
    middle = corners.mean(axis=0)
    ring = corners[np.argsort(np.arctan2(*(corners - middle).T[::-1]))]
    slack = 1e-9 * np.max(np.linalg.norm(ring - middle, axis=1)) ** 2
    one, other = ring - point, np.roll(ring, -1, axis=0) - point
    areas = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    flat = np.abs(areas) <= slack
    if not np.any(flat & (np.einsum("kd,kd->k", one, other) <= slack)):
        return None
    share, along, s, across = _gauss(degree)
    ways = one[~flat, None] + s[:, None] * (other - one)[~flat, None]
    points = point + share[:, None, None, None] * ways
    weights = (share * along)[:, None, None] * areas[~flat, None] * across
    return points.reshape(-1, 2), weights.ravel()


def _graded_faces(group: Group, near: Array, points: Array, discrete: Discrete) -> tuple[Group, Array]:
    """Some faces of a group on walls, with rules that are dense at the singular points (F, 2) on them, and the ends (F,
    2, 2) of those that begin at one; infinite where they do not."""
    share, along, *_ = _gauss(_degree(discrete))
    one, other = np.swapaxes(group.ends[near], 0, 1)
    away = [np.linalg.norm(each - points, axis=1) for each in (one, other)]
    swapped = away[0] > away[1]
    begin, end = np.where(swapped[:, None], other, one), np.where(swapped[:, None], one, other)
    length = np.linalg.norm(end - begin, axis=1)
    at = begin[:, None] + share[:, None] * (end - begin)[:, None]
    side = group.sides[0]
    normals = np.broadcast_to(side.normals[near, :1], at.shape)
    size = np.linalg.norm(discrete.tessellation.cells.axes[side.cell[near]], axis=(1, 2))
    inner = replace(side, cell=side.cell[near], points=at - INWARD * size[:, None, None] * normals, normals=normals)
    starts = np.min(away, axis=0) <= 1e-9 * length
    ends = np.where(starts[:, None, None], np.stack([begin, end], axis=1), np.inf)
    return Group(at, length[:, None] * along, (inner,), group.rows), ends
