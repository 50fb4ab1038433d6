"""Known expressions as fields, so that residuals and scores can be taken of an exact solution as of a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sympy import Expr

from inrpde.compiler.evaluate import evaluate
from inrpde.compiler.form import Form, Index

Array = np.ndarray


@dataclass(frozen=True)
class ExactState:
    """Stands where a solver's state stands: the jets of each unknown's exact solution."""

    form: Form
    expressions: tuple[Expr, ...]

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        coords = self.form.space.coords
        fields = {key.func.__name__: field.jets for key, field in self.form.bound.fields.items()}
        out = {}
        for index in indices:
            expr = self.expressions[unknown]
            for x, n in zip(coords, index, strict=True):
                expr = expr.diff(x, n) if n else expr
            out[index] = evaluate(expr, coords, points, fields)
        return out


def exact_state(form: Form) -> ExactState | None:
    """The exact solutions of all unknowns, or None if one is missing."""
    exact = {key.func.__name__: form.bound.known(expr) for key, expr in form.bound.problem.exact.items()}
    found = tuple(expr for expr in form.expressions(exact) if expr is not None)
    return ExactState(form, found) if len(found) == len(form.unknowns) else None
