"""A problem in time on one mesh: equations R(t, y, y', y'') = 0 for the numbers of finite elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array
from sympy import diff

from inrpde.references.arrange import distinct
from inrpde.references.factors import Factors
from inrpde.references.fem_assembly import Assembly, Forms, lives
from inrpde.references.fem_faces import Faces
from inrpde.references.fem_spaces import Entries, Spaces, assembled, entries, middles
from inrpde.references.fem_values import Given, functions
from inrpde.references.fem_walls import Row, walls_of
from inrpde.references.frozen import knows_time
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Term
from inrpde.references.weak_form import Array, State

LIFTED = 32
"""Lifted values that are kept: those of the stages of a step, whose iterations ask for them again."""


class Part:
    """A part of the weak form, for states of values and rates: `residual` and `tangent`, and whether these depend on
    time by themselves (`known`), and the tangent on time or on the state (`varies`)."""

    def __init__(self, whole: Assembly | Faces, forms: Forms, terms: Sequence[Term]):
        self.whole, self.forms = whole, forms
        equations = forms.equations
        self.known = any(knows_time(term, equations) for term in terms)
        self.varies = any(not term.linear or knows_time(term, equations, slopes=True) for term in terms)
        self._zero: Array | None = None

    def residual(self, time: float, state: Array) -> Array:
        self.forms.evaluator.time = time
        if self.varies:
            return self.whole.residual(state)
        if self._zero is None or self.known:
            self._zero = self.whole.residual(np.zeros_like(state))
        return self._zero + self._matrix @ state

    def tangent(self, time: float, state: Array) -> csr_array:
        self.forms.evaluator.time = time
        return self.whole.tangent(state)[1] if self.varies else self._matrix

    @cached_property
    def _matrix(self) -> csr_array:
        spaces = self.whole.spaces
        return self.whole.tangent(np.zeros(spaces.size, spaces.dtype))[1]


class FemEvolution:
    """A `Motion` of the numbers y of functions that obey the conditions on values: `state` gives the unknowns' values.

    `orders` are those in time of the unknowns' equations, `middle` is a time at which coefficients are what they are at
    most times. Raises Unsupported where conditions do not serve.
    """

    def __init__(self, forms: Forms, rows: Sequence[Row], mesh: Any, degree: int, orders: Sequence[int], middle: float):
        equations, count = forms.equations, len(orders)
        self.forms, self.orders, self.order = forms, orders, max(orders)
        self.middle = forms.evaluator.time = middle
        degrees = tuple(degree if u in forms.second or orders[u] else degree - 1 for u in range(count))
        inside = middles(mesh, np.arange(mesh.nelements))
        domains = [lives(equations, unknown, inside) for unknown in range(count)]
        self.spaces = Spaces(mesh, degrees, domains, equations.complex)
        wide = Spaces(mesh, degrees * (1 + self.order), domains * (1 + self.order), equations.complex)
        walls = walls_of(forms, wide, rows)
        faces = Faces(forms, wide, walls)
        fluxes = [flux for form in forms.forms for flux in form.fluxes]
        flowing = [wall.rows[n].term for wall in walls for n in wall.flowing]
        self.parts = [
            Part(Assembly(forms, wide), forms, [*fluxes, *(form.rest for form in forms.forms)]),
            Part(faces, forms, [*fluxes, *flowing]),
        ]
        self.functions = functions(forms, self.spaces, walls)
        basis = self.functions.basis
        scales = np.repeat(faces.scales[:count], np.diff(self.spaces.offsets))
        self._test = csr_array(basis.conj().T @ diags_array(scales))
        self._values = [self._given(given) for given in self.functions.givens]
        self._lifted: dict[tuple[int, float], Array] = {}
        self._rest: Array | None = None
        owner = np.repeat(np.arange(count), np.diff(self.spaces.offsets))
        columns = basis.tocsc()
        owners = owner[columns.indices[columns.indptr[:-1]]]
        self.second = np.isin(owners, [u for u in range(count) if orders[u] == 2])
        self.groups: Sequence[Array] = [np.flatnonzero(owners == u) for u in range(count) if orders[u]]

    @property
    def fixed(self) -> bool:
        return not any(part.varies for part in self.parts)

    @property
    def size(self) -> int:
        return int(self.spaces.size)

    def state(self, time: float, level: Array, order: int = 0) -> Array:
        """The values of the unknowns, or of their derivatives of an order in time."""
        return self._lift(time, order) + self.functions.basis @ level

    def residual(self, time: float, levels: Sequence[Array]) -> Array:
        """R, as `Motion`."""
        if self.fixed:
            parts = [matrix @ level for matrix, level in zip(self._matrices, levels, strict=True)]
            return sum(parts, self._load(time))
        return self._tested(time, self._state(time, levels))

    def tangents(self, time: float, levels: Sequence[Array]) -> list[csr_array]:
        """The derivatives of R by each of the levels."""
        if self.fixed:
            return self._matrices
        return self._derivatives(time, self._state(time, levels))

    @cached_property
    def _matrices(self) -> list[csr_array]:
        return self._derivatives(self.middle, np.zeros((1 + self.order) * self.size, self.spaces.dtype))

    def _derivatives(self, time: float, state: Array) -> list[csr_array]:
        total = sum(part.tangent(time, state) for part in self.parts)[: self.size]
        ends = (self.size * np.arange(2 + self.order)).tolist()
        return [csr_array(self._test @ total[:, a:b] @ self.functions.basis) for a, b in pairwise(ends)]

    def _load(self, time: float) -> Array:
        """R without the functions, where all is linear."""
        if self._rest is None or self._moves or any(part.known for part in self.parts):
            state = np.concatenate([self._lift(time, order) for order in range(1 + self.order)])
            self._rest = self._tested(time, state)
        return self._rest

    def _tested(self, time: float, state: Array) -> Array:
        volume, faces = (part.residual(time, state) for part in self.parts)
        return self._test @ (volume + faces)[: self.size]

    def _state(self, time: float, levels: Sequence[Array]) -> Array:
        return np.concatenate([self.state(time, level, order) for order, level in enumerate(levels)])

    # -- what conditions give

    def _given(self, given: Given) -> Callable[[float, int], Array]:
        """The values that a condition gives at its points, and their derivatives, of a time and an order."""
        equations, row = self.forms.equations, given.row
        if knows_time(row.term, equations, slopes=True):
            raise Unsupported(f"{row.text} has a coefficient that changes in time")
        if not knows_time(row.term, equations):
            return lambda time, order: np.zeros_like(given.values) if order else given.values
        exprs = [diff(row.equation.expr, equations.space.time, k) for k in range(1 + self.order)]
        terms = [row.term, *(equations.lowering.term(expr, row.text) for expr in exprs[1:])]
        normals = given.patch.normals * given.wall.signs[given.number][:, None, None]
        dim = self.spaces.dim
        at = State(given.patch.points.reshape(-1, dim), {}, normals.reshape(-1, dim))

        def values(time: float, order: int) -> Array:
            self.forms.evaluator.time = time
            return -self.forms.evaluator(terms[order], row.equation.part, at)[0]

        return values

    def _lift(self, time: float, order: int) -> Array:
        """The state that obeys the conditions on values, where functions are zero, and its derivatives."""
        key = order, time if self._moves else 0.0
        if key not in self._lifted:
            if len(self._lifted) >= LIFTED:
                self._lifted.clear()
            self._lifted[key] = self.functions.lifted([values(time, order) for values in self._values])
        return self._lifted[key]

    @cached_property
    def _moves(self) -> bool:
        return any(knows_time(given.row.term, self.forms.equations) for given in self.functions.givens)

    # -- the start

    def initial(self, time: float) -> list[Array]:
        """The levels at the start: y, and y' where the order is 2, as near as functions can be to what conditions at
        the start give. Raises Unsupported where these are too few."""
        starts = Starts(self.forms, self.orders)
        loads: list[Array] = [np.zeros(self.size, self.spaces.dtype) for _ in range(self.order)]
        mass: list[Entries] = []
        self.forms.evaluator.time = time
        for patch in self.spaces.patches(np.arange(self.spaces.mesh.nelements)):
            given = starts.at(patch.points.reshape(-1, self.spaces.dim))
            for unknown, domain in enumerate(self.spaces.domains):
                own = np.flatnonzero(domain[patch.cells])
                shapes, weights = patch.shapes[self.spaces.degrees[unknown]][own, 0], patch.weights[own]
                numbers = self.spaces.numbers(unknown, patch.cells[own])
                weighted = shapes * weights[:, None]
                mass.append(entries(numbers, numbers, weighted @ np.swapaxes(shapes, 1, 2)))
                for order in range(self.orders[unknown]):
                    values = given[unknown, order].reshape(patch.weights.shape)[own]
                    np.add.at(loads[order], numbers, np.einsum("ckq,cq->ck", weighted, values))
        basis, matrix = self.functions.basis, assembled(mass, self.size)
        factors = Factors(csr_array(basis.conj().T @ matrix @ basis))
        return [
            factors.solve(basis.conj().T @ (load - matrix @ self._lift(time, order)))
            for order, load in enumerate(loads)
        ]


class Starts:
    """What conditions at the start give: values, and rates where an equation is of second order in time."""

    def __init__(self, forms: Forms, orders: Sequence[int]):
        self.forms, self.orders = forms, orders
        equations = forms.equations
        self.wanted = [(unknown, order) for unknown, most in enumerate(orders) for order in range(most)]
        self.rows = [(equation, equations.term(equation)) for equation in equations.initial]
        for _, term in self.rows:
            if any(any(leaf.index) for leaf in term.leaves):
                raise Unsupported(f"{term.text} gives a derivative in space")

    def at(self, points: Array) -> dict[tuple[int, int], Array]:
        """Of each unknown and order the values (N,) at points (N, d); zero where the unknown does not live. The
        evaluator's time is the start. Raises Unsupported where conditions do not give them."""
        equations, count = self.forms.equations, len(self.orders)
        dtype = complex if equations.complex else float
        found = {key: np.zeros(len(points), dtype) for key in self.wanted}
        holding = np.array([equation.region.contains(points) for equation, _ in self.rows])
        living = np.array([lives(equations, unknown, points) for unknown in range(count)])
        signatures, kinds = distinct(np.vstack([holding, living]))
        for kind, signature in enumerate(signatures.T):
            here = np.flatnonzero(kinds == kind)
            keys = [key for key in self.wanted if signature[len(self.rows) + key[0]]]
            if not keys:
                continue
            matrix, known = self._equations(np.flatnonzero(signature[: len(self.rows)]), keys, points[here])
            try:
                solved = np.linalg.solve(matrix, -known[..., None])[..., 0]
            except np.linalg.LinAlgError:
                raise Unsupported("the initial conditions do not determine the initial values") from None
            for key, values in zip(keys, solved.T, strict=True):
                found[key][here] = values
        return found

    def _equations(self, numbers: Array, keys: Sequence[tuple[int, int]], points: Array) -> tuple[Array, Array]:
        """Matrices (N, K, K) and what is known (N, K) of the first conditions that give something else each."""
        count = len(self.orders)
        rows, known, open_ = [], [], set(keys)
        for number in numbers.tolist():
            equation, term = self.rows[number]
            own = {(leaf.unknown % count, leaf.unknown // count) for leaf in term.leaves}
            if not own & open_ or not own <= set(keys):
                continue
            open_ -= {max(own & open_, key=lambda key: key[1])}
            value, tangent = self.forms.evaluator(term, equation.part, State(points, {}))
            slopes = [tangent.get((unknown + count * order, 0), 0.0) for unknown, order in keys]
            rows.append(np.stack([np.broadcast_to(slope, len(points)) for slope in slopes], axis=1))
            known.append(value)
        if open_:
            what = "too few initial conditions: as many as there are derivatives in time, everywhere, are needed"
            raise Unsupported(what)
        return np.stack(rows, axis=1), np.stack(known, axis=1)
