"""Terms on a discretisation: the value at every point together with its sparse Jacobian by the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array
from sympy.core.function import AppliedUndef

from inrpde.declaration.fields import GridField, MeshField
from inrpde.declaration.space import Space
from inrpde.references.formula import Formula
from inrpde.references.stencils import Axis
from inrpde.references.terms import Atom, Datum, Difference, Index, Integral, Leaf, Term, switches

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
    def around(self, place: Place, offset: Sequence[float]) -> Array:
        """Points (N, axes) beside those of a place: 1 and -1 are the ends of the cell round each, along an axis."""

    def leaf(self, unknown: int, index: Index, time: int, place: Place) -> csr_array: ...
    def difference(self, axis: int, unknowns: frozenset[int], place: Place) -> tuple[csr_array, Place]: ...
    def unit(self, column: int, count: int) -> csr_array: ...


SAMPLES = {1: 64, 2: 8, 3: 4}
"""Points along each axis of a cell in which data jump."""


class Evaluator:
    """Evaluates terms by a scheme.

    Where data jump within the cell round a point a term is their mean: harmonic along the axis of a difference, for
    there the flux is continuous and the derivative is not, arithmetic across it.
    """

    def __init__(self, scheme: Scheme, space: Space, fields: Mapping[AppliedUndef, GridField | MeshField]):
        self.scheme, self.space, self.fields = scheme, space, fields
        self._data: dict[tuple, tuple[float, Array]] = {}
        self._cuts: dict[tuple, Array] = {}

    def value(self, term: Term, place: Place, state: Array, time: float = 0.0, along: int | None = None) -> Array:
        """The term at the points of a place, shape (N,); `along` is the axis along which its difference is taken."""
        env = self._coordinates(place, time)
        for symbol, atom in term.atoms.items():
            if isinstance(atom, Datum):
                env[symbol] = self._datum(atom, place, time)
            elif isinstance(atom, Difference):
                matrix, inner = self.scheme.difference(atom.axis, atom.term.unknowns, place)
                env[symbol] = matrix @ self.value(atom.term, inner, state, time, atom.axis)
            else:
                env[symbol] = self._matrix(atom, place) @ state
        return self._evaluated(term, term.value, env, place, along)[0]

    def tangent(
        self, term: Term, place: Place, state: Array, time: float = 0.0, along: int | None = None
    ) -> tuple[Array, csr_array]:
        """The term at the points of a place, (N,), and its Jacobian by the state, (N, width)."""
        env = self._coordinates(place, time)
        jacobians: dict[Any, csr_array] = {}
        for symbol, atom in term.atoms.items():
            if isinstance(atom, Datum):
                env[symbol] = self._datum(atom, place, time)
            elif isinstance(atom, Difference):
                matrix, inner = self.scheme.difference(atom.axis, atom.term.unknowns, place)
                value, jacobian = self.tangent(atom.term, inner, state, time, atom.axis)
                env[symbol], jacobians[symbol] = matrix @ value, matrix @ jacobian
            else:
                jacobians[symbol] = self._matrix(atom, place)
                env[symbol] = jacobians[symbol] @ state
        value, *slopes = self._evaluated(term, term.tangent, env, place, along)
        total = csr_array((place.size, self.scheme.width))
        for symbol, slope in zip(term.slopes, slopes, strict=True):
            total = total + scaled(jacobians[symbol], slope)
        return value, total

    def _evaluated(
        self, term: Term, formula: Formula, env: dict[Any, Any], place: Place, along: int | None
    ) -> list[Array]:
        """The values (N,) of a term's formula."""
        found = [np.array(np.broadcast_to(each, (place.size,))) for each in formula(env)]
        cut = self._cut(term, place)
        if len(cut):
            for k, (values, means) in enumerate(zip(found, self._means(term, env, place, cut, along), strict=False)):
                found[k] = values.astype(np.result_type(values, means))
                found[k][cut] = means
        return found

    def _cut(self, term: Term, place: Place) -> Array:
        """The points of a place in whose cells a term jumps."""
        key = (id(term), place.key)
        if key not in self._cuts:
            changes = np.zeros(place.size, bool)
            space = set(self.space.spatial)
            found = [g for g in switches(term.expr) if g.free_symbols and g.free_symbols <= space]
            if found:
                formula, corners = Formula(found, term.text), []
                for offset in product((-0.999, 0.999), repeat=len(self.space.spatial)):
                    points = self.scheme.around(place, offset)
                    values = formula(dict(zip(self.space.spatial, points.T, strict=True)))
                    corners.append([np.broadcast_to(each > 0, (place.size,)) for each in values])
                changes = np.any(np.any(corners, axis=0) & ~np.all(corners, axis=0), axis=0)
            self._cuts[key] = np.flatnonzero(changes)
        return self._cuts[key]

    def _means(self, term: Term, env: Mapping[Any, Any], place: Place, cut: Array, along: int | None) -> list[Array]:
        """The means of a term and its slopes in the cells of a place that are cut, (K,) each.

        A flux q = s u' + r that is constant along the axis satisfies mean(u') = q mean(1/s) - mean(r/s).
        """
        dim = len(self.space.spatial)
        here = {key: value[cut] if np.ndim(value) else value for key, value in env.items()}
        own = term.carrier(along) if along is not None else None
        offsets = (2 * np.arange(SAMPLES[dim]) + 1) / SAMPLES[dim] - 1
        sums: list[Array] = []
        for across in product(offsets, repeat=dim if own is None else dim - 1):
            inner = [across] if own is None else [(*across[:along], x, *across[along:]) for x in offsets]
            parts: list[Array] = []
            for offset in inner:
                here |= zip(self.space.spatial, self.scheme.around(place, offset)[cut].T, strict=True)
                value, *slopes = (np.broadcast_to(each, cut.shape) for each in term.tangent(here))
                parts = _added(parts, [value, *slopes] if own is None else _carried(term, own, value, slopes, here))
            if own is not None:
                mean, number = [part / len(inner) for part in parts], list(term.slopes).index(own)
                value = (here[own] + mean[0]) / mean[-1]
                parts = [value, *(part / mean[-1] for part in mean[1:-1])]
                parts[1 + number] = 1 / mean[-1]
            sums = _added(sums, parts)
        count = len(offsets) ** (dim if own is None else dim - 1)
        return [total / count for total in sums]

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


def _added(sums: list[Array], parts: Sequence[Array]) -> list[Array]:
    return [total + part for total, part in zip(sums, parts, strict=True)] if sums else list(parts)


def _carried(term: Term, own: Any, value: Array, slopes: Sequence[Array], env: Mapping[Any, Any]) -> list[Array]:
    """Of a flux s u' + r: r/s, the slopes over s, and 1/s."""
    with np.errstate(divide="ignore"):
        inverse = 1 / slopes[list(term.slopes).index(own)]
    rest = value - slopes[list(term.slopes).index(own)] * env[own]
    return [np.multiply(part, inverse, out=np.zeros_like(part * 1.0), where=part != 0) for part in (rest, *slopes)] + [
        inverse
    ]
