"""The numbers that a problem asks for (`report=`): integrals of the answer, each with an error of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sympy import Expr, sympify

from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.words import words
from inrpde.solution import Solution
from inrpde.verification.evidence.estimate import Estimate


def functionals(
    asked: Sequence[Expr], answer: Solution, second: Solution | None, estimated: Estimate
) -> list[dict[str, Any]]:
    """For each its `expression`, its `value`, and the `estimated_error` in its own units.

    The error is what the estimate of the fields is made of, of the number itself: its difference between the answer
    and the `second` solve, shared out in proportion to their residuals, and its share of the residual that both leave;
    and the difference that other points of the integrals make. Without a second solve it is that of the worst field."""
    rows = []
    for expr in asked:
        value = _number(expr, answer)
        if second is None:
            error = estimated.worst * abs(value)
        else:
            error = estimated.error_of(abs(value - _number(expr, second)), abs(value))
        error += abs(value - _number(expr, answer, seed=1))
        rows.append({"expression": words(expr), "value": value, "estimated_error": error})
    return rows


def beside(rows: Sequence[dict[str, Any]], asked: Sequence[Expr], reference: Solution | None) -> list[dict[str, Any]]:
    """The same with the value by the `reference` (None where there is none, as where it has no derivatives)."""
    others = (None if reference is None else _number(expr, reference) for expr in asked)
    return [{**row, "reference": other} for row, other in zip(rows, others, strict=True)]


def _number(expr: Expr, solution: Solution, seed: int = 0) -> Any:
    """The value of an expression of integrals; NaN where the solution has not what it takes."""
    known = {node: sympify(solution._integrate(node, seed)) for node in expr.atoms(RegionIntegral)}
    value = solution.evaluate(expr.xreplace(known), solution.domain.lo[None, :])[0]
    return complex(value) if np.iscomplexobj(value) else float(value)
