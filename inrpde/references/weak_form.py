"""The weak form of equations of second order, from their strong form with fluxes.

Σ ∂F_k/∂x_k + r = 0 with F and r functions of the unknowns and their gradients:
∫ (-F · grad v + r v) dx + ∫ F · n v ds = 0 for all v.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Add, Derivative, Expr, Mul, diff
from sympy.core.function import AppliedUndef

from inrpde.declaration.fields import GridField, MeshField
from inrpde.declaration.space import Space
from inrpde.references.equations import IMAGINARY, REAL
from inrpde.references.reference import Unsupported
from inrpde.references.terms import Datum, Leaf, Lowering, Term

Array = np.ndarray
Slot = tuple[int, int]
"""The value of an unknown (its number, 0), or its derivative along axis k (its number, k + 1)."""


@dataclass(frozen=True, eq=False)
class WeakForm:
    """The terms of the fluxes and of the rest, in the unknowns and their first derivatives."""

    fluxes: tuple[Term, ...]
    rest: Term

    @property
    def linear(self) -> bool:
        return all(term.linear for term in (*self.fluxes, self.rest))

    @property
    def unknowns(self) -> frozenset[int]:
        return frozenset().union(*(term.unknowns for term in (*self.fluxes, self.rest)))

    @property
    def second(self) -> frozenset[int]:
        """The unknowns whose derivatives stand in the fluxes."""
        return frozenset(leaf.unknown for flux in self.fluxes for leaf in flux.leaves if any(leaf.index))


def weak_form(expr: Expr, text: str, lowering: Lowering, space: Space) -> WeakForm:
    """Raises Unsupported for what is not of second order with fluxes."""
    unknowns = tuple(lowering.numbers)
    fluxes, rest = [Add() for _ in space.spatial], Add()
    for part in _parts(expr, unknowns, space):
        axis, factor, inner = _outer_derivative(part, unknowns, space)
        if axis is None:
            rest += part
        else:
            fluxes[axis] += factor * inner
            rest -= diff(factor, space.spatial[axis]) * inner
    form = WeakForm(tuple(lowering.term(flux, text) for flux in fluxes), lowering.term(rest, text))
    for term in (*form.fluxes, form.rest):
        check_first_order(term)
    return form


def check_first_order(term: Term) -> None:
    """Raise Unsupported unless a term is a function of the unknowns and their first derivatives."""
    simple = all(isinstance(atom, (Leaf, Datum)) for atom in term.atoms.values())
    if not simple or any(sum(leaf.index) > 1 for leaf in term.leaves):
        raise Unsupported(f"{term.text} is not of second order in the form of a divergence")


def _parts(expr: Expr, unknowns: tuple[AppliedUndef, ...], space: Space) -> list[Expr]:
    """The summands, with products of known factors and sums of derivatives multiplied out."""
    if isinstance(expr, Add):
        return [part for arg in expr.args for part in _parts(arg, unknowns, space)]
    if isinstance(expr, Mul):
        sums = next((arg for arg in expr.args if isinstance(arg, Add) and _has_outer(arg, unknowns, space)), None)
        if sums is not None:
            rest = Mul(*(arg for arg in expr.args if arg is not sums))
            return [part for arg in sums.args for part in _parts(rest * arg, unknowns, space)]
    if isinstance(expr, Derivative) and isinstance(expr.expr, Add):
        split = [Derivative(arg, *expr.variables) for arg in expr.expr.args]
        return [part for arg in split for part in _parts(arg, unknowns, space)]
    return [expr]


def _outer_derivative(part: Expr, unknowns: tuple[AppliedUndef, ...], space: Space) -> tuple[int | None, Expr, Expr]:
    """(axis, factor, what is differentiated) of a summand of second order; axis None for one of lower order."""
    outer = [arg for arg in Mul.make_args(part) if isinstance(arg, Derivative) and _is_outer(arg, unknowns, space)]
    if len(outer) != 1:
        return None, part, part
    (found,) = outer
    before = list(found.variables)
    last = next(x for x in reversed(before) if x in space.spatial)
    before.remove(last)
    inner = Derivative(found.expr, *before) if before else found.expr
    return space.spatial.index(last), Mul(*(arg for arg in Mul.make_args(part) if arg is not found)), inner


def _has_outer(expr: Expr, unknowns: tuple[AppliedUndef, ...], space: Space) -> bool:
    return any(_is_outer(derivative, unknowns, space) for derivative in expr.atoms(Derivative))


def _is_outer(derivative: Derivative, unknowns: tuple[AppliedUndef, ...], space: Space) -> bool:
    order = sum(x in space.spatial for x in derivative.variables)
    plain = derivative.expr in unknowns and order < 2
    return order > 0 and derivative.has(*unknowns) and not plain


@dataclass(frozen=True, eq=False)
class State:
    """Points (N, d) with the values (N,) of the slots there; what is missing is zero. Of a surface, its normals too."""

    points: Array
    values: Mapping[Slot, Array]
    normals: Array | None = None


class Evaluator:
    """Evaluates terms at points, and at `time` where the space has one."""

    def __init__(self, space: Space, fields: Mapping[AppliedUndef, GridField | MeshField], time: float = 0.0):
        self.space, self.fields, self.time = space, fields, time

    def __call__(self, term: Term, part: str, state: State, slopes: bool = True) -> tuple[Array, dict[Slot, Array]]:
        """The value of a term, (N,), and where `slopes` are asked for its derivatives by the slots; `part` is that of
        the equation."""
        points = state.points
        env: dict[Any, Any] = dict(zip(self.space.spatial, points.T, strict=True))
        if self.space.time is not None:
            env[self.space.time] = self.time
            points = np.column_stack([points, np.full(len(points), self.time)])
        if state.normals is not None:
            env |= dict(zip(self.space.normal, state.normals.T, strict=True))
        for symbol, atom in term.atoms.items():
            if isinstance(atom, Datum):
                env[symbol] = self.fields[atom.field].jets(points, {atom.index})[atom.index]
            else:
                env[symbol] = state.values.get(_slot(atom), 0.0)
        formula = term.tangent if slopes else term.value
        value, *found = (_taken(np.broadcast_to(each, (len(points),)), part) for each in formula(env))
        tangent: dict[Slot, Array] = {}
        for symbol, slope in zip(term.slopes if slopes else (), found, strict=True):
            slot = _slot(term.atoms[symbol])
            tangent[slot] = tangent.get(slot, 0.0) + slope
        return value, tangent


def _slot(atom: object) -> Slot:
    assert isinstance(atom, Leaf)
    return atom.unknown, atom.index.index(1) + 1 if any(atom.index) else 0


def _taken(values: Array, part: str) -> Array:
    if part == IMAGINARY:
        return values.imag
    return values.real if part == REAL else values
