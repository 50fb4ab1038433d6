"""Pass 1: bind coefficients. What comes out still has the flux form, which the finite-difference reference needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Basic, Expr, Symbol
from sympy.core.function import AppliedUndef

from inrpde.declaration.conditions import Periodic
from inrpde.declaration.fields import GridField, Learned, MeshField
from inrpde.declaration.problem import Problem, is_complex
from inrpde.declaration.regions import Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError


@dataclass(frozen=True)
class Unknown:
    """What is solved for: a field Φ, or a learned coefficient (a field, or a number where `symbol` is a Symbol).

    Of a complex unknown that was split, the real or the imaginary part; `of` is then the name that it was declared by.
    """

    symbol: AppliedUndef | Symbol
    name: str
    complex: bool
    region: Region | None
    learned: Learned | None = None
    of: str | None = None

    @property
    def declared(self) -> str:
        """The name that the problem file gave."""
        return self.of or self.name

    @property
    def is_number(self) -> bool:
        return isinstance(self.symbol, Symbol)


@dataclass(frozen=True)
class BoundCondition:
    """A condition with its coefficients bound: `residuals` are to vanish on `region`."""

    index: int
    region: Region
    residuals: tuple[Expr, ...]
    periodic: Periodic | None
    weight: float
    norm: int
    text: str
    where: str

    def __str__(self) -> str:
        return f"On({self.where}, {self.text})"


@dataclass(frozen=True, eq=False)
class Bound:
    """The problem with its coefficients bound; `fields` are the coefficients given by data, left as symbols."""

    problem: Problem
    space: Space
    unknowns: tuple[Unknown, ...]
    conditions: tuple[BoundCondition, ...]
    fields: Mapping[AppliedUndef, GridField | MeshField]
    substitution: Mapping[Basic, Expr]

    def known(self, expr: Expr) -> Expr:
        """A known expression (an exact solution, a guess) with its coefficients bound."""
        return substitute(expr, self.substitution)


def bind(problem: Problem) -> Bound:
    fields = {k: v for k, v in problem.coefficients.items() if isinstance(v, (GridField, MeshField))}
    learned = {k: v for k, v in problem.coefficients.items() if isinstance(v, Learned)}
    substitution = {k: v for k, v in problem.coefficients.items() if k not in fields and k not in learned}
    unknowns = [Unknown(u, u.func.__name__, is_complex(u), problem.space.domains.get(u)) for u in problem.unknowns] + [
        Unknown(k, k.name if isinstance(k, Symbol) else k.func.__name__, False, None, v) for k, v in learned.items()
    ]
    conditions = tuple(
        BoundCondition(
            index, c.region, tuple(substitute(row, substitution) for row in c.residuals),
            c.periodic, c.weight, c.norm, c.text, c.where,
        )
        for index, c in enumerate(problem.conditions)
    )  # fmt: skip
    return Bound(problem, problem.space, tuple(unknowns), conditions, fields, substitution)


def substitute(expr: Expr, substitution: Mapping[Basic, Expr]) -> Expr:
    """Replace coefficients, those inside other coefficients' expressions too."""
    for _ in range(len(substitution) + 1):
        replaced = expr.xreplace(dict(substitution))
        if replaced == expr:
            return expr
        expr = replaced
    names = ", ".join(sorted(str(key) for key in substitution))
    raise ProblemError(
        "coefficients are bound to one another in a circle", names, "bind each to data or to coordinates"
    )
