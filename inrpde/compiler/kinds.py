"""Which formulation each condition of a problem gets in the flux form, and why.

A condition on a boundary is essential at a point if no derivative is in it, natural if the coefficients of all
gradients in it are a combination of those of the fluxes F·n there: c · ∂(F·n)/∂(∇u). Else it is neither."""

from __future__ import annotations

import numpy as np

from inrpde.compiler.coefficients import slopes
from inrpde.compiler.flux import FluxForm, flux_form
from inrpde.compiler.form import Form, Row
from inrpde.declaration.regions.pilot import Part, pilot_points

Array = np.ndarray
POINTS = 64
"""Places of a boundary at which a condition is looked at."""
ASIDE = 1e-6
"""How far beside a boundary an equation is looked for, as a share of its size."""
SMALL = 1e-6
"""What is no coefficient, as a share of the row's largest."""


def formulations(form: Form) -> list[str]:
    """Of each condition in a few words."""
    flux = flux_form(form)
    if isinstance(flux, str):
        return [f"strong residual: {flux}"] * len(form.conditions)
    found = []
    for condition in form.conditions:
        tests = [form.unknowns[e.test].name for e in flux.equations if e.condition == condition.index]
        if any(row.condition == condition.index for row in flux.pins):
            found.append("fixes what the others leave open")
        elif tests:
            found.append(f"flux form, tested by {', '.join(dict.fromkeys(tests))}")
        else:
            kinds = [kind(flux, row) for row in flux.boundary if row.condition == condition.index]
            found.append(" and ".join(dict.fromkeys(kinds)))
    return found


def kind(flux: FluxForm, row: Row) -> str:
    """Of a row on a boundary, all along it."""
    sides = [_gradients(flux, row, part) for part in row.region.parts]
    if not any(np.any(given) for given, _ in sides):
        return "essential"
    left = max(float(np.max(np.abs(_left(given, fluxes)), initial=0.0)) for given, fluxes in sides)
    return "natural" if left <= SMALL else "strong residual: the derivatives in it are those of no flux"


def _gradients(flux: FluxForm, row: Row, part: Part) -> tuple[Array, Array]:
    """The coefficients of all gradients in a row (N, M·d), its largest being 1, and in the fluxes F·n of E equations
    (N, M·d, E) at points of a part of its region, the equations' regions lying on either side."""
    points = pilot_points(part, POINTS)
    normals = part.piece.normals(points)
    given = _flat(slopes(flux.form, row, points, normals))
    given /= np.max(np.abs(given), axis=1, keepdims=True, initial=1e-300)
    columns = []
    across = np.zeros_like(points) if normals is None else normals
    for equation in flux.equations:
        for step in (-ASIDE, ASIDE):
            beside = points + step * equation.region.size * across
            outward = [n * slopes(flux.form, each, beside) for n, each in zip(across.T, equation.fluxes, strict=True)]
            held = equation.region.contains(beside)
            columns.append(np.where(held[:, None], _flat(np.sum(outward, axis=0)), 0.0))
    return given, np.stack(columns, axis=2)


def _flat(coefficients: Array) -> Array:
    """Those of gradients, of (M, 1 + d, N), as (N, M·d)."""
    return np.moveaxis(coefficients[:, 1:], 2, 0).reshape(coefficients.shape[2], -1)


def _left(given: Array, fluxes: Array) -> Array:
    """What no combination of the fluxes gives of the rows, (N, M·d)."""
    return given - np.einsum("nge,neh,nh->ng", fluxes, np.linalg.pinv(fluxes, rcond=SMALL), given)
