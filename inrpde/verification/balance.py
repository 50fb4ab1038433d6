"""Does what flows out of a region balance its sources?

By Gauss's theorem ∫_Ω div F = ∫_∂Ω n·F. Where an equation reads div F + s = 0 with a known source s, and the conditions
on the boundary give n·F all round, as Neumann's do, both sides are known before anything is solved; where they differ,
there is no solution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sympy import Add, Derivative, Expr, S, Symbol, expand_mul
from sympy.core.function import AppliedUndef

from inrpde import deadline
from inrpde.compiler import lower
from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.form import Form, Jet, Row
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.errors import ProblemError
from inrpde.sampling import Quadrature, integration, sample
from inrpde.solvers.samples import Site, bounds, draw
from inrpde.verification.coverage import covers
from inrpde.verification.finding import name

Array = np.ndarray
BALANCED = 1e-3
"""A relative difference of the two integrals that is left to the loss: measured data never balance exactly."""
SURE = 5.0
"""How many times the difference of two quadratures an imbalance must be."""
SPANNED = 1e-8
"""Relative residual up to which conditions give a flux."""
POINTS = 4000


@dataclass(frozen=True)
class Balance:
    """div F + source = 0: the flux F by coordinate, and the source."""

    flux: dict[Symbol, Expr]
    source: Expr


def check_balance(form: Form) -> None:
    """Raise ProblemError where sources and the flux through the boundary are known and do not balance."""
    if form.space.time is not None or form.arithmetic == "split":
        return
    for condition in form.conditions:
        deadline.turn()
        if condition.region.dim == form.space.dim and not condition.region.labels:
            for expr in condition.residuals:
                balance = conservation(form, expr)
                if balance is not None:
                    _check(form, condition, balance)


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


def _check(form: Form, condition: BoundCondition, balance: Balance) -> None:
    try:
        boundary = condition.region.boundary
    except ProblemError:  # a part of a region has none
        return
    normal = dict(zip(form.space.spatial, form.space.normal, strict=True))
    across = lower(form, Add(*(normal[x] * part for x, part in balance.flux.items())), condition, boundary)
    source = lower(form, balance.source, condition, condition.region)
    if not across.linear:
        return
    out: list[tuple[float, float]] = []
    for seed in (0, 1):
        q = sample(boundary, POINTS, seed)
        flux = _given(form, across, q)
        if flux is None:
            return
        out.append((float(np.real(q.weights @ flux)), float(q.weights @ np.abs(flux))))
    drawn = draw(form, POINTS, 5).conditions[condition.index]
    made = [_integral(form, source, q) for q in (integration(condition.region), drawn)]
    (through, size), (made_here, driven) = out[0], made[0]
    doubt = abs(out[0][0] - out[1][0]) + abs(made[0][0] - made[1][0])
    if abs(through + made_here) <= BALANCED * max(size, driven) + SURE * doubt:
        return
    around = [
        str(c) for c in form.conditions if c.region.dim == form.space.dim - 1 and not c.periodic and not c.region.labels
    ]
    unknowns = ", ".join(dict.fromkeys(name(form, jet.unknown) for jet in across.jets.values()))
    raise ProblemError(
        f"no solution exists: the sources of {condition.where} ask for a flux of {-made_here + 0.0:.6g} through its "
        f"boundary, and the conditions there give {through + 0.0:.6g} (both integrals of {condition.text})",
        "; ".join([str(condition), *dict.fromkeys(around)]),
        f"change the source or the flux until both agree, or give the value of {unknowns} on a part of the boundary",
    )


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
    for rows, walls in _groups(_walls(form, across, q), q.points):
        jets = sorted({jet for row in (across, *walls) for jet in row.jets.values()})
        points, normals = q.points[rows], q.normals[rows]
        target, known = _affine(form, across, points, normals, jets)
        tangents = np.zeros((len(rows), len(walls), len(jets)), dtype=complex)
        values = np.zeros((len(rows), len(walls)), dtype=complex)
        for k, row in enumerate(walls):
            tangents[:, k], values[:, k] = _affine(form, row, points, normals, jets)
        # numpy's pseudo-inverse takes no empty matrices
        shares = np.einsum("nj,njk->nk", target, np.linalg.pinv(tangents)) if walls else values
        left = np.linalg.norm(target - np.einsum("nk,nkj->nj", shares, tangents), axis=1)
        open_ = left > SPANNED * np.maximum(np.linalg.norm(target, axis=1), SPANNED)
        if np.any(open_ & ~cancels[rows]):
            return None
        flux[rows] = known - np.sum(shares * values, axis=1)
    return np.where(cancels, 0.0, flux)


def _walls(form: Form, across: Row, q: Quadrature) -> list[Row]:
    """The linear conditions on surfaces that may hold somewhere on a boundary."""
    lo, hi = q.points.min(axis=0), q.points.max(axis=0)
    near = 1e-6 * across.region.size

    def meets(region: Region) -> bool:
        first, last = region.bounds
        return bool(np.all(first <= hi + near) and np.all(last >= lo - near))

    return [
        row
        for row in form.rows
        if row.region.dim == form.space.dim - 1
        and row.linear
        and not (row.integrals or row.region.labels or form.conditions[row.condition].periodic)
        and meets(row.region)
    ]


def _groups(walls: list[Row], points: Array) -> Iterator[tuple[Array, list[Row]]]:
    """The numbers of the points at which the same conditions hold, and these conditions."""
    if not walls:
        yield np.arange(len(points)), []
        return
    regions = {id(row.region): row.region for row in walls}
    held = {key: region.contains(points) for key, region in regions.items()}
    there = np.stack([held[id(row.region)] for row in walls], axis=1)
    signatures, of = np.unique(there, axis=0, return_inverse=True)
    for number, signature in enumerate(signatures):
        yield np.flatnonzero(of.ravel() == number), [walls[k] for k in np.flatnonzero(signature)]


def _affine(form: Form, row: Row, points: Array, normals: Array, jets: list[Jet]) -> tuple[Array, Array]:
    """A linear row at points: its slopes by jet (N, J), and its value where all jets vanish (N,)."""
    env = form.environment(row, points, normals, {}) | dict.fromkeys(row.jets, 0.0)
    slopes = np.zeros((len(points), len(jets)), dtype=complex)
    for symbol, slope in zip(row.tangent, row.slopes(env), strict=True):
        slopes[:, jets.index(row.jets[symbol])] = slope
    return slopes, np.broadcast_to(row.value(env)[0], (len(points),)).astype(complex)


def _cancels(form: Form, across: Row, q: Quadrature, jets: list[Jet]) -> Array:
    """Where a periodic condition ties the flux to one that is as large on the opposite face."""
    out = np.zeros(len(q.points), dtype=bool)
    lo, hi = bounds(form)
    assert q.normals is not None
    for condition in form.conditions:
        if condition.periodic is None:
            continue
        k = form.space.coords.index(condition.periodic.coordinate)
        tied = covers(form, condition.region, condition.periodic, q.points)
        other = q.points.copy()
        other[:, k] = lo[k] + hi[k] - other[:, k]
        here, there = (_affine(form, across, p, n, jets) for p, n in ((q.points, q.normals), (other, -q.normals)))
        same = np.all(np.abs(here[0] + there[0]) <= SPANNED * (1 + np.abs(here[0])), axis=1)
        out |= tied & same & (np.abs(here[1] + there[1]) <= SPANNED * (1 + np.abs(here[1])))
    return out
