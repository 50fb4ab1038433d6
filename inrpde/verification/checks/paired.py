"""Are values and fluxes given in pairs? Of each component of an unknown the one or the other, or a sum of them.

Where equations are div F = …, with a symmetric symbol, the energy that leaves is Σ u_i n·F_i. Conditions that leave it
one sign hold the unknowns; where a value and the flux of the same component are given, and neither of another, as many
conditions as are asked for do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sympy import Add

from inrpde.compiler import lower
from inrpde.compiler.form import Form, Jet, Row
from inrpde.declaration.regions import Region
from inrpde.verification.checks.balance import affine, conservation
from inrpde.verification.checks.symbol import symbol
from inrpde.verification.finding import name

Array = np.ndarray
EQUAL = 1e-9
"""A share of the largest that is zero."""


def fluxes(form: Form, rows: Sequence[Row], unknowns: Sequence[int], region: Region) -> list[Row] | None:
    """What flows out through the boundary of a region by each of its equations, if all are conservation laws with a
    symmetric symbol: then the i-th is that of the i-th unknown."""
    if form.arithmetic != "real" or form.space.time is not None or not all(row.linear for row in rows):
        return None
    point = np.mean(region.bounds, axis=0)[None]
    way = np.random.default_rng(0).normal(size=point.shape) * (1j / region.size)
    found = symbol(form, rows, unknowns, point, None, 0 * way, way)
    if found.shape[3] != 3 or found.shape[1] != found.shape[2]:
        return None
    second = found[0, :, :, 2]
    size = np.abs(second).max()
    if not np.isfinite(size) or np.abs(second - second.T).max() > EQUAL * size or not np.diag(second).all():
        return None
    out = []
    for number in dict.fromkeys(row.condition for row in rows):
        condition = form.conditions[number]
        for expr in condition.residuals:
            balance = conservation(form, expr)
            if balance is None:
                return None
            normal = dict(zip(form.space.spatial, form.space.normal, strict=True))
            total = Add(*(normal[x] * part for x, part in balance.flux.items()))
            out.append(lower(form, total, condition, region.boundary))
    return out if len(out) == len(unknowns) else None


def unpaired(
    form: Form, unknowns: Sequence[int], across: Sequence[Row], rows: Sequence[Row], point: Array, normal: Array
) -> tuple[str, bool]:
    """What is to be said of the conditions `rows` at a point (d,) with its outward normal, and whether the energy that
    leaves has no sign, though there are as many as unknowns; "" and False where they are no values and fluxes."""
    if any(not row.linear or row.integrals or row.region.labels for row in rows):
        return "", False
    n = len(unknowns)
    values = [Jet(k, (0,) * form.space.dim) for k in unknowns]
    jets = sorted({*values, *(jet for row in (*across, *rows) for jet in row.jets.values())})

    def at(row: Row) -> Array:
        return np.real(affine(form, row, point[None], normal[None], jets)[0][0])

    basis = np.array([*(np.array([jet == value for jet in jets], float) for value in values), *map(at, across)])
    given = np.array([at(row) for row in rows]).reshape(-1, len(jets))
    units = np.maximum(np.abs(basis).max(axis=0), 1e-300)  # each derivative has its own
    basis, given = basis / units, given / units
    sizes = np.abs(basis).max(axis=1)
    parts = given @ np.linalg.pinv(basis / sizes[:, None])
    left = np.abs(given - parts @ (basis / sizes[:, None]))
    if not np.isfinite(left).all() or np.any(left > EQUAL * np.abs(given).max(axis=1, keepdims=True)):
        return "", False
    parts = parts / np.maximum(np.abs(parts).max(axis=1, keepdims=True), 1e-300)
    parts[np.abs(parts) < EQUAL] = 0.0
    _, spans, right = np.linalg.svd(parts)
    rank = int(np.count_nonzero(spans > EQUAL))
    row_space, free = right[:rank], right[rank:]
    ways = [(name(form, k), np.eye(n)[i]) for i, k in enumerate(unknowns)]
    if n == len(form.space.spatial):
        whole = ", ".join(name(form, k) for k in unknowns)
        ways.append((f"the part of {whole} along the normal", normal[:n]))
    nothing = np.zeros(n)

    def inside(vector: Array) -> bool:
        return bool(np.linalg.norm(vector - row_space.T @ (row_space @ vector)) < EQUAL)

    both = [what for what, way in ways if inside(np.append(way, nothing)) and inside(np.append(nothing, way))]
    neither = [name(form, k) for i, k in enumerate(unknowns) if not parts[:, [i, n + i]].any()]
    swap = np.roll(np.eye(2 * n), n, axis=0)
    energy = np.linalg.eigvalsh(free @ swap @ free.T) if len(free) else np.zeros(1)
    text = f"both the value and the flux of {both[0]} are given" if both else ""
    if neither:
        text += f"{' and ' if both else ''}neither of {neither[0]}"
        text += "" if both else " is given"
    return text, rank == n and bool(energy.min() < -EQUAL and energy.max() > EQUAL)
