"""Pass 5: print expressions as numpy functions, with sympy's traps mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sympy import Basic, Expr, Symbol, lambdify
from sympy.printing.numpy import SciPyPrinter

from inrpde.errors import ProblemError


SPECIAL = {
    "elliptic_e": "ellipe", "elliptic_k": "ellipk", "erfinv": "erfinv", "hankel1": "hankel1", "hankel2": "hankel2",
    "jn": "spherical_jn", "yn": "spherical_yn",
}  # fmt: skip
"""Functions of scipy.special that sympy's printer does not know, or that have another meaning there."""
SETTINGS = {
    "fully_qualified_modules": False, "inline": True, "allow_unknown_functions": False, "user_functions": SPECIAL
}  # fmt: skip


class _Printer(SciPyPrinter):
    """numpy.amax of a scalar beside an array fails in sympy's own printing: fold by maximum instead."""

    def _print_Integral(self, expr: Basic) -> str:
        raise NotImplementedError(f"sympy has not worked out {expr}")

    def _fold(self, name: str, args: Sequence[Basic]) -> str:
        text = self._print(args[0])
        for arg in args[1:]:
            text = f"{self._module_format(f'numpy.{name}')}({text}, {self._print(arg)})"
        return text

    def _print_Max(self, expr: Basic) -> str:
        return self._fold("maximum", expr.args)

    def _print_Min(self, expr: Basic) -> str:
        return self._fold("minimum", expr.args)

    def _print_Piecewise(self, expr: Basic) -> str:
        where = self._module_format("numpy.where")
        text = self._module_format("numpy.nan")
        for value, condition in reversed(expr.args):
            text = self._print(value) if condition == True else f"{where}({self._print(condition)}, {self._print(value)}, {text})"  # noqa: E712
        return text

    def _print_Heaviside(self, expr: Basic) -> str:
        return f"{self._module_format('numpy.heaviside')}({self._print(expr.args[0])}, 0.5)"


class RowFunction:
    """Several expressions of symbols as one numpy function with common subexpressions.

    Called with {symbol: array (N,)}; returns a list with a number (constant) or an array (N,) for each expression.
    """

    def __init__(self, expressions: Sequence[Expr], where: str = ""):
        self.expressions = tuple(expressions)
        self.where = where
        self.symbols: tuple[Symbol, ...] = tuple(
            sorted(set().union(*(e.free_symbols for e in self.expressions)) if expressions else (), key=lambda s: s.sort_key())
        )
        self._function: Any = None

    def __call__(self, env: Mapping[Symbol, Any]) -> list[Any]:
        if self._function is None:
            self._function = self._print()
        with np.errstate(all="ignore"):  # numpy's numbers divide by zero without an exception, Python's do not
            return list(self._function(*(np.asarray(env[s])[()] for s in self.symbols)))

    def _print(self) -> Any:
        try:
            return lambdify(self.symbols, self.expressions, modules=["scipy", "numpy"], printer=_Printer(SETTINGS), cse=True)
        except (NotImplementedError, TypeError, ValueError) as error:  # what sympy raises where it cannot print
            reason = str(error).splitlines()[0].split(">: ")[-1]
            raise ProblemError(
                f"an expression cannot be evaluated: {reason}", self.where, "use functions that scipy.special has"
            ) from None


def evaluate(expr: Expr, env: Mapping[Symbol, Any], size: int, where: str = "") -> np.ndarray:
    """One expression on arrays of length `size`."""
    (value,) = RowFunction([expr], where)(env)
    return np.array(np.broadcast_to(value, (size,)))
