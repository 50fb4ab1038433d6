"""Known expressions as fields: what an exact solution or a guess is to residuals, scores and projections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sympy import Expr, S, Symbol, sympify

from inrpde.compiler.bind import Unknown
from inrpde.compiler.evaluate import evaluate
from inrpde.compiler.form import Form, Index
from inrpde.discretise.base import base

Array = np.ndarray


@dataclass(frozen=True)
class Expressions:
    """An expression for each unknown of a form, in the place of a state."""

    form: Form
    known: tuple[Expr, ...]

    def jets(self, unknown: int, points: Array, indices: Iterable[Index]) -> dict[Index, Array]:
        """Derivatives of one unknown at points (N, d): {multi-index: (N,)}."""
        coords, data, expr = self.form.space.coords, self.form.bound.data, self.known[unknown]
        return {index: evaluate(derivative(expr, coords, index), coords, points, data) for index in indices}


def derivative(expr: Expr, coords: Sequence[Symbol], index: Index) -> Expr:
    for x, n in zip(coords, index, strict=True):
        expr = expr.diff(x, n) if n else expr
    return expr


def exact_state(form: Form) -> Expressions:
    """The exact solutions of all unknowns; NaN of those that have none."""
    exact = {key.func.__name__: form.bound.known(expr) for key, expr in form.bound.problem.exact.items()}
    return Expressions(form, tuple(S.NaN if expr is None else expr for expr in form.expressions(exact)))


def guessed(form: Form, default: Expr) -> Expressions:
    """The problem's guess, and the initial values of learned coefficients; elsewhere `default`, counted from the
    base."""
    given = form.expressions({key.func.__name__: form.bound.known(e) for key, e in form.bound.problem.guess.items()})
    starts = zip(form.unknowns, given, base(form), strict=True)
    return Expressions(form, tuple(_start(unknown, expr, default + sympify(c or 0)) for unknown, expr, c in starts))


def _start(unknown: Unknown, given: Expr | None, default: Expr) -> Expr:
    if given is not None:
        return given
    return sympify(unknown.learned.initial) if unknown.learned else default
