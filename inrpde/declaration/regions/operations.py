"""What regions are made of regions by: the one table through which `Region` reaches the kinds of region built on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sympy import Interval, Set, Symbol

if TYPE_CHECKING:
    from sympy.logic.boolalg import Boolean

    from inrpde.declaration.regions.region import Region, Solid
    from inrpde.declaration.space import Space


@dataclass(frozen=True)
class Operations:
    """Each takes what the method of `Region` takes that is documented there, and makes a region.

    The results are subclasses of `Region`, so that its module cannot import them: `regions/__init__.py` fills the
    table in, once, before any of the package can be used.
    """

    of_set: Callable[[Space, Set], Region]
    where: Callable[[Region, Boolean], Region]
    over: Callable[[Region, Interval], Region]
    combine: Callable[[str, Region, Region], Region]
    boundary: Callable[[Solid], Region]
    end: Callable[[Solid, str], Region]
    face: Callable[[Solid, Symbol, Any], Region]
