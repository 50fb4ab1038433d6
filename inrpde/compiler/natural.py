"""Fluxes that conditions on boundaries are natural for.

The fluxes of an equation are known up to terms whose divergence vanishes: with constants κ that are antisymmetric in k
and l, F_k + κ_kl ∂u/∂x_l is as good. Of all these one is chosen that the conditions hold of, if there is one: so the
equations of elasticity may be written in displacements, ∂²v/∂x∂y in any share of its two orders, beside tractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
from sympy import Dummy, nsimplify

from inrpde.compiler.bind import BoundCondition
from inrpde.compiler.coefficients import slopes
from inrpde.compiler.form import Form, Jet, Row
from inrpde.compiler.lower import make_row
from inrpde.declaration.regions.pilot import Part, pilot_points

if TYPE_CHECKING:
    from inrpde.compiler.flux import FluxEquation

Array = np.ndarray
POINTS = 64
"""Places of a part of a boundary at which a condition is looked at."""
ASIDE = 1e-6
"""How far beside a boundary an equation is looked for, as a share of its size."""
SMALL = 1e-6
"""What is no coefficient, as a share of the largest."""


@dataclass(frozen=True, eq=False)
class Place:
    """A row at N points of a part of its region with normals (N, d): `given` (N, M, d) are its coefficients of the
    gradients, the largest of each point 1."""

    row: Row
    points: Array
    normals: Array
    given: Array


def place(form: Form, row: Row, part: Part) -> Place:
    """A row on a part of its region."""
    points = pilot_points(part, POINTS)
    normals = part.piece.normals(points)
    given = np.moveaxis(slopes(form, row, points, normals)[:, 1:], 2, 0)
    size = np.max(np.abs(given), axis=(1, 2), keepdims=True, initial=1e-300)
    return Place(row, points, np.zeros_like(points) if normals is None else normals, given / size)


def outward(form: Form, equation: FluxEquation, at: Place) -> list[Array]:
    """The coefficients (N, M, d) of the gradients in F·n on each side of a place where the equation holds."""
    mine = {unknown for flux in equation.fluxes for unknown in flux.indices}
    if not mine & {jet.unknown for jet in at.row.jets.values() if any(jet.index)}:
        return []
    found = []
    for step in (-ASIDE, ASIDE):
        beside = at.points + step * equation.region.size * at.normals
        held = equation.region.contains(beside)
        if np.any(held):
            each = zip(at.normals.T, equation.fluxes, strict=True)
            flux = np.sum([n * slopes(form, row, beside)[:, 1:] for n, row in each], axis=0)
            found.append(np.where(held[:, None, None], np.moveaxis(flux, 2, 0), 0.0))
    return found


def adjusted(form: Form, equations: Sequence[FluxEquation]) -> list[FluxEquation]:
    """The equations, their fluxes such that as many rows as possible are natural for them."""
    around = [row for row in form.rows if row.region.dim == form.space.dim - 1 and any(map(_steep, row.jets.values()))]
    places = [place(form, row, part) for row in around for part in row.region.parts]
    return [_adjusted(form, equation, places) for equation in equations]


def _steep(jet: Jet) -> bool:
    return any(jet.index)


def _adjusted(form: Form, equation: FluxEquation, places: Sequence[Place]) -> FluxEquation:
    mine = sorted({unknown for flux in equation.fluxes for unknown in flux.indices})
    pairs = list(combinations(range(form.space.dim), 2))
    held = [(at, flux[:, mine]) for at in places for flux in outward(form, equation, at)]
    fits = {at.row: True for at, _ in held}
    for at, flux in held:
        fits[at.row] &= _fitted([(at, flux)], mine, pairs) is not None
    held = [(at, flux) for at, flux in held if fits[at.row]]
    if not held or _fitted(held, mine, []) is not None:
        return equation
    turned = _fitted(held, mine, pairs)
    if turned is None:
        return equation
    condition = form.conditions[equation.condition]
    fluxes = list(equation.fluxes)
    for unknown, constants in zip(mine, turned, strict=True):
        for (k, m), constant in zip(pairs, constants, strict=True):
            fluxes[k] = _with(form, fluxes[k], condition, unknown, m, constant)
            fluxes[m] = _with(form, fluxes[m], condition, unknown, k, -constant)
    return replace(equation, fluxes=tuple(fluxes))


def _fitted(held: Sequence[tuple[Place, Array]], mine: Sequence[int], pairs: Sequence[tuple[int, int]]) -> Array | None:
    """The constants κ (M, pairs) under which F·n + n·κ is a multiple of what is given, at each point one of its own;
    None where there are none. What is given is projected out, the rest is linear."""
    scale = max(float(np.max(np.abs(flux), initial=1e-300)) for _, flux in held)
    matrix, right = [], []
    for at, flux in held:
        count, many, dim = flux.shape
        turned = np.zeros((count, many, dim, many, len(pairs)))
        for number, (p, (k, m)) in product(range(many), enumerate(pairs)):
            turned[:, number, m, number, p] = at.normals[:, k]
            turned[:, number, k, number, p] = -at.normals[:, m]
        given = at.given[:, mine].reshape(count, -1)
        unit = given / np.maximum(np.linalg.norm(given, axis=1, keepdims=True), 1e-300)
        rest = np.eye(many * dim) - unit[:, :, None] * unit[:, None].conj()
        matrix.append((rest @ turned.reshape(count, many * dim, -1)).reshape(count * many * dim, -1))
        right.append(-(rest @ flux.reshape(count, -1, 1)).ravel() / scale)
    full, wanted = np.concatenate(matrix), np.concatenate(right)
    found, *_ = np.linalg.lstsq(full, wanted, rcond=SMALL)
    if np.max(np.abs(full @ found - wanted)) > SMALL:
        return None
    return scale * found.reshape(len(mine), len(pairs))


def _with(form: Form, row: Row, condition: BoundCondition, unknown: int, axis: int, constant: complex) -> Row:
    """A flux with a constant times a derivative of an unknown more."""
    value = constant.real if abs(constant.imag) <= SMALL * abs(constant) else constant
    if abs(value) <= SMALL:
        return row
    jet = Jet(unknown, tuple(int(k == axis) for k in range(form.space.dim)))
    known = next((symbol for symbol, each in row.jets.items() if each == jet), None)
    symbol = known or Dummy(f"d{axis}", **({} if form.unknowns[unknown].complex else {"real": True}))
    residual = row.residual + nsimplify(value, rational=True, tolerance=1e-12) * symbol
    return make_row(residual, condition, row.region, {**row.jets, symbol: jet}, dict(row.data), {})
