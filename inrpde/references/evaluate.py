"""Terms on a discretisation: the value at every point together with its sparse Jacobian by the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array
from sympy.core.function import AppliedUndef

from inrpde.declaration.fields import GridField, MeshField
from inrpde.declaration.space import Space
from inrpde.references.stencils import Axis
from inrpde.references.terms import Atom, Datum, Difference, Index, Integral, Leaf, Term

Array = np.ndarray
Place = Any
"""A set of points at which a discretisation can evaluate; it has a hashable `key` and a `size`."""


class Scheme(Protocol):
    """A discretisation.

    Its state holds the values of the unknowns, from `extra` on further numbers (integrals, then multipliers), `size`
    in all, and then as often the same of each time derivative: `width` numbers.
    """

    axes: tuple[Axis, ...]
    extra: int
    size: int
    width: int

    @property
    def mask(self) -> Array | None:
        """Which nodes of the axes lie in the region; None: all."""

    def block(self, unknown: int) -> slice:
        """Where the values of an unknown lie in the state."""

    def everywhere(self, unknown: int) -> Place:
        """The place of its values."""

    def at_nodes(self, unknown: int, state: Array) -> Array:
        """Its values at all nodes of the axes, NaN where it does not live."""

    def points(self, place: Place) -> Array: ...
    def leaf(self, unknown: int, index: Index, time: int, place: Place) -> csr_array: ...
    def difference(self, axis: int, unknowns: frozenset[int], place: Place) -> tuple[csr_array, Place]: ...
    def unit(self, column: int, count: int) -> csr_array: ...


class Evaluator:
    """Evaluates terms by a scheme."""

    def __init__(self, scheme: Scheme, space: Space, fields: Mapping[AppliedUndef, GridField | MeshField]):
        self.scheme, self.space, self.fields = scheme, space, fields
        self._data: dict[tuple, tuple[float, Array]] = {}

    def value(self, term: Term, place: Place, state: Array, time: float = 0.0) -> Array:
        """The term at the points of a place, shape (N,)."""
        env = self._coordinates(place, time)
        for symbol, atom in term.atoms.items():
            if isinstance(atom, Datum):
                env[symbol] = self._datum(atom, place, time)
            elif isinstance(atom, Difference):
                matrix, inner = self.scheme.difference(atom.axis, atom.term.unknowns, place)
                env[symbol] = matrix @ self.value(atom.term, inner, state, time)
            else:
                env[symbol] = self._matrix(atom, place) @ state
        return np.array(np.broadcast_to(term.value(env)[0], (place.size,)))

    def tangent(self, term: Term, place: Place, state: Array, time: float = 0.0) -> tuple[Array, csr_array]:
        """The term at the points of a place, (N,), and its Jacobian by the state, (N, width)."""
        env = self._coordinates(place, time)
        jacobians: dict[Any, csr_array] = {}
        for symbol, atom in term.atoms.items():
            if isinstance(atom, Datum):
                env[symbol] = self._datum(atom, place, time)
            elif isinstance(atom, Difference):
                matrix, inner = self.scheme.difference(atom.axis, atom.term.unknowns, place)
                value, jacobian = self.tangent(atom.term, inner, state, time)
                env[symbol], jacobians[symbol] = matrix @ value, matrix @ jacobian
            else:
                jacobians[symbol] = self._matrix(atom, place)
                env[symbol] = jacobians[symbol] @ state
        value, *slopes = term.tangent(env)
        total = csr_array((place.size, self.scheme.width))
        for symbol, slope in zip(term.slopes, slopes, strict=True):
            total = total + scaled(jacobians[symbol], slope)
        return np.array(np.broadcast_to(value, (place.size,))), total

    def _matrix(self, atom: Atom, place: Place) -> csr_array:
        if isinstance(atom, Leaf):
            return self.scheme.leaf(atom.unknown, atom.index, atom.time, place)
        assert isinstance(atom, Integral)
        return self.scheme.unit(self.scheme.extra + atom.number, place.size)

    def _coordinates(self, place: Place, time: float) -> dict[Any, Any]:
        env: dict[Any, Any] = dict(zip(self.space.spatial, self.scheme.points(place).T, strict=True))
        if self.space.time is not None:
            env[self.space.time] = time
        return env

    def _datum(self, atom: Datum, place: Place, time: float) -> Array:
        key = (atom, place.key)
        known = self._data.get(key)
        if known is None or known[0] != time:
            points = self.scheme.points(place)
            if self.space.time is not None:
                points = np.column_stack([points, np.full(len(points), time)])
            known = self._data[key] = time, self.fields[atom.field].jets(points, {atom.index})[atom.index]
        return known[1]


def scaled(matrix: csr_array, factors: Any) -> csr_array:
    """Every row times its factor (N,), or all by one number."""
    each = np.broadcast_to(factors, (matrix.shape[0],))
    return csr_array(
        (matrix.data * np.repeat(each, np.diff(matrix.indptr)), matrix.indices, matrix.indptr), shape=matrix.shape
    )
