"""Conditions C_m = 0 on Ω_m: equations, boundary and initial conditions, labels, inequalities, periodicity."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from types import FrameType
from typing import Any

import sympy
from sympy import Eq, Expr, MatrixBase, Max, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

from inrpde.declaration.latex import as_code, equation, latex
from inrpde.declaration.regions import Region
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

LONGEST = 10**4000
"""Longer whole numbers cannot be printed, as code or in a message."""


@dataclass(frozen=True)
class Periodic:
    """Ties `unknown`, and its derivatives in `coordinate` below the equations' order, to the opposite face."""

    unknown: AppliedUndef
    coordinate: Symbol

    def __str__(self) -> str:
        return f"Periodic({words(self.unknown)}, {self.coordinate})"


@dataclass(frozen=True, init=False)
class On:
    """One condition: an equation (or an expression that is to vanish) on a region.

    `On(region, Eq(lhs, rhs))`, `On(region, expression)`, `On(region, u >= 0)`, `On(face, Periodic(u, x))`.
    `weight` multiplies the solver's own balance; `norm` 2 is the squared residual, 1 its absolute value.
    `residuals` are the scalar expressions that are to vanish, one an equation row.
    """

    region: Region
    equation: Any
    weight: float
    norm: int
    residuals: tuple[Expr, ...]
    text: str
    where: str

    def __init__(self, region: Region, equation: Any, weight: float = 1, norm: int = 2):
        text = str(equation) if isinstance(equation, Periodic) else words(equation)
        if not isinstance(region, Region):
            raise ProblemError(
                f"the first argument of On must be a region, not {words(region)}",
                f"On({words(region)}, {text})",
                "make one: Region(space, Interval(0, 1) ** 2)",
            )
        where = region.describe(_region_names(sys._getframe(1)))
        place = f"On({where}, {text})"
        if isinstance(weight, bool) or not isinstance(weight, (numbers.Real, sympy.Number)) or not 0 < weight < 1e100:
            raise ProblemError(
                f"weight={words(weight, 40)} is not a positive number", place, "leave it out, or give a positive number"
            )
        if isinstance(norm, bool) or norm not in (1, 2):
            raise ProblemError(
                f"norm={norm!r:.40} is neither 1 nor 2", place, "norm=2 squares the residual, norm=1 takes its size"
            )
        for name, value in {
            "region": region, "equation": equation, "weight": float(weight), "norm": norm,
            "residuals": _residuals(equation, place), "text": text, "where": where,
        }.items():  # fmt: skip
            object.__setattr__(self, name, value)

    def latex(self) -> str:
        """The equation and where it holds: two columns of LaTeX."""
        if self.periodic:
            u, x = map(latex, (self.periodic.unknown, self.periodic.coordinate))
            asked = rf"{u} \text{{ is periodic in }} {x}"
        else:
            asked = equation(self.equation)
        return rf"{asked} & \quad\text{{on }} {as_code(self.where)}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex().replace('&', '')}$"

    @property
    def periodic(self) -> Periodic | None:
        return self.equation if isinstance(self.equation, Periodic) else None

    def with_residuals(self, residuals: Iterable[Expr]) -> On:
        """Other expressions that are to vanish, on the same set under the same name, with the same weight and norm."""
        rows = tuple(residuals)
        made = copy(self)
        for name, value in {"equation": rows, "residuals": rows, "text": ", ".join(map(words, rows))}.items():
            object.__setattr__(made, name, value)
        return made

    def __str__(self) -> str:
        return f"On({self.where}, {self.text})"


def _residuals(equation: Any, place: str) -> tuple[Expr, ...]:
    if isinstance(equation, Periodic):
        return ()
    if isinstance(equation, bool):
        raise ProblemError(
            f"this is {equation}, and no equation: == asks whether two expressions are written alike",
            place,
            "write Eq(lhs, rhs) for lhs == rhs",
        )
    if isinstance(equation, BooleanAtom):
        raise ProblemError(
            f"sympy had decided that this equation is {bool(equation)} before it arrived",
            place,
            "both sides are equal, can never be equal, hold nan, or differ in shape; write On(region, lhs - rhs) to "
            "keep it, and compare a Matrix with a Matrix of the same shape",
        )
    if isinstance(equation, Eq):
        left, right = equation.lhs, equation.rhs
        try:
            if isinstance(left, MatrixBase) or isinstance(right, MatrixBase):
                left, right = sympy.Matrix(left), sympy.Matrix(right)
            difference = left - right
        except (TypeError, ValueError):
            raise ProblemError(
                "the two sides cannot be subtracted", place, "compare numbers, or Matrices of the same shape"
            ) from None
        return _rows(difference, place)
    if isinstance(equation, Relational):
        if equation.rel_op in (">=", ">"):
            return (Max(equation.rhs - equation.lhs, 0),)
        if equation.rel_op in ("<=", "<"):
            return (Max(equation.lhs - equation.rhs, 0),)
        raise ProblemError(
            f"a condition with {equation.rel_op} cannot be minimised", place, "use Eq, <=, >= or an expression"
        )
    return _rows(equation, place)


def _rows(value: Any, place: str) -> tuple[Expr, ...]:
    listed = list(value) if isinstance(value, (list, tuple, MatrixBase)) else [value]
    rows = tuple(sympy.sympify(row) if isinstance(row, (int, float, complex)) else row for row in listed)
    if not rows or not all(isinstance(row, Expr) for row in rows):
        raise ProblemError(
            "this is neither an equation nor an expression",
            place,
            "write Eq(lhs, rhs), or an expression that is to vanish",
        )
    for row in filter(not_a_number, rows):
        raise ProblemError(
            f"the equation has no value: {words(row)}",
            place,
            "look for 1/0, 0/0, nan, oo or numbers of thousands of digits in what it is made of",
        )
    return rows


def not_a_number(expr: Expr) -> bool:
    """Is an expression nan or infinite, or made of what is, or of whole numbers that are too long? Sums and integrals
    may have infinite limits."""
    limited = expr.xreplace(dict.fromkeys(expr.atoms(sympy.Sum, sympy.Integral, sympy.Product), sympy.S.One))
    long = any(max(abs(number.p), number.q) > LONGEST for number in expr.atoms(sympy.Rational) if number.is_finite)
    return long or limited.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)


def _region_names(frame: FrameType) -> dict[int, str]:
    """The variables that hold regions where a condition is written, so that messages can say "omega"."""
    scope = {**frame.f_globals, **frame.f_locals}
    regions = {name: value for name, value in scope.items() if isinstance(value, Region)}
    return {id(value): name for name, value in regions.items() if name.isidentifier() and not name.startswith("_")}
