"""Values that conditions give on faces: the functions that obey them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from inrpde.references.fem_assembly import Forms
from inrpde.references.fem_faces import evaluated
from inrpde.references.fem_spaces import Spaces
from inrpde.references.fem_walls import Wall
from inrpde.references.reference import Unsupported
from inrpde.references.weak_form import Array

PARALLEL = 1e-6
"""What is left of a condition beside others at the same place, of size 1, where it says the same."""


@dataclass(frozen=True, eq=False)
class Functions:
    """The states u = `start` + `basis` y that obey the conditions on values."""

    start: Array
    basis: csr_array


@dataclass(frozen=True, eq=False)
class _Given:
    """Conditions `coefficients` (M, unknowns) · u = `values` (M,) at the places `places` (M,) of elements of a degree,
    the earlier the stronger; `turns` (M,) is by how much the surface's normal turns along the facet."""

    places: Array
    coefficients: Array
    values: Array
    turns: Array


def functions(forms: Forms, spaces: Spaces, walls: Sequence[Wall]) -> Functions:
    """Raises Unsupported where a condition gives nothing, or ties unknowns that have no values in common places."""
    start: Array = np.zeros(spaces.size, spaces.dtype)
    free = spaces.alive.copy()
    extra: list[tuple[Array, Array, Array]] = []
    count = 0
    for degree in spaces.elements:
        given = _given(forms, spaces, walls, degree)
        if not len(given.places):
            continue
        single = np.sum(given.coefficients != 0, axis=1) == 1
        coupled = np.unique(given.places[~single])
        alone = np.flatnonzero(single & ~np.isin(given.places, coupled))[::-1]  # the first to be said stays
        unknown = np.argmax(given.coefficients[alone] != 0, axis=1)
        numbers = given.places[alone] + spaces.offsets[unknown]
        start[numbers] = given.values[alone] / given.coefficients[alone, unknown]
        free[numbers] = False
        for place, rows in _groups(given.places, coupled):
            own = np.flatnonzero([d == degree for d in spaces.degrees])
            own = own[spaces.alive[place + spaces.offsets[own]]]
            numbers = place + spaces.offsets[own]
            ordered = rows[np.argsort(~single[rows], kind="stable")]
            tied, values = _independent(given, ordered, own)
            start[numbers] = np.linalg.pinv(tied) @ values
            free[numbers] = False
            open_ = np.linalg.svd(tied)[2][len(tied) :].conj().T
            columns = count + np.arange(open_.shape[1])
            extra.append((open_.ravel(), np.repeat(numbers, len(columns)), np.tile(columns, len(numbers))))
            count += len(columns)
    alive = np.flatnonzero(free)
    parts = [(np.ones(len(alive)), alive, count + np.arange(len(alive))), *extra]
    data, rows, columns = (np.concatenate(each) for each in zip(*parts, strict=True))
    basis = csr_array(coo_array((data, (rows, columns)), shape=(spaces.size, count + len(alive))))
    return Functions(start, basis)


def _groups(places: Array, chosen: Array) -> list[tuple[int, Array]]:
    """Each of the chosen places, with the numbers of the conditions there in their order."""
    here = np.flatnonzero(np.isin(places, chosen))
    here = here[np.argsort(places[here], kind="stable")]
    each = np.split(here, np.searchsorted(places[here], chosen[1:]))
    return list(zip(chosen.tolist(), each, strict=True)) if len(chosen) else []


def _independent(given: _Given, rows: Array, unknowns: Array) -> tuple[Array, Array]:
    """Of the conditions at a place those that say something new, as orthonormal rows, and their values."""
    tied: list[Array] = []
    values: list[complex] = []
    for row in rows:
        size = np.linalg.norm(given.coefficients[row])
        vector, value = given.coefficients[row, unknowns] / size, given.values[row] / size
        for _ in range(2):
            for other, known in zip(tied, values, strict=True):
                share = np.vdot(other, vector)
                vector, value = vector - share * other, value - share * known
        left = np.linalg.norm(vector)
        if left > max(PARALLEL, given.turns[row]):
            tied.append(vector / left)
            values.append(value / left)
    return np.array(tied), np.array(values)


def _given(forms: Forms, spaces: Spaces, walls: Sequence[Wall], degree: int) -> _Given:
    """Every condition on values of unknowns of a degree at every place of these elements, those on the same wall as
    often as facets meet there. A condition that stands earlier in the problem comes first."""
    rows = {id(row): row for wall in walls for row in wall.rows if row.gives}
    order = {id(forms.equations.term(equation)): n for n, equation in enumerate(forms.equations.faces)}
    count = len(spaces.degrees)
    found = []
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
                found.append((places, coefficients, -known, np.repeat(turns, patch.points.shape[1])))
    if not found:
        return _Given(np.empty(0, int), np.empty((0, count)), np.empty(0), np.empty(0))
    return _Given(*(np.concatenate(each) for each in zip(*found, strict=True)))


def _lattice(dim: int, degree: int) -> Array:
    """The places of an element's values on the reference facet, (dim, K)."""
    steps = np.indices((degree + 1,) * dim).reshape(dim, -1)
    return steps[:, steps.sum(axis=0) <= degree] / degree


def _numbers(spaces: Spaces, degree: int, cells: Array, points: Array) -> Array:
    """The numbers (F, K) of an element's values in cells that lie at points (F, K, d)."""
    own = spaces.dofs[degree].element_dofs[:, cells].T
    gaps = np.linalg.norm(spaces.places[degree][own][:, None] - points[:, :, None], axis=3)
    return np.take_along_axis(own, np.argmin(gaps, axis=2), axis=1)
