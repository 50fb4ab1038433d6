"""What every region can say and do; each kind of region is a file beside this one."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from inspect import Signature, signature
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np
from sympy import Expr, Interval, MatrixBase, Set, Symbol, SympifyError, sympify

from inrpde import deadline
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions.chart import ROUNDING, TOLERANCE, Array, Chart, Corner, Piece
from inrpde.declaration.regions.corners import corners
from inrpde.declaration.regions.drawing import svg
from inrpde.declaration.regions.flaw import Flaw
from inrpde.declaration.regions.operations import Operations
from inrpde.declaration.regions.pilot import Part, parts_of
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

if TYPE_CHECKING:
    from sympy.logic.boolalg import Boolean

    from inrpde.declaration.space import Space


FARTHEST = 1e50
"""Coordinates that squares and volumes can be taken of."""
THINNEST, RESOLVED = 1e-50, 1e-10
"""An interval is so long at least, and as a share of its distance from zero: fourth powers of its length, and its
points to six digits, are numbers."""
SLENDER = 100.0
"""A region that is more slender has coordinates of different units: none is shorter beside the longest than so."""


class _Declared(ABCMeta):
    """`Region(space, sympy_set)` makes the region of that set; the subclasses are constructed as usual."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        if cls is Region:
            return Region._operations.of_set(*args, **options)
        return super().__call__(*args, **options)

    @property
    def __signature__(cls) -> Signature:
        """The arguments that `help` shows."""
        if cls is Region:
            return signature(Region._operations.of_set)
        return Signature(list(signature(cls.__init__).parameters.values())[1:])  # type: ignore[misc]


class Region(metaclass=_Declared):
    """A set Ω_m with a measure, an indicator and a sampler: `Region(space, Interval(0, 1) ** 2)`.

    `coords` are the coordinates of its points: all of the space's, or the spatial ones alone (then `over` makes a
    cylinder in time of it). `dim` is its intrinsic dimension, `parents` are the regions it was derived from. Regions
    are equal only to themselves. A kind of region has `bounds`, `pieces`, `_contains` and `label`; these are not marked
    as abstract, or type checkers would refuse `Region(space, set)`.
    """

    _operations: ClassVar[Operations]

    @overload
    def __init__(self, space: Space, source: Set, /) -> None: ...

    @overload
    def __init__(
        self, space: Space, coords: tuple[Symbol, ...], dim: int, parents: tuple[Region, ...] = (),
        labels: tuple[Symbol, ...] = (),
    ) -> None: ...  # fmt: skip

    def __init__(
        self, space: Space, coords: Any, dim: int = 0, parents: tuple[Region, ...] = (),
        labels: tuple[Symbol, ...] = (),
    ):  # fmt: skip
        self.space, self.coords, self.dim, self.parents, self.labels = space, coords, dim, parents, labels

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle takes along: not what is worked out from it (charts, measures), and can be again."""
        worked_out = {
            name
            for kind in type(self).__mro__
            for name, value in vars(kind).items()
            if isinstance(value, cached_property)
        }
        return {name: value for name, value in vars(self).items() if name not in worked_out}

    # -- geometry

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The lower and upper corner (d,), (d,) of a box round the region."""
        raise NotImplementedError

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What it is made of, for sampling."""
        raise NotImplementedError

    def _contains(self, points: Array, tol: float) -> Array:
        raise NotImplementedError

    def contains(self, points: Array, tol: float | None = None) -> Array:
        """Which of the points (N, d) lie in the closed region, or on the surface: bool (N,).

        `tol` is a distance, by default 1e-9 of the region's size. Raises ProblemError for points of another shape.
        """
        deadline.turn()
        points = np.asarray(points, float)
        if points.ndim != 2 or points.shape[1] != len(self.coords):
            raise ProblemError(
                f"points of shape {points.shape} in the coordinates {', '.join(map(str, self.coords))}",
                f"contains of {self.label}", f"give an array of shape (N, {len(self.coords)})",
            )  # fmt: skip
        return self._contains(points, self.tolerance if tol is None else tol)

    def bears(self, points: Array, normals: Array, tol: float | None = None) -> Array:
        """Which of the points (N, d) of surfaces with these unit normals (N, d) lie on the region: as `contains`, but
        of the two faces of a crack only the one that the region holds."""
        return self._bears(points, normals, self.tolerance if tol is None else tol)

    def _bears(self, points: Array, normals: Array, tol: float) -> Array:
        return self._contains(points, tol)

    @cached_property
    def size(self) -> float:
        """The largest spatial extent of the bounds; that in time where there is nothing else."""
        lo, hi = self.bounds
        return float(np.max((hi - lo)[: len(self.space.spatial) or 1]))

    @cached_property
    def extents(self) -> Array:
        """What coordinates are divided by, (d,), so that those of different units compare: the size, where the region
        is very slender a multiple of its extent, and for the time the length of its interval."""
        return extents(*self.bounds, len(self.space.spatial), self.size)

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """The measures of its parts, in coordinates divided by its extents."""
        return tuple(part.within(self.extents) for part in self.parts)

    @property
    def units(self) -> Array:
        """What counts as one unit of a distance along each coordinate, (d,): 1, but where units differ."""
        return self.extents / (self.size or 1.0)

    @cached_property
    def tolerance(self) -> float:
        """How far from a set a point may lie to be on it, no less than its coordinates are rounded by."""
        farthest = np.max(np.abs(self.bounds)[:, : len(self.space.spatial) or 1])
        return max(TOLERANCE * self.size, ROUNDING * float(farthest))

    @property
    def box(self) -> tuple[tuple[float, float], ...] | None:
        """The range (lo, hi) of each coordinate where the region is exactly a box, else None."""
        return None

    @property
    def tiles(self) -> tuple[tuple[Array, Array | None], ...]:
        """Simplices that the region consists of: sets of vertices (M, dim + 1, d), and on surfaces unit normals (M, d);
        empty where it consists of none."""
        return ()

    @property
    def corners(self) -> tuple[Corner, ...]:
        """The vertices of the boundary of a plane spatial region; empty for others."""
        return ()

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The pieces of which something is left, measured. Raises ProblemError, naming what is to blame, if none is."""
        return parts_of(self)

    @property
    def _enclosure(self) -> Region | None:
        """The boundary that encloses it, where the measure is known best from that."""
        return None

    @property
    def measure(self) -> float:
        """Length, area or volume; of an interval's boundary the number of its points, of a set of points 1.

        To rounding where it is known in closed form or from a curve; else to about 1e-4 of it (see `Part`).
        """
        return float(sum(part.measure for part in self.parts))

    def check(self) -> None:
        """Raise ProblemError, naming the relation or operation that is to blame, if nothing is left of the region."""
        _ = self.parts

    def check_time(self) -> None:
        """Raise ProblemError if the space has a time that the region lacks."""
        if self.space.time is not None and not self.has_time:
            fix = f"omega.over(Interval(0, 1)), or as the last factor of the set, for {self.space.time}"
            raise ProblemError("a purely spatial region in a space with time", self.label, f"give it its time: {fix}")

    @property
    def has_time(self) -> bool:
        return self.space.time is not None and self.space.time in self.coords

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """What reading the region's data has lost, its parents' included."""
        return tuple(dict.fromkeys(flaw for parent in self.parents for flaw in parent.flaws))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The flaws in words."""
        return tuple(flaw.text for flaw in self.flaws)

    # -- words

    @property
    def label(self) -> str:
        """The region in words, from its own structure."""
        raise NotImplementedError

    def describe(self, names: Mapping[int, str]) -> str:
        """The region in the user's names, {id(region): variable}: "omega.boundary.where(Eq(x, 0))"; else its label."""
        if id(self) in names:
            return names[id(self)]
        if not any(id(ancestor) in names for ancestor in _ancestors(self)):
            return self.label
        return self._phrase(tuple(parent.describe(names) for parent in self.parents))

    def _phrase(self, parents: tuple[str, ...]) -> str:
        """How the region is written in a problem file, given how its parents are."""
        return self.label

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"

    def _repr_html_(self) -> str:
        return svg({self.label: self})

    # -- regions made of it

    def where(self, relation: Boolean) -> Region:
        """The part on which a sympy relation of the coordinates holds (equality to within 1e-9 of the size)."""
        return self._operations.where(self, relation)

    def over(self, interval: Interval) -> Region:
        """The cylinder of a spatial region over an interval of time."""
        return self._operations.over(self, interval)

    @property
    def boundary(self) -> Region:
        """The boundary, with outward normals; in space-time the lateral one. Raises ProblemError if there is none."""
        raise self._no_boundary("boundary")

    @property
    def initial(self) -> Region:
        """The part at the start of time."""
        raise self._no_boundary("initial")

    @property
    def final(self) -> Region:
        """The part at the end of time."""
        raise self._no_boundary("final")

    def face(self, coordinate: Symbol, value: Any) -> Region:
        """The part of the boundary on which a coordinate has a value: `omega.face(x, 0)`."""
        raise self._no_boundary("face")

    def _no_boundary(self, asked: str) -> ProblemError:
        return ProblemError(
            f"there is no {asked} of a set of dimension {self.dim} in {len(self.coords)} coordinates", self.label,
            f"take the {asked} of the region that it comes from",
        )  # fmt: skip

    def __sub__(self, other: Region) -> Region:
        return self._combine("-", other)

    def __or__(self, other: Region) -> Region:
        return self._combine("|", other)

    def __and__(self, other: Region) -> Region:
        return self._combine("&", other)

    def _combine(self, sign: str, other: Region) -> Region:
        return self._operations.combine(sign, self, other) if isinstance(other, Region) else NotImplemented

    # -- integrals

    def integral(self, expr: Expr, over: Symbol | Sequence[Symbol] = ()) -> Expr:
        """The integral of an expression over the region, in its own measure, as an expression: a number.

        `over` one or some of the coordinates it is a function of the others, `omega.integral(u, over=x)` of y and t:
        of regions that are boxes, and for `solution.evaluate`, not for conditions."""
        return self._integral(expr, over, mean=False)

    def mean(self, expr: Expr, over: Symbol | Sequence[Symbol] = ()) -> Expr:
        """The mean of an expression over the region, as an expression; `over` as for `integral`."""
        return self._integral(expr, over, mean=True)

    def _integral(self, expr: Expr, over: Any, mean: bool) -> Expr:
        place = f"({self.label}).{'mean' if mean else 'integral'}(…)"
        known = expr if isinstance(expr, Expr) else None if isinstance(expr, (str, bool)) else _sympified(expr)
        if not isinstance(known, Expr) or isinstance(known, MatrixBase):
            raise ProblemError(
                f"{words(expr)} is no expression to integrate", place,
                "give one sympy expression, of a Matrix each entry for itself",
            )  # fmt: skip
        along = tuple(over) if isinstance(over, Sequence) else (over,)
        if len(set(along) & set(self.coords)) < len(along):
            what = f"over={words(over)} are not coordinates, each named once"
            raise ProblemError(what, place, f"over one or some of {', '.join(map(str, self.coords))}")
        if along and (self.box is None or self.dim < len(self.coords)):
            raise ProblemError(
                "an integral over some of the coordinates is taken of boxes", place,
                "integrate over the whole region, or over a box: Region(space, Interval(0, 1) ** 2)",
            )  # fmt: skip
        return RegionIntegral(known, self, mean, () if len(along) == len(self.coords) else along)


class Solid(Region):
    """A region of full dimension, which has a boundary.

    `side` tells the inside from the outside; `primitives` are the solids whose `walls` (spatial boundary) and `ends`
    (in time) hold the boundary of this one; a primitive is its own.
    """

    def __init__(self, space: Space, coords: tuple[Symbol, ...], parents: tuple[Region, ...] = ()):
        super().__init__(space, coords, len(coords), parents)

    @abstractmethod
    def side(self, points: Array, tol: float) -> Array:
        """int8 (N,): 1 inside, -1 outside, 0 within `tol` of the boundary."""

    @property
    def primitives(self) -> tuple[Solid, ...]:
        return (self,)

    @property
    def walls(self) -> tuple[Chart, ...]:
        """The charts of a primitive's boundary in space."""
        return ()

    @property
    def ends(self) -> tuple[Chart, ...]:
        """The charts of a primitive's boundary in time, with normals ∓1 in time."""
        return ()

    def _contains(self, points: Array, tol: float) -> Array:
        return self.side(points, tol) >= 0

    @property
    def _enclosure(self) -> Region | None:
        return self.boundary if not self.has_time and self.dim in (2, 3) else None

    @cached_property
    def boundary(self) -> Region:
        if not self.space.spatial:
            raise ProblemError(
                "there is no boundary where time is the only coordinate", self.label,
                "take the start or the end of time: run.initial, run.final",
            )  # fmt: skip
        return self._operations.boundary(self)

    @cached_property
    def initial(self) -> Region:
        return self._end("initial")

    @cached_property
    def final(self) -> Region:
        return self._end("final")

    def _end(self, which: str) -> Region:
        if not self.has_time:
            raise ProblemError(
                f"there is no {which} of a region without time", self.label,
                'declare the time, Space("x y", time="t"), and make the region a cylinder: omega.over(Interval(0, 1))',
            )  # fmt: skip
        return self._operations.end(self, which)

    def face(self, coordinate: Symbol, value: Any) -> Region:
        return self._operations.face(self, coordinate, value)

    @cached_property
    def corners(self) -> tuple[Corner, ...]:
        """The vertices of the boundary of a 2-D region; empty in other dimensions and in space-time."""
        return corners(self)


def classify(distance: Array, tol: float) -> Array:
    """Sides of points at signed distances (N,), negative inside: int8."""
    return (distance < -tol).astype(np.int8) - (distance > tol)


def extents(lo: Array, hi: Array, spatial: int, size: float) -> Array:
    """What the coordinates of a box (d,) of a spatial size are divided by; see `Region.extents`."""
    size, extent, farthest = size or 1.0, hi - lo, np.maximum(np.abs(lo), np.abs(hi))
    out = np.where(extent > 0, np.minimum(SLENDER * extent, size), size)
    if len(lo) > spatial:
        out[-1] = max(extent[-1], ROUNDING / TOLERANCE * farthest[-1], THINNEST)
    return out


def _sympified(value: Any) -> Any:
    try:
        return sympify(value)
    except SympifyError:
        return None


def number(value: Any, place: str, fix: str) -> float:
    """A finite real number of at most `FARTHEST`, from a number or a sympy expression. Raises ProblemError."""
    known = None if isinstance(value, (str, bool)) else _sympified(value)
    if not isinstance(known, Expr) or not known.is_number or not known.is_extended_real or not abs(known) < FARTHEST:
        raise ProblemError(f"{words(value)} is not a number, or too large a one", place, fix)
    return float(known)


def check_extent(coords: Sequence[Symbol], lo: Array, hi: Array, place: str) -> None:
    """Raise ProblemError where an interval from `lo` to `hi` (d,) is too short for the numbers in it."""
    for x, a, b in zip(coords, lo, hi, strict=False):
        if a != b and not b - a >= max(THINNEST, RESOLVED * max(abs(a), abs(b))):
            raise ProblemError(
                f"{x} from {a:.17g} to {b:.17g} is too short an interval for the numbers in it", place,
                "choose other units, or count the coordinate from there: Interval(0, 1)",
            )  # fmt: skip


def _ancestors(region: Region) -> list[Region]:
    return [region, *(ancestor for parent in region.parents for ancestor in _ancestors(parent))]


def bracketed(text: str) -> str:
    """A text about a region in brackets if it is one of several words: "a without b", but not "Ball((0, 0), 1)"."""
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == " " and depth == 0:
            return f"({text})"
    return text
