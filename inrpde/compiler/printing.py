"""Pass 5: print expressions as numpy functions, with sympy's traps mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np
from sympy import Basic, Expr, Symbol, lambdify, true
from sympy.printing.numpy import SciPyPrinter

from inrpde import deadline
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

SPECIAL = {
    "elliptic_e": "ellipe", "elliptic_k": "ellipk", "erfinv": "erfinv", "hankel1": "hankel1", "hankel2": "hankel2",
    "jn": "spherical_jn", "yn": "spherical_yn",
}  # fmt: skip
"""Functions of scipy.special that sympy's printer does not know, or that have another meaning there."""
SETTINGS = {
    "fully_qualified_modules": False, "inline": True, "allow_unknown_functions": False, "user_functions": SPECIAL
}  # fmt: skip


EXACT = 2**53
"""Whole numbers below are floats without rounding."""


class _Printer(SciPyPrinter):
    """sympy's own printing of Max, And and the like fails where a number stands beside an array: fold instead."""

    def _print_Integral(self, expr: Basic) -> str:
        raise NotImplementedError(f"sympy has not worked out {expr}")

    def _fold(self, name: str, args: Sequence[Basic]) -> str:
        function = self._module_format(f"numpy.{name}")
        return reduce(lambda text, arg: f"{function}({text}, {self._print(arg)})", args[1:], self._print(args[0]))

    def _print_Max(self, expr: Basic) -> str:
        return self._fold("maximum", expr.args)

    def _print_Min(self, expr: Basic) -> str:
        return self._fold("minimum", expr.args)

    def _print_And(self, expr: Basic) -> str:
        return self._fold("logical_and", sorted(expr.args, key=str))

    def _print_Or(self, expr: Basic) -> str:
        return self._fold("logical_or", sorted(expr.args, key=str))

    def _print_Piecewise(self, expr: Basic) -> str:
        where = self._module_format("numpy.where")
        text = self._module_format("numpy.nan")
        for value, condition in reversed(expr.args):
            printed = self._print(value)
            text = printed if condition is true else f"{where}({self._print(condition)}, {printed}, {text})"
        return text

    def _print_Integer(self, expr: Basic) -> str:
        """A whole number that no float holds is infinite, where Python would raise; one that numpy's integers do not
        hold is a float, where numpy would make an array of objects of it."""
        if abs(int(expr)) < EXACT:
            return super()._print_Integer(expr)
        try:
            return repr(float(int(expr)))
        except OverflowError:
            return f"({'-' * bool(expr < 0)}{self._module_format('numpy.inf')})"

    def _print_Rational(self, expr: Basic) -> str:
        try:
            return repr(expr.p / expr.q)
        except OverflowError:
            return self._print_Integer(expr)

    def _print_Heaviside(self, expr: Basic) -> str:
        return f"{self._module_format('numpy.heaviside')}({self._print(expr.args[0])}, 0.5)"


class RowFunction:
    """Several expressions of symbols as one numpy function with common subexpressions.

    Called with {symbol: array (N,)}; returns a list with a number (constant) or an array (N,) for each expression.
    `where` is what errors name: a text, or an expression, which is put into words then.
    """

    def __init__(self, expressions: Sequence[Expr], where: str | Expr = ""):
        self.expressions = tuple(expressions)
        self.where = where
        self.symbols: tuple[Symbol, ...] = tuple(
            sorted(
                set().union(*(e.free_symbols for e in self.expressions)) if expressions else (),
                key=lambda s: s.sort_key(),
            )
        )
        self._function: Any = None

    def __call__(self, env: Mapping[Symbol, Any]) -> list[Any]:
        deadline.turn()
        if self._function is None:
            self._function = self._print()
        arrays = [np.asarray(env[s])[()] for s in self.symbols]
        try:
            with np.errstate(all="ignore"):  # numpy's numbers divide by zero without an exception, Python's do not
                return list(self._function(*arrays))
        except (NameError, TypeError, OverflowError) as error:  # what printed code raises that numpy does not know
            raise self._no_value(str(error)) from None

    def _print(self) -> Any:
        try:
            plain = _plain_names(self.expressions)
            arguments, expressions = [plain[s] for s in self.symbols], [e.xreplace(plain) for e in self.expressions]
            return _compiled(tuple(arguments), tuple(expressions))
        except (NotImplementedError, TypeError, ValueError) as error:  # what sympy raises where it cannot print
            raise self._no_value(str(error).splitlines()[0].split(">: ")[-1]) from None

    def _no_value(self, reason: str) -> ProblemError:
        what = f"an expression cannot be evaluated: {reason}"
        where = self.where if isinstance(self.where, str) else words(self.where)
        return ProblemError(what, where, "write it with numbers and functions that scipy.special has")


@lru_cache(maxsize=256)
def _compiled(arguments: tuple[Symbol, ...], expressions: tuple[Expr, ...]) -> Any:
    """By plain names: what is evaluated again, at other points, is printed once. There is no text of the expressions
    in the function's docstring: it takes a quarter of the time."""
    return lambdify(
        arguments, list(expressions), modules=["scipy", "numpy"], printer=_Printer(SETTINGS), cse=True,
        docstring_limit=0,
    )  # fmt: skip


def _plain_names(expressions: Sequence[Expr]) -> dict[Symbol, Symbol]:
    """Names of our own for all symbols, bound ones too: a name reaches the source that sympy makes as it is, where it
    may hide a function (`sin`), mean something (`lambda`), or be code."""
    every = sorted(set().union(*(e.atoms(Symbol) for e in expressions)), key=lambda s: s.sort_key())
    return {s: Symbol(f"v{number}", **s._assumptions_orig) for number, s in enumerate(every)}


def evaluate(expr: Expr, env: Mapping[Symbol, Any], size: int, where: str = "") -> np.ndarray:
    """One expression on arrays of length `size`."""
    (value,) = RowFunction([expr], where)(env)
    return np.array(np.broadcast_to(value, (size,)))
