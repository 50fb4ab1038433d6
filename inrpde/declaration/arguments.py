"""Of which coordinates a coefficient is, and what it is bound to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sympy import Basic
from sympy.core.function import AppliedUndef

from inrpde.declaration.fields import GridField, MeshField
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

if TYPE_CHECKING:
    from inrpde.declaration.regions import Region
    from inrpde.declaration.space import Space


def whole(key: Basic, value: Any, regions: Sequence[Region]) -> Any:
    """Data on a grid with an axis for each coordinate: along those on which the coefficient does not depend they do not
    vary. Whatever else it is bound to stays as it is."""
    if not isinstance(value, GridField):
        return value
    coords = regions[0].space.coords
    own = [x for x in coords if x in key.args]
    if not own or len(value.axes) != len(own):
        return value.along(coords)
    value = value.along(own)
    boxes = [region.bounds for region in regions]
    for axis, x in enumerate(coords):
        if x not in own:
            low, high = min(lo[axis] for lo, _ in boxes), max(hi[axis] for _, hi in boxes)
            value = value.continued(axis, float(low), float(high) if high > low else float(low) + 1.0)
    return value


def check_arguments(space: Space, key: AppliedUndef, value: Any, needed: set[Basic], place: str) -> None:
    """A coefficient is of some of the coordinates, in their order, and what it is bound to, which needs these symbols,
    of no others. Raises ProblemError."""
    own = [x for x in space.coords if x in key.args]
    name, coords, mine = words(key), ", ".join(map(str, space.coords)), ", ".join(map(str, own))
    if list(key.args) != own or not own:
        raise ProblemError(
            f"the arguments of {name} are {', '.join(map(words, key.args))}, not some of the coordinates {coords}",
            place,
            f'declare it by space.coefficient("{name}"), or space.coefficient("{name}", of=(…)) for some of them',
        )
    if len(own) == space.dim:
        return
    if strange := sorted(map(str, needed & set(space.coords) - set(own))):
        raise ProblemError(
            f"{name} is of {mine} alone, and its expression holds {', '.join(strange)}",
            place,
            f'declare it by space.coefficient("{name}"), or leave {strange[0]} out',
        )
    if isinstance(value, MeshField) and own != list(space.spatial):
        raise ProblemError(
            f"{name} is of {mine} alone, and the mesh lies in {', '.join(map(str, space.spatial))}",
            place,
            f'declare it by space.coefficient("{name}"), or give a GridField with the axes {mine}',
        )
