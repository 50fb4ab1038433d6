"""The compiled form: what a solver needs to know of a problem, as plain data that can be printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from sympy import Dummy, Expr, Symbol, im, re

from inrpde.compiler.bind import Bound, BoundCondition, Evolution, Unknown
from inrpde.compiler.printing import RowFunction
from inrpde.declaration.regions import Region
from inrpde.declaration.space import Space

Index = tuple[int, ...]
HERE, PAIR = "here", "pair"


@dataclass(frozen=True, order=True)
class Jet:
    """A derivative of an unknown: its number among the unknowns, a multi-index over the coordinates, and the site
    where it is taken: here, or at the paired point of a periodic face."""

    unknown: int
    index: Index
    site: str = HERE


@dataclass(frozen=True)
class CoefficientJet:
    """A derivative of a coefficient that is given by data."""

    name: str
    index: Index


@dataclass(frozen=True, eq=False)
class Row:
    """One scalar equation: residual(jets, x) = 0 on a region, and its tangent ∂residual/∂jet.

    `jets`, `data`, `integrals` map the symbols in `residual` to what they stand for.
    `value` evaluates the residual, `slopes` the tangents in the order of `tangent`; both take an environment of arrays.
    Where something that may jump stands under a derivative (`jumps`), the residual lacks what is concentrated there.
    """

    condition: int
    region: Region
    residual: Expr
    tangent: Mapping[Dummy, Expr]
    jets: Mapping[Dummy, Jet]
    data: Mapping[Dummy, CoefficientJet]
    integrals: Mapping[Dummy, int]
    value: RowFunction
    slopes: RowFunction
    linear: bool
    text: str
    jumps: bool = False

    def tangents(self, env: Mapping) -> dict:
        """∂residual/∂jet by symbol, (N,) or a number each, in an environment."""
        return dict(zip(self.tangent, self.slopes(env), strict=True))

    @property
    def indices(self) -> dict[int, set[Index]]:
        """The multi-indices needed of each unknown."""
        needed: dict[int, set[Index]] = {}
        for jet in self.jets.values():
            needed.setdefault(jet.unknown, set()).add(jet.index)
        return needed

    @property
    def gives_value(self) -> bool:
        """Does the equation give the value of one unknown?"""
        jets = list(self.jets.values())
        return self.linear and len(jets) == 1 and not any(jets[0].index)

    def feels_constants(self, unknown: int) -> bool:
        """Does the equation change when a constant is added to an unknown?"""
        slopes = [self.tangent.get(s, 0) for s, j in self.jets.items() if j.unknown == unknown and not any(j.index)]
        return sum(slopes) != 0


@dataclass(frozen=True)
class IntegralTerm:
    """A number ∫ row over its region (its mean where `mean`), used by the rows that name it."""

    row: Row
    mean: bool


@dataclass(frozen=True, eq=False)
class Form:
    """`arithmetic` is "real", "complex" (complex-linear in complex unknowns) or "split" (these as two real ones)."""

    bound: Bound
    unknowns: tuple[Unknown, ...]
    rows: tuple[Row, ...]
    integrals: tuple[IntegralTerm, ...]
    arithmetic: str
    warnings: tuple[str, ...]
    origin: Form | None = None
    """The form that this one continues from another state."""
    moment: tuple[Symbol, float | np.ndarray] | None = None
    """Of a form in space: what the time is called, and when it is, or the moments (s,) of points that come s times."""

    @property
    def space(self) -> Space:
        return self.bound.space

    @property
    def evolves(self) -> Evolution | None:
        """The coordinate along which the solution is followed, and from where to where."""
        return self.bound.evolves if self.moment is None else None

    @property
    def conditions(self) -> tuple[BoundCondition, ...]:
        return self.bound.conditions

    @property
    def jumps(self) -> bool:
        """May a coefficient under a derivative jump, so that the rows lack what is concentrated there?"""
        return any(row.jumps for row in self.rows)

    @property
    def kind(self) -> type:
        """Of the values of its unknowns."""
        return complex if self.arithmetic == "complex" else float

    @property
    def linear(self) -> bool:
        return all(row.linear for row in self.rows) and all(term.row.linear for term in self.integrals)

    def parts(self, declared: str) -> list[int]:
        """The numbers of the unknowns that a declared one became: itself, or its real and its imaginary part."""
        return [k for k, unknown in enumerate(self.unknowns) if unknown.declared == declared]

    def expressions(self, known: Mapping[str, Expr]) -> list[Expr | None]:
        """An expression for each unknown, from those of the declared ones by name; None where there is none."""
        found: list[Expr | None] = [known.get(unknown.declared) for unknown in self.unknowns]
        for name, expr in known.items():
            pair = self.parts(name)
            if len(pair) == 2:
                found[pair[0]], found[pair[1]] = re(expr), im(expr)
        return found

    def fixes_constants(self, unknown: int) -> bool:
        """Does any equation, or integral, change when a constant is added to an unknown?"""
        rows = (*self.rows, *(term.row for term in self.integrals))
        return any(row.feels_constants(unknown) for row in rows if unknown in row.indices)

    @property
    def groups(self) -> list[list[int]]:
        """The unknowns, parted so that no equation couples two parts; one that holds an integral couples all."""
        everything = range(len(self.unknowns))
        return parted(len(self.unknowns), (everything if row.integrals else row.indices for row in self.rows))

    @property
    def orders(self) -> Index:
        """The highest order of derivative in each coordinate, in equations that hold in volumes."""
        jets = [jet for row in self.rows if row.region.dim == self.space.dim for jet in row.jets.values()]
        return tuple(max((jet.index[k] for jet in jets), default=0) for k in range(self.space.dim))

    @property
    def order(self) -> int:
        """The highest total order of derivative."""
        return max((sum(jet.index) for row in self.rows for jet in row.jets.values()), default=0)

    def environment(self, row: Row, points: np.ndarray, normals: np.ndarray | None, labels: Mapping) -> dict:
        """The arrays for everything in a row but the jets of the unknowns and the integrals."""
        env = dict(zip(self.space.coords, points.T, strict=True))
        where, undifferentiated = points, tuple[int, ...]()
        if self.moment is not None:
            time, moment = self.moment
            each = np.repeat(moment, len(points) // np.size(moment))
            env[time], undifferentiated = each if np.ndim(moment) else moment, (0,)
            where = np.column_stack([points, each])
        if normals is not None:
            env |= dict(zip(self.space.normal, normals.T[: len(self.space.spatial)], strict=True))
        env |= labels
        by_name: dict[str, list[tuple[Dummy, Index]]] = {}
        for symbol, jet in row.data.items():
            by_name.setdefault(jet.name, []).append((symbol, jet.index))
        for name, wanted in by_name.items():
            values = self.bound.data[name](where, {(*index, *undifferentiated) for _, index in wanted})
            env |= {symbol: values[(*index, *undifferentiated)] for symbol, index in wanted}
        return env


def parted(count: int, links: Iterable[Iterable[int]]) -> list[list[int]]:
    """The numbers below a count in groups, in order, those that a link holds in one."""
    groups = [{k} for k in range(count)]
    for link in links:
        held = set(link)
        joined = set().union(*(group for group in groups if group & held))
        groups = [group for group in groups if not group & held] + ([joined] if joined else [])
    return sorted(map(sorted, groups))
