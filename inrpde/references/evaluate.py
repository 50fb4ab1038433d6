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
from inrpde.references.terms import Atom, Datum, Difference, Index, Integral, Leaf, Sought, Term, switches

Array = np.ndarray
Place = Any
"""A set of points at which a discretisation can evaluate; it has a hashable `key` and a `size`."""


class Parameters(Protocol):
    """What is sought, as numbers at the end of a state."""

    def matrix(self, sought: Sought, points: Array, key: Any, time: float, width: int) -> csr_array:
        """The matrix (N, width) that makes of a state a derivative of a learned field or number at points (N, axes) in
        space, of a place with that key, at a time."""


class Scheme(Protocol):
    """A discretisation.

    Its state holds the values of the unknowns, from `extra` on further numbers (integrals, then multipliers), `size`
    in all, then as often the same of each time derivative, and last the `parameters`, if there are any: `width`
    numbers.
    """

    axes: tuple[Axis, ...]
    extra: int
    size: int
    width: int

    @property
    def parameters(self) -> Parameters | None: ...
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
    def around(self, place: Place, offset: Sequence[float]) -> tuple[Array, Array]:
        """Points (N, axes) beside those of a place, 1 and -1 being the ends of the cell round each along an axis, and
        the measures (N,) of the parts of the cells in which they lie."""

    def leaf(self, unknown: int, index: Index, time: int, place: Place) -> csr_array: ...
    def difference(self, axis: int, unknowns: frozenset[int], place: Place) -> tuple[csr_array, Place]: ...
    def unit(self, column: int, count: int) -> csr_array: ...


SAMPLES = {1: 64, 2: 8, 3: 4}
"""Points along each axis of a cell in which data jump."""

SIDE = 1e-7
"""How far from a point its two sides are, in half steps."""


class Evaluator:
    """Evaluates terms by a scheme.

    Where data jump within the cell round a point a term is their mean: harmonic along the axis of a difference, for
    there the flux is continuous and the derivative is not, arithmetic across it. What holds at points (`at_points`) is
    the mean of both sides where it jumps at the point itself.
    """

    def __init__(self, scheme: Scheme, space: Space, fields: Mapping[AppliedUndef, GridField | MeshField]):
        self.scheme, self.space, self.fields = scheme, space, fields
        self._data: dict[tuple, tuple[float, Array]] = {}
        self._cuts: dict[tuple, Array] = {}
        self._beside: dict[tuple, Array] = {}

    def value(
        self,
        term: Term,
        place: Place,
        state: Array,
        time: float = 0.0,
        at_points: bool = False,
        along: int | None = None,
    ) -> Array:
        """The term at the points of a place, shape (N,); `along` is the axis along which its difference is taken."""
        env, offsets = self._coordinates(place, time), self._offsets(at_points)
        for symbol, atom in term.atoms.items():
            if isinstance(atom, Datum):
                env[symbol] = self._datum(atom, place, time)
            elif isinstance(atom, Difference):
                matrix, inner = self.scheme.difference(atom.axis, atom.term.unknowns, place)
                env[symbol] = matrix @ self.value(atom.term, inner, state, time, at_points, atom.axis)
            else:
                env[symbol] = self._matrix(atom, place, time) @ state
        return self._evaluated(term, term.value, env, place, offsets, along)[0]

    def tangent(
        self,
        term: Term,
        place: Place,
        state: Array,
        time: float = 0.0,
        at_points: bool = False,
        along: int | None = None,
        by_sought: bool = False,
    ) -> tuple[Array, csr_array]:
        """The term at the points of a place, (N,), and its Jacobian by the state, (N, width), or that by the parameters
        alone."""
        env, offsets = self._coordinates(place, time), self._offsets(at_points)
        jacobians: dict[Any, csr_array] = {}
        for symbol, atom in term.atoms.items():
            if isinstance(atom, Datum):
                env[symbol] = self._datum(atom, place, time)
            elif isinstance(atom, Difference) and by_sought and not atom.term.sought:
                matrix, inner = self.scheme.difference(atom.axis, atom.term.unknowns, place)
                env[symbol] = matrix @ self.value(atom.term, inner, state, time, at_points, atom.axis)
            elif isinstance(atom, Difference):
                matrix, inner = self.scheme.difference(atom.axis, atom.term.unknowns, place)
                value, jacobian = self.tangent(atom.term, inner, state, time, at_points, atom.axis, by_sought)
                env[symbol], jacobians[symbol] = matrix @ value, matrix @ jacobian
            else:
                found = self._matrix(atom, place, time)
                env[symbol] = found @ state
                if isinstance(atom, Sought) or not by_sought:
                    jacobians[symbol] = found
        value, *slopes = self._evaluated(term, term.tangent, env, place, offsets, along)
        total = csr_array((place.size, self.scheme.width))
        for symbol, slope in zip(term.slopes, slopes, strict=True):
            if symbol in jacobians:
                total = total + scaled(jacobians[symbol], slope)
        return value, total

    def _evaluated(
        self, term: Term, formula: Formula, env: dict[Any, Any], place: Place, offsets: Array, along: int | None
    ) -> list[Array]:
        """The values (N,) of a term's formula."""
        found = [np.array(np.broadcast_to(each, (place.size,))) for each in formula(env)]
        cut = self._cut(term, place, offsets)
        if len(cut):
            for k, (values, means) in enumerate(
                zip(found, self._means(term, env, place, cut, offsets, along), strict=False)
            ):
                found[k] = values.astype(np.result_type(values, means))
                found[k][cut] = means
        return found

    def _offsets(self, at_points: bool) -> Array:
        """Where along an axis of a cell a term that jumps is evaluated."""
        count = SAMPLES[len(self.space.spatial)]
        return np.array([-SIDE, SIDE]) if at_points else (2 * np.arange(count) + 1) / count - 1

    def _cut(self, term: Term, place: Place, offsets: Array) -> Array:
        """The points of a place in whose cells a term jumps."""
        key = (id(term), place.key, len(offsets))
        if key not in self._cuts:
            changes = np.zeros(place.size, bool)
            space = set(self.space.spatial)
            found = [g for g in switches(term.expr) if g.free_symbols and g.free_symbols <= space]
            stepped = self._stepped(term)
            if found or stepped:
                formula, corners, first = Formula(found, term.text), [], None
                for offset in product(offsets[[0, -1]], repeat=len(self.space.spatial)):
                    points, _ = self.scheme.around(place, offset)
                    values = formula(dict(zip(self.space.spatial, points.T, strict=True)))
                    corners.append([np.broadcast_to(each > 0, (place.size,)) for each in values])
                    data = np.array([self._at(atom, points) for atom in stepped.values()])
                    first = data if first is None else first
                    changes |= np.any(data != first, axis=0)
                changes |= np.any(np.any(corners, axis=0) & ~np.all(corners, axis=0), axis=0)
            self._cuts[key] = np.flatnonzero(changes)
        return self._cuts[key]

    def _means(
        self, term: Term, env: Mapping[Any, Any], place: Place, cut: Array, offsets: Array, along: int | None
    ) -> list[Array]:
        """The means of a term and its slopes in the cells of a place that are cut, (K,) each.

        A flux q = s u' + r that is constant along the axis satisfies mean(u') = q mean(1/s) - mean(r/s).
        """
        dim, space = len(self.space.spatial), self.space.spatial
        here = {key: value[cut] if np.ndim(value) else value for key, value in env.items()}
        own = term.carrier(along) if along is not None else None
        sums: list[Array] = []
        for across in product(offsets, repeat=dim if own is None else dim - 1):
            inner = [across] if own is None else [(*across[:along], x, *across[along:]) for x in offsets]
            parts: list[Array] = []
            for offset in inner:
                points, sizes = (each[cut] for each in self.scheme.around(place, offset))
                here |= zip(space, points.T, strict=True)
                here |= self._around(term, place, cut, offset, points)
                found = [np.broadcast_to(each, cut.shape) for each in term.tangent(here)]
                found = found if own is None else _carried(term, own, found, here)
                parts = _added(parts, [sizes * each for each in (*found, 1.0)])
            if own is not None:
                *means, inverse, total = parts
                means = [mean / inverse for mean in means]
                means[0] += total / inverse * here[own]
                means[1 + list(term.slopes).index(own)] = total / inverse
                parts = [*(total * mean for mean in means), total]
            sums = _added(sums, parts)
        return [each / sums[-1] for each in sums[:-1]]

    def _stepped(self, term: Term) -> dict[Any, Datum]:
        """The data in a term, by their symbols, that jump in space, and stay as they are."""
        data = {symbol: atom for symbol, atom in term.atoms.items() if isinstance(atom, Datum) and not any(atom.index)}
        fields = {symbol: self.fields[atom.field] for symbol, atom in data.items()}
        return {symbol: data[symbol] for symbol, field in fields.items() if field.steps and rests(self.space, field)}

    def _around(self, term: Term, place: Place, cut: Array, offset: tuple, points: Array) -> dict[Any, Array]:
        """The data of a term that jump at points within the cut cells round those of a place."""
        found = {}
        for symbol, atom in self._stepped(term).items():
            key = (atom, id(term), place.key, offset)
            if key not in self._beside:
                self._beside[key] = self._at(atom, points)
            found[symbol] = self._beside[key]
        return found

    def _at(self, atom: Datum, points: Array) -> Array:
        """Data that stay as they are at points (N, axes) in space."""
        if self.space.time is not None:
            points = np.column_stack([points, np.zeros(len(points))])
        return self.fields[atom.field].jets(points, {atom.index})[atom.index]

    def _matrix(self, atom: Atom, place: Place, time: float) -> csr_array:
        if isinstance(atom, Leaf):
            return self.scheme.leaf(atom.unknown, atom.index, atom.time, place)
        if isinstance(atom, Sought):
            assert self.scheme.parameters is not None
            return self.scheme.parameters.matrix(atom, self.scheme.points(place), place.key, time, self.scheme.width)
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


def rests(space: Space, field: GridField | MeshField) -> bool:
    """Does a field not vary in time?"""
    return space.time is None or isinstance(field, MeshField) or bool(np.all(field.values == field.values[..., :1]))


def scaled(matrix: csr_array, factors: Any) -> csr_array:
    """Every row times its factor (N,), or all by one number."""
    each = np.broadcast_to(factors, (matrix.shape[0],))
    return csr_array(
        (matrix.data * np.repeat(each, np.diff(matrix.indptr)), matrix.indices, matrix.indptr), shape=matrix.shape
    )


def _added(sums: list[Array], parts: Sequence[Array]) -> list[Array]:
    return [total + part for total, part in zip(sums, parts, strict=True)] if sums else list(parts)


def _carried(term: Term, own: Any, values: Sequence[Array], env: Mapping[Any, Any]) -> list[Array]:
    """Of a flux s u' + r and its slopes: r/s, the slopes over s, and 1/s."""
    value, *slopes = values
    slope = slopes[list(term.slopes).index(own)]
    with np.errstate(divide="ignore"):
        inverse = 1 / slope
    parts = [value - slope * env[own], *slopes]
    return [
        *(np.multiply(part, inverse, out=np.zeros_like(part * inverse), where=part != 0) for part in parts),
        inverse,
    ]
