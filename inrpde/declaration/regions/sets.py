"""Regions from sympy sets. Only the sets' arguments are read: sympy's own set algebra doubles with every hole."""

from __future__ import annotations

from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from sympy import (
    Complement,
    FiniteSet,
    Intersection,
    Interval,
    ProductSet,
    S,
    Set,
    SymmetricDifference,
    Tuple,
    Union,
    sympify,
)  # fmt: skip

from inrpde.declaration.regions.box import Box, Flat
from inrpde.declaration.regions.points import PointSet
from inrpde.declaration.regions.region import FARTHEST, Region, check_extent
from inrpde.declaration.space import Space
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

KINDS = "intervals, products, unions, intersections, differences and finite sets"


def region_of_set(space: Space, source: Set) -> Region:
    """The region of a sympy set in the coordinates of the space, or in its spatial ones.

    Raises ProblemError for a set that is empty, unbounded, symbolic, of another dimension or of no known kind.
    """
    if not isinstance(space, Space):
        raise ProblemError(
            f"{space} is not a Space", f"Region({space}, …)", 'Region(Space("x y"), Interval(0, 1) ** 2)'
        )
    place = f"Region({space!r}, {words(source)})"
    try:
        return _build(space, [sympify(source)], place)
    except RecursionError:
        raise ProblemError(
            "the set is nested too deeply", place, "combine regions instead: A - B, A | B, A & B"
        ) from None


def _build(space: Space, sets: list[Any], place: str) -> Region:
    """The region of a product of sets."""
    factors = [factor for each in sets for factor in _factors(each)]
    for k, factor in enumerate(factors):

        def replaced(part: Set, k: int = k) -> Region:
            return _build(space, [*factors[:k], part, *factors[k + 1 :]], place)

        if isinstance(factor, Union):
            return reduce(Region.__or__, map(replaced, factor.args))
        if isinstance(factor, Intersection):
            return reduce(Region.__and__, map(replaced, factor.args))
        if isinstance(factor, Complement):
            return replaced(factor.args[0]) - replaced(factor.args[1])
        if isinstance(factor, SymmetricDifference):
            one, other = map(replaced, factor.args)
            return (one | other) - (one & other)
    return _boxes(space, [_ranges(factor, place) for factor in factors], place)


def _factors(each: Any) -> list[Any]:
    return [f for arg in each.args for f in _factors(arg)] if isinstance(each, ProductSet) else [each]


def _ranges(factor: Any, place: str) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """The lower and upper corners of the boxes that a factor consists of."""
    if factor is S.EmptySet:
        raise ProblemError("the set is empty", place, "check the ends: Interval(1, 0) has no points")
    if isinstance(factor, Interval):
        ends = _number(factor.start, place), _number(factor.end, place)
        if factor.start != factor.end and ends[0] == ends[1]:
            raise ProblemError(f"the ends of {words(factor)} are one number when rounded", place, "choose other units")
        return [((ends[0],), (ends[1],))]
    if isinstance(factor, FiniteSet):
        points = [tuple(_number(x, place) for x in _entries(element)) for element in factor.args]
        return [(point, point) for point in points]
    raise ProblemError(
        f"{factor} is of no kind that a region can be made of", place,
        f"a region is made of {KINDS}; others by a relation: Implicit(space, x**2 + y**2 < 1, within=box)",
    )  # fmt: skip


def _entries(element: Any) -> list[Any]:
    return [x for part in element for x in _entries(part)] if isinstance(element, Tuple) else [element]


def _number(value: Any, place: str) -> float:
    if value.free_symbols:
        names = ", ".join(sorted(map(str, value.free_symbols)))
        raise ProblemError(f"the set depends on the symbol {names}", place, "a region's ends are numbers")
    if not value.is_extended_real:
        raise ProblemError(f"{value} is not a real number", place, "a region's ends are real numbers")
    if not value.is_finite:
        raise ProblemError("the region is unbounded", place, "cut it off at a finite distance: Interval(0, 10)")
    if not abs(value) < FARTHEST:
        raise ProblemError(
            f"the region reaches beyond {FARTHEST:.0e}", place, "choose other units, or cut it off: Interval(0, 10)"
        )
    return float(value)


def _boxes(space: Space, factors: list[list], place: str) -> Region:
    corners = [
        (np.array([x for lo, _ in each for x in lo]), np.array([x for _, hi in each for x in hi]))
        for each in product(*factors)
    ]
    dim = len(corners[0][0])
    if dim not in (space.dim, len(space.spatial)):
        raise ProblemError(
            f"the set has {dim} {'dimension' if dim == 1 else 'dimensions'} and the space has {space.dim}", place,
            f"give one factor for each of {', '.join(map(str, space.coords))}, in that order",
        )  # fmt: skip
    for lo, hi in corners:
        check_extent(space.coords, lo, hi, place)
    if all(np.all(lo == hi) for lo, hi in corners):
        return PointSet(space, np.array([lo for lo, _ in corners]))
    if any(np.any(lo == hi) for lo, hi in corners):
        flats: list[Region] = [Flat(space, lo, hi) for lo, hi in corners]
        return reduce(Region.__or__, flats)
    return Box(space, *corners[0])
