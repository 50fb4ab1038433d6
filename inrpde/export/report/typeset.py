"""Equations as presentation MathML, which browsers show without a script: sympy's printer, in the user's own words (u
rather than u(x, y)) and in the elements that MathML Core has.

A long equation is several pieces, one for each term of its sums, so that lines can break between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any
from xml.dom.minidom import Document, Element

from sympy import Add, Derivative, Expr, Mul, Piecewise, Symbol, preorder_traversal
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanTrue
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.pretty_symbology import greek_unicode

from inrpde.export.symbols import parse

LONG, MOST = 60, 600
"""Characters of a line, about, above which an equation is broken into pieces, and parts of an equation that is typeset;
longer ones are shown as text. Chosen."""
DIGITS = 6
"""Of a floating-point number: more are noise of how it was computed."""
SIGNS = {"==": "=", ">=": "≥", "<=": "≤", ">": ">", "<": "<", "!=": "≠"}
NAMESPACE = "http://www.w3.org/1998/Math/MathML"


class _Printer(MathMLPresentationPrinter):
    """`integrals` are what symbols stand for: (integrand, by, mean, region)."""

    def __init__(self, integrals: Mapping[str, tuple[Any, Sequence[str], bool, str]]) -> None:
        super().__init__()
        self.integrals = integrals
        self.dom.createTextNode = lambda text: Document.createTextNode(self.dom, unescape(text))

    def element(self, tag: str, *parts: Any, **attributes: str) -> Element:
        """An element of these parts: elements, or text."""
        made = self.dom.createElement(tag)
        for name, value in attributes.items():
            made.setAttribute(name, value)
        for part in parts:
            made.appendChild(self.dom.createTextNode(part) if isinstance(part, str) else part)
        return made

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> Element:
        if isinstance(item, Derivative) and level == PRECEDENCE["Mul"]:
            return self._print(item)  # a fraction needs no parentheses in a product
        return super().parenthesize(item, level, strict)

    def terms(self, expr: Any, first: str = "") -> list[list[Element]]:
        """The terms of a sum, each with its sign before it, the first one's only where it is negative."""
        found = []
        for number, term in enumerate(self._as_ordered_terms(expr) if isinstance(expr, Add) else [expr]):
            minus = term.could_extract_minus_sign() and not isinstance(term, Add)
            sign = "−" if minus else "+" if number else first
            value = -term if minus else term
            shown = self.parenthesize(value, PRECEDENCE["Add"]) if isinstance(value, Add) else self._print(value)
            form = "infix" if number or first else "prefix"
            found.append([*([self.element("mo", sign, form=form)] if sign else []), shown])
        return found

    def _print_Add(self, expr: Any, order: Any = None) -> Element:
        return self.element("mrow", *(each for term in self.terms(expr) for each in term))

    def mathml_tag(self, e: Any) -> str:
        """Names of several letters stand apart in a product."""
        names = (
            [_name(each) for each in e.args if isinstance(each, AppliedUndef | Symbol)] if isinstance(e, Mul) else []
        )
        return (
            "·"
            if any(len(name.split("_")[0]) > 1 and name not in greek_unicode for name in names)
            else super().mathml_tag(e)
        )

    def _print_Mul(self, expr: Mul) -> Element:
        """Derivatives stand beside the fraction that they are multiplied with, not in it."""
        slopes = [each for each in expr.args if isinstance(each, Derivative)]
        rest = Mul(*(each for each in expr.args if not isinstance(each, Derivative)))
        if not slopes:
            return super()._print_Mul(expr)
        before = []
        if rest == -1:
            before = [self.element("mo", "−", form="prefix")]
        elif rest != 1:
            before = [self.parenthesize(rest, PRECEDENCE["Mul"], strict=True), self.element("mo", "\u2062")]
        return self.element("mrow", *before, *map(self._print, slopes))

    def _print_AppliedUndef(self, f: AppliedUndef) -> Element:
        return self._print(Symbol(_name(f)))

    def _print_Function(self, f: Any) -> Element:
        if isinstance(f, AppliedUndef):
            return self._print_AppliedUndef(f)
        return super()._print_Function(f)

    def _print_Symbol(self, sym: Symbol, style: str = "plain") -> Element:
        if sym.name not in self.integrals:
            return super()._print_Symbol(sym, style)
        integrand, by, mean, region = self.integrals[sym.name]
        measure = [part for name in by or ["Ω"] for part in (self.element("mi", "d"), self.element("mi", name))]
        under = self.element("munder", self.element("mo", "∫"), self.element("mtext", region))
        whole = self.element("mrow", under, self.parenthesize(integrand, PRECEDENCE["Mul"]), *measure)
        if not mean:
            return whole
        size = self.element("mrow", *(self.element("mo", "|"), self.element("mtext", region), self.element("mo", "|")))
        return self.element("mrow", self.element("mfrac", self.element("mn", "1"), size), whole)

    def _print_Derivative(self, d: Derivative) -> Element:
        order = sum(int(count) for _, count in d.variable_count)
        below = [
            part for x, n in d.variable_count for part in (self._power("∂", 1), self._power(self._print(x), int(n)))
        ]
        above = [self._power("∂", order)]
        plain = isinstance(d.expr, AppliedUndef | Symbol)
        above += [self._print(d.expr)] if plain else []
        fraction = self.element("mfrac", self.element("mrow", *above), self.element("mrow", *below))
        if plain:
            return fraction
        return self.element("mrow", fraction, self._l_paren(), self._print(d.expr), self._r_paren())

    def _power(self, base: str | Element, exponent: int) -> Element:
        shown = self.element("mi", base) if isinstance(base, str) else base
        return shown if exponent == 1 else self.element("msup", shown, self.element("mn", str(exponent)))

    def _print_Piecewise(self, expr: Piecewise) -> Element:
        rows = []
        for value, condition in expr.args:
            otherwise = isinstance(condition, BooleanTrue)
            where = self.element("mtext", "otherwise") if otherwise else self._print(condition)
            sign = [] if otherwise else [self.element("mtext", "if ")]
            rows.append(
                self.element(
                    "mtr",
                    self.element("mtd", self._print(value)),
                    self.element("mtd", self.element("mrow", *sign, where)),
                )
            )
        return self.element("mrow", self.element("mo", "{"), self.element("mtable", *rows))

    def _print_Relational(self, e: Relational) -> Element:
        return self.element("mrow", self._print(e.lhs), self.element("mo", SIGNS[e.rel_op]), self._print(e.rhs))

    def _print_conjugate(self, expr: Any) -> Element:
        return self.element("mover", self._print(expr.args[0]), self.element("mo", "¯"))

    def _print_ImaginaryUnit(self, e: Any) -> Element:
        return self.element("mi", "i")

    def _print_Exp1(self, e: Any) -> Element:
        return self.element("mi", "e")

    def _print_Float(self, expr: Any) -> Element:
        shown = f"{float(expr):.{DIGITS}g}"
        if "e" not in shown:
            return self.element("mn", shown)
        digits, exponent = shown.split("e")
        ten = self.element("msup", self.element("mn", "10"), self.element("mn", str(int(exponent))))
        return self.element("mrow", self.element("mn", digits), self.element("mo", "·"), ten)


def _name(atom: Any) -> str:
    return atom.func.__name__ if isinstance(atom, AppliedUndef) else atom.name


def equations(rows: Sequence[str], integrals: Mapping[str, Mapping[str, Any]]) -> list[list[str]] | None:
    """For each relation that `export.symbols.dump` wrote its pieces, a `<math>` element each; None where one is too
    long to be read, or is not of sympy's that MathML shows. Raises OutputError for text that `dump` has not written."""
    stand = {
        name: (parse(str(each["integrand"])), [str(x) for x in each["over"]], bool(each["mean"]), str(each["on"]))
        for name, each in integrals.items()
    }
    return _typeset([parse(row) for row in rows], stand)


def expression(name: str, value: Expr) -> list[str] | None:
    """What a name stands for, `name = value`, as pieces; None where it is too long."""
    made = _typeset([_Named(name, value)], {})
    return made[0] if made else None


class _Named:
    """A name and what it stands for, as a relation that nothing decides."""

    rel_op = "=="

    def __init__(self, name: str, value: Expr) -> None:
        self.lhs, self.rhs = Symbol(name), value


def _typeset(relations: Sequence[Any], integrals: Mapping[str, Any]) -> list[list[str]] | None:
    parts = [side for each in relations for side in (each.lhs, each.rhs)]
    if not relations or sum(1 for side in parts for _ in preorder_traversal(side)) > MOST:
        return None
    printer = _Printer(integrals)
    return [_pieces(printer, each) for each in relations]


def _pieces(printer: _Printer, relation: Any) -> list[str]:
    """The equation as one piece; a long one as its terms."""
    sign = SIGNS[relation.rel_op]
    terms = [*printer.terms(relation.lhs), *printer.terms(relation.rhs)]
    equals = printer.element("mo", sign, form="infix")
    at = len(printer.terms(relation.lhs))
    terms[at].insert(0, equals)
    if sum(_width(part) for term in terms for part in term) <= LONG:
        terms = [[part for term in terms for part in term]]
    return [printer.element("math", *term, display="block", xmlns=NAMESPACE).toxml() for term in terms]


def _width(node: Any) -> float:
    """About how many characters wide an element is: of fractions and tables the widest line counts."""
    if node.nodeType == node.TEXT_NODE:
        return len(node.data)
    widths = [_width(child) for child in node.childNodes]
    stacked = node.tagName in ("mfrac", "mtable", "munder", "mover")
    return max(widths, default=0.0) if stacked else sum(widths) * (0.8 if node.tagName in ("msup", "msub") else 1.0)
