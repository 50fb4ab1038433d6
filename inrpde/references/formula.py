"""Expressions as functions of arrays: the references' own way from sympy to numpy.

It shares no code with the compiler's printer, so that an error in either shows as a difference between two answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from scipy import special

from inrpde import deadline
from inrpde.references.reference import Unsupported

WHOLE = 2**53
"""Whole numbers below are floats without rounding."""
SIGNS = {sp.Add: " + ", sp.Mul: " * ", sp.Pow: " ** "}


def _folded(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *values: reduce(function, values)


def _piecewise(*parts: Any) -> Any:
    """The first value whose condition holds, of values and conditions in turn."""
    chosen: Any = np.nan
    for value, holds in zip(parts[-2::-2], parts[::-2], strict=True):
        chosen = np.where(holds, value, chosen)
    return chosen


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    sp.exp: np.exp, sp.log: np.log, sp.sin: np.sin, sp.cos: np.cos, sp.tan: np.tan,
    sp.sinh: np.sinh, sp.cosh: np.cosh, sp.tanh: np.tanh,
    sp.Abs: np.abs, sp.sign: np.sign, sp.re: np.real, sp.im: np.imag, sp.conjugate: np.conjugate, sp.arg: np.angle,
    sp.Max: _folded(np.maximum), sp.Min: _folded(np.minimum), sp.Heaviside: np.heaviside,
    sp.And: _folded(np.logical_and), sp.Or: _folded(np.logical_or), sp.Not: np.logical_not,
    sp.Eq: np.equal, sp.Ne: np.not_equal, sp.Lt: np.less, sp.Le: np.less_equal, sp.Gt: np.greater,
    sp.Ge: np.greater_equal, sp.Piecewise: _piecewise,
    sp.elliptic_e: special.ellipe, sp.elliptic_k: special.ellipk, sp.erfinv: special.erfinv,
    sp.hankel1: special.hankel1, sp.hankel2: special.hankel2, sp.jn: special.spherical_jn, sp.yn: special.spherical_yn,
}  # fmt: skip
"""What sympy's `lambdify` lacks, or is slow with; it is asked for other functions, one by one."""


class Formula:
    """Several expressions of symbols as one function, a line for each distinct part of them.

    Called with {symbol: number or array (N,)}; returns a list with a number or an array for each expression. `text` is
    the equation, for messages. Raises Unsupported for a function that neither numpy nor scipy has.
    """

    def __init__(self, expressions: Sequence[sp.Expr], text: str):
        self.text = text
        self._names: dict[sp.Basic, str] = {}
        self._symbols: dict[sp.Symbol, str] = {}
        self._known: dict[str, Any] = {}
        self._lines: list[tuple[str, list[str], str]] = []
        results = [self._name(e) for e in expressions]
        body, kept = [f"return [{', '.join(results)}]"], {*results, *self._symbols.values(), *self._known}
        for name, parts, line in reversed(self._lines):
            spent = [part for part in dict.fromkeys(parts) if part not in kept]  # memory that is not needed any more
            kept.update(spent)
            body.append(f"{name} = {line}" + (f"; del {', '.join(spent)}" if spent else ""))
        # the names are all made here: nothing of what a problem says becomes code
        exec(f"def function({', '.join(self._symbols.values())}):\n " + "\n ".join(reversed(body)), self._known)

    def __call__(self, env: Mapping[sp.Symbol, Any]) -> list[Any]:
        deadline.turn()
        arrays = [np.asarray(env[symbol])[()] for symbol in self._symbols]  # numpy's numbers divide by zero
        try:
            with np.errstate(all="ignore"):
                return self._known["function"](*arrays)
        except (NameError, TypeError) as error:  # what sympy's code raises for what it does not know
            raise self._no_value(error) from None

    def _name(self, e: sp.Basic) -> str:
        """The name of an expression's value, once the lines before it are written."""
        if isinstance(e, (sp.Sum, sp.Product)) and e != (written := e.doit()):
            return self._name(written)
        if e not in self._names:
            args = [part for pair in e.args for part in pair.args] if isinstance(e, sp.Piecewise) else e.args
            parts = [self._name(arg) for arg in args] if e.free_symbols else []
            self._names[e] = name = f"v{len(self._names)}"
            if parts:
                self._lines.append((name, parts, self._line(e, name, parts)))
            elif e.is_Symbol:
                self._symbols[e] = name
            else:
                self._known[name] = self._number(e)
        return self._names[e]

    def _number(self, e: sp.Basic) -> Any:
        if e.is_Integer and abs(e) < WHOLE:
            return int(e)
        try:
            value = complex(e) if isinstance(e, sp.Expr) else bool(e)
        except TypeError as error:  # what sympy has no value for
            raise self._no_value(error) from None
        return value if abs(value.imag) > 0 else value.real if isinstance(value, complex) else value

    def _line(self, e: sp.Basic, name: str, parts: list[str]) -> str:
        if e.func in SIGNS:
            return SIGNS[e.func].join(parts)
        self._known["of_" + name] = FUNCTIONS.get(e.func) or self._printed(e)
        return f"of_{name}({', '.join(parts)})"

    def _printed(self, e: sp.Basic) -> Callable[..., Any]:
        names = [sp.Dummy() for _ in e.args]
        inside = [name if arg.free_symbols else arg for name, arg in zip(names, e.args, strict=True)]
        try:
            return sp.lambdify(names, e.func(*inside), modules=["scipy", "numpy"])
        except (NotImplementedError, TypeError, ValueError) as error:  # what sympy raises where it cannot print
            raise self._no_value(error) from None

    def _no_value(self, error: Exception) -> Unsupported:
        return Unsupported(f"{self.text} cannot be evaluated: {str(error).splitlines()[0]}")
