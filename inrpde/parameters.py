"""Values of `--param key=value`, parsed by the type of the default in the problem's function."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy

from inrpde.declaration.parameter import Parameter
from inrpde.errors import UsageError

_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse_parameter(key: str, text: str, default: Any, where: str) -> Any:
    """`text` as a value of the type that `default` has. Raises UsageError when it is none."""
    kind, parse = _parser(default)
    try:
        return parse(text)
    except (ValueError, KeyError, ZeroDivisionError, OverflowError):
        ranged = isinstance(default, Parameter)
        why = f"its range is {default.low:g} to {default.high:g}" if ranged else f"as its default {default!r} is one"
        fix = f"{key} takes {kind}, {why}"
        raise UsageError(f"the parameter {key} cannot be {text!r}", where, fix) from None


def _parser(default: Any) -> tuple[str, Callable[[str], Any]]:
    match default:
        case bool():
            return "true or false", lambda text: _SWITCH[text.lower()]
        case int():
            return "a number, like 3, 0.3 or 3/10", _whole_or_float
        case float():
            return "a number, like 0.3 or 3/10", _float
        case Parameter():
            return f"a number, like {default.middle:g}", _float
        case sympy.Float():
            return "a number, like 0.3 or 3/10", lambda text: sympy.Float(_float(text))
        case sympy.Expr() if default.is_number:
            return "a number, like 0.3 or 3/10", _rational
        case str():
            return "text", str
        case None:
            return "a number or text", _number_or_text
    return "a value that the command line cannot give", _refuse


def _number_or_text(text: str) -> float | str:
    try:
        return _float(text)
    except (ValueError, ZeroDivisionError):
        return text


def _whole_or_float(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return _float(text)


def _float(text: str) -> float:
    value = float(Fraction(text)) if "/" in text else float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _rational(text: str) -> sympy.Rational:
    value = Fraction(text)
    return sympy.Rational(value.numerator, value.denominator)


def _refuse(text: str) -> Any:
    raise ValueError
