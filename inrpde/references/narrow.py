"""Where on an axis the given data are narrow, and where they jump: what grids and steps in time follow."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from sympy import Expr, Symbol

from inrpde import resolution
from inrpde.references.equations import Equations
from inrpde.references.formula import Formula
from inrpde.references.reference import Refusal, Unsupported
from inrpde.references.stencils import Narrow
from inrpde.references.terms import kinks, switches

ACROSS = 8
"""Cells of the coarsest grid across a narrow place, and steps in time, at least."""
MANY = 64
"""Jumps that can be nodes; of more, the means alone are taken."""
SAMPLES = 4097
"""Points between which a switch that is not linear is taken to change its sign at most once."""


def places(equations: Equations) -> list[resolution.Place]:
    """The narrow places of which a width is known: not jumps, nor singular points, near which the order tells."""
    return [place for place in resolution.narrow(equations.bound) if place.resolved and place.kind != "jump"]


@lru_cache(maxsize=16)
def narrow(equations: Equations, k: int) -> tuple[Narrow, ...]:
    """The narrow places along a coordinate, with cells that see what lies there; not jumps, whose means are taken."""
    found = []
    for place in places(equations):
        lo, hi, width = place.lo[k], place.hi[k], place.widths[k]
        if np.isfinite(width):
            # a front across the region takes most of the cells: the next grids see it as well
            step = min(width / 2, max(hi - lo, width) / ACROSS) if place.kind == "peak" else width
            found.append(Narrow(lo, hi, step))
        elif lo == hi and k < len(equations.space.spatial):
            # what is narrow on a wall is felt as far into the region
            across = min(w for w in place.widths[: len(equations.space.spatial)])
            found += [Narrow(lo, lo, across / 2)] if np.isfinite(across) else []
    return tuple(found)


@lru_cache(maxsize=16)
def jumps(equations: Equations, k: int, lo: float, hi: float) -> tuple[float, ...]:
    """Where along a coordinate, between `lo` and `hi`, data or their slopes jump as a function of it alone, if not all
    over."""
    x = equations.space.coords[k]
    kinds = (equations.volume, equations.faces, equations.initial)
    every = [equation.expr for kind in kinds for equation in kind]
    found = {g for expr in every for g in switches(expr) | kinks(expr) if g.free_symbols == {x}}
    planes = [field.planes or [] for field in equations.fields.values()]
    given = [at for each in planes for at in (each[k] if k < len(each) else ())]
    there = [at[k] for place in places(equations) for at in (place.lo, place.centre, place.hi)]
    points = np.unique([*np.linspace(lo, hi, SAMPLES), *there])
    ordered = sorted(at for at in (*given, *(at for g in found for at in _roots(g, x, points))) if lo < at < hi)
    kept = tuple(at for n, at in enumerate(ordered) if n == 0 or at - ordered[n - 1] > 1e-12 * (hi - lo))
    return kept if len(kept) <= MANY else ()


def refuse_narrow(equations: Equations, cost: str) -> None:
    """Raise Unsupported, naming the narrowest place, where there is one: a grid that sees it would take `cost`."""
    found = places(equations)
    if found:
        text = min(found, key=lambda place: place.width).text
        raise Unsupported(f"{text}: a grid that sees this would take {cost}", Refusal.TOO_DEAR)


def _roots(g: Expr, x: Symbol, points: np.ndarray) -> list[float]:
    """Where a function of one coordinate changes its sign: in closed form where it is linear, else by bisection between
    neighbouring points."""
    slope = g.diff(x)
    if not slope.free_symbols:
        return [float(-g.subs(x, 0) / slope)] if slope != 0 else []
    formula = Formula([g], str(g))
    signs = np.sign(np.broadcast_to(formula({x: points})[0], points.shape))
    here = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    low, high = points[here], points[here + 1]
    for _ in range(60):
        middle = (low + high) / 2
        same = np.sign(formula({x: middle})[0]) == signs[here]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return [*((low + high) / 2).tolist(), *points[signs == 0].tolist()]
