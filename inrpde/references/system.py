"""The discrete equations R(z) = 0 of a problem on one grid, with their sparse Jacobian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csr_array

from inrpde.declaration.integral import RegionIntegral
from inrpde.references.arrange import Arrangement, Entry
from inrpde.references.equations import IMAGINARY, REAL, Equation, Equations
from inrpde.references.evaluate import Array, Evaluator
from inrpde.references.factors import Factors
from inrpde.references.grid import Grid, Lattice
from inrpde.references.layout import axes_of, find_flow, lattices_of
from inrpde.references.terms import Term, Unsupported


@dataclass(frozen=True, eq=False)
class Sum:
    """A part of an integral: the integrand at the points of a place, times weights."""

    term: Term
    place: Lattice
    weights: Array


class System:
    """A problem on a grid of `cells`: the rows follow the state (see `Grid`), one for each of its first `size` numbers.

    The extra numbers are the values of the integrals, each defined by a row, and one multiplier for each condition that
    fixes a number or a point: it is added to the volume equations of the unknown concerned, and vanishes with the step
    where the problem has a solution.
    """

    def __init__(self, equations: Equations, cells: Sequence[int], time_order: int = 0):
        self.equations = equations
        flow = find_flow(equations.volume_terms, len(equations.space.spatial), len(equations.unknowns))
        axes = axes_of(equations, cells)
        gauges = (*equations.numbers, *equations.points)
        self.integrals = tuple(equations.integrals)
        extra = len(self.integrals) + len(gauges)
        self.grid = Grid(axes, lattices_of(equations, axes, flow), extra, time_order)
        self.flow = flow
        self.arrangement = Arrangement(equations, self.grid, flow)
        self.evaluator = Evaluator(self.grid, equations.space, equations.fields)
        self.entries = self.arrangement.entries()
        self.first_multiplier = self.grid.extra + len(self.integrals)
        self.entries += [self._gauge(k, equation) for k, equation in enumerate(gauges)]
        self.sums = [self._sums(integral) for integral in self.integrals]
        self.multipliers = self._multiplier_columns()
        self.order = np.argsort(np.concatenate([*(entry.slots for entry in self.entries), self._integral_slots()]))

    @property
    def dtype(self) -> type:
        return complex if self.equations.complex else float

    @property
    def linear(self) -> bool:
        return all(entry.term.linear for entry in self.entries) and all(
            s.term.linear for parts in self.sums for s in parts
        )

    def value(self, state: Array, time: float = 0.0) -> Array:
        """R(z), shape (size,)."""
        values = []
        for entry in self.entries:
            value = self.evaluator.value(entry.term, entry.place, state, time)[entry.picks]
            values.append(self._part(value, entry.part))
        for number, parts in enumerate(self.sums):
            total = sum(s.weights @ self.evaluator.value(s.term, s.place, state, time) for s in parts)
            values.append(self._part(np.atleast_1d(state[self.grid.extra + number] - total), ""))
        return np.concatenate(values)[self.order] + self.multipliers @ state

    def tangent(self, state: Array, time: float = 0.0) -> tuple[Array, csr_array]:
        """R(z), (size,), and its Jacobian, (size, width)."""
        values, rows = [], []
        for entry in self.entries:
            value, jacobian = self.evaluator.tangent(entry.term, entry.place, state, time)
            values.append(self._part(value[entry.picks], entry.part))
            rows.append(self._part(jacobian[entry.picks], entry.part))
        for number, parts in enumerate(self.sums):
            total, jacobian = state[self.grid.extra + number], self.grid.unit(self.grid.extra + number, 1)
            for s in parts:
                value, inner = self.evaluator.tangent(s.term, s.place, state, time)
                total = total - s.weights @ value
                jacobian = jacobian - csr_array((s.weights @ inner)[None, :])
            values.append(self._part(np.atleast_1d(total), ""))
            rows.append(self._part(jacobian, ""))
        matrix = sparse.vstack(rows, format="csr")[self.order]
        return np.concatenate(values)[self.order] + self.multipliers @ state, csr_array(matrix + self.multipliers)

    def factorise(self, state: Array) -> tuple[Array, Factors]:
        """R(z) and the factors of its Jacobian by the values."""
        residual, jacobian = self.tangent(state)
        pins = [
            self._volume_slots(entry.unknown)[0] for entry in self.entries if entry.slots[0] >= self.first_multiplier
        ]
        return residual, Factors(jacobian[:, : self.grid.size].astype(self.dtype), self.grid.extra, pins)

    def _volume_slots(self, unknown: int) -> Array:
        return np.concatenate([entry.slots for entry in self.entries if entry.volume and entry.unknown == unknown])

    def _part(self, values: Array | csr_array, part: str) -> Array | csr_array:
        if part == IMAGINARY:
            return values.imag
        return values.real if part == REAL or not self.equations.complex else values

    # -- integrals, and conditions that fix a number

    def _integral_slots(self) -> Array:
        return self.grid.extra + np.arange(len(self.integrals))

    def _sums(self, integral: RegionIntegral) -> list[Sum]:
        region, space = integral.region, self.equations.space
        missing = space.dim - region.dim
        if missing == 0:
            sums = self._volume_sums(integral)
        elif missing == 1:
            sums = [s for axis in range(len(self.grid.axes)) for s in self._face_sums(integral, axis)]
        else:
            raise Unsupported(f"an integral over a set of {region.dim} dimensions ({region.label})")
        total = sum(s.weights.sum() for s in sums)
        if not total:
            raise Unsupported(f"the grid has no cell in {region.label}, over which an integral is taken")
        return [Sum(s.term, s.place, s.weights / total) for s in sums] if integral.mean else sums

    def _volume_sums(self, integral: RegionIntegral) -> list[Sum]:
        """The midpoint rule on the cells in the region."""
        middles = Lattice(tuple(np.arange(1, axis.end, 2) for axis in self.grid.axes))
        inside = integral.region.contains(self.arrangement.coordinates(middles.table))
        term = self.equations.lowering.term(integral.integrand, str(integral))
        return self._weighted(term, middles, inside, float(np.prod([axis.step for axis in self.grid.axes])))

    def _face_sums(self, integral: RegionIntegral, axis: int) -> list[Sum]:
        """The midpoint rule on the cells' sides in the region, on every plane normal to an axis."""
        sums = []
        for position in (0, self.grid.axes[axis].end):
            if self.grid.axes[axis].periodic:
                continue
            plane = Lattice(
                tuple(
                    np.array([position]) if k == axis else np.arange(1, a.end, 2) for k, a in enumerate(self.grid.axes)
                )
            )
            inside = integral.region.contains(self.arrangement.coordinates(plane.table))
            normal = {
                n: ((1 if position else -1) if k == axis else 0) for k, n in enumerate(self.equations.space.normal)
            }
            term = self.equations.lowering.term(integral.integrand.xreplace(normal), str(integral))
            area = float(np.prod([a.step for k, a in enumerate(self.grid.axes) if k != axis]))
            sums += self._weighted(term, plane, inside, area)
        return sums

    def _weighted(self, term: Term, lattice: Lattice, inside: Array, weight: float) -> list[Sum]:
        if not np.any(inside):
            return []
        chosen = lattice.table[inside]
        place = Lattice(tuple(np.unique(column) for column in chosen.T))
        weights = np.zeros(place.size)
        weights[place.find(chosen)] = weight
        return [Sum(term, place, weights)]

    def _gauge(self, number: int, equation: Equation) -> Entry:
        term = self.equations.term(equation)
        at = np.array([axis.lo for axis in self.grid.axes])
        if term.leaves:
            lo, hi = equation.region.bounds
            if np.any(hi[: len(at)] > lo[: len(at)]):
                raise Unsupported(f"{equation.text} holds at several points inside")
            at = lo[: len(at)]
        place = Lattice(tuple(np.array([axis.near(x)]) for axis, x in zip(self.grid.axes, at, strict=True)))
        fixed = term.unknowns.union(*(self._integrand_unknowns(n) for n in term.integrals))
        slot = np.array([self.first_multiplier + number])
        return Entry(term, place, np.array([0]), slot, equation.part, min(fixed), False)

    def _integrand_unknowns(self, number: int) -> frozenset[int]:
        return self.equations.lowering.term(self.integrals[number].integrand, "").unknowns

    def _multiplier_columns(self) -> csr_array:
        gauges = [entry for entry in self.entries if entry.slots[0] >= self.first_multiplier]
        rows = [self._volume_slots(gauge.unknown) for gauge in gauges]
        columns = [np.full(len(slots), gauge.slots[0]) for slots, gauge in zip(rows, gauges, strict=True)]
        row, column = (np.concatenate([np.empty(0, int), *each]) for each in (rows, columns))
        return csr_array((np.ones(len(row)), (row, column)), shape=(self.grid.size, self.grid.width))
