"""The vocabulary of the zoo: most of its problems are manufactured, their data made of an operator and a solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Eq, Expr, Interval

from inrpde.declaration import On, Problem, Region, Space

UNIT = Interval(0, 1)
PROBLEMS: dict[str, Callable[[], Problem]] = {}


def zoo(make: Callable[[], Problem]) -> Callable[[], Problem]:
    """Registers a problem under its function's name."""
    PROBLEMS[make.__name__] = make
    return make


def made(
    space: Space,
    region: Region,
    u: Expr,
    operator: Callable[[Expr], Expr],
    solution: Expr,
    *walls: Callable[[Expr], Expr],
) -> Problem:
    """operator(u) = operator(solution) on the region, each of `walls` likewise on its boundary (u itself where there is
    none), and the initial values that the order in time asks for."""
    conditions = [On(region, Eq(operator(u), operator(solution).doit()))]
    conditions += [On(region.boundary, Eq(wall(u), wall(solution).doit())) for wall in walls or (lambda v: v,)]
    if space.time is not None:
        start = float(region.bounds[0][-1])
        conditions.append(On(region.initial, Eq(u, solution.subs(space.time, start))))
        if operator(u).has(u.diff(space.time, 2)):
            speed = solution.diff(space.time).subs(space.time, start)
            conditions.append(On(region.initial, Eq(space.dt(u), speed)))
    return Problem("zoo", unknowns=[u], conditions=conditions, exact={u: solution})


def plane(sides: Any = UNIT**2, complex: bool = False) -> tuple:
    """(space, x, y, u, omega) in the plane."""
    space = Space("x y")
    return space, *space.coords, space.unknown("u", complex=complex), Region(space, sides)


def line(sides: Any = UNIT, time: bool = False, complex: bool = False) -> tuple:
    """(space, x, u, omega) on a line, (space, x, t, u, omega) with time."""
    space = Space("x", time="t" if time else None)
    return space, *space.coords, space.unknown("u", complex=complex), Region(space, sides)
