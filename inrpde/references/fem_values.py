"""Values that conditions give on faces: the functions that obey them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from inrpde.references.fem_assembly import Forms
from inrpde.references.fem_faces import evaluated
from inrpde.references.fem_spaces import Patch, Spaces
from inrpde.references.fem_walls import Row, Wall
from inrpde.references.reference import Unsupported
from inrpde.references.weak_form import Array

PARALLEL = 1e-6
"""What is left of a condition beside others at the same place, of size 1, where it says the same."""


@dataclass(frozen=True, eq=False)
class Functions:
    """The states u = `start` + `basis` y that obey the conditions on values. These give, at points of `givens`, what
    `lift` takes to a state."""

    start: Array
    basis: csr_array
    lift: csr_array
    givens: tuple[Given, ...]

    def lifted(self, values: Sequence[Array]) -> Array:
        """The state that has these values at the points of each of the `givens`, and is zero elsewhere."""
        return self.lift @ np.concatenate([np.empty(0), *values])


@dataclass(frozen=True, eq=False)
class Given:
    """Condition `number` of a wall, which gives the `values` (N,) of what stands in it at the points of a patch."""

    wall: Wall
    number: int
    patch: Patch
    values: Array

    @property
    def row(self) -> Row:
        return self.wall.rows[self.number]


@dataclass(frozen=True, eq=False)
class _Conditions:
    """Conditions `coefficients` (M, unknowns) · u = known at the places `places` (M,) of elements of a degree, the
    earlier the stronger; `turns` (M,) is by how much the surface's normal turns along the facet."""

    places: Array
    coefficients: Array
    turns: Array


def functions(forms: Forms, spaces: Spaces, walls: Sequence[Wall]) -> Functions:
    """Raises Unsupported where a condition gives nothing, or ties unknowns that have no values in common places."""
    free = spaces.alive.copy()
    extra: list[tuple[Array, Array, Array]] = []
    lift: list[tuple[Array, Array, Array]] = []
    givens: list[Given] = []
    count, known = 0, 0
    for degree in spaces.elements:
        given, more = _given(forms, spaces, walls, degree)
        if not len(given.places):
            continue
        single = np.sum(given.coefficients != 0, axis=1) == 1
        coupled = np.unique(given.places[~single])
        alone = np.flatnonzero(single & ~np.isin(given.places, coupled))
        unknown = np.argmax(given.coefficients[alone] != 0, axis=1)
        numbers, first = np.unique(given.places[alone] + spaces.offsets[unknown], return_index=True)
        chosen = alone[first]  # the first to be said stays
        lift.append((1 / given.coefficients[chosen, unknown[first]], numbers, known + chosen))
        free[numbers] = False
        for place, rows in _groups(given.places, coupled):
            own = np.flatnonzero([d == degree for d in spaces.degrees])
            own = own[spaces.alive[place + spaces.offsets[own]]]
            numbers = place + spaces.offsets[own]
            ordered = rows[np.argsort(~single[rows], kind="stable")]
            tied, shares = _independent(given, ordered, own)
            local = np.linalg.pinv(tied) @ shares
            lift.append((local.ravel(), np.repeat(numbers, len(rows)), np.tile(known + ordered, len(numbers))))
            free[numbers] = False
            open_ = np.linalg.svd(tied)[2][len(tied) :].conj().T
            columns = count + np.arange(open_.shape[1])
            extra.append((open_.ravel(), np.repeat(numbers, len(columns)), np.tile(columns, len(numbers))))
            count += len(columns)
        givens += more
        known += len(given.places)
    alive = np.flatnonzero(free)
    parts = [(np.ones(len(alive)), alive, count + np.arange(len(alive))), *extra]
    basis, lifting = _matrix(parts, spaces.size, count + len(alive)), _matrix(lift, spaces.size, known)
    start = lifting @ np.concatenate([np.empty(0), *(given.values for given in givens)])
    return Functions(start.astype(spaces.dtype), basis, lifting, tuple(givens))


def _matrix(parts: Sequence[tuple[Array, Array, Array]], rows: int, columns: int) -> csr_array:
    """The matrix of entries: numbers, their rows and their columns."""
    none = (np.empty(0), np.empty(0, int), np.empty(0, int))
    data, row, column = (np.concatenate(each) for each in zip(none, *parts, strict=True))
    return csr_array(coo_array((data, (row, column)), shape=(rows, columns)))


def _groups(places: Array, chosen: Array) -> list[tuple[int, Array]]:
    """Each of the chosen places, with the numbers of the conditions there in their order."""
    here = np.flatnonzero(np.isin(places, chosen))
    here = here[np.argsort(places[here], kind="stable")]
    each = np.split(here, np.searchsorted(places[here], chosen[1:]))
    return list(zip(chosen.tolist(), each, strict=True)) if len(chosen) else []


def _independent(given: _Conditions, rows: Array, unknowns: Array) -> tuple[Array, Array]:
    """Of the conditions at a place those that say something new, as orthonormal rows, and what of each condition's
    value is theirs, (new, rows)."""
    tied: list[Array] = []
    shares: list[Array] = []
    for number, row in enumerate(rows):
        size = np.linalg.norm(given.coefficients[row])
        vector, share = given.coefficients[row, unknowns] / size, np.eye(len(rows))[number] / size
        for _ in range(2):
            for other, known in zip(tied, shares, strict=True):
                part = np.vdot(other, vector)
                vector, share = vector - part * other, share - part * known
        left = np.linalg.norm(vector)
        if left > max(PARALLEL, given.turns[row]):
            tied.append(vector / left)
            shares.append(share / left)
    return np.array(tied), np.array(shares)


def _given(forms: Forms, spaces: Spaces, walls: Sequence[Wall], degree: int) -> tuple[_Conditions, list[Given]]:
    """Every condition on values of unknowns of a degree at every place of these elements, those on the same wall as
    often as facets meet there. A condition that stands earlier in the problem comes first."""
    rows = {id(row): row for wall in walls for row in wall.rows if row.gives}
    order = {id(forms.equations.term(equation)): n for n, equation in enumerate(forms.equations.faces)}
    count = len(spaces.degrees)
    found, givens = [], list[Given]()
    at = _lattice(spaces.dim - 1, degree)
    for row in sorted(rows.values(), key=lambda row: order[id(row.term)]):
        degrees = {spaces.degrees[unknown] for unknown in row.term.unknowns}
        if len(degrees) > 1:
            raise Unsupported(f"{row.text} ties unknowns of elements of different degrees")
        if degrees != {degree}:
            continue
        for wall in walls:
            for number in [n for n, other in enumerate(wall.rows) if other is row]:
                patch = spaces.facets(wall.facets, np.zeros(len(wall.facets), int), at)
                known, tangent = evaluated(forms, spaces, wall, number, patch, {})
                size = patch.weights.size
                coefficients = np.stack([np.broadcast_to(tangent.get((u, 0), 0.0), size) for u in range(count)], axis=1)
                if np.any(~np.any(coefficients, axis=1)):
                    raise Unsupported(f"{row.text} gives no value where its coefficient vanishes")
                turns = np.max(np.linalg.norm(patch.normals - patch.normals[:, :1], axis=2), axis=1)
                places = _numbers(spaces, degree, patch.cells, patch.points).ravel()
                found.append((places, coefficients, np.repeat(turns, patch.points.shape[1])))
                givens.append(Given(wall, number, patch, -known))
    if not found:
        return _Conditions(np.empty(0, int), np.empty((0, count)), np.empty(0)), []
    return _Conditions(*(np.concatenate(each) for each in zip(*found, strict=True))), givens


def _lattice(dim: int, degree: int) -> Array:
    """The places of an element's values on the reference facet, (dim, K)."""
    steps = np.indices((degree + 1,) * dim).reshape(dim, -1)
    return steps[:, steps.sum(axis=0) <= degree] / degree


def _numbers(spaces: Spaces, degree: int, cells: Array, points: Array) -> Array:
    """The numbers (F, K) of an element's values in cells that lie at points (F, K, d)."""
    own = spaces.dofs[degree].element_dofs[:, cells].T
    gaps = np.linalg.norm(spaces.places[degree][own][:, None] - points[:, :, None], axis=3)
    return np.take_along_axis(own, np.argmin(gaps, axis=2), axis=1)
