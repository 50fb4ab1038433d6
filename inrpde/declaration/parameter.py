"""A parameter that a family of problems depends on."""

from __future__ import annotations

import math
from typing import Any

from sympy import Expr, Symbol, sympify

from inrpde.declaration.space import is_name
from inrpde.declaration.words import words
from inrpde.errors import ProblemError


class Parameter(Symbol):
    """A number between `low` and `high` that a problem is solved for all at once: Φ(x; k).

    The default of an argument of a problem's function, `def problem(k=Parameter("k", 5, 20))`, where `--param k=7` then
    gives one number; it stands in equations, data and coefficients as any symbol, positive where its range is. Raises
    ProblemError for what is no name or no range.
    """

    low: float
    high: float

    def __new__(cls, name: str, low: float, high: float) -> Parameter:
        place = f"Parameter({words(name, 40)}, {words(low, 40)}, {words(high, 40)})"
        if not isinstance(name, str) or not is_name(name):
            raise ProblemError(f"{words(name, 40)} is not a name", place, 'Parameter("k", 5, 20)')
        ends = _number(low), _number(high)
        if not ends[0] < ends[1]:
            raise ProblemError("a parameter needs a range from low to high", place, 'Parameter("k", 5, 20)')
        signs = {"positive": True} if ends[0] > 0 else {"negative": True} if ends[1] < 0 else {"real": True}
        made: Parameter = Symbol.__xnew__(cls, name, **signs)
        made.low, made.high = ends
        return made

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.low, self.high)

    def __getnewargs_ex__(self) -> tuple[tuple[str, float, float], dict[str, Any]]:
        return (self.name, self.low, self.high), {}

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


def parameters(*expressions: Expr) -> list[Parameter]:
    """All that stand in expressions, by their names."""
    found = {each for expression in expressions for each in expression.atoms(Parameter)}
    return sorted(found, key=lambda each: each.name)


def _number(value: Any) -> float:
    """A finite real number, or NaN."""
    try:
        found = float(sympify(value))
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan
