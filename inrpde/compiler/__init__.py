"""From a declaration to a form: bind → classify → expand → jets → tangent → print."""

from __future__ import annotations

from sympy import Expr
from sympy.core.function import AppliedUndef

from inrpde.compiler.bind import Bound, BoundCondition, bind
from inrpde.compiler.flux import flux_form
from inrpde.compiler.form import Form, Row
from inrpde.compiler.frozen import frozen
from inrpde.compiler.lower import Lowering, is_holomorphic, split_unknowns
from inrpde.declaration.problem import Problem
from inrpde.declaration.regions import Region
from inrpde.errors import ProblemError

__all__ = ["Bound", "Form", "bind", "compile_problem", "lower"]


def compile_problem(problem: Problem) -> Form:
    """All passes; of a problem with parameters for the member in the middle. Raises ProblemError, naming the equation,
    for what cannot be compiled."""
    bound = bind(problem.representative())
    arithmetic = classify(bound)
    unknowns, split = split_unknowns(bound) if arithmetic == "split" else (bound.unknowns, {})
    lowering = Lowering(bound, unknowns, split)
    rows: list[Row] = []
    for condition in bound.conditions:
        rows += [lowering.row(expr, condition, condition.region) for expr in condition.residuals]
    form = Form(bound, unknowns, tuple(rows), tuple(lowering.integrals), arithmetic, ())
    for condition in bound.conditions:
        if condition.periodic:
            order = form.orders[bound.space.coords.index(condition.periodic.coordinate)]
            rows += lowering.periodic_rows(condition, condition.periodic, order)
    rows.sort(key=lambda row: row.condition)
    form = Form(bound, unknowns, tuple(rows), tuple(lowering.integrals), arithmetic, tuple(problem.warnings))
    for condition in lowering.concentrated:
        fluxes = flux_form(form) if form.evolves is None else frozen(form)
        if condition.region.dim < bound.space.dim or isinstance(fluxes, str):
            raise ProblemError(
                "a coefficient that jumps, or whose slope does, stands under a derivative too many",
                str(condition),
                "use two unknowns with an interface condition, or a smooth coefficient",
            )
    return form


def lower(form: Form, expr: Expr, condition: BoundCondition, region: Region) -> Row:
    """A further expression of the unknowns on a region, lowered as the conditions are; it holds no integrals, and the
    form is not split."""
    return Lowering(form.bound, form.unknowns, {}).row(expr, condition, region)


def classify(bound: Bound) -> str:
    """real, complex (every equation is complex-differentiable, every field complex) or split."""
    if not any(unknown.complex for unknown in bound.unknowns):
        return "real"
    symbols: set[AppliedUndef] = {unknown.symbol for unknown in bound.unknowns}
    all_complex = all(unknown.complex for unknown in bound.unknowns)
    holomorphic = all(is_holomorphic(row, symbols) for c in bound.conditions for row in c.residuals)
    return "complex" if all_complex and holomorphic else "split"
