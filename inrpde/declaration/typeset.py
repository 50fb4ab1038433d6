"""A problem as a notebook shows it: its conditions typeset, and a picture of the regions where they hold."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from sympy import Expr

from inrpde.declaration.conditions import On
from inrpde.declaration.latex import as_code, latex, stacked
from inrpde.declaration.regions.drawing import svg
from inrpde.errors import ProblemError


class Typeset:
    """What a problem has of it."""

    name: str
    conditions: tuple[On, ...]
    coefficients: Mapping[Any, Any]

    def _repr_latex_(self) -> str:
        lines = ["& " + condition.latex() for condition in self.conditions]
        lines += [rf"& {latex(key)} = {_given(value)} &" for key, value in self.coefficients.items()]
        return rf"$\displaystyle {stacked('aligned', lines)}$"

    def _repr_html_(self) -> str:
        regions = {condition.where: condition.region for condition in self.conditions}
        try:
            drawn = svg(regions)
        except ProblemError as error:  # a region of which nothing is left
            drawn = f"<p>{escape(error.what)}</p>"
        return f"<div><strong>{escape(self.name)}</strong><p>{escape(self._repr_latex_())}</p>{drawn}</div>"


def _given(value: Any) -> str:
    """What a coefficient is bound to: an expression, or the kind of data."""
    return latex(value) if isinstance(value, Expr) else as_code(type(value).__name__)
