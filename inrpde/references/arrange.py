"""Which equation holds in place of which value of the state: conditions come before the volume's equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sympy import Expr, Integer

from inrpde.declaration.regions import Region
from inrpde.references.equations import Equation, Equations, spread
from inrpde.references.grid import Grid, Lattice
from inrpde.references.layout import Flow, pair_volume
from inrpde.references.matching import match_faces
from inrpde.references.reference import Unsupported
from inrpde.references.system import Entry
from inrpde.references.terms import Term

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class PlaneCondition:
    """A condition on a plane of the grid, with the normal put in;

    `affinity` lists the unknowns that it may determine.
    """

    equation: Equation
    axis: int
    position: int
    term: Term
    affinity: tuple[int, ...]

    @property
    def differential(self) -> bool:
        return any(any(leaf.index) for leaf in self.term.leaves)


class Arrangement:
    """Arranges the equations on a grid. Raises Unsupported where they are too many, too few or do not fit it."""

    def __init__(self, equations: Equations, grid: Grid, flow: Flow | None):
        self.equations, self.grid, self.flow = equations, grid, flow
        self.candidates = self._candidates()

    def entries(self) -> list[Entry]:
        """The entries that determine every value of every unknown."""
        groups: dict[tuple[bytes, ...], list[int]] = {}
        for unknown, lattice in enumerate(self.grid.lattices):
            groups.setdefault(lattice.key, []).append(unknown)
        entries = [entry for group in groups.values() for entry in self._group(group)]
        self._check_met(entries)
        return entries

    def _check_met(self, entries: Sequence[Entry]) -> None:
        """Raise Unsupported for a condition that is not imposed anywhere."""
        imposed = {id(entry.term) for entry in entries if len(entry.slots)}
        for equation, term in zip(self.equations.volume, self.equations.volume_terms, strict=True):
            if id(term) not in imposed:
                raise Unsupported(f"{equation.text} holds at no node of the grid")
        for candidate in self.candidates:
            if id(candidate.term) not in imposed:
                raise Unsupported(f"the grid has no value left that {candidate.equation.text} could determine")

    def coordinates(self, table: Array) -> Array:
        """Coordinates (N, d) of positions, at the middle of time."""
        return self.equations.lifted(np.column_stack([axis.at(table[:, k]) for k, axis in enumerate(self.grid.axes)]))

    def _candidates(self) -> list[PlaneCondition]:
        """Every face condition on every plane that it touches; those without derivatives first, then plane by plane."""
        found = []
        planes = self.planes()
        for equation in self.equations.faces:
            self._check_flat(equation, planes)
            for axis, position in planes:
                sign = self._normal_sign(equation.region, axis, position)
                if sign:
                    term = self.equations.term(equation, self.normal(axis, sign))
                    found.append(PlaneCondition(equation, axis, position, term, likeliest(term, axis)))
        return sorted(found, key=lambda candidate: (candidate.differential, candidate.axis, candidate.position))

    def planes(self) -> list[tuple[int, int]]:
        """The axis and the position of every plane in which an unknown's box ends."""
        return [
            (axis, position)
            for axis, line in enumerate(self.grid.axes)
            if not line.periodic
            for position in sorted(
                {int(p) for each in self.grid.lattices for p in each.positions[axis][[0, -1]] if p % 2 == 0}
            )
        ]

    def normal(self, axis: int, sign: int) -> dict[Expr, Expr]:
        """The components of the normal that points up (1) or down an axis (-1), as a substitution."""
        return {n: Integer(sign if k == axis else 0) for k, n in enumerate(self.equations.space.normal)}

    def _check_flat(self, equation: Equation, planes: Sequence[tuple[int, int]]) -> None:
        """Raise Unsupported unless points of a condition's region all lie in the planes."""
        points = spread(equation.region)
        flat = np.zeros(len(points), bool)
        for axis, position in planes:
            on = np.abs(points[:, axis] - self.grid.axes[axis].at(position)) <= equation.region.tolerance
            if np.any(on) and not self._normal_sign(equation.region, axis, position):
                raise Unsupported(f"{equation.text} holds at no node of the grid")
            flat |= on
        if not np.all(flat):
            raise Unsupported(f"{equation.text} holds where the grid has no face")

    def _normal_sign(self, region: Region, axis: int, position: int) -> int:
        """±1: the direction of a surface's normal on a plane; 0 where the surface does not touch the plane."""
        for lattice in self.grid.lattices:
            table = lattice.replace(axis, np.array([position])).table
            points = self.coordinates(table[self._on_face(region, lattice, table, axis)])
            if not len(points):
                continue
            if position in (0, self.grid.axes[axis].end):
                return 1 if position else -1
            for piece in region.pieces:
                on = points[piece.chart.covers(points, region.tolerance)]
                normals = piece.normals(on[piece.kept(on)]) if len(on) else None
                if normals is not None and np.any(np.abs(normals[:, axis]) > 0.9):
                    return int(np.sign(normals[np.abs(normals[:, axis]) > 0.9][0, axis]))
        return 0

    def _on_face(self, region: Region, lattice: Lattice, table: Array, axis: int) -> Array:
        """Which positions (N, axes) on a plane normal to `axis` belong to a surface;

        Edges are judged a little inside the plane.
        """
        moved = table.astype(float)
        for k, (line, own) in enumerate(zip(self.grid.axes, lattice.positions, strict=True)):
            if k != axis and not line.periodic:
                moved[:, k] = np.clip(moved[:, k], own[0] + 1e-6 * line.end, own[-1] - 1e-6 * line.end)
        return region.contains(self.coordinates(moved))

    def _group(self, group: Sequence[int]) -> list[Entry]:
        """The entries of the unknowns on one lattice, from the conditions that are active at each of its points."""
        lattice = self.grid.lattices[group[0]]
        table = lattice.table
        alive = np.array([self._lives(unknown, table) for unknown in range(len(self.grid.lattices))])
        active = np.array([equation.region.contains(self.coordinates(table)) for equation in self.equations.volume])
        on = np.zeros((len(self.candidates), len(table)), bool)
        for number, candidate in enumerate(self.candidates):
            here = np.flatnonzero(table[:, candidate.axis] == candidate.position)
            on[number, here] = self._on_face(candidate.equation.region, lattice, table[here], candidate.axis)
        signatures, kinds = distinct(np.vstack([alive, active, on]))
        rows = {unknown: np.zeros(len(table), int) for unknown in group}
        left: list[tuple[int, Array]] = []
        for number, signature in enumerate(signatures.T):
            here = np.flatnonzero(kinds == number)
            parts = np.split(signature, [len(alive), len(alive) + len(active)])
            living, holding, conditions = (np.flatnonzero(part).tolist() for part in parts)
            conditions = self._once(conditions)
            owner = match_faces([[u for u in self.candidates[c].affinity if u in living] for c in conditions])
            self._check_enough(conditions, group)
            if np.any(np.ptp(table[here], axis=0) == 0):
                # parts of the volume that meet in a plane both hold there: the earlier one is kept
                holding = holding[: len(living)]
            pairs = self._pairs(living, holding) if not set(group) <= set(owner) else {}
            for unknown in group:
                rows[unknown][here] = conditions[owner[unknown]] if unknown in owner else -1 - pairs[unknown]
            if len({self.candidates[c].axis for c in conditions}) == 1:
                left += [(c, here) for n, c in enumerate(conditions) if n not in owner.values()]
        places = {unknown: np.arange(len(table)) for unknown in group}
        for number, here in left:
            self._to_neighbours(self.candidates[number], number, here, group, rows, places)
        return [
            self._entry(unknown, int(row), places[unknown], np.flatnonzero(rows[unknown] == row))
            for unknown in group
            for row in np.unique(rows[unknown])
        ]

    def _once(self, conditions: list[int]) -> list[int]:
        """At an edge, where planes meet, a condition without derivatives counts once."""
        kept: dict[object, int] = {}
        for number in conditions:
            candidate = self.candidates[number]
            kept.setdefault(number if candidate.differential else candidate.equation, number)
        return list(kept.values())

    def _lives(self, unknown: int, table: Array) -> Array:
        inside = np.ones(len(table), bool)
        for k, (line, own) in enumerate(zip(self.grid.axes, self.grid.lattices[unknown].positions, strict=True)):
            margin = own[0] % 2
            if not line.periodic:
                inside &= (table[:, k] >= own[0] - margin) & (table[:, k] <= own[-1] + margin)
        return inside

    def _pairs(self, living: list[int], holding: list[int]) -> dict[int, int]:
        """{unknown: number of its volume equation}, among the unknowns and the equations at a point."""
        pairs = pair_volume([self.equations.volume_terms[n] for n in holding], living, self.flow)
        return {unknown: holding[n] for unknown, n in pairs.items()}

    def _check_enough(self, conditions: list[int], group: Sequence[int]) -> None:
        """Raise Unsupported where a wall, away from edges, has fewer conditions than half the equations' order."""
        on = [self.candidates[c] for c in conditions]
        if len({candidate.axis for candidate in on}) != 1:
            return
        for unknown in group:
            order = max(term.order(unknown, on[0].axis) for term in self.equations.volume_terms)
            there = sum(unknown in candidate.affinity for candidate in on)
            if order >= 4 and 2 * there < order:
                name = self.equations.unknowns[unknown].name
                raise Unsupported(f"{there} conditions on {name} where equations of order {order} need {order // 2}")

    def _to_neighbours(
        self,
        candidate: PlaneCondition,
        number: int,
        here: Array,
        group: Sequence[int],
        rows: dict[int, Array],
        places: dict[int, Array],
    ) -> None:
        """A second condition on the same points replaces the volume's equation at their inner neighbours."""
        terms, axis = self.equations.volume_terms, candidate.axis
        high = [u for u in candidate.affinity if max(term.order(u, axis) for term in terms) > 2]
        if not high:
            raise Unsupported(f"{candidate.equation.text} is one condition too many on that part of the boundary")
        if high[0] not in group:
            return
        lattice, unknown = self.grid.lattices[high[0]], high[0]
        own = lattice.positions[axis]
        neighbours = lattice.table[here].copy()
        neighbours[:, axis] = own[1] if candidate.position == own[0] else own[-2]
        slots = lattice.find(neighbours)
        free = rows[unknown][slots] < 0
        rows[unknown][slots[free]] = number
        places[unknown][slots[free]] = here[free]

    def _entry(self, unknown: int, row: int, places: Array, slots: Array) -> Entry:
        lattice = self.grid.lattices[unknown]
        wanted = lattice.table[places[slots]]
        place = Lattice(tuple(np.unique(column) for column in wanted.T))
        volume = row < 0
        equation = self.equations.volume[-1 - row] if volume else self.candidates[row].equation
        term = self.equations.volume_terms[-1 - row] if volume else self.candidates[row].term
        start = self.grid.offsets[unknown]
        return Entry(term, place, place.find(wanted), slots + start, equation.part, unknown, volume)


def distinct(flags: Array) -> tuple[Array, Array]:
    """The distinct columns of a boolean matrix (K, N), and the number of each column among them (N,)."""
    words = [(1 << np.arange(len(part))) @ part for part in np.array_split(flags, -(-len(flags) // 60))]
    _, first, numbers = np.unique(
        words[0] if len(words) == 1 else np.array(words), axis=-1, return_index=True, return_inverse=True
    )
    return flags[:, first], numbers.ravel()


def likeliest(term: Term, axis: int) -> tuple[int, ...]:
    """The unknowns that a condition may determine, those with the highest derivative across the face first."""
    return tuple(sorted(term.unknowns, key=lambda unknown: (-term.order(unknown, axis), unknown)))
