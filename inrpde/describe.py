"""The compiled form in words, for `inrpde check`."""

from __future__ import annotations

from typing import Any

from inrpde.compiler.form import Form, Jet
from inrpde.compiler.kinds import formulations
from inrpde.declaration.words import words
from inrpde.sampling import sample


def describe(form: Form) -> dict[str, Any]:
    """Unknowns, jets, order, linear or not, arithmetic, and each condition with its set and measure."""
    conditions = []
    for condition, formulation in zip(form.conditions, formulations(form), strict=True):
        rows = [row for row in form.rows if row.condition == condition.index]
        quadrature = sample(condition.region, 4000, 0)
        conditions.append(
            {
                "equation": condition.text,
                "on": condition.where,
                "dimension": condition.region.dim,
                "measure": quadrature.measure,
                "formulation": formulation,
                "linear": all(row.linear for row in rows),
                "residuals": [words(row.residual) for row in rows],
                "jets": sorted({jet_name(form, jet) for row in rows for jet in row.jets.values()}),
            }
        )
    jets = {jet for row in form.rows for jet in row.jets.values()}
    unknowns = form.bound.unknowns
    return {
        "unknowns": [{"name": u.name, "complex": u.complex, "learned": u.learned is not None} for u in unknowns],
        "linear": form.linear,
        "arithmetic": form.arithmetic,
        "order": form.order,
        "orders": {str(x): n for x, n in zip(form.space.coords, form.orders, strict=True)},
        "jets": [jet_name(form, jet) for jet in sorted(jets)],
        "conditions": conditions,
    }


def jet_name(form: Form, jet: Jet) -> str:
    """u, u_xx, u_x at the paired point."""
    index = "".join(str(x) * n for x, n in zip(form.space.coords, jet.index, strict=True))
    name = form.unknowns[jet.unknown].name + (f"_{index}" if index else "")
    return name if jet.site == "here" else f"{name} at the opposite face"
