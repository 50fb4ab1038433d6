"""Expressions and conditions as LaTeX in the user's own words: u rather than u(x, y)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Basic, Eq, Function, MatrixBase, Symbol, preorder_traversal
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.printing.latex import LatexPrinter

from inrpde.declaration.words import words

MOST = 300
"""Parts of an expression that is typeset; longer ones are shown by their two ends."""
ESCAPED = {character: f"\\{character}" for character in "_#%&{}$ "}
ESCAPED |= {"\\": "\\backslash ", "^": "\\wedge ", "~": "\\sim "}


class _Latex(LatexPrinter):
    def _print_Function(self, f: Function, exp: Any = None) -> str:
        if not isinstance(f, AppliedUndef):
            return super()._print_Function(f, exp)
        name = self._print(Symbol(f.func.__name__))
        return name if exp is None else f"{name}^{{{exp}}}"


def latex(thing: Any) -> str:
    """The LaTeX of an expression, a relation or a Matrix; of a list of them one below the other."""
    if isinstance(thing, list | tuple):
        return stacked("gathered", map(latex, thing))
    if not isinstance(thing, Basic | MatrixBase) or sum(1 for _ in preorder_traversal(thing)) > MOST:
        return as_code(words(thing))
    return str(_Latex().doprint(thing))


def equation(given: Any) -> str:
    """The LaTeX of what a condition asks: a relation as it is, an expression as one that is zero."""
    if isinstance(given, list | tuple):
        return latex([as_equation(each) for each in given])
    return latex(as_equation(given))


def as_equation(given: Any) -> Any:
    if isinstance(given, MatrixBase):
        return Eq(given, given.applyfunc(lambda entry: entry * 0), evaluate=False)
    return given if isinstance(given, Relational) or not isinstance(given, Basic) else Eq(given, 0, evaluate=False)


def stacked(kind: str, lines: Iterable[str]) -> str:
    """Lines below one another, in an environment of that kind."""
    return rf"\begin{{{kind}}} " + r" \\ ".join(lines) + rf" \end{{{kind}}}"


def as_code(text: str) -> str:
    """A text as it stands in a file, in LaTeX's mathematics."""
    return rf"\mathtt{{{''.join(ESCAPED.get(character, character) for character in text)}}}"
