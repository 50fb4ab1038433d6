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
from inrpde.compiler.form import Form, Jet, Row
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.errors import ProblemError
from inrpde.sampling import Quadrature, integration, sample
from inrpde.sampling.draw import draw
from inrpde.sampling.extent import opposite
from inrpde.sampling.sites import Site
from inrpde.verification.checks.bodies import bodies
from inrpde.verification.checks.coverage import covers
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
POINTS = 4000


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
    for condition in form.conditions:
        deadline.turn()
        if condition.region.dim == form.space.dim and not condition.region.labels:
            balances = list(filter(None, (conservation(form, expr) for expr in condition.residuals)))
            for balance in (*balances, *_moments(form, balances)):
                found = _check(form, condition, balance)
                findings += [found] if found else []
    return findings


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


def _check(form: Form, condition: BoundCondition, balance: Balance) -> Finding | None:
    try:
        boundary = condition.region.boundary
    except ProblemError:  # a part of a region has none
        return None
    normal = dict(zip(form.space.spatial, form.space.normal, strict=True))
    across = lower(form, Add(*(normal[x] * part for x, part in balance.flux.items())), condition, boundary)
    source = lower(form, balance.source, condition, condition.region)
    if not across.linear:
        return None
    surfaces = [sample(boundary, POINTS, seed) for seed in (0, 1)]
    fluxes = [_given(form, across, q) for q in surfaces]
    drawn = draw(form, POINTS, 5).conditions[condition.index]
    volumes: list[Quadrature | Site] = [integration(condition.region), drawn]
    apart = bodies(condition.region)
    for body in range(apart.count):
        of = [(apart.of(q.points, q.normals) == body) * q.weights for q in surfaces]
        if any(np.isnan(flux[mine > 0]).any() for flux, mine in zip(fluxes, of, strict=True)):
            continue
        out = [_total(flux, mine) for flux, mine in zip(fluxes, of, strict=True)]
        made = [
            _total(_values(form, source, q.points), (apart.of(q.points, None) == body) * q.weights) for q in volumes
        ]
        (through, size), (made_here, driven) = out[0], made[0]
        doubt = abs(out[0][0] - out[1][0]) + abs(made[0][0] - made[1][0])
        gap, allowed = abs(through + made_here), BALANCED * max(size, driven) + SURE * doubt
        if gap > allowed and np.isfinite(gap):
            where = condition.where if apart.count == 1 else apart.place(body, condition.where, form.space.coords)
            return _said(form, condition, balance, across, source, drawn.points, where, through, made_here)
    return None


def _said(
    form: Form, condition: BoundCondition, balance: Balance, across: Row, source: Row, points: Array, where: str,
    through: float, made: float,
) -> Finding:  # fmt: skip
    """The finding; raises ProblemError where it is sure."""
    what = "flux"
    if balance.turns is not None:
        what = "moment about the origin in the plane of {} and {}".format(*balance.turns)
    text = (
        f"the sources of {where} ask for a {what} of {-made + 0.0:.6g} through its boundary, and the "
        f"conditions there give {through + 0.0:.6g} (both integrals of {condition.text})"
    )
    around = _walls(form)
    if not all(_slow(form, row, points) for row in (source, across, *around)):
        text = f"{text}, as far as {POINTS} points show: if they differ, no solution exists"
        return Finding(Kind.BALANCE, text, "unverified")
    unknowns = ", ".join(dict.fromkeys(name(form, jet.unknown) for jet in across.jets.values()))
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
        shares = np.einsum("nj,njk->nk", target, np.linalg.pinv(tangents)) if walls else values.copy()
        shares[np.abs(shares) <= ROUNDING * np.abs(shares).max(axis=1, keepdims=True, initial=0.0)] = 0.0
        left = np.abs(target - np.einsum("nk,nkj->nj", shares, tangents))
        made = np.einsum("nk,nkj->nj", np.abs(shares), np.abs(tangents))
        allowed = SPANNED * (np.abs(target) + made) + ROUNDING * np.abs(target).max(axis=1, keepdims=True)
        open_ = np.any(left > allowed, axis=1)
        flux[rows] = np.where(open_, np.nan, known - np.sum(shares * values, axis=1))
    return np.where(cancels, 0.0, flux)


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
    signatures, of = np.unique(there, axis=0, return_inverse=True)
    for number, signature in enumerate(signatures):
        yield np.flatnonzero(of.ravel() == number), [walls[k] for k in np.flatnonzero(signature)]


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
