"""Where on an axis the given data are narrow, and where they jump: what grids and steps in time follow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from sympy import Expr, Symbol

from inrpde import resolution
from inrpde.references.equations import Equations
from inrpde.references.formula import Formula
from inrpde.references.reference import Refusal, Unsupported
from inrpde.references.stencils import Axis, Narrow
from inrpde.references.terms import switches

ACROSS = 8
"""Cells of the coarsest grid across a narrow place, and steps in time, at least."""
SAMPLES = 4097
"""Points between which a switch that is not linear is taken to change its sign at most once."""


@lru_cache(maxsize=16)
def narrow(equations: Equations, k: int) -> tuple[Narrow, ...]:
    """The narrow places along a coordinate, with cells that see what lies there."""
    found = resolution.steps(equations.bound, k)
    return tuple(Narrow(a, b, min(h / 2, (b - a) / ACROSS)) for a, b, h in found if a < b and h > 0)


@lru_cache(maxsize=16)
def jumps(equations: Equations, k: int, lo: float, hi: float) -> tuple[float, ...]:
    """Where along a coordinate, between `lo` and `hi`, data jump as a function of it alone."""
    x = equations.space.coords[k]
    kinds = (equations.volume, equations.faces, equations.initial)
    found = {g for kind in kinds for equation in kind for g in switches(equation.expr) if g.free_symbols == {x}}
    places = sorted(at for g in found for at in _roots(g, x, lo, hi) if lo < at < hi)
    return tuple(at for n, at in enumerate(places) if n == 0 or at - places[n - 1] > 1e-12 * (hi - lo))


def refuse_narrow(equations: Equations, axes: Sequence[Axis], cost: str) -> None:
    """Raise Unsupported, naming the narrowest place, where axes are graded for one."""
    graded = [(place, x) for x, axis in zip(equations.space.spatial, axes, strict=True) for place in axis.narrow]
    if graded:
        place, x = min(graded, key=lambda each: each[0].step)
        where = f"{x} = {(place.lo + place.hi) / 2:.6g}, where data vary within {place.hi - place.lo:.2g}"
        raise Unsupported(f"a grid that sees {where}, would take {cost}", Refusal.TOO_DEAR)


def _roots(g: Expr, x: Symbol, lo: float, hi: float) -> list[float]:
    """Where a function of one coordinate changes its sign: in closed form where it is linear, else by bisection."""
    slope = g.diff(x)
    if not slope.free_symbols:
        return [float(-g.subs(x, 0) / slope)] if slope != 0 else []
    points = np.linspace(lo, hi, SAMPLES)
    formula = Formula([g], str(g))
    signs = np.sign(np.broadcast_to(formula({x: points})[0], points.shape))
    here = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    low, high = points[here], points[here + 1]
    for _ in range(60):
        middle = (low + high) / 2
        same = np.sign(formula({x: middle})[0]) == signs[here]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return [*((low + high) / 2).tolist(), *points[signs == 0].tolist()]
