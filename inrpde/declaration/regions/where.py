"""The part of a region on which a relation holds: the indicator 1_{Ω_m} as the user writes it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanAtom

from inrpde.declaration.regions.chart import TOLERANCE, Array, Piece
from inrpde.declaration.regions.region import Region, bracketed
from inrpde.declaration.regions.relation import as_relation, compile_relation
from inrpde.errors import ProblemError


class Where(Region):
    """The points of `region` at which `relation` holds, equality to within 1e-9 of the region's size.

    Of an interior it is the indicator 1_{Ω_m} and has no boundary of its own.
    """

    def __init__(self, region: Region, relation: Boolean | bool):
        super().__init__(region.space, region.coords, region.dim, (region,), region.labels)
        place = f"{bracketed(region.label)}.where({relation})"
        self.region, self.relation = region, as_relation(relation, place)
        if isinstance(self.relation, BooleanAtom) and not self.relation:
            raise ProblemError(
                "sympy had decided that this relation is False before it arrived, so it selects nothing",
                place, "compare coordinates of the space with numbers: Eq(x, 0), x < 1",
            )  # fmt: skip
        self._compiled = compile_relation(self.relation, self.coords, place)

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """Those of the region, as far as plain inequalities and equations of one coordinate do not narrow them."""
        lo, hi = (end.copy() for end in self.region.bounds)
        for axis, least, most in self._compiled.ranges:
            lo[axis], hi[axis] = max(lo[axis], least), min(hi[axis], most)
        return (lo, hi) if np.all(lo <= hi) else self.region.bounds

    @property
    def box(self) -> tuple[tuple[float, float], ...] | None:
        lo, hi = self.bounds
        whole = self._compiled.is_box and self.region.box is not None and np.all(lo < hi)
        return tuple(zip(lo.tolist(), hi.tolist(), strict=True)) if whole else None

    @property
    def size(self) -> float:
        return self.region.size

    @property
    def extents(self) -> Array:
        return self.region.extents

    @property
    def label(self) -> str:
        return f"{self.region.label} where {self.relation}"

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f"{bracketed(parents[0])}.where({self.relation})"

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        def keep(points: Array, normals: Array | None) -> Array:
            return self._holds(points, self.tolerance)

        # first, because it is cheaper than what the region's own pieces ask
        return tuple(Piece(piece.chart, (keep, *piece.keeps), piece.orient) for piece in self.region.pieces)

    def _contains(self, points: Array, tol: float) -> Array:
        return self.region._contains(points, tol) & self._holds(points, tol)

    def _bears(self, points: Array, normals: Array, tol: float) -> Array:
        return self.region._bears(points, normals, tol) & self._holds(points, tol)

    def _holds(self, points: Array, tol: float) -> Array:
        return self._compiled.holds(points, lambda atom: self._slack(atom, tol), closed=tol > self.tolerance)

    def _slack(self, atom: Relational, tol: float) -> float:
        if atom.free_symbols != {self.space.time}:
            return tol
        return max(tol, TOLERANCE * self.size) * float(self.region.units[-1])

    def _no_boundary(self, asked: str) -> ProblemError:
        if self.dim < len(self.coords):
            return super()._no_boundary(asked)
        return ProblemError(
            f"there is no {asked} of {self.relation}: `where` on an interior only selects points", self.label,
            f"make it a region with a boundary: Implicit(space, {self.relation}, within=box)",
        )  # fmt: skip
