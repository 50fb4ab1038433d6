"""A problem: unknowns, conditions, coefficients. Its structure is validated when it is made."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import sympy
from sympy import Basic, Expr, MatrixBase
from sympy.core.function import AppliedUndef

from inrpde import config
from inrpde.declaration.arguments import whole
from inrpde.declaration.conditions import On, not_a_number
from inrpde.declaration.fields import GridField, Learned, MeshField
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.parameter import Parameter, parameters
from inrpde.declaration.space import Space, is_complex
from inrpde.declaration.structure import check, warned
from inrpde.declaration.typeset import Typeset
from inrpde.declaration.words import words
from inrpde.errors import ProblemError, UsageError

Coefficient: TypeAlias = Expr | GridField | MeshField | Learned


@dataclass(frozen=True, init=False)
class Problem(Typeset):
    """Find the unknowns such that every condition holds.

    `coefficients` binds fields and parameters to expressions, numbers, `GridField`, `MeshField` or `Learned`; `exact`
    holds known solutions, of learned fields, too (only for reporting errors); `guess` starts nonlinear solves;
    `settings` are the author's defaults; `report` are numbers that are asked for, of integrals and means over regions.
    Raises ProblemError, naming the culprit, if the structure is wrong.
    """

    name: str
    space: Space
    unknowns: tuple[AppliedUndef, ...]
    conditions: tuple[On, ...]
    coefficients: Mapping[Basic, Coefficient]
    exact: Mapping[AppliedUndef, Expr]
    guess: Mapping[AppliedUndef, Expr]
    settings: Mapping[str, Any]
    report: tuple[Expr, ...]
    warnings: tuple[str, ...]
    source: Any = field(default=None, compare=False, repr=False)
    """The file that it was read from, with its text and hashes (`loader.Source`); None where it was made in Python."""
    family: Problem | None = field(default=None, compare=False, repr=False)
    """The problem with parameters that this stands for all members of."""

    def __init__(
        self,
        name: str,
        unknowns: Iterable[AppliedUndef] | AppliedUndef,
        conditions: Iterable[On],
        coefficients: Mapping[Basic, Coefficient | complex] | None = None,
        exact: Mapping[AppliedUndef, Expr] | None = None,
        guess: Mapping[AppliedUndef, Expr] | None = None,
        settings: Mapping[str, Any] | None = None,
        report: Iterable[Expr] | Expr = (),
    ):
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise ProblemError(
                f"the name of a problem is a string, of one line, not {name!r:.80}",
                "Problem(…)",
                'Problem("poisson", …)',
            )
        unknowns = _flat(unknowns)
        conditions = tuple(conditions) if isinstance(conditions, Iterable) else (conditions,)
        if not conditions or not all(isinstance(condition, On) for condition in conditions):
            wrong = [words(c) for c in conditions if not isinstance(c, On)]
            raise ProblemError(
                f"conditions must be On(region, equation), not {wrong[0] if wrong else 'an empty list'}",
                f'Problem("{name}")',
                "write On(omega, Eq(lhs, rhs))",
            )
        if not isinstance(settings or {}, Mapping):
            raise ProblemError(
                f"settings must be a dict, not {words(settings)}",
                f'Problem("{name}", settings=…)',
                'settings={"solver.width": 64}',
            )
        config.resolve(settings or {}, {})
        bound = _sympified(name, "coefficients", coefficients, GridField, MeshField, Learned)
        bound = {key: whole(key, value, [c.region for c in conditions]) for key, value in bound.items()}
        for attribute, value in {
            "name": name, "space": conditions[0].region.space, "unknowns": unknowns, "conditions": conditions,
            "coefficients": MappingProxyType(bound),
            "exact": MappingProxyType(_sympified(name, "exact", exact)),
            "guess": MappingProxyType(_sympified(name, "guess", guess)),
            "settings": MappingProxyType(dict(settings or {})), "warnings": (),
            "report": tuple(report) if isinstance(report, Iterable) else (report,),
        }.items():  # fmt: skip
            object.__setattr__(self, attribute, value)
        check(self)
        object.__setattr__(self, "warnings", tuple(warned(self)))

    def __getstate__(self) -> dict[str, Any]:
        """Views of dicts cannot be pickled: the dicts are."""
        return {name: dict(v) if isinstance(v, MappingProxyType) else v for name, v in vars(self).items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: MappingProxyType(v) if isinstance(v, dict) else v for name, v in state.items()})

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What the problem is to be solved for all values of, by their names: it is a family of problems."""
        bound = [value for value in self.coefficients.values() if isinstance(value, Expr)]
        rows = [row for condition in self.conditions for row in condition.residuals]
        rows += [asked for asked in self.report if isinstance(asked, Expr)]
        integrals = [each.integrand for row in rows for each in row.atoms(RegionIntegral)]
        found = parameters(*rows, *integrals, *bound, *self.exact.values(), *self.guess.values())
        return tuple(each for each in found if each not in self.coefficients)

    def member(self, /, **values: float) -> Problem:
        """The problem of one value of each parameter; of those that are not given, the middle of their range. Raises
        UsageError for another name, and for what is no number."""
        given = {each: values.pop(each.name, each.middle) for each in self.parameters}
        for name, value in [*values.items(), *((each.name, value) for each, value in given.items())]:
            if name in values or not _real(value):
                what = f"there is no parameter {name!r}" if name in values else f"{value!r:.60} is no number"
                there = ", ".join(f"{each.name} ({each.low:g} to {each.high:g})" for each in given) or "none"
                raise UsageError(what, f"{name}={value!r:.60}", f"the parameters of {self.name} are: {there}")
        bound = {**self.coefficients, **{each: sympy.Float(float(value)) for each, value in given.items()}}
        return self.binding(bound)

    def representative(self) -> Problem:
        """The member in the middle, which knows its family; of a problem without parameters itself."""
        if not self.parameters:
            return self
        made = self.member()
        object.__setattr__(made, "family", self)
        return made

    def binding(self, coefficients: Mapping[Basic, Coefficient | complex]) -> Problem:
        """The same problem with other coefficients."""
        made = Problem(
            self.name, self.unknowns, self.conditions, coefficients, self.exact, self.guess, self.settings, self.report
        )
        object.__setattr__(made, "source", self.source)
        return made

    @property
    def complex_unknowns(self) -> frozenset[AppliedUndef]:
        return frozenset(u for u in self.unknowns if is_complex(u))


def _real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _flat(unknowns: Any) -> tuple[AppliedUndef, ...]:
    if isinstance(unknowns, (AppliedUndef, MatrixBase)):
        unknowns = [unknowns] if isinstance(unknowns, AppliedUndef) else list(unknowns)
    flat: list[AppliedUndef] = []
    for u in unknowns if isinstance(unknowns, Iterable) else [unknowns]:
        flat.extend(u if isinstance(u, (tuple, list, MatrixBase)) else [u])
    return tuple(flat)


def _sympified(name: str, word: str, given: Mapping | None, *data: type) -> dict:
    """Values as expressions, but for those that are data. Raises ProblemError for whatever is neither."""
    if not isinstance(given or {}, Mapping):
        raise ProblemError(
            f"{word} must be a dict, not {words(given)}", f'Problem("{name}", {word}=…)', f"write {word}={{u: …}}"
        )
    found = {}
    for key, value in (given or {}).items():
        place = f'Problem("{name}", {word}={{{words(key)}: …}})'
        known = value if isinstance(value, data) else None if isinstance(value, str) else _expression(value)
        if known is None:
            raise ProblemError(
                f"{words(value)} is neither an expression nor a number{' nor a field' if data else ''}",
                place,
                "give a sympy expression of the coordinates"
                + (", or an array as GridField(values, axes)" if data else ""),
            )
        if isinstance(known, Expr) and not_a_number(known):
            raise ProblemError(
                f"{words(key)} is {words(known)}, which is not finite", place, "check the expression, or give a number"
            )
        found[key] = known
    return found


def _expression(value: Any) -> Expr | None:
    try:
        value = sympy.sympify(value)
    except sympy.SympifyError:
        return None
    return value if isinstance(value, Expr) and not isinstance(value, MatrixBase) else None
