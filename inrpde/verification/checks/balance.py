"""Does what flows out of a region balance its sources?

By Gauss's theorem ∫_Ω div F = ∫_∂Ω n·F. Where an equation reads div F + s = 0 with a known source s, and the conditions
on the boundary give n·F all round, as Neumann's do, both sides are known before anything is solved; where they differ,
there is no solution. That is proved where both integrands vary slowly; where a few thousand points may have missed what
is narrow, or data are measured, it is a suspicion.

So it is with the moments of two equations whose fluxes are symmetric, F_j·e_a = F_i·e_b, as stresses are: a R_j - b R_i
is div(a F_j - b F_i) and a source, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from sympy import (
    Add,
    Derivative,
    Expr,
    Function,
    Pow,
    S,
    Symbol,
    cos,
    cosh,
    exp,
    expand,
    expand_mul,
    preorder_traversal,
    sin,
    sinh,
)  # fmt: skip
from sympy.core.function import AppliedUndef

from inrpde import deadline
from inrpde.compiler import lower
from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.evaluate import evaluate
from inrpde.compiler.form import Form, Jet, Row, parted
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.errors import ProblemError
from inrpde.sampling import Quadrature, integration, sample
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import opposite
from inrpde.sampling.sites import Site
from inrpde.verification.checks.bodies import bodies
from inrpde.verification.checks.coverage import covers
from inrpde.verification.checks.distinct import distinct
from inrpde.verification.finding import Finding, Kind, name

Array = np.ndarray
BALANCED = 1e-3
"""A relative difference of the two integrals that is left to the loss: measured data never balance exactly."""
SURE = 5.0
"""How many times the difference of two quadratures an imbalance must be."""
SPANNED = 1e-10
"""Relative residual up to which conditions give a part of a flux."""
ROUNDING = 1e-12
"""What is left by chance of a derivative that cancels, as a share of the others."""
TIED = 1e-8
"""Relative difference up to which two fluxes on opposite faces are one."""
STEEP = 20.0
"""The argument of an exponential that varies by less over a set varies slowly there."""
POINTS, FEW = 4000, 60
"""Of a boundary or a region, and those that tell whether regions overlap."""


@dataclass(frozen=True)
class Balance:
    """div F + source = 0: the flux F by coordinate, and the source; moments in a plane of two coordinates where it
    `turns`."""

    flux: dict[Symbol, Expr]
    source: Expr
    turns: tuple[Symbol, Symbol] | None = None


def unbalanced(form: Form) -> list[Finding]:
    """Where sources and the flux through the boundary are known and do not seem to balance. Raises ProblemError where
    they certainly do not."""
    if form.space.time is not None or form.arithmetic == "split":
        return []
    findings = []
    alone: list[tuple[BoundCondition, Balance]] = []
    for condition in form.conditions:
        deadline.turn()
        if condition.region.dim == form.space.dim and not condition.region.labels:
            balances = list(filter(None, (conservation(form, expr) for expr in condition.residuals)))
            alone += [(condition, balance) for balance in balances if len(condition.residuals) == 1]
            for balance in (*balances, *_moments(form, balances)):
                found = _check(form, condition, balance)
                findings += [found] if found else []
    return findings + _together(form, alone)


def _moments(form: Form, balances: Sequence[Balance]) -> Iterator[Balance]:
    """Those of pairs with symmetric fluxes, about the origin."""
    for one, other in permutations(balances, 2):
        for a, b in combinations(form.space.spatial, 2):
            if not {a, b} <= one.flux.keys() & other.flux.keys():
                continue
            if expand((other.flux[a] - one.flux[b]).doit()) == 0:
                axes = one.flux.keys() | other.flux.keys()
                flux = {x: a * other.flux.get(x, S.Zero) - b * one.flux.get(x, S.Zero) for x in axes}
                yield Balance(flux, a * other.source - b * one.source, (a, b))


def conservation(form: Form, expr: Expr) -> Balance | None:
    """An expression as div F + source with constant coefficients before the divergence; None if it is no such sum."""
    unknowns = {unknown.symbol for unknown in form.bound.unknowns}
    flux: dict[Symbol, Expr] = {}
    source: Expr = S.Zero
    if expr.has(RegionIntegral):
        return None
    for term in Add.make_args(expand_mul(expr, deep=False)):
        if not (term.atoms(AppliedUndef) | term.free_symbols) & unknowns:
            source += term
            continue
        factor, inner = term.as_independent(*form.space.coords, AppliedUndef, as_Add=False)
        if not isinstance(inner, Derivative) or factor.free_symbols & unknowns:
            return None
        x = next((x for x, _ in inner.variable_count if x in form.space.spatial), None)
        if x is None:
            return None
        left = [(y, n - 1 if y == x else n) for y, n in inner.variable_count]
        left = [(y, n) for y, n in left if n]
        flux[x] = flux.get(x, S.Zero) + factor * (Derivative(inner.expr, *left) if left else inner.expr)
    return Balance(flux, source) if flux else None


def _across(form: Form, condition: BoundCondition, *balances: Balance) -> Row | None:
    """What flows out of a condition's region by the first of some balances, without what flows out by the others, as
    seen from there; None where the region has no boundary, or the flux is not linear."""
    try:
        boundary = condition.region.boundary
    except ProblemError:  # a part of a region has none
        return None
    normal = dict(zip(form.space.spatial, form.space.normal, strict=True))
    signs = [1, *[-1] * (len(balances) - 1)]
    terms = [
        sign * normal[x] * part for sign, each in zip(signs, balances, strict=True) for x, part in each.flux.items()
    ]
    row = lower(form, Add(*terms), condition, boundary)
    return row if row.linear else None


def _together(form: Form, alone: list[tuple[BoundCondition, Balance]]) -> list[Finding]:
    """Of regions whose unknowns are tied where they touch the sum; each by itself does not know its flux there."""
    held = [{k for row in form.rows if row.condition == c.index for k in row.indices} for c, _ in alone]
    walls = _walls(form)
    links = [[k for k, mine in enumerate(held) if mine & {*row.indices}] for row in walls]
    findings = []
    for group in parted(len(alone), links):
        own = {number for k in group for number in held[k]}
        regions = [alone[k][0].region for k in group]
        if len(group) == 1 or any(len(held[k]) > 1 for k in group) or len(own) < len(group) or _overlap(regions):
            continue
        found = _sum(form, [alone[k] for k in group])
        findings += [found] if found else []
    return findings


def _overlap(regions: Sequence[Region]) -> bool:
    inside = [sample(region, FEW, 3).points for region in regions]
    pairs = permutations(range(len(regions)), 2)
    return any(np.count_nonzero(regions[a].contains(inside[b])) > FEW // 10 for a, b in pairs)


def _sum(form: Form, parts: list[tuple[BoundCondition, Balance]]) -> Finding | None:
    deadline.turn()
    rows = [_across(form, condition, balance) for condition, balance in parts]
    through = []
    for seed in (0, 1):
        flux = size = 0.0
        for k, (row, (condition, balance)) in enumerate(zip(rows, parts, strict=True)):
            if row is None:
                return None
            q = sample(row.region, POINTS // len(parts), seed)
            given = _given(form, row, q)
            for j, (other, theirs) in enumerate(parts):
                shared = other.region.boundary.contains(q.points) & (j != k)
                if shared.any():  # it is counted from one of its sides
                    both = _across(form, condition, balance, theirs)
                    given[shared] = 0.0 if both is None or j < k else _given(form, both, q)[shared]
            if np.isnan(given).any():
                return None
            flux, size = (a + b for a, b in zip((flux, size), _total(given, q.weights), strict=True))
        through.append((flux, size))
    sources = [lower(form, balance.source, condition, condition.region) for condition, balance in parts]
    points = draw(form, POINTS, 5).conditions
    drawn = [points[condition.index] for condition, _ in parts]
    rules: list[Sequence[Quadrature | Site]] = [[integration(condition.region) for condition, _ in parts], drawn]
    made = [
        np.sum([_total(_values(form, row, q.points), q.weights) for row, q in zip(sources, rule, strict=True)], axis=0)
        for rule in rules
    ]
    if not _differ(through, made):
        return None
    where = " and ".join(condition.where for condition, _ in parts)
    every = np.concatenate([q.points for q in drawn])
    return _said(form, parts[0], [*filter(None, rows), *sources], every, where, through[0][0], float(made[0][0]))


def _differ(through: Sequence[Sequence[float]], made: Sequence[Sequence[float]]) -> bool:
    """Do fluxes and sources differ, each twice, with their sizes?"""
    doubt = abs(through[0][0] - through[1][0]) + abs(made[0][0] - made[1][0])
    gap = abs(through[0][0] + made[0][0])
    return bool(gap > BALANCED * max(through[0][1], made[0][1]) + SURE * doubt and np.isfinite(gap))


def _check(form: Form, condition: BoundCondition, balance: Balance) -> Finding | None:
    across = _across(form, condition, balance)
    if across is None:
        return None
    source = lower(form, balance.source, condition, condition.region)
    surfaces = [sample(across.region, POINTS, seed) for seed in (0, 1)]
    fluxes = [_given(form, across, q) for q in surfaces]
    drawn = draw(form, POINTS, 5).conditions[condition.index]
    volumes: list[Quadrature | Site] = [integration(condition.region), drawn]
    apart = bodies(condition.region)
    for body in range(apart.count):
        whole = apart.count == 1
        of = [q.weights if whole else (apart.of(q.points, q.normals) == body) * q.weights for q in surfaces]
        if any(np.isnan(flux[mine > 0]).any() for flux, mine in zip(fluxes, of, strict=True)):
            continue
        within = [q.weights if whole else (apart.of(q.points, None) == body) * q.weights for q in volumes]
        through = [_total(flux, mine) for flux, mine in zip(fluxes, of, strict=True)]
        made = [_total(_values(form, source, q.points), mine) for q, mine in zip(volumes, within, strict=True)]
        if _differ(through, made):
            where = condition.where if whole else apart.place(body, condition.where, form.space.coords)
            rows = [source, across]
            return _said(form, (condition, balance), rows, drawn.points, where, through[0][0], made[0][0])
    return None


def _said(
    form: Form, part: tuple[BoundCondition, Balance], rows: list[Row], points: Array, where: str, through: float,
    made: float,
) -> Finding:  # fmt: skip
    """The finding, of the sources and fluxes in `rows`; raises ProblemError where it is sure."""
    condition, balance = part
    what = "flux"
    if balance.turns is not None:
        what = "moment about the origin in the plane of {} and {}".format(*balance.turns)
    text = (
        f"the sources of {where} ask for a {what} of {-made + 0.0:.6g} through its boundary, and the "
        f"conditions there give {through + 0.0:.6g} (both integrals of {condition.text})"
    )
    around = _walls(form)
    if not all(_slow(form, row, points) for row in (*rows, *around)):
        text = f"{text}, as far as {POINTS} points show: if they differ, no solution exists"
        return Finding(Kind.BALANCE, text, "unverified")
    unknowns = ", ".join(dict.fromkeys(name(form, jet.unknown) for row in rows for jet in row.jets.values()))
    raise ProblemError(
        f"no solution exists: {text}",
        "; ".join([str(condition), *dict.fromkeys(row.text for row in around)]),
        f"change the source or the flux until both agree, or give the value of {unknowns} on a part of the boundary",
    )


def _slow(form: Form, row: Row, points: Array) -> bool:
    """Does a row hold polynomials, sines and exponentials alone that some thousand points cannot have missed? Data,
    quotients and jumps are not sure to be."""
    if row.data:
        return False
    for node in preorder_traversal(row.residual):
        if isinstance(node, (exp, sinh, cosh)):
            argument = node.args[0].subs(dict.fromkeys(form.space.normal, 1))
            if np.ptp(np.real(evaluate(argument, form.space.coords, points, {}))) > STEEP:
                return False
        elif isinstance(node, Pow):
            if not (node.exp.is_Integer and node.exp > 0) and not node.is_number:
                return False
        elif isinstance(node, Function) and not isinstance(node, (sin, cos)) and not node.is_number:
            return False
    return True


def _values(form: Form, row: Row, points: Array) -> Array:
    """A known expression at points, (N,)."""
    return np.broadcast_to(row.value(form.environment(row, points, None, {}))[0], (len(points),))


def _total(values: Array, weights: Array) -> tuple[float, float]:
    """An integral, and that of the size of what is integrated, where weights are not zero."""
    some = weights > 0
    return float(np.real(weights[some] @ values[some])), float(weights[some] @ np.abs(values[some]))


def _given(form: Form, across: Row, q: Quadrature) -> Array:
    """The flux through a boundary as its conditions give it, (N,); NaN where they do not.

    At each point the flux is a sum of derivatives of the unknowns, and it is known if that is a sum of the left-hand
    sides of conditions that hold there."""
    assert q.normals is not None
    flux = np.zeros(len(q), dtype=complex)
    cancels = _cancels(form, across, q, sorted(set(across.jets.values())))
    for rows, walls in _groups(_met(_walls(form), across.region, q.points), q.points):
        jets = sorted({jet for row in (across, *walls) for jet in row.jets.values()})
        points, normals = q.points[rows], q.normals[rows]
        target, known = affine(form, across, points, normals, jets)
        tangents = np.zeros((len(rows), len(walls), len(jets)), dtype=complex)
        values = np.zeros((len(rows), len(walls)), dtype=complex)
        for k, row in enumerate(walls):
            tangents[:, k], values[:, k] = affine(form, row, points, normals, jets)
        # each derivative has a size of its own, each condition its units
        sizes = np.maximum(np.abs(target).max(axis=0), np.abs(tangents).max(axis=(0, 1), initial=0.0))
        sizes[sizes == 0] = 1.0
        target, tangents = target / sizes, tangents / sizes
        units = np.maximum(np.abs(tangents).max(axis=2, initial=0.0), 1e-300)
        tangents, values = tangents / units[:, :, None], values / units
        # numpy's pseudo-inverse takes no empty matrices
        shares = np.einsum("nj,njk->nk", target, _inverses(tangents)) if walls else values.copy()
        shares[np.abs(shares) <= ROUNDING * np.abs(shares).max(axis=1, keepdims=True, initial=0.0)] = 0.0
        left = np.abs(target - np.einsum("nk,nkj->nj", shares, tangents))
        made = np.einsum("nk,nkj->nj", np.abs(shares), np.abs(tangents))
        allowed = SPANNED * (np.abs(target) + made) + ROUNDING * np.abs(target).max(axis=1, keepdims=True)
        open_ = np.any(left > allowed, axis=1)
        flux[rows] = np.where(open_, np.nan, known - np.sum(shares * values, axis=1))
    return np.where(cancels, 0.0, flux)


def _inverses(matrices: Array) -> Array:
    """The pseudo-inverses of matrices (N, k, J), (N, J, k): on straight walls they are few different ones."""
    first, which = distinct(matrices.reshape(len(matrices), -1))
    return np.linalg.pinv(matrices[first])[which]


def _met(walls: list[Row], boundary: Region, points: Array) -> list[Row]:
    """The rows whose regions may hold some of the points, by their boxes."""
    near = 1e-6 * boundary.extents
    lo, hi = points.min(axis=0) - near, points.max(axis=0) + near
    boxes = [row.region.bounds for row in walls]
    return [row for row, (first, last) in zip(walls, boxes, strict=True) if np.all(first <= hi) and np.all(last >= lo)]


def _groups(walls: list[Row], points: Array) -> Iterator[tuple[Array, list[Row]]]:
    """The numbers of the points at which the same conditions hold, and these conditions."""
    if not walls:
        yield np.arange(len(points)), []
        return
    regions = dict.fromkeys(row.region for row in walls)
    held = {region: region.contains(points) for region in regions}
    there = np.stack([held[row.region] for row in walls], axis=1)
    first, of = distinct(there)
    for number, signature in enumerate(there[first]):
        yield np.flatnonzero(of == number), [walls[k] for k in np.flatnonzero(signature)]


def _walls(form: Form) -> list[Row]:
    """The linear equations on boundaries."""
    return [
        row
        for row in form.rows
        if row.region.dim == form.space.dim - 1
        and row.linear
        and not (row.integrals or row.region.labels or form.conditions[row.condition].periodic)
    ]


def affine(form: Form, row: Row, points: Array, normals: Array, jets: list[Jet]) -> tuple[Array, Array]:
    """A linear row at points: its slopes by jet (N, J), and its value where all jets vanish (N,)."""
    env = form.environment(row, points, normals, {}) | dict.fromkeys(row.jets, 0.0)
    slopes = np.zeros((len(points), len(jets)), dtype=complex)
    for symbol, slope in row.tangents(env).items():
        slopes[:, jets.index(row.jets[symbol])] = slope
    return slopes, np.broadcast_to(row.value(env)[0], (len(points),)).astype(complex)


def _cancels(form: Form, across: Row, q: Quadrature, jets: list[Jet]) -> Array:
    """Where a periodic condition ties the flux to one that is as large on the opposite face."""
    out = np.zeros(len(q.points), dtype=bool)
    assert q.normals is not None
    for condition in form.conditions:
        if condition.periodic is None:
            continue
        tied = covers(form, condition.region, condition.periodic, q.points)
        other = opposite(form, condition.periodic.coordinate, q.points)
        here, there = (affine(form, across, p, n, jets) for p, n in ((q.points, q.normals), (other, -q.normals)))
        slopes, values = (
            np.abs(a + b) <= TIED * np.max(np.abs(a), initial=0.0) for a, b in zip(here, there, strict=True)
        )
        out |= tied & np.all(slopes, axis=1) & values
    return out
