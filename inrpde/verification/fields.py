"""Known expressions as fields, so that residuals and scores can be taken of an exact solution as of a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sympy import Expr, Symbol

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
    from sympy import im, re

    known: dict[Symbol, Expr] = {}
    problem = form.bound.problem
    for key, expr in problem.exact.items():
        name = key.func.__name__
        expr = form.bound.known(expr)
        known |= {name: expr, f"{name}_re": re(expr), f"{name}_im": im(expr)}
    if any(unknown.name not in known for unknown in form.unknowns):
        return None
    return ExactState(form, tuple(known[unknown.name] for unknown in form.unknowns))
