"""Does what flows out of a region balance its sources?

By Gauss's theorem ∫_Ω div F = ∫_∂Ω n·F. Where an equation reads div F + s = 0 with a known source s, and the conditions
on the boundary give n·F all round, as Neumann's do, both sides are known before anything is solved; where they differ,
there is no solution. That is proved where both integrands vary slowly; where a few thousand points may have missed what
is narrow, or data are measured, it is a suspicion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
from inrpde.verification.checks.coverage import covers
from inrpde.verification.finding import Finding, Kind, name

Array = np.ndarray
BALANCED = 1e-3
"""A relative difference of the two integrals that is left to the loss: measured data never balance exactly."""
SURE = 5.0
"""How many times the difference of two quadratures an imbalance must be."""
SPANNED = 1e-10
"""Relative residual up to which conditions give a part of a flux."""
TIED = 1e-8
"""Relative difference up to which two fluxes on opposite faces are one."""
STEEP = 20.0
"""The argument of an exponential that varies by less over a set varies slowly there."""
POINTS = 4000


@dataclass(frozen=True)
class Balance:
    """div F + source = 0: the flux F by coordinate, and the source."""

    flux: dict[Symbol, Expr]
    source: Expr


def unbalanced(form: Form) -> list[Finding]:
    """Where sources and the flux through the boundary are known and do not seem to balance. Raises ProblemError where
    they certainly do not."""
    if form.space.time is not None or form.arithmetic == "split":
        return []
    findings = []
    for condition in form.conditions:
        deadline.turn()
        if condition.region.dim == form.space.dim and not condition.region.labels:
            for expr in condition.residuals:
                balance = conservation(form, expr)
                found = balance and _check(form, condition, balance)
                findings += [found] if found else []
    return findings


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
    out: list[tuple[float, float]] = []
    for seed in (0, 1):
        q = sample(boundary, POINTS, seed)
        flux = _given(form, across, q)
        if flux is None:
            return None
        out.append((float(np.real(q.weights @ flux)), float(q.weights @ np.abs(flux))))
    drawn = draw(form, POINTS, 5).conditions[condition.index]
    made = [_integral(form, source, q) for q in (integration(condition.region), drawn)]
    (through, size), (made_here, driven) = out[0], made[0]
    doubt = abs(out[0][0] - out[1][0]) + abs(made[0][0] - made[1][0])
    gap, allowed = abs(through + made_here), BALANCED * max(size, driven) + SURE * doubt
    if gap <= allowed or not np.isfinite(gap):
        return None
    text = (
        f"the sources of {condition.where} ask for a flux of {-made_here + 0.0:.6g} through its boundary, and the "
        f"conditions there give {through + 0.0:.6g} (both integrals of {condition.text})"
    )
    around = _walls(form)
    if not all(_slow(form, row, drawn.points) for row in (source, across, *around)):
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


def _integral(form: Form, row: Row, q: Quadrature | Site) -> tuple[float, float]:
    """The integral of a known expression, and of its size."""
    env = form.environment(row, q.points, None, {})
    values = np.broadcast_to(row.value(env)[0], (len(q.points),))
    return float(np.real(q.weights @ values)), float(q.weights @ np.abs(values))


def _given(form: Form, across: Row, q: Quadrature) -> Array | None:
    """The flux through a boundary as its conditions give it, (N,); None where they do not give it everywhere.

    At each point the flux is a sum of derivatives of the unknowns, and it is known if that is a sum of the left-hand
    sides of conditions that hold there."""
    assert q.normals is not None
    flux = np.zeros(len(q), dtype=complex)
    cancels = _cancels(form, across, q, sorted(set(across.jets.values())))
    for rows, walls in _groups(_met(_walls(form), across.region, q.points), q.points):
        jets = sorted({jet for row in (across, *walls) for jet in row.jets.values()})
        points, normals = q.points[rows], q.normals[rows]
        target, known = _affine(form, across, points, normals, jets)
        tangents = np.zeros((len(rows), len(walls), len(jets)), dtype=complex)
        values = np.zeros((len(rows), len(walls)), dtype=complex)
        for k, row in enumerate(walls):
            tangents[:, k], values[:, k] = _affine(form, row, points, normals, jets)
        # numpy's pseudo-inverse takes no empty matrices
        shares = np.einsum("nj,njk->nk", target, np.linalg.pinv(tangents)) if walls else values
        left = np.abs(target - np.einsum("nk,nkj->nj", shares, tangents))
        made = np.einsum("nk,nkj->nj", np.abs(shares), np.abs(tangents))
        open_ = np.any(left > SPANNED * (np.abs(target) + made), axis=1)  # each derivative has a size of its own
        if np.any(open_ & ~cancels[rows]):
            return None
        flux[rows] = known - np.sum(shares * values, axis=1)
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


def _affine(form: Form, row: Row, points: Array, normals: Array, jets: list[Jet]) -> tuple[Array, Array]:
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
        here, there = (_affine(form, across, p, n, jets) for p, n in ((q.points, q.normals), (other, -q.normals)))
        slopes, values = (
            np.abs(a + b) <= TIED * np.max(np.abs(a), initial=0.0) for a, b in zip(here, there, strict=True)
        )
        out |= tied & np.all(slopes, axis=1) & values
    return out
