"""Pass 1: bind coefficients. What comes out still has the flux form, which the finite-difference reference needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from sympy import Basic, Derivative, Expr, Symbol
from sympy.core.function import AppliedUndef

from inrpde.compiler.magnitude import magnitudes
from inrpde.declaration.conditions import Periodic, not_a_number
from inrpde.declaration.fields import GridField, Learned, MeshField
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.parameter import Parameter
from inrpde.declaration.problem import Problem
from inrpde.declaration.regions import Region
from inrpde.declaration.space import Space, is_complex
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

Derivatives = Callable[[np.ndarray, Iterable[tuple[int, ...]]], Mapping[tuple[int, ...], np.ndarray]]
"""Of a field, at points (N, d): {multi-index: (N,)}."""
CLOSE = 1e-9
"""Places that differ by this share of an interval are the same."""


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
    def limits(self) -> tuple[float, float] | None:
        """Between which values it is sought, where it is learned: those that are declared, or those of its sign."""
        if self.learned is None:
            return None
        return self.learned.bounds or ((0.0, np.inf) if self.symbol.is_positive else None)

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


@dataclass(frozen=True)
class Evolution:
    """The coordinate along which a solution is followed, by its number, from where its first values are given (`start`)
    to the other end; the end may be the lower one."""

    axis: int
    start: float
    end: float

    def begins(self, region: Region) -> bool:
        """Is the region one cut, at the start?"""
        ends = region.bounds if region.dim else [part.piece.chart.at(np.zeros((1, 0)))[0] for part in region.parts]
        return max(abs(end[self.axis] - self.start) for end in ends) <= CLOSE * abs(self.end - self.start)

    def stages(self, narrow: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
        """The way in parts (from, to, h), one after the other: between the ends of `narrow` places (a, b, h), inside
        which data vary on the length h, and as far beyond as half of them; elsewhere on that of the whole."""
        narrow = [(a - (b - a) / 2, b + (b - a) / 2, h) for a, b, h in narrow]
        whole, low, high = abs(self.end - self.start), min(self.start, self.end), max(self.start, self.end)
        inside = {edge for a, b, _ in narrow for edge in (a, b) if low < edge < high}
        edges = sorted({low, high, *inside}, reverse=self.start > self.end)
        return [
            (one, two, min((h for a, b, h in narrow if a < 0.5 * (one + two) < b), default=whole))
            for one, two in pairwise(edges)
        ]


@dataclass(frozen=True, eq=False)
class Bound:
    """The problem with its coefficients bound; `fields` are the coefficients given by data, left as symbols."""

    problem: Problem
    space: Space
    unknowns: tuple[Unknown, ...]
    conditions: tuple[BoundCondition, ...]
    fields: Mapping[AppliedUndef, GridField | MeshField]
    substitution: Mapping[Basic, Expr]

    @cached_property
    def evolves(self) -> Evolution | None:
        """The time, where the space has one; else the only coordinate, where as many conditions as the orders ask for
        hold at one end. None in other spaces, and where conditions of one coordinate hold elsewhere, too."""
        if self.space.dim == 1:
            enough = sum(len(c.residuals) for c in self.conditions if not c.region.dim) == sum(self.orders)
            return self.one_sided if self.space.time is not None or enough else None
        full = [c.region.bounds for c in self.conditions if c.region.dim == self.space.dim]
        if not full or self.space.time is None:
            return None
        return Evolution(self.space.dim - 1, min(float(lo[-1]) for lo, _ in full), max(float(hi[-1]) for _, hi in full))

    @cached_property
    def one_sided(self) -> Evolution | None:
        """In one coordinate: from where to where, if all conditions at points hold at one end (the lower one, if there
        are none), and equations alone everywhere."""
        full = [c.region.bounds for c in self.conditions if c.region.dim]
        given = [c for c in self.conditions if not c.region.dim]
        special = any(
            c.periodic or c.region.labels or any(row.has(RegionIntegral) for row in c.residuals)
            for c in self.conditions
        ) or any(unknown.learned for unknown in self.unknowns)  # fmt: skip
        if self.space.dim > 1 or special or len({(float(lo[0]), float(hi[0])) for lo, hi in full}) != 1:
            return None
        ends = tuple(float(end[0]) for end in full[0])
        ways = (Evolution(0, *ends), Evolution(0, *ends[::-1]))
        return next((way for way in ways if all(way.begins(c.region) for c in given)), None)

    @property
    def orders(self) -> tuple[int, ...]:
        """The highest order of each unknown's derivatives along the last coordinate, in volumes."""
        rows = [row.doit() for c in self.conditions if c.region.dim == self.space.dim for row in c.residuals]
        found = [d for row in rows for d in row.atoms(Derivative)]
        along = self.space.coords[-1]
        return tuple(
            max((d.variables.count(along) for d in found if d.expr == unknown.symbol), default=0)
            for unknown in self.unknowns
        )

    @cached_property
    def data(self) -> dict[str, Derivatives]:
        """The jets of the coefficients given by data, by their names."""
        return {key.func.__name__: field.jets for key, field in self.fields.items()}

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
            index, c.region,
            tuple(magnitudes(_finite(substitute(row, substitution), row, problem, str(c))) for row in c.residuals),
            c.periodic, c.weight, c.norm, c.text, c.where,
        )
        for index, c in enumerate(problem.conditions)
    )  # fmt: skip
    return Bound(problem, problem.space, tuple(unknowns), conditions, fields, substitution)


def _finite(expr: Expr, declared: Expr, problem: Problem, where: str) -> Expr:
    """What a row is with its coefficients bound. Raises ProblemError where they leave no number of it, as k = 0 does of
    1/k."""
    if not not_a_number(expr):
        return expr
    numbers = [key for key in problem.coefficients if declared.has(key)]
    at = ", ".join(sorted(f"{words(key)} = {words(problem.coefficients[key])}" for key in numbers))
    ranged = any(isinstance(key, Parameter) for key in numbers)
    fix = "leave that value out of the range of the Parameter" if ranged else "bind other numbers, or expressions"
    raise ProblemError(f"the equation has no value at {at}", where, fix)


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
