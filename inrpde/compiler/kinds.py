"""Which formulation each condition of a problem gets in the flux form, and why.

A condition on a boundary is essential at a point if no derivative is in it, natural if the coefficients of all
gradients in it are a combination of those of the fluxes F·n there: c · ∂(F·n)/∂(∇u). Else it is neither."""

from __future__ import annotations

import numpy as np

from inrpde.compiler.flux import FluxForm, flux_form
from inrpde.compiler.form import Form, Row
from inrpde.compiler.natural import SMALL, outward, place


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
    natural = True
    places = [place(flux.form, row, part) for part in row.region.parts]
    if not any(np.any(at.given) for at in places):
        return "essential"
    for at in places:
        given = at.given.reshape(len(at.points), -1)
        fluxes = [side.reshape(given.shape) for e in flux.equations for side in outward(flux.form, e, at)]
        basis = np.stack(fluxes, axis=2) if fluxes else np.zeros((*given.shape, 0))
        left = given - np.einsum("nge,neh,nh->ng", basis, np.linalg.pinv(basis, rcond=SMALL), given)
        natural &= bool(np.max(np.abs(left)) <= SMALL)
    return "natural" if natural else "strong residual: the derivatives in it are those of no flux"
