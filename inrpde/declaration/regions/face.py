"""Faces by name: the part of the boundary on which a coordinate has a value."""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Eq, Expr, Symbol, sympify

from inrpde.declaration.regions.pilot import pilot_points
from inrpde.declaration.regions.region import Region, Solid, bracketed
from inrpde.declaration.regions.where import Where
from inrpde.errors import ProblemError


class Face(Where):
    """The boundary of a solid where a coordinate has a value."""

    def __init__(self, region: Region, coordinate: Symbol, value: Any):
        self.coordinate, self.value = coordinate, value
        super().__init__(region, Eq(coordinate, value))
        self.parents = region.parents  # a face is told as one of the solid, not of its boundary

    @property
    def label(self) -> str:
        return f"face {self.coordinate} = {self.value} of {self.parents[0].label}"

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f"{bracketed(parents[0])}.face({self.coordinate}, {self.value})"


def face(solid: Solid, coordinate: Symbol, value: Any) -> Region:
    """The face of a solid; in time its start or end. Raises ProblemError that lists what there is, if nothing is."""
    value = value if isinstance(value, str) else sympify(value)
    place = f"({solid.label}).face({coordinate}, {value})"
    if (
        coordinate not in solid.coords
        or not isinstance(value, Expr)
        or not value.is_number
        or not value.is_extended_real
    ):
        names = ", ".join(map(str, solid.coords))
        raise ProblemError(
            f"a face is a coordinate ({names}) and a number, not {coordinate} and {value}",
            place,
            f"omega.face({names[0]}, 0)",
        )
    if coordinate == solid.space.time:
        lo, hi = solid.bounds
        for end, at in ((solid.initial, lo[-1]), (solid.final, hi[-1])):
            if abs(float(value) - at) <= 1e-9 * (hi[-1] - lo[-1]):
                return end
        raise ProblemError(
            f"time starts at {lo[-1]:g} and ends at {hi[-1]:g}", place, "take omega.initial or omega.final"
        )
    found = Face(solid.boundary, coordinate, value)
    try:
        found.check()
    except ProblemError:
        there = ", ".join(f"{x:g}" for x in _flat_faces(solid, solid.coords.index(coordinate)))
        listed = (
            f"there are faces at {coordinate} = {there}" if there else f"the boundary is nowhere flat in {coordinate}"
        )
        raise ProblemError(f"there is no boundary at {coordinate} = {value}", place, listed) from None
    return found


def _flat_faces(solid: Solid, axis: int) -> list[float]:
    values: set[float] = set()
    unit = float(solid.extents[axis])
    for part in solid.boundary.parts:
        points = pilot_points(part)
        normals = part.piece.normals(points)
        flat = points[np.abs(normals[:, axis]) > 1 - 1e-9, axis] if normals is not None else points[:0, axis]
        values |= set(np.round(flat / unit, 9).tolist()) if len(np.unique(np.round(flat / unit, 6))) <= 8 else set()
    return [unit * value for value in sorted(values)]
