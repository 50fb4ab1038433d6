"""The weak form of a linear second-order equation in one unknown, from its strong form with fluxes.

Σ ∂F_k/∂x_k + r = 0,  F = A grad u + b u + g  and  r = c · grad u + d u - f:
∫ (-F · grad v + r v) dx + ∫ F · n v ds = 0 for all v.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sympy import Add, Derivative, Expr, Mul, diff
from sympy.core.function import AppliedUndef

from inrpde.declaration.fields import GridField, MeshField
from inrpde.declaration.space import Space
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Datum, Leaf, Lowering, Term

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class WeakForm:
    """The terms of the fluxes and of the rest, linear in u and its first derivatives."""

    fluxes: tuple[Term, ...]
    rest: Term


def weak_form(expr: Expr, text: str, lowering: Lowering, space: Space) -> WeakForm:
    """Raises Unsupported for what is not linear or not of second order."""
    (u,) = lowering.numbers
    fluxes, rest = [Add() for _ in space.spatial], Add()
    for part in _parts(expr, u):
        axis, factor, inner = _outer_derivative(part, u, space)
        if axis is None:
            rest += part
        else:
            fluxes[axis] += factor * inner
            slope = diff(factor, space.spatial[axis])
            rest -= slope * inner
    terms = [lowering.term(flux, text) for flux in fluxes]
    form = WeakForm(tuple(terms), lowering.term(rest, text))
    for term in (*terms, form.rest):
        check_first_order(term)
    return form


def check_first_order(term: Term) -> None:
    """Raise Unsupported unless a term is linear in an unknown and its first derivatives."""
    simple = all(isinstance(atom, (Leaf, Datum)) for atom in term.atoms.values())
    if not simple or not term.linear or any(sum(leaf.index) > 1 for leaf in term.leaves):
        raise Unsupported(f"{term.text} is not linear of second order")


def _parts(expr: Expr, u: AppliedUndef) -> list[Expr]:
    """The summands, with products of known factors and sums of derivatives multiplied out."""
    if isinstance(expr, Add):
        return [part for arg in expr.args for part in _parts(arg, u)]
    if isinstance(expr, Mul):
        known, sums = expr.as_independent(u)
        if isinstance(sums, Add):
            return [part for arg in sums.args for part in _parts(known * arg, u)]
    if isinstance(expr, Derivative) and isinstance(expr.expr, Add):
        return [part for arg in expr.expr.args for part in _parts(Derivative(arg, *expr.variables), u)]
    return [expr]


def _outer_derivative(part: Expr, u: AppliedUndef, space: Space) -> tuple[int | None, Expr, Expr]:
    """(axis, known factor, what is differentiated) of a summand of second order; axis None for one of lower order."""
    factor, rest = part.as_independent(u)
    if not isinstance(rest, Derivative) or (rest.expr == u and len(rest.variables) < 2):
        return None, factor, rest
    *before, last = rest.variables
    return space.spatial.index(last), factor, Derivative(rest.expr, *before) if before else rest.expr


class Coefficients:
    """Evaluates the coefficients of linear terms at points."""

    def __init__(self, space: Space, fields: Mapping[AppliedUndef, GridField | MeshField]):
        self.space, self.fields = space, fields

    def __call__(self, term: Term, points: Array, normals: Array | None = None) -> tuple[Array, Array, Array]:
        """Those of the gradient (d, N) and of the value (N,), and what is without the unknown (N,)."""
        env = dict(zip(self.space.spatial, points.T, strict=True))
        if normals is not None:
            env |= dict(zip(self.space.normal, normals.T, strict=True))
        for symbol, atom in term.atoms.items():
            env[symbol] = 0.0
            if isinstance(atom, Datum):
                env[symbol] = self.fields[atom.field].jets(points, {atom.index})[atom.index]
        known, *slopes = (np.broadcast_to(each, (len(points),)) for each in term.tangent(env))
        gradient: Array = np.zeros((len(self.space.spatial), len(points)), np.result_type(float, *slopes))
        value: Array = np.zeros(len(points), gradient.dtype)
        for symbol, slope in zip(term.slopes, slopes, strict=True):
            leaf = term.atoms[symbol]
            assert isinstance(leaf, Leaf)
            if any(leaf.index):
                gradient[leaf.index.index(1)] += slope
            else:
                value += slope
        return gradient, value, known
