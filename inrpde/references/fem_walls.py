"""Which facets of a mesh bear which conditions, and of which unknowns they are the boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inrpde.declaration.regions import Region
from inrpde.declaration.regions.chart import Piece
from inrpde.references.arrange import distinct
from inrpde.references.equations import Equation
from inrpde.references.fem_assembly import Forms
from inrpde.references.fem_spaces import Spaces
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Term
from inrpde.references.weak_form import Array, check_first_order

MISSED = 0.02
"""The share of a surface by which a mesh's facets may differ from it."""
NEAR = 0.03
"""How far from a surface, in their own lengths, facets may lie that follow it where it is curved."""


@dataclass(frozen=True, eq=False)
class Row:
    """A condition on faces. It `gives` values where it has no derivatives, else a flux."""

    equation: Equation
    term: Term

    @property
    def text(self) -> str:
        return self.equation.text

    @cached_property
    def gives(self) -> bool:
        return not any(any(leaf.index) for leaf in self.term.leaves)


@dataclass(frozen=True, eq=False)
class Wall:
    """Facets that bear the same `rows` and are the boundary of the same unknowns: `sides` {unknown: 0 or 1} says on
    which side of them an unknown lives whose values or fluxes stand in what holds there; `bounded` are those with a
    flux that end there. `signs` (rows, F) turn normals out of the cells on side 0 into those of the rows' regions."""

    facets: Array
    rows: tuple[Row, ...]
    sides: dict[int, int]
    bounded: tuple[int, ...]
    signs: Array

    @property
    def giving(self) -> list[int]:
        return [n for n, row in enumerate(self.rows) if row.gives]

    @property
    def flowing(self) -> list[int]:
        return [n for n, row in enumerate(self.rows) if not row.gives]


def rows_of(forms: Forms) -> tuple[Row, ...]:
    """Raises Unsupported for a condition of higher order, or on values where it is not linear."""
    rows = []
    for equation in forms.equations.faces:
        row = Row(equation, forms.equations.term(equation))
        check_first_order(row.term)
        if row.gives and not row.term.linear:
            raise Unsupported(f"{row.text} is not linear")
        rows.append(row)
    return tuple(rows)


def walls_of(forms: Forms, spaces: Spaces, rows: Sequence[Row]) -> list[Wall]:
    """Raises Unsupported where a part of a boundary has too few conditions or too many, and for a condition whose
    surface the mesh's facets do not make up."""
    sides = _sides(spaces)
    on = np.array([_bearing(spaces, row, sides) for row in rows]).reshape(len(rows), spaces.mesh.nfacets)
    chosen = np.flatnonzero(np.any(on, axis=0) | np.any(sides >= 0, axis=0))
    left, right = (_within(spaces, side)[:, chosen] for side in (0, 1))
    signatures, kinds = distinct(np.vstack([on[:, chosen], sides[:, chosen] >= 0, left, right]))
    count, walls = len(spaces.domains), []
    for kind, signature in enumerate(signatures.T):
        facets = chosen[kinds == kind]
        borne, ends, left_, right_ = np.split(signature, np.cumsum([len(rows), count, count]))
        here = [rows[n] for n in np.flatnonzero(borne).tolist()]
        bounded = tuple(unknown for unknown in np.flatnonzero(ends).tolist() if unknown in forms.second)
        living = {unknown: 0 if left_[unknown] else 1 for unknown in np.flatnonzero(left_ | right_).tolist()}
        _check_count(forms, spaces, here, bounded, facets)
        walls.append(Wall(facets, tuple(here), living, bounded, _signs(spaces, here, facets)))
    return walls


def _check_count(forms: Forms, spaces: Spaces, rows: Sequence[Row], bounded: Sequence[int], facets: Array) -> None:
    """Raise Unsupported unless there are as many conditions as fluxes end at facets, where one of them does."""
    for row in rows:
        if not bounded and not row.gives:
            raise Unsupported(f"{row.text} holds inside the region, where finite elements impose values alone")
    if bounded and len(rows) < len(bounded):
        where = spaces.mesh.p[:, spaces.mesh.facets[:, facets[0]]].mean(axis=1)
        at = ", ".join(f"{x:.3g}" for x in where)
        what = "no condition holds" if not rows else f"{len(rows)} of {len(bounded)} conditions hold"
        raise Unsupported(f"{what} on the boundary near ({at})")
    # what has no flux of its own, as a pressure, may be given beside all others
    counted = [row for row in rows if not row.gives or row.term.unknowns & forms.second]
    if bounded and len(counted) > len(bounded):
        raise Unsupported(f"{counted[-1].text} is one condition too many where it holds")


def _within(spaces: Spaces, side: int) -> Array:
    """Whether unknowns live in the cells on a side of each facet, (unknowns, F)."""
    cells = spaces.mesh.f2t[side]
    return np.array([(cells >= 0) & domain[cells] for domain in spaces.domains])


def _sides(spaces: Spaces) -> Array:
    """On which side of each facet an unknown lives that ends there, (unknowns, F); -1 where it does not end."""
    left, right = _within(spaces, 0), _within(spaces, 1)
    return np.where(left & ~right, 0, np.where(right & ~left, 1, -1))


def _bearing(spaces: Spaces, row: Row, sides: Array) -> Array:
    """The facets (bool) of which a surface consists: among those where one of its condition's unknowns ends, and of
    values inside it.

    Raises Unsupported where these do not make up the surface.
    """
    region, unknowns = row.equation.region, sorted(row.term.unknowns)
    on = np.zeros(spaces.mesh.nfacets, bool)
    ends = np.flatnonzero(np.any(sides[unknowns] >= 0, axis=0))
    on[ends[_on(spaces, region, ends)]] = True
    if _makes_up(spaces, region, on):
        return on
    lo, hi = region.bounds
    inner = np.setdiff1d(np.arange(spaces.mesh.nfacets), ends)
    middles = spaces.mesh.p[:, spaces.mesh.facets[:, inner]].mean(axis=1).T
    near = 1e-6 * region.size
    inner = inner[np.all((middles >= lo - near) & (middles <= hi + near), axis=1)]
    on[inner[_on(spaces, region, inner)]] = True
    if not _makes_up(spaces, region, on):
        raise Unsupported(f"{row.text} holds where the mesh has no facets")
    return on


def _makes_up(spaces: Spaces, region: Region, on: Array) -> bool:
    facets = np.flatnonzero(on)
    area = float(np.sum(spaces.facets(facets, np.zeros(len(facets), int)).weights)) if len(facets) else 0.0
    return abs(area - region.measure) <= MISSED * region.measure


def _on(spaces: Spaces, region: Region, facets: Array) -> Array:
    """Which facets lie on a surface: all points of a quadrature in them, as nearly as a curved facet does. Of the two
    faces of a crack it is the one whose normal is the surface's."""
    on = np.zeros(len(facets), bool)
    vertices = spaces.mesh.p[:, spaces.mesh.facets[:, facets]]
    lengths = np.max(np.ptp(vertices, axis=1), axis=0)
    octaves = np.floor(np.log2(lengths)).astype(int)
    for octave in np.unique(octaves):
        here = np.flatnonzero(octaves == octave)
        patch = spaces.facets(facets[here], np.zeros(len(here), int))
        outer = spaces.mesh.f2t[1, facets[here]] < 0
        points, normals = (each.reshape(-1, spaces.dim) for each in (patch.points, patch.normals))
        near = NEAR * 2.0**octave
        held = np.where(
            np.repeat(outer, patch.points.shape[1]),
            region.bears(points, normals, near),
            region.contains(points, near),
        )
        on[here] = np.all(held.reshape(len(here), -1), axis=1)
    return on


def _signs(spaces: Spaces, rows: Sequence[Row], facets: Array) -> Array:
    """1 where the normal of a row's region points out of the cell on side 0 of a facet, else -1; (rows, F)."""
    signs = np.ones((len(rows), len(facets)))
    if not rows:
        return signs
    at = np.full((spaces.dim - 1, 1), 1 / spaces.dim)
    patch = spaces.facets(facets, np.zeros(len(facets), int), at)
    points, normals = patch.points[:, 0], patch.normals[:, 0]
    lengths = np.max(np.ptp(spaces.mesh.p[:, spaces.mesh.facets[:, facets]], axis=1), axis=0)
    for number, row in enumerate(rows):
        open_ = np.ones(len(facets), bool)
        for kept in (True, False):  # a point that is only near a curved surface may fail its predicates
            for piece in row.equation.region.pieces:
                here = np.flatnonzero(open_)
                here = here[_covered(piece, points[here], lengths[here])]
                if kept and len(here):
                    here = here[piece.kept(points[here])]
                outward = _outward(piece, points[here], 0.0 if kept else NEAR * lengths[here]) if len(here) else None
                if outward is not None:
                    against = np.sum(outward * normals[here], axis=1) < 0
                    # of the two faces of a crack a facet is borne by the one that it looks along
                    signs[number, here] = np.where(against & ~np.array(piece.chart.crack), -1, 1)
                    open_[here] = False
    return signs


def _outward(piece: Piece, points: Array, near: Array | float) -> Array | None:
    """The outward normals (N, d) of a piece at points no farther from it than that."""
    if piece.chart.normals is None:
        return None
    along = piece.chart.normals(points)
    if piece.orient is None:
        return along
    # what lies behind all points that are so near is told apart from what lies before them
    behind = points - np.broadcast_to(near, len(points))[:, None] * along
    return along * piece.orient(behind, along)[:, None]


def _covered(piece: Piece, points: Array, lengths: Array) -> Array:
    covered = np.zeros(len(points), bool)
    octaves = np.floor(np.log2(lengths)).astype(int)
    for octave in np.unique(octaves):
        here = octaves == octave
        covered[here] = piece.chart.covers(points[here], NEAR * 2.0**octave)
    return covered
