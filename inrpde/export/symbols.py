"""sympy expressions as text, and back: the expressions that a coefficient may have, and no others.

The text is sympy's own `srepr`, with the assumptions of undefined functions (which sympy leaves out) and every argument
in its place. `parse` walks Python's syntax tree and calls classes of a list, with arguments that it has built itself
and without sympy's evaluation: no text is evaluated, none is a name but an identifier, and none is larger than the
limits below, so that a stranger's text costs little to read. `check_together` bounds what it costs to evaluate.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

import sympy
from sympy.core.assumptions import _assume_defined
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean
from sympy.printing.repr import ReprPrinter

from inrpde.declaration.space import NormalComponent, is_name
from inrpde.errors import OutputError

LONGEST, MOST_NODES, DEEPEST = 100_000, 5_000, 100
"""Characters of a text, nodes of an expression, and how deep they nest."""
MOST_EXPANDED = 50_000
"""Nodes of a coefficient's expression when those that it names have taken their places."""
MOST_DIGITS, MOST_BITS = 1_000, 4_096
"""Of a number as it is written, and of its precision."""
LARGEST_EXPONENT, LARGEST_ARGUMENT, LARGEST_SPECIAL, MOST_SPECIAL = 1e3, 1e15, 1e3, 50
"""Of constants; those of special functions, and how many of these there may be. sympy works out exactly what numpy
would call infinite: factorials, and towers of exponentials."""
HIGHEST_DERIVATIVE, MOST_COMPARED = 8, 64
"""The order of one derivative, and the arguments of one maximum, of which sympy compares each with each."""

_FIX = "use elementary and special functions and relations of sympy, of coordinates, unknowns and coefficients"
_CONSTANTS = {
    sympy.srepr(constant): constant
    for constant in (
        *(sympy.pi, sympy.E, sympy.I, sympy.oo, sympy.zoo, sympy.nan, sympy.true, sympy.false),
        *(sympy.GoldenRatio, sympy.EulerGamma, sympy.Catalan),
    )
}
_RELATIONS = (
    *(sympy.Equality, sympy.Unequality, sympy.LessThan, sympy.GreaterThan),
    *(sympy.StrictLessThan, sympy.StrictGreaterThan),
)
_LOGIC = (sympy.And, sympy.Or, sympy.Not)
_ELEMENTARY = (
    *(sympy.Add, sympy.Mul, sympy.Pow, sympy.Mod, sympy.Max, sympy.Min, sympy.Piecewise),
    *(sympy.Abs, sympy.sign, sympy.re, sympy.im, sympy.conjugate, sympy.arg),
    *(sympy.floor, sympy.ceiling, sympy.frac, sympy.Heaviside, sympy.exp, sympy.log),
    *(sympy.sin, sympy.cos, sympy.tan, sympy.cot, sympy.sec, sympy.csc, sympy.sinc),
    *(sympy.asin, sympy.acos, sympy.atan, sympy.acot, sympy.asec, sympy.acsc, sympy.atan2),
    *(sympy.sinh, sympy.cosh, sympy.tanh, sympy.coth, sympy.sech, sympy.csch),
    *(sympy.asinh, sympy.acosh, sympy.atanh, sympy.acoth, sympy.asech, sympy.acsch),
)
_SPECIAL = (
    *(sympy.erf, sympy.erfc, sympy.erf2, sympy.erfinv, sympy.Si, sympy.Ci, sympy.Ei, sympy.fresnels, sympy.fresnelc),
    *(sympy.gamma, sympy.loggamma, sympy.polygamma, sympy.lowergamma, sympy.uppergamma, sympy.beta, sympy.LambertW),
    *(sympy.besselj, sympy.bessely, sympy.besseli, sympy.besselk, sympy.hankel1, sympy.hankel2, sympy.jn, sympy.yn),
    *(sympy.airyai, sympy.airybi, sympy.airyaiprime, sympy.airybiprime, sympy.elliptic_k, sympy.elliptic_e),
)
_CLASSES = {kind.__name__: kind for kind in (*_RELATIONS, *_LOGIC, *_ELEMENTARY, *_SPECIAL)}
_DIGITS = re.compile(r"-?\d*\.?\d*([eE][+-]?\d{1,4})?", re.ASCII)


class _Printer(ReprPrinter):
    """Arguments stay in their order, and symbols go by their names."""

    def _print_FunctionClass(self, function: Any) -> str:
        if not issubclass(function, AppliedUndef):
            return function.__name__
        assumptions = "".join(f", {name}={value}" for name, value in sorted(function._kwargs.items()))
        return f"Function({function.__name__!r}{assumptions})"

    def _print_in_order(self, expr: Any, order: Any = None) -> str:
        return f"{type(expr).__name__}({self.reprify(expr.args, ', ')})"

    _print_Add = _print_Mul = _print_in_order

    def _print_Dummy(self, expr: Any) -> str:
        return self._print(sympy.Symbol(expr.name, **expr._assumptions_orig))


def dump(expr: Any) -> str:
    """`expr` as text for `parse`.

    Raises `OutputError` for an expression that `parse` would not take (it holds a class of the user's own, say).
    """
    try:
        text = _Printer().doprint(expr)
    except (RecursionError, ValueError) as error:
        raise OutputError(f"this expression cannot be stored: {error}", _short(str(expr)), _FIX) from error
    parse(text)
    return text


def parse(text: str) -> Any:
    """The expression that `dump` wrote, equal to it.

    Raises `OutputError` for any other text. None runs code, or takes more time and memory than its length allows.
    """
    if len(text) > LONGEST:
        raise OutputError(f"this expression is longer than {LONGEST:,} characters", _short(text), _FIX)
    try:
        expr = _Builder().build(ast.parse(text.strip(), mode="eval").body, 0)
        _Values({}).of(expr)
    except OutputError:
        raise
    except Exception as error:  # the text may be anything, and so what Python and sympy say of it
        raise OutputError(f"this is not a stored expression: {error}", _short(text), _FIX) from error
    return expr


def check_together(expressions: Mapping[str, Any], numbers: Mapping[str, float], others: Iterable[str]) -> None:
    """Whether coefficients, which may name each other, can be evaluated: they name nothing but coefficients, `numbers`
    and `others` (coordinates, unknowns, data), not one another in a circle, and stay within the limits.

    Raises `OutputError` that names the coefficient."""
    known = {*expressions, *numbers, *others}
    named = {
        name: {_label(atom) for atom in expr.atoms(*_ATOMS) if not isinstance(atom, NormalComponent)}
        for name, expr in expressions.items()
    }
    for name, labels in named.items():
        if stray := sorted(labels - known):
            raise OutputError(f"the coefficient {name} holds {stray[0]}, which is unknown", name, _FIX)
    try:
        order = [name for name in TopologicalSorter(named).static_order() if name in expressions]
    except CycleError as error:
        fix = "bind each to data or to coordinates"
        raise OutputError("coefficients are bound to one another in a circle", str(error.args[1][0]), fix) from None
    values, sizes = _Values(dict(numbers)), dict.fromkeys(known, 1)
    for name in order:
        sizes[name] = sum(sizes.get(_label(node), 1) for node in sympy.preorder_traversal(expressions[name]))
        if sizes[name] > MOST_EXPANDED:
            what = f"the coefficient {name} has more than {MOST_EXPANDED:,} terms with those that it names"
            raise OutputError(what, name, "write it shorter, or give it as a GridField")
        values.known[name] = values.of(expressions[name])


class _Builder:
    """Builds an expression, and counts its nodes."""

    def __init__(self) -> None:
        self.nodes = 0

    def build(self, node: ast.AST, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES or depth > DEEPEST:
            what = f"this expression has more than {MOST_NODES:,} parts, or more than {DEEPEST} within one another"
            raise OutputError(what, None, "write it shorter, or give the coefficient as a GridField")
        match node:
            case ast.Name(id=name) if name in _CONSTANTS:
                return _CONSTANTS[name]
            case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="oo")):
                return sympy.S.NegativeInfinity
            case ast.Call(func=ast.Name(id=name), args=args, keywords=words) if name in _LEAVES:
                return _LEAVES[name](*map(_literal, args), **_words(words))
            case ast.Call(
                func=ast.Call(func=ast.Name(id="Function"), args=[label], keywords=words), args=args, keywords=[]
            ):
                of = [self._kind(arg, depth, sympy.Symbol) for arg in args]
                return sympy.Function(_name(_literal(label)), **_flags(_words(words)))(*of)
            case ast.Call(func=ast.Name(id="Derivative"), args=[of, *variables], keywords=[]) if variables:
                return self._derivative(self._kind(of, depth, sympy.Expr), variables, depth)
            case ast.Call(func=ast.Name(id="Piecewise"), args=args, keywords=[]) if args:
                return sympy.Piecewise(*(self._pair(arg, depth) for arg in args), evaluate=False)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CLASSES:
                kind = _CLASSES[name]
                of = [self._kind(arg, depth, Boolean if kind in _LOGIC else sympy.Expr) for arg in args]
                return _made(kind, of)
        raise OutputError("this part of a stored expression is not known", _short(ast.unparse(node)), _FIX)

    def _kind(self, node: ast.AST, depth: int, kind: type) -> Any:
        made = self.build(node, depth + 1)
        if not isinstance(made, kind):
            raise TypeError(f"{_short(str(made))} stands where a {kind.__name__} belongs")
        return made

    def _derivative(self, of: Any, variables: list[ast.expr], depth: int) -> Any:
        counted = []
        for node in variables:
            match node:
                case ast.Call(func=ast.Name(id="Tuple"), args=[variable, count], keywords=[]):
                    counted.append((self._kind(variable, depth, sympy.Symbol), int(self.build(count, depth + 1))))
                case _:
                    raise TypeError("a derivative is taken by pairs of a symbol and a number")
        if not all(count > 0 for _, count in counted) or sum(count for _, count in counted) > HIGHEST_DERIVATIVE:
            raise ValueError(f"a derivative of an order that is not in 1…{HIGHEST_DERIVATIVE}")
        return sympy.Derivative(of, *counted, evaluate=False)

    def _pair(self, node: ast.AST, depth: int) -> Any:
        match node:
            case ast.Call(func=ast.Name(id="ExprCondPair"), args=[value, condition], keywords=[]):
                return ExprCondPair(
                    self._kind(value, depth, sympy.Expr), self._kind(condition, depth, Boolean)
                )  # fmt: skip
        raise TypeError("a Piecewise consists of values and conditions")


def _made(kind: Any, args: list[Any]) -> Any:
    if kind in (sympy.Max, sympy.Min) and len(args) > MOST_COMPARED:
        raise ValueError(f"{kind.__name__} of more than {MOST_COMPARED} expressions")
    return kind(*args) if kind in _LOGIC else kind(*args, evaluate=False)


_ATOMS = (sympy.Symbol, AppliedUndef)


def _label(node: Any) -> str:
    """The name by which `Solution.evaluate` finds the value of a symbol or function; of anything else none."""
    if isinstance(node, sympy.Symbol):
        return node.name
    return node.func.__name__ if isinstance(node, AppliedUndef) else ""


class _Values:
    """What the constants in an expression come to, about; `known` are those that go by names."""

    def __init__(self, known: dict[str, complex | None]):
        self.known, self.special = known, 0

    def of(self, expr: Any) -> complex | None:
        """None for what varies. Raises OutputError for a constant that costs too much to work out exactly."""
        if isinstance(expr, _ATOMS):
            return self.known.get(_label(expr))
        if expr.is_Atom:
            return _number(expr)
        parts = [self.of(arg) for arg in expr.args]
        if isinstance(expr, sympy.Add | sympy.Mul | ExprCondPair | Boolean | sympy.Derivative | sympy.Tuple):
            limits = []
        elif isinstance(expr, sympy.Pow):
            limits = [float("inf"), LARGEST_EXPONENT]
        else:
            limits = [LARGEST_SPECIAL if isinstance(expr, _SPECIAL) else LARGEST_ARGUMENT] * len(parts)
        for part, limit in zip(parts, limits, strict=False):
            if part is not None and not abs(part) <= limit:
                raise OutputError("a number in this expression is too large to be restored", _short(str(expr)), _FIX)
        if any(part is None for part in parts):
            return None
        self.special += isinstance(expr, _SPECIAL)
        if self.special > MOST_SPECIAL:
            raise OutputError(f"there are more than {MOST_SPECIAL} constants of special functions", None, _FIX)
        return _worked_out(expr, [part for part in parts if part is not None])


def _worked_out(expr: Any, parts: list[complex]) -> complex:
    """A constant, from its arguments'."""
    try:
        if isinstance(expr, sympy.Add):
            return sum(parts)
        if isinstance(expr, sympy.Mul):
            product = 1 + 0j
            for part in parts:
                product *= part
            return product
        if isinstance(expr, sympy.Pow):
            return complex(parts[0]) ** parts[1]
        if isinstance(expr, sympy.Piecewise | ExprCondPair | Boolean | sympy.Derivative | sympy.Tuple):
            return max(parts, key=abs)
        return complex(expr.func(*(sympy.Float(p.real, 15) + sympy.I * sympy.Float(p.imag, 15) for p in parts)))
    except (OverflowError, ZeroDivisionError):
        return complex("inf")
    except TypeError:  # sympy leaves it as it is
        return 1.0


def _number(atom: Any) -> complex:
    try:
        return complex(atom)
    except OverflowError:
        return complex("inf")
    except TypeError:  # a truth value
        return 1.0


def _words(words: list[ast.keyword]) -> dict[str, Any]:
    return {str(word.arg): _literal(word.value) for word in words}


def _literal(node: ast.AST) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | str() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
    raise TypeError(f"{_short(ast.unparse(node))} is neither a name nor a whole number")


def _whole(value: Any) -> int:
    if type(value) is not int or value.bit_length() > 3.33 * MOST_DIGITS:
        raise TypeError(f"not a whole number of at most {MOST_DIGITS} digits")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not is_name(value):
        raise TypeError(f"{_short(repr(value))} is not a name")
    return value


def _flags(assumptions: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in assumptions.items():
        if name not in _assume_defined or not (value is None or isinstance(value, bool)):
            raise TypeError(f"{name}={value!r} is not an assumption")
    if assumptions.get("commutative") is False:
        raise TypeError("symbols commute")
    return dict(assumptions)


def _float(digits: Any, precision: Any) -> Any:
    if not isinstance(digits, str) or len(digits) > MOST_DIGITS or not _DIGITS.fullmatch(digits):
        raise TypeError(f"{_short(repr(digits))} is not a number")
    if not 0 < _whole(precision) <= MOST_BITS:
        raise ValueError(f"a precision of {precision} bits")
    return sympy.Float(digits, precision=precision)


def _symbol(kind: Any) -> Callable[..., Any]:
    return lambda label, **assumptions: kind(_name(label), **_flags(assumptions))


_LEAVES: dict[str, Callable[..., Any]] = {
    "Integer": lambda value: sympy.Integer(_whole(value)),
    "Rational": lambda top, bottom: sympy.Rational(_whole(top), _whole(bottom)),
    "Float": _float,
    **{kind.__name__: _symbol(kind) for kind in (sympy.Symbol, NormalComponent)},
}


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."
