"""Data that jump: coefficients under derivatives, whose fluxes the equations at points do not see, and given values.

A jump is a difference that is left between two points however near to one another they are brought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.spatial import cKDTree
from sympy import Derivative, Expr, Symbol, preorder_traversal
from sympy.core.function import AppliedUndef

from inrpde import deadline
from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.evaluate import evaluate
from inrpde.compiler.form import Form, Row
from inrpde.compiler.printing import RowFunction
from inrpde.compiler.rough import JUMPING, steps
from inrpde.declaration.regions import Region
from inrpde.sampling import sample
from inrpde.sampling.extent import priors
from inrpde.sampling.sites import Samples
from inrpde.verification.checks.data import has_normals, value, value_at
from inrpde.verification.finding import Finding, Kind, name, place

Array = np.ndarray
Values = Callable[[Array], Array]
DIVISIONS, PART = 35, 0.45
"""Times that two points are brought nearer to one another, to this part of their distance or to what is left of it: not
by halves, which meet the place of a jump itself, where a Heaviside is 1/2."""
LEAST = 1e-6
"""A jump smaller than this share of the values is none."""
LINES, NODES, ALONE = 150, 200, 4000
"""Lines on which jumps are looked for, points on each, and on the one line that there is in one coordinate."""
STEEPEST = 2000
"""Pairs of neighbours that are looked at more closely: those with the largest differences."""
NEIGHBOURS, PLACES = 6, 1500
"""Of each of so many points of a set."""


COST = 0.4
"""The relative error that a lost flux leaves, beside the share that jumps: 0.33 to 0.54 in three problems, of stripes
and of a disc, whose solutions are known."""


@dataclass(frozen=True)
class Jump:
    """The largest: by how much, as a share of the larger of the values on its two sides, and where (d,)."""

    share: float
    size: float
    point: Array


def lost_fluxes(form: Form) -> list[Finding]:
    """Derivatives of what jumps within the region of an equation: it holds at points, and what is concentrated on the
    interface is in none of them. What only has a kink is differentiated rightly almost everywhere."""
    soft = priors(form)
    findings = []
    for condition in form.conditions:
        inside = condition.region.dim == form.space.dim and condition.index not in soft
        if not inside or not any(differentiated(form, condition)):
            continue
        along = {x: _along(condition.region, k) for k, x in enumerate(form.space.coords)}
        found = [_largest(values_of(form, inner), *along[x]) for inner, x in differentiated(form, condition)]
        jump = max(filter(None, found), key=lambda each: each.share, default=None)
        if jump is not None:
            where = place(form.space.coords, jump.point)
            text = (
                f"{condition}: what is differentiated jumps at {where}, by {jump.share:.0%}: the flux through that "
                "interface is not in the strong form, which holds at points; use two unknowns (on=…), equal there and "
                "with equal fluxes"
            )
            held = sorted({k for row in form.rows if row.condition == condition.index for k in row.indices})
            names = dict.fromkeys(name(form, k) for k in held)
            findings += [
                Finding(Kind.DATA, text, "unverified", jump.share, of=u, cost=COST * jump.share, strong=True)
                for u in names
            ]
    return findings


def jumping_values(form: Form, samples: Samples) -> list[Finding]:
    """Values that are given on a boundary or at the start and jump there."""
    rows = [row for row in form.rows if row.gives_value and not (row.region.labels or row.integrals)]
    sizes: dict[int, float] = {}
    for row in rows:
        (unknown,), given = row.indices, np.abs(value(form, row, samples.of(row)))
        sizes[unknown] = max(sizes.get(unknown, 0.0), float(np.max(given, where=np.isfinite(given), initial=0.0)))
    findings = []
    for row in rows:
        if not 0 < row.region.dim < form.space.dim or has_normals(form, row) or not _may_jump(form, row.residual, row):
            continue
        jump = _largest(partial(value_at, form, row), *_neighbours(row.region))
        if jump is not None:
            (unknown,) = row.indices
            text = (
                f"{row.text}: the value of {name(form, unknown)} jumps by {jump.size:.4g} at "
                f"{place(form.space.coords, jump.point)}, and no smooth function follows it near there"
            )
            share, of = jump.size / sizes[unknown], name(form, unknown)
            findings.append(Finding(Kind.DATA, text, "plausible", share, of=of, edge=True))
    return findings


def _may_jump(form: Form, expr: Expr, row: Row | None = None) -> bool:
    coarse = [key for key, each in form.bound.fields.items() if steps(each)]
    named = {jet.name for jet in row.data.values()} if row else {f.func.__name__ for f in expr.atoms(AppliedUndef)}
    return expr.has(*JUMPING) or any(key.func.__name__ in named for key in coarse)


def differentiated(form: Form, condition: BoundCondition) -> Iterator[tuple[Expr, Symbol]]:
    """What stands under a derivative and may jump, and the coordinate of the derivative: of higher ones the lower
    derivatives, too."""
    for expr in condition.residuals:
        for node in sorted((n for n in preorder_traversal(expr) if isinstance(n, Derivative)), key=str):
            for k, x in enumerate(node.variables):
                inner = node.expr.diff(*node.variables[:k]) if k else node.expr
                if _may_jump(form, inner):
                    yield inner, x


def values_of(form: Form, expr: Expr) -> Values:
    """An expression at points, (N, d) → (N,), unknowns and their derivatives being numbers of the order 1."""
    unknowns = {unknown.symbol for unknown in form.bound.unknowns}
    expr = expr.doit()
    held = [node for node in expr.atoms(Derivative) if node.expr in unknowns]
    rng = np.random.default_rng(0)
    plain = {node: float(rng.uniform(0.5, 1.5)) for node in (*sorted(held, key=str), *sorted(unknowns, key=str))}
    known = expr.xreplace(plain).xreplace(plain)
    coords = form.space.coords
    if known.atoms(AppliedUndef):
        return lambda points: evaluate(known, coords, points, form.bound.data)
    once = RowFunction([known], expr)
    return lambda points: np.broadcast_to(once(dict(zip(coords, points.T, strict=True)))[0], (len(points),))


def _along(region: Region, k: int) -> tuple[Array, Array]:
    """Neighbours on lines along a coordinate, within a region: (N, d), (N, d)."""
    lo, hi = region.bounds
    lines, nodes = (1, ALONE) if len(lo) == 1 else (LINES, NODES)
    base = sample(region, lines, 5).points[:lines]
    points = np.repeat(base[:, None], nodes, axis=1)
    points[:, :, k] = np.linspace(lo[k], hi[k], nodes)
    inside = region.contains(points.reshape(-1, len(lo))).reshape(points.shape[:2])
    both = inside[:, :-1] & inside[:, 1:]
    return points[:, :-1][both], points[:, 1:][both]


def _neighbours(region: Region) -> tuple[Array, Array]:
    """Neighbours on a curve or a surface: (N, d), (N, d)."""
    points = sample(region, PLACES, 7).points
    lo, hi = region.bounds
    scaled = (points - lo) / np.where(hi > lo, hi - lo, 1.0)
    _, near = cKDTree(scaled).query(scaled, min(NEIGHBOURS, len(scaled)))
    return np.repeat(points, near.shape[1] - 1, axis=0), points[near[:, 1:].ravel()]


def _largest(values: Values, first: Array, second: Array) -> Jump | None:
    """The largest jump between pairs of points (N, d), (N, d), relative to the largest of the values."""
    one, other = values(first), values(second)
    finite = np.isfinite(one) & np.isfinite(other)
    first, second, one, other = first[finite], second[finite], one[finite], other[finite]
    size = np.max(np.abs(one), initial=0.0)
    gap = np.abs(one - other)
    steep = np.argsort(-gap)[:STEEPEST]
    steep = steep[gap[steep] > LEAST * size]
    if not len(steep):
        return None
    _, b, fa, fb = narrowed(values, first[steep], second[steep])
    gaps = np.abs(fa - fb)
    worst = int(np.argmax(gaps))
    if gaps[worst] <= LEAST * size:
        return None
    return Jump(float(gaps[worst] / max(abs(fa[worst]), abs(fb[worst]))), float(gaps[worst]), b[worst])


def narrowed(values: Values, a: Array, b: Array) -> tuple[Array, Array, Array, Array]:
    """Pairs of points (N, d) brought nearer to one another, always to the part with the larger difference, and the
    values at both."""
    fa, fb = values(a), values(b)
    for _ in range(DIVISIONS):
        deadline.turn()
        middle = a + PART * (b - a)
        fm = values(middle)
        fm = np.where(np.isfinite(fm), fm, fa)
        left = np.abs(fa - fm) >= np.abs(fb - fm)
        a, b = np.where(left[:, None], a, middle), np.where(left[:, None], middle, b)
        fa, fb = np.where(left, fa, fm), np.where(left, fm, fb)
    return a, b, fa, fb
