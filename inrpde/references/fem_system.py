"""The discrete equations of a problem on one mesh, and their solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import csr_array, diags_array

from inrpde.declaration.integral import RegionIntegral
from inrpde.references.equations import Equation
from inrpde.references.factors import Factors, ignores
from inrpde.references.fem_assembly import Assembly, Forms
from inrpde.references.fem_faces import Faces
from inrpde.references.fem_spaces import Spaces
from inrpde.references.fem_values import functions
from inrpde.references.fem_walls import Row, walls_of
from inrpde.references.newton import Diverged, continued, newton
from inrpde.references.reference import Refusal, Unsupported
from inrpde.references.steady import SINGULAR
from inrpde.references.terms import Integral
from inrpde.references.two_level import TwoLevel
from inrpde.references.weak_form import Array, State

DIRECT = 12_000
"""Equations in space that are solved directly, at most: those of fewer take less time so."""


@dataclass(frozen=True, eq=False)
class Gauge:
    """A number that a state must have, `row` · u + `known` = 0: a mean, an integral, or a value at a point. Its
    multiplier is added to the equation of an unknown; it vanishes where the problem has a solution."""

    row: Array
    known: complex
    unknown: int
    text: str


class FemSystem:
    """R(y) = 0 for the numbers y of the functions that obey the conditions on values, and the gauges' multipliers."""

    def __init__(self, forms: Forms, rows: Sequence[Row], spaces: Spaces):
        self.forms, self.spaces = forms, spaces
        walls = walls_of(forms, spaces, rows)
        self.volume, self.faces = Assembly(forms, spaces), Faces(forms, spaces, walls)
        self.functions = functions(forms, spaces, walls)
        self.gauges = [gauge(forms, spaces, e) for e in (*forms.equations.numbers, *forms.equations.points)]
        basis = self.functions.basis
        self._rows = [basis.T @ gauge.row for gauge in self.gauges]
        self._columns = [basis.T @ spaces.measures(gauge.unknown) for gauge in self.gauges]
        scales = np.concatenate(
            [np.full(n, factor) for n, factor in zip(np.diff(spaces.offsets), self.faces.scales, strict=True)]
        )
        self._test = csr_array(basis.conj().T @ diags_array(scales))

    @property
    def linear(self) -> bool:
        return self.forms.linear and all(wall_row.term.linear for wall in self.faces.walls for wall_row in wall.rows)

    def state(self, numbers: Array) -> Array:
        """The values of the unknowns, from those of the functions."""
        return self.functions.start + self.functions.basis @ numbers[: self.functions.basis.shape[1]]

    def numbers(self, state: Array) -> Array:
        """Those of the functions nearest to a state, and no multipliers."""
        near = self.functions.basis.conj().T @ (state - self.functions.start)
        return np.concatenate([near, np.zeros(len(self.gauges), near.dtype)])

    def tangent(self, numbers: Array) -> tuple[Array, csr_array]:
        """R(y) and its Jacobian."""
        state = self.state(numbers)
        residual, matrix = self.volume.tangent(state)
        more, faces = self.faces.tangent(state)
        core = csr_array(self._test @ (matrix + faces) @ self.functions.basis)
        rest = self._with_gauges(self._test @ (residual + more), numbers)
        if not self.gauges:
            return rest, core
        columns, rows = csr_array(np.stack(self._columns, axis=1)), csr_array(np.stack(self._rows))
        bordered = sparse.block_array([[core, columns], [rows, None]], format="csr")
        return rest, csr_array(bordered)

    def value(self, numbers: Array) -> Array:
        """R(y)."""
        state = self.state(numbers)
        return self._with_gauges(self._test @ (self.volume.residual(state) + self.faces.residual(state)), numbers)

    def _with_gauges(self, rest: Array, numbers: Array) -> Array:
        if not self.gauges:
            return rest
        state = self.state(numbers)
        fixed = np.array([gauge.row @ state + gauge.known for gauge in self.gauges])
        return np.concatenate([rest + np.stack(self._columns, axis=1) @ numbers[len(rest) :], fixed])

    def factorise(self, numbers: Array) -> tuple[Array, Factors | TwoLevel]:
        """R(y) and what solves for its Jacobian: its factors, or iterations where these would be large."""
        residual, matrix = self.tangent(numbers)
        if self._iterates(matrix.shape[0]):
            return residual, TwoLevel(matrix, self._coarse())
        core = matrix.shape[0] - len(self.gauges)
        pins = [int(np.argmax(np.abs(column))) for column in self._columns]
        return residual, Factors(matrix, core, pins)

    def _iterates(self, count: int) -> bool:
        same = set(self.spaces.degrees) == {2} and not self.gauges  # there is no pressure, nor a border
        return self.spaces.dim == 3 and same and count > DIRECT

    def _coarse(self) -> csr_array:
        """The numbers of functions whose elements are linear, (functions, vertices)."""
        basis = self.functions.basis
        count = len(self.spaces.degrees)
        corners = np.concatenate([self.spaces.vertices(unknown) for unknown in range(count)])
        at = csr_array(basis[corners])
        columns = np.flatnonzero(np.diff(at.tocsc().indptr))
        return csr_array(basis.conj().T @ self.spaces.linear[:, corners] @ at[:, columns])

    def solve(self, start: Array | None, check: bool) -> tuple[Array, float]:
        """The state, from a first one, and the relative error that rounding leaves in it. With `check` Unsupported is
        raised for a singular matrix."""
        first = self.numbers(self.functions.start if start is None else start)
        last: list[Factors | TwoLevel] = []
        if check:
            self._check_fixed(first)

        def factorise(numbers: Array) -> tuple[Array, Factors | TwoLevel]:
            residual, matrix = self.factorise(numbers)
            if check and not last and matrix.condition() > SINGULAR:
                what = "the discrete equations are singular: the conditions leave something open"
                raise Unsupported(what, Refusal.SINGULAR)
            last[:] = [matrix]
            return residual, matrix

        found = self._found(factorise, first)
        self.multipliers = found[self.functions.basis.shape[1] :]
        return self.state(found), last[0].rounding(found)

    def _found(self, factorise: Any, first: Array) -> Array:
        try:
            return newton(self.value, factorise, first, self.linear)
        except Diverged:
            pass
        try:
            return continued(self.value, factorise, first)
        except Diverged:
            what = "Newton's method does not converge, neither directly nor by continuation"
            raise Unsupported(what, Refusal.DIVERGED) from None

    def _check_fixed(self, numbers: Array) -> None:
        """Raise Unsupported where the equations do not feel a constant."""
        matrix = self.tangent(numbers)[1]
        for number, unknown in enumerate(self.forms.equations.unknowns):
            constant = self.functions.basis.conj().T @ self._ones(number)
            whole_ = self.functions.basis @ constant - self._ones(number)
            if not np.any(np.abs(whole_) > 1e-9) and ignores(matrix, np.append(constant, np.zeros(len(self.gauges)))):
                what = f"the discrete equations are singular: {unknown.declared} is fixed only up to a constant"
                raise Unsupported(what, Refusal.SINGULAR)

    def _ones(self, unknown: int) -> Array:
        spaces = self.spaces
        ones = np.zeros(spaces.size)
        ones[spaces.offsets[unknown] : spaces.offsets[unknown + 1]] = 1.0
        return np.where(spaces.alive, ones, 0.0)


def gauge(forms: Forms, spaces: Spaces, equation: Equation) -> Gauge:
    """Raises Unsupported for a condition on numbers or at points that is not linear in values or integrals."""
    term = forms.equations.term(equation)
    if not term.linear:
        raise Unsupported(f"{equation.text} is not linear")
    row: Array = np.zeros(spaces.size, spaces.dtype)
    known: Any
    if term.leaves:
        lo, hi = equation.region.bounds
        if np.any(hi > lo) or term.integrals or any(any(leaf.index) for leaf in term.leaves):
            raise Unsupported(f"{equation.text} is more than a value at a point")
        value, tangent = forms.evaluator(term, equation.part, State(lo[None], {}))
        for (unknown, _), slope in tangent.items():
            row += slope[0] * (spaces.probe(unknown, lo[None]).toarray()[0])
        return Gauge(row, value[0], min(term.unknowns), equation.text)
    integrals = [forms.equations.integrals[number] for number in sorted(term.integrals)]
    unknowns = set[int]()
    known, slopes = _numbers(forms, equation)
    for integral, factor in zip(integrals, slopes, strict=True):
        weights, more, used = _integral(forms, spaces, integral, equation)
        row = row + factor * weights
        known, unknowns = known + factor * more, unknowns | used
    return Gauge(row, known, min(unknowns), equation.text)


def _numbers(forms: Forms, equation: Equation) -> tuple[complex, list[complex]]:
    """A condition on integrals with all of them zero, and its derivatives by them, in the order of their numbers."""
    term = forms.equations.term(equation)
    env: dict[Any, Any] = dict.fromkeys(term.atoms, 0.0)
    value, *slopes = term.tangent(env)
    atoms = [term.atoms[symbol] for symbol in term.slopes]
    by_number = {atom.number: slope for atom, slope in zip(atoms, slopes, strict=True) if isinstance(atom, Integral)}
    return value, [by_number.get(number, 0.0) for number in sorted(term.integrals)]


def _integral(
    forms: Forms, spaces: Spaces, integral: RegionIntegral, equation: Equation
) -> tuple[Array, complex, set[int]]:
    """An integral as weights (size,) of a state, what it is for zero, and the unknowns in it."""
    term = forms.equations.lowering.term(integral.integrand, equation.text)
    region = integral.region
    middles = spaces.middles(np.arange(spaces.mesh.nelements))
    if region.dim < spaces.dim or not term.linear or any(any(leaf.index) for leaf in term.leaves):
        raise Unsupported(f"{equation.text} is more than the integral of a value over a volume")
    cells = np.flatnonzero(region.contains(middles))
    row: Array = np.zeros(spaces.size, spaces.dtype)
    known, size = 0.0, 0.0
    for patch in spaces.patches(cells):
        value, tangent = forms.evaluator(term, equation.part, State(patch.points.reshape(-1, spaces.dim), {}))
        known += float(np.sum(patch.weights.ravel() * value))
        size += float(np.sum(patch.weights))
        for (unknown, _), slope in tangent.items():
            shapes = patch.shapes[spaces.degrees[unknown]][:, 0]
            weights = np.broadcast_to(slope, patch.weights.size).reshape(patch.weights.shape) * patch.weights
            np.add.at(row, spaces.numbers(unknown, patch.cells), np.einsum("ckq,cq->ck", shapes, weights))
    if abs(size - region.measure) > 0.02 * region.measure:
        raise Unsupported(f"the mesh's cells do not make up {region.label}, over which an integral is taken")
    scale = 1 / size if integral.mean else 1.0
    return row * scale, known * scale, set(term.unknowns)
