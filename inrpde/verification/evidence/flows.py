"""Does what the answer lets out of small boxes balance what it makes inside, in space and time?

By Gauss's theorem ∫_B div F + s = ∮_∂B n·F + ∫_B s over any box B in a region, in space and time together, where the
density is the flux along the time. Both sides are taken of the answer. A residual that vanishes at all points says
nothing of a flux that jumps between them, as where a coefficient jumps under a derivative; its balance does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from sympy import Add, Derivative, Expr, S, Symbol, expand_mul

from inrpde import deadline
from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.form import Form
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.resolution import steps
from inrpde.sampling import grid_points, sample
from inrpde.sampling.extent import priors
from inrpde.sampling.gauss import composite
from inrpde.verification.evidence.thresholds import FLUX, LOST, SOME, SURE
from inrpde.verification.finding import Finding, Kind

Array = np.ndarray
Box = tuple[Array, Array]
Evaluate = Callable[[Expr, Array], Array]
Cuts = list[list[float]]
"""By coordinate where sides are parted."""
BOXES, FEW = 30, 8
"""Boxes that are looked at, at most, and where time is short."""
SIDES = 0.5, 0.1
"""Their sides beside the region's extent: the second where the first does not fit."""
NODES = {1: (24, 35), 2: (16, 23), 3: (6, 9), 4: (4, 5)}
"""Gauss nodes along each side by the number of coordinates: of a rule, and of another that doubts it."""
HALVINGS, SEEN, BLIND = 8, 0.1, 0.2
"""How often boxes are halved along a coordinate at most, until rules differ by less than such a part of what operators
make in them, in all but a few; chosen."""
WALLS = 1000
"""Points of each condition on a line or a surface that boxes are kept off."""
MOST = 8
"""Cuts along a coordinate, at most: with more of them a rule takes too many points."""


def leaking(form: Form, evaluate: Evaluate, scales: list[float], error: float, share: float = 1.0) -> list[Finding]:
    """The equations on volumes whose balance the answer does not keep.

    `evaluate` gives an expression of the answer at points (N, d); `scales` is what each row's operator makes of the
    solution (see `RowScore`), `error` the estimated relative error; a `share` below 1 looks at fewer boxes."""
    findings = []
    count, soft = max(FEW, round(share * BOXES)), priors(form)
    for condition in form.conditions:
        of_rows = [scale for row, scale in zip(form.rows, scales, strict=True) if row.condition == condition.index]
        inside = condition.region.dim == form.space.dim and condition.index not in soft
        if not inside or condition.region.labels or form.space.dim not in NODES:
            continue
        for expr in condition.residuals:
            deadline.turn()
            flux, source = divided(form, expr)
            if flux and not expr.has(RegionIntegral):
                found = _check(form, condition, flux, source, evaluate, max(of_rows), error, count)
                findings += [found] if found else []
    return findings


def divided(form: Form, expr: Expr) -> tuple[dict[Symbol, Expr], Expr]:
    """An expression as div F + s, F by coordinate (the time's is the density): the derivatives of the highest level
    with a constant before them, and the rest."""
    flux: dict[Symbol, Expr] = {}
    rest: Expr = S.Zero
    for term in Add.make_args(expand_mul(expr, deep=False)):
        factor, inner = term.as_independent(*form.space.coords, Derivative, as_Add=False)
        if not isinstance(inner, Derivative):
            rest += term
            continue
        (x, n), *others = inner.variable_count
        left = [pair for pair in ((x, n - 1), *others) if pair[1]]
        flux[x] = flux.get(x, S.Zero) + factor * (Derivative(inner.expr, *left) if left else inner.expr)
    return flux, rest


def _check(
    form: Form, condition: BoundCondition, flux: dict[Symbol, Expr], source: Expr, evaluate: Evaluate, scale: float,
    error: float, count: int,
) -> Finding | None:  # fmt: skip
    whole = list(_boxes(condition.region, count, _inner(form)))
    if not whole:
        return None
    cuts = [_cuts(form, k) for k in range(form.space.dim)]

    def summed(boxes: list[Box]) -> tuple[Array, Array, Array, Array]:
        deadline.turn()
        sums = [_sums(form, boxes, flux, source, evaluate, nodes, cuts) for nodes in NODES[form.space.dim]]
        return sums[0][0], sums[1][0], sums[0][1], scale * np.array([np.prod(hi - lo) for lo, hi in boxes])

    for boxes in _smaller(whole):
        gap, again, size, made = summed(boxes)
        # of many waves rules see some: then they differ by a part of what operators make there
        if np.mean(np.abs(gap - again) > SEEN * made) <= BLIND:
            break
    else:
        return None
    allowed = SURE * np.abs(gap - again) + (LOST + FLUX * error) * np.maximum(size, made)
    lost = np.abs(gap) > allowed
    if lost.sum() < SOME:
        return None
    worst = int(np.argmax(np.where(lost, np.abs(gap) / allowed, 0)))
    lo, hi = boxes[worst]
    where = ", ".join(f"{x} in {a:.3g} … {b:.3g}" for x, a, b in zip(form.space.coords, lo, hi, strict=True))
    text = (
        f"the answer does not keep the balance of {condition.text} in {lost.sum()} of {len(boxes)} boxes: of "
        f"{size[worst]:.3g} that flows or is made where {where}, {abs(gap[worst]):.3g} is lost"
    )
    fix = "a coefficient that jumps: give each material its own unknown (on=…), with u and its flux equal between them"
    return Finding(Kind.BALANCE, text, "unverified", fix=fix)


def _smaller(boxes: list[Box]) -> Iterator[list[Box]]:
    """Boxes as they are, and with their middle halves, quarters, … along one coordinate."""
    yield boxes
    for number in range(1, HALVINGS + 1):
        for axis in np.eye(len(boxes[0][0])):
            cut = (1 - 0.5**number) / 2 * axis
            yield [(lo + cut * (hi - lo), hi - cut * (hi - lo)) for lo, hi in boxes]


def _inner(form: Form) -> Array:
    """Points (N, d) of conditions on lines and surfaces, which may let something in or out, or be a crack."""
    lower = [c.region for c in form.conditions if 0 < c.region.dim < form.space.dim and not c.region.labels]
    return np.concatenate([np.empty((0, form.space.dim)), *(sample(region, WALLS, 3).points for region in lower)])


def _boxes(region: Region, count: int, walls: Array) -> Iterator[Box]:
    """Boxes within a region, of several sizes, that hold none of the points (N, d) of `walls`."""
    lo, hi = region.bounds
    d = len(lo)
    rng = np.random.default_rng(0)
    ticks = np.linspace(-1, 1, 5 if d < 3 else 3)
    probe = grid_points([ticks] * d)
    centres = sample(region, 4 * count, 9).points
    for centre in centres[rng.permutation(len(centres))][:count]:
        for side in SIDES:
            half = side / 2 * (hi - lo) * rng.uniform(0.5, 1, d)
            crossed = np.all(np.abs(walls - centre) < half, axis=1)
            if not crossed.any() and np.all(region.contains(centre + half * probe)):
                yield centre - half, centre + half
                break


def _cuts(form: Form, coordinate: int) -> list[float]:
    """The ends of the places where data are narrow: a rule for a whole side sees nothing of what lies between."""
    cuts = sorted({end for a, b, _ in steps(form.bound, coordinate) for end in (a, b)})
    return cuts if len(cuts) <= MOST else []


def _sums(
    form: Form, boxes: list[Box], flux: dict[Symbol, Expr], source: Expr, evaluate: Evaluate, nodes: int, cuts: Cuts
) -> tuple[Array, Array]:  # fmt: skip
    """For each box ∮ n·F + ∫ s, real part, and the same of the sizes."""
    d, coords = form.space.dim, form.space.coords
    total, size = np.zeros((2, len(boxes)))
    rules = [[composite(a, b, cut, nodes) for a, b, cut in zip(lo, hi, cuts, strict=True)] for lo, hi in boxes]

    def add(expr: Expr, faces: list[int], sign: float, end: int) -> None:
        points, weights = [], []
        for box, rule in zip(boxes, rules, strict=True):
            each = [rule[k] if k in faces else (box[end][k : k + 1], np.ones(1)) for k in range(d)]
            points.append(grid_points([x for x, _ in each]))
            weights.append(np.prod(grid_points([w for _, w in each]), axis=1))
        values, begun = evaluate(expr, np.concatenate(points)), np.cumsum([0, *map(len, points[:-1])])
        weight = np.concatenate(weights)
        np.add(total, sign * np.add.reduceat(np.real(values) * weight, begun), out=total)
        np.add(size, np.add.reduceat(np.abs(values) * weight, begun), out=size)

    for k, end in itertools.product(range(d), (0, 1)):
        if coords[k] in flux:
            add(flux[coords[k]], [j for j in range(d) if j != k], 2.0 * end - 1, end)
    if source != 0:
        add(source, list(range(d)), 1.0, 0)
    return total, size
