"""Expressions and conditions as MathML, which browsers show by themselves, in the user's own words: u, not u(x, y)."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any
from xml.dom.minidom import Element

from sympy import (
    Basic,
    Derivative,
    Eq,
    Expr,
    Function,
    MatrixBase,
    Mul,
    Piecewise,
    Symbol,
    fraction,
    preorder_traversal,
    true,
)
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.printing.conventions import requires_partial
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE

from inrpde.declaration.conditions import On
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.latex import MOST, as_equation
from inrpde.declaration.problem import Problem
from inrpde.declaration.words import words

_TIMES, _GAP = "<mo>&InvisibleTimes;</mo>", '<mspace width="0.17em"/>'
"""Between factors: an invisible operator, which would let names of several letters run into one another."""

_SIGNS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}


class _MathML(MathMLPresentationPrinter):
    """sympy's printer, with derivatives as fractions, and with what it does not know."""

    def doprint(self, expr: Any) -> str:
        return str(super().doprint(expr)).replace("<mo>-</mo>", "<mo>−</mo>").replace(_TIMES, _GAP)

    def tag(self, name: str, *inside: Element | str) -> Element:
        made = self.dom.createElement(name)
        for each in inside:
            made.appendChild(self.dom.createTextNode(escape(each)) if isinstance(each, str) else each)  # sympy's is raw
        return made

    def power(self, base: Element, exponent: Any) -> Element:
        return base if exponent == 1 else self.tag("msup", base, self._print(exponent))

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> Element:
        if isinstance(item, Derivative) and level < PRECEDENCE["Pow"]:
            return self._print(item)  # a fraction, or an operator with brackets of its own
        return super().parenthesize(item, level, strict)

    def _print_Relational(self, relation: Relational) -> Element:
        sign = self.tag("mo", _SIGNS.get(relation.rel_op, relation.rel_op))
        return self.tag("mrow", self._print(relation.lhs), sign, self._print(relation.rhs))

    def _print_Function(self, f: Function) -> Element:
        return self._print(Symbol(f.func.__name__)) if isinstance(f, AppliedUndef) else super()._print_Function(f)

    def _print_Derivative(self, d: Derivative) -> Element:
        sign = partial(self.tag, "mo", "∂") if requires_partial(d.expr) else self._d
        top = [self.power(sign(), sum(count for _, count in d.variable_count))]
        powers = [(sign(), self.power(self._print(x), count)) for x, count in reversed(d.variable_count)]
        by = [each for pair in powers for each in pair]
        if isinstance(d.expr, AppliedUndef | Symbol):
            return self.tag("mfrac", self.tag("mrow", *top, self._print(d.expr)), self.tag("mrow", *by))
        operator = self.tag("mfrac", self.tag("mrow", *top), self.tag("mrow", *by))
        return self.tag("mrow", operator, self.tag("mo", "("), self._print(d.expr), self.tag("mo", ")"))

    def _print_Mul(self, product: Mul) -> Element:
        factors, operators = product.as_independent(Derivative, as_Add=False)
        if operators == 1 or fraction(factors)[1] == 1:
            return super()._print_Mul(product)
        # Derivatives stay out of the numerator: fractions of fractions are small.
        behind = self.parenthesize(operators, PRECEDENCE["Mul"])
        gap = self.tag("mspace")
        gap.setAttribute("width", "0.17em")
        return self.tag("mrow", self._print(factors), gap, behind)

    def _print_MatrixBase(self, matrix: MatrixBase) -> Element:
        made = super()._print_MatrixBase(matrix)
        for table in made.getElementsByTagName("mtable"):
            table.setAttribute("displaystyle", "true")
        return made

    def _print_atan2(self, f: Function) -> Element:
        return self.tag("mrow", self.tag("mi", "atan2"), self._paren_comma_separated(*f.args))

    def _d(self) -> Element:
        upright = self.tag("mi", "d")
        upright.setAttribute("mathvariant", "normal")
        return upright

    def _print_Exp1(self, e: Any) -> Element:
        return self.tag("mi", "e")

    def _print_ImaginaryUnit(self, i: Any) -> Element:
        return self.tag("mi", "i")

    def _print_Piecewise(self, pieces: Piecewise) -> Element:
        rows = []
        for value, condition in pieces.args:
            where = [self.tag("mtext", "where\N{NO-BREAK SPACE}"), self._print(condition)]
            when = [self.tag("mtext", "otherwise")] if condition == true else where
            cells = [self.tag("mtd", self._print(value)), self.tag("mtd", *when)]
            for cell in cells:
                cell.setAttribute("style", "text-align: left")
            rows.append(self.tag("mtr", *cells))
        return self.tag("mrow", self.tag("mo", "{"), self.tag("mtable", *rows))

    def _print_RegionIntegral(self, integral: RegionIntegral) -> Element:
        sign = self.tag("mo", "⨍" if integral.mean else "∫")
        ends = [self.tag("mrow", self._d(), self._print(x)) for x in integral.over]
        over = self.tag("msub", sign, self.tag("mi", integral.region.label))
        return self.tag("mrow", over, self._print(integral.integrand), *ends)


def mathml(thing: Any) -> str:
    """The MathML of an expression, a relation or a Matrix; of what has more than `MOST` parts the two ends, as a text.

    Of a relation or a Matrix these are its sides and its entries, as far as they are so long."""
    if not isinstance(thing, Basic | MatrixBase):
        return f"<mtext>{escape(words(thing))}</mtext>"
    if sum(1 for _ in preorder_traversal(thing)) <= MOST:
        return _MathML().doprint(thing)
    if isinstance(thing, Eq):
        return f"<mrow>{mathml(thing.lhs)}<mo>=</mo>{mathml(thing.rhs)}</mrow>"
    if isinstance(thing, MatrixBase):
        rows = ["".join(f"<mtd>{mathml(entry)}</mtd>" for entry in thing.row(i)) for i in range(thing.rows)]
        table = "".join(f"<mtr>{row}</mtr>" for row in rows)
        return f'<mrow><mo>[</mo><mtable displaystyle="true">{table}</mtable><mo>]</mo></mrow>'
    return f"<mtext>{escape(words(thing))}</mtext>"


def typeset(problem: Problem) -> list[tuple[str, str]]:
    """What a problem asks, a whole `<math>` element for each condition and the name of the set on which it holds, and
    then what its coefficients are bound to, on no set: an expression, or the kind of data."""
    asked = [(_asked(condition), condition.where) for condition in problem.conditions]
    for key, value in problem.coefficients.items():
        given = mathml(value) if isinstance(value, Expr) else f"<mtext>{type(value).__name__}</mtext>"
        asked.append((f"<mrow>{mathml(key)}<mo>=</mo>{given}</mrow>", ""))
    return [(f'<math displaystyle="true">{inside}</math>', where) for inside, where in asked]


def _asked(condition: On) -> str:
    if condition.periodic:
        u, x = map(mathml, (condition.periodic.unknown, condition.periodic.coordinate))
        return f"<mrow>{u}<mtext>\N{NO-BREAK SPACE}is periodic in\N{NO-BREAK SPACE}</mtext>{x}</mrow>"
    asked = condition.equation
    if isinstance(asked, list | tuple):
        rows = "".join(f"<mtr><mtd>{mathml(as_equation(each))}</mtd></mtr>" for each in asked)
        return f"<mtable>{rows}</mtable>"
    return mathml(as_equation(asked))
