"""The residual of an equation on torch tensors, so that its gradient can be taken.

Whatever does not depend on the unknowns is worked out by numpy, once for each set of points. The rest, which is small,
is walked node by node on every evaluation: a branch of a Piecewise sees only the points that it is chosen for, so that
no NaN of another branch enters the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import sympy
import torch
from sympy import Basic, Dummy, Expr, Symbol
from torch import Tensor

from inrpde.compiler.form import Row
from inrpde.compiler.magnitude import plain
from inrpde.compiler.printing import RowFunction
from inrpde.errors import ProblemError

Value = Any  # Tensor or a number
Environment = Mapping[Symbol, Value]


class TensorRow:
    """The residual of a row as a function of its jets, integrals and coefficients."""

    def __init__(self, row: Row):
        found: dict[Expr, Dummy] = {}
        self.expression = _hoist(plain(row.residual), {*row.jets, *row.integrals}, found)
        self._symbols = tuple(found.values())
        self._known = RowFunction(list(found), row.text)
        _check(self.expression, row.text)

    def coefficients(self, environment: Mapping[Symbol, Any]) -> dict[Symbol, np.ndarray]:
        """What does not depend on the unknowns, from the arrays of `Form.environment`: (N,), or () where constant."""
        return {s: np.asarray(v) for s, v in zip(self._symbols, self._known(environment), strict=True)}

    def __call__(self, environment: Environment) -> Tensor:
        """The residual, from tensors (N,) or numbers for jets, integrals and `coefficients`."""
        return torch.as_tensor(_evaluate(self.expression, environment, {}))


def _hoist(expr: Basic, varying: set[Dummy], found: dict[Expr, Dummy]) -> Basic:
    """The largest parts of an expression that hold nothing that varies, replaced by symbols."""
    if not expr.args or expr.is_number:
        return expr if expr.is_number or expr in varying else _symbol(expr, found)
    moving = [arg for arg in expr.args if arg.free_symbols & varying]
    if not moving:
        return _symbol(expr, found) if isinstance(expr, Expr) else _condition(expr, found)
    if isinstance(expr, sympy.Add | sympy.Mul):
        fixed = expr.func(*(arg for arg in expr.args if not arg.free_symbols & varying))
        return expr.func(_hoist(fixed, varying, found), *(_hoist(arg, varying, found) for arg in moving))
    if isinstance(expr, sympy.Piecewise):
        pairs = [(_hoist(value, varying, found), _hoist(c, varying, found)) for value, c in expr.args]
        return sympy.Piecewise(*pairs, evaluate=False)
    return expr.func(*(_hoist(arg, varying, found) for arg in expr.args))


def _symbol(expr: Basic, found: dict[Expr, Dummy]) -> Basic:
    if expr in (sympy.true, sympy.false):
        return expr
    return found.setdefault(expr, Dummy("known", **({"real": True} if expr.is_real else {})))


def _condition(condition: Basic, found: dict[Expr, Dummy]) -> Basic:
    """A relation between known things, as one between a known indicator and a half."""
    return _symbol(sympy.Piecewise((1, condition), (0, True)), found) > sympy.Rational(1, 2)


def _check(expr: Basic, where: str) -> None:
    for node in sympy.preorder_traversal(expr):
        known = isinstance(node, Symbol | sympy.Piecewise | sympy.functions.elementary.piecewise.ExprCondPair)
        if not (known or node.is_number or node in (sympy.true, sympy.false) or node.func in OPERATIONS):
            raise ProblemError(
                f"{node.func.__name__} of an unknown cannot be differentiated when training by gradients", where,
                "write it by elementary functions, or choose --method newton",
            )  # fmt: skip


def _evaluate(expr: Basic, env: Environment, memo: dict[Basic, Value]) -> Value:
    if expr not in memo:
        if isinstance(expr, Symbol):
            memo[expr] = env[expr]
        elif expr.is_number:
            memo[expr] = _number(expr)
        elif isinstance(expr, sympy.Piecewise):
            memo[expr] = _piecewise(expr, env, memo)
        elif expr in (sympy.true, sympy.false):
            memo[expr] = torch.tensor(bool(expr))
        else:
            memo[expr] = OPERATIONS[expr.func](*(_evaluate(arg, env, memo) for arg in expr.args))
    return memo[expr]


def _number(expr: Basic) -> int | float | complex:
    if expr.is_Integer:
        return int(expr)
    value = complex(expr)
    return value if value.imag else value.real


def _piecewise(expr: sympy.Piecewise, env: Environment, memo: dict[Basic, Value]) -> Tensor:
    masks = [torch.as_tensor(_evaluate(condition, env, memo)) for _, condition in expr.args]
    sizes = [value.shape for value in env.values() if isinstance(value, Tensor)]
    shape = torch.broadcast_shapes(*sizes)
    left, parts, places = torch.ones(shape, dtype=torch.bool, device=masks[0].device), [], []
    for (value, _), mask in zip(expr.args, masks, strict=True):
        chosen = left & mask
        left = left & ~mask
        if chosen.any():
            varying = {s for s, v in env.items() if isinstance(v, Tensor) and v.shape == shape and shape}
            inside = {s: v[chosen] if s in varying else v for s, v in env.items()}
            part = torch.as_tensor(_evaluate(value, inside, {}))
            parts.append(part.expand(int(chosen.sum())))
            places.append(chosen)
    kind = reduce(torch.promote_types, (part.dtype for part in parts), torch.get_default_dtype())
    out = torch.full(shape, torch.nan, dtype=kind, device=left.device)
    for chosen, part in zip(places, parts, strict=True):
        out = out.masked_scatter(chosen, part.to(kind))
    return out


def _fold(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """A function of two tensors for any number of tensors and numbers, one of them a tensor."""

    def folded(*values: Value) -> Tensor:
        like = next(value for value in values if isinstance(value, Tensor))
        tensors = [torch.as_tensor(value, dtype=like.dtype, device=like.device) for value in values]
        return reduce(function, tensors)

    return folded


def _add(*values: Value) -> Value:
    return reduce(lambda a, b: a + b, values)


def _multiply(*values: Value) -> Value:
    return reduce(lambda a, b: a * b, values)


def _power(base: Value, exponent: Value) -> Value:
    """The square root has the slope 0 at 0, so that a norm's gradient is one of its subgradients there."""
    if isinstance(exponent, float) and exponent == 0.5:
        zero = base == 0
        return torch.where(zero, 0.0, torch.sqrt(torch.where(zero, 1.0, base)))
    return torch.pow(base, exponent)


def _heaviside(value: Tensor, half: Value = 0.5) -> Tensor:
    return (value > 0).to(value.dtype) + half * (value == 0).to(value.dtype)


def _real(value: Tensor) -> Tensor:
    return value.real if value.is_complex() else value


def _imag(value: Tensor) -> Tensor:
    return value.imag if value.is_complex() else torch.zeros_like(value)


def _relation(function: Callable[[Any, Any], Any]) -> Callable[..., Tensor]:
    return lambda left, right: torch.as_tensor(function(left, right))


OPERATIONS: Mapping[Any, Callable[..., Value]] = {
    sympy.Add: _add, sympy.Mul: _multiply, sympy.Pow: _power, sympy.exp: torch.exp, sympy.log: torch.log,
    sympy.sin: torch.sin, sympy.cos: torch.cos, sympy.tan: torch.tan,
    sympy.asin: torch.asin, sympy.acos: torch.acos, sympy.atan: torch.atan, sympy.atan2: _fold(torch.atan2),
    sympy.sinh: torch.sinh, sympy.cosh: torch.cosh, sympy.tanh: torch.tanh,
    sympy.asinh: torch.asinh, sympy.acosh: torch.acosh, sympy.atanh: torch.atanh,
    sympy.erf: torch.erf, sympy.erfc: torch.erfc, sympy.sinc: lambda value: torch.sinc(value / torch.pi),
    sympy.Abs: torch.abs, sympy.sign: torch.sgn, sympy.Heaviside: _heaviside,
    sympy.Max: _fold(torch.maximum), sympy.Min: _fold(torch.minimum),
    sympy.conjugate: torch.conj, sympy.re: _real, sympy.im: _imag, sympy.arg: torch.angle,
    sympy.StrictGreaterThan: _relation(lambda a, b: a > b), sympy.GreaterThan: _relation(lambda a, b: a >= b),
    sympy.StrictLessThan: _relation(lambda a, b: a < b), sympy.LessThan: _relation(lambda a, b: a <= b),
    sympy.Equality: _relation(lambda a, b: a == b), sympy.Unequality: _relation(lambda a, b: a != b),
    sympy.And: _fold(torch.logical_and), sympy.Or: _fold(torch.logical_or), sympy.Not: torch.logical_not,
}  # fmt: skip


def as_value(array: np.ndarray, device: torch.device, dtype: torch.dtype = torch.float64) -> Value:
    """A tensor of a real type, or of the complex one as wide; a plain number where the array holds one."""
    if array.ndim == 0:
        return array.item()
    kind = dtype.to_complex() if np.iscomplexobj(array) else dtype
    return torch.as_tensor(np.array(array), device=device, dtype=kind)
