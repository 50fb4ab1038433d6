"""Equations as presentation MathML, which browsers show without a script: in the user's own words (u rather than
u(x, y)) and in the elements that MathML Core has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any
from xml.dom.minidom import Document, Element

from sympy import Add, Basic, Derivative, Expr, Function, MatrixBase, Mul, Piecewise, Symbol, preorder_traversal, true
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.printing.conventions import requires_partial
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.pretty_symbology import greek_unicode

from inrpde.declaration.conditions import On
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.latex import MOST, as_equation
from inrpde.declaration.problem import Problem
from inrpde.declaration.words import words

LONG = 60
"""Characters of a line, about, above which an equation is broken into pieces. Chosen."""
DIGITS = 6
"""Of a floating-point number: more are noise of how it was computed."""
TIMES, APART = "<mo>\u2062</mo>", '<mo lspace="0.17em">\u2062</mo>'
"""Between factors: the invisible operator, and with a thin space, as fractions would touch."""
SIGNS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}

Integrals = Mapping[str, tuple[Expr, Iterable[Any], bool, str]]
"""What symbols of these names stand for: (integrand, over, mean, the region's name)."""


class _Printer(MathMLPresentationPrinter):
    """sympy's printer, with derivatives as fractions, and with what it does not know."""

    def __init__(self, integrals: Integrals) -> None:
        super().__init__()
        self.integrals = integrals
        self.dom.createTextNode = self._text  # sympy's own leaves all characters as they are, for XML to stumble over

    def tag(self, name: str, *inside: Element | str, **attributes: str) -> Element:
        made = self.dom.createElement(name)
        for key, value in attributes.items():
            made.setAttribute(key, value)
        for part in inside:
            made.appendChild(Document.createTextNode(self.dom, part) if isinstance(part, str) else part)
        return made

    def equation(self, relation: Any) -> list[list[Element]]:
        """The terms of both sides of a relation, each with the sign before it."""
        left, right = self.terms(relation.lhs), self.terms(relation.rhs)
        right[0].insert(0, self.tag("mo", SIGNS.get(relation.rel_op, relation.rel_op), form="infix"))
        return left + right

    def terms(self, expr: Any) -> list[list[Element]]:
        """The terms of a sum, each with its sign before it; what is no sum is one."""
        if not isinstance(expr, Add) or too_long(expr):
            return [[self._print(expr)]]
        found = []
        for number, term in enumerate(self._as_ordered_terms(expr)):
            minus = term.could_extract_minus_sign() and not isinstance(term, Add)
            sign = self.tag("mo", "−" if minus else "+", form="infix" if number else "prefix")
            shown = self.parenthesize(-term if minus else term, PRECEDENCE["Add"])
            found.append([sign, shown] if minus or number else [shown])
        return found

    def integral(self, integrand: Any, over: Iterable[Any], mean: bool, region: str) -> Element:
        measure = [part for x in [*over] or [Symbol("Omega")] for part in (self._d(), self._print(x))]
        sign = self.tag("munder", self.tag("mo", "∫"), self.tag("mtext", region))
        whole = self.tag("mrow", sign, self.parenthesize(integrand, PRECEDENCE["Mul"], strict=True), *measure)
        if not mean:
            return whole
        size = self.tag("mrow", self._bar(), self.tag("mtext", region), self._bar())
        return self.tag("mrow", self.tag("mfrac", self.tag("mn", "1"), size), whole)

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> Element:
        if isinstance(item, Derivative) and level < PRECEDENCE["Pow"]:
            return self._print(item)  # a fraction, or an operator with brackets of its own
        return super().parenthesize(item, level, strict)

    def mathml_tag(self, e: Any) -> str:
        """Names of several letters stand apart in a product."""
        bases = [each.as_base_exp()[0] for each in e.args] if isinstance(e, Mul) else []
        names = [str(_symbol(each)).split("_")[0] for each in bases if isinstance(each, AppliedUndef | Symbol)]
        apart = any(len(name) > 1 and name not in greek_unicode for name in names)
        return "·" if apart else str(super().mathml_tag(e))

    def _text(self, text: str) -> Any:
        return Document.createTextNode(self.dom, unescape(text).replace("-", "−"))

    def _d(self) -> Element:
        return self.tag("mi", "d", mathvariant="normal")

    def _power(self, base: Element, exponent: Any) -> Element:
        return base if exponent == 1 else self.tag("msup", base, self._print(exponent))

    def _print(self, expr: Any, **settings: Any) -> Element:
        whole = isinstance(expr, int | Relational | MatrixBase)
        if whole or (isinstance(expr, Basic) and not too_long(expr)):
            return super()._print(expr, **settings)
        return self.tag("mtext", words(expr))

    def _print_Relational(self, relation: Relational) -> Element:
        return self.tag("mrow", *(each for term in self.equation(relation) for each in term))

    def _print_Add(self, expr: Add, order: Any = None) -> Element:
        return self.tag("mrow", *(each for term in self.terms(expr) for each in term))

    def _print_Mul(self, product: Mul) -> Element:
        """Derivatives stand behind the fraction that they are multiplied with, not in it."""
        if product.could_extract_minus_sign():
            rest = self.parenthesize(-product, PRECEDENCE["Add"])
            return self.tag("mrow", self.tag("mo", "−", form="prefix"), rest)
        parts = product.as_independent(Derivative, as_Add=False)
        if 1 in parts:
            return super()._print_Mul(product)
        before, behind = (self.parenthesize(part, PRECEDENCE["Mul"], strict=True) for part in parts)
        return self.tag("mrow", before, self.tag("mo", unescape(self.mathml_tag(product))), behind)

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> Element:
        if symbol.name in self.integrals:
            return self.integral(*self.integrals[symbol.name])
        return super()._print_Symbol(symbol, style)

    def _print_AppliedUndef(self, f: AppliedUndef) -> Element:
        return self._print(_symbol(f))

    def _print_RegionIntegral(self, integral: RegionIntegral) -> Element:
        return self.integral(integral.integrand, integral.over, integral.mean, integral.region.label)

    def _print_Derivative(self, d: Derivative) -> Element:
        def sign() -> Element:
            return self.tag("mi", "∂") if requires_partial(d.expr) else self._d()

        above = [self._power(sign(), sum(count for _, count in d.variable_count))]
        counted = reversed(d.variable_count)
        below = [part for x, n in counted for part in (sign(), self._power(self._print(x), n))]
        plain = isinstance(d.expr, AppliedUndef | Symbol)
        above += [self._print(d.expr)] if plain else []
        fraction = self.tag("mfrac", self.tag("mrow", *above), self.tag("mrow", *below))
        return fraction if plain else self.tag("mrow", fraction, self._paren_comma_separated(d.expr))

    def _print_MatrixBase(self, matrix: MatrixBase) -> Element:
        made = super()._print_MatrixBase(matrix)
        for table in made.getElementsByTagName("mtable"):
            table.setAttribute("displaystyle", "true")
        return made

    def _print_Piecewise(self, pieces: Piecewise) -> Element:
        rows = []
        for value, condition in pieces.args:
            when = [self.tag("mtext", "if\N{NO-BREAK SPACE}"), self._print(condition)]
            cells = [[self._print(value)], [self.tag("mtext", "otherwise")] if condition == true else when]
            rows.append(self.tag("mtr", *(self.tag("mtd", *cell, style="text-align: left") for cell in cells)))
        return self.tag("mrow", self.tag("mo", "{"), self.tag("mtable", *rows))

    def _print_conjugate(self, f: Function) -> Element:
        return self.tag("mover", self._print(f.args[0]), self.tag("mo", "¯"))

    def _print_atan2(self, f: Function) -> Element:
        return self.tag("mrow", self.tag("mi", "atan2"), self._paren_comma_separated(*f.args))

    def _print_ImaginaryUnit(self, i: Any) -> Element:
        return self.tag("mi", "i")

    def _print_Exp1(self, e: Any) -> Element:
        return self.tag("mi", "e")

    def _print_Float(self, number: Any) -> Element:
        digits, _, exponent = f"{float(number):.{DIGITS}g}".partition("e")
        shown = self.tag("mn", self._text(digits))
        if not exponent:
            return shown
        return self.tag("mrow", shown, self.tag("mo", "·"), self._power(self.tag("mn", "10"), int(exponent)))


def too_long(expr: Basic) -> bool:
    """Whether an expression has more than `MOST` parts: it is shown by its two ends, as a text."""
    return sum(1 for _ in preorder_traversal(expr)) > MOST


def mathml(thing: Any) -> str:
    """The MathML of an expression, a relation or a Matrix, of whose sides and entries too long ones are texts."""
    return _written(_Printer({})._print(thing))


def pieces(relation: Any, integrals: Integrals | None = None) -> list[str]:
    """A relation as one `<math>` element; a long one as one for each term of its sums, so that lines can break between
    them; none where a side is too long."""
    if any(map(too_long, relation.args)):
        return []
    terms = _Printer(integrals or {}).equation(relation)
    if sum(_width(part) for term in terms for part in term) <= LONG:
        terms = [[part for term in terms for part in term]]
    return [_whole(*term) for term in terms]


def periodic(unknown: Expr, coordinate: Symbol) -> str:
    """That an unknown is periodic, as a `<math>` element."""
    printer = _Printer({})
    between = printer.tag("mtext", "\N{NO-BREAK SPACE}is periodic in\N{NO-BREAK SPACE}")
    return _whole(printer._print(unknown), between, printer._print(coordinate))


def typeset(problem: Problem) -> list[tuple[str, str]]:
    """What a problem asks, a `<math>` element for each condition and the name of the set on which it holds, and then
    what its coefficients are bound to, on no set: an expression, or the kind of data."""
    asked = [(_asked(condition), condition.where) for condition in problem.conditions]
    printer = _Printer({})
    for key, value in problem.coefficients.items():
        given = printer._print(value) if isinstance(value, Expr) else printer.tag("mtext", type(value).__name__)
        asked.append((_whole(printer._print(key), printer.tag("mo", "="), given), ""))
    return asked


def _asked(condition: On) -> str:
    if condition.periodic:
        return periodic(condition.periodic.unknown, condition.periodic.coordinate)
    printer, asked = _Printer({}), condition.equation
    if not isinstance(asked, list | tuple):
        return _whole(printer._print(as_equation(asked)))
    rows = (printer.tag("mtd", printer._print(as_equation(each))) for each in asked)
    return _whole(printer.tag("mtable", *(printer.tag("mtr", row) for row in rows), displaystyle="true"))


def _symbol(atom: AppliedUndef | Symbol) -> Symbol:
    return Symbol(atom.func.__name__) if isinstance(atom, AppliedUndef) else atom


def _whole(*inside: Element) -> str:
    return _written(_Printer({}).tag("math", *inside, displaystyle="true"))


def _written(element: Element) -> str:
    return str(element.toxml()).replace(TIMES, APART)


def _width(node: Any) -> float:
    """About how many characters wide an element is: of fractions and tables the widest line counts."""
    if node.nodeType == node.TEXT_NODE:
        return len(node.data)
    widths = [_width(child) for child in node.childNodes]
    stacked = node.tagName in ("mfrac", "mtable", "munder", "mover")
    return max(widths, default=0.0) if stacked else sum(widths) * (0.8 if node.tagName in ("msup", "msub") else 1.0)
