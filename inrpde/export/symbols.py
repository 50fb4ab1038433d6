"""sympy expressions as text, and back without ever evaluating the text.

The text is sympy's own `srepr`, with the assumptions of undefined functions (which sympy leaves out). `parse` walks
Python's syntax tree and calls classes of an allow-list only, with arguments that it has built itself: sympy turns
strings into expressions by `eval`, so a string is taken nowhere but as the name of a symbol or function and as digits.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.printing.repr import ReprPrinter

from inrpde.errors import OutputError

_FIX = "use elementary and special functions, relations and matrices of sympy"

_CONSTANTS = {
    sympy.srepr(constant): constant
    for constant in (
        *(sympy.pi, sympy.E, sympy.I, sympy.oo, sympy.zoo, sympy.nan, sympy.true, sympy.false),
        *(sympy.GoldenRatio, sympy.EulerGamma, sympy.Catalan),
    )
}
_CORE = (
    *(sympy.Add, sympy.Mul, sympy.Pow, sympy.Mod, sympy.Max, sympy.Min, sympy.Tuple, sympy.UnevaluatedExpr),
    *(sympy.Derivative, sympy.Integral, sympy.Subs, sympy.Lambda, ExprCondPair),
    *(sympy.Equality, sympy.Unequality, sympy.LessThan, sympy.GreaterThan),
    *(sympy.StrictLessThan, sympy.StrictGreaterThan),
    *(sympy.And, sympy.Or, sympy.Not, sympy.Xor, sympy.ITE, sympy.Implies, sympy.Equivalent),
)
_MATRICES = {kind.__name__: kind for kind in (sympy.MutableDenseMatrix, sympy.ImmutableDenseMatrix)}
# sympy works these out exactly when they are made: powers of integers, gamma and its like at (half) integers
_MOST_BITS, _MOST_EXACT = 2**20, 1000


def _functions(package: str) -> Iterator[tuple[str, type]]:
    for name in dir(sympy):
        kind = getattr(sympy, name)
        if isinstance(kind, type) and issubclass(kind, sympy.Function) and kind.__module__.startswith(package):
            yield kind.__name__, kind


_ELEMENTARY = dict(_functions("sympy.functions.elementary."))


def _special(*topics: str) -> dict[str, type]:
    return {name: kind for topic in topics for name, kind in _functions(f"sympy.functions.special.{topic}")}


_EXACT = _special("beta", "gamma", "zeta")
_SPECIAL = _special("bessel", "delta", "elliptic", "error", "mathieu") | _EXACT
_CLASSES = {kind.__name__: kind for kind in _CORE} | _ELEMENTARY | _SPECIAL


class _Printer(ReprPrinter):
    def _print_FunctionClass(self, function: Any) -> str:
        if not issubclass(function, AppliedUndef):
            return function.__name__
        assumptions = "".join(f", {name}={value}" for name, value in sorted(function._kwargs.items()))
        return f"Function({function.__name__!r}{assumptions})"


def dump(expr: Any) -> str:
    """`expr` (an expression, relation or matrix) as text for `parse`.

    Raises `OutputError` for an expression that holds what `parse` does not know (a class of the user's own, say).
    """
    try:
        text = _Printer().doprint(expr)
    except (RecursionError, ValueError) as error:
        raise OutputError(f"this expression cannot be stored: {error}", _short(str(expr)), _FIX) from error
    parse(text)
    return text


def parse(text: str) -> Any:
    """The expression that `dump` wrote: equal to it, where sympy's own evaluation leaves it as it is.

    Raises `OutputError` for any other text. None runs code; a hostile one can still cost time (towers of exponentials).
    """
    try:
        return _build(ast.parse(text.strip(), mode="eval").body)
    except OutputError:
        raise
    except Exception as error:  # the text may be anything, and so what Python and sympy say of it
        raise OutputError(f"this is not a stored expression: {error}", _short(text), _FIX) from error


def _build(node: ast.AST) -> Any:
    match node:
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="oo")):
            return sympy.S.NegativeInfinity
        case ast.Call(func=ast.Name(id=name), args=args, keywords=words) if name in _LEAVES:
            return _LEAVES[name](*map(_literal, args), **{str(word.arg): _literal(word.value) for word in words})
        case ast.Call(func=ast.Name(id=name), args=[ast.List(elts=rows)], keywords=[]) if name in _MATRICES:
            return _MATRICES[name]([_row(row) for row in rows])
        case ast.Call(func=ast.Name(id=name), args=[rows, columns, ast.List(elts=[])]) if name in _MATRICES:
            return _MATRICES[name](_whole(_literal(rows)), _whole(_literal(columns)), [])
        case ast.Call(
            func=ast.Call(func=ast.Name(id="Function"), args=[label], keywords=words), args=args, keywords=[]
        ):
            assumptions = {str(word.arg): _literal(word.value) for word in words}
            return _function(_literal(label), **assumptions)(*map(_build, args))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CLASSES:
            return _called(name, [_build(arg) for arg in args])
    raise OutputError("this part of a stored expression is not known", _short(ast.unparse(node)), _FIX)


def _called(name: str, args: list[Any]) -> Any:
    if name in _EXACT and any(arg.is_Rational and arg.q <= 2 and abs(arg.p) > _MOST_EXACT for arg in args):
        raise OutputError(f"{name} of a number this large cannot be restored", _short(str(args)), _FIX)
    if name == "Pow" and all(number.is_Rational for number in args):
        base, exponent = args
        if max(abs(base.p), base.q).bit_length() * abs(exponent) > _MOST_BITS and abs(base) != 1:
            raise OutputError("a power this large cannot be restored", _short(str(args)), _FIX)
    return _CLASSES[name](*args)


def _row(node: ast.AST) -> list[Any]:
    if not isinstance(node, ast.List):
        raise TypeError("a matrix is a list of rows")
    return [_build(entry) for entry in node.elts]


def _literal(node: ast.AST) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | str() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
    raise TypeError(f"{_short(ast.unparse(node))} is neither a name nor a whole number")


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _label(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is not a name")
    return value


def _symbol(label: Any, **assumptions: Any) -> Any:
    return sympy.Symbol(_label(label), **_flags(assumptions))


def _dummy(label: Any, dummy_index: Any, **assumptions: Any) -> Any:
    return sympy.Dummy(_label(label), dummy_index=_whole(dummy_index), **_flags(assumptions))


def _function(label: Any, **assumptions: Any) -> Any:
    return sympy.Function(_label(label), **_flags(assumptions))


def _flags(assumptions: dict[str, Any]) -> dict[str, Any]:
    if not all(value is None or isinstance(value, bool) for value in assumptions.values()):
        raise TypeError("an assumption is neither True nor False")
    return assumptions


def _float(digits: Any, precision: Any) -> Any:
    if not isinstance(digits, str) or not re.fullmatch(r"-?\d*\.?\d*([eE][+-]?\d{1,5})?", digits, re.ASCII):
        raise TypeError(f"{_short(repr(digits))} is not a number")
    if not 0 < _whole(precision) <= _MOST_BITS:
        raise ValueError(f"a precision of {precision} bits")
    return sympy.Float(digits, precision=precision)


_LEAVES: dict[str, Callable[..., Any]] = {
    "Integer": lambda value: sympy.Integer(_whole(value)),
    "Rational": lambda top, bottom: sympy.Rational(_whole(top), _whole(bottom)),
    "Float": _float,
    "Symbol": _symbol,
    "Dummy": _dummy,
}


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."
